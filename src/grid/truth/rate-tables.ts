/**
 * What the meters of one category share: how a year splits into days and a day into quarter hours, for each stream. A
 * stream is the energy of one rate of one (pattern, tariff): the pattern, where the tariff's low windows let it through.
 *
 *   stream number = 2 * (consumption * tariffs + tariff) + rate,   rate 0: high (1.8.1), 1: low (1.8.2)
 *   year -> 6 parts of 64 days -> 8 of 8 days -> 8 days          day -> 12 parts of 2 hours -> 8 quarter hours
 *
 * Small beside the meters: 31 kB for each curve of a stream, 122 kB for each year, and only of those that are asked for.
 */

import { assert } from '../../base/assert.ts';
import type { Tariff } from '../scenario/scenario.ts';
import type { Pattern } from '../topology/topology.ts';
import { daysInYear, firstDay, SECONDS_PER_DAY, yearOf } from './civil-day.ts';
import { activeSeconds } from './low-windows.ts';
import { fillSplit, type SplitLevel, splitLength } from './split.ts';

export const SLOTS = 96;
export const SLOT_SECONDS = SECONDS_PER_DAY / SLOTS;

/** Quarter hours of a block, and blocks of a day. */
export const BLOCK_SLOTS = 8;
const BLOCKS = SLOTS / BLOCK_SLOTS;
/** A day's table: the split into blocks, then that of each block into quarter hours. */
export const BLOCK_SPLITS = splitLength(BLOCKS);
export const BLOCK_SPLIT = splitLength(BLOCK_SLOTS);
const DAY_TABLE = BLOCK_SPLITS + BLOCKS * BLOCK_SPLIT;

/** A year's table: splits of up to 8 parts; see `yearSplit`. */
export const YEAR_SPLITS = 1 + 6 + 48;
export const YEAR_SPLIT = splitLength(8);
export const YEAR_TABLE = YEAR_SPLITS * YEAR_SPLIT;
/** Days of one part of a split, from the year down. */
export const YEAR_PART_DAYS = [64, 8, 1] as const;

/**
 * Calm over long times, rough over short ones, as a home is. Held by truth-statistics.test.ts: the quarter hours of a home of
 * 2.5 MWh deviate from their mean by about 1.0 of it, its days by about 0.2.
 */
const DAY_LEVELS: readonly SplitLevel[] = [
  { bits: 1, roughness: 0.1 },
  { bits: 1, roughness: 0.15 },
  { bits: 2, roughness: 0.2 },
  { bits: 2, roughness: 0.3 },
];
const BLOCK_LEVELS = threeLevels(0.4, 0.55, 0.75);
const YEAR_LEVELS = [threeLevels(0.015, 0.02, 0.03), threeLevels(0.04, 0.05, 0.08), threeLevels(0.11, 0.14, 0.16)] as const;

/** A calendar year. */
export interface YearTables {
  readonly year: number;
  readonly firstDay: number;
  /** By pattern: the curve of each day. */
  readonly curves: readonly Uint8Array[];
  /** By stream: its share in the energy of a meter. The streams of one (pattern, tariff) add up to 1. */
  readonly share: Float64Array;
  /** Stream s has its table at s * YEAR_TABLE. */
  readonly splits: Float32Array;
}

/** A civil day. */
export interface DayTables {
  /** Days since 1970-01-01. */
  readonly day: number;
  readonly year: YearTables;
  /** By stream: where its table is in `daySplits`. */
  readonly offset: Uint32Array;
}

/** Number of the split, within a year's table, whose parts are `partDays` long and which has day `day` (0 = 1 January). */
export function yearSplit(partDays: number, day: number): number {
  const splitsBefore = partDays === 64 ? 0 : partDays === 8 ? 1 : 7;
  return splitsBefore + Math.floor(day / (8 * partDays));
}

export class RateTables {
  readonly streams: number;
  /** Tables of the curves of all streams; filled when a day first needs them. */
  readonly daySplits: Float32Array;
  readonly #patterns: readonly Pattern[];
  readonly #tariffs: readonly Tariff[];
  /** By stream: number of its first curve among the curves of all streams. */
  readonly #firstCurve: Uint32Array;
  /** By curve: share of the stream in the energy of a day with that curve; whether its table is filled. */
  readonly #curveShare: Float64Array;
  readonly #curveFilled: Uint8Array;
  readonly #years = new Map<number, YearTables>();
  readonly #days = new Map<number, DayTables>();

  constructor(patterns: readonly Pattern[], tariffs: readonly Tariff[]) {
    this.#patterns = patterns;
    this.#tariffs = tariffs;
    this.streams = 2 * patterns.length * tariffs.length;
    this.#firstCurve = new Uint32Array(this.streams);
    let curves = 0;
    for (let stream = 0; stream < this.streams; stream++) {
      this.#firstCurve[stream] = curves;
      curves += this.#pattern(stream).curves.length;
    }
    this.daySplits = new Float32Array(curves * DAY_TABLE);
    this.#curveFilled = new Uint8Array(curves);
    this.#curveShare = new Float64Array(curves);
    for (let stream = 0; stream < this.streams; stream++) {
      for (const [c, curve] of this.#pattern(stream).curves.entries()) {
        assert(curve.length === SLOTS, 'a curve has a weight for each quarter hour');
        this.#curveShare[this.#firstCurve[stream]! + c] = sum(this.#masked(stream, curve)) / sum(curve);
      }
    }
  }

  year(year: number): YearTables {
    const known = this.#years.get(year);
    if (known !== undefined) return known;
    const tables = this.#makeYear(year);
    this.#years.set(year, tables);
    return tables;
  }

  day(day: number): DayTables {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const tables = this.#makeDay(day);
    this.#days.set(day, tables);
    return tables;
  }

  /** Seconds among the first `seconds` of `slot` in which the stream's rate runs. */
  activeSeconds(stream: number, slot: number, seconds: number): number {
    const from = slot * SLOT_SECONDS;
    return activeSeconds(this.#tariff(stream).low, stream & 1, { from, to: from + seconds });
  }

  #makeYear(year: number): YearTables {
    const share = new Float64Array(this.streams);
    const splits = new Float32Array(this.streams * YEAR_TABLE);
    const days = this.#patterns.map((pattern) => pattern.days(year));
    for (let stream = 0; stream < this.streams; stream++) {
      const { curve, energy } = days[this.#patternOf(stream)]!;
      assert(energy.length === daysInYear(year) && curve.length === energy.length, 'a pattern knows each day of the year');
      const weights = energy.map((wh, day) => wh * this.#curveShare[this.#firstCurve[stream]! + curve[day]!]!);
      const streamShare = sum(weights) / sum(energy);
      share[stream] = streamShare;
      if (streamShare > 0) fillYear(splits, stream * YEAR_TABLE, weights);
    }
    return { year, firstDay: firstDay(year), curves: days.map(({ curve }) => curve), share, splits };
  }

  #makeDay(day: number): DayTables {
    const year = this.year(yearOf(day));
    const offset = new Uint32Array(this.streams);
    for (let stream = 0; stream < this.streams; stream++) {
      const c = year.curves[this.#patternOf(stream)]![day - year.firstDay]!;
      const at = this.#firstCurve[stream]! + c;
      offset[stream] = at * DAY_TABLE;
      if (this.#curveFilled[at] === 1 || this.#curveShare[at] === 0) continue;
      this.#curveFilled[at] = 1;
      fillDay(this.daySplits, at * DAY_TABLE, this.#masked(stream, this.#pattern(stream).curves[c]!));
    }
    return { day, year, offset };
  }

  /** The curve as far as the stream's rate runs. */
  #masked(stream: number, curve: Float64Array): Float64Array {
    return curve.map((weight, slot) => (weight * this.activeSeconds(stream, slot, SLOT_SECONDS)) / SLOT_SECONDS);
  }

  #pattern(stream: number): Pattern {
    return this.#patterns[this.#patternOf(stream)]!;
  }

  #patternOf(stream: number): number {
    return Math.floor(stream / (2 * this.#tariffs.length));
  }

  #tariff(stream: number): Tariff {
    return this.#tariffs[(stream >> 1) % this.#tariffs.length]!;
  }
}

function fillDay(table: Float32Array, offset: number, weights: Float64Array): void {
  fillSplit(table, offset, partSums(weights, BLOCK_SLOTS), DAY_LEVELS);
  for (let block = 0; block < BLOCKS; block++) {
    const at = offset + BLOCK_SPLITS + block * BLOCK_SPLIT;
    fillSplit(table, at, weights.subarray(block * BLOCK_SLOTS, (block + 1) * BLOCK_SLOTS), BLOCK_LEVELS);
  }
}


function fillYear(table: Float32Array, offset: number, weights: Float64Array): void {
  for (const [level, partDays] of YEAR_PART_DAYS.entries()) {
    const parts = partSums(weights, partDays);
    for (let part = 0; part < parts.length; part += 8) {
      const at = offset + yearSplit(partDays, part * partDays) * YEAR_SPLIT;
      fillSplit(table, at, parts.subarray(part, part + 8), YEAR_LEVELS[level]!);
    }
  }
}

/** Sums of `length` neighbours each. */
function partSums(weights: Float64Array, length: number): Float64Array {
  const sums = new Float64Array(Math.ceil(weights.length / length));
  for (let i = 0; i < weights.length; i++) sums[Math.floor(i / length)]! += weights[i]!;
  return sums;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

function threeLevels(first: number, second: number, third: number): readonly SplitLevel[] {
  return [first, second, third].map((roughness) => ({ bits: 2, roughness }));
}
