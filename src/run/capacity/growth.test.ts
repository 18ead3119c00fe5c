import { describe, expect, it } from 'vitest';
import { streamKey, uniform } from '../../base/random.ts';
import { growthOf } from './growth.ts';

/** Normal draws. */
function noise(seed: number): () => number {
  const key = streamKey(seed, 'noise');
  let draws = 0;
  return () => Math.sqrt(-2 * Math.log(1 - uniform(key, draws++))) * Math.cos(2 * Math.PI * uniform(key, draws++));
}

describe('growth', () => {
  it('finds the slope of a line exactly', () => {
    const growth = growthOf([0, 1, 2, 3, 7], [5, 7, 9, 11, 19]);
    expect(growth.slope).toBeCloseTo(2, 12);
    expect(growth.high - growth.low).toBeLessThan(1e-6);
  });

  it('says nothing of two samples', () => {
    expect(growthOf([0, 1], [0, 1])).toEqual({ slope: NaN, low: -Infinity, high: Infinity });
  });

  // By the correlation of neighbours: 0.8 are the waves of a store that commits now and then.
  it.each([0, 0.5, 0.8])('its band has the true slope in it, neighbours correlated by %f', (correlation) => {
    let inside = 0;
    const rounds = 600;
    for (let seed = 0; seed < rounds; seed++) {
      const next = noise(seed);
      let state = next();
      const x = Array.from({ length: 40 }, (_, i) => i * 0.2);
      const y = x.map((at) => {
        state = correlation * state + Math.sqrt(1 - correlation ** 2) * next();
        return 3 + 0.4 * at + state;
      });
      const { low, high } = growthOf(x, y);
      if (low <= 0.4 && 0.4 <= high) inside++;
    }
    expect(inside / rounds).toBeGreaterThan(correlation === 0.8 ? 0.85 : 0.91);
    expect(inside / rounds).toBeLessThan(0.995);
  });
});
