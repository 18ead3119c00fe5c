/**
 * The report as Markdown, for a pull request or a mail: the verdict, the three answers, the tables. No pictures, no HTML.
 * What the user named is escaped; a table cell never breaks its row.
 */

import { bytes, dateTime, digits3, duration, milliseconds, whole } from '../base/format.ts';
import { eventLead, eventRows } from './event-rows.ts';
import { KPI_COLUMNS, kpiLead, kpiRows, onDemandText } from './kpi-content.ts';
import { linkLead, type LinkTable, linkTables, sessionSentence, stormTexts } from './link-content.ts';
import { auditRows, delayRows, DELAY_COLUMNS, groupRows, GROUP_NAMES, keyFigures, machineFigures, needs, runFigures, sizeOfRun, verdictWord, whenOf } from './report-content.ts';
import { escapedMarkdown as escaped, markdownTable as table } from './markdown-text.ts';
import { resourceTables, USED_TITLE } from './resource-content.ts';
import type { RunReport } from './run-report.ts';
import { notAuditedText, sourceText } from './source-content.ts';
import { thresholdRows, thresholdSummary } from './thresholds.ts';
import { wasAudited } from './verdict.ts';

export function markdownReport(report: RunReport): string {
  const sections = [opening(report), thresholds(report), answers(report), audit(report), inTime(report), delays(report), links(report), resources(report), processes(report), events(report), about(report)];
  return `${sections.flat().join('\n')}\n`;
}

/** The page of a job in a pipeline: verdict, thresholds, the three answers, KPIs. */
export function markdownSummary(report: RunReport): string {
  const sections = [opening(report), thresholds(report), answers(report), inTime(report)];
  return `${sections.flat().join('\n')}\n\n`;
}

const EXAMPLES_SHOWN = 10;
const RESTARTS_SHOWN = 20;

function opening(report: RunReport): readonly string[] {
  const { run, verdict } = report;
  const figures = keyFigures(report).map(({ label, value, note }) => [label, `**${value}**`, note]);
  return [
    `# ${verdictWord(verdict.able)}: ${escaped(run.scenario)}`,
    '',
    escaped(verdict.why),
    '',
    `${sizeOfRun(report)}.`,
    '',
    ...table(['', '', ''], figures),
  ];
}

function thresholds(report: RunReport): readonly string[] {
  const summary = thresholdSummary(report);
  if (summary === null) return [];
  const rows = thresholdRows(report).map(({ text, value, result, held }) => [code(text), value, held ? result : `**${result}**`]);
  return ['', '## Thresholds', '', summary, '', ...table(['threshold', 'value', ''], rows)];
}

function answers(report: RunReport): readonly string[] {
  const { verdict } = report;
  const list = verdict.problems.map((problem) => {
    const { id, title, evidence, remedy } = problem;
    const todo = remedy === undefined ? '' : ` *What to do:* ${escaped(remedy)}`;
    return `- **${escaped(title)}** (\`${id}\`, ${whenOf(problem, report)}). ${escaped(evidence)}${todo}`;
  });
  return [
    '',
    '## Is it able to process this many meters?',
    '',
    `${verdictWord(verdict.able)}. ${escaped(verdict.why)}`,
    '',
    '## How many computing resources does it need?',
    '',
    ...table(
      ['', 'measured', ''],
      needs(report).map(({ label, value, note }) => [label, value, note]),
    ),
    '',
    '## What problems are characteristic of it?',
    '',
    ...(list.length === 0 ? ['None was seen.'] : list),
  ];
}

function audit(report: RunReport): readonly string[] {
  const { audit: facts, run } = report;
  if (!wasAudited(facts)) return ['', '## Audit', '', notAuditedText(report)];
  const rows = auditRows(report).map(({ label, count, meaning, finding }) => [
    finding && count > 0 ? `**${label}**` : label,
    finding && count > 0 ? `**${whole(count)}**` : whole(count),
    meaning,
  ]);
  const examples = facts.examples.slice(0, EXAMPLES_SHOWN).map((example) => {
    const at = example.timeUnixSeconds === null ? '' : `; ${dateTime(example.timeUnixSeconds, run.offsetMinutes)} of the grid`;
    return `- ${escaped(example.text)} (${example.cause}${at})`;
  });
  const result = facts.exact ? 'Exact: every planned reading is stored once, with the right value.' : 'Not exact.';
  const source = sourceText(report);
  const said = source === null ? [result] : [result, '', escaped(source)];
  return ['', '## Audit', '', ...said, '', ...table(['count', 'readings', 'meaning'], rows), ...(examples.length === 0 ? [] : ['', ...examples])];
}

function inTime(report: RunReport): readonly string[] {
  const rows = kpiRows(report).map(({ label, stored, possible }) => [label, stored, possible]);
  if (rows.length === 0) return [];
  const onDemand = onDemandText(report);
  return ['', '## In time', '', kpiLead(report), '', ...table(KPI_COLUMNS, rows), ...(onDemand === null ? [] : ['', onDemand])];
}

function delays(report: RunReport): readonly string[] {
  const rows = delayRows(report).map(({ label, clock, count, values }) => [label, clock, count].concat(values));
  return ['', '## Delays', '', ...table(['from, to', 'clock', 'of', ...DELAY_COLUMNS], rows)];
}

function links(report: RunReport): readonly string[] {
  const { links: facts } = report;
  if (facts === null) return [];
  const sessions = sessionSentence(facts);
  const { storms, together } = stormTexts(report);
  const tables = linkTables(facts);
  return [
    '',
    '## Links',
    '',
    escaped(linkLead(facts)),
    ...(tables.length === 0 ? ['', 'Nothing was sent over them.'] : []),
    ...(sessions === null ? [] : ['', escaped(sessions)]),
    ...(storms.length === 0 ? [] : ['', STORMS_TITLE, '', ...storms.map((storm) => `- ${escaped(storm)}`), ...(together === '' ? [] : ['', escaped(together)])]),
    ...tables.flatMap(linkTable),
  ];
}

const STORMS_TITLE = 'Steps in which many links lost their connection at once:';

function linkTable({ title, columns, rows }: LinkTable): readonly string[] {
  const head = columns.map(({ name }) => name);
  const body = rows.map((cells) => cells.map(escaped));
  return ['', `### ${title}`, ''].concat(table(head, body));
}

function resources(report: RunReport): readonly string[] {
  return resourceTables(report).flatMap(({ title, lead, columns, rows }) => {
    const head = ['', `${title === USED_TITLE ? '##' : '###'} ${title}`, '', lead, ''];
    return head.concat(table(columns, rows.map((cells) => cells.map(escaped))));
  });
}

function processes(report: RunReport): readonly string[] {
  const rows = groupRows(report).map(({ group, processes: count, cpuSeconds, peakRssBytes }) => [
    GROUP_NAMES[group],
    whole(count),
    `${digits3(cpuSeconds)} s`,
    bytes(peakRssBytes),
  ]);
  const { restarts, wallSeconds } = report.run;
  const list = restarts
    .slice(0, RESTARTS_SHOWN)
    .map(({ process, atMs, why }) => `- ${escaped(process)} was started again ${milliseconds(atMs)} after the begin: ${escaped(why)}`);
  const more = restarts.length > RESTARTS_SHOWN ? [`- and ${whole(restarts.length - RESTARTS_SHOWN)} more`] : [];
  return [
    '',
    '## Processes',
    '',
    ...(rows.length === 0 ? ['This system does not tell what its processes take.'] : table(['group', 'processes', `processor time in ${duration(wallSeconds)}`, 'memory, sum of peaks'], rows)),
    ...(list.length === 0 ? [] : ['', ...list, ...more]),
  ];
}

function events(report: RunReport): readonly string[] {
  const rows = eventRows(report).map(({ rule, when, severity, target, text }) => [rule, when, severity, target, text].map(escaped));
  if (rows.length === 0) return [];
  return ['', '## Events', '', eventLead(report), '', ...table(['event', 'after', 'severity', 'target', 'text'], rows)];
}

function about(report: RunReport): readonly string[] {
  const figures = [...runFigures(report), ...machineFigures(report)];
  return ['', '## Run and machine', '', ...table(['', ''], figures.map(([label, value]) => [label, escaped(value)]))];
}

/** A span of code in a cell: nothing in it ends the span or the cell. */
function code(text: string): string {
  return `\`${text.replaceAll(/[`|\p{C}]/gu, ' ')}\``;
}
