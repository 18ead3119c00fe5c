/**
 * Makes rates of counters, as RRDtool does for Munin:
 *   gauge     the value
 *   counter   difference per second. One that is lower than before went over its 32nd or 64th bit, if it was in the upper half
 *             of that range; otherwise it was reset and the rate is not known. Of counters that say that they reset
 *             (Prometheus, PostgreSQL) all of the new value was counted since.
 *   derive    difference per second, of either sign
 *   absolute  the value is what was counted since the last reading
 * The first value of a counter has no rate, nor has one after an unknown value.
 */

import type { ReadValue } from './value-probe.ts';

interface Last {
  readonly timeMs: number;
  /** null: not known. */
  readonly value: number | bigint | null;
}

const HALF_32 = 2 ** 31;
const HALF_64 = 2 ** 63;

export class RateKeeper {
  readonly #last = new Map<string, Last>();

  /** null: not known, or not newer than the last one. */
  rate(value: ReadValue, timeMs: number): number | null {
    const last = this.#last.get(value.name);
    if (last !== undefined && timeMs <= last.timeMs) return null;
    const known = value.value === null || (typeof value.value === 'number' && !Number.isFinite(value.value)) ? null : value.value;
    this.#last.set(value.name, { timeMs, value: known });
    if (known === null) return null;
    if (value.type === 'gauge') return Number(known);
    if (last === undefined) return null;
    const seconds = (timeMs - last.timeMs) / 1000;
    if (value.type === 'absolute') return Number(known) / seconds;
    if (last.value === null) return null;
    const counted = difference(known, last.value);
    if (value.type === 'derive' || counted >= 0) return counted / seconds;
    if (value.resets === true) return Number(known) / seconds;
    return wrapped(known, last.value, seconds);
  }
}

/** null: the counter did not go over its last bit. */
function wrapped(now: number | bigint, last: number | bigint, seconds: number): number | null {
  const before = Number(last);
  if (before >= HALF_64) return difference(now, BigInt(last) - 2n ** 64n) / seconds;
  return before >= HALF_32 && before < 2 * HALF_32 ? difference(now, Number(last) - 2 * HALF_32) / seconds : null;
}

/** Of integers beyond 2^53 without rounding them first. */
function difference(a: number | bigint, b: number | bigint): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return isWhole(a) && isWhole(b) ? Number(BigInt(a) - BigInt(b)) : Number(a) - Number(b);
}

function isWhole(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isInteger(value);
}
