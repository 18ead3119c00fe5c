/** What one of our own processes took of the machine, over all its lives. */

import { addKnown, type Fullest } from './group-sample.ts';
import type { ProcDetails, ProcSample } from './proc-file.ts';
import { SampleColumns } from './sample-columns.ts';

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
  /** When it came, where that was after `start`: there the first sample begins. */
  readonly fromMs?: number;
  /** Samples since `start`, ascending; each covers the time since the one before. */
  readonly wallMs: readonly number[];
  readonly cpuCores: readonly number[];
  readonly rssBytes: readonly number[];
  /** Share of the time in which its main thread was ready to run and waited for a processor; left out where it is not counted. */
  readonly waiting?: readonly number[];
}

/** Counted over all lives; null: not told. */
export interface Taken {
  userSeconds: number;
  systemSeconds: number;
  diskReadBytes: number | null;
  diskWrittenBytes: number | null;
}

/** Of children that were waited for. */
export interface InheritedBytes {
  diskReadBytes: number;
  diskWrittenBytes: number;
}

/** What it holds. */
export interface Holding {
  readonly rssBytes: number;
  readonly pssBytes: number | null;
  readonly descriptors: number | null;
}

/** Gathers a `ProcessUse`. */
export class ProcessLog {
  process: WatchedProcess;
  seen = false;
  readonly taken: Taken = { userSeconds: 0, systemSeconds: 0, diskReadBytes: null, diskWrittenBytes: null };
  readonly #columns = new SampleColumns({ cpuCores: 'mean', rssBytes: 'highest', waiting: 'mean' });
  #peakRssBytes = 0;
  #last: ProcSample | null = null;
  #details: ProcDetails | null = null;
  #alive = false;
  #fromMs = 0;
  #lastMs = 0;

  constructor(process: WatchedProcess) {
    this.process = process;
  }

  get length(): number {
    return this.#columns.length;
  }

  /** Null: it has ended. */
  get now(): Holding | null {
    const last = this.#last;
    if (!this.#alive || last === null) return null;
    const details = this.#details;
    return { rssBytes: last.rssBytes, pssBytes: details?.pssBytes ?? null, descriptors: last.descriptors ?? details?.descriptors ?? null };
  }

  /** Its descriptors against their limit, now. */
  get fullest(): Fullest | null {
    const descriptors = this.now?.descriptors ?? null;
    const descriptorsMax = this.#details?.descriptorsMax ?? null;
    return descriptors === null || descriptorsMax === null ? null : { process: this.process.name, descriptors, descriptorsMax };
  }

  /** `first`: what the process had used when the watch began; null: nothing is known of it yet. */
  begin(process: WatchedProcess, first: ProcSample | null, nowMs: number): void {
    this.process = process;
    this.#last = first;
    this.#details = null;
    this.#lastMs = nowMs;
    if (this.length === 0) this.#fromMs = Math.max(0, Math.round(nowMs));
    if (first === null) return;
    this.#see(first);
    this.taken.diskReadBytes = addKnown(this.taken.diskReadBytes, first.diskReadBytes === null ? null : 0);
    this.taken.diskWrittenBytes = addKnown(this.taken.diskWrittenBytes, first.diskWrittenBytes === null ? null : 0);
  }

  /** `inherited`: what it got from children of ours since the last sample; it counts for them. */
  add(sample: ProcSample, nowMs: number, inherited: InheritedBytes | null): void {
    this.#see(sample);
    const coveredMs = nowMs - this.#lastMs;
    if (coveredMs <= 0) return;
    const last = this.#last;
    const { taken } = this;
    const user = Math.max(0, sample.userSeconds - (last?.userSeconds ?? 0));
    const system = Math.max(0, sample.systemSeconds - (last?.systemSeconds ?? 0));
    taken.userSeconds += user;
    taken.systemSeconds += system;
    taken.diskReadBytes = addKnown(taken.diskReadBytes, since((last?.diskReadBytes ?? 0) + (inherited?.diskReadBytes ?? 0), sample.diskReadBytes));
    taken.diskWrittenBytes = addKnown(taken.diskWrittenBytes, since((last?.diskWrittenBytes ?? 0) + (inherited?.diskWrittenBytes ?? 0), sample.diskWrittenBytes));
    const waited = since(last?.waitSeconds ?? 0, sample.waitSeconds);
    this.#last = sample;
    this.#lastMs = nowMs;
    const waiting = waited === null ? null : (waited * 1000) / coveredMs;
    this.#columns.add(nowMs, coveredMs, { cpuCores: ((user + system) * 1000) / coveredMs, rssBytes: sample.rssBytes, waiting });
  }

  look(details: ProcDetails): void {
    this.#details = details;
  }

  /** What was seen of it last when it was alive until now. */
  end(): ProcSample | null {
    const last = this.#alive ? this.#last : null;
    this.#alive = false;
    return last;
  }

  halve(): void {
    this.#columns.halve();
  }

  use(): ProcessUse {
    const waiting = this.#columns.column('waiting', 1000);
    return {
      ...this.process,
      cpuSeconds: Math.round((this.taken.userSeconds + this.taken.systemSeconds) * 100) / 100,
      peakRssBytes: this.#peakRssBytes,
      ...(this.#fromMs === 0 ? {} : { fromMs: this.#fromMs }),
      wallMs: this.#columns.wallMs,
      cpuCores: this.#columns.column('cpuCores', 1000),
      rssBytes: this.#columns.column('rssBytes'),
      ...(waiting.length === 0 ? {} : { waiting }),
    };
  }

  #see(sample: ProcSample): void {
    this.seen = true;
    this.#alive = true;
    this.#peakRssBytes = Math.max(this.#peakRssBytes, sample.peakRssBytes, sample.rssBytes);
  }
}

function since(before: number, now: number | null): number | null {
  return now === null ? null : Math.max(0, now - before);
}
