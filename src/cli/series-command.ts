/** `meterstorm series`: all series of a finished run as CSV or Parquet. */

import type { ExportFormat } from '../run/export.ts';
import { exportSeries } from '../run/export-series.ts';
import { UserError } from '../run/errors.ts';
import { makeDirectory } from '../run/make-directory.ts';
import { readReport } from './read-report.ts';

export interface SeriesFlags {
  readonly format: ExportFormat;
  readonly out: string;
}

export async function seriesCommand(directory: string, { format, out }: SeriesFlags): Promise<void> {
  const report = readReport(directory);
  makeDirectory(out, '--out');
  const files = await exportSeries({ directory, report, format, out }).catch((error: unknown) => {
    throw new UserError(`meterstorm: the series of ${directory} can't be written to ${out}: ${(error as Error).message.split('\n')[0] ?? ''}`, { cause: error });
  });
  for (const file of files) process.stdout.write(`${file}\n`);
}
