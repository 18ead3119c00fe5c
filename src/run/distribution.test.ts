import { build } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { Distribution, histogramPercentiles, condensed } from './distribution.ts';

describe('distribution', () => {
  it('gives percentiles of weighted values in any order, leaving out weightless ones', () => {
    const p = new Distribution([900, 0, 1800, 7], [9, 990, 1, 0]).percentiles();
    expect(p).toEqual({ count: 1000, mean: 9.9, p50: 0, p90: 0, p99: 0, p999: 900, max: 1800 });
  });

  it('adds an independent other one, scaled', () => {
    const sum = new Distribution([0, 100], [3, 1]).plus(new Distribution([1, 2], [1, 1]), 10);
    expect(sum.count).toBe(4);
    expect(sum.percentiles()).toMatchObject({ mean: 40, p50: 20, p99: 120, max: 120 });
    expect(new Distribution([5], [2]).plus(new Distribution([], []), 10).percentiles().mean).toBe(5);
  });

  it('keeps the tail when there is much to add', () => {
    const rare = new Distribution([0, 5000], [9999, 1]);
    const wide = new Distribution(Array.from({ length: 4000 }, (_, i) => i / 4), Array.from({ length: 4000 }, () => 1));
    const sum = wide.plus(rare, 1);
    expect(sum.percentiles().max).toBe(5999.75);
    expect(sum.shareBelow(2000)).toBeCloseTo(0.9999, 5);
    expect(sum.shareBelow(500)).toBeCloseTo(0.49995, 2);
    expect(sum.shareBelow(990)).toBeCloseTo(0.9899, 3);
    expect(sum.count).toBeCloseTo(4000, 6);
  });

  it('says which share lies below a limit', () => {
    const distribution = new Distribution([900, 0, 1800], [9, 990, 1]);
    expect([0, 1, 900, 901, 1800, 2000].map((limit) => distribution.shareBelow(limit))).toEqual([0, 0.99, 0.99, 0.999, 0.999, 1]);
    expect(new Distribution([], []).shareBelow(5)).toBe(1);
  });

  it('of nothing is all zero', () => {
    expect(new Distribution([], []).percentiles()).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  });

  it('reads an HDR histogram in other units', () => {
    const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 1e6, numberOfSignificantValueDigits: 3 });
    for (let i = 1; i <= 1000; i++) histogram.recordValue(i * 10);
    const p = histogramPercentiles(histogram, 10);
    expect(p.count).toBe(1000);
    expect(p.p50).toBeGreaterThan(495);
    expect(p.p50).toBeLessThan(505);
    expect(condensed(histogram, 10).percentiles().p90).toBeGreaterThan(880);
    expect(condensed(histogram, 10).percentiles().p90).toBeLessThan(920);
  });
});
