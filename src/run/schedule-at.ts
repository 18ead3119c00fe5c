/** A timer for moments that can be further away than a timer of the system reaches (24 days). */

import type { Clock, Timer } from '../base/clock.ts';

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
