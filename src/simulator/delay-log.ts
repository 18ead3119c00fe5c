/**
 * What a run's messages waited for, on the machine's clock: how late they left against their intended time, and how long
 * their confirmation took.
 *
 * From sending to confirmation: one value for each step that a concentrator sent. A ring of `windowSteps` sending times per
 * concentrator; when a run without a window gets further ahead than that, the overwritten steps are not measured.
 */

import { build, type Histogram } from 'hdr-histogram-js';
import type { Clock } from '../base/clock.ts';

/** Sending times are kept in units of 0.1 ms, modulo 2^32 (five days). */
export const UNITS_PER_MS = 10;

/** Of all histograms of delays, so that they can be added up. */
export const DELAY_RANGE = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 2 ** 32,
  numberOfSignificantValueDigits: 3,
} as const;

export class DelayLog {
  /** From sending to confirmation, in units of 0.1 ms. */
  readonly confirmation: Histogram = build(DELAY_RANGE);
  /** How much later than intended the first message of a step left, in units of 0.1 ms. */
  readonly lateness: Histogram = build(DELAY_RANGE);
  readonly #clock: Clock;
  readonly #window: number;
  readonly #sentAt: Uint32Array;
  readonly #readings: Uint32Array;
  /** Step that a cell belongs to, plus one; 0: none. */
  readonly #step: Uint32Array;

  constructor(options: { readonly clock: Clock; readonly count: number; readonly windowSteps: number }) {
    this.#clock = options.clock;
    this.#window = options.windowSteps;
    const cells = options.count * options.windowSteps;
    this.#sentAt = new Uint32Array(cells);
    this.#readings = new Uint32Array(cells);
    this.#step = new Uint32Array(cells);
  }

  sent(
    device: number,
    push: { readonly step: number; readonly readings: number; readonly lateMs: number },
  ): void {
    const { step, readings } = push;
    const cell = device * this.#window + (step % this.#window);
    // Sent again: it waits since the first time.
    if (this.#step[cell] === step + 1) return;
    this.#sentAt[cell] = this.#now();
    this.#readings[cell] = readings;
    this.#step[cell] = step + 1;
    if (readings > 0) this.lateness.recordValue(Math.max(1, Math.round(push.lateMs * UNITS_PER_MS)));
  }

  /** Logs the steps from .. to-1 as confirmed now; answers how many readings they had, as far as known. */
  settle(device: number, from: number, to: number): number {
    const now = this.#now();
    let readings = 0;
    for (let step = Math.max(from, to - this.#window); step < to; step++) {
      const cell = device * this.#window + (step % this.#window);
      if (this.#step[cell] !== step + 1) continue;
      this.#step[cell] = 0;
      const count = this.#readings[cell]!;
      if (count === 0) continue;
      readings += count;
      this.confirmation.recordValue(Math.max(1, (now - this.#sentAt[cell]!) >>> 0));
    }
    return readings;
  }

  #now(): number {
    return Math.round(this.#clock.nowMs() * UNITS_PER_MS) >>> 0;
  }
}
