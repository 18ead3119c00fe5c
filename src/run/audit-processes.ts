/** Audits a store with one process for each core, a segment of the grid each, and puts the results together. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AuditResult, SentLedger } from '../audit/auditor.ts';
import { NO_READING } from '../audit/findings.ts';
import { isExact, mergeAudits } from '../audit/merge.ts';
import type { Clock } from '../base/clock.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import type { AuditSource } from './audit-source.ts';
import type { FromAudit, ToAudit } from './audit-messages.ts';
import { cores } from './sizing.ts';

export interface GridAudit {
  readonly result: AuditResult;
  /** By step. */
  readonly energyWh: Float64Array;
}

export interface TimedAudit extends GridAudit {
  readonly wallMs: number;
  readonly exact: boolean;
}

/** With a process for each core; `failure`: why there is none. */
export async function auditOf(options: {
  readonly clock: Clock;
  readonly scenario: Scenario;
  readonly ledger: SentLedger;
  readonly source: AuditSource | null;
}): Promise<{ readonly audit: TimedAudit | null; readonly failure: string | null }> {
  const { clock, ...rest } = options;
  const began = clock.nowMs();
  try {
    const audit = await auditStore({ ...rest, processes: cores() });
    return { audit: { ...audit, wallMs: clock.nowMs() - began, exact: isExact(audit.result.findings) }, failure: null };
  } catch (error) {
    return { audit: null, failure: (error as Error).message };
  }
}

/** Processes that read one table of a server, or one CSV file. */
const READERS_MAX = 8;

export async function auditStore(options: {
  readonly scenario: Scenario;
  readonly ledger: SentLedger;
  /** null: nobody can look into the store; the audit then says what was planned and sent. */
  readonly source: AuditSource | null;
  readonly processes: number;
}): Promise<GridAudit> {
  const { scenario, ledger, source } = options;
  // Each reads all of a file or a table to find its part.
  const processes = source === null || source.kind === 'duckdb' ? options.processes : Math.min(options.processes, READERS_MAX);
  const running = Array.from({ length: processes }, (_, index) => auditSegment({ scenario, segment: { index, count: processes }, ledger, source }));
  const parts = await Promise.all(running.map(({ result }) => result)).catch((error: unknown) => {
    // What the others find is of no use any more.
    for (const { child } of running) child.kill('SIGKILL');
    throw error;
  });
  const energyWh = new Float64Array(scenario.behaviour.steps);
  for (const part of parts) part.energyWh.forEach((wh, step) => (energyWh[step]! += wh));
  const result = mergeAudits(parts.map((part) => part.result));
  const { stored, unreadable } = result.findings;
  // Then the columns are wrong, not the readings.
  if (stored > 0 && stored === unreadable) throw new Error(noReading(result));
  return { result, energyWh };
}

function noReading({ examples }: AuditResult): string {
  const why = examples.find(({ meter }) => meter === null)?.text.replace(NO_READING, '') ?? '';
  return `no row is the reading of a meter: ${why}; name the columns as they are and audit again with \`meterstorm audit\``;
}

function auditSegment(message: ToAudit): { readonly child: ChildProcess; readonly result: Promise<GridAudit> } {
  const child = fork(fileURLToPath(new URL('./audit-process.js', import.meta.url)), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const result = new Promise<GridAudit>((resolve, reject) => {
    child.on('message', (answer) => {
      const { type, ...rest } = answer as FromAudit;
      if (type === 'result') resolve(rest as GridAudit);
      else reject(new Error(`the audit failed: ${(rest as { why: string }).why}`));
    });
    child.on('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`an audit process ended early (${signal ?? code})`)));
  });
  child.send(message);
  return { child, result };
}
