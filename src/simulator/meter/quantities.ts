/**
 * What a meter measures beside the registers that are audited. Everything is a pure function of seed, meter and time.
 *
 *   A+        the truth, to the Wh
 *   R+, R-    floor(A+ * tan), floor(A+ * cap): a fixed ratio for each meter, so they are monotone as A+ is
 *   A-        6 % of the meters feed in: floor(annual energy * part of the sun's years that are over), see `sunOver`
 *   power     mean over the running quarter hour, from the truth's energy of it, so it agrees with the registers
 *   currents  power, split among phases by fixed parts, over voltage and power factor
 *   voltage   230 V with the place on the feeder, the load and a draw for each minute; frequency is the grid's own
 *
 * Operators change none of it: a relay that is open, a clock that is off leave the measured values as they are.
 */

import { below, draw, entityKey, streamKey, UNIT } from '../../base/random.ts';
import type { Scenario } from '../../grid/scenario/scenario.ts';
import type { Meters } from '../../grid/topology/topology.ts';
import { daysInYear, firstDay, SECONDS_PER_DAY, yearOf } from '../../grid/truth/civil-day.ts';
import { YEARS_BEFORE_START } from '../../grid/truth/stream-energy.ts';
import type { Truth } from '../../grid/truth/truth.ts';
import { dayOf, floorTo, secondOfDay } from './civil-times.ts';

export const QUARTER_SECONDS = 900;
const QUARTERS_PER_HOUR = 4;
const BLOCK_SECONDS = 8 * QUARTER_SECONDS;
const FEED_IN_SHARE = 0.06;
export const PHASES = 3;

/** Draws that a meter's own numbers come from. */
const DRAW_TAN = 0;
const DRAW_CAP = 1;
const DRAW_FEED_IN = 2;
const DRAW_FEED_IN_ENERGY = 3;
const DRAW_PHASES = 4;
const DRAW_FEEDER = 6;

/** A quarter hour's mean power and when it ended. */
export interface Demand {
  readonly watts: number;
  readonly endUnixSeconds: number;
}

export class Quantities {
  readonly #truth: Truth;
  readonly #meters: Meters;
  readonly #tariffs: Scenario['grid']['tariffs'];
  readonly #offsetMinutes: number;
  readonly #meterKey: number;
  readonly #voltageKey: number;
  readonly #frequencyKey: number;
  readonly #feedInFrom: number;

  constructor(grid: { readonly scenario: Scenario; readonly meters: Meters; readonly truth: Truth }) {
    const { seed, behaviour } = grid.scenario;
    this.#truth = grid.truth;
    this.#meters = grid.meters;
    this.#tariffs = grid.scenario.grid.tariffs;
    this.#offsetMinutes = behaviour.start.offsetMinutes;
    this.#meterKey = streamKey(seed, 'meter-quantities');
    this.#voltageKey = streamKey(seed, 'meter-voltage');
    this.#frequencyKey = streamKey(seed, 'grid-frequency');
    this.#feedInFrom = yearOf(dayOf(behaviour.start.unixSeconds, behaviour.start.offsetMinutes)) - YEARS_BEFORE_START;
  }

  /** A+ in Wh. Rate 0 is the total, 1 the high rate, 2 the low rate; 3 and 4 are not in use and stay at 0. */
  importWh(meter: number, rate: number, unixSeconds: number): number {
    return rate > 2 ? 0 : this.#truth.register(meter, rate, unixSeconds);
  }

  /** A- in Wh. */
  exportWh(meter: number, unixSeconds: number): number {
    const annualWh = this.#feedInWh(meter);
    return annualWh === 0 ? 0 : Math.floor(annualWh * this.#sunYears(unixSeconds));
  }

  /** R+ in varh. */
  reactiveImport(meter: number, unixSeconds: number): number {
    return Math.floor(this.#truth.register(meter, 0, unixSeconds) * this.#tan(meter));
  }

  /** R- in varh. */
  reactiveExport(meter: number, unixSeconds: number): number {
    return Math.floor(this.#truth.register(meter, 0, unixSeconds) * this.#cap(meter));
  }

  /** P+ in W. */
  importW(meter: number, unixSeconds: number): number {
    return this.demandW(meter, floorTo(unixSeconds, QUARTER_SECONDS, this.#offsetMinutes));
  }

  /** Mean P+ in W over the quarter hour from `start`. */
  demandW(meter: number, start: number): number {
    return this.#truth.energy(meter, { fromUnixSeconds: start, toUnixSeconds: start + QUARTER_SECONDS }) * QUARTERS_PER_HOUR;
  }

  /** P- in W. */
  exportW(meter: number, unixSeconds: number): number {
    const start = floorTo(unixSeconds, QUARTER_SECONDS, this.#offsetMinutes);
    return (this.exportWh(meter, start + QUARTER_SECONDS) - this.exportWh(meter, start)) * QUARTERS_PER_HOUR;
  }

  /** Q+ and Q- in var. */
  reactiveImportVar(meter: number, unixSeconds: number): number {
    return Math.floor(this.importW(meter, unixSeconds) * this.#tan(meter));
  }

  reactiveExportVar(meter: number, unixSeconds: number): number {
    return Math.floor(this.importW(meter, unixSeconds) * this.#cap(meter));
  }

  /** P+ of phase 0, 1 or 2 in W; the three add up to P+. */
  phaseW(meter: number, phase: number, unixSeconds: number): number {
    const total = this.importW(meter, unixSeconds);
    const parts = this.#phaseParts(meter);
    const first = Math.floor(total * parts[0]);
    const second = Math.floor(total * parts[1]);
    return [first, second, total - first - second][phase]!;
  }

  /** In 0.001. */
  powerFactor(meter: number): number {
    const tan = this.#tan(meter);
    return Math.round(1000 / Math.sqrt(1 + tan * tan));
  }

  /** In 0.1 V. */
  voltage(meter: number, phase: number, unixSeconds: number): number {
    const feeder = below(this.#key(meter), DRAW_FEEDER + phase, 81) - 50;
    const minute = below(entityKey(this.#voltageKey, Math.floor(unixSeconds / 60)), meter * PHASES + phase, 21) - 10;
    const drop = Math.min(60, Math.floor(this.phaseW(meter, phase, unixSeconds) / 125));
    return 2300 + feeder + minute - drop;
  }

  /** In 0.01 A. */
  current(meter: number, phase: number, unixSeconds: number): number {
    const voltAmperes = (this.phaseW(meter, phase, unixSeconds) * 1000) / this.powerFactor(meter);
    return Math.min(0xffff, Math.round((voltAmperes * 1000) / this.voltage(meter, phase, unixSeconds)));
  }

  /** In 0.01 Hz: one for the whole grid, another every ten seconds. */
  frequency(unixSeconds: number): number {
    return 5000 + below(this.#frequencyKey, Math.floor(unixSeconds / 10), 9) - 4;
  }

  /** The rate that runs: 1 high, 2 low. */
  activeRate(meter: number, unixSeconds: number): 1 | 2 {
    const minute = secondOfDay(unixSeconds, this.#offsetMinutes) / 60;
    const low = this.lowWindows(meter).some(({ fromMinute, toMinute }) => minute >= fromMinute && minute < toMinute);
    return low ? 2 : 1;
  }

  lowWindows(meter: number): Scenario['grid']['tariffs'][number]['low'] {
    return this.#tariffs[this.#meters.tariff[meter - this.#meters.first]!]!.low;
  }

  /**
   * The quarter hour of most energy that began in [from, to), and is over at `to`; null: there is none. `best` is one that is
   * known from an earlier look and is kept unless a greater one is found. Blocks of two hours that can't hold a greater one
   * are passed over, so a month takes some 400 registers and not 3,000.
   */
  maxDemand(meter: number, span: { readonly from: number; readonly to: number }, best: Demand | null): Demand | null {
    const end = floorTo(span.to, QUARTER_SECONDS, this.#offsetMinutes);
    let most = best;
    for (let block = span.from; block < end; block += BLOCK_SECONDS) {
      const blockEnd = Math.min(block + BLOCK_SECONDS, end);
      const wh = this.#truth.energy(meter, { fromUnixSeconds: block, toUnixSeconds: blockEnd });
      if (most !== null && wh * QUARTERS_PER_HOUR <= most.watts) continue;
      for (let start = block; start < blockEnd; start += QUARTER_SECONDS) {
        const watts = this.demandW(meter, start);
        if (most === null || watts > most.watts) most = { watts, endUnixSeconds: start + QUARTER_SECONDS };
      }
    }
    return most;
  }

  #key(meter: number): number {
    return entityKey(this.#meterKey, meter);
  }

  #tan(meter: number): number {
    return 0.15 + 0.3 * draw(this.#key(meter), DRAW_TAN) * UNIT;
  }

  #cap(meter: number): number {
    return 0.01 + 0.04 * draw(this.#key(meter), DRAW_CAP) * UNIT;
  }

  #phaseParts(meter: number): readonly [number, number] {
    const key = this.#key(meter);
    const first = 0.2 + 0.3 * draw(key, DRAW_PHASES) * UNIT;
    const second = 0.2 + 0.3 * draw(key, DRAW_PHASES + 1) * UNIT;
    return [first, second];
  }

  /** Energy that is fed in in a year, Wh; 0 in a meter that feeds in none. */
  #feedInWh(meter: number): number {
    const key = this.#key(meter);
    if (draw(key, DRAW_FEED_IN) * UNIT >= FEED_IN_SHARE) return 0;
    const annualWh = this.#meters.annualWh[meter - this.#meters.first]!;
    return Math.floor(annualWh * (0.3 + 0.6 * draw(key, DRAW_FEED_IN_ENERGY) * UNIT));
  }

  /** Years of sunshine since the plants were built, two years before the start year. */
  #sunYears(unixSeconds: number): number {
    const day = dayOf(unixSeconds, this.#offsetMinutes);
    const year = yearOf(day);
    const days = daysInYear(year);
    const before = sunOver((day - firstDay(year)) / days);
    const after = sunOver((day + 1 - firstDay(year)) / days);
    const light = daylightOver(secondOfDay(unixSeconds, this.#offsetMinutes) / SECONDS_PER_DAY);
    return year - this.#feedInFrom + (light === 1 ? after : before + (after - before) * light);
  }
}

/** Part of a year's sunshine that is over when `x` of the year is: its rate is 0.1 at new year and 1.45 in the middle. */
function sunOver(x: number): number {
  return x === 1 ? 1 : x * (0.1 + x * (2.7 - 1.8 * x));
}

/** Part of a day's sunshine that is over when `x` of the day is: none before 6 o'clock, all of it after 18 o'clock. */
function daylightOver(x: number): number {
  const u = Math.min(1, Math.max(0, 2 * x - 0.5));
  return u * u * (3 - 2 * u);
}
