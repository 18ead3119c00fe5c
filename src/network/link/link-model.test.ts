import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import { LinkModel } from './link-model.ts';
import { type LinkParameters, UP } from './link-parameters.ts';
import { normalTable } from './normal-table.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Buffers that were collected are given back a little later, by another thread. */
async function settledBytes(): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    least = Math.min(least, heapUsed + arrayBuffers);
    await setTimeout(20);
  }
  return least;
}

/** The four classes of the paper. */
const CLASSES: Readonly<Record<string, Partial<LinkParameters>>> = {
  C1: { latencyMs: 600, jitterMs: 200, loss: 0.001 },
  C2: { latencyMs: 800, jitterMs: 400, loss: 0.002 },
  C3: { latencyMs: 1000, jitterMs: 500, loss: 0.003 },
  C4: { latencyMs: 1400, jitterMs: 600, loss: 0.004 },
};

const PLAIN: LinkParameters = {
  name: 'plain',
  latencyMs: 0,
  jitterMs: 0,
  correlation: 0,
  loss: 0,
  lossBursts: null,
  ratePacketsPerSecond: 15,
  burstPackets: 5,
  excess: 'shape',
  session: null,
};

interface Setting {
  readonly direction?: 'each' | 'split';
  readonly tcp?: 'today' | 'in-2013';
  readonly seed?: number;
}

function model(link: Partial<LinkParameters>, { direction = 'each', tcp = 'today', seed = 1 }: Setting = {}): LinkModel {
  return new LinkModel({ seed, categories: [{ ...PLAIN, ...link }], category: new Uint8Array(1), first: 0, direction, tcp });
}

/** Rows of a CSV of `data/net` by its headings; comments begin with #. */
function table(file: string): readonly Readonly<Record<string, string>>[] {
  const [head = '', ...rows] = readFileSync(packageFile('data', 'net', file), 'utf8').trim().split('\n').filter((line) => !line.startsWith('#'));
  const names = head.split(',');
  return rows.map((row) => Object.fromEntries(row.split(',').map((value, i) => [names[i] ?? '', value])));
}

interface Law {
  readonly mean: number;
  readonly sd: number;
  readonly sorted: Float64Array;
}

function lawOf(values: Float64Array): Law {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return { mean, sd, sorted: values.toSorted() };
}

/** Delays of messages that each find the link at rest, seconds. */
function delays(link: LinkModel, messages: number, bytes: number): Float64Array {
  return Float64Array.from({ length: messages }, (_, i) => {
    const at = i * 1e6;
    link.settle(0);
    return (link.send(0, UP, at, bytes) - at) / 1000;
  });
}

describe('the normal law of netem', () => {
  test('has the facts of its table', () => {
    const values = normalTable();
    expect([...values.subarray(0, 4)]).toEqual([-32768, -28307, -26871, -25967]);
    expect([...values.subarray(2046, 2051)]).toEqual([-9, -5, 0, 5, 11]);
    expect(values[4095]).toBe(28858);
  });

  test.each(table('netem_class_moments.csv'))('$class, $direction_mode: moments of single packets', (row) => {
    const { class: name = '', direction_mode: mode } = row;
    const link = model({ ...CLASSES[name], loss: 0 }, { direction: mode === 'split' ? 'split' : 'each' });
    const count = 200_000;
    const law = lawOf(delays(link, count, 700));
    const at = (share: number): number => law.sorted[Math.floor(share * count)]!;
    expect(Math.abs(law.mean / Number(row['mean_s']) - 1)).toBeLessThan(0.01);
    expect(Math.abs(law.sd / Number(row['sd_s']) - 1)).toBeLessThan(0.01);
    expect(Math.abs(at(0.5) / Number(row['p50_s']) - 1)).toBeLessThan(0.01);
    expect(Math.abs(at(0.99) / Number(row['p99_s']) - 1)).toBeLessThan(0.01);
    expect(law.sorted.at(-1)).toBeLessThanOrEqual(Number(row['max_s']) + 1e-4);
    const atOnce = law.sorted.filter((delay) => delay === 0).length / count;
    const expected = Number(row['share_sent_at_once']);
    expect(Math.abs(atOnce - expected)).toBeLessThan(4 * Math.sqrt(expected / count) + 1e-4);
  });
});

describe('whole messages', () => {
  test.each(table('message_latency_expectations.csv'))('$class, $direction_mode, $segments segments', (row) => {
    const { class: name = '', direction_mode: mode } = row;
    const link = model({ ...CLASSES[name], loss: Number(row['loss']) }, { direction: mode === 'split' ? 'split' : 'each' });
    const law = lawOf(delays(link, 6000, Number(row['bytes'])));
    expect(Math.abs(law.mean / Number(row['deliver_mean_s']) - 1)).toBeLessThan(0.03);
    expect(Math.abs(law.sorted[3000]! / Number(row['deliver_p50_s']) - 1)).toBeLessThan(0.04);
    expect(Math.abs(law.sorted[5700]! / Number(row['deliver_p95_s']) - 1)).toBeLessThan(0.04);
  });

  test.each([
    ['C1', 7, 2.17],
    ['C2', 7, 3.13],
    ['C3', 7, 3.93],
    ['C4', 7, 5.36],
    ['C1', 20, 3.91],
    ['C2', 20, 5.81],
    ['C3', 20, 7.29],
    ['C4', 20, 9.78],
    ['C1', 72, 7.81],
    ['C2', 72, 10.75],
    ['C3', 72, 13.29],
    ['C4', 72, 17.68],
  ] as const)('with the TCP of 2013: %s, %i segments take %f s', (name, segments, mean) => {
    const link = model(CLASSES[name] ?? {}, { tcp: 'in-2013' });
    expect(Math.abs(lawOf(delays(link, 6000, segments * 1400)).mean / mean - 1)).toBeLessThan(0.03);
  });
});

describe('the bucket', () => {
  const NO_DELAY: Partial<LinkParameters> = { latencyMs: 0, jitterMs: 0, loss: 0 };

  test('of 100 segments lets the last one go 6.333 s after the first', () => {
    const link = model(NO_DELAY);
    expect(link.send(0, UP, 0, 100 * 1400)).toBeCloseTo(6333.3, 0);
    expect(link.arrivals[4]).toBe(0);
    expect(link.arrivals[5]).toBeCloseTo(1000 / 15, 6);
  });

  test('of an endless supply lets 905 go in 60 s', () => {
    const link = model(NO_DELAY);
    link.send(0, UP, 0, 1200 * 1400);
    const passed = link.arrivals.subarray(0, 1200).filter((at) => at < 60_000).length;
    expect(Math.abs(passed - 905)).toBeLessThanOrEqual(1);
  });

  test('holds for messages that come one after the other, and is full again after a third of a second', () => {
    const link = model(NO_DELAY);
    for (let i = 0; i < 5; i++) expect(link.send(0, UP, 0, 100)).toBe(0);
    expect(link.send(0, UP, 0, 100)).toBeCloseTo(1000 / 15, 6);
    expect(link.send(0, UP, 10_000, 5 * 1400)).toBe(10_000);
  });

  test('of a policed link loses what is over the rate, and it comes again', () => {
    const link = model({ ...NO_DELAY, latencyMs: 100, excess: 'police' });
    const last = link.send(0, UP, 0, 8 * 1400);
    const { up } = link.statsOf(0);
    expect(up.policed).toBe(3);
    expect(up.lost).toBe(3);
    expect(up.timeouts).toBe(3);
    // A round trip of 200 ms, and a time-out of at least 200 ms more.
    expect(last).toBe(500);
    expect([...link.arrivals.subarray(0, 5)]).toEqual([100, 100, 100, 100, 100]);
  });
});

describe('loss', () => {
  test('of single packets is as many as it says, within 3 sigma', () => {
    const count = 1_000_000;
    const link = model({ loss: 0.001, ratePacketsPerSecond: 1e6, burstPackets: 65_535 });
    for (let i = 0; i < count; i++) link.send(0, UP, i * 1e6, 100);
    expect(Math.abs(link.statsOf(0).up.lost - 1000)).toBeLessThan(95);
  });

  test('in bursts has the share and the length of its chain', () => {
    const lossBursts = { enter: 0.01, leave: 0.25, loss: 1 };
    const link = model({ lossBursts, ratePacketsPerSecond: 1e6, burstPackets: 65_535 });
    const count = 400_000;
    let lossy = 0;
    for (let i = 0; i < count; i++) {
      const before = link.statsOf(0).up.lost;
      link.send(0, UP, i * 1e6, 100);
      if (link.statsOf(0).up.lost > before) lossy++;
    }
    // A packet and its repetitions take as many turns of the chain: the share of lost packets is that of the bad state.
    const { lost, segments } = link.statsOf(0).up;
    expect(lost / (lost + segments)).toBeCloseTo(0.01 / 0.26, 2);
    expect(lost / lossy).toBeGreaterThan(3.5);
    expect(lost / lossy).toBeLessThan(4.5);
  });
});

describe('a link', () => {
  test('hands up in order, whatever the jitter', () => {
    const link = model(CLASSES['C4'] ?? {});
    let before = 0;
    for (let i = 0; i < 2000; i++) {
      link.send(0, UP, i * 200, 3000);
      for (const at of link.arrivals.subarray(0, 3)) {
        expect(at).toBeGreaterThanOrEqual(before);
        expect(at).toBeGreaterThanOrEqual(i * 200);
        before = at;
      }
    }
  });

  test('with correlated delays keeps its mean, and has neighbours that resemble each other', () => {
    const correlation = (rho: number): number => {
      const values = delays(model({ ...CLASSES['C1'], loss: 0, correlation: rho }), 50_000, 100);
      const { mean, sd } = lawOf(values);
      expect(Math.abs(mean / 0.6 - 1)).toBeLessThan(0.02);
      let sum = 0;
      for (let i = 1; i < values.length; i++) sum += (values[i]! - mean) * (values[i - 1]! - mean);
      return sum / values.length / sd ** 2;
    };
    expect(Math.abs(correlation(0))).toBeLessThan(0.02);
    expect(correlation(0.25)).toBeLessThan(0.3);
  });

  test('draws the same in a part of the grid as in the whole', () => {
    const categories = [{ ...PLAIN, ...CLASSES['C2'] }];
    const whole = new LinkModel({ seed: 9, categories, category: new Uint8Array(10), first: 0, direction: 'each', tcp: 'today' });
    const part = new LinkModel({ seed: 9, categories, category: new Uint8Array(4), first: 6, direction: 'each', tcp: 'today' });
    for (let i = 0; i < 50; i++) expect(part.send(2, UP, i * 900_000, 5000)).toBe(whole.send(8, UP, i * 900_000, 5000));
  });

  test('that is busy has a window that goes on, and begins anew after a rest', () => {
    const link = model({ latencyMs: 500, ratePacketsPerSecond: 1e6, burstPackets: 65_535 });
    // Ten segments fill the window: the eleventh waits for the first acknowledgement, after a round trip.
    expect(link.send(0, UP, 0, 10 * 1400)).toBe(500);
    expect(link.send(0, UP, 10, 1400)).toBe(1500);
    // The first two acknowledgements of a round free four.
    expect(link.send(0, UP, 100_000, 30 * 1400)).toBe(101_500);
    expect(link.send(0, UP, 200_000, 31 * 1400)).toBe(202_500);
  });

  test('at rest takes little memory, whatever went over it before', async () => {
    const links = 100_000;
    const before = await settledBytes();
    const link = new LinkModel({ seed: 1, categories: [{ ...PLAIN, ...CLASSES['C1'] }], category: new Uint8Array(links), first: 0, direction: 'each', tcp: 'today' });
    for (let i = 0; i < links; i++) link.send(i, UP, 0, 20_000);
    for (let i = 0; i < links; i++) link.send(i, UP, 1e9, 700);
    // Columns of 56 bytes a link, and its category.
    expect((await settledBytes()) - before).toBeLessThan(links * 80);
    expect(link.links).toBe(links);
  });
});

describe('a connection', () => {
  test('is made after a round trip, and a lost packet of it is sent again after a second, then two', () => {
    const link = model({ latencyMs: 300 });
    expect(link.connect(0, UP, 1000)).toEqual({ arrivesMs: 1300, openMs: 1600 });
    const lossy = model({ latencyMs: 300, loss: 0.3 });
    const times = new Set<number>();
    for (let i = 0; i < 500; i++) {
      const made = lossy.connect(0, UP, i * 1e6);
      if ('openMs' in made) times.add(made.openMs - i * 1e6);
    }
    expect([...times].toSorted((a, b) => a - b).slice(0, 4)).toEqual([600, 1600, 3600, 7600]);
  });

  test('is given up after seven losses', () => {
    const link = model({ latencyMs: 300, loss: 0.999 });
    expect(link.connect(0, UP, 0)).toEqual({ failedMs: 127_000 });
    expect(link.statsOf(0).lines.connectsFailed).toBe(1);
  });
});
