/**
 * What a schema of readings in PostgreSQL looks like, and how its parts are made.
 *
 *   readings(meter, time, value, channel, status)   time in UTC, value in Wh; partitioned by range of time
 *     readings_20231114 ..                          a UTC day each, made when the day first appears, in whatever order
 *     readings_other                                what lies outside of DAYS_MAX days: clocks of meters that are wrong
 *   loaded_files, loaded_times                      what the loader of the buffer has committed
 *
 * Columns in an order that wastes nothing on alignment: 60 bytes a row. Each partition has a BRIN index on time; with `keyed`, which is for several writers
 * without a filter before them, also the primary key (meter, channel, time).
 *
 * In a database that has the extension TimescaleDB, `readings` is a hypertable with chunks of a day instead, which come and go by themselves.
 */

import type { Client, Pool } from 'pg';

type Queryable = Pick<Client | Pool, 'query'>;

/** `meter` is an unsigned 32-bit number, for which PostgreSQL has only `bigint`. */
const COLUMNS = 'meter bigint NOT NULL, time timestamptz NOT NULL, value bigint NOT NULL, channel smallint NOT NULL, status smallint NOT NULL';

/** Partitions of days, of which a query may lock all. */
const DAYS_MAX = 500;
const OTHER = 'readings_other';
const SECONDS_PER_DAY = 86_400;
/** Somebody else made it at the same moment: duplicate table, or the same row of a catalogue twice. */
const MADE_MEANWHILE: ReadonlySet<string | undefined> = new Set(['42P07', '23505']);

export interface SchemaOptions {
  readonly schema: string;
  /** With a primary key. */
  readonly keyed: boolean;
}

/** The empty tables, where there are none yet. Throws what PostgreSQL says. */
export async function createTables(database: Queryable, options: SchemaOptions): Promise<void> {
  const schema = quoted(options.schema);
  const key = options.keyed ? ', PRIMARY KEY (meter, channel, time)' : '';
  const { rows } = await database.query(`SELECT FROM pg_extension WHERE extname = 'timescaledb'`);
  const timescale = rows.length > 0;
  const days = timescale ? HYPERTABLE.replace('$1', literal(`${schema}.readings`)) : '';
  await database.query(`
    CREATE SCHEMA IF NOT EXISTS ${schema};
    CREATE TABLE IF NOT EXISTS ${schema}.readings(${COLUMNS}${key})${timescale ? '' : ' PARTITION BY RANGE (time)'};
    ${days}
    CREATE INDEX IF NOT EXISTS readings_time ON ${schema}.readings USING brin (time) WITH (autosummarize = on);
    CREATE TABLE IF NOT EXISTS ${schema}.loaded_files(intake bigint, number bigint, rows bigint NOT NULL, PRIMARY KEY (intake, number));
    CREATE TABLE IF NOT EXISTS ${schema}.loaded_times(first timestamptz NOT NULL, last timestamptz NOT NULL);`);
}

const HYPERTABLE = `SELECT create_hypertable($1, 'time', chunk_time_interval => interval '1 day', create_default_indexes => false, if_not_exists => true);`;

/** Confirmed means durable, also where a server is set up to take it lightly; one that waits for standbys goes on doing so. */
export const DURABLE = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

export function dayOf(unixSeconds: number): number {
  return Math.floor(unixSeconds / SECONDS_PER_DAY);
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The partitions of a schema, and which is for a day. */
export class DayTables {
  readonly #schema: string;
  readonly #days = new Set<number>();
  #other = false;
  /** Makes its days by itself. */
  #hypertable = false;

  private constructor(schema: string) {
    this.#schema = schema;
  }

  /** As they are now. */
  static async read(database: Queryable, schema: string): Promise<DayTables> {
    const tables = new DayTables(schema);
    const { rows } = await database.query<{ name: string }>({
      text: `SELECT relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r' AND relname LIKE 'readings%'`,
      values: [quoted(schema)],
    });
    for (const { name } of rows) {
      const [, year, month, day] = /^readings_(\d{4})(\d\d)(\d\d)$/.exec(name) ?? [];
      if (name === 'readings') tables.#hypertable = true;
      else if (name === OTHER) tables.#other = true;
      else if (day !== undefined) tables.#days.add(dayOf(Date.UTC(Number(year), Number(month) - 1, Number(day)) / 1000));
    }
    return tables;
  }

  /** True: rows of the day can be stored. */
  has(day: number): boolean {
    return this.#hypertable || this.#days.has(day) || (this.#days.size >= DAYS_MAX && this.#other);
  }

  /** Table of a day. */
  nameOf(day: number): string {
    if (this.#hypertable) return `${quoted(this.#schema)}.readings`;
    return `${quoted(this.#schema)}.${this.#days.has(day) || this.#days.size < DAYS_MAX ? nameOfDay(day) : OTHER}`;
  }

  /** What makes the table of a day. Attached, not made in place: that would keep readers out until the transaction ends. */
  creation(day: number): string {
    const parent = `${quoted(this.#schema)}.readings`;
    const table = this.nameOf(day);
    const [from, to] = [day, day + 1].map((each) => `'${new Date(each * SECONDS_PER_DAY * 1000).toISOString()}'`);
    const share = this.#days.size < DAYS_MAX ? `FOR VALUES FROM (${from}) TO (${to})` : 'DEFAULT';
    return `CREATE TABLE ${table} (LIKE ${parent}); ALTER TABLE ${parent} ATTACH PARTITION ${table} ${share}`;
  }

  /** The table of the day is there. */
  note(day: number): void {
    if (this.#days.size < DAYS_MAX) this.#days.add(day);
    else this.#other = true;
  }

  /** Where several may make the same table at once, outside of a transaction. Throws what PostgreSQL says. */
  async make(database: Queryable, day: number): Promise<void> {
    try {
      await database.query(this.creation(day));
    } catch (error) {
      if (!MADE_MEANWHILE.has((error as { code?: string }).code)) throw error;
    }
    this.note(day);
  }
}

function nameOfDay(day: number): string {
  return `readings_${new Date(day * SECONDS_PER_DAY * 1000).toISOString().slice(0, 10).replaceAll('-', '')}`;
}
