/** The closing block of a comparison on a terminal: the answer, then the numbers side by side, as many columns as there is room for. */

import { indicatorText } from '../indicators.ts';
import { Block, INDENT, type Paint, painter, printable, type TerminalOptions, widthOf } from '../terminal-block.ts';
import type { ComparedMeasure, Comparison, MeasureCell } from './comparison.ts';
import { answerOf, loadLine, problemsOf, runNotes, thresholdText, titleOf } from './comparison-content.ts';
import { GROUP_TITLES } from './measures.ts';

const NAME_MAX = 26;
const GAP = '  ';
const PROBLEMS_SHOWN = 4;

/** Ends with a newline. */
export function comparisonSummary(comparison: Comparison, options: TerminalOptions): string {
  const paint = painter(options);
  const block = new Block(widthOf(options), paint);
  block.line('');
  block.line(`${INDENT}${paint('bold', printable(titleOf(comparison)))}`);
  if (!comparison.complete) block.paragraph('Interrupted; what is there is shown.');
  block.paragraph(printable(comparison.conclusion));
  block.line('');
  if (comparison.load.run !== null) block.wrapped('Load', loadLine(comparison));
  block.wrapped(comparison.load.run === null ? 'Load' : '', comparison.load.text);
  block.line('');
  for (const alternative of comparison.alternatives) {
    const colour = alternative.able === null ? 'yellow' : alternative.able ? 'green' : 'red';
    block.line(`${INDENT}${paint(`bold ${colour}`, `${answerOf(alternative)}:`)} ${printable(alternative.name)}`);
    block.wrapped('', printable(alternative.why));
    if (alternative.brokenThresholds.length > 0) block.wrapped('', printable(thresholdText(alternative)), paint('red', '!'));
    // Why a single run failed is said already.
    const notes = alternative.runs.length > 1 ? runNotes(alternative) : alternative.runs.map(({ note }) => note);
    for (const note of notes) if (note !== '') block.wrapped('', printable(note));
  }
  for (const columns of columnsThatFit(comparison, widthOf(options))) table(block, { comparison, columns, paint });
  if (comparison.measures.length > 0 && comparison.alternatives.length > 1) block.line(`${INDENT}${paint('dim', legend(comparison))}`);
  problems(block, comparison, paint);
  return block.text();
}

function legend({ repeat }: Comparison): string {
  return repeat > 1 ? `* best   ~ within noise of it   medians of ${repeat} runs` : '* best   ~ less than 5 % from it   one run each';
}

interface Table {
  readonly comparison: Comparison;
  /** Indices of alternatives. */
  readonly columns: readonly number[];
  readonly paint: Paint;
}

function labelWidth({ measures }: Comparison): number {
  return Math.max(0, ...measures.map(({ label }) => label.length));
}

function columnWidth({ alternatives, measures }: Comparison, index: number): number {
  const texts = measures.map((measure) => valueText(measure, measure.cells[index]));
  return Math.max(shortName(alternatives[index]?.name ?? '').length, ...texts.map((text) => text.length));
}

/** Indices of alternatives that have numbers, table by table; at least one each. */
function columnsThatFit(comparison: Comparison, width: number): readonly (readonly number[])[] {
  const room = width - INDENT.length - labelWidth(comparison);
  const tables: number[][] = [];
  let left = 0;
  comparison.alternatives.forEach((_, index) => {
    if (comparison.measures.every(({ cells }) => cells[index]?.median === null)) return;
    const needed = GAP.length + columnWidth(comparison, index);
    const last = tables.at(-1);
    if (last === undefined || needed > left) {
      tables.push([index]);
      left = room - needed;
    } else {
      last.push(index);
      left -= needed;
    }
  });
  return tables;
}

function table(block: Block, { comparison, columns, paint }: Table): void {
  const { alternatives, measures } = comparison;
  const width = labelWidth(comparison);
  const line = (label: string, texts: readonly string[]): string => {
    const cells = texts.map((text, i) => text.padStart(columnWidth(comparison, columns[i] ?? 0)));
    return `${INDENT}${[label.padEnd(width), ...cells].join(GAP)}`;
  };
  block.line('');
  block.line(paint('bold', line('', columns.map((index) => shortName(alternatives[index]?.name ?? '')))));
  let group = '';
  for (const measure of measures) {
    if (measure.group !== group) block.line(`${INDENT}${paint('dim', GROUP_TITLES[measure.group])}`);
    group = measure.group;
    block.line(line(measure.label, columns.map((index) => valueText(measure, measure.cells[index]))));
  }
}

const MARKS = { best: '*', noise: '~', worse: ' ' } as const;

/** A value, and a column for its mark. */
function valueText({ unit }: ComparedMeasure, cell: MeasureCell | undefined): string {
  if (cell === undefined || cell.median === null) return '–  ';
  return `${indicatorText(unit, cell.median)} ${cell.mark === null ? ' ' : MARKS[cell.mark]}`;
}

function shortName(name: string): string {
  const text = printable(name);
  return text.length <= NAME_MAX ? text : `${text.slice(0, NAME_MAX - 1)}…`;
}

function problems(block: Block, comparison: Comparison, paint: Paint): void {
  comparison.alternatives.forEach(({ name }, index) => {
    const found = problemsOf(comparison, index);
    if (found.length === 0) return;
    block.line('');
    block.line(`${INDENT}${paint('dim', 'Problems of')} ${printable(name)}`);
    for (const { severity, title, evidence } of found.slice(0, PROBLEMS_SHOWN)) {
      const mark = severity === 'critical' ? paint('red', '!') : paint('yellow', '-');
      block.wrapped('', printable(`${title}. ${evidence}`), mark);
    }
    if (found.length > PROBLEMS_SHOWN) block.wrapped('', `and ${found.length - PROBLEMS_SHOWN} more in the report`);
  });
}
