/** Pictures of resources by group, over the time of the machine. */

import { bytes, digits3, whole } from '../base/format.ts';
import type { GroupSeries, GroupUse } from '../monitor/group-use.ts';
import type { HostUse } from '../monitor/host-use.ts';
import { coresIn, memoryAt, momentsOf, type Moments } from './process-series.ts';
import { groupName } from './resource-content.ts';
import type { RunReport } from './run-report.ts';
import { extent, type Chart, type ChartSeries } from './svg-chart.ts';

const STRETCHES_MAX = 240;

/** None without samples. */
export function resourceCharts(report: RunReport): readonly Chart[] {
  const { resources } = report;
  if (resources === null) return [];
  const { groups, host } = resources;
  const moments = momentsOf(groups.map(({ series }) => series), STRETCHES_MAX);
  if (moments.endsMs.length === 0) return [];
  const charts = [
    ...(host === null ? [] : [machine(report, host)]),
    byGroup(report, moments, {
      id: 'disk-use',
      title: 'Disk by group',
      what: 'Read from and written to disk',
      unit: 'B/s',
      values: (group) => rateIn(group.series, both(group.series.diskReadBytesPerSecond, group.series.diskWrittenBytesPerSecond), moments),
      text: (value) => `${bytes(value)}/s`,
    }),
    byGroup(report, moments, {
      id: 'network-use',
      title: 'Network by group',
      what: 'Bytes of messages, sent and received, as simulators and head-end count them; of the machine, over all interfaces',
      unit: 'B/s',
      values: (group) => rateIn(group.series, group.series.networkBytesPerSecond, moments),
      text: (value) => `${bytes(value)}/s`,
    }),
    byGroup(report, moments, {
      id: 'open-connections',
      title: 'Open connections by group',
      what: 'TCP connections that are established',
      unit: 'connections',
      values: (group) => levelAt(group.series, group.series.connections, moments),
      text: whole,
    }),
  ];
  return charts.filter(({ series }) => series.length > 0);
}

interface Quantity {
  readonly id: string;
  readonly title: string;
  readonly what: string;
  readonly unit: 'B/s' | 'connections';
  /** Empty: not known of the group. */
  readonly values: (group: GroupUse) => readonly number[];
  readonly text: (value: number) => string;
}

function byGroup(report: RunReport, moments: Moments, quantity: Quantity): Chart {
  const groups = report.resources?.groups ?? [];
  const series: readonly ChartSeries[] = groups
    .map((group, colour) => ({ name: groupName(group), colour: colour % COLOURS, values: quantity.values(group) }))
    .filter(({ values }) => values.length > 0);
  const peak = extent(series.map(({ values }) => values)).highest;
  const counted = quantity.unit === 'connections';
  return {
    ...overTheRun(report, moments),
    id: quantity.id,
    title: quantity.title,
    caption: `${quantity.what}; at most ${quantity.text(peak)} of one group.`,
    unit: quantity.unit,
    physical: !counted,
    whole: counted,
    series,
    steps: !counted,
    reference: null,
  };
}

const COLOURS = 6;

function machine(report: RunReport, host: HostUse): Chart {
  const moments = momentsOf([host.series], STRETCHES_MAX);
  const busy = rateIn(host.series, host.series.cpuCores, moments);
  const stolen = rateIn(host.series, host.series.stolenCores, moments);
  const shown = stolen.some((cores) => cores > 0.01);
  const peak = extent([busy]).highest;
  return {
    ...overTheRun(report, moments),
    id: 'machine-use',
    title: 'Processors of the machine',
    caption: `Cores that are busy with anything, others' work included: at most ${digits3(peak)} of ${whole(host.cores)}.`,
    unit: 'cores',
    physical: false,
    whole: false,
    series: [{ name: 'busy', colour: 0, values: busy }, ...(shown ? [{ name: 'taken by the hypervisor', colour: 1, values: stolen }] : [])],
    steps: true,
    reference: { value: host.cores, label: `all cores: ${whole(host.cores)}` },
  };
}

function overTheRun(report: RunReport, moments: Moments): Pick<Chart, 'axis' | 'x' | 'stacked' | 'fromLowest' | 'wide'> {
  const x = moments.endsMs.map((ms) => ms / 1000);
  return { axis: { kind: 'wall', from: 0, to: Math.max(report.run.wallSeconds, x.at(-1) ?? 0, 0.001) }, x, stacked: false, fromLowest: false, wide: 'half' };
}

function both(a: readonly number[], b: readonly number[]): readonly number[] {
  return a.length === 0 ? b : a.map((value, i) => value + (b[i] ?? 0));
}

/** Means of the stretches, of a column of rates. */
function rateIn({ wallMs }: Pick<GroupSeries, 'wallMs'>, values: readonly number[], moments: Moments): readonly number[] {
  return values.length === 0 ? [] : coresIn([{ wallMs, cpuCores: values }], moments);
}

/** Levels at the ends of the stretches. */
function levelAt({ wallMs }: Pick<GroupSeries, 'wallMs'>, values: readonly number[], moments: Moments): readonly number[] {
  return values.length === 0 ? [] : memoryAt([{ wallMs, rssBytes: values }], moments);
}
