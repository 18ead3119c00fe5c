/** The runs of several alternatives on one time axis. */

import type { RunReport } from '../run-report.ts';
import { sawStoring } from '../verdict.ts';
import type { ComparedSeries } from './comparison.ts';

const POINTS = 240;

interface NamedReport {
  readonly name: string;
  /** null: it left none. */
  readonly report: RunReport | null;
}

/**
 * Values between two samples are on the line between them; after the last sample the last one holds. At a given speed the
 * backlog counts from what was due by then, which is what the alternative that took most was sent; at `max` each has its own pace.
 */
export function comparedSeries(alternatives: readonly NamedReport[]): ComparedSeries {
  const present = alternatives.flatMap(({ name, report }) => (report === null || report.series.wallMs.length === 0 ? [] : [{ name, report }]));
  const lastMs = present.reduce((last, { report }) => Math.max(last, report.series.wallMs.at(-1) ?? 0), 0);
  if (lastMs === 0) return { seconds: [], alternatives: [] };
  const momentsMs = Array.from({ length: POINTS }, (_, i) => (lastMs * i) / (POINTS - 1));
  const columns = present.map(({ name, report }) => {
    const { series, run, audit } = report;
    const at = (values: readonly number[]): readonly number[] => sampled({ ms: series.wallMs, values }, momentsMs);
    const seen = sawStoring(report);
    // What left again after a connection had ended counts once.
    const once = audit.sent / Math.max(audit.sent, series.sentReadings.at(-1) ?? 0, 1);
    const sent = at(series.sentReadings).map((count) => Math.round(count * once));
    return { name, speed: run.speed, sent, stored: seen ? at(series.storedReadings) : null, confirmed: at(series.confirmedReadings) };
  });
  const due = momentsMs.map((_, i) => columns.reduce((most, { sent }) => Math.max(most, sent[i] ?? 0), 0));
  return {
    seconds: momentsMs.map((ms) => Math.round(ms) / 1000),
    alternatives: columns.map(({ name, speed, sent, stored, confirmed }) => {
      const given = speed === 'max' ? sent : due;
      const done = stored ?? confirmed;
      return { name, storedReadings: stored, backlogReadings: given.map((count, i) => Math.max(0, count - (done[i] ?? 0))) };
    }),
  };
}

function sampled(column: { readonly ms: readonly number[]; readonly values: readonly number[] }, momentsMs: readonly number[]): readonly number[] {
  const { ms, values } = column;
  let next = 0;
  return momentsMs.map((moment) => {
    while (next < ms.length && (ms[next] ?? 0) < moment) next++;
    const [beforeMs, before] = next === 0 ? [0, 0] : [ms[next - 1] ?? 0, values[next - 1] ?? 0];
    if (next === ms.length) return Math.round(before);
    const [afterMs, after] = [ms[next] ?? 0, values[next] ?? 0];
    const share = afterMs > beforeMs ? (moment - beforeMs) / (afterMs - beforeMs) : 1;
    return Math.round(before + (after - before) * share);
  });
}
