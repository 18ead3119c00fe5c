/**
 * The little of DuckDB's C interface that the store needs, with faults as values. One process owns a database file for
 * writing; several may read it together when none writes.
 */

import duckdb from '@duckdb/node-bindings';
import { ReadingBatch } from '../../reading/batch.ts';

export interface DuckDbOptions {
  readonly readOnly: boolean;
  /** Threads of a query. Appends are done by the calling thread in any case. */
  readonly threads: number;
  /** Above it DuckDB writes to disk what it would keep in memory. */
  readonly memoryBytesMax: number;
}

/** Rows of a vector. */
export const CHUNK_ROWS = 2048;
const BATCH_ROWS = 16 * CHUNK_ROWS;

export class DuckDbDatabase {
  readonly #database: duckdb.Database;

  private constructor(database: duckdb.Database) {
    this.#database = database;
  }

  static async open(path: string, options: DuckDbOptions): Promise<DuckDbDatabase> {
    const config = duckdb.create_config();
    duckdb.set_config(config, 'access_mode', options.readOnly ? 'READ_ONLY' : 'READ_WRITE');
    duckdb.set_config(config, 'threads', String(options.threads));
    duckdb.set_config(config, 'memory_limit', `${Math.ceil(options.memoryBytesMax / 2 ** 20)}MiB`);
    return new DuckDbDatabase(await duckdb.open(path, config));
  }

  connect(): Promise<duckdb.Connection> {
    return duckdb.connect(this.#database);
  }

  /** Writes what the log holds into the file, too, when this was the last user. */
  close(): void {
    duckdb.close_sync(this.#database);
  }
}

/** Readings of table or view `readings`, streamed; `where` is SQL. A batch is valid until the next one is asked for. */
export async function* streamReadings(connection: duckdb.Connection, where: string): AsyncGenerator<ReadingBatch> {
  const statement = await duckdb.prepare(connection, `${SELECT} WHERE ${where}`);
  try {
    const result = await duckdb.execute_prepared_streaming(statement);
    const batch = new ReadingBatch(BATCH_ROWS);
    for (;;) {
      const chunk = await duckdb.fetch_chunk(result);
      const rows = chunk === null ? 0 : duckdb.data_chunk_get_size(chunk);
      if ((rows === 0 || rows > batch.room) && batch.length > 0) {
        yield batch;
        batch.length = 0;
      }
      if (chunk === null || rows === 0) return;
      copyChunk(chunk, rows, batch);
    }
  } finally {
    duckdb.destroy_prepare_sync(statement);
  }
}

const SELECT =
  'SELECT meter, channel, (epoch_us(time) // 1000000)::UINTEGER, value::DOUBLE, status FROM readings';

function copyChunk(chunk: duckdb.DataChunk, rows: number, batch: ReadingBatch): void {
  const at = batch.length;
  const column = (index: number, bytes: number): Uint8Array =>
    duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, index), rows * bytes);
  bytesOf(batch.meter).set(column(0, 4), at * 4);
  batch.channel.set(column(1, 1), at);
  bytesOf(batch.time).set(column(2, 4), at * 4);
  bytesOf(batch.value).set(column(3, 8), at * 8);
  batch.status.set(column(4, 1), at);
  batch.length = at + rows;
}

function bytesOf(column: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
