/**
 * Guesses what was done to a wrong value, from what it should be: engineers look for the cause, not for the number.
 * A guess is made only where the value fits it exactly.
 */

export const WRONG_KINDS = ['status', 'none', 'rounded', 'scaled', 'shifted', 'swapped', 'other'] as const;
export type WrongKind = (typeof WRONG_KINDS)[number];
export type WrongCounts = Readonly<Record<WrongKind, number>>;

export interface WrongValue {
  readonly kind: WrongKind;
  /** The second half of a sentence about the reading. */
  readonly why: string;
}

/** Roundings of head-ends that keep kWh with two decimals, with one, whole ones; and MWh. */
const ROUNDINGS_WH = [10, 100, 1000, 1_000_000] as const;
const SCALES = [
  [1000, '1,000 times what was sent: is kWh taken for Wh?'],
  [1 / 1000, 'a thousandth of what was sent: is Wh taken for kWh?'],
] as const;
/** Daylight saving, and zones of Europe taken for UTC. */
const SHIFT_HOURS = [1, -1, 2, -2] as const;

export function wrongValue(of: {
  /** Wh. */
  readonly found: number;
  readonly expected: number;
  readonly channel: number;
  readonly channels: number;
  /** Register of the meter in another channel or `seconds` later, Wh. */
  readonly truthAt: (channel: number, seconds: number) => number;
}): WrongValue {
  const { found, expected, channel, channels, truthAt } = of;
  if (Number.isNaN(found)) return { kind: 'none', why: 'its value is empty or no number' };
  if (found === expected) return { kind: 'status', why: 'its status differs from what was sent' };
  const unit = ROUNDINGS_WH.find((wh) => found % wh === 0 && Math.abs(found - expected) < wh && expected % wh !== 0);
  if (unit !== undefined) return { kind: 'rounded', why: `its value is what was sent, rounded to ${unit >= 1000 ? `${unit / 1000} kWh` : `${unit} Wh`}` };
  const scaled = SCALES.find(([factor]) => found === expected * factor);
  if (scaled !== undefined) return { kind: 'scaled', why: `its value is ${scaled[1]}` };
  for (const hours of SHIFT_HOURS) {
    if (found === truthAt(channel, -3600 * hours)) {
      const size = `${Math.abs(hours)} h`;
      return { kind: 'shifted', why: `its value is that of ${size} ${hours > 0 ? 'earlier' : 'later'}: is its time ${size} ${hours > 0 ? 'late' : 'early'}?` };
    }
  }
  for (let other = 0; other < channels; other++) {
    if (other !== channel && found === truthAt(other, 0)) return { kind: 'swapped', why: 'its value is that of another register of this meter' };
  }
  return { kind: 'other', why: 'its value differs from what was sent' };
}
