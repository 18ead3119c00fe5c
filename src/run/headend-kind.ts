/** What the built-in head-end is made of: where readings go, and how they get there. Plain data, for its processes too. */

import { Client } from 'pg';
import { DuckDbStore } from '../headend/store/duckdb-store.ts';
import { postgresConfig, withoutPassword } from '../headend/store/postgres-config.ts';
import { quoted } from '../headend/store/postgres-schema.ts';
import { PostgresStore } from '../headend/store/postgres-store.ts';
import type { Store } from '../headend/store/store.ts';
import { OWN_COLUMNS } from '../source/column-mapping.ts';
import type { AuditSource } from './audit-source.ts';
import { sizeOf } from './file-size.ts';

export type StorePlace =
  | { readonly kind: 'duckdb'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema: string };

export interface HeadendKind {
  readonly store: StorePlace;
  /** Through a durable buffer that one process loads from, or each message in a transaction of its own. */
  readonly intake: 'buffered' | 'direct';
  /** Of each direct intake to PostgreSQL. */
  readonly connections: number;
}

export function storeOf(place: StorePlace): Store {
  return place.kind === 'duckdb' ? new DuckDbStore(place.file) : new PostgresStore(place);
}

export function auditSourceOf(place: StorePlace): AuditSource {
  if (place.kind === 'duckdb') return place;
  return { kind: 'postgres', url: place.url, query: `SELECT meter, channel, time, value, status FROM ${quoted(place.schema)}.readings`, columns: OWN_COLUMNS };
}

/** For people and reports. */
export function shownPlace(place: StorePlace): string {
  return place.kind === 'duckdb' ? place.file : `${withoutPassword(place.url)}, schema ${place.schema}`;
}

/** A report does not wait longer for it. */
const SIZE_MS = { connect: 5000, query: 30_000 } as const;

/** What the readings take, indexes and all; 0 when it can't be known. */
export async function storeBytes(place: StorePlace): Promise<number> {
  if (place.kind === 'duckdb') return sizeOf(place.file);
  const client = new Client({ ...postgresConfig(place.url), connectionTimeoutMillis: SIZE_MS.connect, query_timeout: SIZE_MS.query });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ bytes: string }>({
      // Tables that inherit: partitions, or the chunks of TimescaleDB.
      text: `SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) AS bytes FROM pg_inherits WHERE inhparent = $1::regclass`,
      values: [`${quoted(place.schema)}.readings`],
    });
    return Number(rows[0]?.bytes ?? 0);
  } catch {
    return 0;
  } finally {
    await client.end().catch(() => {});
  }
}
