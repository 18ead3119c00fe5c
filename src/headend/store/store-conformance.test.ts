import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { ReadingBatch, type Reading } from '../../reading/batch.ts';
import type { ReadingSource } from '../../reading/source.ts';
import { DuckDbSource } from './duckdb-source.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { postgresInstalled, startPostgres, type PostgresServer } from '../../trial/postgres-server.fixture.ts';
import { MemoryStore, MemoryStoreContent } from './memory-store.ts';
import { PostgresStore } from './postgres-store.ts';
import { isStoreFault, type Commit, type Store, type StoreState, type TimeRange } from './store.ts';

interface Stage {
  /** A store on what was committed so far; the one before is closed. */
  store(): Store;
  source(): ReadingSource;
  call<T>(start: (done: (result: T) => void) => void): Promise<T>;
}

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'meterstorm-store-'));
  directories.push(directory);
  return directory;
}

function duckDbStage(): Stage {
  const path = join(newDirectory(), 'readings.duckdb');
  return {
    store: () => new DuckDbStore(path),
    source: () => new DuckDbSource(path),
    call: (start) => new Promise((resolve) => start(resolve)),
  };
}

let server: PostgresServer | null = null;
let timescale: PostgresServer | null = null;
let schemas = 0;
beforeAll(async () => {
  if (postgresInstalled()) server = await startPostgres();
  if (!timescaleInstalled()) return;
  timescale = await startPostgres({ settings: { shared_preload_libraries: 'timescaledb' } });
  const client = new Client(timescale.url);
  await client.connect();
  await client.query('CREATE EXTENSION timescaledb');
  await client.end();
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await timescale?.stop();
});

const SHARE = '/usr/share/postgresql';

/** Debian does not have it: run where somebody installed it. */
function timescaleInstalled(): boolean {
  return postgresInstalled() && existsSync(SHARE) && readdirSync(SHARE).some((version) => existsSync(join(SHARE, version, 'extension', 'timescaledb.control')));
}

function postgresStage(url = server?.url ?? ''): Stage {
  const options = { url, schema: `stage ${++schemas}` };
  return {
    store: () => new PostgresStore(options),
    source: () => ({
      // What its scan gives is what is committed.
      async *batches() {
        const found = new ReadingBatch(100_000);
        const store = new PostgresStore(options);
        await new Promise((resolve) => store.open(resolve));
        const copy = (batch: ReadingBatch): void => {
          for (let i = 0; i < batch.length; i++) found.push(batch.row(i));
        };
        expect(await new Promise((resolve) => store.scan({ from: 0, to: 2 ** 32 - 1 }, copy, resolve))).toBeNull();
        await new Promise<void>((resolve) => store.close(resolve));
        yield found;
      },
    }),
    call: (start) => new Promise((resolve) => start(resolve)),
  };
}

function memoryStage(): Stage {
  const clock = new VirtualClock();
  const content = new MemoryStoreContent();
  return {
    store: () => new MemoryStore({ clock, content, delayMs: 1 }),
    source: () => content,
    call<T>(start: (done: (result: T) => void) => void) {
      const results: T[] = [];
      start((result) => results.push(result));
      expect(results, 'nothing calls back before it returns').toHaveLength(0);
      clock.run(() => results.length > 0);
      return Promise.resolve(results[0] as T);
    },
  };
}

async function opened(stage: Stage): Promise<{ store: Store; state: StoreState }> {
  const store = stage.store();
  const state = await stage.call<Parameters<Parameters<Store['open']>[0]>[0]>((done) => store.open(done));
  if (isStoreFault(state)) throw new Error(state.error);
  return { store, state };
}

async function put(stage: Stage, store: Store, batch: ReadingBatch, commit: Commit): Promise<void> {
  expect(await stage.call((done) => store.begin(done))).toBeNull();
  expect(store.append(batch, 0, batch.length)).toBeNull();
  expect(await stage.call((done) => store.commit(commit, done))).toBeNull();
}

function batchOf(rows: readonly Reading[]): ReadingBatch {
  const batch = new ReadingBatch(Math.max(1, rows.length));
  for (const row of rows) batch.push(row);
  return batch;
}

const EDGES: readonly Reading[] = [
  { meter: 0, channel: 0, time: 0, value: 0, status: 0 },
  { meter: 2 ** 32 - 1, channel: 255, time: 2 ** 32 - 1, value: Number.MAX_SAFE_INTEGER, status: 255 },
  { meter: 70, channel: 1, time: 1_700_000_100, value: 2 ** 32 - 1, status: 4 },
  { meter: 70, channel: 2, time: 1_700_000_100, value: 2 ** 32, status: 8 },
];

async function all(source: ReadingSource): Promise<Reading[]> {
  const rows: Reading[] = [];
  for await (const batch of source.batches()) for (let i = 0; i < batch.length; i++) rows.push(batch.row(i));
  return rows;
}

function byValue(a: Reading, b: Reading): number {
  return a.value - b.value;
}

function many(count: number): ReadingBatch {
  const batch = new ReadingBatch(count);
  for (let i = 0; i < count; i++) {
    batch.push({ meter: i % 1000, channel: 0, time: 900 * Math.floor(i / 1000), value: i * 3, status: i % 7 });
  }
  return batch;
}

const NOTHING: Commit = { loaded: [], retired: [] };

const STAGES: readonly (readonly [string, () => Stage])[] = [
  ['DuckDB', duckDbStage],
  ['memory', memoryStage],
  ...(postgresInstalled() ? ([['PostgreSQL', () => postgresStage()]] as const) : []),
  ...(timescaleInstalled() ? ([['TimescaleDB', () => postgresStage(timescale?.url)]] as const) : []),
];

describe.each(STAGES)('%s store', (_name, makeStage) => {
  it('gives back every value as it was', async () => {
    const stage = makeStage();
    const { store, state } = await opened(stage);
    expect(state).toEqual({ loaded: [], times: null });
    await put(stage, store, batchOf(EDGES), NOTHING);
    await stage.call<void>((done) => store.close(() => done()));
    expect((await all(stage.source())).sort(byValue)).toEqual(EDGES.toSorted(byValue));
  });

  it('takes values of both widths, and parts of a batch, in the order given', async () => {
    const stage = makeStage();
    const { store } = await opened(stage);
    const batch = many(10_000);
    const narrow = { ...batch, value: Uint32Array.from(batch.value) };
    await stage.call((done) => store.begin(done));
    for (const [from, to] of [[0, 1], [1, 3000], [3000, 3000], [3000, 7001]] as const) store.append(batch, from, to);
    store.append(narrow, 7001, 10_000);
    expect(await stage.call((done) => store.commit(NOTHING, done))).toBeNull();
    await stage.call<void>((done) => store.close(() => done()));
    const rows = await all(stage.source());
    expect(rows).toHaveLength(10_000);
    rows.forEach((row, i) => expect(row.value).toBe(i * 3));
  });

  it('remembers what is committed, and only that', async () => {
    const stage = makeStage();
    const first = await opened(stage);
    const file = { intake: 3, number: 1_700_000_000_123 };
    await put(stage, first.store, batchOf(EDGES.slice(2)), { loaded: [{ ...file, rows: 2 }], retired: [] });
    await put(stage, first.store, batchOf([]), { loaded: [{ ...file, rows: 5 }, { intake: 0, number: 1, rows: 9 }], retired: [] });
    await stage.call((done) => first.store.begin(done));
    first.store.append(batchOf(EDGES), 0, 2);
    await stage.call<void>((done) => first.store.close(() => done()));
    const second = await opened(stage);
    const loaded = Array.from(second.state.loaded).sort((a, b) => a.intake - b.intake);
    expect(loaded).toEqual([{ intake: 0, number: 1, rows: 9 }, { ...file, rows: 5 }]);
    expect(second.state.times).toEqual({ from: 1_700_000_100, to: 1_700_000_100 });
    await put(stage, second.store, batchOf([]), { loaded: [], retired: [file] });
    await stage.call<void>((done) => second.store.close(() => done()));
    const third = await opened(stage);
    expect(third.state.loaded).toEqual([{ intake: 0, number: 1, rows: 9 }]);
    await stage.call<void>((done) => third.store.close(() => done()));
    expect(await all(stage.source())).toEqual(EDGES.slice(2));
  });

  it('scans times, without what is not committed, in the middle of a transaction', async () => {
    const stage = makeStage();
    const { store } = await opened(stage);
    await put(stage, store, many(10_000), NOTHING);
    await stage.call((done) => store.begin(done));
    store.append(batchOf([{ meter: 5000, channel: 0, time: 1800, value: 1, status: 0 }]), 0, 1);
    store.append(batchOf([{ meter: 5000, channel: 0, time: 86_400 * 5, value: 1, status: 0 }]), 0, 1);
    const found: Reading[] = [];
    const times: TimeRange = { from: 900, to: 2699 };
    const collect = (batch: ReadingBatch): void => {
      for (let i = 0; i < batch.length; i++) found.push(batch.row(i));
    };
    expect(await stage.call((done) => store.scan(times, collect, done))).toBeNull();
    expect(found).toHaveLength(2000);
    expect(found.every((row) => row.time >= 900 && row.time <= 2699 && row.meter < 1000)).toBe(true);
    expect(await stage.call((done) => store.commit(NOTHING, done))).toBeNull();
    await stage.call<void>((done) => store.close(() => done()));
    expect(await all(stage.source())).toHaveLength(10_002);
  });
});

describe('DuckDB store', () => {
  it('answers a fault when the file is no database, and can be closed and opened again', async () => {
    const stage = duckDbStage();
    const store = new DuckDbStore(join(newDirectory(), 'missing', 'readings.duckdb'));
    for (let i = 0; i < 2; i++) {
      const result = await stage.call<object>((done) => store.open(done));
      expect(result).toMatchObject({ error: expect.stringContaining('readings.duckdb') as string });
      await stage.call<void>((done) => store.close(() => done()));
    }
  });

  it('is read by meter, so that several can share an audit', async () => {
    const path = join(newDirectory(), 'readings.duckdb');
    const stage: Stage = { ...duckDbStage(), store: () => new DuckDbStore(path) };
    const { store } = await opened(stage);
    await put(stage, store, many(100_000), NOTHING);
    await stage.call<void>((done) => store.close(() => done()));
    const [low, middle, high] = await Promise.all([
      all(new DuckDbSource(path, { toMeter: 100 })),
      all(new DuckDbSource(path, { fromMeter: 100, toMeter: 600 })),
      all(new DuckDbSource(path, { fromMeter: 600 })),
    ]);
    expect([low.length, middle.length, high.length]).toEqual([10_000, 50_000, 40_000]);
    expect(middle.every(({ meter }) => meter >= 100 && meter < 600)).toBe(true);
  });

  it('says what is wrong with a file that can not be read', async () => {
    await expect(all(new DuckDbSource(join(newDirectory(), 'none.duckdb')))).rejects.toThrow('none.duckdb');
  });
});
