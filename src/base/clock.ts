/**
 * The one interface to time. Everything that waits or stamps gets a Clock handed in, so that the whole system also runs on
 * a virtual clock, in one process, from a seed.
 */

import { assert } from './assert.ts';

export interface Timer {
  /** Does nothing when the timer has fired or was cancelled before. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds, monotone, from an arbitrary origin. */
  nowMs(): number;
  /** Milliseconds since 1970-01-01T00:00Z. */
  unixMs(): number;
  /** Calls `fn` once, `delayMs` from now; 0 means as soon as pending input was looked at. */
  schedule(delayMs: number, fn: () => void): Timer;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  unixMs: () => Date.now(),
  schedule(delayMs, fn) {
    if (delayMs <= 0) {
      const immediate = setImmediate(fn);
      return { cancel: () => clearImmediate(immediate) };
    }
    const timeout = setTimeout(fn, delayMs);
    return { cancel: () => clearTimeout(timeout) };
  },
};

interface Event {
  readonly atMs: number;
  readonly order: number;
  fn: (() => void) | null;
}

/** A clock that stands still until `run` moves it from event to event. Events of one instant keep their order. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Event[] = [];
  readonly #originUnixMs: number;

  constructor(originUnixMs = 0) {
    this.#originUnixMs = originUnixMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  unixMs(): number {
    return this.#originUnixMs + this.#nowMs;
  }

  schedule(delayMs: number, fn: () => void): Timer {
    assert(delayMs >= 0, 'a delay is not negative');
    const event: Event = { atMs: this.#nowMs + delayMs, order: this.#order++, fn };
    this.#push(event);
    return {
      cancel: () => {
        event.fn = null;
      },
    };
  }

  /** Runs events until `done()` holds (true) or none is left or `limitMs` is passed (false). */
  run(done: () => boolean, limitMs = Infinity): boolean {
    while (!done()) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > limitMs) return false;
      const event = this.#pop();
      if (event === undefined || event.fn === null) continue;
      this.#nowMs = event.atMs;
      const fn = event.fn;
      event.fn = null;
      fn();
    }
    return true;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function before(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
