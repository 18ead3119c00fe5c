/** The closing block of a run on a terminal: about twenty lines, readable without colour and at any width. */

import { bytes, digits3, duration, whole } from '../base/format.ts';
import { eventCounts } from './event-rows.ts';
import { kpiLine } from './kpi-content.ts';
import { linkLines, linkMode, sessionText, worstStormText } from './link-content.ts';
import { auditRows, delayRows, groupRows, inTimeShare, isGrave, sizeOfRun, verdictWord } from './report-content.ts';
import { watchedLines } from './resource-content.ts';
import type { RunReport } from './run-report.ts';
import { notAuditedText, sourceText } from './source-content.ts';
import { storeText } from './store-facts.ts';
import { Block, INDENT, type Paint, painter, printable, type TerminalOptions, TOGETHER, widthOf } from './terminal-block.ts';
import { failedThresholds, thresholdRows, thresholdSummary } from './thresholds.ts';
import { wasAudited } from './verdict.ts';

const PROBLEMS_SHOWN = 5;

/** Ends with a newline. */
export function terminalSummary(report: RunReport, options: TerminalOptions): string {
  const paint = painter(options);
  const block = new Block(widthOf(options), paint);
  head(block, report, paint);
  thresholds(block, report, paint);
  readings(block, report);
  delays(block, report, paint);
  links(block, report);
  resources(block, report);
  store(block, report);
  events(block, report);
  problems(block, report, paint);
  return block.text();
}

function head(block: Block, report: RunReport, paint: Paint): void {
  const { able, why } = report.verdict;
  const colour = able === null ? 'yellow' : able ? 'green' : 'red';
  block.line('');
  block.line(`${INDENT}${paint(`bold ${colour}`, verdictWord(able))}`);
  block.paragraph(why);
  const held = thresholdSummary(report);
  if (held !== null) block.paragraph(held, failedThresholds(report).length === 0 ? 'green' : 'red');
  block.line('');
  block.wrapped('Scenario', `${printable(report.run.scenario)}: ${sizeOfRun(report)}`);
}

function thresholds(block: Block, report: RunReport, paint: Paint): void {
  thresholdRows(report).forEach(({ text, value, result, held }, i) => {
    const mark = held ? paint('green', '+') : paint('red', '!');
    block.wrapped(i === 0 ? 'Thresholds' : '', `${printable(text)}: ${result}${value === 'unknown' ? '' : `, ${value}`}`, mark);
  });
}

function readings(block: Block, report: RunReport): void {
  const { run, audit } = report;
  if (!wasAudited(audit)) {
    block.wrapped('Readings', `${whole(audit.sent)} sent; what is stored is not known`);
  } else {
    block.wrapped('Readings', `${whole(audit.stored)} stored of ${whole(audit.planned)} planned, ${inTimeShare(report)}`);
  }
  const factor = run.realTimeFactor > 0 ? `, ${digits3(run.realTimeFactor)} times real time` : '';
  block.wrapped('Rate', `${whole(run.readingsPerSecond)} readings/s${factor}; run ${duration(run.wallSeconds)}`);
  if (!wasAudited(audit)) {
    block.wrapped('Audit', notAuditedText(report));
    return;
  }
  const stored = kpiLine(report);
  if (stored !== null) block.wrapped('In time', stored);
  const rows = auditRows(report);
  const counts = (finding: boolean): string =>
    rows
      .filter((row) => row.finding === finding && !SAID_ABOVE.has(row.label))
      .map((row) => `${row.label} ${whole(row.count)}`.replaceAll(' ', TOGETHER))
      .join(', ');
  block.wrapped('Audit', `${audit.exact ? 'exact' : 'not exact'}: ${counts(true)} (took ${duration(audit.wallSeconds)})`);
  block.wrapped('', counts(false));
  const source = sourceText(report);
  if (source !== null) block.wrapped('', printable(source));
}

const SAID_ABOVE: ReadonlySet<string> = new Set(['planned', 'stored']);

/** Places of DELAY_COLUMNS that are shown: median, 99 %, longest. */
const DELAYS_SHOWN = [1, 3, 5] as const;

function delays(block: Block, report: RunReport, paint: Paint): void {
  const rows = delayRows(report);
  const columns = DELAYS_SHOWN.map((column) => Math.max(...rows.map((row) => (row.values[column] ?? '').length)));
  const labelWidth = Math.max(...rows.map((row) => row.label.length));
  rows.forEach((row, i) => {
    const [half, most, longest] = DELAYS_SHOWN.map((column, j) => (row.values[column] ?? '').padStart(columns[j] ?? 0));
    const values = `median ${half}, 99 % ${most}, longest ${longest}`;
    const text = `${row.label.padEnd(labelWidth)}  ${values}`;
    const clock = `  ${row.clock}`;
    block.table(i === 0 ? 'Delays' : '', text, { clock: paint('dim', clock), clockWidth: clock.length });
  });
}

const CATEGORIES_SHOWN = 6;

function links(block: Block, report: RunReport): void {
  const { links: facts } = report;
  if (facts === null) return;
  block.wrapped('Links', linkMode(facts));
  const rows = linkLines(facts);
  const shown = rows.slice(0, CATEGORIES_SHOWN).map(({ name, links: count, text }) => ({ name: printable(name), count, text }));
  const nameWidth = Math.max(0, ...shown.map(({ name }) => name.length));
  const countWidth = Math.max(0, ...shown.map(({ count }) => count.length));
  for (const { name, count, text } of shown) {
    block.table('', `${name.padEnd(nameWidth)}  ${count.padStart(countWidth)}  ${text}`, { clock: '', clockWidth: 0 });
  }
  if (rows.length > shown.length) block.wrapped('', `and ${whole(rows.length - shown.length)} more in the report`);
  for (const text of [sessionText(facts), worstStormText(report)]) if (text !== null) block.wrapped('', text);
}

function resources(block: Block, report: RunReport): void {
  const { resources: used } = report.verdict;
  for (const row of groupRows(report)) {
    const count = `${whole(row.processes)} ${row.processes === 1 ? 'process' : 'processes'}`;
    const common = `${count}, ${digits3(row.cpuSeconds)} s CPU, ${bytes(row.peakRssBytes)} memory at peak`;
    const perMillion = used.cpuSecondsPerMillionReadings;
    const cost = perMillion === null ? '' : `; ${duration(perMillion)} CPU a million readings`;
    const disk = used.storeBytesPerReading === null ? '' : `, ${digits3(used.storeBytesPerReading)} B a reading on disk`;
    block.wrapped(TITLES[row.group], row.group === 'headend' ? `${common}${disk}${cost}` : common);
  }
  const lines = watchedLines(report);
  lines.slice(0, WATCHED_SHOWN).forEach((line, i) => block.wrapped(i === 0 ? 'Watched' : '', line));
  if (lines.length > WATCHED_SHOWN) block.wrapped('', `and ${whole(lines.length - WATCHED_SHOWN)} more in the report`);
}

const WATCHED_SHOWN = 5;

const TITLES = { headend: 'Head-end', simulator: 'Simulator', runner: 'Runner' } as const;

function store(block: Block, report: RunReport): void {
  const text = storeText(report.store);
  if (text !== null) block.wrapped('Store', text);
}

function events(block: Block, report: RunReport): void {
  const counts = eventCounts(report);
  if (counts !== null) block.wrapped('Events', `${counts}; they are in the report, and all in monitor.duckdb`);
}

function problems(block: Block, report: RunReport, paint: Paint): void {
  const { problems: found } = report.verdict;
  if (found.length === 0) {
    block.wrapped('Problems', 'none seen');
    return;
  }
  found.slice(0, PROBLEMS_SHOWN).forEach((problem, i) => {
    const mark = isGrave(problem) ? paint('red', '!') : paint('yellow', '-');
    block.wrapped(i === 0 ? 'Problems' : '', printable(`${problem.title}. ${problem.evidence}`), mark);
  });
  if (found.length > PROBLEMS_SHOWN) block.wrapped('', `and ${found.length - PROBLEMS_SHOWN} more in the report`);
}
