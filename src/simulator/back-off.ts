/**
 * When to try again after a connection broke or was refused: exponential with full jitter, drawn from the seed, so that
 * thousands of concentrators that lost the head-end in one instant don't come back in one.
 */

import { entityKey, streamKey, uniform } from '../base/random.ts';

export interface BackOffLimits {
  readonly baseMs: number;
  readonly capMs: number;
}

/** 5 s doubling to 10 min in time of the grid; shorter on the machine's clock when the run is faster than real time. */
export function backOffLimits(speed: number | 'max'): BackOffLimits {
  if (speed === 'max') return { baseMs: 100, capMs: 3000 };
  return { baseMs: Math.max(50, 5000 / speed), capMs: Math.max(2000, 600_000 / speed) };
}

export class BackOff {
  readonly #stream: number;
  readonly #limits: BackOffLimits;
  readonly #failures: Uint8Array;
  readonly #first: number;
  #draws = 0;

  constructor(options: {
    readonly seed: number;
    readonly limits: BackOffLimits;
    readonly first: number;
    readonly count: number;
  }) {
    this.#stream = streamKey(options.seed, 'back-off');
    this.#limits = options.limits;
    this.#first = options.first;
    this.#failures = new Uint8Array(options.count);
  }

  /** Delay before the next try of `device`, which has just failed or lost its connection. */
  nextDelayMs(device: number): number {
    const failures = this.#failures[device - this.#first]!;
    this.#failures[device - this.#first] = Math.min(failures + 1, 30);
    const ceiling = Math.min(this.#limits.capMs, this.#limits.baseMs * 2 ** failures);
    return ceiling * uniform(entityKey(this.#stream, device), this.#draws++);
  }

  /** The session of `device` has proved good: something was confirmed or sent on it. */
  succeeded(device: number): void {
    this.#failures[device - this.#first] = 0;
  }
}
