/**
 * Watches processes: processor time and resident memory, sampled on the clock that is handed in.
 *
 * A process is known by its name. When it dies and another takes its name, processor time adds up over the lives and the
 * peak is the highest of them. What a process did between its last sample and its end is not seen: at most one interval.
 *
 * Memory is bounded: when a series is longer than `samplesMax`, neighbours are merged in all series and the interval doubles.
 */

import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { readProcess, type ProcSample } from './proc-file.ts';

export type ProcessGroup = 'simulator' | 'headend' | 'runner';

export interface WatchedProcess {
  /** For people: `simulator 1`. */
  readonly name: string;
  readonly group: ProcessGroup;
  readonly pid: number;
}

/** What a process took of the machine. */
export interface ProcessUse extends WatchedProcess {
  /** From the begin of the watch (`start`) on, over all lives of the process. */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  /** Samples since `start`, ascending; each covers the time since the one before. */
  readonly wallMs: readonly number[];
  readonly cpuCores: readonly number[];
  readonly rssBytes: readonly number[];
}

export interface ProcessProbeOptions {
  readonly clock: Clock;
  readonly intervalMs?: number;
  readonly samplesMax?: number;
  /** null: the process is gone, or this system does not tell. */
  readonly read?: (pid: number) => ProcSample | null;
}

const INTERVAL_MS = 250;
const SAMPLES_MAX = 1200;

export class ProcessProbe {
  readonly #clock: Clock;
  readonly #read: (pid: number) => ProcSample | null;
  readonly #samplesMax: number;
  readonly #processes = new Map<string, ProcessSeries>();
  #intervalMs: number;
  #beganMs: number | null = null;
  #timer: Timer | null = null;

  constructor(options: ProcessProbeOptions) {
    this.#clock = options.clock;
    this.#read = options.read ?? readProcess;
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS;
    this.#samplesMax = options.samplesMax ?? SAMPLES_MAX;
    assert(this.#intervalMs > 0 && this.#samplesMax >= 2, 'a probe has an interval and room for two samples');
  }

  /** May be called before and after `start`; a known name with another pid is the next life of that process. */
  watch(process: WatchedProcess): void {
    const known = this.#processes.get(process.name);
    if (known?.process.pid === process.pid) return;
    if (known !== undefined && this.#beganMs !== null) this.#sampleOne(known);
    const series = known ?? new ProcessSeries(process);
    this.#processes.set(process.name, series);
    series.begin(process, this.#read(process.pid), this.#nowMs());
  }

  /** Time 0 of the series; what was used before does not count. Called again it does nothing. */
  start(): void {
    if (this.#beganMs !== null) return;
    this.#beganMs = this.#clock.nowMs();
    for (const series of this.#processes.values()) series.begin(series.process, this.#read(series.process.pid), 0);
    this.#next();
  }

  /** Takes a last sample and ends. */
  stop(): void {
    if (this.#timer === null) return;
    this.#timer.cancel();
    this.#timer = null;
    this.#sampleAll();
  }

  /** Those processes of which anything could be seen, in the order in which they were named. */
  uses(): readonly ProcessUse[] {
    return [...this.#processes.values()].filter((series) => series.seen).map((series) => series.use());
  }

  #nowMs(): number {
    return this.#beganMs === null ? 0 : this.#clock.nowMs() - this.#beganMs;
  }

  #next(): void {
    this.#timer = this.#clock.schedule(this.#intervalMs, () => {
      this.#sampleAll();
      this.#next();
    });
  }

  #sampleAll(): void {
    let longest = 0;
    for (const series of this.#processes.values()) {
      this.#sampleOne(series);
      longest = Math.max(longest, series.length);
    }
    if (longest <= this.#samplesMax) return;
    this.#intervalMs *= 2;
    for (const series of this.#processes.values()) series.halve();
  }

  #sampleOne(series: ProcessSeries): void {
    const sample = this.#read(series.process.pid);
    if (sample !== null) series.add(sample, this.#nowMs());
  }
}

/** One process over all its lives. */
class ProcessSeries {
  process: WatchedProcess;
  seen = false;
  #cpuSeconds = 0;
  #peakRssBytes = 0;
  #lastCpuSeconds = 0;
  #lastMs = 0;
  #wallMs: number[] = [];
  #coveredMs: number[] = [];
  #cpuCores: number[] = [];
  #rssBytes: number[] = [];

  constructor(process: WatchedProcess) {
    this.process = process;
  }

  get length(): number {
    return this.#wallMs.length;
  }

  /** `first`: what the process had used when the watch began; null: nothing is known of it yet. */
  begin(process: WatchedProcess, first: ProcSample | null, nowMs: number): void {
    this.process = process;
    this.#lastCpuSeconds = first?.cpuSeconds ?? 0;
    this.#lastMs = nowMs;
    if (first !== null) this.#see(first);
  }

  add(sample: ProcSample, nowMs: number): void {
    this.#see(sample);
    const coveredMs = nowMs - this.#lastMs;
    if (coveredMs <= 0) return;
    const cpuSeconds = Math.max(0, sample.cpuSeconds - this.#lastCpuSeconds);
    this.#cpuSeconds += cpuSeconds;
    this.#lastCpuSeconds = sample.cpuSeconds;
    this.#lastMs = nowMs;
    this.#wallMs.push(nowMs);
    this.#coveredMs.push(coveredMs);
    this.#cpuCores.push((cpuSeconds * 1000) / coveredMs);
    this.#rssBytes.push(sample.rssBytes);
  }

  /** Merges neighbours: the mean of processor use, the higher one of memory. */
  halve(): void {
    const wallMs: number[] = [];
    const coveredMs: number[] = [];
    const cpuCores: number[] = [];
    const rssBytes: number[] = [];
    for (let i = 0; i < this.length; i += 2) {
      const j = Math.min(i + 1, this.length - 1);
      const both = i === j ? this.#coveredMs[i]! : this.#coveredMs[i]! + this.#coveredMs[j]!;
      const other = i === j ? 0 : this.#cpuCores[j]! * this.#coveredMs[j]!;
      wallMs.push(this.#wallMs[j]!);
      coveredMs.push(both);
      cpuCores.push((this.#cpuCores[i]! * this.#coveredMs[i]! + other) / both);
      rssBytes.push(Math.max(this.#rssBytes[i]!, this.#rssBytes[j]!));
    }
    this.#wallMs = wallMs;
    this.#coveredMs = coveredMs;
    this.#cpuCores = cpuCores;
    this.#rssBytes = rssBytes;
  }

  use(): ProcessUse {
    return {
      ...this.process,
      cpuSeconds: rounded(this.#cpuSeconds, 100),
      peakRssBytes: this.#peakRssBytes,
      wallMs: this.#wallMs.map((ms) => Math.round(ms)),
      cpuCores: this.#cpuCores.map((cores) => rounded(cores, 1000)),
      rssBytes: [...this.#rssBytes],
    };
  }

  #see(sample: ProcSample): void {
    this.seen = true;
    this.#peakRssBytes = Math.max(this.#peakRssBytes, sample.peakRssBytes, sample.rssBytes);
  }
}

function rounded(value: number, per: number): number {
  return Math.round(value * per) / per;
}
