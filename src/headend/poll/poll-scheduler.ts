/**
 * Who is asked next. Devices are asked one job at a time, jobs of a device in the order of their priority, and among devices
 * the more urgent job first, then the one that waits longest: a command passes the mass reading of the whole grid.
 *
 * Invariants: no device has two jobs under way (no second session to a device that has one); at most `activeMax` devices are
 * busy, and at most `cellMax` of one cell, because they share its air; a device whose job failed rests for a while that grows
 * with each failure (back-off with jitter), unless something urgent (command, on-demand) is asked of it that was not tried yet. A
device holds at most `jobsMax` jobs.
 */

import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { draw, streamKey, UNIT } from '../../base/random.ts';
import { ReadyQueue } from '../../base/ready-queue.ts';

/** In the order in which they are served. */
export const PRIORITIES = ['command', 'on-demand', 'repair', 'mass'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** `failed`: the device could not be asked; the job is tried again. */
export type JobOutcome = 'done' | 'failed';

export interface PollJob {
  readonly priority: Priority;
  /** Asks; calls `done` exactly once, later or at once. */
  run(done: (outcome: JobOutcome) => void): void;
  /** Tries after which it is given up; `Infinity`: never. */
  readonly attemptsMax: number;
  /** It was given up. */
  onGivenUp?(): void;
}

export interface BackOffTimes {
  readonly baseMs: number;
  readonly capMs: number;
}

export interface PollSchedulerOptions {
  readonly clock: Clock;
  readonly devices: number;
  /** Cell of each device. */
  readonly cells: Uint16Array;
  readonly activeMax: number;
  readonly cellMax: number;
  /** Jobs that one device may have waiting. */
  readonly jobsMax: number;
  readonly backOff: BackOffTimes;
  readonly seed: number;
}

interface Waiting {
  readonly job: PollJob;
  attempts: number;
  givenUp: boolean;
}

const URGENT = 2;
const LEVELS = PRIORITIES.length;

export class PollScheduler {
  /** Devices that are being asked now, and the most there were at once. */
  active = 0;
  activePeak = 0;
  failures = 0;
  givenUp = 0;
  readonly #options: PollSchedulerOptions;
  readonly #waiting: Waiting[][];
  readonly #busy: Uint8Array;
  readonly #failures: Uint8Array;
  /** Clock time before which a device is left alone. */
  readonly #restUntilMs: Float64Array;
  readonly #ready: readonly ReadyQueue[];
  readonly #cellActive: Uint32Array;
  /** Devices that wait for a place in their cell. */
  readonly #cellWaiting: number[][];
  readonly #key: number;
  #draws = 0;
  /** Levels from here on are not served. */
  #pausedFrom: number = LEVELS;
  #pumping = false;

  constructor(options: PollSchedulerOptions) {
    const { devices, cells } = options;
    assert(cells.length === devices, 'each device is in a cell');
    assert(options.activeMax > 0 && options.cellMax > 0, 'somebody may be asked');
    this.#options = options;
    this.#waiting = Array.from({ length: devices }, () => []);
    this.#busy = new Uint8Array(devices);
    this.#failures = new Uint8Array(devices);
    this.#restUntilMs = new Float64Array(devices);
    this.#ready = PRIORITIES.map(() => new ReadyQueue(devices));
    const cellCount = cells.reduce((most, cell) => Math.max(most, cell + 1), 1);
    this.#cellActive = new Uint32Array(cellCount);
    this.#cellWaiting = Array.from({ length: cellCount }, () => []);
    this.#key = streamKey(options.seed, 'poll-back-off');
  }

  /** Nothing is under way, and all that waits are devices that rest after a failure. */
  get idle(): boolean {
    return this.active === 0 && this.#ready.every((queue) => queue.length === 0);
  }

  /** Jobs of the device, without the one under way. */
  jobsOf(device: number): number {
    return this.#waiting[device]?.length ?? 0;
  }

  isBusy(device: number): boolean {
    return this.#busy[device] === 1;
  }

  /** False: the device has as many jobs as it may have; the job is not taken. */
  submit(device: number, job: PollJob): boolean {
    const waiting = this.#waiting[device];
    assert(waiting !== undefined, 'there is such a device');
    if (waiting.length >= this.#options.jobsMax) return false;
    insert(waiting, { job, attempts: 0, givenUp: false });
    if (levelOf(job) < URGENT) this.#restUntilMs[device] = 0;
    this.#makeReady(device);
    this.#pump();
    return true;
  }

  /** Takes back a job that waits. False: it does not wait; it may be under way. */
  withdraw(device: number, job: PollJob): boolean {
    const waiting = this.#waiting[device];
    assert(waiting !== undefined, 'there is such a device');
    const at = waiting.findIndex((entry) => entry.job === job);
    if (at < 0) return false;
    waiting.splice(at, 1);
    // What waited behind it may be of another priority.
    this.#makeReady(device);
    this.#pump();
    return true;
  }

  /** Starts no further job of priority `from` or behind it until `resume`; those under way end. */
  pause(from: Priority = 'command'): void {
    this.#pausedFrom = PRIORITIES.indexOf(from);
  }

  resume(): void {
    this.#pausedFrom = LEVELS;
    this.#pump();
  }

  #makeReady(device: number): void {
    const next = this.#waiting[device]?.[0];
    if (next === undefined || this.#busy[device] === 1) return;
    if (this.#restUntilMs[device]! > this.#options.clock.nowMs()) return;
    this.#ready[levelOf(next.job)]?.add(device);
  }

  #pump(): void {
    // A job may end within its start; then the loop that runs already goes on.
    if (this.#pumping) return;
    this.#pumping = true;
    for (let level = 0; level < this.#pausedFrom && this.active < this.#options.activeMax; ) {
      const device = this.#ready[level]?.take() ?? -1;
      if (device < 0) level++;
      else if (this.#startIfDue(device, level)) level = 0;
    }
    this.#pumping = false;
  }

  /** True: a job was started. An entry of the queue that is out of date is dropped. */
  #startIfDue(device: number, level: number): boolean {
    const waiting = this.#waiting[device]!;
    const next = waiting[0];
    if (next === undefined || this.#busy[device] === 1 || levelOf(next.job) !== level) return false;
    if (this.#restUntilMs[device]! > this.#options.clock.nowMs()) return false;
    const cell = this.#options.cells[device]!;
    if (this.#cellActive[cell]! >= this.#options.cellMax) {
      this.#cellWaiting[cell]!.push(device);
      return false;
    }
    waiting.shift();
    next.attempts++;
    this.#busy[device] = 1;
    this.#cellActive[cell]!++;
    this.active++;
    this.activePeak = Math.max(this.activePeak, this.active);
    let ended = false;
    next.job.run((outcome) => {
      assert(!ended, 'a job ends once');
      ended = true;
      this.#ended(device, next, outcome);
    });
    return true;
  }

  #ended(device: number, entry: Waiting, outcome: JobOutcome): void {
    this.#busy[device] = 0;
    this.active--;
    const cell = this.#options.cells[device]!;
    this.#cellActive[cell]!--;
    if (outcome === 'done') this.#failures[device] = 0;
    else this.#failed(device, entry);
    this.#spareUrgent(device);
    const parked = this.#cellWaiting[cell]!;
    if (parked.length > 0) this.#cellWaiting[cell] = [];
    for (const other of parked) this.#makeReady(other);
    this.#makeReady(device);
    this.#pump();
    if (entry.givenUp) entry.job.onGivenUp?.();
  }

  #failed(device: number, entry: Waiting): void {
    this.failures++;
    entry.givenUp = entry.attempts >= entry.job.attemptsMax;
    if (entry.givenUp) {
      this.givenUp++;
    } else {
      this.#waiting[device]!.unshift(entry);
      sortByLevel(this.#waiting[device]!);
    }
    const { clock } = this.#options;
    const delayMs = this.#restMs(device);
    const untilMs = clock.nowMs() + delayMs;
    this.#restUntilMs[device] = untilMs;
    clock.schedule(delayMs, () => {
      // A timer may come a little before its time; the rest is over all the same, unless a later one has begun.
      if (this.#restUntilMs[device] === untilMs) this.#restUntilMs[device] = 0;
      this.#makeReady(device);
      this.#pump();
    });
  }

  /** Something urgent that came while a job was under way does not wait for the end of the rest that its failure began. */
  #spareUrgent(device: number): void {
    const next = this.#waiting[device]![0];
    if (next !== undefined && next.attempts === 0 && levelOf(next.job) < URGENT) this.#restUntilMs[device] = 0;
  }

  /** Half of the ceiling and a random part of the other half, so that devices that failed together come back apart. */
  #restMs(device: number): number {
    const { baseMs, capMs } = this.#options.backOff;
    const failures = this.#failures[device]!;
    this.#failures[device] = Math.min(failures + 1, 30);
    const ceiling = Math.min(capMs, baseMs * 2 ** failures);
    return ceiling * (0.5 + 0.5 * draw(this.#key, this.#draws++) * UNIT);
  }
}

function levelOf(job: PollJob): number {
  return PRIORITIES.indexOf(job.priority);
}

/** Behind those of its own priority. */
function insert(waiting: Waiting[], entry: Waiting): void {
  const level = levelOf(entry.job);
  let at = waiting.length;
  while (at > 0 && levelOf(waiting[at - 1]!.job) > level) at--;
  waiting.splice(at, 0, entry);
}

function sortByLevel(waiting: Waiting[]): void {
  waiting.sort((a, b) => levelOf(a.job) - levelOf(b.job));
}
