/**
 * All series of a finished run as tables: those of its report (`series`), and what monitoring gathered (`samples`, `events`).
 * CSV or Parquet; the monitor's are written by DuckDB itself, whatever their number.
 */

import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seriesCsv } from '../dashboard/server/series-table.ts';
import { MONITOR_FILE } from '../monitor/store/monitor-file.ts';
import type { RunReport } from '../report/run-report.ts';
import { csvToParquet, type ExportFormat } from './export.ts';

const MONITOR_TABLES = [
  { name: 'samples', sql: 'SELECT target, name, unit, type, time, value FROM samples JOIN series ON series.id = samples.series ORDER BY time, samples.series' },
  { name: 'events', sql: 'SELECT id, time, target, rule, severity, text, fields FROM events ORDER BY time, id' },
] as const;

/** Answers the files that were written. Rejects with what DuckDB says when the monitor's file can't be read. */
export async function exportSeries(options: {
  /** Of the run. */
  readonly directory: string;
  readonly report: RunReport;
  readonly format: ExportFormat;
  readonly out: string;
}): Promise<readonly string[]> {
  const { directory, report, format, out } = options;
  const own = join(out, `series.${format}`);
  const csv = format === 'csv' ? own : `${own}.csv.part`;
  await writeFile(csv, seriesCsv(report));
  if (format === 'parquet') {
    await csvToParquet(csv, own);
    await rm(csv);
  }
  const monitor = join(directory, MONITOR_FILE);
  return existsSync(monitor) ? [own, ...(await monitorTables(monitor, { format, out }))] : [own];
}

async function monitorTables(file: string, to: { readonly format: ExportFormat; readonly out: string }): Promise<readonly string[]> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY', threads: '1', memory_limit: '512MiB' });
  const connection = await instance.connect();
  try {
    const files: string[] = [];
    for (const { name, sql } of MONITOR_TABLES) {
      const path = join(to.out, `${name}.${to.format}`);
      const how = to.format === 'csv' ? 'FORMAT csv, HEADER' : 'FORMAT parquet';
      await connection.run(`COPY (${sql}) TO '${path.replaceAll("'", "''")}' (${how})`);
      files.push(path);
    }
    return files;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
