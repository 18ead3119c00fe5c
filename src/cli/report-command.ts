/** `meterstorm report`: writes the pages of a finished run again from its report.json. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { terminalSummary } from '../report/terminal-summary.ts';
import type { RunReport } from '../report/run-report.ts';
import { writeReport } from '../report/write-report.ts';
import { UserError } from '../run/errors.ts';

export function reportCommand(directory: string): void {
  const report = readReport(join(directory, 'report.json'));
  writeReport(directory, report);
  const { stdout } = process;
  stdout.write(terminalSummary(report, { width: stdout.columns ?? 100, colour: stdout.isTTY && stdout.hasColors() }));
  stdout.write(`\nReport: ${join(directory, 'report.html')}\n`);
}

function readReport(file: string): RunReport {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UserError(`meterstorm: ${file} can't be read: ${(error as Error).message}`);
  }
  const parts = ['run', 'audit', 'verdict', 'series', 'delays', 'processes', 'machine'];
  const complete = typeof value === 'object' && value !== null && parts.every((part) => part in value);
  if (!complete) throw new UserError(`meterstorm: ${file} is not the report of a run (it lacks one of ${parts.join(', ')})`);
  return value as RunReport;
}
