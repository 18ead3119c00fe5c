/** From what the user says of the built-in head-end to what it is. */

import { join } from 'node:path';
import { postgresConfig, withoutPassword } from '../headend/store/postgres-config.ts';
import { UserError } from './errors.ts';
import type { HeadendKind } from './headend-kind.ts';

/** As on the command line. */
export interface HeadendFlags {
  readonly store: string;
  readonly intake: 'buffered' | 'direct';
  readonly schema?: string;
  readonly connections?: number;
  readonly intakes?: number;
}

/** A database has a hundred connections if nobody changed it, and a few cores. */
const CONNECTIONS = 8;
/** A longer name is cut off by PostgreSQL. */
const NAME_BYTES_MAX = 63;

/** `directory`: of the head-end; `schema`: its name where none is given. Throws UserError. */
export function chooseHeadend(flags: HeadendFlags, options: { readonly directory: string; readonly schema: string }): HeadendKind {
  const { store, intake, schema = options.schema, connections, intakes = 1 } = flags;
  if (store === 'duckdb') {
    if (flags.schema !== undefined) throw new UserError('meterstorm: --schema: a DuckDB file has none; it goes with --store postgres://..');
    if (connections !== undefined) throw new UserError('meterstorm: --connections: a DuckDB file has none; it goes with --store postgres://.. --intake direct');
    if (intake === 'direct' && intakes > 1) {
      throw new UserError('meterstorm: --intakes: a DuckDB file has one writer, so a direct intake into it is one process');
    }
    return { store: { kind: 'duckdb', file: join(options.directory, 'readings.duckdb') }, intake, connections: 1 };
  }
  checkAddress(store);
  if (connections !== undefined && intake === 'buffered') {
    throw new UserError('meterstorm: --connections: the buffered intake has one; it goes with --intake direct');
  }
  if (schema === '' || Buffer.byteLength(schema) > NAME_BYTES_MAX) {
    throw new UserError(`meterstorm: --schema: found \`${schema}\`, allowed is a name of 1 to ${NAME_BYTES_MAX} bytes`);
  }
  return { store: { kind: 'postgres', url: store, schema }, intake, connections: connections ?? CONNECTIONS };
}

/** A schema for one run. */
export function schemaOfRun(scenario: string, unixMs: number): string {
  const name = scenario.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_').slice(0, 24);
  return `meterstorm_${name}_${new Date(unixMs).toISOString().replaceAll(/[-:Z]/g, '').replaceAll(/[T.]/g, '_')}`;
}

function checkAddress(store: string): void {
  const allowed = 'allowed: duckdb, postgres://user@host:port/database, or postgres: for what PGHOST and so on say';
  if (!/^postgres(?:ql)?:/.test(store)) throw new UserError(`meterstorm: --store: found \`${store}\`, ${allowed}`);
  try {
    postgresConfig(store);
  } catch (error) {
    // What it says may have the password in it.
    throw new UserError(`meterstorm: --store: \`${withoutPassword(store)}\` is no address of a database; ${allowed}`, { cause: error });
  }
}
