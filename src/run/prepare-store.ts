/** Looks at the database of a head-end before its processes start, so that a wrong address is one clear line and not a run that never begins. */

import { Client, type DatabaseError } from 'pg';
import { postgresConfig, withoutPassword } from '../headend/store/postgres-config.ts';
import { createTables, quoted } from '../headend/store/postgres-schema.ts';
import { postgresReason } from '../source/postgres-reason.ts';
import { UnreachableError, UserError } from './errors.ts';
import type { HeadendKind, StorePlace } from './headend-kind.ts';

type PostgresPlace = Extract<StorePlace, { kind: 'postgres' }>;

const CONNECT_MS = 10_000;
const VERSION_MIN = 15;
/** The server is starting or ending, or has no connection left: it is the right one, and not to be had. */
const NOT_NOW: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '53300']);

/**
 * Makes the tables. `fresh`: the schema must not hold readings; otherwise what it holds is gone on with, if it was made for the same kind of intake.
 * Throws UserError, UnreachableError.
 */
export async function prepareStore({ store, intake }: HeadendKind, options: { readonly fresh: boolean }): Promise<void> {
  if (store.kind === 'duckdb') return;
  await withDatabase(store, async (client) => {
    const keyed = intake === 'direct';
    const { rows } = await client.query<{ version: string; found: boolean; keyed: boolean }>({
      text: `SELECT current_setting('server_version_num') AS version, to_regclass($1) IS NOT NULL AS found,
        EXISTS (SELECT 1 FROM pg_index WHERE indrelid = to_regclass($1) AND indisprimary) AS keyed`,
      values: [`${quoted(store.schema)}.readings`],
    });
    const [there] = rows;
    const version = Math.floor(Number(there?.version) / 10_000);
    if (version < VERSION_MIN) throw new UserError(`meterstorm: --store: PostgreSQL ${version} is too old; ${VERSION_MIN} or newer is needed`);
    if (there?.found === true && options.fresh) {
      const remedy = `name another, or remove it: DROP SCHEMA ${quoted(store.schema)} CASCADE`;
      throw new UserError(`meterstorm: --schema: ${store.schema} already holds readings; ${remedy}`);
    }
    if (there?.found === true && there.keyed !== keyed) {
      throw new UserError(`meterstorm: --schema: ${store.schema} was made for --intake ${keyed ? 'buffered' : 'direct'}; name another for --intake ${intake}`);
    }
    await createTables(client, { schema: store.schema, keyed });
  });
}

/** Removes a schema of ours and all in it. What is wrong then is said on stderr, and spoils no result. */
export async function dropStore(store: StorePlace): Promise<void> {
  if (store.kind !== 'postgres') return;
  try {
    await withDatabase(store, (client) => client.query(`DROP SCHEMA IF EXISTS ${quoted(store.schema)} CASCADE`));
  } catch (error) {
    const why = (error as Error).message.replace(/^meterstorm: /, '');
    process.stderr.write(`meterstorm: ${why}; the schema ${store.schema} is still there\n`);
  }
}

async function withDatabase(place: PostgresPlace, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ ...postgresConfig(place.url), connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    // What it says of tables that are there already is no news.
    await client.query('SET client_min_messages = warning');
    await use(client);
  } catch (error) {
    throw explained(error, withoutPassword(place.url));
  } finally {
    await client.end().catch(() => {});
  }
}

function explained(error: unknown, where: string): Error {
  if (error instanceof UserError) return error;
  const { text: why, wantsPassword } = postgresReason(error);
  const inner = (error instanceof AggregateError ? error.errors[0] : error) as Partial<DatabaseError> & Error;
  // An answer of PostgreSQL has a severity: it is there, and does not do what was asked.
  const answered = wantsPassword || (inner.severity !== undefined && !NOT_NOW.has(inner.code ?? ''));
  if (answered) return new UserError(`meterstorm: --store: ${where}: ${why}`, { cause: error });
  return new UnreachableError(`the database ${where} could not be reached: ${why}`, { cause: error });
}
