/**
 * Readings in PostgreSQL 15 or newer, in a schema of their own (`postgres-schema.ts`), written by one loader:
 *
 *   BEGIN | COPY of the first day's rows, under way while they are appended | COPY for each other day | loaded_files | COMMIT
 *
 * Rows go straight into the partition of their day, which costs a tenth less than through the parent; so rows of other days wait until the
 * first day is done. No key: the loader drops duplicates before, and loaded_files is written in the same transaction.
 *
 * Invariants: memory is that of one transaction, 50 bytes a row. Only one connection writes into a schema: a lock, which a connection that was lost may
 * still hold while its last commit goes on, keeps the next one waiting until what is committed is known.
 */

import { once } from 'node:events';
import { Client, type DatabaseError } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { present } from '../../base/assert.ts';
import type { ReadingBatch } from '../../reading/batch.ts';
import type { ReadingRows } from '../buffer/block.ts';
import { COPY_COLUMNS, COPY_HEADER, COPY_TRAILER, CopyRows, CopyRowsReader } from './copy-rows.ts';
import { postgresConfig } from './postgres-config.ts';
import { createTables, dayOf, DayTables, DURABLE, quoted } from './postgres-schema.ts';
import type { Commit, LoadedFile, Store, StoreFault, StoreState, TimeRange } from './store.ts';

export interface PostgresStoreOptions {
  /** See `postgresConfig`. */
  readonly url: string;
  readonly schema: string;
}

const CONNECT_MS = 10_000;
const LOCK_MS = 10_000;
/** "METS": keeps our locks apart from those of others. */
const LOCK_CLASS = 0x4d455453;
const LOCK_NOT_AVAILABLE = '55P03';

interface Session {
  readonly client: Client;
  readonly days: DayTables;
  /** Of all committed readings. */
  times: TimeRange | null;
}

export class PostgresStore implements Store {
  readonly #options: PostgresStoreOptions;
  #client: Client | null = null;
  #session: Session | null = null;
  #transaction: Transaction | null = null;
  /** What the connection failed with. */
  #broken: string | null = null;

  constructor(options: PostgresStoreOptions) {
    this.#options = options;
  }

  open(done: (result: StoreState | StoreFault) => void): void {
    settle(this.#open(), done);
  }

  begin(done: (fault: StoreFault | null) => void): void {
    settle(this.#begin(), done);
  }

  append(rows: ReadingRows, from: number, to: number): StoreFault | null {
    const transaction = present(this.#transaction, 'rows are appended in a transaction');
    const error = this.#broken ?? transaction.error;
    if (error !== null) return { error };
    transaction.append(rows, from, to);
    return null;
  }

  commit(commit: Commit, done: (fault: StoreFault | null) => void): void {
    settle(this.#commit(commit), done);
  }

  scan(times: TimeRange, onBatch: (batch: ReadingBatch) => void, done: (fault: StoreFault | null) => void): void {
    settle(this.#scan(times, onBatch), done);
  }

  close(done: () => void): void {
    settle(this.#close(), () => done());
  }

  async #open(): Promise<StoreState> {
    const { schema } = this.#options;
    this.#broken = null;
    const client = await this.#connect();
    this.#client = client;
    client.on('error', (error) => {
      this.#broken ??= error.message;
    });
    await client.query(DURABLE);
    await client.query(`SET lock_timeout = ${LOCK_MS}`);
    await client.query({ text: 'SELECT pg_advisory_lock($1, hashtext($2))', values: [LOCK_CLASS, schema] }).catch((error: DatabaseError) => {
      throw error.code === LOCK_NOT_AVAILABLE ? new Error(`another head-end writes into the schema ${schema}`, { cause: error }) : error;
    });
    await client.query('SET lock_timeout = 0');
    await createTables(client, { schema, keyed: false });
    const days = await DayTables.read(client, schema);
    const state = await stateOf(client, schema);
    this.#session = { client, days, times: state.times };
    return state;
  }

  async #connect(): Promise<Client> {
    const client = new Client({ ...postgresConfig(this.#options.url), connectionTimeoutMillis: CONNECT_MS });
    await client.connect();
    return client;
  }

  async #begin(): Promise<null> {
    const { client, days } = this.#opened();
    await client.query('BEGIN');
    this.#transaction = new Transaction(client, days);
    return null;
  }

  async #commit({ loaded, retired }: Commit): Promise<null> {
    const session = this.#opened();
    const { client } = session;
    const schema = quoted(this.#options.schema);
    const transaction = present(this.#transaction, 'a transaction was begun');
    await transaction.finish();
    const times = union(session.times, transaction.times);
    if (times !== null && (times.from !== session.times?.from || times.to !== session.times.to)) {
      await client.query(`DELETE FROM ${schema}.loaded_times`);
      await client.query({ text: `INSERT INTO ${schema}.loaded_times VALUES (to_timestamp($1), to_timestamp($2))`, values: [times.from, times.to] });
    }
    if (loaded.length > 0) {
      const values = loaded.map(({ intake, number, rows }) => `(${intake}, ${number}, ${rows})`);
      await client.query(
        `INSERT INTO ${schema}.loaded_files VALUES ${values.join(', ')} ON CONFLICT (intake, number) DO UPDATE SET rows = excluded.rows`,
      );
    }
    if (retired.length > 0) {
      const gone = retired.map(({ intake, number }) => `(${intake}, ${number})`);
      await client.query(`DELETE FROM ${schema}.loaded_files WHERE (intake, number) IN (${gone.join(', ')})`);
    }
    const { command } = await client.query('COMMIT');
    // A transaction that failed is rolled back by COMMIT, without an error.
    if (command !== 'COMMIT') throw new Error('PostgreSQL rolled the transaction back');
    session.times = times;
    this.#transaction = null;
    return null;
  }

  /** On a connection of its own, which sees what is committed and nothing else. */
  async #scan({ from, to }: TimeRange, onBatch: (batch: ReadingBatch) => void): Promise<null> {
    const client = await this.#connect();
    client.on('error', () => {});
    try {
      const where = `time BETWEEN to_timestamp(${from}) AND to_timestamp(${to})`;
      const sql = `COPY (SELECT ${COPY_COLUMNS} FROM ${quoted(this.#options.schema)}.readings WHERE ${where}) TO STDOUT (FORMAT binary)`;
      const reader = new CopyRowsReader(onBatch);
      for await (const piece of client.query(copyTo(sql)) as AsyncIterable<Uint8Array>) reader.receive(piece);
      reader.end();
    } finally {
      await client.end().catch(() => {});
    }
    return null;
  }

  /** Ends a COPY that is under way, and with it its transaction. */
  async #close(): Promise<null> {
    const client = this.#client;
    this.#client = null;
    this.#session = null;
    this.#transaction = null;
    await client?.end().catch(() => {});
    return null;
  }

  #opened(): Session {
    return present(this.#session, 'the store is open');
  }
}

type CopyIn = ReturnType<typeof copyFrom>;

/** Rows of a day that are not with the server yet. */
interface DayRows {
  readonly day: number;
  readonly rows: CopyRows;
  readonly chunks: Uint8Array[];
}

interface Copy {
  readonly stream: CopyIn;
  readonly done: Promise<unknown>;
}

/** Rows of a transaction. One statement at a time is with the server. */
class Transaction {
  readonly #client: Client;
  readonly #tables: DayTables;
  readonly #days = new Map<string, DayRows>();
  /** The day whose rows go to the server while they come. */
  #first: { readonly day: DayRows; readonly copy: Promise<Copy | null> } | null = null;
  #stream: CopyIn | null = null;
  #times: TimeRange | null = null;
  #error: string | null = null;

  constructor(client: Client, tables: DayTables) {
    this.#client = client;
    this.#tables = tables;
  }

  /** What a statement failed with. */
  get error(): string | null {
    return this.#error;
  }

  get times(): TimeRange | null {
    return this.#times;
  }

  append(rows: ReadingRows, from: number, to: number): void {
    const { time } = rows;
    for (let at = from; at < to; ) {
      const day = dayOf(time[at]!);
      let end = at + 1;
      while (end < to && (time[end] === time[end - 1] || dayOf(time[end]!) === day)) end++;
      this.#rowsOf(day).append(rows, at, end);
      this.#times = union(this.#times, timesOf(time, at, end));
      at = end;
    }
  }

  /** All rows are with the server. Throws what it says. */
  async finish(): Promise<void> {
    if (this.#error !== null) throw new Error(this.#error);
    for (const { rows } of this.#days.values()) rows.flush();
    for (const day of this.#days.values()) {
      const copy = await (this.#first?.day === day ? this.#first.copy : this.#begin(day));
      if (this.#error === null) copy?.stream.end(COPY_TRAILER);
      await copy?.done;
      if (this.#error !== null) throw new Error(this.#error);
    }
  }

  #rowsOf(day: number): CopyRows {
    const table = this.#tables.nameOf(day);
    const known = this.#days.get(table);
    if (known !== undefined) return known.rows;
    const rows = new CopyRows((chunk) => {
      if (this.#first?.day === made && this.#stream !== null) this.#stream.write(chunk);
      else made.chunks.push(chunk);
    });
    const made: DayRows = { day, rows, chunks: [] };
    this.#days.set(table, made);
    this.#first ??= { day: made, copy: this.#begin(made) };
    return rows;
  }

  /** Null: it failed. */
  async #begin({ day, chunks }: DayRows): Promise<Copy | null> {
    try {
      if (!this.#tables.has(day)) {
        await this.#client.query(this.#tables.creation(day));
        this.#tables.note(day);
      }
      const stream = this.#client.query(copyFrom(`COPY ${this.#tables.nameOf(day)}(${COPY_COLUMNS}) FROM STDIN (FORMAT binary)`));
      const done = once(stream, 'finish').catch((error: Error) => this.#fail(error));
      stream.write(COPY_HEADER);
      for (const chunk of chunks.splice(0)) stream.write(chunk);
      this.#stream = stream;
      return { stream, done };
    } catch (error) {
      this.#fail(error as Error);
      return null;
    }
  }

  #fail(error: Error): void {
    this.#error ??= error.message;
    // A COPY that has failed takes nothing more.
    this.#stream = null;
  }
}

function timesOf(time: Uint32Array, from: number, to: number): TimeRange {
  let [first, last] = [Infinity, 0];
  for (let i = from; i < to; i++) {
    if (time[i]! < first) first = time[i]!;
    if (time[i]! > last) last = time[i]!;
  }
  return { from: first, to: last };
}

function union(a: TimeRange | null, b: TimeRange | null): TimeRange | null {
  if (a === null || b === null) return a ?? b;
  return { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}

async function stateOf(client: Client, schema: string): Promise<StoreState> {
  const files = await client.query<Record<keyof LoadedFile, string>>(`SELECT intake, number, rows FROM ${quoted(schema)}.loaded_files`);
  const loaded = files.rows.map(({ intake, number, rows }) => ({ intake: Number(intake), number: Number(number), rows: Number(rows) }));
  const times = await client.query<{ from: number; to: number }>(
    `SELECT extract(epoch FROM first)::float8 AS "from", extract(epoch FROM last)::float8 AS "to" FROM ${quoted(schema)}.loaded_times`,
  );
  return { loaded, times: times.rows[0] ?? null };
}

/** Hands the outcome of a promise to a callback; what the callback throws is nobody's fault here and ends the process. */
function settle<T>(promise: Promise<T>, done: (result: T | StoreFault) => void): void {
  promise.then(
    (value) => queueMicrotask(() => done(value)),
    (error: unknown) => queueMicrotask(() => done({ error: error instanceof Error ? error.message : String(error) })),
  );
}
