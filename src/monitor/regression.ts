/** A straight line through points by least squares, and how sure its slope is. */

import { assert } from '../base/assert.ts';

export interface Line {
  readonly slope: number;
  /** The slope is at least this with a confidence of 99 % (Student's t, one-sided). -Infinity with fewer than three points. */
  readonly slopeAtLeast: number;
}

/** Needs two points at different x. */
export function lineThrough(x: readonly number[], y: readonly number[]): Line {
  const n = x.length;
  assert(n === y.length && n >= 2, 'a line goes through two points or more');
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xx, xy] = [0, 0];
  for (let i = 0; i < n; i++) {
    xx += (x[i]! - meanX) ** 2;
    xy += (x[i]! - meanX) * (y[i]! - meanY);
  }
  assert(xx > 0, 'points of a line differ in x');
  const slope = xy / xx;
  let residual = 0;
  for (let i = 0; i < n; i++) residual += (y[i]! - meanY - slope * (x[i]! - meanX)) ** 2;
  const error = n > 2 ? Math.sqrt(residual / (n - 2) / xx) : Infinity;
  return { slope, slopeAtLeast: n > 2 ? slope - quantile99(n - 2) * error : -Infinity };
}

/** 99 % of Student's t, by degrees of freedom from 1; beyond, the next lower entry, which is on the safe side. */
const T99 = [31.82, 6.96, 4.54, 3.75, 3.36, 3.14, 3, 2.9, 2.82, 2.76] as const;
const T99_MANY = [
  [60, 2.39],
  [30, 2.46],
  [20, 2.53],
  [15, 2.6],
] as const;

function quantile99(freedom: number): number {
  return T99_MANY.find(([from]) => freedom >= from)?.[1] ?? T99[Math.min(freedom, T99.length) - 1] ?? Infinity;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
