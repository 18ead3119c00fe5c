/** The events of monitoring as the report shows them: the gravest, in the order of time. Restarts have a place of their own. */

import { counted, milliseconds, whole } from '../base/format.ts';
import { SEVERITIES, type Severity } from '../monitor/store/monitor-source.ts';
import type { RunEvent, RunReport } from './run-report.ts';

export interface EventRow {
  readonly severity: Severity;
  readonly when: string;
  readonly target: string;
  readonly rule: string;
  readonly text: string;
}

const ROWS_MAX = 20;
const TEXT_MAX = 200;

/** Warnings and worse; empty: there were none. */
export function eventRows(report: RunReport): readonly EventRow[] {
  return grave(report)
    .slice(0, ROWS_MAX)
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ severity, atMs, target, rule, text }) => {
      const when = atMs < 0 ? 'before' : milliseconds(atMs);
      return { severity, when, target, rule, text: text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text };
    });
}

/** `2 critical, 1 error, 5 warnings`; null: none of them. */
export function eventCounts(report: RunReport): string | null {
  const counts = SEVERITIES.toReversed().flatMap((severity) => {
    const count = grave(report).filter((event) => event.severity === severity).length;
    if (count === 0) return [];
    return [severity === 'critical' ? `${whole(count)} critical` : counted(count, severity)];
  });
  if (counts.length === 0) return null;
  // The report holds a bounded number, the most severe first: when the last of them is grave, there may be more.
  const { shown, total } = report.events ?? { shown: [], total: 0 };
  const more = shown.length < total && shown.at(-1)?.severity !== 'info' ? ' and more' : '';
  return `${counts.join(', ')}${more}`;
}

/** What a person is told of where all of them are. */
export function eventLead(report: RunReport): string {
  const shown = eventRows(report).length;
  const all = grave(report).length;
  const part = all > shown ? ` The ${shown} most severe ones:` : '';
  return `What was seen of the run and of what it watched: ${eventCounts(report) ?? 'nothing grave'}. All ${whole(report.events?.total ?? 0)} events are in monitor.duckdb.${part}`;
}

/** The most severe first. */
function grave(report: RunReport): readonly RunEvent[] {
  return (report.events?.shown ?? []).filter(({ target, rule, severity }) => severity !== 'info' && !(target === 'run' && rule === 'process-restarted'));
}
