/** What each group of processes took, over time. */

import { bytes, digits3, whole } from '../../base/format.ts';
import { momentsOf, coresIn, memoryAt } from '../../report/process-series.ts';
import { GROUP_NAMES } from '../../report/report-content.ts';
import type { RunReport } from '../../report/run-report.ts';
import { extent, type Chart } from '../../report/svg-chart.ts';

type Groups = NonNullable<RunReport['resources']>['groups'];
type Column = Exclude<keyof Groups[number]['series'], 'wallMs'>;

interface Kind {
  readonly id: string;
  readonly column: Column;
  readonly title: string;
  readonly unit: string;
  readonly physical: boolean;
  readonly whole: boolean;
  readonly stacked: boolean;
  readonly caption: (highest: number) => string;
}

const perSecond = (what: string) => (highest: number): string => `${what}, at most ${bytes(highest)} a second of one group.`;

const KINDS: readonly Kind[] = [
  { id: 'group-processor', column: 'cpuCores', title: 'Processor', unit: 'cores', physical: false, whole: false, stacked: false, caption: (highest) => `Cores that are busy with a group, at most ${digits3(highest)}.` },
  { id: 'group-memory', column: 'memoryBytes', title: 'Memory', unit: 'B', physical: true, whole: false, stacked: false, caption: (highest) => `Resident memory of a group, at most ${bytes(highest)}.` },
  { id: 'group-disk-written', column: 'diskWrittenBytesPerSecond', title: 'Written to disk', unit: 'B/s', physical: true, whole: false, stacked: false, caption: perSecond('Bytes written') },
  { id: 'group-disk-read', column: 'diskReadBytesPerSecond', title: 'Read from disk', unit: 'B/s', physical: true, whole: false, stacked: false, caption: perSecond('Bytes read') },
  { id: 'group-network', column: 'networkBytesPerSecond', title: 'Network', unit: 'B/s', physical: true, whole: false, stacked: false, caption: perSecond('Bytes sent and received') },
  { id: 'group-connections', column: 'connections', title: 'TCP connections', unit: 'connections', physical: false, whole: true, stacked: false, caption: (highest) => `Established connections of a group, at most ${whole(highest)}.` },
  { id: 'group-descriptors', column: 'descriptors', title: 'Open descriptors', unit: 'descriptors', physical: false, whole: true, stacked: false, caption: (highest) => `Files and sockets that a group holds open, at most ${whole(highest)}.` },
];

const COLOURS = 6;

/** None before the run is over: groups are added up then. Columns that are not known, or 0 throughout, are left out. */
export function resourceCharts(report: RunReport): readonly Chart[] {
  const { resources } = report;
  if (resources === null) return [];
  return KINDS.map((kind) => chartOf(kind, resources.groups, report.run.wallSeconds)).filter((chart) => chart !== null);
}

function chartOf(kind: Kind, groups: Groups, wallSeconds: number): Chart | null {
  const { column, caption, ...look } = kind;
  const drawn = groups.map((group, colour) => ({ group, colour: colour % COLOURS })).filter(({ group }) => group.series[column].length > 0);
  // Groups are sampled together; one that came later has fewer samples, at the end.
  const longest = drawn.reduce<readonly number[]>((most, { group }) => (group.series.wallMs.length > most.length ? group.series.wallMs : most), []);
  const series = drawn.map(({ group, colour }) => ({ name: groupTitle(group.name), colour, values: aligned(longest, group.series.wallMs, group.series[column]) }));
  const { highest } = extent(series.map(({ values }) => values));
  if (series.length === 0 || highest === 0) return null;
  const x = longest.map((ms) => ms / 1000);
  const { id, ...rest } = look;
  return {
    ...rest,
    id,
    caption: caption(highest),
    axis: { kind: 'wall', from: 0, to: Math.max(wallSeconds, x.at(-1) ?? 0, 0.001) },
    x,
    series,
    steps: false,
    reference: null,
    fromLowest: false,
    wide: 'half',
  };
}

/** The column at other times: of each its last sample before; a gap where there is none. */
function aligned(timesMs: readonly number[], ownMs: readonly number[], values: readonly number[]): readonly number[] {
  let next = 0;
  return timesMs.map((ms) => {
    while (next < ownMs.length && ownMs[next]! <= ms) next++;
    return next === 0 ? NaN : (values[next - 1] ?? NaN);
  });
}

const STRETCHES_MAX = 300;

/** Each process by itself; by how much processor time it took. */
export function processCharts(report: RunReport): readonly Chart[] {
  const { processes, run } = report;
  const moments = momentsOf(processes, STRETCHES_MAX);
  const x = moments.endsMs.map((ms) => ms / 1000);
  const axis = { kind: 'wall', from: 0, to: Math.max(run.wallSeconds, x.at(-1) ?? 0, 0.001) } as const;
  const most = processes.toSorted((a, b) => b.cpuSeconds - a.cpuSeconds).slice(0, COLOURS);
  const rest = processes.length > most.length ? ` The ${COLOURS} that took most processor time of ${processes.length}.` : '';
  const base = { axis, x, stacked: false, reference: null, fromLowest: false, whole: false } as const;
  const lines = (of: (process: (typeof processes)[number]) => readonly number[]): Chart['series'] =>
    x.length === 0 ? [] : most.map((process, colour) => ({ name: process.name, colour, values: of(process) }));
  return [
    { ...base, id: 'process-processor', title: 'Processor by process', caption: `Cores that are busy with a process.${rest}`, unit: 'cores', physical: false, series: lines((process) => coresIn([process], moments)), steps: true, wide: 'half' },
    { ...base, id: 'process-memory', title: 'Memory by process', caption: `Resident memory of a process.${rest}`, unit: 'B', physical: true, series: lines((process) => memoryAt([process], moments)), steps: false, wide: 'half' },
  ];
}

export function groupTitle(name: string): string {
  return (GROUP_NAMES as Readonly<Record<string, string>>)[name] ?? name;
}
