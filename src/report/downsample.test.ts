import { describe, expect, test } from 'vitest';
import { keepExtremes } from './downsample.ts';

describe('fewer points', () => {
  test('are all points when there are few', () => {
    expect(keepExtremes([[5, 6, 7]], 3)).toEqual([0, 1, 2]);
    expect(keepExtremes([[]], 10)).toEqual([]);
    expect(keepExtremes([], 10)).toEqual([]);
  });

  test('keep every peak and dip of every column, and both ends', () => {
    const flat = Array.from({ length: 3000 }, (_, i) => i % 7);
    const peak = flat.map((value, i) => (i === 1234 ? 99 : value));
    const dip = flat.map((value, i) => (i === 2001 ? -99 : value));
    const kept = keepExtremes([peak, dip], 400);
    expect(kept).toContain(1234);
    expect(kept).toContain(2001);
    expect(kept[0]).toBe(0);
    expect(kept.at(-1)).toBe(2999);
    expect(kept.length).toBeLessThanOrEqual(402);
    expect([...kept].sort((a, b) => a - b)).toEqual(kept);
    expect(new Set(kept).size).toBe(kept.length);
  });

  test('of columns of different length are a mistake', () => {
    expect(() => keepExtremes([[1], [1, 2]], 10)).toThrow('columns have one length');
  });
});
