/**
 * A device as long as somebody talks to it: a number, what all devices of its kind share, and the way to what operators
 * changed. Made when an association is asked for; at rest there is none.
 */

import { below, entityKey } from '../../base/random.ts';
import type { DeviceChange, DeviceChanges } from './device-changes.ts';

/** What all devices of a kind share; one for meters and one for concentrators in a process. */
export interface DeviceKind {
  /** Key of the draws that set the clocks' drift. */
  readonly driftKey: number;
  /** Whole Unix seconds of the grid at a station. The simulator moves it on. */
  readonly nowUnixSeconds: (station: number) => number;
  readonly startUnixSeconds: number;
  readonly intervalSeconds: number;
  readonly steps: number;
  /** Civil time minus UTC, for good. */
  readonly offsetMinutes: number;
  readonly changes: DeviceChanges;
}

/** A crystal is off by 20 parts in a million at most: 1.7 s a day. */
const DRIFT_PPM_MAX = 20;
/** A clock that is set by more than this is logged: event 4 with the old time, 5 with the new one. */
export const CLOCK_SHIFT_LIMIT_SECONDS = 9;
export const STANDARD_LOG = 0;
const EVENT_CLOCK_OLD = 4;
const EVENT_CLOCK_NEW = 5;

export abstract class Device {
  readonly number: number;
  readonly station: number;
  readonly kind: DeviceKind;

  constructor(options: { readonly number: number; readonly station: number; readonly kind: DeviceKind }) {
    this.number = options.number;
    this.station = options.station;
    this.kind = options.kind;
  }

  /** Whether it can answer at all; what is mirrored elsewhere can be read nevertheless. */
  abstract get reachable(): boolean;

  get now(): number {
    return this.kind.nowUnixSeconds(this.station);
  }

  /** For reading; null: nobody touched it. */
  get change(): DeviceChange | null {
    return this.kind.changes.of(this.number);
  }

  /** For changing. */
  touch(): DeviceChange {
    return this.kind.changes.touch(this.number);
  }

  /** The step that runs: the last one whose time has come; -1 before the first, the last one for good after the run. */
  get step(): number {
    const { startUnixSeconds, intervalSeconds, steps } = this.kind;
    return Math.max(-1, Math.min(steps - 1, Math.floor((this.now - startUnixSeconds) / intervalSeconds)));
  }

  /**
   * Unix seconds that the device's own clock shows: right at the start of the run, from then on as far off as its crystal
   * is, until somebody sets it.
   */
  get clock(): number {
    const { change, now } = this;
    const set = change !== null && change.clockSetAt >= 0;
    const since = set ? change.clockSetAt : this.kind.startUnixSeconds;
    const ahead = set ? change.clockAheadSeconds : 0;
    return now + ahead + Math.trunc((this.driftPpm * Math.max(0, now - since)) / 1e6);
  }

  /** Parts in a million, in steps of 0.1. */
  get driftPpm(): number {
    const tenths = below(entityKey(this.kind.driftKey, this.number), 0, 20 * DRIFT_PPM_MAX + 1) - 10 * DRIFT_PPM_MAX;
    return tenths / 10;
  }

  /** Sets the clock to `unixSeconds`. A greater shift is logged. */
  setClock(unixSeconds: number): void {
    const [old, now] = [this.clock, this.now];
    const change = this.touch();
    if (Math.abs(unixSeconds - old) > CLOCK_SHIFT_LIMIT_SECONDS) this.log(STANDARD_LOG, EVENT_CLOCK_OLD);
    change.clockAheadSeconds = unixSeconds - now;
    change.clockSetAt = now;
    if (Math.abs(unixSeconds - old) > CLOCK_SHIFT_LIMIT_SECONDS) this.log(STANDARD_LOG, EVENT_CLOCK_NEW);
  }

  /** Writes an event of now, or of `at` (Unix seconds of the grid), with the time that the clock shows. */
  log(log: number, code: number, at = this.now): void {
    this.touch().addEvent({ log, code, at, shown: at + this.clock - this.now });
  }
}
