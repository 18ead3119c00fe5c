/**
 * How many processes a run needs. A process may hold only so many descriptors (20,000 on many machines), and one process
 * uses one core; on a small machine one process of a kind is best, because each costs memory and switches.
 */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { UserError } from './errors.ts';

/** Descriptors that a process needs beside its connections. */
export const DESCRIPTORS_SPARE = 256;

/** Connections that an intake takes at most. */
const CONNECTIONS_MAX = 50_000;

/** More of a kind would take all memory of a machine before they took a connection. */
const AUTOMATIC_MAX = 128;

export interface ProcessCounts {
  readonly simulators: number;
  readonly intakes: number;
}

/** `limit`: descriptors a process may hold. */
export function processCounts(options: {
  readonly stations: number;
  readonly limit: number;
  readonly cores: number;
  readonly simulators: number | null;
  readonly intakes: number | null;
}): ProcessCounts {
  const perProcess = Math.max(1, Math.min(options.limit - DESCRIPTORS_SPARE, CONNECTIONS_MAX));
  const needed = Math.ceil(options.stations / perProcess);
  const byCores = Math.min(Math.max(1, Math.floor(options.cores / 2)), Math.max(1, Math.ceil(options.stations / 500)));
  const automatic = Math.max(needed, byCores);
  return { simulators: options.simulators ?? automatic, intakes: options.intakes ?? automatic };
}

/** As `processCounts`, for processes that are going to be started. Throws UserError when a low limit would make too many of them. */
export function countsToStart(options: Parameters<typeof processCounts>[0]): ProcessCounts {
  const counts = processCounts(options);
  const tooMany = (name: keyof ProcessCounts): boolean => options[name] === null && counts[name] > AUTOMATIC_MAX;
  if (!tooMany('simulators') && !tooMany('intakes')) return counts;
  const most = Math.max(counts.simulators, counts.intakes);
  throw new UserError(`meterstorm: descriptors: at ${options.limit} a process ${options.stations} connections would take ${most} processes of a kind; allowed: ${AUTOMATIC_MAX}; raise the limit, or choose fewer stations`);
}

/** Descriptors that a process may hold: the hard limit, to which Node raises the soft one. 1,024 where it can't be known. */
export function descriptorLimit(): number {
  try {
    const line = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    if (line?.[1] === 'unlimited') return 2 ** 20;
    return Number(line?.[1] ?? 1024);
  } catch {
    return 1024;
  }
}

export function cores(): number {
  return availableParallelism();
}
