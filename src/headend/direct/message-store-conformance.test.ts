import { Client } from 'pg';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { ReadingBatch, type Reading } from '../../reading/batch.ts';
import type { ReadingSource } from '../../reading/source.ts';
import { PostgresSource } from '../../source/postgres-source.ts';
import { postgresInstalled, startPostgres, type PostgresServer } from '../../trial/postgres-server.fixture.ts';
import { DuckDbSource } from '../store/duckdb-source.ts';
import { DuckDbStore } from '../store/duckdb-store.ts';
import { MemoryStore, MemoryStoreContent } from '../store/memory-store.ts';
import { createTables } from '../store/postgres-schema.ts';
import { isStoreFault, type StoreFault } from '../store/store.ts';
import type { Message, MessageStore, MessageStored } from './message-store.ts';
import { PostgresMessageStore } from './postgres-message-store.ts';
import { StoreMessageStore } from './store-message-store.ts';

interface Stage {
  store(): MessageStore;
  source(): ReadingSource;
  /** Lets everything happen that must for the callback. */
  run(until: () => boolean): Promise<void>;
}

const T0 = 1_700_000_100;
const DAY = 86_400;

let server: PostgresServer | null = null;
let directory = '';
let stages = 0;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'meterstorm-messages-'));
  if (postgresInstalled()) server = await startPostgres();
}, 60_000);
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await server?.stop();
});

async function postgresStage(): Promise<Stage> {
  const options = { url: server?.url ?? '', schema: `messages_${++stages}` };
  const client = new Client(options.url);
  await client.connect();
  await createTables(client, { schema: options.schema, keyed: true });
  await client.end();
  return {
    store: () => new PostgresMessageStore({ ...options, connections: 4 }),
    source: () => new PostgresSource({ url: options.url, query: `SELECT * FROM ${options.schema}.readings` }),
    run: really,
  };
}

function duckDbStage(): Promise<Stage> {
  const path = join(directory, `${++stages}.duckdb`);
  return Promise.resolve({
    store: () => new StoreMessageStore({ store: new DuckDbStore(path), intervalSeconds: 900 }),
    source: () => new DuckDbSource(path),
    run: really,
  });
}

function memoryStage(): Promise<Stage> {
  const clock = new VirtualClock();
  const content = new MemoryStoreContent();
  return Promise.resolve({
    store: () => new StoreMessageStore({ store: new MemoryStore({ clock, content, delayMs: 1 }), intervalSeconds: 900 }),
    source: () => content,
    run: (until) => Promise.resolve(clock.run(until)).then(() => {}),
  });
}

async function really(until: () => boolean): Promise<void> {
  while (!until()) await new Promise((resolve) => setImmediate(resolve));
}

/** Several at once, as far as the store takes them. */
async function put(stage: Stage, store: MessageStore, messages: readonly Message[]): Promise<(MessageStored | StoreFault)[]> {
  const results: (MessageStored | StoreFault)[] = [];
  let next = 0;
  const work = (): void => {
    if (next >= messages.length) return;
    const index = next++;
    store.put(messages[index] as Message, (result) => {
      results[index] = result;
      work();
    });
  };
  for (let i = 0; i < store.concurrency; i++) work();
  expect(Object.keys(results), 'nothing calls back before it returns').toHaveLength(0);
  await stage.run(() => Object.keys(results).length === messages.length);
  return results;
}

async function close(stage: Stage, store: MessageStore): Promise<void> {
  let closed = false;
  store.close(() => {
    closed = true;
  });
  await stage.run(() => closed);
}

function message(rows: readonly Reading[]): Message {
  const batch = new ReadingBatch(rows.length);
  for (const row of rows) batch.push(row);
  const { meter, channel, time, value, status } = batch;
  return { rows: batch.length, meter, channel, time, value, status };
}

function rowsOf(first: number, count: number, time: number): Reading[] {
  return Array.from({ length: count }, (_, i) => ({ meter: first + i, channel: i % 3, time, value: (first + i) * 7 + 2 ** 32, status: i % 9 }));
}

async function stored(stage: Stage): Promise<Reading[]> {
  const rows: Reading[] = [];
  for await (const batch of stage.source().batches()) for (let i = 0; i < batch.length; i++) rows.push(batch.row(i));
  return rows.toSorted((a, b) => a.time - b.time || a.meter - b.meter);
}

const STAGES: readonly (readonly [string, () => Promise<Stage>])[] = [
  ['DuckDB', duckDbStage],
  ['memory', memoryStage],
  ...(postgresInstalled() ? ([['PostgreSQL', postgresStage]] as const) : []),
];

describe.each(STAGES)('messages into %s', (_name, makeStage) => {
  it('are there as they were, of whatever days', async () => {
    const stage = await makeStage();
    const store = stage.store();
    const edges = [
      { meter: 0, channel: 0, time: 0, value: 0, status: 0 },
      { meter: 2 ** 32 - 1, channel: 255, time: 2 ** 32 - 1, value: Number.MAX_SAFE_INTEGER, status: 255 },
    ];
    const messages = [edges, rowsOf(0, 70, T0), rowsOf(70, 70, T0), rowsOf(0, 1, T0 - 3 * DAY), [...rowsOf(5, 9, T0 + DAY), ...rowsOf(5, 9, T0 + 2 * DAY)]];
    expect(await put(stage, store, messages.map(message))).toEqual(messages.map((rows) => ({ stored: rows.length })));
    await close(stage, store);
    expect(await stored(stage)).toEqual(messages.flat().toSorted((a, b) => a.time - b.time || a.meter - b.meter));
  });

  it('that never came leave a store with nothing in it', async () => {
    const stage = await makeStage();
    await close(stage, stage.store());
    expect(await stored(stage)).toEqual([]);
  });

  it('are stored once, however often they come, also in one message, at once, and after a restart', async () => {
    const stage = await makeStage();
    const first = stage.store();
    const row = (meter: number, time: number): Reading => ({ meter, channel: 0, time, value: meter, status: 0 });
    const rows = (from: number, to: number, time = T0): Reading[] => Array.from({ length: to - from }, (_, i) => row(from + i, time));
    expect(await put(stage, first, [message([...rows(0, 10), ...rows(5, 15)])])).toEqual([{ stored: 15 }]);
    const same = await put(stage, first, Array.from({ length: 8 }, () => message(rows(10, 20))));
    expect(same.reduce((sum, result) => sum + (isStoreFault(result) ? 1000 : result.stored), 0)).toBe(5);
    await close(stage, first);
    const second = stage.store();
    expect(await put(stage, second, [message(rows(15, 25)), message(rows(0, 3, T0 + 900))])).toEqual([{ stored: 5 }, { stored: 3 }]);
    await close(stage, second);
    expect(await stored(stage)).toEqual([...rows(0, 25), ...rows(0, 3, T0 + 900)]);
  });
});

describe('messages into a store that fails', () => {
  it.each(['open', 'begin', 'append', 'commit', 'scan'] as const)('are stored once when they are put again after a fault of %s', async (failing) => {
    const clock = new VirtualClock();
    const content = new MemoryStoreContent();
    const stage: Stage = { ...(await memoryStage()), source: () => content, run: (until) => Promise.resolve(clock.run(until)).then(() => {}) };
    let fails = false;
    const fault = (operation: string): StoreFault | null => (fails && operation === failing ? { error: 'no' } : null);
    const lifeOf = (): MessageStore => new StoreMessageStore({ store: new MemoryStore({ clock, content, delayMs: 1, fault }), intervalSeconds: 900 });
    await put(stage, lifeOf(), [message(rowsOf(0, 1, T0 - 900))]);
    // Begins on what is stored, so that it scans.
    const store = lifeOf();
    const rows = rowsOf(0, 10, T0);
    fails = true;
    expect(await put(stage, store, [message(rows)])).toEqual([{ error: 'no' }]);
    fails = false;
    expect(await put(stage, store, [message(rows), message(rows)])).toEqual([{ stored: 10 }, { stored: 0 }]);
    expect(content.rows).toBe(11);
  });
});

describe.skipIf(!postgresInstalled())('messages into a PostgreSQL whose tables change meanwhile', () => {
  const schemaOf = (): string => `messages_${stages}`;
  const sql = async (text: string): Promise<void> => {
    const client = new Client(server?.url);
    await client.connect();
    await client.query(text);
    await client.end();
  };

  it('are stored when they are put again after their day was removed', async () => {
    const stage = await postgresStage();
    const store = stage.store();
    expect(await put(stage, store, [message(rowsOf(0, 10, T0))])).toEqual([{ stored: 10 }]);
    await sql(`DROP TABLE ${schemaOf()}.readings_20231114`);
    expect(await put(stage, store, [message(rowsOf(0, 10, T0))])).toEqual([{ error: expect.stringMatching(/no partition/) as string }]);
    expect(await put(stage, store, [message(rowsOf(0, 10, T0))])).toEqual([{ stored: 10 }]);
    await close(stage, store);
  });

  it('are stored when they are put again after others stored readings of their day apart, because there are too many days', async () => {
    const stage = await postgresStage();
    const store = stage.store();
    expect(await put(stage, store, [message(rowsOf(0, 10, T0))])).toEqual([{ stored: 10 }]);
    await sql(`CREATE TABLE ${schemaOf()}.readings_other PARTITION OF ${schemaOf()}.readings DEFAULT`);
    await sql(`DO $$ BEGIN FOR i IN 1 .. 499 LOOP
      EXECUTE format('CREATE TABLE ${schemaOf()}.readings_%s PARTITION OF ${schemaOf()}.readings FOR VALUES FROM (%L) TO (%L)',
        to_char(timestamp '1980-01-01' + i * interval '1 day', 'YYYYMMDD'), timestamptz '1980-01-01Z' + i * interval '1 day', timestamptz '1980-01-02Z' + i * interval '1 day');
      END LOOP; END $$`);
    await sql(`INSERT INTO ${schemaOf()}.readings(meter, time, value, channel, status) VALUES (77, to_timestamp(${T0 + DAY}), 1, 0, 0)`);
    expect(await put(stage, store, [message(rowsOf(0, 10, T0 + DAY))])).toEqual([{ error: expect.stringMatching(/default partition/) as string }]);
    expect(await put(stage, store, [message(rowsOf(0, 10, T0 + DAY))])).toEqual([{ stored: 10 }]);
    await close(stage, store);
  }, 60_000);
});

describe.skipIf(!postgresInstalled())('messages into a PostgreSQL that is killed', () => {
  it('are answered with a fault, and stored once when they are put again', async () => {
    const stage = await postgresStage();
    const store = stage.store();
    expect(await put(stage, store, [message(rowsOf(0, 10, T0))])).toEqual([{ stored: 10 }]);
    await server?.kill();
    expect((await put(stage, store, [message(rowsOf(0, 20, T0)), message(rowsOf(0, 20, T0 + DAY))])).every(isStoreFault)).toBe(true);
    await server?.restart();
    expect(await put(stage, store, [message(rowsOf(0, 20, T0)), message(rowsOf(0, 20, T0 + DAY))])).toEqual([{ stored: 10 }, { stored: 20 }]);
    await close(stage, store);
    expect(await stored(stage)).toHaveLength(40);
  });
});
