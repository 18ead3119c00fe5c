import { describe, expect, it } from 'vitest';
import { draw } from '../../base/random.ts';
import { cut, fillSplit, roundingOf, SHAPES, shapeOf, splitLength } from './split.ts';

const LEVELS = [
  { bits: 2, roughness: 0.4 },
  { bits: 2, roughness: 0.99 },
  { bits: 2, roughness: 0.8 },
];

function tableOf(weights: readonly number[]): Float32Array {
  const table = new Float32Array(splitLength(weights.length));
  fillSplit(table, 0, Float64Array.from(weights), LEVELS);
  return table;
}

function partsOf(table: Float32Array, energyWh: number, bits: number): number[] {
  const cuts = Array.from({ length: table.length / SHAPES }, (_, row) => cut(energyWh, table[row * SHAPES + shapeOf(bits)]!, roundingOf(bits)));
  return cuts.slice(1).map((wh, part) => wh - cuts[part]!);
}

describe('a split', () => {
  const weights = [5, 1, 0, 3, 0, 0, 1e-12, 2];

  it('has whole parts that are never negative and add up', () => {
    const table = tableOf(weights);
    for (let i = 0; i < 20_000; i++) {
      const energyWh = draw(1, i) >>> (i % 32);
      const parts = partsOf(table, energyWh, draw(2, i));
      expect(parts.every((wh) => Number.isInteger(wh) && wh >= 0)).toBe(true);
      expect(parts.reduce((sum, wh) => sum + wh)).toBe(energyWh);
    }
  });

  it('gives nothing to a part without weight', () => {
    const table = tableOf(weights);
    for (let i = 0; i < 20_000; i++) {
      const parts = partsOf(table, 4_000_000_000 + i, draw(3, i));
      expect([parts[2], parts[4], parts[5]]).toEqual([0, 0, 0]);
    }
  });

  it('gives all to the only part with weight, and to the last one when none weighs', () => {
    expect(partsOf(tableOf([0, 0, 0, 0, 7, 0]), 123_456_789, 0x8765_4321)).toEqual([0, 0, 0, 0, 123_456_789, 0]);
    const none = partsOf(tableOf([0, 0, 0, 0, 0, 0, 0, 0]), 0, 0x8765_4321);
    expect(none).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('shares by weight on the mean over its shapes', () => {
    const uneven = [5, 1, 0.5, 3, 0.01, 4, 1, 2];
    const table = tableOf(uneven);
    const sum = uneven.reduce((a, b) => a + b);
    for (const [part, weight] of uneven.entries()) {
      let mean = 0;
      for (let s = 0; s < SHAPES; s++) mean += (table[(part + 1) * SHAPES + s]! - table[part * SHAPES + s]!) / SHAPES;
      expect(mean).toBeCloseTo(weight / sum, 7);
    }
  });

  it('rounds without bias: a single Wh goes to each part as often as its weight says', () => {
    const table = tableOf([1, 2, 3, 4, 0, 0, 6, 0]);
    const counts = new Float64Array(8);
    const draws = 200_000;
    for (let i = 0; i < draws; i++) for (const [part, wh] of partsOf(table, 1, draw(4, i)).entries()) counts[part]! += wh;
    for (const [part, weight] of [1, 2, 3, 4, 0, 0, 6, 0].entries()) {
      expect(Math.abs(counts[part]! / draws - weight / 16)).toBeLessThan(0.004);
    }
  });

  it('differs from shape to shape as much as its roughness says', () => {
    const table = tableOf([1, 1, 1, 1, 1, 1, 1, 1]);
    let squares = 0;
    for (let s = 0; s < SHAPES; s++) squares += (8 * table[SHAPES + s]! - 1) ** 2 / SHAPES;
    // A level with 4 values has the variance roughness^2 * (1 + 1/9) / 2; factors of independent levels multiply.
    const expected = [0.4, 0.99, 0.8].reduce((product, rough) => product * (1 + (rough * rough * 5) / 9), 1) - 1;
    expect(squares).toBeCloseTo(expected, 5);
  });

  it('has a row for each of up to 2^levels parts', () => {
    expect(() => tableOf([1, 1, 1, 1, 1, 1, 1, 1, 1])).toThrow('a leaf for each part');
    const table = tableOf([1, 1, 1]);
    expect(Array.from(table.subarray(3 * SHAPES))).toEqual(Array.from({ length: SHAPES }, () => 1));
  });
});
