/** A limit on an indicator of a run: what a scenario's parser makes of an expression, and a report is judged by. */

/** What an indicator is counted in; shares are 0 .. 1. A `number` has no unit: factors, cores. */
export type IndicatorUnit = 'count' | 'number' | 'per-second' | 'seconds' | 'milliseconds' | 'bytes' | 'share';

export const COMPARISONS = ['<', '<=', '>', '>=', '==', '!='] as const;

export type Comparison = (typeof COMPARISONS)[number];

export interface Threshold {
  /** As the user wrote it. */
  readonly text: string;
  readonly indicator: string;
  readonly comparison: Comparison;
  /** In the unit of the indicator. */
  readonly limit: number;
}

export function holds({ comparison, limit }: Pick<Threshold, 'comparison' | 'limit'>, value: number): boolean {
  return HOLDS[comparison](value, limit);
}

const HOLDS: Readonly<Record<Comparison, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '==': (value, limit) => value === limit,
  '!=': (value, limit) => value !== limit,
};
