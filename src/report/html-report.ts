/**
 * The report as one HTML file that needs nothing else: no request leaves it, which its Content-Security-Policy also makes
 * sure of. It can be mailed, printed, read on a phone and by a screen reader.
 */

import { dateTime, digits3, milliseconds, whole, bytes } from '../base/format.ts';
import { eventLead, eventRows } from './event-rows.ts';
import { escapeHtml } from './html-text.ts';
import { htmlTable } from './html-table.ts';
import { KPI_COLUMNS, kpiLead, kpiRows, onDemandText } from './kpi-content.ts';
import { linkLead, linkTables, sessionSentence, stormTexts } from './link-content.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import { gridCharts, linkCharts, machineCharts } from './report-charts.ts';
import { resourceCharts } from './resource-charts.ts';
import { resourceTables, USED_TITLE } from './resource-content.ts';
import { auditRows, delayRows, DELAY_COLUMNS, groupRows, GROUP_NAMES, isGrave, keyFigures, machineFigures, needs, runFigures, sizeOfRun, spanOfRun, verdictWord, whenOf, type Figure } from './report-content.ts';
import type { AuditExample, Problem, RunReport } from './run-report.ts';
import { chartFigure } from './svg-chart.ts';
import { notAuditedText, sourceText } from './source-content.ts';
import { failedThresholds, thresholdRows, thresholdSummary } from './thresholds.ts';
import { timelineFigure } from './timeline-figure.ts';
import { wasAudited } from './verdict.ts';

export function htmlReport(report: RunReport): string {
  const title = `${verdictWord(report.verdict.able)}: ${report.run.scenario} – Meterstorm`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title><link rel="icon" href="data:,">`,
    `<style>${PAGE_STYLE}</style></head><body>`,
    masthead(report),
    '<main>',
    verdict(report),
    thresholds(report),
    answers(report),
    charts('The grid', 'In the time of the grid, as its meters count it.', gridCharts(report).map(chartFigure)),
    charts('The run', 'In the time of this machine, since the first message.', [timelineFigure(report), ...machineCharts(report).map(chartFigure)]),
    inTime(report),
    delays(report),
    links(report),
    audit(report),
    resources(report),
    processes(report),
    events(report),
    about(report),
    guide(),
    '</main>',
    `<footer>Meterstorm ${escapeHtml(report.meterstorm)}. The numbers behind this page are in report.json.</footer>`,
    `<script>${PAGE_SCRIPT}</script></body></html>\n`,
  ].join('\n');
}

function masthead(report: RunReport): string {
  return `<header><span><b>Meterstorm</b> · ${escapeHtml(report.run.scenario)}</span><span>${escapeHtml(spanOfRun(report))}</span></header>`;
}

const MARKS = {
  able: '<path d="M3 13l6 6L21 6" fill="none" stroke="currentColor" stroke-width="3.4"/>',
  unable: '<path d="M4 4l16 16M20 4L4 20" fill="none" stroke="currentColor" stroke-width="3.4"/>',
  unknown: '<path d="M7 8a5 5 0 1 1 7 4.6c-1.5.8-2 1.6-2 3.4M12 19.5v3" fill="none" stroke="currentColor" stroke-width="3"/>',
} as const;

function verdict(report: RunReport): string {
  const { able, why } = report.verdict;
  const kind = able === null ? 'unknown' : able ? 'able' : 'unable';
  const mark = `<svg viewBox="0 0 24 24" aria-hidden="true">${MARKS[kind]}</svg>`;
  return [
    `<div class="verdict ${kind}"><p class="question">Is it able to process this many meters?</p>`,
    `<h1>${mark}${verdictWord(able)}</h1><p class="why">${escapeHtml(why)}</p></div>`,
    `<dl class="figures">${keyFigures(report).map(figureItem).join('')}</dl>`,
    `<p class="size">${escapeHtml(sizeOfRun(report))}</p>`,
  ].join('\n');
}

function figureItem({ label, value, note }: Figure): string {
  const more = note === '' ? '' : `<dd>${escapeHtml(note)}</dd>`;
  return `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>${more}</div>`;
}

function thresholds(report: RunReport): string {
  const summary = thresholdSummary(report);
  if (summary === null) return '';
  const columns = [{ name: 'threshold' }, { name: 'value', number: true }, { name: 'result' }];
  const rows = thresholdRows(report).map(({ text, value, result, held }) => ({ cells: [text, value, result], className: held ? '' : 'fault' }));
  const kind = failedThresholds(report).length === 0 ? 'good' : 'bad';
  return [
    `<section><h2>Thresholds</h2><p class="result"><span class="${kind}">${escapeHtml(summary)}</span></p>`,
    htmlTable({ columns, rows, label: 'Thresholds of the scenario', className: '' }),
    '</section>',
  ].join('\n');
}

function answers(report: RunReport): string {
  const { problems } = report.verdict;
  const list =
    problems.length === 0 ? '<p>None was seen in this run.</p>' : `<ul class="problems">${problems.map((problem) => problemItem(problem, report)).join('')}</ul>`;
  return [
    '<section class="columns">',
    `<div><h2>How many computing resources does it need?</h2><dl class="rows">${needs(report).map(figureItem).join('')}</dl></div>`,
    `<div><h2>What problems are characteristic of it?</h2>${list}</div>`,
    '</section>',
  ].join('\n');
}

function problemItem(problem: Problem, report: RunReport): string {
  const { id, title, evidence, remedy } = problem;
  const kind = isGrave(problem) ? 'grave' : 'noted';
  const todo = remedy === undefined ? '' : `<p><b>What to do</b> ${escapeHtml(remedy).replaceAll(/`([^`]+)`/g, '<code>$1</code>')}</p>`;
  return [
    `<li class="${kind}"><b>${escapeHtml(title)}</b> <span class="when">${escapeHtml(whenOf(problem, report))}</span>`,
    `<p>${escapeHtml(evidence)} <code>${escapeHtml(id)}</code></p>${todo}</li>`,
  ].join('');
}

function charts(title: string, lead: string, figures: readonly string[]): string {
  return [
    `<section><h2>${escapeHtml(title)}</h2><p class="lead">${escapeHtml(lead)}</p>`,
    `<div class="charts">${figures.filter((figure) => figure !== '').join('\n')}</div></section>`,
  ].join('\n');
}

function inTime(report: RunReport): string {
  const rows = kpiRows(report).map(({ label, stored, possible }) => ({ cells: [label, stored, possible] }));
  if (rows.length === 0) return '';
  const onDemand = onDemandText(report);
  const columns = KPI_COLUMNS.map((name, i) => ({ name, number: i > 0 }));
  return [
    `<section><h2>In time</h2><p class="lead">${escapeHtml(kpiLead(report))}</p>`,
    htmlTable({ columns, rows, label: 'Readings that were stored in time', className: '' }),
    ...(onDemand === null ? [] : [`<p class="result">${escapeHtml(onDemand)}</p>`]),
    '</section>',
  ].join('\n');
}

function delays(report: RunReport): string {
  const columns = ['from, to', 'clock', 'of', ...DELAY_COLUMNS].map((name, i) => ({ name, number: i > 2 }));
  const rows = delayRows(report).map(({ label, clock, count, values }) => ({ cells: [label, clock, count].concat(values) }));
  return [
    '<section><h2>Delays</h2>',
    '<p class="lead">Grid time: how long a reading was out of reach in the simulated grid. Machine time: how long the head-end on this machine took. A column says within which delay that share came through.</p>',
    htmlTable({ columns, rows, label: 'Delays', className: 'delays' }),
    '</section>',
  ].join('\n');
}

function links(report: RunReport): string {
  const { links: facts } = report;
  if (facts === null) return '';
  const sessions = sessionSentence(facts);
  const { storms, together } = stormTexts(report);
  const items = storms.map((storm) => `<li>${escapeHtml(storm)}</li>`).join('');
  const after = together === '' ? '' : `<p class="empty">${escapeHtml(together)}</p>`;
  const drawn = linkCharts(report).map(chartFigure);
  const tables = linkTables(facts).map(
    ({ title, columns, rows }) => `<h3>${title}</h3>${htmlTable({ columns, rows: rows.map((cells) => ({ cells })), label: `Links: ${title}`, className: 'links' })}`,
  );
  return [
    `<section><h2>Links</h2><p class="lead">${escapeHtml(linkLead(facts))}</p>`,
    ...(tables.length === 0 ? ['<p class="empty">Nothing was sent over them.</p>'] : []),
    ...(storms.length === 0 ? [] : [`<h3>Steps in which many links lost their connection at once</h3><ul class="events">${items}</ul>${after}`]),
    ...(drawn.length === 0 ? [] : [`<div class="charts">${drawn.join('\n')}</div>`]),
    ...(sessions === null ? [] : [`<p class="result">${escapeHtml(sessions)}</p>`]),
    ...tables,
    '</section>',
  ].join('\n');
}

const EXAMPLES_SHOWN = 40;

function audit(report: RunReport): string {
  const { audit: facts } = report;
  if (!wasAudited(facts)) {
    return `<section><h2>Audit</h2><p class="result">${escapeHtml(notAuditedText(report))}</p></section>`;
  }
  const rows = auditRows(report).map(({ label, count, meaning, finding }) => ({
    cells: [label, whole(count), meaning],
    className: finding && count > 0 ? 'fault' : '',
  }));
  const { simulator, network, headend } = facts.attribution;
  const blame = facts.exact ? '' : ` Put down to: head-end ${whole(headend)}, network ${whole(network)}, simulator ${whole(simulator)}.`;
  const result = facts.exact
    ? '<span class="good">Exact.</span> Every planned reading is stored once, with the right value.'
    : `<span class="bad">Not exact.</span>${blame}`;
  const source = sourceText(report);
  const columns = [{ name: 'count' }, { name: 'readings', number: true }, { name: 'meaning', text: true }];
  return [
    `<section><h2>Audit</h2><p class="result">${result}</p>`,
    ...(source === null ? [] : [`<p class="lead">${escapeHtml(source)}</p>`]),
    htmlTable({ columns, rows, label: 'Counts of the audit', className: '' }),
    examples(report),
    '</section>',
  ].join('\n');
}

function examples({ audit: facts, run }: RunReport): string {
  if (facts.examples.length === 0) return '';
  const columns = [
    { name: 'finding' },
    { name: 'meter', number: true },
    { name: 'concentrator', number: true },
    { name: 'channel' },
    { name: 'time of the grid' },
    { name: 'expected', number: true },
    { name: 'found', number: true },
    { name: 'what', text: true },
  ];
  const shown = facts.examples.slice(0, EXAMPLES_SHOWN);
  const rows = shown.map((example) => ({ cells: exampleCells(example, run.offsetMinutes) }));
  const more = facts.examples.length > shown.length ? `<p class="lead">${whole(facts.examples.length - shown.length)} more are in report.json.</p>` : '';
  return `<h3>Examples</h3>${htmlTable({ columns, rows, label: 'Examples of findings', className: '' })}${more}`;
}

/** What the sentence of an example says before its reason; here it has columns. */
const REPEATED = /^\w+: (?:meter \d+, [^,]+, \S+Z: )?/;

function exampleCells(example: AuditExample, offsetMinutes: number): readonly string[] {
  const { kind, meter, concentrator, channel, timeUnixSeconds, text } = example;
  return [
    kind,
    meter === null ? '–' : String(meter),
    concentrator === null ? '–' : String(concentrator),
    channel ?? '–',
    timeUnixSeconds === null ? '–' : dateTime(timeUnixSeconds, offsetMinutes),
    reading(example.expectedWh, example.expectedStatus),
    reading(example.foundWh, example.foundStatus),
    text.replace(REPEATED, ''),
  ];
}

function reading(wh: number | null, status: number | null): string {
  if (wh === null) return '–';
  return status === null || status === 0 ? `${whole(wh)} Wh` : `${whole(wh)} Wh, status 0x${status.toString(16).padStart(2, '0')}`;
}

function resources(report: RunReport): string {
  const tables = resourceTables(report).map(({ title, lead, columns, rows }) => {
    const table = htmlTable({ columns: columns.map((name, i) => ({ name, number: i > 0 && name !== 'what', text: name === 'what' })), rows: rows.map((cells) => ({ cells })), label: title, className: '' });
    return `${title === USED_TITLE ? '' : `<h3>${escapeHtml(title)}</h3>`}<p class="lead">${escapeHtml(lead)}</p>${table}`;
  });
  if (tables.length === 0) return '';
  const drawn = resourceCharts(report).map(chartFigure);
  const [used = '', ...scaled] = tables;
  const pictures = drawn.length === 0 ? '' : `<div class="charts">${drawn.join('\n')}</div>`;
  return [`<section><h2>${USED_TITLE}</h2>`, used, pictures, ...scaled, '</section>'].join('\n');
}

/** More processes than these are folded away behind the sums of their groups. */
const PROCESSES_OPEN = 12;
const RESTARTS_SHOWN = 50;

function processes(report: RunReport): string {
  const { processes: all, run } = report;
  if (all.length === 0) return '<section><h2>Processes</h2><p>This system does not tell what its processes take.</p></section>';
  const columns = [
    { name: 'process' },
    { name: 'group' },
    { name: 'number', number: true },
    { name: 'processor time', number: true },
    { name: 'mean cores', number: true },
    { name: 'peak memory', number: true },
  ];
  const cores = (seconds: number): string => (run.wallSeconds > 0 ? digits3(seconds / run.wallSeconds) : '–');
  const cost = (use: { readonly cpuSeconds: number; readonly peakRssBytes: number }): string[] => [
    `${digits3(use.cpuSeconds)} s`,
    cores(use.cpuSeconds),
    bytes(use.peakRssBytes),
  ];
  const sums = groupRows(report).map((row) => {
    const count = `${whole(row.processes)} ${row.processes === 1 ? 'process' : 'processes'}`;
    return { cells: [`all of ${GROUP_NAMES[row.group]}`, count, ''].concat(cost(row)), className: 'sum' };
  });
  const each = all.map((use) => ({ cells: [use.name, GROUP_NAMES[use.group], String(use.pid)].concat(cost(use)) }));
  const detail =
    all.length <= PROCESSES_OPEN
      ? htmlTable({ columns, rows: [...each, ...sums], label: 'Processes', className: '' })
      : `${htmlTable({ columns, rows: sums, label: 'Groups of processes', className: '' })}<details><summary>All ${whole(all.length)} processes</summary>${htmlTable({ columns, rows: each, label: 'Processes', className: '' })}</details>`;
  return `<section><h2>Processes</h2>${detail}${restarts(report)}</section>`;
}

function restarts({ run }: RunReport): string {
  if (run.restarts.length === 0) return '<p class="empty">No process ended unasked.</p>';
  const columns = [{ name: 'restarted' }, { name: 'after', number: true }, { name: 'why', text: true }];
  const rows = run.restarts.slice(0, RESTARTS_SHOWN).map(({ process, atMs, why }) => ({ cells: [process, milliseconds(atMs), why] }));
  const rest = run.restarts.length - rows.length;
  const more = rest > 0 ? `<p class="empty">${whole(rest)} more are in report.json.</p>` : '';
  return `<h3>Restarts</h3>${htmlTable({ columns, rows, label: 'Restarts', className: '' })}${more}`;
}

function events(report: RunReport): string {
  const all = eventRows(report);
  if (all.length === 0) return '';
  const columns = [{ name: 'event' }, { name: 'after', number: true }, { name: 'severity' }, { name: 'target' }, { name: 'text', text: true }];
  const rows = all.map(({ rule, when, severity, target, text }) => ({ cells: [rule, when, severity, target, text] }));
  const table = htmlTable({ columns, rows, label: 'Events', className: '' });
  return `<section><h2>Events</h2><p class="lead">${escapeHtml(eventLead(report))}</p>${table}</section>`;
}

function about(report: RunReport): string {
  return [
    '<section class="columns">',
    `<div><h2>This run</h2><dl class="rows">${runFigures(report).map(pair).join('')}</dl></div>`,
    `<div><h2>This machine</h2><dl class="rows">${machineFigures(report).map(pair).join('')}</dl></div>`,
    '</section>',
  ].join('\n');
}

function pair([label, text]: readonly [string, string]): string {
  return figureItem({ label, value: text, note: '' });
}

function guide(): string {
  const entries: readonly (readonly [string, string])[] = [
    ['Able', 'The run came to its end, every planned reading is stored once with the right value, and it took no longer than the grid itself would have.'],
    ['Planned', 'A meter or concentrator that can’t be reached keeps its rows and sends them later. The plan says for each reading when it can be had; only what can be had before the end of the run is planned.'],
    ['Late', 'The reading arrived as the plan foresaw, but after its own step. Lateness is a property of the scenario, not of the head-end.'],
    ['Grid and machine time', 'The grid’s three days may pass in seconds. Outages have a length in the time of the grid; confirming and storing take time of the machine. At full speed the two can’t be converted into each other.'],
    ['Needs', 'Head-end figures leave out the simulator and the runner, which share the machine with it. What they take is in the table of processes.'],
  ];
  return `<section><h2>How to read this</h2><dl class="rows">${entries.map(pair).join('')}</dl></section>`;
}
