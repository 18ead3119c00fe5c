/**
 * What every meter must say: the register of meter m, channel c at time t, a pure function of the scenario. Nothing is
 * summed up on the way there, so any part of the grid can be computed alone, at any time, in any order.
 *
 *   channel 0 (1.8.0)    total = channel 1 + channel 2, exactly, at every second
 *   channel 1 (1.8.1)    high rate
 *   channel 2 (1.8.2)    low rate; stays at 0 in a meter with one rate
 *   register of a rate = register at midnight (stream-energy.ts)
 *                      + energy of the day's blocks of 2 hours that are over         (one draw, split.ts)
 *                      + energy of the block's quarter hours that are over           (one draw)
 *                      + floor(energy of the running quarter hour * part of the rate's seconds in it that are over)
 *
 * Invariants: whole Wh, never negative, monotone in t; low-rate energy only inside low windows. See docs/truth.md.
 *
 * Cost: two draws for each rate; five more when the day of the meter is not at hand (day-cache.ts). The cache decides on
 * speed only, never on a result.
 */

import { assert } from '../../base/assert.ts';
import { draw, entityKey, streamKey } from '../../base/random.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Meters, Pattern } from '../topology/topology.ts';
import { firstDay, SECONDS_PER_DAY, yearOf } from './civil-day.ts';
import { DayCache } from './day-cache.ts';
import { HIGH, LOW } from './low-windows.ts';
import { Moment } from './moment.ts';
import { RateTables } from './rate-tables.ts';
import { cut, SHAPES, shapeOf } from './split.ts';
import { type DayEnergy, StreamEnergy, YEARS_BEFORE_START } from './stream-energy.ts';

const TOTAL_CHANNEL = 0;
const HIGH_CHANNEL = 1;
const LOW_CHANNEL = 2;

/** Bit 5 of the status byte, in one row of 2,000: the meter's clock was adjusted since the row before. */
const CLOCK_ADJUSTED = 0x20;
const CLOCK_ADJUSTED_BELOW = 2 ** 32 / 2000;

/** Meters that are computed side by side. */
const CHUNK_METERS = 256;
/** The last one is scratch: see #takeLow. */
const STREAMS = 2 * CHUNK_METERS + 1;

export class Truth {
  readonly #meters: Meters;
  readonly #tariffs: number;
  /** By tariff, 1 or 0. */
  readonly #twoRates: Uint8Array;
  readonly #tables: RateTables;
  readonly #energy: StreamEnergy;
  readonly #cache: DayCache;
  readonly #moment: Moment;
  /** By rate. */
  readonly #slotKeys: readonly [number, number];
  readonly #statusKey: number;
  readonly #chunk = new Chunk();

  constructor(options: { readonly scenario: Scenario; readonly meters: Meters; readonly patterns: readonly Pattern[] }) {
    const { scenario, meters, patterns } = options;
    const { seed, grid, behaviour } = scenario;
    const { unixSeconds, offsetMinutes } = behaviour.start;
    assert(patterns.length === grid.consumption.length, 'there is a pattern for each consumption category');
    const startYear = yearOf(Math.floor((unixSeconds + offsetMinutes * 60) / SECONDS_PER_DAY));
    this.#meters = meters;
    this.#tariffs = grid.tariffs.length;
    this.#twoRates = Uint8Array.from(grid.tariffs, (tariff) => (tariff.low.length > 0 ? 1 : 0));
    this.#tables = new RateTables(patterns, grid.tariffs);
    this.#energy = new StreamEnergy({ seed, tables: this.#tables, startYear });
    this.#cache = new DayCache({
      tariff: meters.tariff,
      twoRates: this.#twoRates,
      firstDay: firstDay(startYear - YEARS_BEFORE_START),
    });
    this.#moment = new Moment({ tables: this.#tables, offsetMinutes, unixSeconds });
    this.#slotKeys = [streamKey(seed, 'truth-slots-high'), streamKey(seed, 'truth-slots-low')];
    this.#statusKey = streamKey(seed, 'truth-status');
  }

  /** Wh, whole. `unixSeconds`: whole, from 1 January two years before the scenario's start year on. */
  register(meter: number, channel: number, unixSeconds: number): number {
    assert(channel >= TOTAL_CHANNEL && channel <= LOW_CHANNEL, 'a meter has the channels 0, 1 and 2');
    const i = this.#index(meter, 1);
    this.#moment.set(unixSeconds);
    let wh = 0;
    if (channel !== LOW_CHANNEL) wh += this.#registerOfRate(i, HIGH);
    if (channel !== HIGH_CHANNEL && this.#twoRates[this.#meters.tariff[i]!] === 1) wh += this.#registerOfRate(i, LOW);
    return wh;
  }

  /** Wh that the meter counts in [from, to), over all rates. */
  energy(meter: number, span: { readonly fromUnixSeconds: number; readonly toUnixSeconds: number }): number {
    return this.register(meter, TOTAL_CHANNEL, span.toUnixSeconds) - this.register(meter, TOTAL_CHANNEL, span.fromUnixSeconds);
  }

  /** Registers of `count` neighbouring meters at one time, the k-th into `out[outOffset + k * stride]`. */
  registers(
    firstMeter: number,
    count: number,
    channel: number,
    unixSeconds: number,
    out: Float64Array,
    outOffset = 0,
    stride = 1,
  ): void {
    if (count === 0) return;
    assert(channel >= TOTAL_CHANNEL && channel <= LOW_CHANNEL, 'a meter has the channels 0, 1 and 2');
    assert(outOffset + (count - 1) * stride < out.length, 'the column has room for the registers');
    const first = this.#index(firstMeter, count);
    this.#moment.set(unixSeconds);
    for (let done = 0; done < count; done += CHUNK_METERS) {
      const meters = Math.min(CHUNK_METERS, count - done);
      const at = outOffset + done * stride;
      const allAtHand = this.#bringDays(first + done, meters);
      const high = channel === LOW_CHANNEL ? 0 : this.#takeHigh(first + done, meters);
      const streams = channel === HIGH_CHANNEL ? high : this.#takeLow(first + done, meters, high);
      if (!allAtHand) this.#mendDays(streams);
      this.#countSinceMidnight(0, high, HIGH);
      this.#countSinceMidnight(high, streams, LOW);
      const { registerWh, owner } = this.#chunk;
      for (let k = 0; k < high; k++) out[at + k * stride] = registerWh[k]!;
      for (let k = high; k < meters; k++) out[at + k * stride] = 0;
      for (let k = high; k < streams; k++) out[at + (owner[k]! - first - done) * stride]! += registerWh[k]!;
    }
  }

  /** Status byte of the row; see reading/batch.ts. */
  status(meter: number, unixSeconds: number): number {
    return statusOf(entityKey(this.#statusKey, unixSeconds), meter);
  }

  /** Status bytes of `count` neighbouring meters at one time, the k-th into `out[outOffset + k]`. */
  statuses(firstMeter: number, count: number, unixSeconds: number, out: Uint8Array, outOffset = 0): void {
    const key = entityKey(this.#statusKey, unixSeconds);
    for (let k = 0; k < count; k++) out[outOffset + k] = statusOf(key, firstMeter + k);
  }

  #index(firstMeter: number, count: number): number {
    const first = firstMeter - this.#meters.first;
    assert(first >= 0 && first + count <= this.#meters.count, 'the meters are those of this truth');
    return first;
  }

  /** Brings the day of each meter of a chunk into the cache; false when the cache didn't want all of them. */
  #bringDays(first: number, meters: number): boolean {
    const { tag } = this.#cache;
    const today = this.#cache.tagOf(this.#moment.day.day);
    let allAtHand = true;
    for (let i = first; i < first + meters; i++) {
      if (tag[i] !== today && !this.#renew(i, today)) allAtHand = false;
    }
    return allAtHand;
  }

  /** The high-rate streams of a chunk, from the cache; answers their number. */
  #takeHigh(first: number, meters: number): number {
    const { highStartWh, highWh } = this.#cache;
    const { consumption, tariff } = this.#meters;
    const tariffs = this.#tariffs;
    const { registerWh, dayWh, stream, owner } = this.#chunk;
    for (let k = 0; k < meters; k++) {
      const i = first + k;
      owner[k] = i;
      stream[k] = 2 * (consumption[i]! * tariffs + tariff[i]!) + HIGH;
      registerWh[k] = highStartWh[i]!;
      dayWh[k] = highWh[i]!;
    }
    return meters;
  }

  /** The low-rate streams of a chunk, put behind the `count` streams that are there; answers the number of all. */
  #takeLow(first: number, meters: number, count: number): number {
    const { lowStartWh, lowWh } = this.#cache;
    if (lowWh.length === 0) return count;
    const { consumption, tariff } = this.#meters;
    const tariffs = this.#tariffs;
    const twoRates = this.#twoRates;
    const { registerWh, dayWh, stream, owner } = this.#chunk;
    let n = count;
    // Without a branch on the tariff, which could not be foreseen: a meter with one rate is overwritten by the next.
    for (let i = first; i < first + meters; i++) {
      owner[n] = i;
      stream[n] = 2 * (consumption[i]! * tariffs + tariff[i]!) + LOW;
      n += twoRates[tariff[i]!]!;
    }
    const row = this.#cache.lowRow(first);
    for (let k = count; k < n; k++) {
      registerWh[k] = lowStartWh[row + k - count]!;
      dayWh[k] = lowWh[row + k - count]!;
    }
    return n;
  }

  /** Computes the days that the cache doesn't hold. */
  #mendDays(streams: number): void {
    const { tag } = this.#cache;
    const today = this.#cache.tagOf(this.#moment.day.day);
    const { registerWh, dayWh, stream, owner } = this.#chunk;
    for (let k = 0; k < streams; k++) {
      const i = owner[k]!;
      if (tag[i] === today) continue;
      const day = this.#computeDay(i, stream[k]!);
      registerWh[k] = day.startWh;
      dayWh[k] = day.dayWh;
    }
  }

  /** One register by itself. Reads the cache and leaves it as it is. */
  #registerOfRate(i: number, rate: Rate): number {
    const cache = this.#cache;
    const { registerWh, dayWh, stream, owner } = this.#chunk;
    owner[0] = i;
    stream[0] = 2 * (this.#meters.consumption[i]! * this.#tariffs + this.#meters.tariff[i]!) + rate;
    if (cache.tag[i] !== cache.tagOf(this.#moment.day.day)) {
      this.#mendDays(1);
    } else if (rate === HIGH) {
      registerWh[0] = cache.highStartWh[i]!;
      dayWh[0] = cache.highWh[i]!;
    } else {
      const row = cache.lowRow(i);
      registerWh[0] = cache.lowStartWh[row]!;
      dayWh[0] = cache.lowWh[row]!;
    }
    this.#countSinceMidnight(0, 1, rate);
    return registerWh[0]!;
  }

  /**
   * Adds to the registers at midnight what the days have brought. All meters have the keys of the day's and the running
   * block's draw in common; a draw has the number of its meter.
   */
  #countSinceMidnight(from: number, to: number, rate: Rate): void {
    const { registerWh, dayWh, stream, owner } = this.#chunk;
    const moment = this.#moment;
    const { blockRow, slotRow, seconds } = moment;
    const { offset } = moment.day;
    const table = this.#tables.daySplits;
    const dayKey = entityKey(this.#slotKeys[rate], moment.dayDraw);
    const blockKey = entityKey(this.#slotKeys[rate], moment.blockDraw);
    const firstMeter = this.#meters.first;
    for (let k = from; k < to; k++) {
      const meter = firstMeter + owner[k]!;
      const splits = offset[stream[k]!]!;
      const dayBits = draw(dayKey, meter);
      const blockAt = splits + blockRow + shapeOf(dayBits);
      const blocksWh = cut(dayWh[k]!, table[blockAt]!, dayBits);
      const blockWh = cut(dayWh[k]!, table[blockAt + SHAPES]!, dayBits) - blocksWh;
      const blockBits = draw(blockKey, meter);
      const slotAt = splits + slotRow + shapeOf(blockBits);
      const slotsWh = cut(blockWh, table[slotAt]!, blockBits);
      registerWh[k]! += blocksWh + slotsWh;
      if (seconds === 0) continue;
      const slotWh = cut(blockWh, table[slotAt + SHAPES]!, blockBits) - slotsWh;
      registerWh[k]! += moment.counted(stream[k]!, slotWh);
    }
  }

  #computeDay(i: number, stream: number): DayEnergy {
    const { first, annualWh } = this.#meters;
    return this.#energy.day({ meter: first + i, annualWh: annualWh[i]!, stream }, this.#moment.day);
  }

  /** Fills the cache of meter i with the day of the moment, if the cache wants it. */
  #renew(i: number, today: number): boolean {
    const cache = this.#cache;
    if (!cache.admits(i, today)) return false;
    const { consumption, tariff } = this.#meters;
    const stream = 2 * (consumption[i]! * this.#tariffs + tariff[i]!);
    const high = this.#computeDay(i, stream + HIGH);
    cache.highStartWh[i] = high.startWh;
    cache.highWh[i] = high.dayWh;
    if (this.#twoRates[tariff[i]!] === 1) {
      const low = this.#computeDay(i, stream + LOW);
      const row = cache.lowRow(i);
      cache.lowStartWh[row] = low.startWh;
      cache.lowWh[row] = low.dayWh;
    }
    cache.tag[i] = today;
    return true;
  }
}

type Rate = typeof HIGH | typeof LOW;

/** The streams of a chunk on their way through the day, those of the high rate first. Small enough to stay near. */
class Chunk {
  /** Position of the meter among the meters. */
  readonly owner = new Uint32Array(STREAMS);
  readonly stream = new Uint32Array(STREAMS);
  /** At midnight first, then with all that the day has brought. */
  readonly registerWh = new Float64Array(STREAMS);
  readonly dayWh = new Float64Array(STREAMS);
}

function statusOf(key: number, meter: number): number {
  return draw(key, meter) < CLOCK_ADJUSTED_BELOW ? CLOCK_ADJUSTED : 0;
}
