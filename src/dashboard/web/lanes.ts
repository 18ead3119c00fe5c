/** What the timeline shows: values in lanes, and events, all on one axis. */

import { dateTime, duration } from '../../base/format.ts';
import type { TimeAxis } from '../../report/chart-axis.ts';
import { backlogChart, gridCharts, linkCharts, machineCharts, stepsPlayed } from '../../report/report-charts.ts';
import { isGrave } from '../../report/report-content.ts';
import type { RunReport } from '../../report/run-report.ts';
import type { Chart } from '../../report/svg-chart.ts';
import { connectionsChart } from './more-charts.ts';
import { resourceCharts } from './resource-charts.ts';
import type { TimeMap } from './time-map.ts';

export type Clock = 'machine' | 'grid';

export type Level = 'critical' | 'error' | 'warning' | 'info';

export interface LaneEvent {
  /** In addresses. */
  readonly id: string;
  readonly lane: string;
  readonly level: Level;
  readonly title: string;
  readonly evidence: string;
  readonly remedy: string;
  readonly fields: readonly (readonly [string, string])[];
  /** Seconds of the machine since the run began; equal: a moment. */
  readonly from: number;
  readonly to: number;
}

/** The whole of the axis. */
export function axisOf(report: RunReport, clock: Clock, map: TimeMap): TimeAxis {
  const { run, series } = report;
  const machineTo = Math.max(run.wallSeconds, (series.wallMs.at(-1) ?? 0) / 1000, 0.001);
  if (clock === 'machine') return { kind: 'wall', from: 0, to: machineTo };
  const to = Math.max(map.toGrid(machineTo), run.startUnixSeconds + run.intervalSeconds);
  // What happens after the last step has no time of the grid; as fast as it goes, nor has what an interrupted run did not play.
  const played = run.speed === 'max' && series.arrivedInTime.length > 0 ? stepsPlayed(report) : run.steps;
  return { kind: 'grid', from: run.startUnixSeconds, to: Math.min(to, run.startUnixSeconds + Math.max(1, played) * run.intervalSeconds), offsetMinutes: run.offsetMinutes };
}

/** Lanes of values, from the grid's to the machine's. */
export function lanesOf(report: RunReport): readonly Chart[] {
  const [progress, rate, processor, memory] = machineCharts(report);
  const [communicating, perStep, load] = gridCharts(report);
  const resources = resourceCharts(report).filter(({ id }) => id !== 'group-processor' && id !== 'group-memory');
  const all = [communicating, perStep, ...linkCharts(report), connectionsChart(report), rate, backlogChart(report), progress, processor, memory, load, ...resources];
  return all.filter((chart) => chart !== undefined && chart !== null).filter(({ series, x }) => series.length > 0 && x.length > 1);
}

/** Of the intervals before their timestamps, whenever that is sent. */
const MEASURED = 'grid-load';

/**
 * A lane on the axis of the timeline. What is sent in a step, whose readings bear its begin, stands there until the next one begins; the pictures of
 * a report have it before its timestamp, where it was measured.
 */
export function onAxis(chart: Chart, axis: TimeAxis, of: { readonly map: TimeMap; readonly intervalSeconds: number }): Chart {
  const { map, intervalSeconds } = of;
  const ends = chart.axis.kind === 'grid' && chart.steps && chart.id !== MEASURED ? chart.x.map((at) => at + intervalSeconds) : chart.x;
  if (chart.axis.kind === axis.kind) return { ...chart, axis, x: ends };
  return { ...chart, axis, x: ends.map((at) => (axis.kind === 'wall' ? map.toMachine(at) : map.toGrid(at))) };
}

/** The lane of what was made out to be one. */
export const PROBLEMS = 'Problems';

/** Whether the report holds all events of the run and of what was watched; else it holds the most severe ones. */
export function reportsAll({ events }: RunReport): boolean {
  return events !== undefined && events.shown.length >= events.total;
}

/** Problems, and what the report knows of restarts and events. Problems keep their place in it as their number. */
export function eventsOf(report: RunReport): readonly LaneEvent[] {
  const { verdict, events, run } = report;
  const problems = verdict.problems.map((problem, i): LaneEvent => {
    const { id, title, evidence, remedy = '', from, to } = problem;
    return { id: `problem-${i}`, lane: PROBLEMS, level: isGrave(problem) ? 'critical' : 'warning', title, evidence, remedy, fields: [['id', id]], from: from / 1000, to: to / 1000 };
  });
  if (events !== undefined) {
    const shown = events.shown.map(({ atMs, target, rule, severity, text, fields }, i): LaneEvent => {
      return { id: `event-${i}`, lane: `Events: ${target}`, level: severity, title: rule, evidence: text, remedy: '', fields: Object.entries(fields), from: atMs / 1000, to: atMs / 1000 };
    });
    return [...problems, ...shown];
  }
  const restarts = run.restarts.map(({ process, atMs, why }, i): LaneEvent => {
    const title = `${process} was started again`;
    return { id: `restart-${i}`, lane: 'Restarts', level: 'error', title, evidence: `It ended with ${why}.`, remedy: '', fields: [], from: atMs / 1000, to: atMs / 1000 };
  });
  return [...problems, ...restarts];
}

/** An event of the grid (a blackout) stands where the run came to its time, not where it was noticed, which at `max` may be many steps later. */
export function atItsTime(event: LaneEvent, map: TimeMap, report: RunReport): LaneEvent {
  const seconds = Number(event.fields.find(([name]) => name === 'gridSeconds')?.[1] ?? NaN);
  if (event.lane !== OF_THE_RUN || !Number.isFinite(seconds)) return event;
  const at = map.toMachine(report.run.startUnixSeconds + seconds);
  return { ...event, from: at, to: at };
}

const OF_THE_RUN = 'Events: run';

/** A time of the machine on the clock of the grid. */
export function gridText(seconds: number, map: TimeMap, { run }: RunReport): string {
  const grid = map.toGrid(seconds);
  return grid > run.startUnixSeconds + run.steps * run.intervalSeconds ? 'at its end' : dateTime(grid, run.offsetMinutes);
}

/** When it was, on both clocks. */
export function whenText(event: LaneEvent, map: TimeMap, report: RunReport): string {
  const { from, to } = event;
  const grid = (seconds: number): string => gridText(seconds, map, report);
  if (from === 0 && to >= report.run.wallSeconds - 0.002) return 'throughout the run';
  if (to < 0) return `${duration(-from)} before the begin`;
  return from === to ? `${duration(from)} after the begin; grid: ${grid(from)}` : `${duration(from)} to ${duration(to)} after the begin; grid: ${grid(from)} to ${grid(to)}`;
}
