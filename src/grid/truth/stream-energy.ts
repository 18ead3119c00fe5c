/**
 * The energy of one stream of one meter, down to days: register at midnight and energy of the day, by arithmetic alone.
 *
 *   register at midnight = base + energy of the years from the start year on (or minus that of the years down to it)
 *                               + energy of this year's days before, by three splits: 64 days, 8 days, 1 day
 *   energy of a year     = floor(annualWh * share of the stream in that year * (1 + YEAR_VARIATION * (2u - 1)) + v)
 *   base                 = floor(annualWh * share of the stream in the start year * age), age from 3 to 15 years
 *
 * The base is what the meter has counted when the start year begins. It covers more than the two years before, so no
 * register is negative from there on, which is the earliest time that can be asked for.
 */

import { assert } from '../../base/assert.ts';
import { draw, entityKey, streamKey, uniform } from '../../base/random.ts';
import {
  type DayTables,
  type RateTables,
  YEAR_PART_DAYS,
  YEAR_SPLIT,
  YEAR_SPLITS,
  YEAR_TABLE,
  yearSplit,
  type YearTables,
} from './rate-tables.ts';
import { cut, roundingOf, SHAPES, shapeOf } from './split.ts';

const YEAR_VARIATION = 0.06;
const AGE_YEARS_MIN = 3;
const AGE_YEARS_MAX = 15;
/** A register is known from this many years before the scenario's start year on. */
export const YEARS_BEFORE_START = 2;

/** One stream of one meter. */
export interface MeterStream {
  readonly meter: number;
  readonly annualWh: number;
  /** See rate-tables.ts. */
  readonly stream: number;
}

export interface DayEnergy {
  /** Register when the day begins. */
  startWh: number;
  /** What the day adds to it. */
  dayWh: number;
}

export class StreamEnergy {
  readonly #tables: RateTables;
  readonly #startYear: number;
  readonly #ageKey: number;
  /** By rate. */
  readonly #yearKeys: readonly number[];
  readonly #dayKeys: readonly number[];
  /** The day of the last call; by level of the year's table, its row there and, by rate, the key of the split. */
  #day: DayTables | null = null;
  readonly #splitRow = new Uint32Array(YEAR_PART_DAYS.length);
  readonly #splitKeys = [new Int32Array(YEAR_PART_DAYS.length), new Int32Array(YEAR_PART_DAYS.length)];

  constructor(options: { readonly seed: number; readonly tables: RateTables; readonly startYear: number }) {
    const { seed } = options;
    this.#tables = options.tables;
    this.#startYear = options.startYear;
    this.#ageKey = streamKey(seed, 'truth-age');
    this.#yearKeys = [streamKey(seed, 'truth-years-high'), streamKey(seed, 'truth-years-low')];
    this.#dayKeys = [streamKey(seed, 'truth-days-high'), streamKey(seed, 'truth-days-low')];
  }

  day(of: MeterStream, day: DayTables): DayEnergy {
    if (day !== this.#day) this.#enter(day);
    const { year } = day;
    const table = year.splits;
    const keys = this.#splitKeys[of.stream & 1]!;
    const offset = of.stream * YEAR_TABLE;
    let startWh = this.#yearStartWh(of, year);
    let wh = this.#yearWh(of, year);
    for (let level = 0; level < YEAR_PART_DAYS.length; level++) {
      const bits = draw(keys[level]!, of.meter);
      const at = offset + this.#splitRow[level]! + shapeOf(bits);
      const rounding = roundingOf(bits);
      const before = cut(wh, table[at]!, rounding);
      startWh += before;
      wh = cut(wh, table[at + SHAPES]!, rounding) - before;
    }
    assert(wh < 2 ** 32, 'a day has less than 4.29 GWh');
    return { startWh, dayWh: wh };
  }

  /** Finds, for all meters, where the day lies in a year's table and which draws split down to it. */
  #enter(day: DayTables): void {
    this.#day = day;
    const { year } = day;
    const dayOfYear = day.day - year.firstDay;
    for (const [level, partDays] of YEAR_PART_DAYS.entries()) {
      const split = yearSplit(partDays, dayOfYear);
      this.#splitRow[level] = split * YEAR_SPLIT + (Math.floor(dayOfYear / partDays) % 8) * SHAPES;
      for (const [rate, keys] of this.#splitKeys.entries()) {
        keys[level] = entityKey(this.#dayKeys[rate]!, year.year * YEAR_SPLITS + split);
      }
    }
  }

  #yearStartWh(of: MeterStream, year: YearTables): number {
    const start = this.#startYear;
    assert(year.year >= start - YEARS_BEFORE_START, 'a register is known from two years before the scenario on');
    const share = year.year === start ? year.share : this.#tables.year(start).share;
    const ageYears = AGE_YEARS_MIN + (AGE_YEARS_MAX - AGE_YEARS_MIN) * uniform(this.#ageKey, of.meter);
    let registerWh = Math.floor(of.annualWh * share[of.stream]! * ageYears);
    for (let y = start; y < year.year; y++) registerWh += this.#yearWh(of, this.#tables.year(y));
    for (let y = year.year; y < start; y++) registerWh -= this.#yearWh(of, this.#tables.year(y));
    return registerWh;
  }

  #yearWh(of: MeterStream, year: YearTables): number {
    const bits = draw(entityKey(this.#yearKeys[of.stream & 1]!, year.year), of.meter);
    const factor = 1 + YEAR_VARIATION * (((bits >>> 16) * 2 + 1) * 2 ** -16 - 1);
    return cut(of.annualWh * year.share[of.stream]!, factor, roundingOf(bits));
  }
}
