import { describe, expect, test } from 'vitest';
import type { ProcessUse } from '../monitor/process-use.ts';
import { coresIn, memoryAt, momentsOf } from './process-series.ts';

function process(wallMs: readonly number[], cpuCores: readonly number[], rssBytes: readonly number[]): ProcessUse {
  return { name: 'x', group: 'headend', pid: 1, cpuSeconds: 0, peakRssBytes: 0, wallMs, cpuCores, rssBytes };
}

describe('samples of many processes', () => {
  const even = process([100, 200, 300, 400], [1, 0, 1, 0], [10, 20, 30, 40]);
  const odd = process([150, 390], [0.5, 2], [100, 200]);

  test('are put on the moments of the finest', () => {
    expect(momentsOf([even, odd], 100)).toEqual({ endsMs: [100, 200, 300, 400], stretchMs: 100 });
    expect(momentsOf([even, odd], 2)).toEqual({ endsMs: [200, 400], stretchMs: 200 });
    expect(momentsOf([], 100).endsMs).toEqual([]);
    expect(momentsOf([process([], [], [])], 100).endsMs).toEqual([]);
  });

  test('add up to the same processor time', () => {
    for (const count of [1, 2, 3, 4]) {
      const moments = momentsOf([even, odd], count);
      const time = coresIn([even, odd], moments).reduce((sum, cores) => sum + cores * moments.stretchMs, 0);
      expect(time).toBeCloseTo(100 + 100 + 75 + 480, 6);
    }
    expect(coresIn([even], momentsOf([even], 4))).toEqual([1, 0, 1, 0]);
  });

  test('begin when the process came', () => {
    const late = { ...process([350, 400], [0.6, 0.2], [1, 1]), fromMs: 300 };
    const moments = momentsOf([even, late], 4);
    expect(coresIn([late], moments)).toEqual([0, 0, 0, expect.closeTo(0.4, 9)]);
  });

  test('hold their memory till the next sample, and none after their end', () => {
    const moments = momentsOf([even], 4);
    expect(memoryAt([even], moments)).toEqual([10, 20, 30, 40]);
    expect(memoryAt([odd], moments)).toEqual([100, 100, 100, 200]);
    expect(memoryAt([process([100], [1], [7])], moments)).toEqual([7, 7, 0, 0]);
    expect(memoryAt([process([310, 400], [1, 1], [5, 6])], moments)).toEqual([0, 0, 5, 6]);
  });
});
