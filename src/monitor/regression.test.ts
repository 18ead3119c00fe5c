import { describe, expect, test } from 'vitest';
import { entityKey, streamKey, uniform } from '../base/random.ts';
import { lineThrough } from './regression.ts';

describe('a line through points', () => {
  test('is the exact one when there is one', () => {
    const { slope, slopeAtLeast } = lineThrough([0, 1, 2, 5], [3, 5, 7, 13]);
    expect(slope).toBeCloseTo(2, 12);
    expect(slopeAtLeast).toBeCloseTo(2, 9);
  });

  // Anscombe's first quartet: slope 0.50009, standard error 0.11791, 9 degrees of freedom, 99 % of t: 2.821.
  test('has the slope and error of the textbook', () => {
    const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
    const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
    const { slope, slopeAtLeast } = lineThrough(x, y);
    expect(slope).toBeCloseTo(0.500_09, 5);
    expect(slopeAtLeast).toBeCloseTo(0.500_09 - 2.821 * 0.117_91, 3);
  });

  test('is not sure of anything with two points', () => {
    expect(lineThrough([0, 1], [0, 5])).toEqual({ slope: 5, slopeAtLeast: -Infinity });
  });

  test('claims a rise of noise about once in a hundred times', () => {
    const x = Array.from({ length: 12 }, (_, i) => i);
    const rises = Array.from({ length: 5000 }, (_, run) => {
      const key = entityKey(streamKey(1, 'noise'), run);
      // The sum of twelve is close to normal.
      const y = x.map((i) => Array.from({ length: 12 }, (__, j) => uniform(key, 12 * i + j)).reduce((a, b) => a + b));
      return lineThrough(x, y).slopeAtLeast > 0;
    }).filter(Boolean).length;
    expect(rises).toBeGreaterThan(25);
    expect(rises).toBeLessThan(80);
  });
});
