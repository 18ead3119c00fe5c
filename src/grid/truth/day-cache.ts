/**
 * The day that was asked for last, by meter: register at midnight and energy of the day, for each rate. Columns, 15 bytes a
 * meter and 12 more for one with two rates.
 *
 * A later day takes the place of an earlier one at once. An earlier day takes it only when it was asked for
 * BACKWARD_PATIENCE times: late rows among new ones must not throw out what the next new row needs, and a reader who
 * starts again from the beginning must not be slow for good.
 */

import { assert } from '../../base/assert.ts';

const BACKWARD_PATIENCE = 16;
/** Meters that share one entry of #lowBefore. */
const GROUP = 16;

export class DayCache {
  /** Tag of the day that a meter's columns hold; 0: none. */
  readonly tag: Uint16Array;
  readonly highStartWh: Float64Array;
  readonly highWh: Uint32Array;
  /** By low row; only meters with two rates have one, see `lowRow`. */
  readonly lowStartWh: Float64Array;
  readonly lowWh: Uint32Array;
  readonly #twoRates: Uint8Array;
  readonly #tariff: Uint8Array;
  /** By group: meters with two rates before it. */
  readonly #lowBefore: Uint32Array;
  readonly #backward: Uint8Array;
  readonly #firstDay: number;

  /** `tariff`: by meter; `twoRates`: by tariff, 1 or 0; `firstDay`: the earliest that can be asked for. */
  constructor(options: { readonly tariff: Uint8Array; readonly twoRates: Uint8Array; readonly firstDay: number }) {
    const { tariff, twoRates } = options;
    const count = tariff.length;
    this.#firstDay = options.firstDay;
    this.#twoRates = twoRates;
    this.#tariff = tariff;
    this.#lowBefore = new Uint32Array(Math.ceil(count / GROUP));
    let low = 0;
    for (let i = 0; i < count; i++) {
      if (i % GROUP === 0) this.#lowBefore[i / GROUP] = low;
      low += twoRates[tariff[i]!]!;
    }
    this.tag = new Uint16Array(count);
    this.#backward = new Uint8Array(count);
    this.highStartWh = new Float64Array(count);
    this.highWh = new Uint32Array(count);
    this.lowStartWh = new Float64Array(low);
    this.lowWh = new Uint32Array(low);
  }

  /** 1 .. 65535, ascending with the day; 179 years are enough for times that fit 32 bits. */
  tagOf(day: number): number {
    const tag = day - this.#firstDay + 1;
    assert(tag >= 1 && tag <= 0xffff, 'a register is known from two years before the scenario on, for 177 years');
    return tag;
  }

  /** Low row of meter i, if it has two rates; else that of the next one that has. */
  lowRow(i: number): number {
    const group = Math.floor(i / GROUP);
    let row = this.#lowBefore[group]!;
    for (let k = group * GROUP; k < i; k++) row += this.#twoRates[this.#tariff[k]!]!;
    return row;
  }

  /** Whether the columns of meter i, which hold another day, are to be filled with that of `tag`. */
  admits(i: number, tag: number): boolean {
    if (tag < this.tag[i]! && ++this.#backward[i]! < BACKWARD_PATIENCE) return false;
    this.#backward[i] = 0;
    return true;
  }
}
