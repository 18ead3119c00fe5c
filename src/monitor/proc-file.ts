/**
 * What /proc says of a process: processor time, memory, disk and descriptors, from `stat`, `status`, `io`, `limits`, `smaps_rollup` and the
 * size of `fd` (proc(5)), `schedstat` (sched-stats of the kernel). Linux alone has these; elsewhere, and for a process that is gone, the answer is null.
 *
 * Reading goes through a `ProcFiles`, so that a test can be any machine.
 */

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** Files of /proc and /sys; nothing throws: what can't be read is null, empty or 0. */
export interface ProcFiles {
  text(path: string): string | null;
  list(directory: string): readonly string[];
  link(path: string): string | null;
  size(path: string): number;
}

export const procFiles: ProcFiles = {
  text: (path) => orElse(null, () => readFileSync(path, 'utf8')),
  list: (directory) => orElse([], () => readdirSync(directory)),
  link: (path) => orElse(null, () => readlinkSync(path)),
  size: (path) => orElse(0, () => statSync(path).size),
};

function orElse<T>(other: T, read: () => T): T {
  try {
    return read();
  } catch {
    return other;
  }
}

/** What can be read often. */
export interface ProcSample {
  /** Since the process began; together: `cpuSeconds`. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly cpuSeconds: number;
  /** Since it began, how long its main thread was ready to run and waited for a processor; null: this kernel doesn't count it. */
  readonly waitSeconds: number | null;
  /** Of children that have ended and were waited for, and of theirs. */
  readonly childUserSeconds: number;
  readonly childSystemSeconds: number;
  /** 0 for a process that has ended and was not waited for yet. */
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  /** To and from the disk, those of children that were waited for included (task_io_accounting); null: not for us to read. */
  readonly diskReadBytes: number | null;
  readonly diskWrittenBytes: number | null;
  /** Open now; null: this kernel (before 6.2) tells only by listing them. */
  readonly descriptors: number | null;
  readonly parent: number;
  /** When it began, ticks since the machine did: tells two processes with one number apart. */
  readonly startTicks: number;
}

/** What costs more to read. */
export interface ProcDetails {
  /** Resident memory in which a page that n processes share counts 1/n; null: not for us to read. */
  readonly pssBytes: number | null;
  readonly descriptors: number;
  /** The soft limit. */
  readonly descriptorsMax: number | null;
}

/** USER_HZ: the unit of time in `stat`, 100 per second on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Places after the command in `stat`, counted from the state (field 3 of proc(5)) as 0. */
const PPID = 1;
const UTIME = 11;
const STIME = 12;
const CUTIME = 13;
const CSTIME = 14;
const STARTTIME = 19;

export function readProcess(pid: number, files: ProcFiles = procFiles): ProcSample | null {
  const stat = files.text(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const status = files.text(`/proc/${pid}/status`);
  if (status === null) return null;
  const descriptors = files.size(`/proc/${pid}/fd`);
  const io = files.text(`/proc/${pid}/io`);
  return parseProcess(stat, status, { io, descriptors: descriptors > 0 ? descriptors : null, schedule: files.text(`/proc/${pid}/schedstat`) });
}

/** null when `stat` is not what Linux writes. */
export function parseProcess(
  stat: string,
  status: string,
  more: { readonly io: string | null; readonly descriptors: number | null; readonly schedule: string | null } = { io: null, descriptors: null, schedule: null },
): ProcSample | null {
  const fields = statFields(stat);
  const seconds = (place: number): number => Number(fields[place]) / TICKS_PER_SECOND;
  const [userSeconds, systemSeconds] = [seconds(UTIME), seconds(STIME)];
  if (!Number.isFinite(userSeconds + systemSeconds)) return null;
  return {
    userSeconds,
    systemSeconds,
    cpuSeconds: (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND,
    waitSeconds: waitSecondsOf(more.schedule),
    childUserSeconds: seconds(CUTIME),
    childSystemSeconds: seconds(CSTIME),
    rssBytes: kilobytes(status, 'VmRSS') * 1024,
    peakRssBytes: kilobytes(status, 'VmHWM') * 1024,
    diskReadBytes: ioBytes(more.io, 'read_bytes'),
    diskWrittenBytes: ioBytes(more.io, 'write_bytes'),
    descriptors: more.descriptors,
    parent: Number(fields[PPID]),
    startTicks: Number(fields[STARTTIME]),
  };
}

/** `RAN WAITED SLICES`, nanoseconds: the time on a processor, the time ready for one. */
function waitSecondsOf(schedule: string | null): number | null {
  const waited = schedule?.split(' ')[1];
  return waited === undefined ? null : Number(waited) / 1e9;
}

/**
 * How to find the children of processes: the kernel names them for each thread (`task/<tid>/children`); where it was built without that, the parents
 * of all processes are read once. `pid`: one that is alive, to try with.
 */
export function childrenReader(pid: number, files: ProcFiles): (pid: number) => readonly number[] {
  if (files.text(`/proc/${pid}/task/${pid}/children`) !== null) {
    return (parent) =>
      files.list(`/proc/${parent}/task`).flatMap((thread) => {
        const children = files.text(`/proc/${parent}/task/${thread}/children`) ?? '';
        return children.split(' ').filter(Boolean).map(Number);
      });
  }
  const children = readChildren(files);
  return (parent) => children.get(parent) ?? [];
}

/** Children of all processes. */
function readChildren(files: ProcFiles): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const name of files.list('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = files.text(`/proc/${name}/stat`);
    if (stat === null) continue;
    const parent = Number(statFields(stat)[PPID]);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [Number(name)]);
    else siblings.push(Number(name));
  }
  return children;
}

export function readDetails(pid: number, files: ProcFiles): ProcDetails {
  const rollup = files.text(`/proc/${pid}/smaps_rollup`);
  const soft = /^Max open files\s+(\S+)/m.exec(files.text(`/proc/${pid}/limits`) ?? '')?.[1];
  const size = files.size(`/proc/${pid}/fd`);
  return {
    pssBytes: rollup === null || rollup === '' ? null : kilobytes(rollup, 'Pss') * 1024,
    descriptors: size > 0 ? size : files.list(`/proc/${pid}/fd`).length,
    descriptorsMax: soft === undefined || soft === 'unlimited' ? null : Number(soft),
  };
}

/** The command, the second field, may hold blanks and brackets. */
function statFields(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function kilobytes(text: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text);
  return Number(found?.[1] ?? 0);
}

function ioBytes(io: string | null, field: string): number | null {
  const found = new RegExp(`^${field}: (\\d+)$`, 'm').exec(io ?? '');
  return found === null ? null : Number(found[1]);
}
