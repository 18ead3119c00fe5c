import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, test } from 'vitest';
import { MonitorFile } from './monitor-file.ts';
import type { MonitorEvent, SeriesIdentity } from './monitor-source.ts';
import { MonitorStore } from './monitor-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'meterstorm-monitor-'));
afterAll(() => rmSync(directory, { recursive: true }));

const T0 = Date.UTC(2026, 0, 15, 12);
const CPU: SeriesIdentity = { target: 'db', name: 'cpu.user', unit: '%', type: 'derive' };
const LOAD: SeriesIdentity = { target: 'db', name: 'load.load', unit: '', type: 'gauge' };

function event(timeMs: number, part: Partial<MonitorEvent> = {}): MonitorEvent {
  return { timeMs, target: 'db', rule: 'deadlock', severity: 'error', text: 'deadlock detected', fields: {}, ...part };
}

let files = 0;
const newFile = (): string => join(directory, `${++files}.duckdb`);

async function stored(fill: (store: MonitorStore) => void): Promise<MonitorFile> {
  const path = newFile();
  const store = await MonitorStore.open(path);
  fill(store);
  await store.flush();
  store.close();
  return MonitorFile.open(path);
}

describe('series', () => {
  test('come back as they were given, also to who goes on', async () => {
    const path = newFile();
    const first = await MonitorStore.open(path);
    const cpu = first.series(CPU) ?? 0;
    first.sample(cpu, T0, 12.5);
    first.note('log', '{"offset":7}');
    await first.flush();
    first.sample(cpu, T0 + 1, 99);
    first.close();
    const second = await MonitorStore.open(path);
    expect(second.noted('log')).toBe('{"offset":7}');
    expect(second.noted('other')).toBeNull();
    expect(second.series({ ...CPU, unit: 'other' })).toBe(cpu);
    const load = second.series(LOAD) ?? 0;
    expect(load).not.toBe(cpu);
    second.sample(load, T0 + 1000.25, -1e300);
    second.event(event(T0 + 5));
    await second.flush();
    expect(await second.queries.listSeries()).toEqual([{ ...CPU, id: cpu }, { ...LOAD, id: load }]);
    expect(await second.queries.timeRange()).toEqual({ from: T0, to: T0 + 1000.25 });
    const points = await second.queries.querySeries({ series: [load, cpu, 77], from: T0, to: T0 + 2000, points: 10 });
    expect(points).toEqual([
      { series: cpu, intervalMs: 200, timeMs: [T0], min: [12.5], max: [12.5], mean: [12.5], samples: [1] },
      { series: load, intervalMs: 200, timeMs: [T0 + 1000.25], min: [-1e300], max: [-1e300], mean: [-1e300], samples: [1] },
    ]);
    second.close();
  });

  test('what comes while a batch is being written waits for the next one', async () => {
    const path = newFile();
    const store = await MonitorStore.open(path);
    const writing = (store.sample(store.series(CPU) ?? 0, T0, 1), store.flush());
    store.sample(store.series(LOAD) ?? 0, T0, 2);
    store.event(event(T0));
    store.note('a', 'b');
    await writing;
    expect(store.waiting).toBe(2);
    await store.flush();
    expect(store.waiting).toBe(0);
    store.close();
    const file = await MonitorFile.open(path);
    expect((await file.listSeries()).map(({ name, id }) => [id, name])).toEqual([[1, 'cpu.user'], [2, 'load.load']]);
    const points = await file.querySeries({ series: [1, 2], from: T0, to: T0 + 1, points: 1 });
    expect(points.map(({ mean }) => mean)).toEqual([[1], [2]]);
    file.close();
  });

  test('a batch that fails is kept whole, and written once when it can be', async () => {
    const path = newFile();
    const prepared = await DuckDBInstance.create(path);
    const connection = await prepared.connect();
    await connection.run('CREATE SEQUENCE tries');
    const columns = 'id UINTEGER, time TIMESTAMP, target VARCHAR, rule VARCHAR, severity VARCHAR, text VARCHAR, fields VARCHAR';
    await connection.run(`CREATE TABLE events(${columns}, CHECK (nextval('tries') > 2))`);
    connection.closeSync();
    prepared.closeSync();
    const store = await MonitorStore.open(path);
    store.sample(store.series(CPU) ?? 0, T0, 1);
    store.event(event(T0));
    store.note('offset', '9');
    for (let tries = 0; tries < 2; tries++) {
      await expect(store.flush()).rejects.toThrow(/CHECK/);
      expect(store.waiting).toBe(2);
      expect(await store.queries.listSeries()).toEqual([]);
    }
    await store.flush();
    expect(store.waiting).toBe(0);
    store.close();
    const again = await MonitorStore.open(path);
    expect(again.noted('offset')).toBe('9');
    expect((await again.queries.querySeries({ series: [1], from: T0, to: T0 + 1, points: 1 }))[0]?.samples).toEqual([1]);
    again.close();
  });

  test('what finds no room is counted', async () => {
    const store = await MonitorStore.open(newFile());
    for (let i = 0; i < 50_003; i++) store.event(event(T0 + i));
    expect(store.dropped).toBe(3);
    store.close();
  });
});

describe('points of a series', () => {
  test('keep each extreme, at whatever width', async () => {
    const file = await stored((store) => {
      const id = store.series(CPU) ?? 0;
      for (let i = 0; i < 10_000; i++) store.sample(id, T0 + i * 10, i === 4321 ? 1e6 : i === 7777 ? -1e6 : Math.sin(i / 500));
    });
    for (const points of [1, 2, 7, 100, 999, 10_000]) {
      const [answer] = await file.querySeries({ series: [1], from: T0, to: T0 + 100_000, points });
      expect(answer?.timeMs.length).toBe(points);
      expect(Math.max(...(answer?.max ?? []))).toBe(1e6);
      expect(Math.min(...(answer?.min ?? []))).toBe(-1e6);
      expect(answer?.samples.reduce((sum, n) => sum + n, 0)).toBe(10_000);
      const mean = answer?.mean.reduce((sum, value, i) => sum + value * (answer.samples[i] ?? 0), 0) ?? 0;
      expect(mean / 10_000).toBeCloseTo(Array.from({ length: 10_000 }, (_, i) => (i === 4321 || i === 7777 ? 0 : Math.sin(i / 500))).reduce((a, b) => a + b) / 10_000, 6);
    }
    file.close();
  });

  test('are of the time that was asked for, its end left out, with gaps where nothing was', async () => {
    const file = await stored((store) => {
      const id = store.series(CPU) ?? 0;
      for (const at of [0, 10, 20, 30, 70, 80]) store.sample(id, T0 + at, at);
    });
    const [points] = await file.querySeries({ series: [1], from: T0 + 10, to: T0 + 80, points: 7 });
    expect(points?.timeMs).toEqual([10, 20, 30, 70].map((at) => T0 + at));
    expect(await file.querySeries({ series: [1], from: T0 + 100, to: T0 + 200, points: 5 })).toEqual([]);
    expect(await file.querySeries({ series: [], from: 0, to: T0, points: 5 })).toEqual([]);
    file.close();
  });

  test('are refused when they would be too many or make no sense', async () => {
    const file = await stored(() => {});
    const ask = (part: object): Promise<unknown> => file.querySeries({ series: [1], from: 0, to: 1, points: 1, ...part });
    for (const part of [{ to: 0 }, { points: 0 }, { points: 1.5 }, { points: 1e6 }, { series: [1.5] }, { series: [-1] }, { from: NaN }, { to: Infinity }]) {
      await expect(ask(part), JSON.stringify(part)).rejects.toThrow(RangeError);
    }
    await expect(ask({ series: Array.from({ length: 1001 }, (_, i) => i) })).rejects.toThrow(RangeError);
    expect(await ask({ to: 9e13, points: 10_000 })).toEqual([]);
    expect(await file.timeRange()).toBeNull();
    file.close();
  });

  test('of five million samples come quickly', async () => {
    const path = newFile();
    const store = await MonitorStore.open(path);
    for (let i = 0; i < 50; i++) store.series({ ...CPU, name: `s${i}` });
    await store.flush();
    store.close();
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run(
      `INSERT INTO samples SELECT i % 50 + 1, make_timestamp(${T0 * 1000} + i // 50 * 2592000), sin(i / 1e4) FROM range(5000000) t(i)`,
    );
    connection.closeSync();
    instance.closeSync();
    const file = await MonitorFile.open(path);
    const began = performance.now();
    const points = await file.querySeries({ series: [1, 20, 50], from: T0, to: T0 + 3 * 86_400_000, points: 1000 });
    const whole = performance.now() - began;
    expect(points.map(({ timeMs }) => timeMs.length)).toEqual([1000, 1000, 1000]);
    expect(points.map(({ samples }) => samples.reduce((a, b) => a + b))).toEqual([100_000, 100_000, 100_000]);
    expect(whole).toBeLessThan(2000);
    file.close();
  });
});

describe('events', () => {
  const fill = (store: MonitorStore): void => {
    store.event(event(T0 + 30, { severity: 'info', rule: 'restart', target: 'run', fields: { process: 'store', 'o"dd': "it's" } }));
    store.event(event(T0 + 10, { severity: 'critical', text: 'PANIC: ’out of disk’' }));
    store.event(event(T0 + 20, { severity: 'warning' }));
    store.event(event(T0 + 40));
  };

  test('come in the order of time, as they were given', async () => {
    const file = await stored(fill);
    const { events, total } = await file.queryEvents({ from: T0, to: T0 + 100, limit: 10 });
    expect(total).toBe(4);
    expect(events.map(({ timeMs }) => timeMs - T0)).toEqual([10, 20, 30, 40]);
    expect(events.map(({ id }) => id)).toEqual([2, 3, 1, 4]);
    expect(events[2]).toEqual({ ...event(T0 + 30), id: 1, severity: 'info', rule: 'restart', target: 'run', fields: { process: 'store', 'o"dd': "it's" } });
    file.close();
  });

  test('are chosen by time, severity, target and rule', async () => {
    const file = await stored(fill);
    const ids = async (part: object): Promise<readonly number[]> => {
      const { events } = await file.queryEvents({ from: T0, to: T0 + 100, limit: 10, ...part });
      return events.map(({ id }) => id);
    };
    expect(await ids({ to: T0 + 30 })).toEqual([2, 3]);
    expect(await ids({ severity: 'warning' })).toEqual([2, 3, 4]);
    expect(await ids({ severity: 'critical' })).toEqual([2]);
    expect(await ids({ targets: ['run', 'x'] })).toEqual([1]);
    expect(await ids({ targets: ["x') OR true --"] })).toEqual([]);
    expect(await ids({ targets: ['db', 'run'], rules: ['restart'] })).toEqual([1]);
    expect(await ids({ rules: [] })).toEqual([]);
    await expect(ids({ limit: 0 })).rejects.toThrow(RangeError);
    await expect(ids({ severity: 'bad' })).rejects.toThrow(RangeError);
    file.close();
  });

  test('beyond the limit are counted, the most severe ones stay', async () => {
    const file = await stored(fill);
    const { events, total } = await file.queryEvents({ from: T0, to: T0 + 100, limit: 2 });
    expect(events.map(({ id }) => id)).toEqual([2, 4]);
    expect(total).toBe(4);
    file.close();
  });
});
