/**
 * The numbers that are put side by side: names of the catalogue of indicators, what is better, and whether a difference is more
 * than runs of the same alternative differ by.
 */

import { indicatorOf, type Indicator } from '../indicators.ts';
import { cpuSecondsOf, DATABASE_GROUP, type GroupFacts } from '../resource-facts.ts';
import type { RunReport } from '../run-report.ts';
import type { ComparedMeasure, MeasureCell, MeasureGroup } from './comparison.ts';

interface Measure {
  readonly id: string;
  readonly label: string;
  readonly better: 'lower' | 'higher' | null;
  /** Of one that the catalogue does not have, because it follows from others. */
  readonly computed?: Pick<Indicator, 'unit' | 'read'>;
}

const MEASURES: Readonly<Record<MeasureGroup, readonly Measure[]>> = {
  result: [
    { id: 'audit.stored', label: 'stored', better: 'higher' },
    { id: 'audit.missing', label: 'missing', better: 'lower' },
    { id: 'audit.wrong', label: 'wrong', better: 'lower' },
    { id: 'audit.duplicate', label: 'stored twice', better: 'lower' },
    { id: 'run.confirmedReadings', label: 'confirmed', better: 'higher' },
    { id: 'run.readingsPerSecond', label: 'readings per second', better: 'higher' },
    { id: 'run.wallSeconds', label: 'length of the run', better: 'lower' },
    { id: 'run.reconnects', label: 'reconnects', better: 'lower' },
  ],
  kpi: [
    { id: 'kpi.storedSameInterval', label: 'stored in the same interval', better: 'higher' },
    { id: 'kpi.storedWithin1h', label: 'stored within 1 h', better: 'higher' },
    { id: 'kpi.storedWithin24h', label: 'stored within 24 h', better: 'higher' },
    { id: 'kpi.storedBy06', label: 'stored by 06:00 of the next day', better: 'higher' },
    { id: 'kpi.onDemandReadP95Seconds', label: 'read on demand, 95 %', better: 'lower' },
  ],
  delays: [
    { id: 'delays.sendingToConfirmationMs.p50', label: 'sent to confirmed, median', better: 'lower' },
    { id: 'delays.sendingToConfirmationMs.p99', label: 'sent to confirmed, 99 %', better: 'lower' },
    { id: 'delays.arrivalToStoreMs.p50', label: 'arrived to queryable, median', better: 'lower' },
    { id: 'delays.arrivalToStoreMs.p99', label: 'arrived to queryable, 99 %', better: 'lower' },
    { id: 'delays.measurementToStorageSeconds.p99', label: 'measured to stored (grid time), 99 %', better: 'lower' },
  ],
  needs: [
    {
      id: 'needs.cpuSecondsPerMillionReadings',
      label: 'processor time, million readings',
      better: 'lower',
      computed: { unit: 'seconds', read: (report) => ratio(cpuSeconds(report), readingsOf(report) / 1e6) },
    },
    {
      id: 'needs.coresPerMillionMeters',
      label: 'cores, million meters in real time',
      better: 'lower',
      computed: { unit: 'number', read: coresPerMillionMeters },
    },
    {
      id: 'needs.coresUsed',
      label: 'cores, mean over the run',
      better: 'lower',
      computed: { unit: 'number', read: (report) => ratio(cpuSeconds(report), report.run.wallSeconds) },
    },
    { id: 'needs.peakMemoryBytes', label: 'memory, sum of peaks', better: 'lower', computed: { unit: 'bytes', read: memoryBytes } },
    {
      id: 'needs.diskWrittenBytesPerReading',
      label: 'written to disk for a reading',
      better: 'lower',
      computed: { unit: 'bytes', read: (report) => ratio(addedUp(systemGroups(report), (group) => group.diskWrittenBytes), readingsOf(report)) },
    },
    { id: 'resources.storeBytesPerReading', label: 'size of the store for a reading', better: 'lower' },
  ],
};

/** Groups of processes that the head-end consists of: ours with its database, or what was watched of somebody else's. */
function systemGroups({ run, resources }: RunReport): readonly GroupFacts[] {
  const own = run.headend === 'builtin';
  return (resources?.groups ?? []).filter(({ kind, name }) => (own ? name === 'headend' || name === DATABASE_GROUP : kind === 'pid' || kind === 'cgroup'));
}

function cpuSeconds(report: RunReport): number | null {
  return report.verdict.resources.headendCpuSeconds ?? addedUp(systemGroups(report), cpuSecondsOf);
}

function memoryBytes(report: RunReport): number | null {
  return report.verdict.resources.peakRssBytes ?? addedUp(systemGroups(report), (group) => group.peakPssBytes ?? group.peakMemoryBytes);
}

/** Stored, or sent where nobody could look. */
/** Null also when the run did not come to its end: nobody knows how much of the grid's time it covers. */
function coresPerMillionMeters(report: RunReport): number | null {
  const { complete, steps, intervalSeconds, meters } = report.run;
  return complete ? ratio(cpuSeconds(report), ((steps * intervalSeconds) / 1e6) * meters) : null;
}

function readingsOf({ audit }: RunReport): number {
  return audit.stored > 0 ? audit.stored : audit.sent;
}

/** null: of one of them, or of all, it is not known. */
function addedUp(groups: readonly GroupFacts[], of: (group: GroupFacts) => number | null): number | null {
  return groups.length === 0 ? null : groups.reduce<number | null>((sum, group) => {
    const value = of(group);
    return sum === null || value === null ? null : sum + value;
  }, 0);
}

function ratio(value: number | null, by: number): number | null {
  return value === null || by === 0 ? null : value / by;
}

const GROUPS: readonly MeasureGroup[] = ['result', 'kpi', 'delays', 'needs'];

/** At a given speed the load sets these, and more or less of them is no merit. */
const SET_BY_SPEED: ReadonlySet<string> = new Set(['run.readingsPerSecond', 'run.wallSeconds']);
/** Not worth a line when there was none. */
const RARE: ReadonlySet<string> = new Set(['audit.wrong', 'audit.duplicate', 'run.reconnects']);

export const GROUP_TITLES: Readonly<Record<MeasureGroup, string>> = {
  result: 'Readings',
  kpi: 'How soon readings are there',
  delays: 'Delays',
  needs: 'Needs',
};

/** `runs`: by alternative, the reports of those that came to their end. A measure that no run tells is left out. */
export function comparedMeasures(runs: readonly (readonly RunReport[])[], speed: number | 'max'): readonly ComparedMeasure[] {
  return GROUPS.flatMap((group) => MEASURES[group].flatMap((measure) => compared(measure, group, { runs, speed })));
}

function compared(
  { id, label, better, computed }: Measure,
  group: MeasureGroup,
  of: { readonly runs: readonly (readonly RunReport[])[]; readonly speed: number | 'max' },
): readonly ComparedMeasure[] {
  const indicator = computed ?? indicatorOf(id);
  if (indicator === undefined) return [];
  const columns = of.runs.map((reports) => reports.map(indicator.read).filter((value) => value !== null));
  const all = columns.flat();
  if (all.length === 0 || (RARE.has(id) && all.every((value) => value === 0))) return [];
  const judged = of.speed !== 'max' && SET_BY_SPEED.has(id) ? null : better;
  return [{ id, group, label, unit: indicator.unit, better: judged, cells: marked(columns, judged) }];
}

/** Of single runs nobody knows what they differ by; less than this is not told apart. */
export const SAME_SHARE = 0.05;

/** `columns`: by alternative, the values of its runs. */
export function marked(columns: readonly (readonly number[])[], better: ComparedMeasure['better']): readonly MeasureCell[] {
  const cells = columns.map((values) => ({ values, median: medianOf(values) }));
  const medians = cells.flatMap(({ median }) => (median === null ? [] : [median]));
  const best = medians.reduce((a, b) => ((better === 'lower') === (a < b) ? a : b), medians[0] ?? 0);
  const bestValues = cells.filter(({ median }) => median === best).map(({ values }) => values);
  const asGood = (values: readonly number[]): boolean => bestValues.some((other) => reach(values, other));
  const comparable = better !== null && cells.some(({ values, median }) => median !== null && !asGood(values));
  return cells.map(({ values, median }) => {
    if (median === null || !comparable) return { values, median, mark: null, timesBest: null };
    const timesBest = best > 0 ? median / best : null;
    if (median === best) return { values, median, mark: 'best', timesBest };
    return { values, median, mark: asGood(values) ? 'noise' : 'worse', timesBest };
  });
}

/** Whether runs of one alternative reach into those of the other. */
function reach(a: readonly number[], b: readonly number[]): boolean {
  const slack = a.length < 2 || b.length < 2 ? SAME_SHARE : 0;
  const [lowA, highA, lowB, highB] = [Math.min(...a), Math.max(...a), Math.min(...b), Math.max(...b)];
  return lowA * (1 - slack) <= highB && lowB * (1 - slack) <= highA;
}

/** null: there is no value. */
export function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle];
  if (high === undefined) return null;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}
