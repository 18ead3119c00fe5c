/** After the last message: waits until somebody else's head-end has stored what was sent, by counting its rows. */

import type { Clock } from '../base/clock.ts';

export interface StorageWait {
  readonly rows: number;
  readonly waitedSeconds: number;
  /** When the last row appeared, at most one look too late; null: fewer rows than readings that were sent. */
  readonly queryableSeconds: number | null;
}

const LOOK_MS = 250;
/** A look that takes long is not taken so often that it slows down what it waits for. */
const PAUSE_BY_COST = 3;

/**
 * Done when there are as many rows as expected, or more, and a second look found no others; when `quietSeconds` brought no new
 * row; or when interrupted. A look that fails brought no new row; rejects with what `countRows` rejects with when already the first one does.
 */
export async function awaitStored(options: {
  readonly clock: Clock;
  readonly countRows: () => Promise<number>;
  readonly expected: number;
  readonly quietSeconds: number;
  readonly interrupt: AbortSignal;
  readonly onRows: (rows: number) => void;
}): Promise<StorageWait> {
  const { clock, countRows, expected, quietSeconds, interrupt, onRows } = options;
  const began = clock.nowMs();
  let [rows, grewMs] = [-1, began];
  for (;;) {
    const asked = clock.nowMs();
    const counted = await countRows().catch((error: unknown) => {
      if (rows < 0) throw error;
      return null;
    });
    const answered = clock.nowMs();
    const now = counted ?? rows;
    const still = counted === rows;
    if (now !== rows) [rows, grewMs] = [now, answered];
    onRows(now);
    const complete = now >= expected && still;
    if (complete || answered - grewMs >= quietSeconds * 1000 || interrupt.aborted) {
      return {
        rows: now,
        waitedSeconds: (answered - began) / 1000,
        queryableSeconds: now >= expected ? (grewMs - began) / 1000 : null,
      };
    }
    await pause(clock, Math.max(LOOK_MS, PAUSE_BY_COST * (answered - asked)), interrupt);
  }
}

function pause(clock: Clock, ms: number, interrupt: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      interrupt.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.schedule(ms, end);
    interrupt.addEventListener('abort', end, { once: true });
  });
}
