/**
 * Dates and times as meters write them, to and from instants. The standard says UTC = local + deviation (CET: -60); some
 * makes mean the opposite, which no value shows, so it is told for each device.
 */

import type { Data } from '../data/data.ts';
import { DATE_TIME_BYTES, decodeDateTime, emptyDateTime, putDateTime } from '../data/date-time.ts';

export interface DateQuirks {
  /** The device writes UTC = local - deviation: +60 for CET. Default false. */
  readonly reversedDeviation?: boolean;
  /** Local time minus UTC where the device does not say; default 0. */
  readonly defaultOffsetMinutes?: number;
}

export interface Instant {
  readonly unixSeconds: number;
  /** 0 .. 99 */
  readonly hundredths: number;
  /** Local time minus UTC. */
  readonly offsetMinutes: number;
  /** Bit 0 invalid, 1 doubtful, 2 other clock base, 3 invalid status, 7 daylight saving; 255 not specified. */
  readonly clockStatus: number;
}

/** The instant in an octet-string of 12 bytes, a date-time, or a number of UNIX seconds; null: there is none in it. */
export function instantOf(data: Data, quirks: DateQuirks = {}): Instant | null {
  if (data.type === 'double-long-unsigned') {
    return { unixSeconds: data.value, hundredths: 0, offsetMinutes: quirks.defaultOffsetMinutes ?? 0, clockStatus: 0xff };
  }
  if (data.type !== 'octet-string' && data.type !== 'date-time') return null;
  return instantOfBytes(data.value, quirks);
}

export function instantOfBytes(bytes: Uint8Array, quirks: DateQuirks = {}): Instant | null {
  if (bytes.length !== DATE_TIME_BYTES) return null;
  const into = emptyDateTime();
  const standard = quirks.reversedDeviation === true ? withDeviationReversed(bytes) : bytes;
  return decodeDateTime(standard, 0, into, quirks.defaultOffsetMinutes ?? 0) === 'date-time' ? into : null;
}

/** Writes 12 bytes. Offsets beyond 14 hours are a programmer's error. */
export function putInstant(
  target: Uint8Array,
  instant: { readonly unixSeconds: number; readonly hundredths?: number; readonly offsetMinutes: number },
  quirks: DateQuirks = {},
): void {
  putDateTime(target, 0, instant.unixSeconds, instant.hundredths ?? 0, instant.offsetMinutes);
  if (quirks.reversedDeviation === true) target.set(withDeviationReversed(target.subarray(0, DATE_TIME_BYTES)));
}

function withDeviationReversed(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  const deviation = view.getInt16(9);
  // 8000, not specified, is its own negative.
  view.setInt16(9, -deviation);
  return copy;
}
