/**
 * Keeps what is dear to look at from costing much: after a look that took c, the next is due when c is a small share of the time since, whatever
 * the machine and however many processes and connections there are.
 */

import type { Clock } from '../base/clock.ts';

export class Pace {
  readonly #clock: Clock;
  readonly #leastMs: number;
  readonly #share: number;
  #nextMs = -Infinity;

  /** `share`: of the time that looks may take; `leastMs`: between the begins of two. */
  constructor(clock: Clock, options: { readonly share: number; readonly leastMs: number }) {
    this.#clock = clock;
    this.#share = options.share;
    this.#leastMs = options.leastMs;
  }

  /** Looks when it is due, or when it must. */
  look(fn: () => void, must = false): void {
    const began = this.#clock.nowMs();
    if (began < this.#nextMs && !must) return;
    fn();
    const took = this.#clock.nowMs() - began;
    this.#nextMs = began + Math.max(this.#leastMs, took / this.#share);
  }
}
