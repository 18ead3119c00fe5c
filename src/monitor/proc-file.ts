/**
 * Processor time and memory of a process, from `/proc/<pid>/stat` and `/proc/<pid>/status` (proc(5)). Linux alone has
 * these; elsewhere, and for a process that is gone, the answer is null.
 */

import { readFileSync } from 'node:fs';

export interface ProcSample {
  /** User and system time since the process began. */
  readonly cpuSeconds: number;
  /** 0 for a process that has ended and was not waited for yet. */
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

/** USER_HZ: the unit of time in `stat`, 100 per second on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Places after the command in `stat`, counted from the state (field 3 of proc(5)) as 0. */
const UTIME = 11;
const STIME = 12;

export function readProcess(pid: number): ProcSample | null {
  try {
    return parseProcess(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return null;
  }
}

/** null when `stat` is not what Linux writes. The command in it may hold blanks and brackets. */
export function parseProcess(stat: string, status: string): ProcSample | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[UTIME]) + Number(fields[STIME]);
  if (!Number.isFinite(ticks)) return null;
  const rssBytes = kilobytes(status, 'VmRSS') * 1024;
  const peakRssBytes = kilobytes(status, 'VmHWM') * 1024;
  return { cpuSeconds: ticks / TICKS_PER_SECOND, rssBytes, peakRssBytes };
}

function kilobytes(status: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status);
  return Number(found?.[1] ?? 0);
}
