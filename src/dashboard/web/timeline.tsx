/** Lanes of values and of events on one axis: where one looks when something happened. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import { dateTime, duration } from '../../base/format.ts';
import { timeTicks, type TimeAxis } from '../../report/chart-axis.ts';
import type { RunReport } from '../../report/run-report.ts';
import type { Chart } from '../../report/svg-chart.ts';
import type { RunData } from './api.ts';
import { EventRows, Evidence } from './event-rows.tsx';
import { saveCsv, savePng } from './export-plot.ts';
import { atItsTime, axisOf, type Clock, eventsOf, gridText, lanesOf, onAxis, PROBLEMS, reportsAll } from './lanes.ts';
import { MonitorLanes, useMonitor } from './monitor-lanes.tsx';
import { LEFT_PIXELS, PlotPainter, RIGHT_PIXELS, valueText, type View } from './plot-painter.ts';
import { go, type Route, routeTo } from './route.ts';
import type { Theme } from './theme.ts';
import { TimeMap } from './time-map.ts';

interface TimelineProps {
  readonly data: RunData;
  readonly route: Route;
  readonly theme: Theme;
}

const LANE_HEIGHT = 98;
/** A hundredth of a second, or a minute of the grid. */
const SPAN_MIN = { wall: 0.01, grid: 60 } as const;

export function Timeline({ data, route, theme }: TimelineProps): VNode {
  const { report } = data;
  const clock: Clock = route.params.get('clock') === 'grid' ? 'grid' : 'machine';
  const map = useMemo(() => new TimeMap(report), [report]);
  const axis = useMemo(() => axisOf(report, clock, map), [report, clock, map]);
  const lanes = useMemo(() => lanesOf(report).map((source) => ({ source, chart: onAxis(source, axis, { map, intervalSeconds: report.run.intervalSeconds }) })), [report, axis, map]);
  const monitor = useMonitor(data.id, { state: data.state, elapsedMs: data.progress?.elapsedMs ?? 0, wantEvents: !reportsAll(report) });
  const own = useMemo(() => eventsOf(report), [report]);
  // What is monitored has all events; a report that does not holds the same ones once more.
  const events = useMemo(() => (monitor.events.length === 0 ? own : [...own.filter(({ lane }) => lane === PROBLEMS), ...monitor.events]).map((event) => atItsTime(event, map, report)), [own, monitor.events, map, report]);
  const view = viewOf(route, axis);
  const chosen = route.params.get('event');
  const event = events.find(({ id }) => id === chosen) ?? null;
  const set = (change: { readonly view?: View | null; readonly clock?: Clock; readonly event?: string | null }): void => {
    const next = change.view === undefined ? (change.clock === undefined ? view : null) : change.view;
    const params = {
      clock: (change.clock ?? clock) === 'grid' ? 'grid' : null,
      from: next === null ? null : rounded(next.from, axis),
      to: next === null ? null : rounded(next.to, axis),
      event: change.event === undefined ? chosen : change.event,
    };
    go(routeTo({ run: data.id, view: 'timeline', params }), 'replace');
  };
  const look = (next: View | null): void => set({ view: next === null ? null : within(next, axis) });
  useTimelineKeys({ view: view ?? axis, axis, look });
  const [cursor, setCursor] = useState<number | null>(null);
  const toAxis = (seconds: number): number => (clock === 'machine' ? seconds : map.toGrid(seconds));
  const shown = view ?? axis;
  return (
    <main class="timeline">
      <div class="controls">
        <span class="buttons" role="group" aria-label="Clock">
          <button type="button" aria-pressed={clock === 'machine'} onClick={() => set({ clock: 'machine' })}>
            Time of the machine
          </button>
          <button type="button" aria-pressed={clock === 'grid'} onClick={() => set({ clock: 'grid' })}>
            Time of the grid
          </button>
        </span>
        <span class="buttons">
          <button type="button" onClick={() => look(scaled(shown, 0.5))} aria-label="Nearer">
            +
          </button>
          <button type="button" onClick={() => look(scaled(shown, 2))} aria-label="Further away">
            −
          </button>
          <button type="button" onClick={() => look(null)} disabled={view === null}>
            show all
          </button>
        </span>
        <span class="when" aria-live="off">
          {cursor === null ? 'Drag over a lane to come nearer.' : bothClocks(cursor, { clock, map, report })}
        </span>
      </div>
      <div class="lanes" onPointerLeave={() => setCursor(null)}>
        <AxisRow axis={axis} view={shown} />
        <EventRows events={events} view={shown} toAxis={toAxis} chosen={chosen} cursor={cursor} choose={(id) => set({ event: id })} />
        {event !== null && (
          <Evidence
            event={event}
            map={map}
            report={report}
            close={() => set({ event: null })}
            lookAt={() => look(around({ from: toAxis(event.from), to: toAxis(event.to) }, axis))}
          />
        )}
        {lanes.map(({ chart, source }) => (
          <Lane key={chart.id} chart={chart} source={source} view={view} theme={theme} cursor={cursor} onView={look} onCursor={setCursor} run={data.id} scenario={data.name} />
        ))}
        <MonitorLanes monitor={monitor} run={data.id} axis={axis} view={shown} map={map} lane={(chart) => <Lane key={chart.id} chart={chart} view={view} theme={theme} cursor={cursor} onView={look} onCursor={setCursor} run={data.id} scenario={data.name} />} />
      </div>
    </main>
  );
}

interface LaneProps {
  readonly chart: Chart;
  /** With the times that its values bear. Left out: those of the lane. */
  readonly source?: Chart;
  readonly view: View | null;
  readonly theme: Theme;
  readonly cursor: number | null;
  readonly onView: (view: View | null) => void;
  readonly onCursor: (at: number | null) => void;
  readonly run: string;
  readonly scenario: string;
}

function Lane({ chart, source = chart, view, theme, cursor, onView, onCursor, run, scenario }: LaneProps): VNode {
  const box = useRef<HTMLDivElement>(null);
  const painter = useRef<PlotPainter | null>(null);
  const newest = useRef({ onView, onCursor });
  newest.current = { onView, onCursor };
  const shape = chart.series.map(({ name, colour }) => `${name}:${colour}`).join('|');
  useEffect(() => {
    const target = box.current;
    if (target === null) return undefined;
    const made = new PlotPainter(target, {
      chart,
      height: LANE_HEIGHT,
      sync: null,
      lane: true,
      onView: (next) => newest.current.onView(next),
      onCursor: (at) => at !== null && newest.current.onCursor(at.x),
    });
    painter.current = made;
    made.zoom(view);
    const watch = new ResizeObserver(() => made.resize(target.clientWidth));
    watch.observe(target);
    return () => {
      watch.disconnect();
      made.destroy();
      painter.current = null;
    };
  }, [theme, shape, chart.stacked, chart.axis.kind]);
  useEffect(() => painter.current?.update(chart), [chart]);
  useEffect(() => painter.current?.zoom(view), [view?.from, view?.to]);
  useEffect(() => painter.current?.point(cursor), [cursor]);
  const index = cursor === null ? null : indexAt(chart, cursor);
  const png = (): void => {
    const canvas = painter.current?.canvas;
    if (canvas !== undefined) savePng(chart, { canvas, run, scenario });
  };
  return (
    <div class="lane" id={`lane-${chart.id}`}>
      <div class="lane-name">
        <b title={chart.caption}>{chart.title}</b>
        {!chart.physical && <small>{chart.unit}</small>}
        <ul>
          {chart.series.map(({ name, colour, values }) => (
            <li key={name}>
              <span class={`swatch b${colour}`} />
              <span>{chart.series.length === 1 ? '' : name}</span>
              <span class="n">{index === null ? '' : laneText(values[index] ?? 0, chart)}</span>
            </li>
          ))}
        </ul>
        <span class="tools">
          <button type="button" onClick={png} aria-label={`Save ${chart.title} as PNG`}>
            PNG
          </button>
          <button type="button" onClick={() => saveCsv(source.axis.kind === chart.axis.kind ? source : chart, run)} aria-label={`Save ${chart.title} as CSV`}>
            CSV
          </button>
        </span>
      </div>
      <div class="plot" ref={box} role="img" aria-label={`${chart.title}. ${chart.caption}`} />
    </div>
  );
}

function AxisRow({ axis, view }: { readonly axis: TimeAxis; readonly view: View }): VNode {
  const row = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useEffect(() => {
    const target = row.current;
    if (target === null) return undefined;
    const watch = new ResizeObserver(() => setWidth(target.clientWidth));
    watch.observe(target);
    return () => watch.disconnect();
  }, []);
  const ticks = timeTicks({ ...axis, ...view }, Math.max(2, Math.floor(width / (axis.kind === 'grid' ? 92 : 80))));
  return (
    <div class="lane axis">
      <div class="lane-name" />
      <div class="axis-row" ref={row} style={{ marginLeft: `${LEFT_PIXELS}px`, marginRight: `${RIGHT_PIXELS}px` }}>
        {ticks.map(({ at, label, below }) => (
          <span key={at} class={(at - view.from) / (view.to - view.from) > 0.96 ? 'end' : ''} style={{ left: `${((at - view.from) / (view.to - view.from)) * 100}%` }}>
            {below !== '' && <b>{below}</b>}
            {label}
          </span>
        ))}
      </div>
    </div>
  );
}

/** The unit stands beside the title, unless it takes prefixes. */
function laneText(value: number, chart: Chart): string {
  if (Number.isNaN(value)) return '–';
  const text = valueText(value, chart);
  return chart.physical ? text : text.slice(0, text.length - chart.unit.length).trimEnd();
}

/** Index of the value that holds at a time; null: the lane has none there. */
function indexAt({ x, steps }: Chart, at: number): number | null {
  let [low, high] = [0, x.length - 1];
  if (high < 0) return null;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return !steps && low > 0 && at - x[low - 1]! < x[low]! - at ? low - 1 : low;
}

function bothClocks(at: number, of: { readonly clock: Clock; readonly map: TimeMap; readonly report: RunReport }): string {
  const { clock, map, report } = of;
  const machine = clock === 'machine' ? at : map.toMachine(at);
  const grid = clock === 'grid' ? dateTime(at, report.run.offsetMinutes) : gridText(at, map, report);
  return `${duration(Math.max(0, machine))} after the begin · grid ${grid}`;
}

function viewOf({ params }: Route, axis: TimeAxis): View | null {
  const [from, to] = ['from', 'to'].map((name) => (params.has(name) ? Number(params.get(name)) : NaN));
  if (from === undefined || to === undefined || !Number.isFinite(from) || !Number.isFinite(to) || to <= from) return null;
  return within({ from, to }, axis);
}

/** Null: all of it. */
function within({ from, to }: View, axis: TimeAxis): View | null {
  const all = axis.to - axis.from;
  const span = Math.min(all, Math.max(SPAN_MIN[axis.kind], to - from));
  const middle = (from + to) / 2;
  const begin = Math.min(axis.to - span, Math.max(axis.from, middle - span / 2));
  return span >= all * 0.9999 ? null : { from: begin, to: begin + span };
}

function scaled({ from, to }: View, factor: number): View {
  const [middle, half] = [(from + to) / 2, ((to - from) / 2) * factor];
  return { from: middle - half, to: middle + half };
}

/** So that it can be seen what was before and after. */
function around({ from, to }: View, axis: TimeAxis): View {
  const room = Math.max(to - from, (axis.to - axis.from) / 20);
  return { from: from - room, to: to + room };
}

function rounded(value: number, axis: TimeAxis): string {
  return String(axis.kind === 'grid' ? Math.round(value) : Number(value.toFixed(3)));
}

interface TimelineKeys {
  readonly view: View;
  readonly axis: TimeAxis;
  readonly look: (view: View | null) => void;
}

function useTimelineKeys(keys: TimelineKeys): void {
  const newest = useRef(keys);
  newest.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof HTMLElement && event.target.matches('input, select, dialog *')) return;
      const { view, look } = newest.current;
      const by = (view.to - view.from) / 4;
      const doing: Readonly<Record<string, () => void>> = {
        '+': () => look(scaled(view, 0.5)),
        '=': () => look(scaled(view, 0.5)),
        '-': () => look(scaled(view, 2)),
        0: () => look(null),
        ArrowLeft: () => look({ from: view.from - by, to: view.to - by }),
        ArrowRight: () => look({ from: view.from + by, to: view.to + by }),
      };
      const todo = doing[event.key];
      if (todo === undefined) return;
      todo();
      event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}
