/**
 * How long the event loop of this process keeps what is due waiting: a timer every RESOLUTION_MS, and how much later it comes. The kernel's timer does
 * the counting, so it costs next to nothing.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds. */
export interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Of one of several processes. */
export interface NamedLoopDelay extends LoopDelay {
  readonly process: string;
}

const RESOLUTION_MS = 20;
const NANOSECONDS = 1e6;

export class LoopWatch {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  /** What came before does not count. */
  start(): void {
    this.#histogram.enable();
    this.#histogram.reset();
  }

  get delay(): LoopDelay {
    const { count } = this.#histogram;
    if (count === 0) return { p99Ms: 0, maxMs: 0 };
    return { p99Ms: beyond(this.#histogram.percentile(99)), maxMs: beyond(this.#histogram.max) };
  }
}

/** What Node counts is the whole time between two timers. */
function beyond(nanoseconds: number): number {
  return Math.round(Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS) * 10) / 10;
}
