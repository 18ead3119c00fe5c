/** Which pictures a report has, and from which of its numbers. */

import { inUnit, type TimeAxis } from './chart-axis.ts';
import { bytes, digits3, duration, percent, short, whole } from '../base/format.ts';
import { hasConnectionSeries } from './link-content.ts';
import { coresIn, memoryAt, momentsOf } from './process-series.ts';
import { GROUP_NAMES } from './report-content.ts';
import type { LinkFacts } from './link-facts.ts';
import { watchedGroups } from './resource-content.ts';
import type { GroupFacts } from './resource-facts.ts';
import type { RunReport } from './run-report.ts';
import { extent, type Chart, type ChartSeries } from './svg-chart.ts';
import { sawStoring } from './verdict.ts';

const NO_REFERENCE = null;
/** More processes than these are drawn by group. */
export const PROCESSES_DRAWN = 6;
const STRETCHES_MAX = 240;

/** Over the time of the grid. */
export function gridCharts(report: RunReport): readonly Chart[] {
  return [communicatingMeters(report), readingsPerStep(report), gridLoad(report)];
}

/** Over the time of the machine. */
export function machineCharts(report: RunReport): readonly Chart[] {
  return [progress(report), rate(report), processorUse(report), memoryUse(report)];
}

/** Over the time of the grid; none when nobody waited for a link. */
export function linkCharts(report: RunReport): readonly Chart[] {
  const { links } = report;
  return links !== null && hasConnectionSeries(links) ? [connections(report, links)] : [];
}

/** Steps to draw: all, or of an interrupted run those of which anything arrived. What it did not play is not 0, but unknown. */
export function stepsPlayed({ run, series }: RunReport): number {
  if (run.complete) return series.stepUnixSeconds.length;
  return 1 + series.arrivedInTime.findLastIndex((count, i) => count > 0 || (series.arrivedLate[i] ?? 0) > 0);
}

/** Over the first so many steps. The first one's interval ends at its own time, so the axis begins one interval before. */
function overSteps({ run, series }: RunReport, steps: number): Pick<Chart, 'axis' | 'x' | 'steps' | 'reference'> {
  const x = series.stepUnixSeconds.slice(0, steps);
  const first = series.stepUnixSeconds[0] ?? run.startUnixSeconds;
  const axis = { kind: 'grid', from: first - run.intervalSeconds, to: x.at(-1) ?? first, offsetMinutes: run.offsetMinutes } as const;
  return { axis, x, steps: true, reference: NO_REFERENCE };
}

/** Only columns that have a value for each x can be drawn. */
function drawable(x: readonly number[], series: readonly ChartSeries[]): readonly ChartSeries[] {
  return series.filter(({ values }) => values.length === x.length && x.length > 0);
}

function communicatingMeters(report: RunReport): Chart {
  const { run, series } = report;
  const over = overSteps(report, stepsPlayed(report));
  const values = series.communicatingMeters.slice(0, over.x.length);
  const { lowest, highest } = extent([values]);
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const share = run.meters > 0 ? ` (${percent(mean / run.meters)} of ${whole(run.meters)})` : '';
  return {
    ...over,
    id: 'communicating-meters',
    title: 'Number of communicating meters during the test',
    caption: `Meters of which at least one reading, sent in the step, is stored: from ${whole(lowest)} to ${whole(highest)}, ${whole(mean)} on average${share}. Nights, 22:00 to 06:00, are shaded.`,
    unit: 'meters',
    physical: false,
    whole: true,
    series: drawable(over.x, [{ name: 'communicating meters', colour: 0, values }]),
    stacked: false,
    reference: { value: run.meters, label: `all meters: ${whole(run.meters)}` },
    fromLowest: true,
    wide: 'full',
  };
}

function readingsPerStep(report: RunReport): Chart {
  const { series, audit } = report;
  const over = overSteps(report, stepsPlayed(report));
  const [inTime, late] = [series.arrivedInTime.slice(0, over.x.length), series.arrivedLate.slice(0, over.x.length)];
  const share = audit.stored > 0 ? ` (${percent(audit.late / audit.stored)})` : '';
  const peak = extent([inTime.map((count, i) => count + (late[i] ?? 0))]).highest;
  return {
    ...over,
    id: 'readings-per-step',
    title: 'Readings per step',
    caption: `Stored readings by the step in which they were sent, at most ${short(peak)} in one. Late: measured in an earlier step; ${short(audit.late)} in all${share}.`,
    unit: 'readings',
    physical: false,
    whole: true,
    series: drawable(over.x, [
      { name: 'in time', colour: 0, values: inTime },
      { name: 'late', colour: 1, values: late },
    ]),
    stacked: true,
    fromLowest: false,
    wide: 'half',
  };
}

function gridLoad(report: RunReport): Chart {
  const { run, series } = report;
  const hours = run.intervalSeconds / 3600;
  const over = overSteps(report, stepsPlayed(report));
  const energyWh = series.energyWh.slice(0, over.x.length);
  const watts = energyWh.map((wh) => (hours > 0 ? wh / hours : 0));
  const { lowest, highest } = extent([watts]);
  const unit = { unit: 'W', physical: true };
  const energy = energyWh.reduce((sum, wh) => sum + wh, 0);
  return {
    ...over,
    id: 'grid-load',
    title: 'Load of the grid',
    caption: `Mean power of all meters in each step, from ${inUnit(lowest, unit)} to ${inUnit(highest, unit)}; ${inUnit(energy, { unit: 'Wh', physical: true })} in all.`,
    ...unit,
    whole: false,
    series: drawable(over.x, [{ name: 'load', colour: 2, values: watts }]),
    stacked: true,
    fromLowest: false,
    wide: 'half',
  };
}

function connections(report: RunReport, links: LinkFacts): Chart {
  const { connectionsLost, connectionsMade } = links;
  // Lines come and go also while the rest of an interrupted run is stored.
  const last = connectionsMade.findLastIndex((count, i) => count > 0 || (connectionsLost[i] ?? 0) > 0);
  const over = overSteps(report, Math.max(stepsPlayed(report), 1 + last));
  const [lost, made] = [connectionsLost.slice(0, over.x.length), connectionsMade.slice(0, over.x.length)];
  return {
    ...over,
    id: 'connections',
    title: 'Connections lost and made',
    caption: `Lost because their line went down: ${inSteps(lost)}. Made: ${inSteps(made)}; the first of each link among them.`,
    unit: 'connections',
    physical: false,
    whole: true,
    series: drawable(over.x, [
      { name: 'lost', colour: 1, values: lost },
      { name: 'made', colour: 2, values: made },
    ]),
    stacked: false,
    fromLowest: false,
    wide: 'full',
  };
}

function inSteps(counts: readonly number[]): string {
  return `${whole(counts.reduce((sum, count) => sum + count, 0))}, at most ${whole(extent([counts]).highest)} in a step`;
}

function wallAxis(report: RunReport, lastSeconds: number): TimeAxis {
  return { kind: 'wall', from: 0, to: Math.max(report.run.wallSeconds, lastSeconds, 0.001) };
}

/** Sent, confirmed, and stored unless nobody could see it. */
function progressSeries(report: RunReport): readonly ChartSeries[] {
  const { series } = report;
  return drawable(series.wallMs, [
    { name: 'sent', colour: 0, values: series.sentReadings },
    { name: 'confirmed', colour: 1, values: series.confirmedReadings },
    ...(sawStoring(report) ? [{ name: 'stored', colour: 2, values: series.storedReadings }] : []),
  ]);
}

function progress(report: RunReport): Chart {
  const { series, run } = report;
  const x = series.wallMs.map((ms) => ms / 1000);
  const lag = extent([series.sentReadings.map((sent, i) => sent - (series.storedReadings[i] ?? sent))]).highest;
  const drawn = progressSeries(report);
  const backlog = drawn.length === 3 ? ` At most ${short(Math.max(0, lag))} readings were on their way to the store at once.` : '';
  return {
    id: 'progress',
    title: 'Progress of the run',
    caption: `Readings since the begin, over ${duration(run.wallSeconds)} on this machine.${backlog}`,
    unit: 'readings',
    physical: false,
    whole: true,
    axis: wallAxis(report, x.at(-1) ?? 0),
    x,
    series: drawn,
    stacked: false,
    steps: false,
    reference: NO_REFERENCE,
    fromLowest: false,
    wide: 'half',
  };
}

/** Samples for one point of the rate: enough of them that it does not flicker. */
const RATE_POINTS_MAX = 60;

function rate(report: RunReport): Chart {
  const { series, run } = report;
  const stride = Math.max(1, Math.ceil(series.wallMs.length / RATE_POINTS_MAX));
  const ends = series.wallMs.map((_, i) => i).filter((i) => i % stride === stride - 1 || i === series.wallMs.length - 1);
  const x = ends.map((i) => (series.wallMs[i] ?? 0) / 1000);
  const rates = progressSeries(report)
    .filter(({ name }) => name !== 'confirmed')
    .map(({ name, colour, values }) => ({
      name,
      colour,
      values: ends.map((end, i) => perSecond({ ms: series.wallMs, values }, { from: ends[i - 1], to: end })),
    }));
  return {
    id: 'rate',
    title: 'Rate',
    caption: `Readings per second on this machine, ${short(run.readingsPerSecond)} on average.`,
    unit: 'readings per second',
    physical: false,
    whole: true,
    axis: wallAxis(report, x.at(-1) ?? 0),
    x,
    series: drawable(x, rates),
    stacked: false,
    steps: true,
    reference: NO_REFERENCE,
    fromLowest: false,
    wide: 'half',
  };
}

/** `from` undefined: the begin of the run. */
function perSecond(
  column: { readonly ms: readonly number[]; readonly values: readonly number[] },
  span: { readonly from: number | undefined; readonly to: number },
): number {
  const fromMs = span.from === undefined ? 0 : (column.ms[span.from] ?? 0);
  const before = span.from === undefined ? 0 : (column.values[span.from] ?? 0);
  const seconds = ((column.ms[span.to] ?? 0) - fromMs) / 1000;
  return seconds > 0 ? Math.max(0, (column.values[span.to] ?? 0) - before) / seconds : 0;
}

/** Null: nobody can look into the store of this head-end. A direct intake confirms what is stored: there, what is sent waits. */
export function backlogChart(report: RunReport): Chart | null {
  const { series, audit } = report;
  if (!sawStoring(report)) return null;
  const x = series.wallMs.map((ms) => ms / 1000);
  const direct = report.store?.intake === 'direct';
  // What left again is no more readings.
  const taken = direct ? series.sentReadings.map((sent) => (audit.sent > 0 ? Math.min(sent, audit.sent) : sent)) : series.confirmedReadings;
  const values = taken.map((count, i) => Math.max(0, count - (series.storedReadings[i] ?? 0)));
  return {
    id: 'backlog',
    title: 'Backlog',
    caption: `Readings that are ${direct ? 'sent' : 'confirmed'} and not yet in the store, at most ${short(extent([values]).highest)} at one time.`,
    unit: 'readings',
    physical: false,
    whole: true,
    axis: wallAxis(report, x.at(-1) ?? 0),
    x,
    series: drawable(x, [{ name: 'backlog', colour: 1, values }]),
    stacked: false,
    steps: false,
    reference: NO_REFERENCE,
    fromLowest: false,
    wide: 'half',
  };
}

/** The values of the timeline, over the time of the machine: what was handed over, what waits, and who is busy with it. */
export function timelineLanes(report: RunReport): readonly Chart[] {
  const lanes = [rate(report), backlogChart(report), processorUse(report)].filter((chart) => chart !== null);
  return lanes.filter(({ x, series }) => x.length > 0 && series.length > 0);
}

/** Seconds of the machine, from the begin of the run to the end of what was measured. */
export function timelineAxis(report: RunReport): TimeAxis {
  const ends = timelineLanes(report).map(({ axis }) => axis.to);
  return wallAxis(report, Math.max(0, ...ends));
}

const GROUP_ORDER = ['headend', 'simulator', 'runner'] as const;
/** Of the page's style. */
const COLOURS = 6;

/** Groups of processes that the user named: not the machine, of which our own are a part. */
function watchedParts({ resources }: RunReport): readonly GroupFacts[] {
  return watchedGroups(resources).filter(({ kind, series }) => kind !== 'host' && series.wallMs.length > 0);
}


function processorUse(report: RunReport): Chart {
  const { processes, machine } = report;
  const watched = watchedParts(report);
  const moments = momentsOf([...processes, ...watched.map(({ series: part }) => part)], STRETCHES_MAX);
  const x = moments.endsMs.map((ms) => ms / 1000);
  const own = GROUP_ORDER.map((group, colour) => {
    const members = processes.filter((process) => process.group === group);
    return { name: GROUP_NAMES[group], colour, values: members.length === 0 ? [] : coresIn(members, moments) };
  }).filter(({ values }) => values.length > 0);
  const others = watched.map(({ name, series: part }, i) => ({ name, colour: (GROUP_ORDER.length + i) % COLOURS, values: coresIn([part], moments) }));
  const series = [...own, ...others];
  const total = extent([x.map((_, i) => series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0))]).highest;
  const near = machine.cores <= total * 2;
  return {
    id: 'processor-use',
    title: 'Processor use by group',
    caption: `Cores that are busy with the processes of the run${watched.length === 0 ? '' : ' and with what was watched'}, at most ${digits3(total)} of ${whole(machine.cores)}.`,
    unit: 'cores',
    physical: false,
    whole: false,
    axis: wallAxis(report, x.at(-1) ?? 0),
    x,
    series: drawable(x, series),
    stacked: true,
    steps: true,
    reference: near ? { value: machine.cores, label: `all cores: ${whole(machine.cores)}` } : NO_REFERENCE,
    fromLowest: false,
    wide: 'half',
  };
}

function memoryUse(report: RunReport): Chart {
  const { processes } = report;
  const watched = watchedParts(report).filter(({ series: part }) => part.memoryBytes.length > 0);
  const moments = momentsOf([...processes, ...watched.map(({ series: part }) => part)], STRETCHES_MAX);
  const x = moments.endsMs.map((ms) => ms / 1000);
  const byProcess = processes.length <= PROCESSES_DRAWN;
  const lines = byProcess
    ? processes.map((process) => ({ name: process.name, members: [process] }))
    : GROUP_ORDER.map((group) => {
        const members = processes.filter((process) => process.group === group);
        return { name: `${GROUP_NAMES[group]} (${members.length})`, members };
      });
  const own = lines.filter(({ members }) => members.length > 0).map(({ name, members }) => ({ name, values: memoryAt(members, moments) }));
  const others = watched.map(({ name, series: { wallMs, memoryBytes } }) => ({ name, values: memoryAt([{ wallMs, rssBytes: memoryBytes }], moments) }));
  const series = [...own, ...others].map(({ name, values }, i) => ({ name, values, colour: i % COLOURS }));
  const sum = extent([memoryAt(processes, moments)]).highest;
  return {
    id: 'memory-use',
    title: byProcess ? 'Memory by process' : 'Memory by group',
    caption: `Resident memory${byProcess ? '' : ', sums of the processes of a group'}; all together at most ${bytes(sum)} at one time.`,
    unit: 'B',
    physical: true,
    whole: false,
    axis: wallAxis(report, x.at(-1) ?? 0),
    x,
    series: drawable(x, series),
    stacked: false,
    steps: false,
    reference: NO_REFERENCE,
    fromLowest: false,
    wide: 'half',
  };
}
