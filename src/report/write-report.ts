/** Writes a report into its directory: `report.json`, `report.md`, `report.html`. A file is there whole or not at all. */

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { htmlReport } from './html-report.ts';
import { markdownReport } from './markdown-report.ts';
import type { RunReport } from './run-report.ts';

/** Makes `directory` if need be. Throws what the file system throws. */
export function writeReport(directory: string, report: RunReport): void {
  mkdirSync(directory, { recursive: true });
  replace(join(directory, 'report.json'), reportJson(report));
  replace(join(directory, 'report.md'), markdownReport(report));
  replace(join(directory, 'report.html'), htmlReport(report));
}

/** Pretty, with each list of numbers on a line of its own. */
export function reportJson(report: RunReport): string {
  const pretty = JSON.stringify(report, null, 2);
  // A line break within JSON is never part of a text, so that only lists are found.
  return `${pretty.replaceAll(/\[\n[-+.\deE,\s]+\]/g, (list) => list.replaceAll(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'))}\n`;
}

function replace(file: string, text: string): void {
  const beside = `${file}.new`;
  writeFileSync(beside, text);
  renameSync(beside, file);
}
