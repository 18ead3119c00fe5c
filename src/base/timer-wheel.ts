/**
 * Many coarse timers on one: each key (0 .. keys-1) has at most one time at which it is due, kept in columns, with no object
 * for it. A wheel of slots, one for each grain of time; what is due after a whole turn stays in its slot until its turn comes.
 * The clock is only asked while something waits. A key is due up to one grain late, never early. 12 bytes a key.
 * Times up to 2^31 grains after the wheel was made.
 */

import { assert } from './assert.ts';
import type { Clock, Timer } from './clock.ts';

const SLOTS = 1024;
const NONE = -1;
const TICKS_MAX = 2 ** 31 - 1;

export class TimerWheel {
  readonly #clock: Clock;
  readonly #grainMs: number;
  readonly #onDue: (key: number) => void;
  /** By slot: its first key. By key: the neighbours in its slot, and the tick at which it is due; NONE: not scheduled. */
  readonly #head = new Int32Array(SLOTS).fill(NONE);
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #due: Int32Array;
  #waiting = 0;
  /** All ticks up to this one are done. */
  #tick = 0;
  readonly #originMs: number;
  #timer: Timer | null = null;

  constructor(options: { readonly clock: Clock; readonly keys: number; readonly grainMs: number; readonly onDue: (key: number) => void }) {
    assert(options.grainMs > 0, 'a grain of time is positive');
    this.#clock = options.clock;
    this.#grainMs = options.grainMs;
    this.#onDue = options.onDue;
    this.#next = new Int32Array(options.keys).fill(NONE);
    this.#previous = new Int32Array(options.keys).fill(NONE);
    this.#due = new Int32Array(options.keys).fill(NONE);
    this.#originMs = options.clock.nowMs();
  }

  /** Keys that are scheduled. */
  get waiting(): number {
    return this.#waiting;
  }

  isScheduled(key: number): boolean {
    return this.#due[key] !== NONE;
  }

  /** Calls `onDue(key)` at `atMs` of the clock or up to one grain later; takes the place of an earlier time of the key. */
  schedule(key: number, atMs: number): void {
    if (this.#waiting === 0) this.#tick = Math.max(this.#tick, this.#tickAt(this.#clock.nowMs()));
    const tick = Math.min(Math.max(Math.ceil((atMs - this.#originMs) / this.#grainMs), this.#tick + 1), TICKS_MAX);
    if (this.#due[key] === tick) return;
    this.cancel(key);
    const slot = tick % SLOTS;
    const first = this.#head[slot]!;
    this.#due[key] = tick;
    this.#previous[key] = NONE;
    this.#next[key] = first;
    if (first !== NONE) this.#previous[first] = key;
    this.#head[slot] = key;
    this.#waiting++;
    this.#wait();
  }

  cancel(key: number): void {
    const tick = this.#due[key]!;
    if (tick === NONE) return;
    const next = this.#next[key]!;
    const previous = this.#previous[key]!;
    if (previous === NONE) this.#head[tick % SLOTS] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#due[key] = NONE;
    this.#waiting--;
  }

  /** Nothing is due any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#head.fill(NONE);
    this.#due.fill(NONE);
    this.#waiting = 0;
  }

  #tickAt(ms: number): number {
    // A clock that is woken at a tick may be a rounding error before it.
    return Math.floor((ms - this.#originMs) / this.#grainMs + 1e-6);
  }

  #wait(): void {
    if (this.#timer !== null || this.#waiting === 0) return;
    const wait = this.#originMs + (this.#tick + 1) * this.#grainMs - this.#clock.nowMs();
    this.#timer = this.#clock.schedule(Math.max(wait, 0), () => {
      this.#timer = null;
      this.#advance();
      this.#wait();
    });
  }

  #advance(): void {
    const now = this.#tickAt(this.#clock.nowMs());
    // After a long sleep one turn of the wheel passes every slot.
    this.#tick = Math.max(this.#tick, now - SLOTS);
    while (this.#tick < now && this.#waiting > 0) {
      this.#tick++;
      this.#runSlot(this.#tick % SLOTS, now);
    }
    this.#tick = Math.max(this.#tick, now);
  }

  #runSlot(slot: number, now: number): void {
    let key = this.#head[slot]!;
    while (key !== NONE) {
      const due = this.#due[key]! <= now;
      const after = this.#next[key]!;
      if (due) {
        this.cancel(key);
        this.#onDue(key);
      }
      // What was called may have moved the next key elsewhere: then begin again, for whatever is left.
      if (due && after !== NONE && (!this.isScheduled(after) || this.#due[after]! % SLOTS !== slot)) key = this.#head[slot]!;
      else key = after;
    }
  }
}
