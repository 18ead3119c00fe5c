import { describe, expect, it } from 'vitest';
import { below, streamKey } from '../../base/random.ts';
import { ReadingBatch } from '../../reading/batch.ts';
import { DuplicateFilter } from './duplicate-filter.ts';
import type { TimeRange } from './store.ts';

const INTERVAL = 900;
const DAY = 86_400;
const T0 = 1_700_000_100;

type Key = readonly [meter: number, channel: number, time: number];

function batchOf(keys: readonly Key[]): ReadingBatch {
  const batch = new ReadingBatch(Math.max(1, keys.length));
  for (const [meter, channel, time] of keys) batch.push({ meter, channel, time, value: 0, status: 0 });
  return batch;
}

/** A filter before a store that has what was admitted. */
class Checked {
  filter = new DuplicateFilter({ intervalSeconds: INTERVAL });
  readonly stored: Key[] = [];
  restores = 0;

  /** Indices of the rows that are new. */
  admit(keys: readonly Key[]): number[] {
    const batch = batchOf(keys);
    const fresh: number[] = [];
    for (let at = 0; at < keys.length; ) {
      const end = this.filter.admit(batch, at, keys.length);
      for (; at < end; at++) fresh.push(at);
      if (this.filter.stop === 'duplicate') at++;
      if (this.filter.stop === 'period') this.#restore(this.filter.wanted);
    }
    this.stored.push(...fresh.map((i) => keys[i] ?? ([0, 0, 0] as const)));
    return fresh;
  }

  #restore(times: TimeRange): void {
    this.restores++;
    const found = batchOf(this.stored.filter(([, , time]) => time >= times.from && time <= times.to));
    this.filter.beginRestore();
    this.filter.restore(found, found.length);
  }
}

function naive(seen: Set<string>, keys: readonly Key[]): number[] {
  const fresh: number[] = [];
  keys.forEach((key, i) => {
    if (seen.has(key.join())) return;
    seen.add(key.join());
    fresh.push(i);
  });
  return fresh;
}

describe('duplicate filter', () => {
  it('knows a reading by meter, channel and time, each of them', () => {
    const checked = new Checked();
    const keys: Key[] = [
      [5, 0, T0],
      [5, 0, T0],
      [6, 0, T0],
      [5, 1, T0],
      [5, 0, T0 + INTERVAL],
      [5, 0, T0 + 1],
      [5, 0, T0 + 1],
      [5 + 1024, 0, T0],
      [2 ** 32 - 1, 255, 2 ** 32 - 1],
      [2 ** 32 - 1, 255, 2 ** 32 - 1],
      [0, 0, 0],
      [0, 0, 0],
      [5, 0, T0],
    ];
    expect(checked.admit(keys)).toEqual([0, 2, 3, 4, 5, 7, 8, 10]);
  });

  it.each([
    ['dense', { meters: 3000, times: 96 * 3, odd: 0, bytesMax: Infinity }],
    ['sparse', { meters: 2 ** 32, times: 96 * 3, odd: 0, bytesMax: Infinity }],
    ['off the slots', { meters: 2000, times: 96, odd: 3, bytesMax: Infinity }],
    ['with little memory', { meters: 3000, times: 96 * 5, odd: 10, bytesMax: 40_000 }],
  ])('agrees with a plain set: %s', (name, shape) => {
    const key = streamKey(1, name);
    const checked = new Checked();
    const seen = new Set<string>();
    let draws = 0;
    for (let round = 0; round < 60; round++) {
      const keys: Key[] = [];
      while (keys.length < 500) {
        const first = below(key, draws++, shape.meters);
        const odd = shape.odd > 0 && below(key, draws++, shape.odd) === 0 ? 1 + below(key, draws++, 5) : 0;
        const time = T0 + INTERVAL * below(key, draws++, shape.times) + odd;
        const count = 1 + below(key, draws++, 40);
        for (let i = 0; i < count; i++) keys.push([(first + i) % 2 ** 32, below(key, draws++, 2), time]);
      }
      expect(checked.admit(keys)).toEqual(naive(seen, keys));
      checked.filter.evict(shape.bytesMax);
    }
    expect(checked.restores > 0).toBe(shape.bytesMax !== Infinity);
  });

  it('begins on a store that has readings, and takes back only what it is asked about', () => {
    const checked = new Checked();
    for (let day = 0; day < 10; day++) checked.stored.push([1, 0, T0 + day * DAY], [2, 0, T0 + day * DAY + 7]);
    checked.filter.begin({ from: T0, to: T0 + 9 * DAY + 7 });
    expect(checked.admit([[1, 0, T0 + 3 * DAY]])).toEqual([]);
    expect(checked.restores).toBe(1);
    expect(checked.admit([[2, 0, T0 + 3 * DAY + 7]])).toEqual([]);
    expect(checked.admit([[2, 0, T0 + 3 * DAY]])).toEqual([0]);
    expect(checked.admit([[1, 0, T0 + 20 * DAY]])).toEqual([0]);
    expect(checked.admit([[1, 0, T0 - DAY]])).toEqual([0]);
    expect(checked.restores).toBe(1);
    expect(checked.admit([[1, 0, T0 + 9 * DAY]])).toEqual([]);
    expect(checked.restores).toBe(2);
  });

  it('takes a bit for a regular reading, and little for nonsense', () => {
    const regular = new Checked();
    const keys: Key[] = [];
    for (let slot = 0; slot < 96; slot++) for (let meter = 0; meter < 1024; meter++) keys.push([meter, 0, 19_675 * DAY + slot * INTERVAL]);
    regular.admit(keys);
    expect((regular.filter.bytes * 8) / keys.length).toBeLessThan(1.1);
    const wild = new Checked();
    const key = streamKey(3, 'wild');
    wild.admit(Array.from({ length: 10_000 }, (_, i) => [below(key, 3 * i, 2 ** 32), 0, below(key, 3 * i + 1, 2 ** 32)] as const));
    expect(wild.filter.bytes).toBeLessThan(10_000 * 310);
  });

  it('gives memory back', () => {
    const checked = new Checked();
    for (let day = 0; day < 10; day++) checked.admit(Array.from({ length: 1000 }, (_, meter) => [meter, 0, T0 + day * DAY] as const));
    const before = checked.filter.bytes;
    checked.filter.evict(before / 2);
    expect(checked.filter.bytes).toBeLessThanOrEqual(before / 2);
    checked.filter.evict(0);
    expect(checked.filter.bytes).toBeGreaterThan(0);
    expect(checked.admit([[1, 0, T0]])).toEqual([]);
  });

  it.each([1, 60, 3600, 7000, 86_400])('works with an interval of %i s', (intervalSeconds) => {
    const checked = new Checked();
    checked.filter = new DuplicateFilter({ intervalSeconds });
    const keys = Array.from({ length: 500 }, (_, i) => [i % 5, 0, T0 + Math.floor(i / 10) * intervalSeconds] as const);
    expect(checked.admit(keys)).toEqual(naive(new Set(), keys));
  });
});
