/** What a comparison says, apart from how it looks. Texts are plain; whoever prints them escapes them. */

import { counted, digits3, duration, whole } from '../../base/format.ts';
import { indicatorText } from '../indicators.ts';
import type { ComparedAlternative, ComparedMeasure, ComparedProblem, ComparedRun, Comparison, MeasureCell } from './comparison.ts';

/** `100,000 meters behind 1,430 concentrators, 288 steps of 15 min (3 d), push, 96 times real time` */
export function loadLine({ load }: Comparison): string {
  const { run } = load;
  if (run === null) return '';
  const size = `${counted(run.meters, 'meter')} behind ${counted(run.concentrators, 'concentrator')}`;
  const length = `${counted(run.steps, 'step')} of ${duration(run.intervalSeconds)} (${duration(run.steps * run.intervalSeconds)})`;
  const speed = run.speed === 'max' ? 'as fast as each takes it' : `${digits3(run.speed)} times real time`;
  return `${size}, ${length}, ${run.mode}, ${speed}`;
}

export function titleOf({ load }: Comparison): string {
  return `Comparison: ${load.run?.scenario ?? 'nothing was run'}`;
}

/** `Able`, `Not able`, `Could not be known`, `Interrupted`, `Left out`. */
export function answerOf({ able, runs }: ComparedAlternative): string {
  if (able !== null) return able ? 'Able' : 'Not able';
  if (runs.some(({ state }) => state === 'ran')) return 'Could not be known';
  return runs.some(({ state }) => state === 'interrupted') ? 'Interrupted' : 'Left out';
}

/** `1.3 s`, or with the range of its runs `1.3 s (1.1 s .. 1.6 s)`. */
export function cellText({ unit }: ComparedMeasure, { median, values }: MeasureCell): string {
  if (median === null) return '–';
  const range = rangeText(unit, values);
  const text = indicatorText(unit, median);
  return range === '' ? text : `${text} (${range})`;
}

/** Least and most of several runs: `1.1 s .. 1.6 s`; empty where they can't be told apart. */
export function rangeText(unit: ComparedMeasure['unit'], values: readonly number[]): string {
  if (values.length < 2) return '';
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => indicatorText(unit, value)) as [string, string];
  return least === most ? '' : `${least} .. ${most}`;
}

/** Beside the value: `best`, `1.8 times`, `within noise`; empty where nothing is compared. */
export function markText({ mark, timesBest }: MeasureCell): string {
  if (mark === null) return '';
  if (mark === 'best') return 'best';
  if (mark === 'noise') return 'within noise';
  return timesBest === null || timesBest === 0 || sameDigits(timesBest) ? '' : `${digits3(timesBest)} times`;
}

function sameDigits(times: number): boolean {
  return digits3(times) === '1';
}

export function noiseNote({ repeat, alternatives }: Comparison): string {
  if (alternatives.length < 2) return '';
  if (repeat < 2) return 'Each ran once, and what is less than 5 % apart is not told apart. With --repeat 3 it is measured what is within noise.';
  return `Medians of ${whole(repeat)} runs, with the least and the most. "Within noise": the runs reach into those of the best one. The order was rotated from round to round.`;
}

/** Empty: none is broken. */
export function thresholdText({ brokenThresholds }: ComparedAlternative): string {
  return brokenThresholds.length === 0 ? '' : `Thresholds broken: ${brokenThresholds.join('; ')}.`;
}

export interface ProblemRow {
  readonly id: string;
  readonly grave: boolean;
  /** As the alternatives: its title, and in how many of its runs; empty: it was not seen. */
  readonly cells: readonly string[];
}

export function problemRows({ problems, repeat }: Comparison): readonly ProblemRow[] {
  return problems.map(({ id, severity, cells }) => {
    const texts = cells.map((cell) => (cell === null ? '' : `${cell.title}${repeat > 1 ? ` (${whole(cell.runs)} of ${whole(repeat)})` : ''}`));
    return { id, grave: severity === 'critical', cells: texts };
  });
}

/** What was seen at an alternative, with the evidence. */
export function problemsOf(comparison: Comparison, index: number): readonly (Pick<ComparedProblem, 'id' | 'severity'> & { readonly title: string; readonly evidence: string })[] {
  return comparison.problems.flatMap(({ id, severity, cells }) => {
    const cell = cells[index];
    return cell === null || cell === undefined ? [] : [{ id, severity, title: cell.title, evidence: cell.evidence }];
  });
}

/** `Run 2: failed: ...`; of runs that went as they should nothing is said. */
export function runNotes({ runs }: ComparedAlternative): readonly string[] {
  return runs.flatMap((run, i) => {
    const text = runText(run);
    return text === '' ? [] : [runs.length === 1 ? text : `Run ${i + 1}: ${text}`];
  });
}

function runText({ state, why, note }: ComparedRun): string {
  const words = { ran: '', failed: `failed: ${why}`, interrupted: why === '' ? 'interrupted' : why, 'left-out': 'left out' }[state];
  return [words, note].filter((part) => part !== '').join('; ');
}
