/**
 * Which step a concentrator may play by now.
 *
 * `speed: max`: all concentrators play a turn of `TURN_STEPS` steps before any plays the next turn (those that have come no
 * further for long are not waited for). A turn's messages of one concentrator share a system call.
 * `speed: n`: open loop; each is due at its own intended time, whatever happened before.
 */

import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { PushTimes } from '../grid/plan/push-time.ts';

export interface Schedule {
  /** The station may play the steps below this. */
  allowed(station: number): number;
  /** Tells that `station` has played all steps up to `step`. */
  played(station: number, step: number): void;
  /** The station can't be reached (or can again): don't wait for it. */
  setAbsent(station: number, absent: boolean): void;
  /** How much later than intended the first message of `step` leaves now, ms; 0 when nothing is intended. */
  lateMs(station: number, step: number): number;
  /** Time of the grid since `step` began, seconds; Infinity when steps begin at no time. */
  sinceStepSeconds(station: number, step: number): number;
  start(): void;
  stop(): void;
}

export interface ScheduleOptions {
  readonly fromStation: number;
  readonly toStation: number;
  readonly fromStep: number;
  readonly steps: number;
  /** Some stations may now play more. */
  readonly onDue: (station: number) => void;
}

/** Steps that a concentrator plays in one go at `speed: max`. */
export const TURN_STEPS = 8;

export interface LockStepOptions extends ScheduleOptions {
  /** When what the station sends at `step` would arrive; those that arrive first are told first. Default: by their number. */
  readonly arrivalMs?: (station: number, step: number) => number;
}

export class LockStep implements Schedule {
  readonly #options: LockStepOptions;
  /** Stations of the segment, in the order in which they are told; and their arrivals. */
  readonly #order: Uint32Array;
  readonly #arrival: Float64Array;
  readonly #absent: Uint8Array;
  /** By station: all steps below were played at least once. A step that is played again counts only once. */
  readonly #playedThrough: Uint32Array;
  /** End of the turn: stations may play the steps below. */
  #end: number;
  /** Stations that are not absent; those of them that have yet to finish the turn. */
  #present: number;
  #open: number;

  constructor(options: LockStepOptions) {
    this.#options = options;
    const count = options.toStation - options.fromStation;
    this.#order = Uint32Array.from({ length: count }, (_, i) => i);
    this.#arrival = new Float64Array(options.arrivalMs === undefined ? 0 : count);
    this.#end = Math.min(options.fromStep + TURN_STEPS, options.steps);
    this.#present = count;
    this.#open = this.#present;
    this.#absent = new Uint8Array(this.#open);
    this.#playedThrough = new Uint32Array(this.#open).fill(options.fromStep);
  }

  allowed(): number {
    return this.#end;
  }

  lateMs(): number {
    return 0;
  }

  sinceStepSeconds(): number {
    return Infinity;
  }

  played(station: number, step: number): void {
    const i = station - this.#options.fromStation;
    const before = this.#playedThrough[i]!;
    if (step < before) return;
    this.#playedThrough[i] = step + 1;
    if (this.#absent[i] === 1 || before >= this.#end || step + 1 < this.#end) return;
    this.#open--;
    this.#advanceIfDone();
  }

  setAbsent(station: number, absent: boolean): void {
    const i = station - this.#options.fromStation;
    if ((this.#absent[i] === 1) === absent) return;
    this.#absent[i] = absent ? 1 : 0;
    this.#present += absent ? -1 : 1;
    if (this.#playedThrough[i]! < this.#end) this.#open += absent ? -1 : 1;
    this.#advanceIfDone();
  }

  start(): void {
    this.#announce();
  }

  stop(): void {}

  #advanceIfDone(): void {
    const { steps } = this.#options;
    if (this.#open > 0 || this.#end >= steps || this.#present === 0) return;
    this.#end = Math.min(this.#end + TURN_STEPS, steps);
    this.#open = this.#present;
    this.#announce();
  }

  #announce(): void {
    const { fromStation, onDue } = this.#options;
    this.#arrange();
    for (const i of this.#order) onDue(fromStation + i);
  }

  #arrange(): void {
    const { fromStation, arrivalMs } = this.#options;
    if (arrivalMs === undefined) return;
    const step = Math.max(this.#end - TURN_STEPS, 0);
    const arrival = this.#arrival;
    for (let i = 0; i < arrival.length; i++) arrival[i] = arrivalMs(fromStation + i, step);
    this.#order.sort((a, b) => arrival[a]! - arrival[b]! || a - b);
  }
}

/** Open loop on the clock: one timer for all, every `GRAIN_MS`. */
export class OpenLoop implements Schedule {
  readonly #options: ScheduleOptions;
  readonly #clock: Clock;
  readonly #times: PushTimes;
  readonly #hundredthsPerMs: number;
  readonly #originMs: number;
  /** Stations of the current step in the order in which they are due. */
  readonly #order: Uint32Array;
  readonly #due: Float64Array;
  readonly #allowed: Uint32Array;
  #next = 0;
  #step: number;
  #timer: Timer | null = null;

  constructor(
    options: ScheduleOptions & {
      readonly clock: Clock;
      readonly times: PushTimes;
      readonly speed: number;
      /** Clock time of step 0. */
      readonly originMs: number;
    },
  ) {
    assert(options.speed > 0, 'speed is positive');
    this.#options = options;
    this.#clock = options.clock;
    this.#times = options.times;
    this.#hundredthsPerMs = options.speed / 10;
    this.#originMs = options.originMs;
    this.#step = options.fromStep;
    const count = options.toStation - options.fromStation;
    this.#order = new Uint32Array(count);
    this.#due = new Float64Array(count);
    this.#allowed = new Uint32Array(count).fill(options.fromStep);
    this.#arrange();
  }

  allowed(station: number): number {
    return this.#allowed[station - this.#options.fromStation]!;
  }

  played(): void {}

  setAbsent(): void {}

  lateMs(station: number, step: number): number {
    return Math.max(0, this.#clock.nowMs() - this.intendedMs(station, step));
  }

  sinceStepSeconds(station: number, step: number): number {
    const begin = this.#times.sinceStartHundredths(station, step) - this.#times.offsetHundredths(station, step);
    return ((this.#clock.nowMs() - this.#originMs) * this.#hundredthsPerMs - begin) / 100;
  }

  start(): void {
    this.#tick();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Clock time at which the first message of `station` at `step` is meant to leave. */
  intendedMs(station: number, step: number): number {
    return this.#originMs + this.#times.sinceStartHundredths(station, step) / this.#hundredthsPerMs;
  }

  #arrange(): void {
    const { fromStation } = this.#options;
    for (let i = 0; i < this.#due.length; i++) this.#due[i] = this.intendedMs(fromStation + i, this.#step);
    const due = this.#due;
    this.#order.forEach((_, i, order) => {
      order[i] = i;
    });
    this.#order.sort((a, b) => due[a]! - due[b]! || a - b);
    this.#next = 0;
  }

  #tick(): void {
    const now = this.#clock.nowMs();
    const { fromStation, steps, onDue } = this.#options;
    while (this.#step < steps) {
      while (this.#next < this.#order.length) {
        const i = this.#order[this.#next]!;
        if (this.#due[i]! > now) break;
        this.#allowed[i] = this.#step + 1;
        this.#next++;
        onDue(fromStation + i);
      }
      if (this.#next < this.#order.length) break;
      this.#step++;
      if (this.#step < steps) this.#arrange();
    }
    if (this.#step >= steps) return;
    const wait = Math.max(GRAIN_MS, this.#due[this.#order[this.#next]!]! - now);
    this.#timer = this.#clock.schedule(wait, () => this.#tick());
  }
}

const GRAIN_MS = 5;
