/** The audit of a finished run once more, on its store as it is now. */

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isExact } from '../audit/merge.ts';
import type { Clock } from '../base/clock.ts';
import type { RunReport } from '../report/run-report.ts';
import { withThresholds } from '../report/thresholds.ts';
import { revisedVerdict } from '../report/verdict.ts';
import { auditStore } from './audit-processes.ts';
import { kpiOf } from './compose-kpi.ts';
import { stepSeries } from './compose-report.ts';
import { UserError } from './errors.ts';
import { auditSourceOf, type StorePlace } from './headend-kind.ts';
import { readRunRecord } from './run-record.ts';
import { cores } from './sizing.ts';

export async function auditAgain(options: {
  readonly clock: Clock;
  readonly directory: string;
  readonly report: RunReport;
}): Promise<RunReport> {
  const { clock, directory, report } = options;
  const { scenario, ledger, delays, store } = readRunRecord(directory);
  const place: StorePlace | null = store === undefined ? { kind: 'duckdb', file: join(directory, 'readings.duckdb') } : hereOf(store, directory);
  if (place === null || (place.kind === 'duckdb' && !existsSync(place.file))) {
    throw new UserError(`meterstorm: ${directory} has no store to audit; its readings went to ${report.run.headend}`);
  }
  if (report.store?.dropped === true) throw new UserError(`meterstorm: ${directory} has no store to audit; its schema was removed after the run`);
  const source = auditSourceOf(place);
  const began = clock.nowMs();
  const { result, energyWh } = await auditStore({ scenario, ledger, source, processes: cores() }).catch((error: unknown) => {
    throw new UserError(`meterstorm: ${(error as Error).message}`, { cause: error });
  });
  const audit = {
    ...report.audit,
    ...result.findings,
    examples: result.examples,
    exact: isExact(result.findings),
    wallSeconds: (clock.nowMs() - began) / 1000,
  };
  const series = { ...report.series, ...stepSeries(scenario, { result, energyWh }) };
  const kpi = delays === null ? null : kpiOf(scenario.behaviour, result.series, delays);
  return withThresholds({ ...report, audit, series, kpi, verdict: revisedVerdict(report, audit) }, scenario.thresholds);
}

/** A directory may have been moved since. */
function hereOf(store: StorePlace | null, directory: string): StorePlace | null {
  return store?.kind === 'duckdb' ? { kind: 'duckdb', file: join(directory, basename(store.file)) } : store;
}
