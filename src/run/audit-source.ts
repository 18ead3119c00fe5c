/** Where an audit finds the stored readings, as plain data for its processes. */

import { DuckDbSource } from '../headend/store/duckdb-source.ts';
import type { MeterRange, ReadingSource } from '../reading/source.ts';
import type { ColumnMapping } from '../source/column-mapping.ts';
import { PostgresSource } from '../source/postgres-source.ts';

export type AuditSource =
  | { readonly kind: 'duckdb'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly query: string; readonly columns: ColumnMapping };

export function openSource(source: AuditSource, range: MeterRange): ReadingSource {
  switch (source.kind) {
    case 'duckdb':
      return new DuckDbSource(source.file, range);
    case 'postgres':
      return new PostgresSource({ ...source, range });
  }
}
