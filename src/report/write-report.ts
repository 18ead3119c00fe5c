/** Writes a report into its directory: `report.json`, `report.md`, `report.html`. A file is there whole or not at all. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { htmlReport } from './html-report.ts';
import { markdownReport } from './markdown-report.ts';
import type { RunReport } from './run-report.ts';
import { prettyJson, replaceFile } from './whole-file.ts';

/** Makes `directory` if need be. Throws what the file system throws. */
export function writeReport(directory: string, report: RunReport): void {
  mkdirSync(directory, { recursive: true });
  replaceFile(join(directory, 'report.json'), reportJson(report));
  replaceFile(join(directory, 'report.md'), markdownReport(report));
  replaceFile(join(directory, 'report.html'), htmlReport(report));
}

export function reportJson(report: RunReport): string {
  return prettyJson(report);
}
