/** Where an audit finds the stored readings, as plain data for its processes; and what the user says of it. */

import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { channelCount, type Scenario } from '../grid/scenario/scenario.ts';
import { DuckDbSource } from '../headend/store/duckdb-source.ts';
import { ALL_METERS, type MeterRange, type ReadingSource } from '../reading/source.ts';
import { type ColumnMapping, OWN_COLUMNS, parseColumnMapping } from '../source/column-mapping.ts';
import { CsvSource } from '../source/csv-source.ts';
import { PostgresSource } from '../source/postgres-source.ts';
import { SourceError } from '../source/source-error.ts';
import { UserError } from './errors.ts';

export type AuditSource =
  | { readonly kind: 'duckdb'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly query: string; readonly columns: ColumnMapping }
  | { readonly kind: 'csv'; readonly file: string; readonly columns: ColumnMapping };

/** Of somebody else's store. */
export type ForeignSource = Extract<AuditSource, { readonly columns: ColumnMapping }>;

export function openSource(source: AuditSource, range: MeterRange): ReadingSource {
  return source.kind === 'duckdb' ? new DuckDbSource(source.file, range) : openForeign(source, range);
}

function openForeign(source: ForeignSource, range: MeterRange): PostgresSource | CsvSource {
  return source.kind === 'postgres' ? new PostgresSource({ ...source, range }) : new CsvSource({ ...source, range });
}

/** `--audit-...`, as the user wrote them. */
export interface SourceFlags {
  readonly auditSql?: string;
  readonly auditQuery?: string;
  readonly auditCsv?: string;
  readonly auditColumns?: string;
}

/** null: no flag names one. Throws UserError. */
export function foreignSource(flags: SourceFlags): ForeignSource | null {
  const { auditSql: url, auditQuery: query, auditCsv: file, auditColumns } = flags;
  if (url === undefined && file === undefined) {
    if (query !== undefined) throw new UserError('meterstorm: --audit-query: which database? Name it with --audit-sql postgres://USER@HOST/DATABASE');
    if (auditColumns !== undefined) throw new UserError('meterstorm: --audit-columns: of what? Name the readings with --audit-sql and --audit-query, or with --audit-csv');
    return null;
  }
  if (url !== undefined && file !== undefined) throw new UserError('meterstorm: --audit-csv: the readings are in a database or in a file; leave it or --audit-sql out');
  const columns = columnsOf(auditColumns);
  if (file !== undefined) {
    if (query !== undefined) throw new UserError('meterstorm: --audit-query: a CSV file has no query; leave it out');
    return { kind: 'csv', file, columns };
  }
  if (url === undefined || !/^postgres(?:ql)?:\/\/./.test(url)) {
    throw new UserError('meterstorm: --audit-sql: allowed is the address of a PostgreSQL database, postgres://USER:PASSWORD@HOST:PORT/DATABASE');
  }
  if (query === undefined || query.trim() === '') throw new UserError("meterstorm: --audit-query: which readings? Such as --audit-query 'SELECT * FROM readings'");
  return { kind: 'postgres', url, query, columns };
}

function columnsOf(text: string | undefined): ColumnMapping {
  if (text === undefined) return OWN_COLUMNS;
  try {
    return parseColumnMapping(text);
  } catch (error) {
    throw new UserError(`meterstorm: --audit-columns: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Finds out what can be found out before hours of a run: whether the store can be reached, and has the columns. `later`: a CSV
 * file may be filled later. Throws UserError.
 */
export async function checkForeignSource(source: ForeignSource, scenario: Scenario, later: boolean): Promise<void> {
  const registers = channelCount(scenario.behaviour.registers);
  if (source.columns.channel === null && registers > 1) {
    throw new UserError(`meterstorm: --audit-columns: no column for \`channel\`, and this scenario reads ${registers} registers of a meter`);
  }
  if (later && source.kind === 'csv' && (statSync(source.file, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  try {
    await openForeign(source, ALL_METERS).check();
  } catch (error) {
    throw sourceMistake(source, error);
  }
}

/** Rows of all meters, as they are now. Throws UserError. */
export async function countRows(source: ForeignSource): Promise<number> {
  try {
    return await openForeign(source, ALL_METERS).countRows();
  } catch (error) {
    throw sourceMistake(source, error);
  }
}

function sourceMistake(source: ForeignSource, error: unknown): unknown {
  if (!(error instanceof SourceError)) return error;
  return new UserError(`meterstorm: ${source.kind === 'csv' ? '--audit-csv' : '--audit-sql'}: ${error.message}`, { cause: error });
}

/** For people: without user and password. */
export function sourceName(source: ForeignSource): string {
  if (source.kind === 'csv') return basename(source.file);
  try {
    const { host, pathname } = new URL(source.url);
    return `a query of PostgreSQL at ${host}${pathname}`;
  } catch {
    return 'a query of PostgreSQL';
  }
}
