/** Where the ticks of an axis stand and what they say. */

import { scaleLinear } from 'd3-scale';
import { digits3, duration, localTime, prefixOf } from '../base/format.ts';

export interface Tick {
  readonly at: number;
  readonly label: string;
  /** Second line, e.g. the date at midnight; may be empty. */
  readonly below: string;
}

/** Time of the grid in Unix seconds, or of the machine in seconds since the run began. */
export type TimeAxis =
  | { readonly kind: 'grid'; readonly from: number; readonly to: number; readonly offsetMinutes: number }
  | { readonly kind: 'wall'; readonly from: number; readonly to: number };

const DAY = 86_400;
const STEPS_SECONDS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800,
  21_600, 43_200, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 182 * DAY, 364 * DAY,
] as const;

/** 5 January 1970, so that ticks for weeks stand on Mondays. */
const FIRST_MONDAY = 4 * DAY;

/** At most about `ticksMax`, on round values of the axis' own time. */
export function timeTicks(axis: TimeAxis, ticksMax: number): readonly Tick[] {
  const span = axis.to - axis.from;
  const longest = STEPS_SECONDS.at(-1) ?? DAY;
  const floor = axis.kind === 'grid' ? 60 : 0;
  const step =
    STEPS_SECONDS.find((seconds) => seconds >= floor && span / seconds <= ticksMax) ??
    Math.ceil(span / ticksMax / longest) * longest;
  const shift = (axis.kind === 'grid' ? axis.offsetMinutes * 60 : 0) - (step % (7 * DAY) === 0 ? FIRST_MONDAY : 0);
  const ticks: Tick[] = [];
  const first = Math.ceil((axis.from + shift) / step - 1e-9);
  for (let i = first; i * step <= axis.to + shift + step * 1e-9; i++) {
    const at = i * step - shift;
    ticks.push(axis.kind === 'grid' ? gridTick(at, { axis, step, first: i === first }) : { at, label: wallLabel(at, step), below: '' });
  }
  return ticks;
}

/** As exact as neighbours need to be told apart: near to it, a late moment has more digits than a duration is told with. */
function wallLabel(at: number, step: number): string {
  const told = at >= DAY ? 3600 : at >= 3600 ? 60 : at >= 60 ? 1 : 10 ** (Math.floor(Math.log10(at)) - 2);
  if (at <= 0 || step > told * 0.999) return duration(at);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const rounded = Number(at.toFixed(decimals));
  const parts = [
    [Math.floor(rounded / DAY), 'd'],
    [Math.floor((rounded % DAY) / 3600), 'h'],
    [Math.floor((rounded % 3600) / 60), 'min'],
    [Number((rounded % 60).toFixed(decimals)), 's'],
  ] as const;
  return parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(' ');
}

function gridTick(
  at: number,
  place: { readonly axis: { readonly offsetMinutes: number }; readonly step: number; readonly first: boolean },
): Tick {
  const { day, year, clock } = localTime(at, place.axis.offsetMinutes);
  if (place.step >= DAY) return { at, label: day, below: place.first ? String(year) : '' };
  return { at, label: clock, below: clock === '00:00' || place.first ? day : '' };
}

/** Stretches from 22:00 to 06:00 of the grid's time within the axis; none when they would be too thin to see. */
export function nights(axis: TimeAxis): readonly { readonly from: number; readonly to: number }[] {
  if (axis.kind !== 'grid' || axis.to - axis.from > NIGHTS_MAX * DAY) return [];
  const shift = axis.offsetMinutes * 60;
  const bands: { from: number; to: number }[] = [];
  for (let day = Math.floor((axis.from + shift) / DAY) - 1; day * DAY <= axis.to + shift; day++) {
    const from = Math.max(axis.from, day * DAY + 22 * 3600 - shift);
    const to = Math.min(axis.to, (day + 1) * DAY + 6 * 3600 - shift);
    if (from < to) bands.push({ from, to });
  }
  return bands;
}

const NIGHTS_MAX = 45;

export interface ValueAxis {
  readonly from: number;
  readonly to: number;
  /** What stands above the axis: `MW`, `meters`. */
  readonly unit: string;
  readonly ticks: readonly Tick[];
}

/**
 * `unit`: a physical one (`W`, `B`) takes the prefix itself; for things that are counted the ticks take it, and stand on
 * whole numbers.
 */
export function valueAxis(options: {
  readonly lowest: number;
  readonly highest: number;
  readonly unit: string;
  readonly physical: boolean;
  readonly whole: boolean;
  readonly ticks: number;
}): ValueAxis {
  const { lowest, physical, whole, ticks: count, unit } = options;
  const highest = options.highest > lowest ? options.highest : lowest + 1;
  const scale = scaleLinear().domain([lowest, highest]).nice(count);
  const [from = lowest, to = highest] = scale.domain();
  const { prefix, factor } = prefixOf(Math.max(Math.abs(from), Math.abs(to)));
  const at = scale.ticks(count).filter((value) => !whole || Number.isInteger(value));
  const ticks = at.map((value) => {
    const number = Number((value / factor).toFixed(6)).toString();
    return { at: value, label: physical || value === 0 || prefix === '' ? number : `${number} ${prefix}`, below: '' };
  });
  return { from, to, unit: physical ? `${prefix}${unit}` : unit, ticks };
}

/** How the page's script writes a value: divided by `factor`, in `unit`. `factor` 0: a whole number. */
export function hoverFormat(highest: number, of: { readonly unit: string; readonly physical: boolean; readonly whole: boolean }): {
  readonly factor: number;
  readonly unit: string;
} {
  if (!of.physical) return { factor: of.whole ? 0 : 1, unit: of.unit };
  const { prefix, factor } = prefixOf(highest);
  return { factor, unit: `${prefix}${of.unit}` };
}

/** For texts about a chart. */
export function inUnit(value: number, of: { readonly unit: string; readonly physical: boolean }): string {
  const { prefix, factor } = prefixOf(of.physical ? value : 0);
  return `${digits3(value / factor)} ${prefix}${of.unit}`;
}
