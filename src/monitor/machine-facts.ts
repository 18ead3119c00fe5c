/** The machine on which a run was measured: figures without it are worth nothing. */

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

export interface MachineFacts {
  readonly cpu: string;
  /** Cores that this process may use. */
  readonly cores: number;
  readonly memoryBytes: number;
  /** Mean number of runnable processes over the last minute, this run's own included. */
  readonly loadAverage1: number;
  readonly node: string;
  readonly os: string;
}

export function machineFacts(): MachineFacts {
  return {
    cpu: cpus()[0]?.model.trim().replaceAll(/\s+/g, ' ') ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    loadAverage1: loadavg()[0] ?? 0,
    node: process.version,
    os: `${distribution() ?? type()} (${type()} ${release()})`,
  };
}

/** `Debian GNU/Linux 12 (bookworm)`; null where there is no os-release(5). */
function distribution(): string | null {
  try {
    return prettyName(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return null;
  }
}

export function prettyName(osRelease: string): string | null {
  return /^PRETTY_NAME=["']?(.*?)["']?$/m.exec(osRelease)?.[1] ?? null;
}
