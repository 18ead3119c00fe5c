/**
 * One chart as SVG for the report: lines or stacked areas over time. Drawn twice, for a wide and for a narrow page, because
 * scaled-down letters can't be read on a phone; a style rule shows the one that fits. Colours are classes of the page's
 * style (`c0`, `c1`, ...), so that dark and light need no second drawing.
 */

import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { area, curveLinear, curveStepBefore, line } from 'd3-shape';
import { hoverFormat, nights, timeTicks, valueAxis, type TimeAxis, type ValueAxis } from './chart-axis.ts';
import { keepExtremes } from './downsample.ts';
import { escapeHtml, scriptJson } from './html-text.ts';

export interface ChartSeries {
  readonly name: string;
  /** Which of the page's colours, 0 .. 5. */
  readonly colour: number;
  /** One for each x. */
  readonly values: readonly number[];
}

export interface Chart {
  /** Unique in the page; letters and hyphens. */
  readonly id: string;
  readonly title: string;
  /** One or two sentences with the figures of the picture; stands below it and is read to those who can't see it. */
  readonly caption: string;
  readonly unit: string;
  /** The unit takes SI prefixes. */
  readonly physical: boolean;
  /** Values are counts. */
  readonly whole: boolean;
  readonly axis: TimeAxis;
  /** In the unit of the axis, ascending. */
  readonly x: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly stacked: boolean;
  /** A value holds for the time since the x before; otherwise points are joined. */
  readonly steps: boolean;
  /** A dashed line across, e.g. the number of all meters. */
  readonly reference: { readonly value: number; readonly label: string } | null;
  /** The value axis may begin above 0 when all values are far from it. */
  readonly fromLowest: boolean;
  readonly wide: 'full' | 'half';
}

export interface Size {
  readonly width: number;
  readonly height: number;
  readonly pointsMax: number;
}

export const SIZES = {
  full: { width: 1060, height: 300, pointsMax: 700 },
  half: { width: 516, height: 270, pointsMax: 360 },
  narrow: { width: 420, height: 260, pointsMax: 260 },
} as const satisfies Record<string, Size>;

export const MARGIN = { top: 26, right: 14, left: 54 } as const;
/** Below the time axis: ticks of the grid have a second line. */
export const FOOT = { grid: 44, wall: 28 } as const;
const PIXELS_PER_TICK = 74;
const PIXELS_PER_SECONDS_TICK = 58;
const PIXELS_PER_VALUE_TICK = 46;

/** A figure element: title, legend, both drawings, caption, and the values for the page's script. */
export function chartFigure(chart: Chart): string {
  const title = `<h3>${escapeHtml(chart.title)}</h3>`;
  if (chart.series.length === 0 || chart.x.length === 0) {
    return `<figure class="chart ${chart.wide}">${title}<p class="empty">There are no samples for this picture.</p></figure>`;
  }
  const legend = chart.series.length > 1 || chart.wide === 'half' ? legendOf(chart.series) : '';
  const wide = drawing(chart, SIZES[chart.wide], 'wide');
  const narrow = drawing(chart, SIZES.narrow, 'narrow');
  const caption = `<figcaption>${escapeHtml(chart.caption)}</figcaption>`;
  return `<figure class="chart ${chart.wide}">${title}${legend}${wide}${narrow}${caption}${hoverData(chart)}</figure>`;
}

function legendOf(series: readonly ChartSeries[]): string {
  const items = series.map(({ name, colour }) => `<li><span class="swatch b${colour}"></span>${escapeHtml(name)}</li>`);
  return `<ul class="legend">${items.join('')}</ul>`;
}

/** Where a chart, or one lane of a timeline, is drawn. */
export interface Plot {
  readonly chart: Chart;
  readonly size: Size;
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
  readonly values: ValueAxis;
  /** y of the time axis. */
  readonly bottom: number;
}

function drawing(chart: Chart, size: Size, variant: string): string {
  const id = `${chart.id}-${variant}`;
  const bottom = size.height - FOOT.grid;
  const height = bottom + FOOT[chart.axis.kind];
  const values = valuesOf(chart, Math.max(3, Math.round((bottom - MARGIN.top) / PIXELS_PER_VALUE_TICK)));
  const x = scaleLinear().domain([chart.axis.from, chart.axis.to]).range([MARGIN.left, size.width - MARGIN.right]);
  const y = scaleLinear().domain([values.from, values.to]).range([bottom, MARGIN.top]);
  const plot: Plot = { chart, size, x, y, values, bottom };
  const frame = `data-left="${MARGIN.left}" data-right="${size.width - MARGIN.right}"`;
  return [
    `<svg class="${variant}" viewBox="0 0 ${size.width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc" ${frame}>`,
    `<title id="${id}-title">${escapeHtml(chart.title)}</title><desc id="${id}-desc">${escapeHtml(chart.caption)}</desc>`,
    background(plot),
    marks(plot),
    timeAxis(plot),
    `<line class="cursor" x1="0" x2="0" y1="${MARGIN.top}" y2="${bottom}" visibility="hidden"/>`,
    '</svg>',
  ].join('');
}

/** Few things are better counted from 0. */
const FROM_LOWEST_MIN = 50;

export function valuesOf(chart: Chart, ticks: number): ValueAxis {
  const tops = chart.stacked ? [stackedTo(chart, chart.series.length)] : chart.series.map((series) => series.values);
  const all = extent(tops);
  const highest = Math.max(all.highest, chart.reference?.value ?? 0);
  const far = all.lowest > highest / 2 && highest >= FROM_LOWEST_MIN;
  const lowest = chart.fromLowest && far ? Math.min(all.lowest, highest * 0.98) : 0;
  return valueAxis({ lowest, highest, unit: chart.unit, physical: chart.physical, whole: chart.whole, ticks });
}

export function extent(columns: readonly (readonly number[])[]): { readonly lowest: number; readonly highest: number } {
  let lowest = Infinity;
  let highest = -Infinity;
  for (const column of columns) {
    for (const value of column) {
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
    }
  }
  return lowest > highest ? { lowest: 0, highest: 0 } : { lowest, highest };
}

/** Sum of the first `count` series at each x. */
function stackedTo(chart: Chart, count: number): readonly number[] {
  const below = chart.series.slice(0, count);
  return chart.x.map((_, i) => below.reduce((sum, { values }) => sum + (values[i] ?? 0), 0));
}

function background(plot: Plot): string {
  const { chart, x, values, bottom } = plot;
  const bands = nights(chart.axis).map(({ from, to }) => {
    const left = round(x(from));
    return `<rect class="night" x="${left}" y="${MARGIN.top}" width="${round(x(to) - left)}" height="${bottom - MARGIN.top}"/>`;
  });
  const cut = values.from > 0 ? ' (the axis does not begin at 0)' : '';
  const unit = `<text x="2" y="12">${escapeHtml(values.unit + cut)}</text>`;
  return `${bands.join('')}${valueRules(plot)}${unit}`;
}

/** Lines across at the ticks of the value axis, with what they say. */
export function valueRules({ size, y, values }: Plot): string {
  const rules = values.ticks.map(({ at, label }) => {
    const height = round(y(at));
    const rule = `<line class="${at === values.from ? 'base' : 'rule'}" x1="${MARGIN.left}" x2="${size.width - MARGIN.right}" y1="${height}" y2="${height}"/>`;
    return `${rule}<text class="tick" x="${MARGIN.left - 8}" y="${height + 4}" text-anchor="end">${escapeHtml(label)}</text>`;
  });
  return rules.join('');
}

/** The lines or areas, and the line of reference. */
export function marks(plot: Plot): string {
  return reference(plot) + (plot.chart.stacked ? areas(plot) : lines(plot));
}

function reference({ chart, size, y }: Plot): string {
  if (chart.reference === null) return '';
  const height = round(y(chart.reference.value));
  const label = `<text class="tick" x="${size.width - MARGIN.right - 4}" y="${height - 5}" text-anchor="end">${escapeHtml(chart.reference.label)}</text>`;
  return `<line class="reference" x1="${MARGIN.left}" x2="${size.width - MARGIN.right}" y1="${height}" y2="${height}"/>${label}`;
}

interface Point {
  readonly x: number;
  readonly low: number;
  readonly high: number;
}

function lines(plot: Plot): string {
  const { chart, size } = plot;
  const draw = line<Point>()
    .x(({ x }) => x)
    .y(({ high }) => high)
    .curve(chart.steps ? curveStepBefore : curveLinear);
  return chart.series
    .map(({ values, colour }) => {
      const kept = keepExtremes([values], size.pointsMax);
      const path = draw(pointsOf(plot, { kept, low: null, high: values })) ?? '';
      return `<path class="line c${colour}" d="${path}"/>`;
    })
    .join('');
}

function areas(plot: Plot): string {
  const { chart, size } = plot;
  const draw = area<Point>()
    .x(({ x }) => x)
    .y0(({ low }) => low)
    .y1(({ high }) => high)
    .curve(chart.steps ? curveStepBefore : curveLinear);
  const tops = [0, ...chart.series.keys()].map((_, i) => stackedTo(chart, i));
  const kept = keepExtremes(tops.slice(1), size.pointsMax);
  return chart.series
    .map(({ colour }, i) => {
      const path = draw(pointsOf(plot, { kept, low: tops[i] ?? [], high: tops[i + 1] ?? [] })) ?? '';
      return `<path class="area b${colour} c${colour}" d="${path}"/>`;
    })
    .join('');
}

/** Steps get a point at the left edge, because the first value too holds for a stretch; a lone point becomes a short line. */
function pointsOf(
  { chart, x, y, size }: Plot,
  columns: { readonly kept: readonly number[]; readonly low: readonly number[] | null; readonly high: readonly number[] },
): readonly Point[] {
  const { kept, low, high } = columns;
  const points = kept.map((i) => ({
    x: round(x(chart.x[i] ?? 0)),
    low: round(y(low?.[i] ?? 0)),
    high: round(y(high[i] ?? 0)),
  }));
  const [first] = points;
  if (first === undefined) return points;
  if (chart.steps) return [{ ...first, x: MARGIN.left }, ...points];
  return points.length === 1 ? [{ ...first, x: Math.max(MARGIN.left, first.x - 4) }, { ...first, x: Math.min(size.width - MARGIN.right, first.x + 4) }] : points;
}

/** About the width of a letter of an axis. */
export const LETTER_PIXELS = 6.7;

/** A label that would touch the one before is left out; its mark stays. */
export function timeAxis({ chart, size, x, bottom }: Pick<Plot, 'size' | 'x' | 'bottom'> & { readonly chart: Pick<Chart, 'axis'> }): string {
  const right = size.width - MARGIN.right;
  const pixels = chart.axis.kind === 'grid' ? PIXELS_PER_TICK : PIXELS_PER_SECONDS_TICK;
  let taken = -Infinity;
  return timeTicks(chart.axis, Math.max(2, Math.floor((right - MARGIN.left) / pixels)))
    .map(({ at, label, below }) => {
      const left = round(x(at));
      const mark = `<line class="mark" x1="${left}" x2="${left}" y1="${bottom}" y2="${bottom + (below === '' ? 4 : 7)}"/>`;
      const width = Math.max(label.length, below.length) * LETTER_PIXELS;
      const atEnd = left + width / 2 > size.width;
      const begin = atEnd ? left - width : left - width / 2;
      if (begin < taken) return mark;
      taken = begin + width + LETTER_PIXELS;
      const anchor = atEnd ? 'end' : 'middle';
      const text = `<text class="tick" x="${left}" y="${bottom + 19}" text-anchor="${anchor}">${escapeHtml(label)}</text>`;
      const second = below === '' ? '' : `<text class="tick strong" x="${left}" y="${bottom + 35}" text-anchor="${anchor}">${escapeHtml(below)}</text>`;
      return mark + text + second;
    })
    .join('');
}

/** What the script shows under the pointer; thinned out as the wide drawing is. `lanes`: more charts on the axis of the first. */
export function hoverData(chart: Chart, lanes: readonly Chart[] = []): string {
  const { axis } = chart;
  const more = lanes.length === 0 ? {} : { more: lanes.map(hoverPart) };
  const data = { axis: { from: axis.from, to: axis.to, offsetMinutes: axis.kind === 'grid' ? axis.offsetMinutes : null }, ...hoverPart(chart), ...more };
  return `<script type="application/json">${scriptJson(data)}</script>`;
}

function hoverPart(chart: Chart): object {
  const { x, series } = chart;
  const kept = keepExtremes(series.map(({ values }) => values), SIZES[chart.wide].pointsMax);
  const top = extent(series.map(({ values }) => values)).highest;
  const format = hoverFormat(top, chart);
  const digits = 10 ** (format.factor === 0 ? 0 : Math.max(0, 4 - Math.ceil(Math.log10(Math.max(1e-6, top)))));
  return {
    steps: chart.steps,
    ...format,
    x: kept.map((i) => Math.round((x[i] ?? 0) * 1000) / 1000),
    series: series.map(({ name, colour, values }) => ({
      name,
      colour,
      values: kept.map((i) => Math.round((values[i] ?? 0) * digits) / digits),
    })),
  };
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
