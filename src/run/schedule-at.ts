/** How long a scenario plays, and a timer for moments that can be further away than a timer of the system reaches (24 days). */

import type { Clock, Timer } from '../base/clock.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';

const STRETCH_MS = 86_400_000;

/** Calls `act` once, when the clock says `atMs` or later. */
export function scheduleAt(clock: Clock, atMs: number, act: () => void): Timer {
  const next = (): Timer => {
    const leftMs = Math.max(0, atMs - clock.nowMs());
    return leftMs <= STRETCH_MS ? clock.schedule(leftMs, act) : clock.schedule(STRETCH_MS, again);
  };
  const again = (): void => {
    timer = next();
  };
  let timer = next();
  return { cancel: () => timer.cancel() };
}

/** From the first step to when the last one is to have been sent; Infinity where nothing is to be sent at any time. */
export function playingMs({ speed, behaviour }: Scenario): number {
  const seconds = (behaviour.steps - 1) * behaviour.intervalSeconds + behaviour.spreadSeconds;
  return speed === 'max' ? Infinity : (seconds * 1000) / speed;
}
