import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReadingBatch, type Reading } from '../../reading/batch.ts';
import { postgresInstalled, startPostgres, type PostgresServer } from '../../trial/postgres-server.fixture.ts';
import { CopyRowsReader } from './copy-rows.ts';
import { PostgresStore } from './postgres-store.ts';
import type { Commit, Store } from './store.ts';

const DAY = 86_400;
const NOON = 1_700_000_000 - (1_700_000_000 % DAY) + DAY / 2;
/** In whose words, depends on when it is noticed. */
const CONNECTION_LOST = /^(?:Connection terminated unexpectedly|terminating connection due to .*|write EPIPE|read ECONNRESET)$/;
const FILE = { intake: 0, number: 7 };

let server: PostgresServer;
let schemas = 0;

describe.skipIf(!postgresInstalled())('PostgreSQL store', () => {
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.stop());

  it('has a table for each UTC day, also for those that come late, with a BRIN index', async () => {
    const { schema, store } = newStore();
    await open(store);
    await put(store, [row(NOON), row(NOON + DAY)]);
    await put(store, [row(NOON + DAY + 900), row(NOON - 40 * DAY), row(NOON + DAY * 2 - DAY / 2), row(NOON + DAY * 2 - DAY / 2 - 1)]);
    await close(store);
    const { rows } = await query(`SELECT tableoid::regclass::text AS table, count(*)::int AS count FROM ${schema}.readings GROUP BY 1 ORDER BY 1`);
    expect(rows).toEqual([
      { table: `${schema}.readings_20231005`, count: 1 },
      { table: `${schema}.readings_20231114`, count: 1 },
      { table: `${schema}.readings_20231115`, count: 3 },
      { table: `${schema}.readings_20231116`, count: 1 },
    ]);
    const indexes = await query(`SELECT indexdef FROM pg_indexes WHERE schemaname = '${schema}' AND tablename LIKE 'readings\\_%'`);
    expect(indexes.rows).toHaveLength(4);
    for (const { indexdef } of indexes.rows) expect(indexdef).toContain('USING brin ("time")');
  });

  it('goes on after the server was killed: nothing of the transaction is there, or all of it', async () => {
    const { store, options } = newStore();
    await open(store);
    await put(store, [row(NOON)], { loaded: [{ ...FILE, rows: 1 }], retired: [] });
    await begin(store);
    expect(store.append(many(50_000), 0, 50_000)).toBeNull();
    await server.kill();
    for (let i = 0; i < 50; i++) {
      const fault = store.append(many(5000), 0, 5000);
      if (fault !== null) expect(fault.error).toMatch(CONNECTION_LOST);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await server.restart();
    expect(await commit(store, { loaded: [{ ...FILE, rows: 50_001 }], retired: [] })).toMatchObject({ error: expect.stringMatching(CONNECTION_LOST) as string });
    // Useless until it is opened again.
    await close(store);
    expect(await open(store)).toEqual({ loaded: [{ ...FILE, rows: 1 }], times: { from: NOON, to: NOON } });
    await put(store, [row(NOON + 900)], { loaded: [{ ...FILE, rows: 2 }], retired: [] });
    await server.restart();
    await close(store);
    const again = new PostgresStore(options);
    expect(await open(again)).toEqual({ loaded: [{ ...FILE, rows: 2 }], times: { from: NOON, to: NOON + 900 } });
    expect(await stored(again)).toHaveLength(2);
    await close(again);
  });

  it('answers a fault while the server is away', async () => {
    const { store } = newStore();
    await server.kill();
    expect(await open(store)).toMatchObject({ error: expect.stringContaining('ECONNREFUSED') as string });
    await close(store);
    await server.restart();
    expect(await open(store)).toEqual({ loaded: [], times: null });
    await close(store);
  });

  it('lets nobody else write until what a lost connection committed is known', async () => {
    const { store, options } = newStore();
    await open(store);
    await put(store, [row(NOON)]);
    const next = new PostgresStore(options);
    let opened = false;
    const opening = open(next).then((state) => {
      opened = true;
      return state;
    });
    await untilWaiting();
    expect(opened).toBe(false);
    await put(store, [row(NOON + 900)], { loaded: [{ ...FILE, rows: 2 }], retired: [] });
    await close(store);
    expect(await opening).toEqual({ loaded: [{ ...FILE, rows: 2 }], times: { from: NOON, to: NOON + 900 } });
    await close(next);
  });

  it('says so when another one goes on writing', async () => {
    const { schema, store, options } = newStore();
    await open(store);
    const next = new PostgresStore(options);
    expect(await open(next)).toEqual({ error: `another head-end writes into the schema ${schema}` });
    await close(next);
    await close(store);
  }, 30_000);

  it('answers a fault when a statement fails, and commits nothing of it', async () => {
    const { schema, store } = newStore();
    await open(store);
    await put(store, [row(NOON)]);
    await query(`ALTER TABLE ${schema}.readings ADD CHECK (value < 100) NOT VALID`);
    await begin(store);
    store.append(batchOf([row(NOON + 900, 1), row(NOON + DAY, 2), row(NOON + 1800, 100)]), 0, 3);
    expect(await commit(store, { loaded: [{ ...FILE, rows: 4 }], retired: [] })).toMatchObject({
      error: expect.stringContaining('violates check constraint') as string,
    });
    await close(store);
    expect(await open(store)).toEqual({ loaded: [], times: { from: NOON, to: NOON } });
    expect(await stored(store)).toHaveLength(1);
    await close(store);
  });

  it('keeps the rows of meters whose clocks are wrong together, when there are many days', async () => {
    const { schema, store } = newStore();
    await open(store);
    const days = Array.from({ length: 520 }, (_, day) => row(day * DAY, day));
    await put(store, days.slice(0, 490));
    await put(store, days.slice(480));
    await close(store);
    await open(store);
    await put(store, [row(5000 * DAY), row(5001 * DAY)]);
    expect((await stored(store)).length).toBe(532);
    await close(store);
    const tables = await query(`SELECT count(*)::int AS count FROM pg_inherits WHERE inhparent = '${schema}.readings'::regclass`);
    expect(tables.rows).toEqual([{ count: 501 }]);
    const other = await query(`SELECT count(*)::int AS count FROM ${schema}.readings_other`);
    expect(other.rows).toEqual([{ count: 22 }]);
  }, 120_000);
});

describe('rows of a COPY', () => {
  it('are read from pieces of any size', () => {
    // Written by PostgreSQL 15: COPY (SELECT 7::bigint, '1999-12-31 23:59:59+00'::timestamptz, 4294967298::bigint, 2::smallint, 8::smallint).
    const row50 = ['0005', '00000008', '0000000000000007', '00000008', 'fffffffffff0bdc0', '00000008', '0000000100000002', '00000002', '0002', '00000002', '0008'].join('');
    const bytes = Buffer.from(`5047434f50590aff0d0a000000000000000000${row50}${row50}ffff`, 'hex');
    for (let size = 1; size <= bytes.length; size++) {
      const found: Reading[] = [];
      const reader = new CopyRowsReader((batch) => {
        for (let i = 0; i < batch.length; i++) found.push(batch.row(i));
      });
      for (let at = 0; at < bytes.length; at += size) reader.receive(bytes.subarray(at, at + size));
      reader.end();
      const expected = { meter: 7, channel: 2, time: 946_684_799, value: 4_294_967_298, status: 8 };
      expect(found).toEqual([expected, expected]);
    }
  });
});

function newStore(): { schema: string; store: PostgresStore; options: { url: string; schema: string } } {
  const options = { url: server.url, schema: `store_${++schemas}` };
  return { schema: options.schema, store: new PostgresStore(options), options };
}

function row(time: number, value = 0): Reading {
  return { meter: 5, channel: 0, time, value, status: 0 };
}

function batchOf(rows: readonly Reading[]): ReadingBatch {
  const batch = new ReadingBatch(rows.length);
  for (const each of rows) batch.push(each);
  return batch;
}

function many(count: number): ReadingBatch {
  return batchOf(Array.from({ length: count }, (_, i) => ({ ...row(NOON + (i % 3) * DAY, i), meter: i })));
}

function open(store: Store): Promise<unknown> {
  return new Promise((resolve) => store.open(resolve));
}

function begin(store: Store): Promise<unknown> {
  return new Promise((resolve) => store.begin(resolve));
}

function commit(store: Store, what: Commit): Promise<unknown> {
  return new Promise((resolve) => store.commit(what, resolve));
}

function close(store: Store): Promise<void> {
  return new Promise((resolve) => store.close(resolve));
}

async function put(store: Store, rows: readonly Reading[], what: Commit = { loaded: [], retired: [] }): Promise<void> {
  expect(await begin(store)).toBeNull();
  expect(store.append(batchOf(rows), 0, rows.length)).toBeNull();
  expect(await commit(store, what)).toBeNull();
}

async function stored(store: Store): Promise<Reading[]> {
  const rows: Reading[] = [];
  const times = { from: 0, to: 2 ** 32 - 1 };
  const copy = (batch: ReadingBatch): void => {
    for (let i = 0; i < batch.length; i++) rows.push(batch.row(i));
  };
  expect(await new Promise((resolve) => store.scan(times, copy, resolve))).toBeNull();
  return rows;
}

async function query(sql: string): Promise<{ rows: Record<string, unknown>[] }> {
  const client = new Client(server.url);
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Until a connection waits for a lock. */
async function untilWaiting(): Promise<void> {
  for (;;) {
    const { rows } = await query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%pg_advisory_lock%' AND pid <> pg_backend_pid()`);
    if (rows.length > 0) return;
  }
}
