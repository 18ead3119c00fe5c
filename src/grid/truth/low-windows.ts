/** When a rate runs: the low rate in the tariff's windows of each civil day, the high rate in the rest of it. */

import type { Tariff } from '../scenario/scenario.ts';

export const HIGH = 0;
export const LOW = 1;

/** Seconds of [from, to), in seconds after local midnight, in which the rate (HIGH or LOW) runs. */
export function activeSeconds(
  low: Tariff['low'],
  rate: number,
  span: { readonly from: number; readonly to: number },
): number {
  let lowSeconds = 0;
  for (const { fromMinute, toMinute } of low) {
    lowSeconds += Math.max(0, Math.min(span.to, toMinute * 60) - Math.max(span.from, fromMinute * 60));
  }
  return rate === LOW ? lowSeconds : span.to - span.from - lowSeconds;
}
