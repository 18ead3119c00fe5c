import { describe, expect, test } from 'vitest';
import type { SeriesType } from '../store/monitor-source.ts';
import { RateKeeper } from './rate-keeper.ts';

type Sample = readonly [atSeconds: number, value: number | bigint | null];

function rates(type: SeriesType, samples: readonly Sample[], resets = false): readonly (number | null)[] {
  const keeper = new RateKeeper();
  return samples.map(([at, value]) => keeper.rate({ name: 'a', unit: '', type, resets, timeMs: null, value }, at * 1000));
}

test('a gauge is what it is', () => {
  expect(rates('gauge', [[0, 5], [1, -5], [2, null], [3, NaN], [4, Infinity], [5, 7n]])).toEqual([5, -5, null, null, null, 7]);
});

test('a derive rises and falls', () => {
  expect(rates('derive', [[0, 100], [10, 150], [20, 50]])).toEqual([null, 5, -10]);
});

test('an absolute was counted since the last reading', () => {
  expect(rates('absolute', [[0, 100], [10, 150], [15, 50]])).toEqual([null, 15, 10]);
});

describe('a counter', () => {
  test('rises', () => expect(rates('counter', [[0, 100], [10, 150], [30, 150]])).toEqual([null, 5, 0]));

  test('goes over its 32nd bit', () => {
    expect(rates('counter', [[0, 2 ** 32 - 10], [1, 10]])).toEqual([null, 20]);
    expect(rates('counter', [[0, 2 ** 31], [1, 0]])).toEqual([null, 2 ** 31]);
  });

  test('goes over its 64th bit, exactly', () => {
    expect(rates('counter', [[0, 18_446_744_073_709_551_606n], [1, 10]])).toEqual([null, 20]);
    expect(rates('counter', [[0, 9_223_372_036_854_775_900n], [1, 9_223_372_036_854_775_907n]])).toEqual([null, 7]);
  });

  test('was reset, if it was far from its last bit', () => {
    expect(rates('counter', [[0, 2 ** 31 - 1], [1, 0], [2, 3]])).toEqual([null, null, 3]);
    expect(rates('counter', [[0, 2 ** 32], [1, 0], [2, 3]])).toEqual([null, null, 3]);
    expect(rates('counter', [[0, 2 ** 53], [1, 0]])).toEqual([null, null]);
  });

  test('begins at 0 again where it says so', () => {
    expect(rates('counter', [[0, 2 ** 32 - 10], [2, 10]], true)).toEqual([null, 5]);
  });

  test('has no rate after an unknown value, nor for a time that is not later', () => {
    expect(rates('counter', [[0, 100], [1, null], [2, 120], [3, 125]])).toEqual([null, null, null, 5]);
    expect(rates('counter', [[5, 100], [5, 200], [4, 300], [6, 110]])).toEqual([null, null, null, 10]);
  });
});
