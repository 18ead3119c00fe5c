/**
 * Two drawings of load against what it did to the head-end: how fast the backlog grew, with its band, and how long the lag was.
 * Loads are on a logarithmic axis; a trial that held is a dot, one that did not a ring; the interval of the answer is shaded.
 */

import { scaleLinear, scaleLog } from 'd3-scale';
import { short } from '../../base/format.ts';
import { escapeHtml } from '../html-text.ts';
import { growthText, lagText, rounded } from './capacity-content.ts';
import type { CapacityReport, TrialFacts } from './capacity-report.ts';

const SIZE = { width: 516, height: 300, left: 54, right: 16, top: 26, bottom: 44 } as const;
/** Wider ranges are labelled at powers of ten alone. */
const DECADES_LABELLED_TWICE = 2.5;

const LOWEST = -30;
/** Of a band around little. */
const BAND_SHOWN = 10;

interface Dot {
  readonly trial: TrialFacts;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly text: string;
}

export function capacityCharts(report: CapacityReport): string {
  const seen = report.trials.flatMap((trial) => (trial.growth === null || trial.lagSeconds === null ? [] : [{ trial, growth: trial.growth, lag: trial.lagSeconds }]));
  if (seen.length === 0) return '<p class="empty">There is no trial to draw.</p>';
  const growth = seen.map(({ trial, growth: { share, low, high } }) => {
    const text = `${growthText({ share, low, high })} of the load`;
    return { trial, value: 100 * share, low: 100 * Math.max(low, -1), high: 100 * Math.min(high, 1), text };
  });
  const lag = seen.map(({ trial, lag: seconds }) => ({ trial, value: Math.max(0, seconds), low: seconds, high: seconds, text: lagText(seconds) }));
  return [
    '<div class="charts">',
    figure(report, { id: 'growth', title: 'How fast the backlog grows', unit: '% of the load', caption: 'Slope of the backlog over the window of each trial, with its band of 95 %. At 0 the head-end keeps up.', dots: growth }),
    figure(report, { id: 'lag', title: 'How long readings wait', unit: 's', caption: 'Backlog at the end of each trial, in seconds of its load. A trial that diverges is broken off early, so its lag says little.', dots: lag }),
    '</div>',
  ].join('\n');
}

interface Drawing {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly caption: string;
  readonly dots: readonly Dot[];
}

function figure(report: CapacityReport, drawing: Drawing): string {
  const { id, title, unit, caption, dots } = drawing;
  const { width, height, left, right, top, bottom } = SIZE;
  const loads = dots.map(({ trial }) => trial.meters);
  const x = scaleLog().domain([Math.min(...loads) / 1.3, Math.max(...loads) * 1.3]).range([left, width - right]);
  // Always with 0, by which they are judged. Backlogs that shrink are all alike, and a wide band is not drawn to its end.
  const lowest = Math.max(LOWEST, Math.min(0, ...dots.map(({ value, low }) => Math.max(low, Math.min(2 * value, -BAND_SHOWN)))));
  const highest = Math.max(0, ...dots.map(({ value, high }) => Math.min(high, Math.max(2 * value, BAND_SHOWN))));
  const y = scaleLinear().domain([lowest, Math.max(highest, lowest + 1)]).nice(5).range([height - bottom, top]);
  const [floor = 0] = y.domain();
  const rules = y.ticks(5).map((value) => {
    const at = round(y(value));
    const line = `<line class="${value === 0 ? 'base' : 'rule'}" x1="${left}" x2="${width - right}" y1="${at}" y2="${at}"/>`;
    return `${line}<text class="tick" x="${left - 8}" y="${at + 4}" text-anchor="end">${String(value).replace('-', '−')}</text>`;
  });
  const span = Math.log10(Math.max(...loads) / Math.min(...loads));
  const marks = x.ticks().filter((value) => isLabelled(value, span)).map((value) => {
    const at = round(x(value));
    return `<line class="mark" x1="${at}" x2="${at}" y1="${height - bottom}" y2="${height - bottom + 4}"/><text class="tick" x="${at}" y="${height - bottom + 19}" text-anchor="middle">${short(value)}</text>`;
  });
  return [
    `<figure class="chart half"><h3>${escapeHtml(title)}</h3>`,
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc"><title id="${id}-title">${escapeHtml(title)}</title><desc id="${id}-desc">${escapeHtml(caption)}</desc>`,
    interval(report, x),
    ...rules,
    ...marks,
    `<text x="2" y="12">${escapeHtml(unit)}</text><text class="tick" x="${width - right}" y="${height - 6}" text-anchor="end">equivalent meters</text>`,
    ...dots.map((dot) => point(dot, { x: round(x(dot.trial.meters)), y: (value) => round(y(Math.max(floor, Math.min(value, y.domain()[1] ?? value)))) })),
    `</svg><figcaption>${escapeHtml(caption)}</figcaption></figure>`,
  ].join('');
}

function isLabelled(value: number, span: number): boolean {
  const digit = Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));
  if (span > DECADES_LABELLED_TWICE) return digit === 1;
  return digit === 1 || digit === 2 || digit === 5;
}

function interval({ answer }: CapacityReport, x: (value: number) => number): string {
  if (answer.metersHigh <= answer.metersLow) return '';
  const from = round(x(answer.metersLow));
  const to = Math.max(from + 1, round(x(answer.metersHigh)));
  return `<rect class="night" x="${from}" y="${SIZE.top}" width="${round(to - from)}" height="${SIZE.height - SIZE.bottom - SIZE.top}"/>`;
}

function point({ trial, value, low, high, text }: Dot, at: { readonly x: number; readonly y: (value: number) => number }): string {
  const held = trial.judgement === 'holds';
  const colour = held ? 'c0' : 'c1';
  const bar = high > low ? `<line class="${colour}" x1="${at.x}" x2="${at.x}" y1="${at.y(low)}" y2="${at.y(high)}"/>` : '';
  const label = `trial ${trial.number}: ${rounded(trial.meters)} meters, ${text}, ${held ? 'holds' : (trial.saturation?.what ?? trial.judgement)}`;
  const fill = held ? `class="${colour} f0"` : `class="${colour} ring"`;
  return `${bar}<circle ${fill} cx="${at.x}" cy="${at.y(value)}" r="4.5"><title>${escapeHtml(label)}</title></circle>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
