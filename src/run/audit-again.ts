/** The audit of a finished run once more, on its store as it is now. */

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isExact } from '../audit/merge.ts';
import type { Clock } from '../base/clock.ts';
import type { AuditFacts, RunReport } from '../report/run-report.ts';
import { withThresholds } from '../report/thresholds.ts';
import { revisedVerdict } from '../report/verdict.ts';
import { auditStore } from './audit-processes.ts';
import { type AuditSource, checkForeignSource, type ForeignSource } from './audit-source.ts';
import { kpiOf } from './compose-kpi.ts';
import { sendingDelays, stepSeries } from './compose-report.ts';
import { UserError } from './errors.ts';
import { sourceFacts } from './foreign-audit.ts';
import { auditSourceOf, type StorePlace } from './headend-kind.ts';
import { readRunRecord } from './run-record.ts';
import { cores } from './sizing.ts';

export async function auditAgain(options: {
  readonly clock: Clock;
  readonly directory: string;
  readonly report: RunReport;
  /** Where somebody else's head-end has the readings; null: in the run's own store. */
  readonly foreign: ForeignSource | null;
}): Promise<RunReport> {
  const { clock, directory, report, foreign } = options;
  const { scenario, ledger, delays, store } = readRunRecord(directory);
  const source = foreign ?? ownSource(store, directory, report);
  if (foreign !== null) await checkForeignSource(foreign, scenario, false);
  const began = clock.nowMs();
  const { result, energyWh } = await auditStore({ scenario, ledger, source, processes: cores() }).catch((error: unknown) => {
    throw new UserError(`meterstorm: ${(error as Error).message}`, { cause: error });
  });
  const { source: _, ...before } = report.audit;
  const audit: AuditFacts = {
    ...before,
    ...result.findings,
    examples: result.examples,
    exact: isExact(result.findings),
    wallSeconds: (clock.nowMs() - began) / 1000,
    ...(foreign === null ? {} : { source: sourceFacts({ source: foreign, wait: null }) }),
  };
  const series = { ...report.series, ...stepSeries(scenario, { result, energyWh }) };
  const measurementToSendingSeconds = sendingDelays({ result, energyWh }, scenario.behaviour.intervalSeconds).percentiles();
  const kpi = delays === null ? null : kpiOf(scenario.behaviour, result.series, delays, report.kpi ?? undefined);
  const delaysNow = { ...report.delays, measurementToSendingSeconds };
  return withThresholds({ ...report, delays: delaysNow, audit, series, kpi, verdict: revisedVerdict(report, audit) }, scenario.thresholds);
}

/** Of our own head-end. Throws UserError when it has none. */
function ownSource(store: StorePlace | null | undefined, directory: string, report: RunReport): AuditSource {
  const place: StorePlace | null = store === undefined ? { kind: 'duckdb', file: join(directory, 'readings.duckdb') } : hereOf(store, directory);
  const none = `meterstorm: ${directory} has no store to audit`;
  if (report.store?.dropped === true) throw new UserError(`${none}; its schema was removed after the run`);
  if (place !== null && (place.kind !== 'duckdb' || existsSync(place.file))) return auditSourceOf(place);
  if (place !== null && report.run.headend === 'builtin') throw new UserError(`${none}; ${place.file} is not there any more`);
  throw new UserError(`${none}; its readings went to ${report.run.headend}: say where they are now with --audit-sql and --audit-query, or with --audit-csv`);
}

/** A directory may have been moved since. */
function hereOf(store: StorePlace | null, directory: string): StorePlace | null {
  return store?.kind === 'duckdb' ? { kind: 'duckdb', file: join(directory, basename(store.file)) } : store;
}
