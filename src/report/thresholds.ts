/** Thresholds of a scenario against the indicators of a run. Each must hold; what nobody knows does not hold. */

import { holds, type Threshold } from '../base/threshold.ts';
import { indicatorOf, indicatorText } from './indicators.ts';
import type { RunReport, ThresholdResult } from './run-report.ts';

/** The report with its thresholds judged. Call it last: they can name any number of the report. */
export function withThresholds(report: RunReport, thresholds: readonly Threshold[]): RunReport {
  return { ...report, thresholds: thresholds.map((threshold) => judged(threshold, report)) };
}

/** Those that did not hold, unknown ones among them. */
export function failedThresholds({ thresholds }: RunReport): readonly ThresholdResult[] {
  return thresholds.filter(({ held }) => held !== true);
}

function judged(threshold: Threshold, report: RunReport): ThresholdResult {
  // One that this version does not have: the scenario was parsed by another.
  const indicator = indicatorOf(threshold.indicator);
  const value = indicator?.read(report) ?? null;
  return { ...threshold, unit: indicator?.unit ?? 'number', value, held: value === null ? null : holds(threshold, value) };
}

export interface ThresholdRow {
  readonly text: string;
  readonly value: string;
  readonly result: 'held' | 'broken' | 'unknown: counts as broken';
  readonly held: boolean;
}

export function thresholdRows({ thresholds }: RunReport): readonly ThresholdRow[] {
  return thresholds.map((threshold) => {
    const { text, held } = threshold;
    const result = held === null ? 'unknown: counts as broken' : held ? 'held' : 'broken';
    return { text, value: valueText(threshold), result, held: held === true };
  });
}

/** `All 3 thresholds held.`, `1 of 3 thresholds broken.`; null: there are none. */
export function thresholdSummary(report: RunReport): string | null {
  const all = report.thresholds.length;
  const failed = failedThresholds(report);
  if (all === 0) return null;
  if (failed.length === 0) return all === 1 ? 'The threshold held.' : `All ${all} thresholds held.`;
  const unknown = failed.filter(({ held }) => held === null).length;
  const why = unknown === 0 ? '' : `, ${unknown} of them because the value is not known`;
  return `${failed.length} of ${all} ${all === 1 ? 'threshold' : 'thresholds'} broken${why}.`;
}

/** Three digits as elsewhere, and all of them where three look as if it were the limit. */
function valueText({ unit, value, limit }: ThresholdResult): string {
  if (value === null) return 'unknown';
  const text = indicatorText(unit, value);
  if (value === limit || text !== indicatorText(unit, limit)) return text;
  return unit === 'share' ? `${exact(value * 100)} %` : `${exact(value)}${EXACT_UNITS[unit] ?? ''}`;
}

const EXACT_UNITS: Partial<Record<ThresholdResult['unit'], string>> = { seconds: ' s', milliseconds: ' ms', bytes: ' B', 'per-second': '/s' };

/** Without the residue of binary fractions. */
function exact(value: number): string {
  return String(Number(value.toPrecision(12)));
}
