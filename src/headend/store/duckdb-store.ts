/**
 * The embedded store: one DuckDB file with the table
 *
 *   readings(meter UINTEGER, channel UTINYINT, time TIMESTAMP, value BIGINT, status UTINYINT)    time in UTC, value in Wh
 *
 * and beside it loaded_files(intake, number, rows), which is written in the same transactions. There is no key and no index: they cost
 * ten times what the rows cost. The loader drops duplicates before.
 */

import type duckdb from '@duckdb/node-bindings';
import bindings from '@duckdb/node-bindings';
import { present } from '../../base/assert.ts';
import type { ReadingBatch } from '../../reading/batch.ts';
import type { ReadingRows } from '../buffer/block.ts';
import { DuckDbAppender } from './duckdb-appender.ts';
import { DuckDbDatabase, streamReadings } from './duckdb-database.ts';
import type { Commit, LoadedFile, Store, StoreFault, StoreState, TimeRange } from './store.ts';

export interface DuckDbStoreOptions {
  readonly threads?: number;
  readonly memoryBytesMax?: number;
}

/** What it appends it does not read again: a cache would only be memory. */
const DEFAULTS = { threads: 1, memoryBytesMax: 2 ** 29 } as const;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS readings(
  meter UINTEGER NOT NULL, channel UTINYINT NOT NULL, time TIMESTAMP NOT NULL, value BIGINT NOT NULL, status UTINYINT NOT NULL);
CREATE TABLE IF NOT EXISTS loaded_files(intake UINTEGER NOT NULL, number UBIGINT NOT NULL, rows UBIGINT NOT NULL);`;

interface Session {
  readonly database: DuckDbDatabase;
  readonly connection: duckdb.Connection;
  readonly appender: DuckDbAppender;
}

export class DuckDbStore implements Store {
  readonly #path: string;
  readonly #options: Required<DuckDbStoreOptions>;
  #database: DuckDbDatabase | null = null;
  #session: Session | null = null;

  constructor(path: string, options: DuckDbStoreOptions = {}) {
    this.#path = path;
    this.#options = { ...DEFAULTS, ...options };
  }

  open(done: (result: StoreState | StoreFault) => void): void {
    settle(this.#open(), done);
  }

  begin(done: (fault: StoreFault | null) => void): void {
    settle(this.#run('BEGIN TRANSACTION'), done);
  }

  append(rows: ReadingRows, from: number, to: number): StoreFault | null {
    try {
      this.#opened().appender.append(rows, from, to);
      return null;
    } catch (error) {
      return faultOf(error);
    }
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
    const { threads, memoryBytesMax } = this.#options;
    const database = await DuckDbDatabase.open(this.#path, { readOnly: false, threads, memoryBytesMax });
    this.#database = database;
    const connection = await database.connect();
    await bindings.query(connection, SCHEMA);
    const state = await stateOf(connection);
    this.#session = { database, connection, appender: new DuckDbAppender(connection, 'readings') };
    return state;
  }

  async #commit(commit: Commit): Promise<null> {
    this.#opened().appender.flush();
    if (commit.loaded.length > 0) {
      const values = commit.loaded.map(({ intake, number, rows }) => `(${intake}, ${number}, ${rows})`);
      await this.#run(`INSERT INTO loaded_files VALUES ${values.join(', ')}`);
    }
    if (commit.retired.length > 0) {
      const gone = commit.retired.map(({ intake, number }) => `(${intake}, ${number})`);
      await this.#run(`DELETE FROM loaded_files WHERE (intake, number) IN (${gone.join(', ')})`);
    }
    return this.#run('COMMIT');
  }

  /** On a connection of its own, which sees what is committed and nothing else. */
  async #scan(times: TimeRange, onBatch: (batch: ReadingBatch) => void): Promise<null> {
    const connection = await this.#opened().database.connect();
    try {
      const where = `time BETWEEN make_timestamp(${times.from}::BIGINT * 1000000) AND make_timestamp(${times.to}::BIGINT * 1000000)`;
      for await (const batch of streamReadings(connection, where)) onBatch(batch);
    } finally {
      bindings.disconnect_sync(connection);
    }
    return null;
  }

  async #close(): Promise<null> {
    const session = this.#session;
    const database = this.#database;
    this.#session = null;
    this.#database = null;
    if (session !== null) {
      // What fails here failed before; the database is closed in any case.
      await attempt(() => bindings.query(session.connection, 'ROLLBACK'));
      await attempt(() => session.appender.close());
      await attempt(() => bindings.disconnect_sync(session.connection));
    }
    await attempt(() => database?.close());
    return null;
  }

  async #run(sql: string): Promise<null> {
    await bindings.query(this.#opened().connection, sql);
    return null;
  }

  #opened(): Session {
    return present(this.#session, 'the store is open');
  }
}

async function stateOf(connection: duckdb.Connection): Promise<StoreState> {
  const files = await numbers(connection, {
    columns: 3,
    sql: 'SELECT intake::DOUBLE, number::DOUBLE, max(rows)::DOUBLE FROM loaded_files GROUP BY intake, number',
  });
  const loaded: LoadedFile[] = [];
  for (let i = 0; i < files.length; i += 3) {
    loaded.push({ intake: files[i]!, number: files[i + 1]!, rows: files[i + 2]! });
  }
  const [from, to] = await numbers(connection, {
    columns: 2,
    sql: `SELECT epoch(min(time)), epoch(max(time)) FROM readings HAVING count(*) > 0`,
  });
  return { loaded, times: from === undefined || to === undefined ? null : { from: Math.floor(from), to: Math.floor(to) } };
}

/** The rows of a query whose columns are all of type DOUBLE, one after the other. */
async function numbers(
  connection: duckdb.Connection,
  query: { readonly sql: string; readonly columns: number },
): Promise<number[]> {
  const result = await bindings.query(connection, query.sql);
  const found: number[] = [];
  for (;;) {
    const chunk = await bindings.fetch_chunk(result);
    const rows = chunk === null ? 0 : bindings.data_chunk_get_size(chunk);
    if (chunk === null || rows === 0) return found;
    const columns = Array.from({ length: query.columns }, (_, column) => {
      const bytes = bindings.vector_get_data(bindings.data_chunk_get_vector(chunk, column), rows * 8);
      return new Float64Array(bytes.slice().buffer);
    });
    for (let row = 0; row < rows; row++) {
      for (const column of columns) found.push(column[row]!);
    }
  }
}

/** Hands the outcome of a promise to a callback; what the callback throws is nobody's fault here and ends the process. */
function settle<T>(promise: Promise<T>, done: (result: T | StoreFault) => void): void {
  promise.then(
    (value) => queueMicrotask(() => done(value)),
    (error: unknown) => queueMicrotask(() => done(faultOf(error))),
  );
}

function faultOf(error: unknown): StoreFault {
  return { error: error instanceof Error ? error.message : String(error) };
}

async function attempt(act: () => unknown): Promise<void> {
  try {
    await act();
  } catch {
    // It was an attempt.
  }
}
