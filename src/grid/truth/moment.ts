/** The time that is asked for: its civil day, its place in the day's tables, and what of the quarter hour is over. */

import { assert } from '../../base/assert.ts';
import { SECONDS_PER_DAY } from './civil-day.ts';
import { BLOCK_SLOTS, BLOCK_SPLIT, BLOCK_SPLITS, type DayTables, type RateTables, SLOT_SECONDS } from './rate-tables.ts';
import { SHAPES } from './split.ts';

export class Moment {
  day: DayTables;
  /** Seconds of the running quarter hour that are over. */
  seconds = 0;
  /** Where, in a day's table, the row of the running block and the split of the block are; where, in that, the quarter hour's row. */
  blockRow = 0;
  blockTable = 0;
  slotRow = 0;
  /** Numbers of the draws that split the day and the block, one for each (day), (day, block). */
  dayDraw = 0;
  blockDraw = 0;
  readonly #tables: RateTables;
  readonly #offsetSeconds: number;
  #unixSeconds = Number.NaN;
  /** By stream: seconds of the quarter hour in which its rate runs, those over and all. Not kept when `seconds` is 0. */
  readonly #overSeconds: Uint16Array;
  readonly #allSeconds: Uint16Array;

  constructor(options: { readonly tables: RateTables; readonly offsetMinutes: number; readonly unixSeconds: number }) {
    const { tables, unixSeconds } = options;
    this.#tables = tables;
    this.#offsetSeconds = options.offsetMinutes * 60;
    this.#overSeconds = new Uint16Array(tables.streams);
    this.#allSeconds = new Uint16Array(tables.streams);
    this.day = tables.day(this.#dayNumber(unixSeconds));
    this.set(unixSeconds);
  }

  set(unixSeconds: number): void {
    if (unixSeconds === this.#unixSeconds) return;
    assert(Number.isInteger(unixSeconds), 'registers are known for whole seconds');
    this.#unixSeconds = unixSeconds;
    const day = this.#dayNumber(unixSeconds);
    if (day !== this.day.day) this.day = this.#tables.day(day);
    const secondOfDay = unixSeconds + this.#offsetSeconds - day * SECONDS_PER_DAY;
    const slot = Math.floor(secondOfDay / SLOT_SECONDS);
    const block = Math.floor(slot / BLOCK_SLOTS);
    this.seconds = secondOfDay - slot * SLOT_SECONDS;
    this.blockRow = block * SHAPES;
    this.blockTable = BLOCK_SPLITS + block * BLOCK_SPLIT;
    this.slotRow = (slot - block * BLOCK_SLOTS) * SHAPES;
    this.dayDraw = day * 16;
    this.blockDraw = day * 16 + 1 + block;
    if (this.seconds > 0) this.#measureSlot(slot);
  }

  /** What of `slotWh`, the energy of the running quarter hour, the stream has counted. */
  counted(stream: number, slotWh: number): number {
    if (this.seconds === 0 || slotWh === 0) return 0;
    return Math.floor((slotWh * this.#overSeconds[stream]!) / this.#allSeconds[stream]!);
  }

  #measureSlot(slot: number): void {
    for (let stream = 0; stream < this.#tables.streams; stream++) {
      this.#overSeconds[stream] = this.#tables.activeSeconds(stream, slot, this.seconds);
      this.#allSeconds[stream] = this.#tables.activeSeconds(stream, slot, SLOT_SECONDS);
    }
  }

  #dayNumber(unixSeconds: number): number {
    return Math.floor((unixSeconds + this.#offsetSeconds) / SECONDS_PER_DAY);
  }
}
