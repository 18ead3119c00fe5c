/** The probe of a run: its processes with what they count themselves, what the user named, the machine. */

import { totalmem } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { findControlGroup } from '../monitor/control-group.ts';
import type { NamedLoopDelay } from '../monitor/loop-delay.ts';
import { procFiles, type ProcFiles } from '../monitor/proc-file.ts';
import { type Counted, ProcessProbe, type ResourceUse, type Watched } from '../monitor/process-probe.ts';
import type { ProcessGroup, ProcessUse, WatchedProcess } from '../monitor/process-use.ts';
import { thisSystem } from '../monitor/read-system.ts';
import { TrafficLog, type TrafficSeries } from '../monitor/traffic-log.ts';
import { parseWatchTarget, type WatchTarget } from '../monitor/watch-target.ts';
import { DATABASE_GROUP } from '../report/resource-facts.ts';
import { UserError } from './errors.ts';
import type { StorePlace } from './headend-kind.ts';
import type { HeadendProcesses } from './headend-processes.ts';
import { postgresPid } from './postgres-pid.ts';
import type { SimulatorProcesses } from './simulator-processes.ts';
import { cores } from './sizing.ts';

const NOT_COUNTED: Counted = { connections: null, networkBytes: null };

interface Parts {
  /** Null as long as there are none. */
  readonly simulators: SimulatorProcesses | null;
  readonly headend: HeadendProcesses | null;
}

/** What was seen of a run beside its processes: for the detectors. */
export interface RunSeen {
  readonly traffic: TrafficSeries;
  readonly simulatorLoops: readonly NamedLoopDelay[];
  readonly takerLoops: readonly NamedLoopDelay[];
}

export class RunProbe {
  readonly #clock: Clock;
  readonly #parts: () => Parts;
  readonly #probe: ProcessProbe;
  readonly #traffic = new TrafficLog();
  #beganMs = 0;

  constructor(options: { readonly clock: Clock; readonly directory: string; readonly watch: readonly Watched[]; readonly parts: () => Parts }) {
    const { clock, directory, watch, parts } = options;
    this.#clock = clock;
    this.#parts = parts;
    this.#probe = new ProcessProbe({
      clock,
      targets: watch,
      counted: (group) => this.#counted(group),
      diskFreeBytes: () => thisSystem.disk(directory)?.freeBytes ?? null,
    });
  }

  watch(process: WatchedProcess): void {
    this.#probe.watch(process);
  }

  /** From now on the time of the run counts. */
  start(): void {
    this.#beganMs = this.#clock.nowMs();
    this.#probe.start();
  }

  stop(): void {
    this.#probe.stop();
  }

  uses(): readonly ProcessUse[] {
    return this.#probe.uses();
  }

  resources(): ResourceUse {
    return this.#probe.resources({ cores: cores(), memoryBytes: totalmem() });
  }

  seen(): RunSeen {
    const { simulators, headend } = this.#parts();
    return { traffic: this.#traffic.series, simulatorLoops: simulators?.loopDelays ?? [], takerLoops: headend?.loopDelays ?? [] };
  }

  /** Asked at each sample. */
  #counted(group: ProcessGroup): Counted {
    const { simulators, headend } = this.#parts();
    if (group === 'simulator' && simulators !== null) {
      const stats = simulators.stats();
      if (this.#beganMs > 0) this.#traffic.add(this.#clock.nowMs() - this.#beganMs, stats);
      return { connections: stats.connected, networkBytes: stats.bytes };
    }
    if (group === 'headend' && headend !== null) {
      const { connections, receivedBytes } = headend.stats();
      return { connections, networkBytes: receivedBytes };
    }
    return NOT_COUNTED;
  }
}

/** What `--watch` names. Throws a UserError when it can't be understood, or there is no such process or control group. */
export function watchTargets(texts: readonly string[], files: ProcFiles = procFiles): readonly Watched[] {
  const targets: Watched[] = [];
  for (const text of texts) {
    const target = parseWatchTarget(text);
    if ('error' in target) throw new UserError(`meterstorm: --watch: ${target.error}`);
    if (targets.some(({ name }) => name === target.name)) throw new UserError(`meterstorm: --watch: ${target.name} is named twice`);
    targets.push(found(target, files));
  }
  return targets;
}

/** A database server on this machine is counted as a part of the head-end. */
export async function withDatabase(watch: readonly Watched[], store: StorePlace): Promise<readonly Watched[]> {
  if (store.kind === 'duckdb' || watch.some(({ name }) => name === DATABASE_GROUP)) return watch;
  const pid = await postgresPid(store.url);
  return pid === null ? watch : [...watch, { name: DATABASE_GROUP, kind: 'pid', pid }];
}

function found(target: WatchTarget, files: ProcFiles): Watched {
  if (target.kind === 'host') return target;
  if (target.kind === 'pid') {
    if (files.text(`/proc/${target.pid}/stat`) === null) throw new UserError(`meterstorm: --watch: ${target.name}: there is no process ${target.pid}`);
    return target;
  }
  const directory = findControlGroup(target.path, files);
  if (directory === null) {
    throw new UserError(`meterstorm: --watch: ${target.name}: there is no control group ${target.path} of version 2; see /proc/PID/cgroup of a process in it`);
  }
  return { ...target, directory };
}
