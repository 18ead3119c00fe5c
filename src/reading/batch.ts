/**
 * A batch of readings as columns: the one currency between protocol, head-end, store and audit. No object per reading.
 *
 *   meter   u32   number of the meter
 *   channel u8    register of the meter, see CHANNELS
 *   time    u32   Unix seconds (UTC) of the register value; good until 2106
 *   value   f64   register value in Wh, an integer up to 2^53
 *   status  u8    AMR profile status byte of the row (bit 7 power down, 5 clock adjusted, 3 DST, 2 not valid, 1 clock
 *                 invalid, 0 critical error)
 */

import { assert } from '../base/assert.ts';

/** OBIS codes of the channels, by channel number. */
export const CHANNELS = ['1-0:1.8.0', '1-0:1.8.1', '1-0:1.8.2'] as const;

export class ReadingBatch {
  readonly capacity: number;
  /** Rows in use, 0 .. capacity. */
  length = 0;
  readonly meter: Uint32Array;
  readonly channel: Uint8Array;
  readonly time: Uint32Array;
  readonly value: Float64Array;
  readonly status: Uint8Array;

  constructor(capacity: number) {
    assert(Number.isInteger(capacity) && capacity > 0, 'a batch has room for at least one reading');
    this.capacity = capacity;
    this.meter = new Uint32Array(capacity);
    this.channel = new Uint8Array(capacity);
    this.time = new Uint32Array(capacity);
    this.value = new Float64Array(capacity);
    this.status = new Uint8Array(capacity);
  }

  /** Rows that still fit. */
  get room(): number {
    return this.capacity - this.length;
  }

  /** For tests and rare paths; hot paths write the columns themselves. */
  push(row: Reading): void {
    assert(this.length < this.capacity, 'batch is full');
    const i = this.length++;
    this.meter[i] = row.meter;
    this.channel[i] = row.channel;
    this.time[i] = row.time;
    this.value[i] = row.value;
    this.status[i] = row.status;
  }

  /** Row `index` as an object; for examples and tests. */
  row(index: number): Reading {
    assert(index >= 0 && index < this.length, 'no such row');
    return {
      meter: this.meter[index]!,
      channel: this.channel[index]!,
      time: this.time[index]!,
      value: this.value[index]!,
      status: this.status[index]!,
    };
  }
}

export interface Reading {
  readonly meter: number;
  readonly channel: number;
  /** Unix seconds. */
  readonly time: number;
  /** Wh. */
  readonly value: number;
  readonly status: number;
}
