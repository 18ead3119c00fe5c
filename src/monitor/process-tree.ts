/**
 * A process and all that descend from it, as one group. Children come and go (a PostgreSQL backend is one for each connection): what they took
 * must neither get lost nor count twice.
 *
 * When a process is waited for, the kernel adds what it and its own waited-for children took to the parent's cumulative counters (`cutime` and
 * `cstime`; for the disk its `io`). So of each process the value is own + children, and the sum over those alive counts all, also those that
 * lived between two looks. Only when a value did not go to a parent in the group (the parent ignores SIGCHLD, or has ended itself) the last one
 * seen is kept here.
 */

import type { Clock } from '../base/clock.ts';
import { addKnown, fuller, type Fullest, type GroupSample, type GroupSampler } from './group-sample.ts';
import { Pace } from './pace.ts';
import { childrenReader, readDetails, readProcess, type ProcDetails, type ProcFiles, type ProcSample } from './proc-file.ts';
import { establishedOf } from './tcp-table.ts';

/** What a process and its waited-for children took. */
interface Taken {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly diskReadBytes: number;
  readonly diskWrittenBytes: number;
}

interface Member {
  sample: ProcSample;
  details: ProcDetails | null;
}

/** Of one core, for each of the looks. */
const SCAN_SHARE = 0.01;
const SCAN_LEAST_MS = 250;
const DETAILS_LEAST_MS = 2000;
const CONNECTIONS_LEAST_MS = 500;

/** Counters are cut to hundredths, each on its own. */
const ROUNDING_SECONDS = 0.025;

export class ProcessTree implements GroupSampler {
  readonly #root: number;
  readonly #files: ProcFiles;
  readonly #scans: Pace;
  readonly #details: Pace;
  readonly #connectionLooks: Pace;
  readonly #members = new Map<number, Member>();
  /** Of processes that ended and whose values went to nobody in the group. */
  #ended: Taken = NOTHING;
  #connections: number | null = null;
  /** All have ended. */
  #over = false;

  constructor(pid: number, options: { readonly clock: Clock; readonly files: ProcFiles }) {
    this.#root = pid;
    this.#files = options.files;
    this.#scans = new Pace(options.clock, { share: SCAN_SHARE, leastMs: SCAN_LEAST_MS });
    this.#details = new Pace(options.clock, { share: SCAN_SHARE, leastMs: DETAILS_LEAST_MS });
    this.#connectionLooks = new Pace(options.clock, { share: SCAN_SHARE, leastMs: CONNECTIONS_LEAST_MS });
  }

  sample(): GroupSample | null {
    if (this.#over) return null;
    this.#scans.look(() => this.#scan());
    this.#readAll();
    if (this.#members.size === 0) {
      this.#over = true;
      return null;
    }
    this.#details.look(() => {
      for (const [pid, member] of this.#members) member.details = readDetails(pid, this.#files);
    });
    this.#connectionLooks.look(() => (this.#connections = establishedOf([...this.#members.keys()], this.#files)));
    return this.#sum();
  }

  /** Finds those that are new; a member stays one also when its parent has ended and another adopted it. */
  #scan(): void {
    const childrenOf = childrenReader(this.#root, this.#files);
    const open = [this.#root, ...this.#members.keys()];
    const seen = new Set<number>();
    for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
      if (seen.has(pid)) continue;
      seen.add(pid);
      if (!this.#members.has(pid)) {
        const sample = readProcess(pid, this.#files);
        if (sample === null) continue;
        this.#members.set(pid, { sample, details: null });
      }
      open.push(...childrenOf(pid));
    }
  }

  #readAll(): void {
    const before = new Map<number, Taken>();
    const gone = new Map<number, ProcSample>();
    for (const [pid, member] of this.#members) {
      before.set(pid, takenOf(member.sample));
      const sample = readProcess(pid, this.#files);
      if (sample !== null && sample.startTicks === member.sample.startTicks) member.sample = sample;
      else {
        gone.set(pid, member.sample);
        this.#members.delete(pid);
      }
    }
    if (gone.size > 0) this.#settle(gone, before);
  }

  /** Keeps of those that are gone what did not go to their parents, or on to theirs. */
  #settle(gone: ReadonlyMap<number, ProcSample>, before: ReadonlyMap<number, Taken>): void {
    const byHeir = new Map<number, Taken>();
    for (const sample of gone.values()) {
      const heir = heirOf(sample.parent, gone);
      byHeir.set(heir, plus(byHeir.get(heir) ?? NOTHING, takenOf(sample)));
    }
    for (const [pid, taken] of byHeir) {
      const heir = this.#members.get(pid);
      const was = before.get(pid);
      // It was read before they had ended, maybe.
      const now = heir === undefined ? null : readProcess(pid, this.#files);
      if (heir !== undefined && now !== null && now.startTicks === heir.sample.startTicks) heir.sample = now;
      const went = heir === undefined || was === undefined ? NOTHING : minus(takenOf(heir.sample), was);
      this.#ended = plus(this.#ended, leftOf(taken, went));
    }
  }

  #sum(): GroupSample {
    let taken = this.#ended;
    let [memoryBytes, descriptors] = [0, 0];
    let [disk, everyPss] = [false, true];
    let pssBytes: number | null = null;
    let fullest: Fullest | null = null;
    for (const [pid, { sample, details }] of this.#members) {
      taken = plus(taken, takenOf(sample));
      memoryBytes += sample.rssBytes;
      disk ||= sample.diskReadBytes !== null;
      pssBytes = addKnown(pssBytes, details?.pssBytes ?? null);
      // One that came since the last look counts with its resident set.
      if (details === null) pssBytes = addKnown(pssBytes, sample.rssBytes);
      else everyPss &&= details.pssBytes !== null;
      const open = sample.descriptors ?? details?.descriptors ?? 0;
      descriptors += open;
      const descriptorsMax = details?.descriptorsMax ?? null;
      if (descriptorsMax !== null) fullest = fuller(fullest, { process: `process ${pid}`, descriptors: open, descriptorsMax });
    }
    return {
      userSeconds: taken.userSeconds,
      systemSeconds: taken.systemSeconds,
      diskReadBytes: disk ? taken.diskReadBytes : null,
      diskWrittenBytes: disk ? taken.diskWrittenBytes : null,
      networkBytes: null,
      memoryBytes,
      pssBytes: everyPss ? pssBytes : null,
      descriptors,
      connections: this.#connections,
      processes: this.#members.size,
      fullest,
    };
  }
}

const NOTHING: Taken = { userSeconds: 0, systemSeconds: 0, diskReadBytes: 0, diskWrittenBytes: 0 };

/** Who got what those got that are gone: the first one above them that is not. */
function heirOf(parent: number, gone: ReadonlyMap<number, ProcSample>): number {
  let heir = parent;
  for (let above = gone.get(heir), left = gone.size; above !== undefined && left > 0; above = gone.get(heir), left--) heir = above.parent;
  return heir;
}

function takenOf(sample: ProcSample): Taken {
  return {
    userSeconds: sample.userSeconds + sample.childUserSeconds,
    systemSeconds: sample.systemSeconds + sample.childSystemSeconds,
    diskReadBytes: sample.diskReadBytes ?? 0,
    diskWrittenBytes: sample.diskWrittenBytes ?? 0,
  };
}

function plus(a: Taken, b: Taken): Taken {
  return {
    userSeconds: a.userSeconds + b.userSeconds,
    systemSeconds: a.systemSeconds + b.systemSeconds,
    diskReadBytes: a.diskReadBytes + b.diskReadBytes,
    diskWrittenBytes: a.diskWrittenBytes + b.diskWrittenBytes,
  };
}

function minus(a: Taken, b: Taken): Taken {
  return {
    userSeconds: a.userSeconds - b.userSeconds,
    systemSeconds: a.systemSeconds - b.systemSeconds,
    diskReadBytes: a.diskReadBytes - b.diskReadBytes,
    diskWrittenBytes: a.diskWrittenBytes - b.diskWrittenBytes,
  };
}

function leftOf(taken: Taken, went: Taken): Taken {
  return {
    userSeconds: secondsLeft(taken.userSeconds, went.userSeconds),
    systemSeconds: secondsLeft(taken.systemSeconds, went.systemSeconds),
    diskReadBytes: Math.max(0, taken.diskReadBytes - went.diskReadBytes),
    diskWrittenBytes: Math.max(0, taken.diskWrittenBytes - went.diskWrittenBytes),
  };
}

function secondsLeft(taken: number, went: number): number {
  return taken - went > ROUNDING_SECONDS ? taken - went : 0;
}
