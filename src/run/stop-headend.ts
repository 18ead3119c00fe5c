/** The end of a head-end in order: it stores what it confirmed, unless it takes too long. */

import type { Clock, Timer } from '../base/clock.ts';
import { Deferred } from './deferred.ts';
import type { HeadendProcesses } from './headend-processes.ts';
import { scheduleAt } from './schedule-at.ts';

/** However late it is, a head-end that confirmed all has this long to store it. */
const STOP_MS = 10_000;
/** An interrupted run waits so long for a store that stores nothing: one that says why, and one that may be busy with much at once. */
const STANDSTILL_MS = { failing: 10_000, silent: 60_000 } as const;
const LOOK_MS = 200;

export interface StopOptions {
  readonly clock: Clock;
  readonly headend: HeadendProcesses;
  /** When the run ends at the latest; Infinity: the head-end sets the pace. */
  readonly deadlineMs: number;
  readonly interrupt: AbortSignal;
}

/** Resolves with false when not all that was confirmed is stored: it was late, or stood still in an interrupted run, and was cut off. */
export async function stopHeadend({ clock, headend, deadlineMs, interrupt }: StopOptions): Promise<boolean> {
  const late = new Deferred<'late'>();
  const endMs = Math.max(deadlineMs, clock.nowMs() + STOP_MS);
  const timers = [atStandstill({ clock, headend, interrupt }, () => late.resolve('late'))];
  if (endMs !== Infinity) timers.push(scheduleAt(clock, endMs, () => late.resolve('late')));
  try {
    if ((await Promise.race([headend.stop(), late.promise])) !== 'late') return true;
  } finally {
    for (const timer of timers) timer.cancel();
  }
  await headend.cutOff();
  return false;
}

/** A disk that stays full, a database that does not come back: whoever wants to end is not kept waiting for them. */
function atStandstill({ clock, headend, interrupt }: Omit<StopOptions, 'deadlineMs'>, act: () => void): Timer {
  let [stored, movedMs] = [-1, 0];
  const look = (): Timer =>
    clock.schedule(LOOK_MS, () => {
      const { storedReadings, duplicatesDropped, failing } = headend.stats();
      const now = storedReadings + duplicatesDropped;
      if (now !== stored || !interrupt.aborted) [stored, movedMs] = [now, clock.nowMs()];
      if (clock.nowMs() - movedMs >= (failing === null ? STANDSTILL_MS.silent : STANDSTILL_MS.failing)) act();
      else timer = look();
    });
  let timer = look();
  return { cancel: () => timer.cancel() };
}
