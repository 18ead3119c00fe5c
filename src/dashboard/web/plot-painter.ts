/**
 * One chart of a report, drawn by uPlot: the same ticks, nights and colours as in the report's pictures, and beside that a
 * cursor, zoom by dragging, and new data while a run goes on.
 */

import uPlot from 'uplot';
import { hoverFormat, nights, timeTicks, valueAxis, type TimeAxis, type ValueAxis } from '../../report/chart-axis.ts';
import { dateTime, digits3, duration, whole } from '../../base/format.ts';
import type { Chart as ReportChart, ChartSeries } from '../../report/svg-chart.ts';
import { colour } from './theme.ts';

/** A chart of the report, and what it does not have: values that are drawn as dots, where there are any. */
export interface Chart extends ReportChart {
  readonly dots?: readonly { readonly name: string; readonly colour: number; readonly values: readonly (number | null)[] }[];
}

export interface View {
  readonly from: number;
  readonly to: number;
}

export interface PainterOptions {
  readonly chart: Chart;
  readonly height: number;
  /** Charts with the same key show their cursors together. */
  readonly sync: string | null;
  /** A lane shows no time axis of its own. */
  readonly lane: boolean;
  /** What was dragged over; null: back to all. */
  readonly onView: (view: View | null) => void;
  /** Null: the pointer left. */
  readonly onCursor: (at: { readonly x: number; readonly index: number; readonly left: number } | null) => void;
}

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif';
export const LEFT_PIXELS = 64;
/** Half of a label of a time stands beyond the last tick. */
export const RIGHT_PIXELS = 20;
const DRAG_PIXELS_MIN = 6;
const PIXELS_PER_TICK = { grid: 78, wall: 72 } as const;
const PIXELS_PER_VALUE_TICK = 44;
/** Few things are better counted from 0. */
const FROM_LOWEST_MIN = 50;

export class PlotPainter {
  readonly #options: PainterOptions;
  readonly #plot: uPlot;
  #chart: Chart;
  #view: View | null = null;
  #values: ValueAxis;
  #height: number;

  constructor(target: HTMLElement, options: PainterOptions) {
    this.#options = options;
    this.#chart = options.chart;
    this.#height = options.height;
    this.#values = this.#valueAxis();
    this.#plot = new uPlot(this.#uplotOptions(Math.max(160, target.clientWidth)), dataOf(options.chart), target);
  }

  get canvas(): HTMLCanvasElement {
    return this.#plot.ctx.canvas;
  }

  get view(): View {
    return this.#view ?? { from: this.#chart.axis.from, to: this.#chart.axis.to };
  }

  /** New data; the number of series stays. */
  update(chart: Chart): void {
    this.#chart = chart;
    this.#values = this.#valueAxis();
    this.#plot.setData(dataOf(chart), true);
  }

  zoom(view: View | null): void {
    this.#view = view;
    this.#values = this.#valueAxis();
    this.#plot.setData(this.#plot.data, true);
  }

  resize(width: number): void {
    if (width >= 100) this.#plot.setSize({ width: Math.floor(width), height: this.#height });
  }

  /** Where the pointer of another chart is. */
  point(x: number | null): void {
    const left = x === null ? -10 : this.#plot.valToPos(x, 'x');
    this.#plot.setCursor({ left, top: x === null ? -10 : 1 }, false);
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #uplotOptions(width: number): uPlot.Options {
    const { chart, height, lane, sync } = this.#options;
    return {
      width,
      height,
      padding: [lane ? 11 : 28, RIGHT_PIXELS, lane ? 9 : 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: DRAG_PIXELS_MIN },
        points: { size: 7 },
        ...(sync === null ? {} : { sync: { key: sync, setSeries: false } }),
        dataIdx: (_plot, _series, nearest, x) => (this.#chart.steps ? firstFrom(this.#chart.x, x) + 1 : nearest),
        bind: {
          dblclick: () => () => {
            this.#options.onView(null);
            return null;
          },
        },
      },
      scales: {
        x: { time: false, range: () => [this.view.from, this.view.to] },
        y: { range: () => [this.#values.from, this.#values.to] },
      },
      axes: [this.#timeAxis(lane), this.#valuesAxis()],
      series: [{}, ...chart.series.map(({ colour: number }) => this.#series(number)), ...(chart.dots ?? []).map(({ colour: number }) => dotted(number))],
      ...(chart.stacked ? { bands: chart.series.slice(1).map((_, i) => ({ series: [i + 2, i + 1] as [number, number] })) } : {}),
      hooks: {
        drawClear: [(plot) => this.#drawNights(plot)],
        draw: [(plot) => this.#drawNotes(plot)],
        setSelect: [(plot) => this.#selected(plot)],
        setCursor: [(plot) => this.#pointed(plot)],
      },
    };
  }

  #timeAxis(lane: boolean): uPlot.Axis {
    const ticks = (): ReturnType<typeof timeTicks> => {
      const { axis } = this.#chart;
      const pixels = Math.max(100, this.#plot.bbox.width / devicePixelRatio);
      return timeTicks({ ...axis, ...this.view }, Math.max(2, Math.floor(pixels / PIXELS_PER_TICK[axis.kind])));
    };
    return {
      show: true,
      size: lane ? 0 : this.#chart.axis.kind === 'grid' ? 46 : 30,
      stroke: () => colour('--soft'),
      font: FONT,
      gap: lane ? 0 : 4,
      grid: { show: false },
      ticks: { show: !lane, stroke: () => colour('--strong'), width: 1, size: 4 },
      border: { show: true, stroke: () => colour('--strong'), width: 1 },
      splits: () => ticks().map(({ at }) => at),
      values: () => (lane ? [] : ticks().map(({ label, below }) => (below === '' ? label : `${label}\n${below}`))),
    };
  }

  #valuesAxis(): uPlot.Axis {
    return {
      size: LEFT_PIXELS,
      gap: 6,
      stroke: () => colour('--soft'),
      font: FONT,
      grid: { stroke: () => colour('--rule'), width: 1 },
      ticks: { show: false },
      splits: () => this.#values.ticks.map(({ at }) => at),
      // A lane has no room above it for the unit.
      values: () => this.#values.ticks.map(({ label }) => (this.#options.lane && this.#chart.physical && label !== '0' ? `${label} ${this.#values.unit}` : label)),
    };
  }

  #series(number: number): uPlot.Series {
    const { chart } = this.#options;
    const stroke = (): string => colour(`--c${number}`);
    return {
      stroke,
      width: chart.stacked ? 1 : 1.6,
      spanGaps: false,
      points: { show: chart.x.length === 1 },
      ...(chart.stacked ? { fill: () => `${stroke()}b8` } : {}),
      ...(chart.steps && uPlot.paths.stepped !== undefined ? { paths: uPlot.paths.stepped({ align: -1, ascDesc: false }) } : {}),
    };
  }

  /** Ticks for what is in view. */
  #valueAxis(): ValueAxis {
    const { series, stacked, reference, fromLowest, unit, physical, whole: counts, x } = this.#chart;
    const { from, to } = this.view;
    let [lowest, highest] = [Infinity, -Infinity];
    for (let i = 0; i < x.length; i++) {
      if (x[i]! < from || (x[i - 1] ?? -Infinity) > to) continue;
      let sum = 0;
      for (const { values } of series) {
        const value = values[i] ?? 0;
        if (Number.isNaN(value)) continue;
        sum = stacked ? sum + value : value;
        if (sum < lowest) lowest = sum;
        if (sum > highest) highest = sum;
      }
    }
    if (lowest > highest) [lowest, highest] = [0, 1];
    const whole_ = this.#view === null;
    if (whole_ && reference !== null) highest = Math.max(highest, reference.value);
    const far = lowest > highest / 2 && highest >= FROM_LOWEST_MIN;
    const ticks = Math.max(2, Math.round((this.#height - 50) / PIXELS_PER_VALUE_TICK));
    return valueAxis({ lowest: fromLowest && far ? (whole_ ? Math.min(lowest, highest * 0.98) : lowest) : 0, highest, unit, physical, whole: counts, ticks });
  }

  #drawNights(plot: uPlot): void {
    const { axis } = this.#chart;
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.fillStyle = colour('--night');
    for (const { from, to } of nights({ ...axis, ...this.view } as TimeAxis)) {
      const left = plot.valToPos(from, 'x', true);
      ctx.fillRect(left, bbox.top, plot.valToPos(to, 'x', true) - left, bbox.height);
    }
    ctx.restore();
  }

  /** Unit above the axis, and the line of reference. */
  #drawNotes(plot: uPlot): void {
    const { reference } = this.#chart;
    const { ctx, bbox } = plot;
    const pixel = devicePixelRatio;
    ctx.save();
    ctx.fillStyle = colour('--soft');
    ctx.textBaseline = 'alphabetic';
    ctx.font = FONT.replace('12px', `${12 * pixel}px`);
    if (!this.#options.lane) {
      const cut = this.#values.from > 0 ? ' (the axis does not begin at 0)' : '';
      ctx.textAlign = 'left';
      ctx.fillText(this.#values.unit + cut, 2 * pixel, 11 * pixel);
    }
    if (reference !== null && reference.value <= this.#values.to && reference.value >= this.#values.from) {
      const y = Math.round(plot.valToPos(reference.value, 'y', true));
      ctx.strokeStyle = colour('--soft');
      ctx.setLineDash([5 * pixel, 4 * pixel]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.textAlign = 'right';
      const room = y - bbox.top > 12 * pixel || !this.#options.lane;
      ctx.fillText(reference.label, bbox.left + bbox.width - 4 * pixel, room ? y - 5 * pixel : y + 14 * pixel);
    }
    ctx.restore();
  }

  #selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < DRAG_PIXELS_MIN) return;
    const view = { from: plot.posToVal(left, 'x'), to: plot.posToVal(left + width, 'x') };
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#options.onView(view);
  }

  #pointed(plot: uPlot): void {
    const { left = -10, idx } = plot.cursor;
    if (left < 0 || idx === null || idx === undefined) return this.#options.onCursor(null);
    // A column of stretches has one more point, where the first one begins.
    const index = this.#chart.steps ? Math.max(0, idx - 1) : idx;
    return this.#options.onCursor({ x: plot.posToVal(left, 'x'), index, left: left + LEFT_PIXELS });
  }
}

/** Index of the first x that is not below `at`; the last one when there is none. */
function firstFrom(x: readonly number[], at: number): number {
  let [low, high] = [0, Math.max(0, x.length - 1)];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function dotted(number: number): uPlot.Series {
  const stroke = (): string => colour(`--c${number}`);
  return { stroke, width: 0, paths: () => null, points: { show: true, size: 5, fill: stroke, stroke } };
}

/** Stacked series are added up; stretches get a point where the first one begins. */
function dataOf({ x, series, stacked, steps, axis, dots = [] }: Chart): uPlot.AlignedData {
  const sums = x.map(() => 0);
  const line = ({ values }: ChartSeries): (number | null)[] => x.map((_, i) => (stacked ? (sums[i]! += values[i] ?? 0) : known(values[i])));
  const columns = [...series.map(line), ...dots.map(({ values }) => [...values])];
  const [first] = x;
  if (!steps || first === undefined) return [[...x], ...columns];
  return [[Math.min(axis.from, first), ...x], ...columns.map((values, i) => [i < series.length ? (values[0] ?? null) : null].concat(values))];
}

/** Where a line is not known it has a gap. */
function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** A time of the chart's axis for people. */
export function momentText(at: number, axis: TimeAxis): string {
  return axis.kind === 'grid' ? dateTime(at, axis.offsetMinutes) : duration(at);
}

/** A value of the chart for people. */
export function valueText(value: number, chart: Pick<Chart, 'unit' | 'physical' | 'whole'>): string {
  const { factor, unit } = hoverFormat(Math.abs(value), chart);
  if (factor === 0) return `${whole(value)} ${unit}`;
  return `${digits3(value / factor)} ${unit}`;
}
