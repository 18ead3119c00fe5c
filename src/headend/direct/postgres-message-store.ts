/**
 * Messages into PostgreSQL: one `INSERT .. ON CONFLICT DO NOTHING` each, prepared, with columns as arrays, on one of a few connections. The primary key
 * (meter, channel, time) makes that right with any number of writers; see `store/postgres-schema.ts` for the tables, which must be there.
 *
 * Arrays travel in PostgreSQL's binary format: dimensions 1 | nulls 0 | element type | length | lower bound 1 | (bytes, value) for each; i32 big-endian.
 */

import { Pool } from 'pg';
import { postgresConfig } from '../store/postgres-config.ts';
import { dayOf, DayTables, DURABLE, quoted } from '../store/postgres-schema.ts';
import type { StoreFault } from '../store/store.ts';
import type { Message, MessageStore, MessageStored } from './message-store.ts';

export interface PostgresMessageStoreOptions {
  readonly url: string;
  readonly schema: string;
  /** Connections at most. */
  readonly connections: number;
}

const CONNECT_MS = 10_000;
const INT2 = 21;
const INT8 = 20;
const TIMESTAMPTZ = 1184;
const HEAD_BYTES = 20;
const EPOCH_UNIX_SECONDS = 946_684_800;

export class PostgresMessageStore implements MessageStore {
  readonly concurrency: number;
  readonly #pool: Pool;
  readonly #schema: string;
  readonly #insert: string;
  #days: DayTables | null = null;
  /** Tables that are being made, by day. */
  readonly #making = new Map<number, Promise<void>>();

  constructor(options: PostgresMessageStoreOptions) {
    this.concurrency = options.connections;
    this.#schema = options.schema;
    this.#insert = `INSERT INTO ${quoted(options.schema)}.readings(meter, time, value, channel, status)
      SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::smallint[], $5::smallint[]) ON CONFLICT DO NOTHING`;
    this.#pool = new Pool({
      ...postgresConfig(options.url),
      max: options.connections,
      connectionTimeoutMillis: CONNECT_MS,
      // They stay.
      idleTimeoutMillis: 0,
      onConnect: (client) => client.query(DURABLE).then(() => {}),
    });
    // A connection that is lost at rest is replaced; one that is lost at work fails its query.
    this.#pool.on('error', () => {});
  }

  put(message: Message, done: (result: MessageStored | StoreFault) => void): void {
    this.#put(message).then(
      (stored) => queueMicrotask(() => done({ stored })),
      (error: unknown) => {
        // Others make tables too, and remove some: what is known of them may be why.
        this.#days = null;
        queueMicrotask(() => done({ error: messageOf(error) }));
      },
    );
  }

  close(done: () => void): void {
    const ended = (): void => queueMicrotask(done);
    this.#pool.end().then(ended, ended);
  }

  async #put(message: Message): Promise<number> {
    await this.#makeDays(message);
    const { rows, meter, time, value, channel, status } = message;
    const { rowCount } = await this.#pool.query({
      name: 'readings',
      text: this.#insert,
      values: [wide(meter, rows), microseconds(time, rows), wide(value, rows), narrow(channel, rows), narrow(status, rows)],
    });
    return rowCount ?? 0;
  }

  async #makeDays({ time, rows }: Message): Promise<void> {
    this.#days ??= await DayTables.read(this.#pool, this.#schema);
    const days = this.#days;
    let last = -1;
    for (let i = 0; i < rows; i++) {
      const day = dayOf(time[i]!);
      if (day === last || days.has(day)) continue;
      last = day;
      let making = this.#making.get(day);
      if (making === undefined) {
        making = days.make(this.#pool, day).finally(() => this.#making.delete(day));
        this.#making.set(day, making);
      }
      await making;
    }
  }
}

function arrayOf(rows: number, type: number, bytes: number): Buffer {
  const array = Buffer.alloc(HEAD_BYTES + rows * (4 + bytes));
  array.writeInt32BE(1, 0);
  array.writeInt32BE(type, 8);
  array.writeInt32BE(rows, 12);
  array.writeInt32BE(1, 16);
  for (let at = HEAD_BYTES; at < array.length; at += 4 + bytes) array.writeInt32BE(bytes, at);
  return array;
}

/** Integers from 0 to 2^53. */
function wide(column: Float64Array | Uint32Array, rows: number): Buffer {
  const array = arrayOf(rows, INT8, 8);
  for (let i = 0, at = HEAD_BYTES + 4; i < rows; i++, at += 12) {
    const high = Math.floor(column[i]! / 2 ** 32);
    array.writeUInt32BE(high, at);
    array.writeUInt32BE(column[i]! - high * 2 ** 32, at + 4);
  }
  return array;
}

function microseconds(time: Uint32Array, rows: number): Buffer {
  const array = arrayOf(rows, TIMESTAMPTZ, 8);
  for (let i = 0, at = HEAD_BYTES + 4; i < rows; i++, at += 12) {
    const since = (time[i]! - EPOCH_UNIX_SECONDS) * 1e6;
    const high = Math.floor(since / 2 ** 32);
    array.writeInt32BE(high, at);
    array.writeUInt32BE(since - high * 2 ** 32, at + 4);
  }
  return array;
}

function narrow(column: Uint8Array, rows: number): Buffer {
  const array = arrayOf(rows, INT2, 2);
  for (let i = 0, at = HEAD_BYTES + 4; i < rows; i++, at += 6) array.writeInt16BE(column[i]!, at);
  return array;
}

/** Some errors of connections have their reasons inside only. */
function messageOf(error: unknown): string {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return inner instanceof Error ? inner.message : String(inner);
}
