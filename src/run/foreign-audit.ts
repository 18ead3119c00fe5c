/** The audit of somebody else's store: what the user asked for, and what is said of it in the report. */

import type { Clock } from '../base/clock.ts';
import type { AuditedSource } from '../report/run-report.ts';
import { countRows, type ForeignSource, sourceName } from './audit-source.ts';
import { awaitStored, type StorageWait } from './await-stored.ts';

export interface ForeignAudit {
  readonly source: ForeignSource;
  /** Time without a new row after which no more are expected. */
  readonly waitSeconds: number;
}

export interface SourceWait {
  readonly source: ForeignSource;
  /** null: its rows were not watched. */
  readonly wait: StorageWait | null;
}

/** Somebody else's head-end may need time to store what it took. null: nobody can look at it. */
export async function awaitForeign(
  run: { readonly clock: Clock; readonly foreign?: ForeignAudit | null; readonly confirmed: boolean; readonly interrupt: AbortSignal },
  sent: { readonly readings: number; readonly confirmedReadings: number },
  onRows: (rows: number) => void,
): Promise<SourceWait | null> {
  const { clock, foreign = null, confirmed, interrupt } = run;
  if (foreign === null) return null;
  const { source, waitSeconds } = foreign;
  if (waitSeconds === 0) return { source, wait: null };
  const expected = confirmed ? sent.confirmedReadings : sent.readings;
  try {
    return { source, wait: await awaitStored({ clock, countRows: () => countRows(source), expected, quietSeconds: waitSeconds, interrupt, onRows }) };
  } catch {
    // The audit says what is wrong with it.
    return { source, wait: null };
  }
}

export function sourceFacts({ source, wait }: SourceWait): AuditedSource {
  return {
    name: sourceName(source),
    comparesStatus: source.columns.status !== null,
    waitedSeconds: wait?.waitedSeconds ?? 0,
    queryableSeconds: wait?.queryableSeconds ?? null,
  };
}
