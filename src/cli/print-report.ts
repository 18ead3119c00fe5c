/** The end of a command that made a report. */

import { join } from 'node:path';
import type { RunReport } from '../report/run-report.ts';
import { terminalSummary } from '../report/terminal-summary.ts';
import { failedThresholds } from '../report/thresholds.ts';
import { reportJson } from '../report/write-report.ts';

/** What the report says as an exit code. Without audit and thresholds there is nothing that failed. */
export function exitCodeOf(report: RunReport): number {
  return report.verdict.able === false || failedThresholds(report).length > 0 ? 1 : 0;
}

export function printReport(report: RunReport, options: { readonly directory: string; readonly json: boolean }): void {
  const { stdout } = process;
  if (options.json) {
    stdout.write(reportJson(report));
    return;
  }
  stdout.write(terminalSummary(report, { width: stdout.columns ?? 100, colour: stdout.isTTY && stdout.hasColors() }));
  stdout.write(`\nReport: ${join(options.directory, 'report.html')}\n`);
}
