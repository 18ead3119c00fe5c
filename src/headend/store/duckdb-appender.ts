/**
 * Appends readings to a DuckDB table chunk by chunk, converting to its types on the way: times to 64-bit microseconds and
 * values to 64-bit integers, both put together from 32-bit halves, because BigInt costs ten times as much.
 */

import duckdb from '@duckdb/node-bindings';
import { assert } from '../../base/assert.ts';
import type { ReadingRows } from '../buffer/block.ts';
import { CHUNK_ROWS } from './duckdb-database.ts';

const COLUMNS = [
  duckdb.Type.UINTEGER,
  duckdb.Type.UTINYINT,
  duckdb.Type.TIMESTAMP,
  duckdb.Type.BIGINT,
  duckdb.Type.UTINYINT,
];

/** For one table whose columns are meter, channel, time, value, status. Its methods throw what DuckDB says. */
export class DuckDbAppender {
  readonly #appender: duckdb.Appender;
  readonly #chunk = duckdb.create_data_chunk(COLUMNS.map((type) => duckdb.create_logical_type(type)));
  readonly #vectors = COLUMNS.map((_, index) => duckdb.data_chunk_get_vector(this.#chunk, index));
  readonly #meter = new Uint32Array(CHUNK_ROWS);
  readonly #channel = new Uint8Array(CHUNK_ROWS);
  readonly #time = new Uint32Array(2 * CHUNK_ROWS);
  readonly #value = new Uint32Array(2 * CHUNK_ROWS);
  readonly #status = new Uint8Array(CHUNK_ROWS);
  #rows = 0;

  constructor(connection: duckdb.Connection, table: string) {
    this.#appender = duckdb.appender_create(connection, null, table);
  }

  append(rows: ReadingRows, from: number, to: number): void {
    for (let at = from; at < to; ) {
      const count = Math.min(to - at, CHUNK_ROWS - this.#rows);
      this.#fill(rows, at, count);
      at += count;
      if (this.#rows === CHUNK_ROWS) this.#send();
    }
  }

  /** All that was appended belongs to the transaction now. */
  flush(): void {
    if (this.#rows > 0) this.#send();
    duckdb.appender_flush_sync(this.#appender);
  }

  /** What was not flushed is dropped. */
  close(): void {
    duckdb.appender_clear(this.#appender);
    duckdb.appender_close_sync(this.#appender);
  }

  #fill(rows: ReadingRows, from: number, count: number): void {
    const at = this.#rows;
    this.#meter.set(rows.meter.subarray(from, from + count), at);
    this.#channel.set(rows.channel.subarray(from, from + count), at);
    this.#status.set(rows.status.subarray(from, from + count), at);
    putMicroseconds(this.#time, 2 * at, rows.time, from, from + count);
    const { value } = rows;
    if (value instanceof Uint32Array) putNarrow(this.#value, 2 * at, value, from, from + count);
    else putWide(this.#value, 2 * at, value, from, from + count);
    this.#rows = at + count;
  }

  #send(): void {
    const rows = this.#rows;
    duckdb.data_chunk_reset(this.#chunk);
    this.#copy(0, this.#meter, 4 * rows);
    this.#copy(1, this.#channel, rows);
    this.#copy(2, this.#time, 8 * rows);
    this.#copy(3, this.#value, 8 * rows);
    this.#copy(4, this.#status, rows);
    duckdb.data_chunk_set_size(this.#chunk, rows);
    duckdb.append_data_chunk(this.#appender, this.#chunk);
    this.#rows = 0;
  }

  #copy(column: number, from: Uint8Array | Uint32Array, bytes: number): void {
    const vector = this.#vectors[column];
    assert(vector !== undefined, 'each column has a vector');
    duckdb.copy_data_to_vector(vector, 0, from.buffer as ArrayBuffer, from.byteOffset, bytes);
  }
}

function putMicroseconds(target: Uint32Array, at: number, time: Uint32Array, from: number, to: number): void {
  let last = -1;
  let low = 0;
  let high = 0;
  for (let i = from, k = at; i < to; i++, k += 2) {
    const seconds = time[i]!;
    if (seconds !== last) {
      last = seconds;
      const microseconds = seconds * 1e6;
      high = Math.floor(microseconds / 2 ** 32);
      low = microseconds - high * 2 ** 32;
    }
    target[k] = low;
    target[k + 1] = high;
  }
}

function putNarrow(target: Uint32Array, at: number, value: Uint32Array, from: number, to: number): void {
  for (let i = from, k = at; i < to; i++, k += 2) {
    target[k] = value[i]!;
    target[k + 1] = 0;
  }
}

function putWide(target: Uint32Array, at: number, value: Float64Array, from: number, to: number): void {
  for (let i = from, k = at; i < to; i++, k += 2) {
    const x = value[i]!;
    const high = Math.floor(x / 2 ** 32);
    target[k] = x - high * 2 ** 32;
    target[k + 1] = high;
  }
}
