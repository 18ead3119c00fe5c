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
 * Cost: two draws for each rate; five more when the day of the meter is not at hand (day-cache.ts). What neighbouring meters
 * have counted until their block of 2 hours began stays at hand (RunningBlock), so that the steps of one block, asked for one
 * after the other, need no draw. Neither decides on a result.
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
import { cut, roundingOf, SHAPES, shapeOf } from './split.ts';
import { type DayEnergy, StreamEnergy, YEARS_BEFORE_START } from './stream-energy.ts';

const TOTAL_CHANNEL = 0;
const HIGH_CHANNEL = 1;
const LOW_CHANNEL = 2;

/** Bit 5 of the status byte, in one row of 2,000: the meter's clock was adjusted since the row before. */
const CLOCK_ADJUSTED = 0x20;
const CLOCK_ADJUSTED_BELOW = 2 ** 32 / 2000;

/** Meters that are computed side by side. */
const CHUNK_METERS = 256;

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
  /** Of the chunk that was asked for last, by channel; and of a meter by itself. */
  readonly #blocks = [TOTAL_CHANNEL, HIGH_CHANNEL, LOW_CHANNEL].map(() => new RunningBlock(CHUNK_METERS));
  readonly #single = new RunningBlock(1);

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
    const block = this.#blocks[channel]!;
    for (let done = 0; done < count; done += CHUNK_METERS) {
      const meters = Math.min(CHUNK_METERS, count - done);
      if (!block.holds(first + done, meters, this.#moment.blockDraw)) this.#beginBlock(block, first + done, meters, channel);
      this.#readBlock(block, out, outOffset + done * stride, stride);
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

  /** Takes `meters` neighbours to the begin of the running block. */
  #beginBlock(block: RunningBlock, first: number, meters: number, channel: number): void {
    const allAtHand = this.#bringDays(first, meters);
    block.first = first;
    block.meters = meters;
    block.draw = this.#moment.blockDraw;
    block.high = channel === LOW_CHANNEL ? 0 : this.#takeHigh(block);
    block.streams = channel === HIGH_CHANNEL ? block.high : this.#takeLow(block);
    if (!allAtHand) this.#mendDays(block, block.streams);
    this.#countToBlock(block, 0, block.high, HIGH);
    this.#countToBlock(block, block.high, block.streams, LOW);
  }

  /** The high-rate streams of a block's meters, from the cache; answers their number. */
  #takeHigh(block: RunningBlock): number {
    const { highStartWh, highWh } = this.#cache;
    const { consumption, tariff } = this.#meters;
    const tariffs = this.#tariffs;
    const { first, meters, startWh, energyWh, stream, owner } = block;
    for (let k = 0; k < meters; k++) {
      const i = first + k;
      owner[k] = i;
      stream[k] = 2 * (consumption[i]! * tariffs + tariff[i]!) + HIGH;
      startWh[k] = highStartWh[i]!;
      energyWh[k] = highWh[i]!;
    }
    return meters;
  }

  /** The low-rate streams of a block's meters, put behind its high ones; answers the number of all. */
  #takeLow(block: RunningBlock): number {
    const { lowStartWh, lowWh } = this.#cache;
    const { first, meters, high, startWh, energyWh, stream, owner } = block;
    if (lowWh.length === 0) return high;
    const { consumption, tariff } = this.#meters;
    const tariffs = this.#tariffs;
    const twoRates = this.#twoRates;
    let n = high;
    // Without a branch on the tariff, which could not be foreseen: a meter with one rate is overwritten by the next.
    for (let i = first; i < first + meters; i++) {
      owner[n] = i;
      stream[n] = 2 * (consumption[i]! * tariffs + tariff[i]!) + LOW;
      n += twoRates[tariff[i]!]!;
    }
    const row = this.#cache.lowRow(first);
    for (let k = high; k < n; k++) {
      startWh[k] = lowStartWh[row + k - high]!;
      energyWh[k] = lowWh[row + k - high]!;
    }
    return n;
  }

  /** Computes the days that the cache doesn't hold. */
  #mendDays(block: RunningBlock, streams: number): void {
    const { tag } = this.#cache;
    const today = this.#cache.tagOf(this.#moment.day.day);
    const { startWh, energyWh, stream, owner } = block;
    for (let k = 0; k < streams; k++) {
      const i = owner[k]!;
      if (tag[i] === today) continue;
      const day = this.#computeDay(i, stream[k]!);
      startWh[k] = day.startWh;
      energyWh[k] = day.dayWh;
    }
  }

  /** One register by itself. Reads the cache and leaves it as it is. */
  #registerOfRate(i: number, rate: Rate): number {
    const cache = this.#cache;
    const block = this.#single;
    block.owner[0] = i;
    block.stream[0] = 2 * (this.#meters.consumption[i]! * this.#tariffs + this.#meters.tariff[i]!) + rate;
    if (cache.tag[i] !== cache.tagOf(this.#moment.day.day)) {
      this.#mendDays(block, 1);
    } else if (rate === HIGH) {
      block.startWh[0] = cache.highStartWh[i]!;
      block.energyWh[0] = cache.highWh[i]!;
    } else {
      const row = cache.lowRow(i);
      block.startWh[0] = cache.lowStartWh[row]!;
      block.energyWh[0] = cache.lowWh[row]!;
    }
    this.#countToBlock(block, 0, 1, rate);
    return this.#counted(block, 0);
  }

  /**
   * From midnight to the begin of the running block. All meters have the keys of the day's and the block's draw in common; a
   * draw has the number of its meter.
   */
  #countToBlock(block: RunningBlock, from: number, to: number, rate: Rate): void {
    const { startWh, energyWh, stream, owner, slots, round } = block;
    const moment = this.#moment;
    const { blockRow, blockTable } = moment;
    const { offset } = moment.day;
    const table = this.#tables.daySplits;
    const dayKey = entityKey(this.#slotKeys[rate], moment.dayDraw);
    const blockKey = entityKey(this.#slotKeys[rate], moment.blockDraw);
    const firstMeter = this.#meters.first;
    for (let k = from; k < to; k++) {
      const meter = firstMeter + owner[k]!;
      const splits = offset[stream[k]!]!;
      const dayBits = draw(dayKey, meter);
      const at = splits + blockRow + shapeOf(dayBits);
      const roundDay = roundingOf(dayBits);
      const blocksWh = cut(energyWh[k]!, table[at]!, roundDay);
      const blockBits = draw(blockKey, meter);
      startWh[k]! += blocksWh;
      energyWh[k] = cut(energyWh[k]!, table[at + SHAPES]!, roundDay) - blocksWh;
      slots[k] = splits + blockTable + shapeOf(blockBits);
      round[k] = roundingOf(blockBits);
    }
  }

  /** Registers of a block's meters at the moment, the k-th into `out[at + k * stride]`. */
  #readBlock(block: RunningBlock, out: Float64Array, at: number, stride: number): void {
    const { first, meters, high, streams, startWh, energyWh, slots, round, owner } = block;
    if (this.#moment.seconds > 0) {
      for (let k = 0; k < high; k++) out[at + k * stride] = this.#counted(block, k);
      for (let k = high; k < meters; k++) out[at + k * stride] = 0;
      for (let k = high; k < streams; k++) out[at + (owner[k]! - first) * stride]! += this.#counted(block, k);
      return;
    }
    const table = this.#tables.daySplits;
    const { slotRow } = this.#moment;
    for (let k = 0; k < high; k++) out[at + k * stride] = startWh[k]! + cut(energyWh[k]!, table[slots[k]! + slotRow]!, round[k]!);
    for (let k = high; k < meters; k++) out[at + k * stride] = 0;
    for (let k = high; k < streams; k++) {
      out[at + (owner[k]! - first) * stride]! += startWh[k]! + cut(energyWh[k]!, table[slots[k]! + slotRow]!, round[k]!);
    }
  }

  /** Register of stream k at the moment. */
  #counted(block: RunningBlock, k: number): number {
    const { startWh, energyWh, slots, round, stream } = block;
    const table = this.#tables.daySplits;
    const row = slots[k]! + this.#moment.slotRow;
    const slotsWh = cut(energyWh[k]!, table[row]!, round[k]!);
    if (this.#moment.seconds === 0) return startWh[k]! + slotsWh;
    const slotWh = cut(energyWh[k]!, table[row + SHAPES]!, round[k]!) - slotsWh;
    return startWh[k]! + slotsWh + this.#moment.counted(stream[k]!, slotWh);
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

/** The streams of neighbouring meters in the running block of 2 hours, those of the high rate first. Small enough to stay near. */
class RunningBlock {
  first = 0;
  meters = 0;
  /** Number of the block's draw; -1: none. */
  draw = -1;
  /** Streams of the high rate, and of both. */
  high = 0;
  streams = 0;
  /** Position of the meter among the meters. */
  readonly owner: Uint32Array;
  readonly stream: Uint32Array;
  /** At midnight first, then at the begin of the block. */
  readonly startWh: Float64Array;
  /** Of the day first, then of the block. */
  readonly energyWh: Float64Array;
  /** Where the block's split, in the stream's shape, begins in the table; what is added before rounding down. */
  readonly slots: Uint32Array;
  readonly round: Float64Array;

  constructor(meters: number) {
    // The last one is scratch: see #takeLow.
    const streams = 2 * meters + 1;
    this.owner = new Uint32Array(streams);
    this.stream = new Uint32Array(streams);
    this.startWh = new Float64Array(streams);
    this.energyWh = new Float64Array(streams);
    this.slots = new Uint32Array(streams);
    this.round = new Float64Array(streams);
  }

  holds(first: number, meters: number, drawn: number): boolean {
    return this.draw === drawn && this.first === first && this.meters === meters;
  }
}

function statusOf(key: number, meter: number): number {
  return draw(key, meter) < CLOCK_ADJUSTED_BELOW ? CLOCK_ADJUSTED : 0;
}
