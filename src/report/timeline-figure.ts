/**
 * The timeline of the HTML report: on one axis, the machine's, lanes of values, problems as bars from their begin to their
 * end, and for each target that was watched its events as marks. Marks that would touch are one, which says how many it is.
 */

import { scaleLinear } from 'd3-scale';
import { counted, milliseconds, whole } from '../base/format.ts';
import { SEVERITIES, type Severity } from '../monitor/store/monitor-source.ts';
import type { TimeAxis } from './chart-axis.ts';
import { escapeHtml } from './html-text.ts';
import { timelineAxis, timelineLanes } from './report-charts.ts';
import { isGrave, whenOf } from './report-content.ts';
import type { Problem, RunReport } from './run-report.ts';
import { hoverData, LETTER_PIXELS, MARGIN, marks, round, SIZES, timeAxis, valueRules, valuesOf, type Chart, type Plot, type Size } from './svg-chart.ts';

const VALUES_HEIGHT = 58;
const VALUE_TICKS = 2;
/** Above a lane, for its name. */
const HEAD = 22;
const LINE = 16;
const GAP = 12;
const PROBLEM_HEIGHT = 23;
const EVENTS_HEIGHT = 20;
const FOOT = 28;

const PROBLEMS_MAX = 12;
const TARGETS_MAX = 8;
const TEXT_MAX = 160;
/** Marks that are nearer to each other than this are one. */
const APART_PIXELS = 9;
/** About the width of a letter of a lane's name. */
const BOLD_PIXELS = 7.4;

interface Moment {
  readonly severity: Severity;
  readonly rule: string;
  readonly text: string;
  readonly atMs: number;
}

interface EventLane {
  readonly target: string;
  /** In the order of time. */
  readonly events: readonly Moment[];
}

interface Timeline {
  readonly report: RunReport;
  readonly axis: TimeAxis;
  readonly values: readonly Chart[];
  /** The grave ones first, as the verdict has them. */
  readonly problems: readonly Problem[];
  readonly events: readonly EventLane[];
}

/** Empty: there is nothing to be shown. */
export function timelineFigure(report: RunReport): string {
  const axis = timelineAxis(report);
  const values = timelineLanes(report);
  const timeline: Timeline = { report, axis, values, problems: report.verdict.problems.slice(0, PROBLEMS_MAX), events: eventLanes(report) };
  const [first, ...more] = values;
  if (first === undefined && timeline.problems.length === 0 && timeline.events.length === 0) return '';
  const caption = captionOf(timeline);
  const drawings = [drawing(timeline, 'wide', caption), drawing(timeline, 'narrow', caption)];
  const hover = first === undefined ? '' : hoverData({ ...first, axis }, more);
  return `<figure class="chart full"><h3>Timeline</h3>${legend(timeline)}${drawings.join('')}<figcaption>${escapeHtml(caption)}</figcaption>${hover}</figure>`;
}

/** Restarts are events of the run; where nothing was monitored they are all that is known. */
function eventLanes({ run, events }: RunReport): readonly EventLane[] {
  const restarts = run.restarts.map(({ process, atMs, why }) => ({ target: 'run', severity: 'error' as const, rule: 'process-restarted', text: `${process} ended with ${why} and was started again`, atMs }));
  const all = events === undefined ? restarts : events.shown;
  const lastMs = run.wallSeconds * 1000;
  const seen = all.filter(({ severity, atMs }) => severity !== 'info' || (atMs >= 0 && atMs <= lastMs));
  const byTarget = new Map<string, Moment[]>();
  for (const event of seen.toSorted((a, b) => a.atMs - b.atMs)) {
    const lane = byTarget.get(event.target);
    if (lane === undefined) byTarget.set(event.target, [event]);
    else lane.push(event);
  }
  // The run itself first, then who had most to say.
  const lanes = [...byTarget].map(([target, of]) => ({ target, events: of }));
  return lanes.toSorted((a, b) => Number(b.target === 'run') - Number(a.target === 'run') || b.events.length - a.events.length).slice(0, TARGETS_MAX);
}

function captionOf({ report, values, problems, events }: Timeline): string {
  const said = report.verdict.problems.length;
  const part = problems.length < said ? ` (the first ${whole(problems.length)} are shown)` : '';
  const seen = said === 0 ? 'no problem was seen' : `${counted(said, 'problem')}${part}`;
  const count = events.reduce((sum, lane) => sum + lane.events.length, 0);
  const total = report.events?.total ?? 0;
  const all = total > count ? `; all ${whole(total)} are in monitor.duckdb` : '';
  const happened = count === 0 ? '' : `, ${counted(count, 'event')} of ${events.map(({ target }) => nameOf(target)).join(', ')}${all}`;
  const lanes = values.length === 0 ? '' : `${values.map(({ title }) => title.toLowerCase()).join(', ')}, `;
  const text = `${lanes}${seen}${happened}.`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The run itself is a target too. */
function nameOf(target: string): string {
  return target === 'run' ? 'the run' : target;
}

function legend({ problems, events }: Timeline): string {
  const levels = SEVERITIES.filter((severity) => events.some((lane) => lane.events.some((event) => event.severity === severity)));
  const bars = [
    ...(problems.some(isGrave) ? ['<li><span class="swatch grave"></span>critical problem</li>'] : []),
    ...(problems.some((problem) => !isGrave(problem)) ? ['<li><span class="swatch noted"></span>problem</li>'] : []),
  ];
  const items = levels.map((severity) => `<li><svg class="sign" viewBox="-6 -6 12 12" aria-hidden="true">${sign(severity)}</svg>${severity}</li>`);
  const all = [...bars, ...items];
  return all.length === 0 ? '' : `<ul class="legend">${all.join('')}</ul>`;
}

/** A form for each severity, so that none is told by its colour alone. */
function sign(severity: Severity): string {
  switch (severity) {
    case 'critical':
      return '<rect class="sign-critical" x="-4.5" y="-4.5" width="9" height="9"/>';
    case 'error':
      return '<circle class="sign-error" r="4.5"/>';
    case 'warning':
      return '<path class="sign-warning" d="M0 -5L5 4H-5Z"/>';
    case 'info':
      return '<path class="sign-info" d="M0 -5V5"/>';
  }
}

interface Lane {
  readonly drawn: string;
  readonly bottom: number;
}

interface Canvas {
  readonly size: Size;
  /** Of the axis. */
  readonly x: Plot['x'];
}

function drawing(timeline: Timeline, variant: 'wide' | 'narrow', caption: string): string {
  const { axis, values, problems, events } = timeline;
  const size = variant === 'wide' ? SIZES.full : SIZES.narrow;
  const right = size.width - MARGIN.right;
  const canvas: Canvas = { size, x: scaleLinear().domain([axis.from, axis.to]).range([MARGIN.left, right]) };
  const parts: string[] = [];
  let top = 0;
  for (const chart of values) {
    const { drawn, bottom: end } = valueLane(canvas, chart, top);
    parts.push(drawn);
    top = end + GAP;
  }
  if (problems.length > 0) {
    parts.push(laneName('Problems', top), ...problems.map((problem, i) => bar(canvas, { problem, report: timeline.report }, top + HEAD + i * PROBLEM_HEIGHT)));
    top += HEAD + problems.length * PROBLEM_HEIGHT + GAP;
  }
  for (const { target, events: lane } of events) {
    parts.push(laneName(`Events of ${nameOf(target)}`, top), eventMarks(canvas, lane, top + HEAD + EVENTS_HEIGHT / 2));
    top += HEAD + EVENTS_HEIGHT + GAP;
  }
  const bottom = top - GAP + 6;
  const id = `timeline-${variant}`;
  return [
    `<svg class="${variant}" viewBox="0 0 ${size.width} ${bottom + FOOT}" role="img" aria-labelledby="${id}-title ${id}-desc" data-left="${MARGIN.left}" data-right="${right}">`,
    `<title id="${id}-title">Timeline</title><desc id="${id}-desc">${escapeHtml(caption)}</desc>`,
    `<line class="base" x1="${MARGIN.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    ...parts,
    timeAxis({ chart: { axis }, size, x: canvas.x, bottom }),
    `<line class="cursor" x1="0" x2="0" y1="${HEAD}" y2="${bottom}" visibility="hidden"/>`,
    '</svg>',
  ].join('');
}

function laneName(name: string, top: number): string {
  return `<text class="strong" x="2" y="${top + 13}">${escapeHtml(name)}</text>`;
}

/** Name and unit, then what its colours mean, in as many lines as it takes. */
function valueLane({ size, x }: Canvas, chart: Chart, top: number): Lane {
  const { head, lines } = laneHead(chart, size, top);
  const from = top + HEAD + (lines - 1) * LINE;
  const bottom = from + VALUES_HEIGHT;
  const values = valuesOf(chart, VALUE_TICKS);
  const y = scaleLinear().domain([values.from, values.to]).range([bottom, from]);
  const plot: Plot = { chart, size, x, y, values, bottom };
  return { drawn: head + valueRules(plot) + marks(plot), bottom };
}

function laneHead({ title, unit, series }: Chart, size: Size, top: number): { readonly head: string; readonly lines: number } {
  const name = `<text x="2" y="${top + 13}"><tspan class="strong">${escapeHtml(title)}</tspan> ${escapeHtml(unit)}</text>`;
  if (series.length === 1) return { head: name, lines: 1 };
  let left = 2 + title.length * BOLD_PIXELS + (unit.length + 3) * LETTER_PIXELS;
  let lines = 1;
  const names = series.map((one) => {
    const width = 15 + one.name.length * LETTER_PIXELS;
    if (left + width > size.width) {
      left = MARGIN.left;
      lines++;
    }
    const y = top + (lines - 1) * LINE;
    const item = `<rect class="b${one.colour}" x="${round(left)}" y="${y + 3}" width="10" height="10" rx="2"/><text x="${round(left + 15)}" y="${y + 13}">${escapeHtml(one.name)}</text>`;
    left += width + 16;
    return item;
  });
  return { head: name + names.join(''), lines };
}

/** Its title above the bar; at the right edge it ends with the bar. */
function bar({ size, x }: Canvas, { problem, report }: { readonly problem: Problem; readonly report: RunReport }, top: number): string {
  const end = size.width - MARGIN.right;
  const within = (ms: number): number => Math.min(end, Math.max(MARGIN.left, x(ms / 1000)));
  const left = Math.min(within(problem.from), end - BAR_MIN);
  const width = Math.max(BAR_MIN, within(problem.to) - left);
  const atEnd = left + problem.title.length * LETTER_PIXELS > size.width;
  const name = `<text class="strong" x="${round(atEnd ? end : left)}" y="${top + 10}"${atEnd ? ' text-anchor="end"' : ''}>${escapeHtml(problem.title)}</text>`;
  const kind = isGrave(problem) ? 'grave' : 'noted';
  const tip = `<title>${escapeHtml(`${problem.title}, ${whenOf(problem, report)}. ${problem.evidence}`)}</title>`;
  return `<g>${tip}${name}<rect class="${kind}" x="${round(left)}" y="${top + 14}" width="${round(width)}" height="5"/></g>`;
}

const BAR_MIN = 5;

interface Cluster {
  readonly at: number;
  readonly events: Moment[];
}

function eventMarks(canvas: Canvas, events: readonly Moment[], middle: number): string {
  const end = canvas.size.width - MARGIN.right;
  const clusters: Cluster[] = [];
  for (const event of events) {
    const at = Math.min(end, Math.max(MARGIN.left, canvas.x(event.atMs / 1000)));
    const last = clusters.at(-1);
    if (last !== undefined && at - last.at < APART_PIXELS) last.events.push(event);
    else clusters.push({ at, events: [event] });
  }
  const line = `<line class="rule" x1="${MARGIN.left}" x2="${end}" y1="${middle}" y2="${middle}"/>`;
  return line + clusters.map((cluster, i) => mark(cluster, middle, (clusters[i + 1]?.at ?? canvas.size.width) - cluster.at)).join('');
}

/** The gravest of a cluster gives its mark; its name stands beside it when there are `room` pixels. */
function mark({ at, events }: Cluster, middle: number, room: number): string {
  const [first] = events.toSorted((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
  if (first === undefined) return '';
  const { severity, rule, text, atMs } = first;
  const more = events.length > 1 ? ` + ${whole(events.length - 1)}` : '';
  const name = rule + more;
  const label = (name.length + 3) * LETTER_PIXELS < room ? `<text class="over" x="9" y="4">${escapeHtml(name)}</text>` : '';
  const when = atMs < 0 ? 'before the run' : milliseconds(atMs);
  const said = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
  const others = events.length > 1 ? ` (and ${whole(events.length - 1)} more)` : '';
  return `<g transform="translate(${round(at)} ${middle})"><title>${escapeHtml(`${when}, ${severity}, ${rule}: ${said}${others}`)}</title>${sign(severity)}${label}</g>`;
}
