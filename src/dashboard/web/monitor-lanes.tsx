/**
 * What was watched beside the run's own series: values of servers and databases, each in a lane. The server answers as many
 * points as the screen has, with the lowest and highest of what lies between; a nearer look asks again.
 */

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import type { RunState } from '../server/run-view.ts';
import type { TimeAxis } from '../../report/chart-axis.ts';
import type { Chart } from '../../report/svg-chart.ts';
import { api, type MonitorFacts, type MonitorPoints, useLoaded } from './api.ts';
import type { LaneEvent } from './lanes.ts';
import type { View } from './plot-painter.ts';
import type { TimeMap } from './time-map.ts';

export interface Monitored {
  readonly facts: MonitorFacts | null;
  readonly events: readonly LaneEvent[];
}

const OWN_TARGET = 'run';
const POINTS = 600;
const LANES_MAX = 12;
const EVENTS_MAX = 2000;

const FRESH_MS = 5000;

/** `wantEvents`: the report does not hold all of them. */
export function useMonitor(run: string, of: { readonly state: RunState; readonly elapsedMs: number; readonly wantEvents: boolean }): Monitored {
  const { state, elapsedMs, wantEvents } = of;
  const facts = useLoaded(`monitor ${run} ${state} ${Math.floor(elapsedMs / FRESH_MS)}`, (signal) => api.monitor(run, signal));
  const value = facts.value;
  const began = value?.beganUnixMs ?? null;
  const range = value?.range ?? null;
  const key = began === null || range === null || !wantEvents ? null : `events ${run} ${range.to}`;
  const events = useLoaded(key, (signal) => api.monitorEvents(run, { from: range?.from ?? 0, to: (range?.to ?? 0) + 1, limit: EVENTS_MAX }, signal));
  const others = useMemo(() => {
    return (events.value?.events ?? [])
      .map(({ id, timeMs, target, rule, severity, text, fields }): LaneEvent => {
        const at = (timeMs - (began ?? 0)) / 1000;
        return { id: `monitor-${id}`, lane: `Events: ${target}`, level: severity, title: rule, evidence: text, remedy: '', fields: Object.entries(fields), from: at, to: at };
      });
  }, [events.value, began]);
  return { facts: value, events: others };
}

interface MonitorLanesProps {
  readonly monitor: Monitored;
  readonly run: string;
  readonly axis: TimeAxis;
  readonly view: View;
  readonly map: TimeMap;
  readonly lane: (chart: Chart) => VNode;
}

export function MonitorLanes({ monitor, run, axis, view, map, lane }: MonitorLanesProps): VNode | null {
  const { facts } = monitor;
  const series = useMemo(() => (facts?.series ?? []).filter(({ target }) => target !== OWN_TARGET), [facts]);
  const [shown, setShown] = useState(LANES_MAX);
  const drawn = series.slice(0, shown);
  const began = facts?.beganUnixMs ?? null;
  const machine = axis.kind === 'wall' ? view : { from: map.toMachine(view.from), to: map.toMachine(view.to) };
  const [asked, setAsked] = useState(machine);
  useEffect(() => {
    // Not for each step of a zoom that goes on.
    const timer = setTimeout(() => setAsked(machine), 200);
    return () => clearTimeout(timer);
  }, [machine.from, machine.to]);
  const key = began === null || drawn.length === 0 ? null : `lanes ${run} ${asked.from} ${asked.to} ${drawn.length}`;
  const points = useLoaded(key, (signal) => {
    const [from, to] = [(began ?? 0) + asked.from * 1000, (began ?? 0) + asked.to * 1000];
    return api.monitorSeries(run, { ids: drawn.map(({ id }) => id), from, to: Math.max(to, from + 1), points: POINTS }, signal);
  });
  if (facts === null || series.length === 0) return null;
  return (
    <>
      {drawn.map(({ id, target, name, unit }) => {
        const found = points.value?.series.find((one) => one.series === id);
        return found === undefined || began === null ? null : lane(chartOf(found, { id, target, name, unit, axis, map, began }));
      })}
      {points.error !== null && <p class="empty">{points.error}</p>}
      {series.length > shown && (
        <p class="empty">
          <button type="button" class="small-button" onClick={() => setShown(shown + LANES_MAX)}>
            {series.length - shown} more series
          </button>
        </p>
      )}
    </>
  );
}

interface Drawn {
  readonly id: number;
  readonly target: string;
  readonly name: string;
  readonly unit: string;
  readonly axis: TimeAxis;
  readonly map: TimeMap;
  readonly began: number;
}

function chartOf(points: MonitorPoints, of: Drawn): Chart {
  const { id, target, name, unit, axis, map, began } = of;
  const machine = points.timeMs.map((ms) => (ms - began) / 1000);
  const spread = points.samples.some((count) => count > 1);
  const lines = spread ? [{ name: 'highest', colour: 1, values: points.max }, { name: 'mean', colour: 0, values: points.mean }, { name: 'lowest', colour: 2, values: points.min }] : [{ name: 'value', colour: 0, values: points.mean }];
  return {
    id: `monitor-${id}`,
    title: `${target}: ${name}`,
    caption: `Watched at ${target}${unit === '' ? '' : `, in ${unit}`}.`,
    unit: unit.replace(/^bytes\b/, 'B'),
    physical: /^(?:bytes|B)\b/.test(unit),
    whole: false,
    axis,
    x: axis.kind === 'wall' ? machine : machine.map((at) => map.toGrid(at)),
    series: lines,
    stacked: false,
    steps: false,
    reference: null,
    fromLowest: false,
    wide: 'full',
  };
}
