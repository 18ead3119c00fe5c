/**
 * Watches a PostgreSQL server through its statistics views, over one connection that stays. Columns are taken as the server
 * has them (14 to 18 differ), under PostgreSQL's own names:
 *
 *   database.NAME.xact_commit ...    pg_stat_database: counters, and numbackends
 *   bgwriter. checkpointer. wal.     pg_stat_bgwriter, pg_stat_checkpointer (17), pg_stat_wal (14): counters
 *   activity.state.active ...        pg_stat_activity: client backends by state, and by what they wait for
 *   connections                      all backends of clients, judged at 80 and 90 % of max_connections
 *   locks.waiting                    pg_locks that are not granted
 *   wal.position                     bytes of WAL, as a rate
 *   size.SCHEMA.TABLE                the largest tables of the database that is connected to, every SIZES_EVERY_MS
 *
 * A view that can't be read is a fault of its part. Nothing is locked, and no lock is waited for longer than LOCK_MS.
 */

import { Client } from 'pg';
import { reason } from '../value/probe-runner.ts';
import type { Limits, PartFault, ReadValue, Readout, ValueProbe } from '../value/value-probe.ts';

export interface PostgresTarget {
  readonly url: string;
  readonly timeoutMs: number;
}

type Row = Readonly<Record<string, unknown>>;

interface Part {
  readonly name: string;
  readonly read: (client: Client) => Promise<readonly ReadValue[]>;
}

const LOCK_MS = 500;
const SIZES_EVERY_MS = 60_000;
const TABLES_MAX = 20;
const DATABASES_MAX = 20;
/** Reasons for waiting of which each is a series. */
const WAITS_MAX = 200;
const STATES = ['active', 'idle', 'idle in transaction', 'idle in transaction (aborted)', 'fastpath function call', 'disabled'] as const;

export class PostgresProbe implements ValueProbe {
  readonly #target: PostgresTarget;
  readonly #nowMs: () => number;
  #client: Client | null = null;
  #version = 0;
  #sizesMs = -Infinity;
  readonly #waits = new Set<string>();

  constructor(target: PostgresTarget, nowMs: () => number) {
    this.#target = target;
    this.#nowMs = nowMs;
  }

  async read(signal: AbortSignal): Promise<Readout> {
    const lost = (): void => this.close();
    signal.addEventListener('abort', lost, { once: true });
    try {
      const client = await this.#connected();
      const values: ReadValue[] = [];
      const faults: PartFault[] = [];
      for (const { name, read } of this.#parts()) {
        try {
          values.push(...(await read(client)));
        } catch (error) {
          // Without the connection there is nothing to go on with.
          if (this.#client !== client) throw error;
          faults.push({ part: name, why: reason(error) });
        }
      }
      return { values, faults };
    } finally {
      signal.removeEventListener('abort', lost);
    }
  }

  close(): void {
    const client = this.#client;
    this.#client = null;
    client?.end().catch(() => {});
  }

  async #connected(): Promise<Client> {
    if (this.#client !== null) return this.#client;
    const { url, timeoutMs } = this.#target;
    const client = new Client({
      connectionString: url,
      application_name: 'meterstorm monitor',
      connectionTimeoutMillis: timeoutMs,
      statement_timeout: timeoutMs,
      lock_timeout: LOCK_MS,
    });
    const lost = (): void => {
      if (this.#client === client) this.#client = null;
    };
    client.on('error', lost);
    client.on('end', lost);
    this.#client = client;
    try {
      await client.connect();
      const { rows } = await client.query<Row>(`SELECT current_setting('server_version_num')::int AS version`);
      this.#version = Number(rows[0]?.['version']);
    } catch (error) {
      this.close();
      throw error;
    }
    return client;
  }

  #parts(): readonly Part[] {
    const parts: Part[] = [
      { name: 'pg_stat_database', read: readDatabases },
      { name: 'pg_stat_bgwriter', read: (client) => readCounters(client, 'pg_stat_bgwriter', 'bgwriter') },
      { name: 'pg_stat_activity', read: (client) => this.#readActivity(client) },
      { name: 'pg_locks', read: readLocks },
      { name: 'wal', read: readWalPosition },
    ];
    if (this.#version >= 170_000) parts.push({ name: 'pg_stat_checkpointer', read: (client) => readCounters(client, 'pg_stat_checkpointer', 'checkpointer') });
    if (this.#version >= 140_000) parts.push({ name: 'pg_stat_wal', read: (client) => readCounters(client, 'pg_stat_wal', 'wal') });
    if (this.#nowMs() - this.#sizesMs >= SIZES_EVERY_MS) {
      this.#sizesMs = this.#nowMs();
      parts.push({ name: 'sizes', read: readSizes });
    }
    return parts;
  }

  /** States and reasons that nobody is in any more are 0, not gone. */
  async #readActivity(client: Client): Promise<readonly ReadValue[]> {
    const { rows } = await client.query<Row>(
      `SELECT state, CASE WHEN state = 'active' THEN wait_event_type || '.' || wait_event END AS wait, count(*)::int AS count,
         coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::float8 AS longest
       FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1, 2`,
    );
    const total = (of: (row: Row) => boolean): number => rows.filter(of).reduce((sum, row) => sum + Number(row['count']), 0);
    for (const { wait } of rows) if (typeof wait === 'string' && this.#waits.size < WAITS_MAX) this.#waits.add(wait);
    const { rows: settings } = await client.query<Row>(`SELECT current_setting('max_connections')::int AS max`);
    // The connection of this probe is one of them.
    const connections = total(() => true) + 1;
    return [
      ...STATES.map((state) => gauge(`activity.state.${state.replaceAll(' ', '_')}`, 'backends', total((row) => row['state'] === state))),
      ...[...this.#waits].map((wait) => gauge(`activity.wait.${wait}`, 'backends', total((row) => row['wait'] === wait))),
      gauge('activity.longest_transaction', 's', rows.reduce((longest, row) => Math.max(longest, Number(row['longest'])), 0)),
      { ...gauge('connections', 'backends', connections), limits: shareOf(Number(settings[0]?.['max'])) },
    ];
  }
}

async function readDatabases(client: Client): Promise<readonly ReadValue[]> {
  const { rows } = await client.query<Row>(
    `SELECT datname AS name, to_jsonb(s) AS row FROM pg_stat_database s
     WHERE datname IS NOT NULL AND datname NOT IN ('template0', 'template1') ORDER BY xact_commit DESC LIMIT ${DATABASES_MAX}`,
  );
  return rows.flatMap(({ name, row }) => columnsOf(`database.${String(name)}`, row as Row, ['numbackends']));
}

async function readCounters(client: Client, view: string, name: string): Promise<readonly ReadValue[]> {
  const { rows } = await client.query<Row>(`SELECT to_jsonb(s) AS row FROM ${view} s`);
  return columnsOf(name, (rows[0]?.['row'] ?? {}) as Row, []);
}

async function readLocks(client: Client): Promise<readonly ReadValue[]> {
  const { rows } = await client.query<Row>(`SELECT count(*)::int AS held, count(*) FILTER (WHERE NOT granted)::int AS waiting FROM pg_locks`);
  return [gauge('locks.waiting', 'locks', Number(rows[0]?.['waiting'])), gauge('locks.all', 'locks', Number(rows[0]?.['held']))];
}

async function readWalPosition(client: Client): Promise<readonly ReadValue[]> {
  const { rows } = await client.query<Row>(
    `SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0')::text AS bytes`,
  );
  const bytes = rows[0]?.['bytes'];
  return [{ ...counter('wal.position', 'bytes/s'), value: typeof bytes === 'string' ? BigInt(bytes) : null }];
}

async function readSizes(client: Client): Promise<readonly ReadValue[]> {
  const { rows } = await client.query<Row>(
    `SELECT * FROM (
       SELECT 'size.' || nspname || '.' || relname AS name, pg_total_relation_size(c.oid)::float8 AS bytes
       FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
       WHERE relkind IN ('r', 'm') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%' ORDER BY 2 DESC NULLS LAST LIMIT ${TABLES_MAX}
     ) tables
     UNION ALL SELECT 'size.database', pg_database_size(current_database())::float8`,
  );
  return rows.map(({ name, bytes }) => gauge(String(name), 'bytes', Number(bytes)));
}

/** All numbers of a row but its ids. */
function columnsOf(prefix: string, row: Row, gauges: readonly string[]): readonly ReadValue[] {
  return Object.entries(row).flatMap(([column, value]): readonly ReadValue[] => {
    if (typeof value !== 'number' || column.endsWith('id')) return [];
    const name = `${prefix}.${column}`;
    return [gauges.includes(column) ? gauge(name, 'backends', value) : { ...counter(name, unitOf(column)), value }];
  });
}

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/_time$/, 'ms/s'],
  [/_bytes$/, 'bytes/s'],
  [/^(?:blks|buffers)_/, 'blocks/s'],
  [/^tup_/, 'rows/s'],
  [/^xact_/, 'transactions/s'],
];

function unitOf(column: string): string {
  return UNITS.find(([form]) => form.test(column))?.[1] ?? '1/s';
}

function gauge(name: string, unit: string, value: number): ReadValue {
  return { name, unit, type: 'gauge', timeMs: null, value };
}

/** Statistics begin at 0 again when they are reset, and after a crash. */
function counter(name: string, unit: string): Omit<ReadValue, 'value'> {
  return { name, unit, type: 'counter', resets: true, timeMs: null };
}

function shareOf(max: number): Limits {
  return { min: null, max: null, warning: { min: null, max: Math.floor(max * 0.8) }, critical: { min: null, max: Math.floor(max * 0.9) } };
}
