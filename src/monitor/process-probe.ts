/**
 * Watches what takes part in a run, on the clock that is handed in: our own processes one by one and as groups, what the user named, and the
 * whole machine. All of them at the same moments.
 *
 * A process of our own is known by its name. When it dies and another takes its name, what it took adds up over the lives and the peak is the
 * highest of them. What it did between its last sample and its end is not seen: at most one interval.
 *
 * Memory is bounded: when a series is longer than `samplesMax`, neighbours are merged in all series and the interval doubles. Looking is kept
 * cheap: what costs little is read at every sample, what costs more as often as its cost allows (`pace.ts`).
 */

import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { ControlGroup } from './control-group.ts';
import { addKnown, fuller, type GroupSample, type GroupSampler } from './group-sample.ts';
import { GroupLog, type GroupUse } from './group-use.ts';
import { readHost } from './host-file.ts';
import { hostAsGroup, HostLog, type HostUse } from './host-use.ts';
import { Pace } from './pace.ts';
import { type ProcFiles, procFiles, type ProcSample, readDetails, readProcess } from './proc-file.ts';
import { ProcessTree } from './process-tree.ts';
import { type InheritedBytes, type ProcessGroup, ProcessLog, type ProcessUse, type WatchedProcess } from './process-use.ts';
import { targetText, type WatchTarget } from './watch-target.ts';

/** What our own processes count themselves; null: nobody counts it. */
export interface Counted {
  readonly connections: number | null;
  readonly networkBytes: number | null;
}

/** What a run took of the machine. */
export interface ResourceUse {
  /** Those of which anything was seen: our own, then the watched ones as they were named. */
  readonly groups: readonly GroupUse[];
  readonly host: HostUse | null;
}

export interface ProcessProbeOptions {
  readonly clock: Clock;
  readonly intervalMs?: number;
  readonly samplesMax?: number;
  readonly files?: ProcFiles;
  readonly targets?: readonly Watched[];
  readonly counted?: (group: ProcessGroup) => Counted;
  /** Bytes that are free where the run writes; null: not known. */
  readonly diskFreeBytes?: () => number | null;
}

/** A target, and for a control group the directory that it has here (`findControlGroup`). */
export type Watched = Exclude<WatchTarget, { readonly kind: 'cgroup' }> | (WatchTarget & { readonly kind: 'cgroup'; readonly directory: string });

const INTERVAL_MS = 250;
const SAMPLES_MAX = 600;
const GROUPS: readonly ProcessGroup[] = ['headend', 'simulator', 'runner'];
const GROUP_TEXTS = { headend: 'the built-in head-end', simulator: 'the simulators', runner: 'the runner' } as const;

/** For what costs more: the share of a core, and the least time between two looks. */
const DETAILS = { share: 0.005, leastMs: 2000 } as const;
/** Between two samples of a watched group. */
const WATCHED = { share: 0.01, leastMs: 0 } as const;

/** A group that is not made of our own processes. */
interface WatchedGroup {
  readonly sampler: GroupSampler;
  readonly log: GroupLog;
  readonly pace: Pace;
}

export class ProcessProbe {
  readonly #clock: Clock;
  readonly #files: ProcFiles;
  readonly #options: ProcessProbeOptions;
  readonly #samplesMax: number;
  readonly #processes = new Map<string, ProcessLog>();
  readonly #groups = new Map(GROUPS.map((name) => [name, new GroupLog({ name, kind: 'own', what: GROUP_TEXTS[name] })]));
  readonly #watched: readonly WatchedGroup[];
  readonly #host = new HostLog();
  readonly #details: Pace;
  /** By parent: the disk bytes of children that have ended, which the kernel has added to the parent's. */
  readonly #inherited = new Map<number, InheritedBytes>();
  #intervalMs: number;
  #beganMs: number | null = null;
  #timer: Timer | null = null;

  constructor(options: ProcessProbeOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#files = options.files ?? procFiles;
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS;
    this.#samplesMax = options.samplesMax ?? SAMPLES_MAX;
    assert(this.#intervalMs > 0 && this.#samplesMax >= 2, 'a probe has an interval and room for two samples');
    this.#details = new Pace(this.#clock, DETAILS);
    this.#watched = (options.targets ?? []).map((target) => ({
      sampler: this.#sampler(target),
      log: new GroupLog({ name: target.name, kind: target.kind, what: targetText(target) }),
      pace: new Pace(this.#clock, WATCHED),
    }));
  }

  /** May be called before and after `start`; a known name with another pid is the next life of that process. */
  watch(process: WatchedProcess): void {
    const known = this.#processes.get(process.name);
    if (known?.process.pid === process.pid) return;
    const before = known !== undefined && this.#beganMs !== null ? this.#read(known) : null;
    if (known !== undefined && before !== null) this.#add(known, before);
    const log = known ?? new ProcessLog(process);
    this.#processes.set(process.name, log);
    log.begin(process, readProcess(process.pid, this.#files), this.#nowMs());
  }

  /** Time 0 of the series; what was used before does not count. Called again it does nothing. */
  start(): void {
    if (this.#beganMs !== null) return;
    this.#beganMs = this.#clock.nowMs();
    for (const log of this.#processes.values()) log.begin(log.process, readProcess(log.process.pid, this.#files), 0);
    for (const [name, log] of this.#groups) log.begin(this.#ownGroup(name), 0);
    for (const { sampler, log } of this.#watched) log.begin(sampler.sample(), 0);
    this.#host.begin(readHost(this.#files), 0);
    this.#next();
  }

  /** Takes a last sample and ends. */
  stop(): void {
    if (this.#timer === null) return;
    this.#timer.cancel();
    this.#timer = null;
    this.#sampleAll(true);
  }

  /** Those processes of which anything could be seen, in the order in which they were named. */
  uses(): readonly ProcessUse[] {
    return [...this.#processes.values()].filter((log) => log.seen).map((log) => log.use());
  }

  resources(machine: { readonly cores: number; readonly memoryBytes: number }): ResourceUse {
    const logs = [...this.#groups.values(), ...this.#watched.map(({ log }) => log)];
    return { groups: logs.map((log) => log.use()).filter((use) => use !== null), host: this.#host.use(machine) };
  }

  #sampler(target: Watched): GroupSampler {
    const files = this.#files;
    if (target.kind === 'pid') return new ProcessTree(target.pid, { clock: this.#clock, files });
    if (target.kind === 'cgroup') return new ControlGroup(target.directory, files);
    return {
      sample() {
        const host = readHost(files);
        return host === null ? null : hostAsGroup(host);
      },
    };
  }

  #nowMs(): number {
    return this.#beganMs === null ? 0 : this.#clock.nowMs() - this.#beganMs;
  }

  #next(): void {
    this.#timer = this.#clock.schedule(this.#intervalMs, () => {
      this.#sampleAll(false);
      this.#next();
    });
  }

  #sampleAll(last: boolean): void {
    // Those that have ended first: what they wrote is now in their parent's counters.
    const alive = [...this.#processes.values()].map((log) => ({ log, sample: this.#read(log) }));
    for (const { log, sample } of alive) if (sample !== null) this.#add(log, sample);
    this.#details.look(() => {
      for (const log of this.#processes.values()) log.look(readDetails(log.process.pid, this.#files));
    });
    for (const [name, log] of this.#groups) log.add(this.#ownGroup(name), this.#nowMs());
    for (const { sampler, log, pace } of this.#watched) pace.look(() => log.add(sampler.sample(), this.#nowMs()), last);
    this.#host.add(readHost(this.#files), this.#nowMs(), this.#options.diskFreeBytes?.() ?? null);
    this.#keepShort();
  }

  #keepShort(): void {
    const all = [...this.#processes.values(), ...this.#groups.values(), ...this.#watched.map(({ log }) => log), this.#host];
    if (all.every(({ length }) => length <= this.#samplesMax)) return;
    this.#intervalMs *= 2;
    for (const each of all) each.halve();
  }

  /** Null: it has ended. */
  #read(log: ProcessLog): ProcSample | null {
    const sample = readProcess(log.process.pid, this.#files);
    const last = sample === null ? log.end() : null;
    if (last !== null) {
      const inherited = this.#inherited.get(last.parent) ?? { diskReadBytes: 0, diskWrittenBytes: 0 };
      inherited.diskReadBytes += last.diskReadBytes ?? 0;
      inherited.diskWrittenBytes += last.diskWrittenBytes ?? 0;
      this.#inherited.set(last.parent, inherited);
    }
    return sample;
  }

  #add(log: ProcessLog, sample: ProcSample): void {
    const { pid } = log.process;
    log.add(sample, this.#nowMs(), this.#inherited.get(pid) ?? null);
    this.#inherited.delete(pid);
  }

  /** Null: it has no process of which anything was seen. */
  #ownGroup(name: ProcessGroup): GroupSample | null {
    const members = [...this.#processes.values()].filter((log) => log.seen && log.process.group === name);
    if (members.length === 0) return null;
    const { connections, networkBytes } = this.#options.counted?.(name) ?? { connections: null, networkBytes: null };
    const none: GroupSample = {
      userSeconds: 0,
      systemSeconds: 0,
      diskReadBytes: null,
      diskWrittenBytes: null,
      networkBytes,
      memoryBytes: 0,
      pssBytes: null,
      descriptors: null,
      connections,
      processes: 0,
      fullest: null,
    };
    const group = members.reduce((sum, log) => added(sum, log), none);
    // One that has ended holds no connection, whatever it counted last.
    return group.processes > 0 || connections === null ? group : { ...group, connections: 0 };
  }
}

function added(sum: GroupSample, log: ProcessLog): GroupSample {
  const { taken, now } = log;
  return {
    ...sum,
    userSeconds: sum.userSeconds + taken.userSeconds,
    systemSeconds: sum.systemSeconds + taken.systemSeconds,
    diskReadBytes: addKnown(sum.diskReadBytes, taken.diskReadBytes),
    diskWrittenBytes: addKnown(sum.diskWrittenBytes, taken.diskWrittenBytes),
    memoryBytes: (sum.memoryBytes ?? 0) + (now?.rssBytes ?? 0),
    pssBytes: addKnown(sum.pssBytes, now?.pssBytes ?? null),
    descriptors: addKnown(sum.descriptors, now?.descriptors ?? null),
    processes: sum.processes + (now === null ? 0 : 1),
    fullest: fuller(sum.fullest, log.fullest),
  };
}
