/** What the report says about readings that were stored in time: the same words on the terminal, in Markdown and in HTML. */

import { counted, duration, percent, whole } from '../base/format.ts';
import type { KpiShares, RunReport } from './run-report.ts';

export interface KpiRow {
  readonly label: string;
  readonly brief: string;
  /** Of the planned readings. */
  readonly stored: string;
  /** What the plan left possible. */
  readonly possible: string;
}

export const KPI_COLUMNS = ['stored', 'of planned readings', 'possible'] as const;

/** Empty: nobody knows. */
export function kpiRows({ kpi, run }: RunReport): readonly KpiRow[] {
  if (kpi === null) return [];
  const same = run.intervalSeconds === QUARTER_HOUR_SECONDS ? 'same quarter hour' : `same ${duration(run.intervalSeconds)}`;
  const row = (name: keyof KpiShares, brief: string, label = `within ${brief}`): KpiRow => {
    return { label, brief, stored: percent(kpi[name]), possible: percent(kpi.possible[name]) };
  };
  return [
    row('storedSameInterval', same, `within the ${same}`),
    row('storedWithin1h', '1 h'),
    row('storedWithin24h', '24 h'),
    row('storedBy06', 'by 06:00', 'by 06:00 of the next day'),
  ];
}

const QUARTER_HOUR_SECONDS = 900;
const DAY_SECONDS = 86_400;

/** How the shares were counted. */
export function kpiLead({ run, links }: RunReport): string {
  const how = `Counted in time of the grid, from the measurement on; a reading that is missing was not in time. Possible: what the outages${links === null ? '' : ' and links'} of the scenario leave, with a head-end that takes no time.`;
  const machine = run.speed === 'max' ? ' At full speed the machine’s own time has no length in the grid, and does not count.' : '';
  const seconds = run.steps * run.intervalSeconds;
  const short = seconds <= DAY_SECONDS ? ` The run covers ${duration(seconds)}: a reading that was not lost can’t be older.` : '';
  return `${how}${machine}${short}`;
}

/** In a sentence, with what was possible where it is more; null: nobody knows. */
export function kpiLine(report: RunReport): string | null {
  const rows = kpiRows(report);
  if (rows.length === 0) return null;
  const shares = rows.map(({ brief, stored }) => `${brief} ${stored}`).join(', ');
  const all = rows.every(({ stored, possible }) => stored === possible);
  return all ? shares : `${shares}; possible were ${rows.map(({ possible }) => possible).join(', ')}`;
}

/** A sentence; null: there were no reads on demand. */
export function onDemandText({ kpi }: RunReport): string | null {
  if (kpi === null || kpi.onDemandReads === null) return null;
  const { onDemandReadP95Seconds: seconds, onDemandReads: reads, onDemandFailed: failed } = kpi;
  const counts = `${counted(reads, 'read')} on demand, ${whole(failed ?? 0)} without an answer`;
  return seconds === null ? `${counts}.` : `${counts}; 95 % of the others had theirs within ${duration(seconds)} of the grid.`;
}
