/** The probe of a run: its processes with what they count themselves, what the user named, the machine. */

import type { Clock } from '../base/clock.ts';
import { findControlGroup } from '../monitor/control-group.ts';
import { procFiles, type ProcFiles } from '../monitor/proc-file.ts';
import { type Counted, ProcessProbe, type Watched } from '../monitor/process-probe.ts';
import type { ProcessGroup } from '../monitor/process-use.ts';
import { thisSystem } from '../monitor/read-system.ts';
import { parseWatchTarget, type WatchTarget } from '../monitor/watch-target.ts';
import { DATABASE_GROUP } from '../report/resource-facts.ts';
import { UserError } from './errors.ts';
import type { StorePlace } from './headend-kind.ts';
import type { HeadendProcesses } from './headend-processes.ts';
import { postgresPid } from './postgres-pid.ts';
import type { SimulatorProcesses } from './simulator-processes.ts';

const NOT_COUNTED: Counted = { connections: null, networkBytes: null };

export function runProbe(options: {
  readonly clock: Clock;
  readonly directory: string;
  readonly watch: readonly Watched[];
  /** Null as long as there are none. */
  readonly parts: () => { readonly simulators: SimulatorProcesses | null; readonly headend: HeadendProcesses | null };
}): ProcessProbe {
  const { clock, directory, watch, parts } = options;
  const counted = (group: ProcessGroup): Counted => {
    const { simulators, headend } = parts();
    if (group === 'simulator' && simulators !== null) {
      const { connected, bytes } = simulators.stats();
      return { connections: connected, networkBytes: bytes };
    }
    if (group === 'headend' && headend !== null) {
      const { connections, receivedBytes } = headend.stats();
      return { connections, networkBytes: receivedBytes };
    }
    return NOT_COUNTED;
  };
  return new ProcessProbe({
    clock,
    targets: watch,
    counted,
    diskFreeBytes: () => thisSystem.disk(directory)?.freeBytes ?? null,
  });
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
