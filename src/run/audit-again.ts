/** The audit of a finished run once more, on its store as it is now. */

import { join } from 'node:path';
import { isExact } from '../audit/merge.ts';
import type { Clock } from '../base/clock.ts';
import type { RunReport } from '../report/run-report.ts';
import { revisedVerdict } from '../report/verdict.ts';
import { auditStore } from './audit-processes.ts';
import { readRunRecord } from './run-record.ts';
import { cores } from './sizing.ts';

export async function auditAgain(options: {
  readonly clock: Clock;
  readonly directory: string;
  readonly report: RunReport;
}): Promise<RunReport> {
  const { clock, directory, report } = options;
  const { scenario, ledger } = readRunRecord(directory);
  const began = clock.nowMs();
  const { result } = await auditStore({ scenario, ledger, database: join(directory, 'readings.duckdb'), processes: cores() });
  const audit = {
    ...report.audit,
    ...result.findings,
    examples: result.examples,
    exact: isExact(result.findings),
    wallSeconds: (clock.nowMs() - began) / 1000,
  };
  return { ...report, audit, verdict: revisedVerdict(report, audit) };
}
