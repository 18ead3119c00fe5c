/**
 * The run's own values for its monitoring: readings on their way, and what its processes take. Sampled often at first, and
 * less often the longer the run takes: 600 s at 5 a second, three days at one in 10 s.
 */

import type { Clock } from '../../base/clock.ts';
import { readProcess, type ProcSample } from '../../monitor/proc-file.ts';
import type { RunMonitor } from './run-monitor.ts';

export interface OwnFacts {
  readonly sentReadings: number;
  readonly confirmedReadings: number;
  /** null: the head-end is not ours. */
  readonly storedReadings: number | null;
  readonly connected: number;
  /** That the average concentrator has settled. */
  readonly step: number;
}

interface Watched {
  pid: number;
  last: ProcSample | null;
  lastMs: number;
}

const INTERVAL_MIN_MS = 200;
const INTERVAL_MAX_MS = 10_000;
/** The interval is this part of the time since the begin. */
const INTERVAL_PART = 3000;
const RATE_MS = 1000;
/** A tick that comes a little early counts as in time. */
const EARLY_MS = 20;

export class OwnSeries {
  readonly #clock: Clock;
  readonly #monitor: RunMonitor;
  readonly #processes = new Map<string, Watched>();
  readonly #beganMs: number;
  /** Of the last RATE_MS: counts arrive in pieces, so rates are taken over more than one interval. */
  #recent: { readonly atMs: number; readonly facts: OwnFacts }[] = [];

  constructor(options: { readonly clock: Clock; readonly monitor: RunMonitor }) {
    this.#clock = options.clock;
    this.#monitor = options.monitor;
    this.#beganMs = options.clock.nowMs();
  }

  /** A known name with another pid is the next life of that process. */
  watch(name: string, pid: number): void {
    this.#processes.set(name, { pid, last: readProcess(pid), lastMs: this.#clock.nowMs() });
  }

  /** Takes a sample if it is time for one, and in any case when the readings are the last ones. */
  tick(facts: OwnFacts, last: boolean): void {
    const nowMs = this.#clock.nowMs();
    const intervalMs = Math.min(INTERVAL_MAX_MS, Math.max(INTERVAL_MIN_MS, (nowMs - this.#beganMs) / INTERVAL_PART));
    const sinceMs = nowMs - (this.#recent.at(-1)?.atMs ?? -Infinity);
    if (sinceMs < (last ? 1 : intervalMs - EARLY_MS)) return;
    this.#sampleReadings(facts, nowMs);
    for (const [name, watched] of this.#processes) this.#sampleProcess(name, watched, nowMs);
    this.#recent.push({ atMs: nowMs, facts });
    while (nowMs - (this.#recent[1]?.atMs ?? nowMs) >= RATE_MS) this.#recent.shift();
  }

  #sampleReadings(facts: OwnFacts, nowMs: number): void {
    const { sentReadings, confirmedReadings, storedReadings, connected, step } = facts;
    const monitor = this.#monitor;
    const since = this.#recent[0];
    const seconds = since === undefined ? 0 : (nowMs - since.atMs) / 1000;
    const counted = (name: string, now: number, before: number): void => {
      monitor.sample(name, 'readings', now);
      if (seconds > 0) monitor.sample(`${name}.rate`, 'readings/s', Math.max(0, now - before) / seconds);
    };
    counted('sent', sentReadings, since?.facts.sentReadings ?? 0);
    counted('confirmed', confirmedReadings, since?.facts.confirmedReadings ?? 0);
    if (storedReadings !== null) {
      counted('stored', storedReadings, since?.facts.storedReadings ?? 0);
      monitor.sample('backlog', 'readings', Math.max(0, confirmedReadings - storedReadings));
    }
    monitor.sample('connected', 'concentrators', connected);
    monitor.sample('step', 'steps', step);
  }

  #sampleProcess(name: string, watched: Watched, nowMs: number): void {
    const sample = readProcess(watched.pid);
    // One that has ended has no memory any more.
    if (sample === null || sample.rssBytes === 0) return;
    const seconds = (nowMs - watched.lastMs) / 1000;
    if (watched.last !== null && seconds > 0) {
      this.#monitor.sample(`cpu.${name}`, 'cores', Math.max(0, sample.cpuSeconds - watched.last.cpuSeconds) / seconds);
    }
    this.#monitor.sample(`rss.${name}`, 'bytes', sample.rssBytes);
    watched.last = sample;
    watched.lastMs = nowMs;
  }
}
