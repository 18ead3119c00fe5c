/**
 * Readings that a query of a PostgreSQL database gives, for whoever checks them. The query is wrapped, so that several
 * processes can each read the meters of their own, and streamed by COPY in the binary format, straight into columns.
 *
 *   COPY (SELECT q."serial", q."ts", q."energy" FROM (QUERY) q WHERE ...) TO STDOUT (FORMAT binary)
 *
 *   "PGCOPY\n" FF 0D 0A 00 | flags u32 | length u32, extension | rows | FFFF
 *   row: u16 fields, then for each: i32 length (-1: null), bytes
 *
 * It only reads: in a transaction that can't write.
 */

import { Client, escapeIdentifier } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { ReadingBatch } from '../reading/batch.ts';
import { ALL_METERS, type MeterRange, type ReadingSource } from '../reading/source.ts';
import { i16, i32 } from './big-endian.ts';
import { type ColumnMapping, columnsOf, OWN_COLUMNS } from './column-mapping.ts';
import { type Field, fieldsOf } from './postgres-fields.ts';
import { postgresReason } from './postgres-reason.ts';
import { SourceError } from './source-error.ts';
import { UnreadableLog, whyUnreadable } from './unreadable-log.ts';

export interface PostgresSourceOptions {
  /** postgres://user:password@host:port/database */
  readonly url: string;
  readonly query: string;
  /** Default: the query has the columns of our own table. */
  readonly columns?: ColumnMapping;
  readonly range?: MeterRange;
}

const BATCH_ROWS = 16_384;
const SERIAL_DIGITS = 11;
const HEAD_BYTES = 19;
const CONNECT_MS = 10_000;

export class PostgresSource implements ReadingSource {
  readonly keepsStatus: boolean;
  readonly unreadable = new UnreadableLog();
  readonly #options: PostgresSourceOptions;
  readonly #query: string;
  readonly #columns: ColumnMapping;
  readonly #range: MeterRange;

  constructor(options: PostgresSourceOptions) {
    this.#options = options;
    this.#columns = options.columns ?? OWN_COLUMNS;
    this.#range = options.range ?? ALL_METERS;
    this.keepsStatus = this.#columns.status !== null;
    // A comment in its last line must not swallow what follows.
    this.#query = `(${options.query.trim().replace(/(?:;\s*)+$/, '')}\n) q`;
  }

  /** Throws SourceError when the database can't be reached or the query does not give what the columns say. */
  async check(): Promise<void> {
    await this.#with((client) => this.#fields(client));
  }

  /** Rows that the query gives now, of all meters. Throws SourceError. */
  async countRows(): Promise<number> {
    return this.#with(async (client) => {
      const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${this.#query}`);
      return Number(rows[0]?.n);
    });
  }

  /** Throws SourceError. */
  async *batches(): AsyncIterable<ReadingBatch> {
    const client = await this.#connect();
    try {
      const fields = await this.#fields(client);
      const rows = new CopiedRows(fields, this.unreadable);
      const stream = client.query(copyTo(this.#copy(fields)));
      for await (const chunk of stream) {
        rows.add(chunk as Buffer);
        while (rows.fill()) {
          yield rows.batch;
          rows.batch.length = 0;
        }
      }
      if (rows.batch.length > 0) yield rows.batch;
    } catch (error) {
      throw sourceError(error);
    } finally {
      await client.end().catch(() => {});
    }
  }

  #copy(fields: readonly Field[]): string {
    const selected = columnsOf(this.#columns).map((column) => `q.${escapeIdentifier(column)}`);
    return `COPY (SELECT ${selected.join(', ')} FROM ${this.#query}${this.#where(fields)}) TO STDOUT (FORMAT binary)`;
  }

  /** Each row belongs to exactly one range, also those whose meter can't be told. */
  #where(fields: readonly Field[]): string {
    const { fromMeter, toMeter } = this.#range;
    const column = `q.${escapeIdentifier(this.#columns.meter)}`;
    const isNumber = fields[0]?.isNumber === true;
    // Serial numbers of one length sort as their numbers do.
    const meter = isNumber ? column : `lpad(right(btrim(${column}), ${SERIAL_DIGITS}), ${SERIAL_DIGITS}, '0') COLLATE "C"`;
    const bound = (number: number): string => (isNumber ? String(number) : `'${String(number).padStart(SERIAL_DIGITS, '0')}'`);
    const conditions: string[] = [];
    if (fromMeter > 0) conditions.push(`${meter} >= ${bound(fromMeter)}`);
    if (toMeter < ALL_METERS.toMeter) conditions.push(`${meter} < ${bound(toMeter)}`);
    if (fromMeter === 0 && conditions.length > 0) conditions[0] = `(${conditions[0]} OR ${column} IS NULL)`;
    return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  }

  async #fields(client: Client): Promise<readonly Field[]> {
    // With a parameter it goes by the extended protocol, which takes one statement and no more.
    const { fields } = await client.query(`SELECT * FROM ${this.#query} LIMIT $1`, [0]);
    return fieldsOf(this.#columns, fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })));
  }

  async #with<T>(use: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    try {
      return await use(client);
    } catch (error) {
      throw sourceError(error);
    } finally {
      await client.end().catch(() => {});
    }
  }

  async #connect(): Promise<Client> {
    let client: Client | null = null;
    try {
      client = new Client({ connectionString: this.#options.url, connectionTimeoutMillis: CONNECT_MS, application_name: 'meterstorm audit' });
      // Said again by the query that it broke.
      client.on('error', () => {});
      await client.connect();
      await client.query('BEGIN READ ONLY');
      // Some give their users seconds; a billion rows take minutes.
      await client.query('SET LOCAL statement_timeout = 0');
      return client;
    } catch (error) {
      await client?.end().catch(() => {});
      throw sourceError(error);
    }
  }
}

function sourceError(error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  return new SourceError(`PostgreSQL: ${postgresReason(error).text}`, { cause: error });
}

/** What COPY sends, from chunks that end anywhere to rows of a batch. */
class CopiedRows {
  readonly batch = new ReadingBatch(BATCH_ROWS);
  readonly #fields: readonly Field[];
  readonly #unreadable: UnreadableLog;
  readonly #hasChannel: boolean;
  readonly #hasStatus: boolean;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #headed = false;
  /** Where the fields of the row begin, and their bytes; -1: null. */
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;

  constructor(fields: readonly Field[], unreadable: UnreadableLog) {
    this.#fields = fields;
    this.#unreadable = unreadable;
    this.#hasChannel = fields.some(({ part }) => part === 'channel');
    this.#hasStatus = fields.some(({ part }) => part === 'status');
    this.#starts = new Int32Array(fields.length);
    this.#lengths = new Int32Array(fields.length);
  }

  add(chunk: Buffer): void {
    this.#bytes = this.#at === this.#bytes.length ? chunk : Buffer.concat([this.#bytes.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** Takes rows until the batch is full (true) or the bytes are used up (false). */
  fill(): boolean {
    if (!this.#headed) {
      if (this.#bytes.length < HEAD_BYTES || this.#bytes.length < HEAD_BYTES + this.#bytes.readUInt32BE(HEAD_BYTES - 4)) return false;
      this.#at = HEAD_BYTES + this.#bytes.readUInt32BE(HEAD_BYTES - 4);
      this.#headed = true;
    }
    while (this.batch.room > 0) {
      const end = this.#rowEnd();
      if (end < 0) return false;
      this.#take();
      this.#at = end;
    }
    return true;
  }

  /** Finds the fields of the next row; -1: it is not wholly there, or there is none. */
  #rowEnd(): number {
    const bytes = this.#bytes;
    const count = this.#fields.length;
    let at = this.#at + 2;
    if (at > bytes.length || i16(bytes, this.#at) < 0) return -1;
    for (let i = 0; i < count; i++) {
      if (at + 4 > bytes.length) return -1;
      const length = i32(bytes, at);
      at += 4;
      this.#starts[i] = at;
      this.#lengths[i] = length;
      if (length > 0) at += length;
    }
    return at <= bytes.length ? at : -1;
  }

  #take(): void {
    const { batch } = this;
    const i = batch.length;
    let field = 0;
    const meter = this.#number(field++);
    const channel = this.#hasChannel ? this.#number(field++) : 0;
    const time = this.#number(field++);
    const value = this.#number(field++);
    const status = this.#hasStatus ? this.#number(field) : 0;
    // A value that is none stays: the reading is there, and wrong.
    if (Number.isNaN(meter + channel + time + status)) {
      this.#unreadable.add(() => this.#fault());
      return;
    }
    batch.meter[i] = meter;
    batch.channel[i] = channel;
    batch.time[i] = time;
    batch.value[i] = value;
    batch.status[i] = status;
    batch.length = i + 1;
  }

  #number(field: number): number {
    const length = this.#lengths[field]!;
    return length < 0 ? Number.NaN : this.#fields[field]!.read(this.#bytes, this.#starts[field]!, length);
  }

  #fault(): string {
    const index = this.#fields.findIndex(({ part }, i) => part !== 'value' && Number.isNaN(this.#number(i)));
    const field = this.#fields[index];
    if (field === undefined) return '';
    const length = this.#lengths[index]!;
    return whyUnreadable(field.part, field.column, length < 0 ? null : field.show(this.#bytes, this.#starts[index]!, length));
  }
}
