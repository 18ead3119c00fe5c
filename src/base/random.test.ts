import { describe, expect, it } from 'vitest';
import {
  below,
  draw,
  entityKey,
  exponential,
  largestRemainder,
  naturalLog,
  Permutation,
  streamKey,
  uniform,
} from './random.ts';

const KEY = streamKey(2013, 'random-test');

/**
 * How many standard deviations the chi-square of `counts` against equal expectation lies from its mean. Seeds are fixed, so
 * the tests are repeatable; a good generator stays within 4 nearly always.
 */
function chiSquareSigmas(counts: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i]!;
  const expected = total / counts.length;
  let chi = 0;
  for (let i = 0; i < counts.length; i++) chi += (counts[i]! - expected) ** 2 / expected;
  const freedom = counts.length - 1;
  return Math.abs(chi - freedom) / Math.sqrt(2 * freedom);
}

function correlation(x: (i: number) => number, y: (i: number) => number, count: number): number {
  let [sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [a, b] = [x(i), y(i)];
    sx += a;
    sy += b;
    sxx += a * a;
    syy += b * b;
    sxy += a * b;
  }
  return (sxy - (sx * sy) / count) / Math.sqrt((sxx - (sx * sx) / count) * (syy - (sy * sy) / count));
}

/** Mean and worst share of output bits that flip when one input bit does. */
function avalanche(flipped: (input: number, bit: number) => number): { mean: number; worst: number } {
  const inputs = 4096;
  const flips = new Float64Array(32 * 32);
  for (let i = 0; i < inputs; i++) {
    const input = draw(99, i);
    for (let bit = 0; bit < 32; bit++) {
      const change = flipped(input, bit);
      for (let out = 0; out < 32; out++) flips[bit * 32 + out]! += (change >>> out) & 1;
    }
  }
  const shares = Array.from(flips, (n) => n / inputs);
  return {
    mean: shares.reduce((a, b) => a + b) / shares.length,
    worst: Math.max(...shares.map((share) => Math.abs(share - 0.5))),
  };
}

function all(key: number, count: number): number[] {
  const permutation = new Permutation(key, count);
  return Array.from({ length: count }, (_, i) => permutation.at(i));
}

describe('streamKey', () => {
  it('differs by seed, by the upper half of the seed and by name', () => {
    const keys = new Set<number>();
    for (const seed of [0, 1, 2, 2013, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
      for (const name of ['', 'a', 'b', 'ab', 'ba', 'meters', 'stations']) keys.add(streamKey(seed, name));
    }
    expect(keys.size).toBe(49);
  });

  it('refuses what is not a seed', () => {
    for (const seed of [-1, 0.5, NaN, 2 ** 53]) expect(() => streamKey(seed, 'x')).toThrow(/a seed is an integer/);
  });
});

describe('entityKey', () => {
  it('gives no two entities one key', () => {
    const keys = new Set<number>();
    for (let id = 0; id < 200_000; id++) keys.add(entityKey(KEY, id));
    expect(keys.size).toBe(200_000);
  });
});

describe('draw', () => {
  it('keeps its values: grids, plans and truths of published seeds depend on them', () => {
    expect([draw(0, 0), draw(0, 1), draw(1, 0), draw(KEY, 12345)]).toMatchInlineSnapshot(`
      [
        0,
        46363378,
        1077000282,
        3081919728,
      ]
    `);
  });

  it('is even in the upper and in the lower bits, over counters of one key', () => {
    const upper = new Uint32Array(1024);
    const lower = new Uint32Array(1024);
    for (let i = 0; i < 1_000_000; i++) {
      const x = draw(KEY, i);
      upper[x >>> 22]!++;
      lower[x & 1023]!++;
    }
    expect(chiSquareSigmas(upper)).toBeLessThan(4);
    expect(chiSquareSigmas(lower)).toBeLessThan(4);
  });

  it('is even over entities at one counter, as when a whole grid draws its n-th number', () => {
    for (const counter of [0, 1, 7, 0xffffffff]) {
      const counts = new Uint32Array(1024);
      for (let id = 0; id < 500_000; id++) counts[draw(entityKey(KEY, id), counter) >>> 22]!++;
      expect(chiSquareSigmas(counts)).toBeLessThan(4);
    }
  });

  it('is even in pairs of neighbouring counters and of neighbouring entities', () => {
    const serial = new Uint32Array(64 * 64);
    const across = new Uint32Array(64 * 64);
    for (let i = 0; i < 1_000_000; i++) {
      serial[(draw(KEY, i) >>> 26) * 64 + (draw(KEY, i + 1) >>> 26)]!++;
      across[(draw(entityKey(KEY, i), 3) >>> 26) * 64 + (draw(entityKey(KEY, i + 1), 3) >>> 26)]!++;
    }
    expect(chiSquareSigmas(serial)).toBeLessThan(4);
    expect(chiSquareSigmas(across)).toBeLessThan(4);
  });

  it('has no serial correlation at short and at daily lags', () => {
    const n = 200_000;
    for (const lag of [1, 2, 3, 4, 96, 672]) {
      const r = correlation((i) => uniform(KEY, i), (i) => uniform(KEY, i + lag), n);
      expect(Math.abs(r) * Math.sqrt(n)).toBeLessThan(4);
    }
  });

  it('has no correlation between streams, between adjacent raw keys and between keys one bit apart', () => {
    const n = 200_000;
    const others = [streamKey(2014, 'random-test'), streamKey(2013, 'random-tesu'), KEY + 1, KEY ^ 0x80000000];
    for (const other of others) {
      const r = correlation((i) => uniform(KEY, i), (i) => uniform(other, i), n);
      expect(Math.abs(r) * Math.sqrt(n)).toBeLessThan(4);
    }
  });

  it('flips half of the output bits for each bit of counter and of key', () => {
    const byCounter = avalanche((input, bit) => draw(KEY, input) ^ draw(KEY, input ^ (1 << bit)));
    const byKey = avalanche((input, bit) => draw(input, 17) ^ draw(input ^ (1 << bit), 17));
    expect(Math.abs(byCounter.mean - 0.5)).toBeLessThan(0.005);
    expect(Math.abs(byKey.mean - 0.5)).toBeLessThan(0.005);
    expect(byCounter.worst).toBeLessThan(0.06);
    expect(byKey.worst).toBeLessThan(0.06);
  });

  it('repeats no more values than chance does: a run of one key has no short cycle', () => {
    const n = 1 << 18;
    const seen = new Set<number>();
    for (let i = 0; i < n; i++) seen.add(draw(KEY, i));
    const expectedCollisions = n ** 2 / 2 ** 33;
    expect(n - seen.size).toBeLessThan(expectedCollisions + 5 * Math.sqrt(expectedCollisions) + 1);
  });
});

describe('uniform and below', () => {
  it('stay in range with the right mean and variance', () => {
    const n = 500_000;
    let [sum, squares, lowest, highest] = [0, 0, 1, 0];
    for (let i = 0; i < n; i++) {
      const u = uniform(KEY, i);
      sum += u;
      squares += (u - 0.5) ** 2;
      lowest = Math.min(lowest, u);
      highest = Math.max(highest, u);
    }
    expect(lowest).toBeGreaterThanOrEqual(0);
    expect(highest).toBeLessThan(1);
    expect(Math.abs(sum / n - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    expect(squares / n).toBeCloseTo(1 / 12, 3);
  });

  it('below is even over counts that are no power of two', () => {
    for (const count of [3, 7, 60, 300]) {
      const counts = new Uint32Array(count);
      for (let i = 0; i < 300_000; i++) counts[below(KEY, i, count)]!++;
      expect(chiSquareSigmas(counts)).toBeLessThan(4);
    }
    expect(below(KEY, 5, 1)).toBe(0);
    expect(below(KEY, 5, 2 ** 32)).toBe(draw(KEY, 5));
  });
});

describe('naturalLog and exponential', () => {
  it('naturalLog is within 1e-9 of the true logarithm over its whole domain', () => {
    let worst = 0;
    for (let i = 0; i < 200_000; i++) {
      const x = (draw(KEY, i) + 1) * 2 ** -32;
      worst = Math.max(worst, Math.abs(naturalLog(x) - Math.log(x)));
    }
    for (let e = 0; e <= 64; e++) {
      for (const m of [1, 0.5, Math.SQRT1_2 - 1e-9, Math.SQRT1_2, Math.SQRT1_2 + 1e-9, 0.99999]) {
        const x = m * 2 ** -e;
        worst = Math.max(worst, Math.abs(naturalLog(x) - Math.log(x)));
      }
    }
    expect(worst).toBeLessThan(1e-9);
    expect(naturalLog(1)).toBe(0);
  });

  it('exponential has mean 1, variance 1, and the distribution function 1 - exp(-x)', () => {
    const n = 500_000;
    let [sum, squares, lowest, highest] = [0, 0, 1, 0];
    const bins = new Uint32Array(50);
    for (let i = 0; i < n; i++) {
      const x = exponential(KEY, i);
      lowest = Math.min(lowest, x);
      highest = Math.max(highest, x);
      sum += x;
      squares += (x - 1) ** 2;
      bins[Math.min(49, Math.floor((1 - Math.exp(-x)) * 50))]!++;
    }
    expect(lowest).toBeGreaterThanOrEqual(0);
    expect(highest).toBeLessThan(22.181);
    expect(Math.abs(sum / n - 1)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(squares / n - 1)).toBeLessThan(4 * Math.sqrt(8 / n));
    expect(chiSquareSigmas(bins)).toBeLessThan(4);
  });
});

describe('Permutation', () => {
  it('is a bijection for every count up to 300 and for large odd ones', () => {
    for (const count of [...Array.from({ length: 300 }, (_, i) => i + 1), 1023, 1024, 1025, 1430, 50_000, 100_003]) {
      const image = new Set(all(KEY, count));
      expect(image.size, `${count} elements`).toBe(count);
      expect(Math.max(...image)).toBe(count - 1);
      expect(Math.min(...image)).toBe(0);
    }
  });

  it('sends each element to each place equally often over keys, also when there are few', () => {
    for (const count of [2, 3, 5, 8, 13]) {
      for (const index of [0, 1, count - 1]) {
        const counts = new Uint32Array(count);
        for (let key = 0; key < 100_000; key++) counts[new Permutation(entityKey(KEY, key), count).at(index)]!++;
        expect(chiSquareSigmas(counts), `place of ${index} among ${count}`).toBeLessThan(4);
      }
    }
  });

  it('gives all 6 orders of 3 and all ordered pairs of 12 equally often', () => {
    const orders = new Map<string, number>();
    for (let key = 0; key < 6_000; key++) {
      const order = all(entityKey(KEY, key), 3).join();
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    expect(chiSquareSigmas([...orders.values()])).toBeLessThan(4);
    const pairs = new Map<number, number>();
    for (let key = 0; key < 40_000; key++) {
      const permutation = new Permutation(entityKey(KEY, key), 12);
      const pair = permutation.at(0) * 12 + permutation.at(1);
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    expect(pairs.size).toBe(12 * 11);
    expect(chiSquareSigmas([...pairs.values()])).toBeLessThan(4);
  });

  it('sends each element to each place equally often where the table ends and the network begins', () => {
    for (const count of [1024, 1025, 2049]) {
      for (const index of [0, 1, count - 1]) {
        const counts = new Uint32Array(32);
        const trials = count === 1024 ? 3_000 : 60_000;
        for (let key = 0; key < trials; key++) {
          counts[Math.floor((new Permutation(entityKey(KEY, key), count).at(index) * 32) / count)]!++;
        }
        // Parts of the range that one place more or less falls into differ by 1/32 of a part at most.
        expect(chiSquareSigmas(counts), `place of ${index} among ${count}`).toBeLessThan(4);
      }
    }
  });

  it('sends pairs to all pairs of places equally often in the network', () => {
    const count = 1280;
    for (const [one, two] of [[0, 1], [0, 32], [5, 1279]] as const) {
      const counts = new Uint32Array(20 * 20);
      for (let key = 0; key < 100_000; key++) {
        const permutation = new Permutation(entityKey(KEY, key), count);
        counts[Math.floor(permutation.at(one) / 64) * 20 + Math.floor(permutation.at(two) / 64)]!++;
      }
      expect(chiSquareSigmas(counts), `${one} and ${two}`).toBeLessThan(4);
    }
  });

  it('spreads: no correlation of place with index, with the neighbour, or with another key', () => {
    const n = 50_000;
    const one = new Permutation(streamKey(1, 'size'), n);
    const two = new Permutation(streamKey(1, 'link'), n);
    const raw = new Permutation(streamKey(1, 'size') + 1, n);
    const limit = 4 / Math.sqrt(n);
    expect(Math.abs(correlation((i) => i, (i) => one.at(i), n))).toBeLessThan(limit);
    expect(Math.abs(correlation((i) => one.at(i), (i) => one.at((i + 1) % n), n))).toBeLessThan(limit);
    expect(Math.abs(correlation((i) => one.at(i), (i) => two.at(i), n))).toBeLessThan(limit);
    expect(Math.abs(correlation((i) => one.at(i), (i) => raw.at(i), n))).toBeLessThan(limit);
  });

  it('spreads a share evenly over any run of indices', () => {
    const n = 50_000;
    const permutation = new Permutation(streamKey(7, 'share'), n);
    const counts = new Uint32Array(50);
    for (let i = 0; i < n; i++) if (permutation.at(i) < n / 8) counts[Math.floor(i / 1000)]!++;
    for (const count of counts) expect(Math.abs(count - 125)).toBeLessThan(4.5 * Math.sqrt(1000 * (1 / 8) * (7 / 8)));
  });

  it('refuses counts that it does not hold for', () => {
    for (const count of [0, -1, 1.5, 2 ** 30 + 1]) expect(() => new Permutation(KEY, count)).toThrow(/1 to 2\^30/);
    expect(new Permutation(KEY, 2 ** 30).at(2 ** 30 - 1)).toBeLessThan(2 ** 30);
  });
});

describe('largestRemainder', () => {
  it('splits by hand-made examples, ties to the lower index', () => {
    expect([...largestRemainder(10, [1, 1, 1])]).toEqual([4, 3, 3]);
    expect([...largestRemainder(50_000, [0.125, 0.26, 0.28, 0.22, 0.09, 0.025])]).toEqual([6250, 13000, 14000, 11000, 4500, 1250]);
    expect([...largestRemainder(3, [0.7, 0.2, 0.1])]).toEqual([2, 1, 0]);
    expect([...largestRemainder(7, [0, 5, 0])]).toEqual([0, 7, 0]);
    expect([...largestRemainder(0, [1, 2])]).toEqual([0, 0]);
  });

  it('adds up exactly and is never off its share by one or more', () => {
    for (let trial = 0; trial < 2_000; trial++) {
      const key = entityKey(KEY, trial);
      const weights = Array.from({ length: 1 + below(key, 0, 40) }, (_, i) => uniform(key, 10 + i));
      const total = below(key, 1, 20_000_000);
      const sum = weights.reduce((a, b) => a + b);
      const parts = largestRemainder(total, weights);
      expect(parts.reduce((a, b) => a + b, 0)).toBe(total);
      parts.forEach((part, i) => expect(Math.abs(part - (total * weights[i]!) / sum)).toBeLessThan(1));
    }
  });

  it('refuses weights without a sum', () => {
    expect(() => largestRemainder(5, [])).toThrow(/positive sum/);
    expect(() => largestRemainder(5, [0, 0])).toThrow(/positive sum/);
  });
});
