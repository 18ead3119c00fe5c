/**
 * The COSEM date-time of 12 bytes (Blue Book 4.1.6.1), to and from an instant. Civil dates are computed here from day
 * numbers (H. Hinnant, "chrono-compatible low-level date algorithms"), in whole numbers, without objects.
 *
 *   0     2      3    4        5     6       7       8           9          11
 *   | year | month | day | weekday | hour | minute | second | hundredths | deviation | clock status |
 *
 * The deviation is in minutes with UTC = local + deviation: Central European Time is -60, FFC4. This room speaks of
 * `offsetMinutes`, which is local - UTC, so CET is +60. Deviation 8000 is "not specified".
 */

import { assert } from '../../../base/assert.ts';
import { putU16 } from './axdr-writer.ts';

export const DATE_TIME_BYTES = 12;

/** Reusable; `decodeDateTime` fills it. */
export interface DateTime {
  unixSeconds: number;
  /** 0 .. 99 */
  hundredths: number;
  /** Local time minus UTC. */
  offsetMinutes: number;
  /** Bit 0 invalid, 1 doubtful, 2 other clock base, 3 invalid status, 7 daylight saving; 255 not specified. */
  clockStatus: number;
}

export function emptyDateTime(): DateTime {
  return { unixSeconds: 0, hundredths: 0, offsetMinutes: 0, clockStatus: 0 };
}

/** `unspecified`: a pattern or a part left open (FF, FE, FD), so no instant. `impossible`: no such date, time or offset. */
export type DateTimeDecoded = 'date-time' | 'unspecified' | 'impossible';

/**
 * Writes 12 bytes at `at` with clock status 0 and the weekday; answers where they end.
 * The arguments are plain numbers because this runs twice for each message.
 */
export function putDateTime(
  target: Uint8Array,
  at: number,
  unixSeconds: number,
  hundredths: number,
  offsetMinutes: number,
): number {
  assert(unixSeconds >= 0 && unixSeconds < 2 ** 37, 'an instant lies between 1970 and year 6325');
  assert(hundredths >= 0 && hundredths < 100, 'hundredths go from 0 to 99');
  assert(offsetMinutes >= -OFFSET_MINUTES_MAX && offsetMinutes <= OFFSET_MINUTES_MAX, 'an offset is 14 hours at most');
  const local = unixSeconds + offsetMinutes * 60;
  const days = Math.floor(local / 86400);
  const second = (local - days * 86400) | 0;
  const minute = (second / 60) | 0;
  const hour = (minute / 60) | 0;
  putDate(target, at, days);
  target[at + 5] = hour;
  target[at + 6] = minute - hour * 60;
  target[at + 7] = second - minute * 60;
  target[at + 8] = hundredths;
  putU16(target, at + 9, -offsetMinutes & 0xffff);
  target[at + 11] = 0;
  return at + DATE_TIME_BYTES;
}

/**
 * Reads the 12 bytes at `at`; they must exist. A deviation that is not specified counts as `defaultOffsetMinutes`, open
 * hundredths as 0; weekday and clock status have no influence on the instant. `into` is written only for `date-time`.
 */
export function decodeDateTime(
  bytes: Uint8Array,
  at: number,
  into: DateTime,
  defaultOffsetMinutes: number,
): DateTimeDecoded {
  assert(at >= 0 && at + DATE_TIME_BYTES <= bytes.length, 'a date-time has 12 bytes');
  const year = (bytes[at]! << 8) | bytes[at + 1]!;
  const month = bytes[at + 2]!;
  const day = bytes[at + 3]!;
  const weekday = bytes[at + 4]!;
  const hour = bytes[at + 5]!;
  const minute = bytes[at + 6]!;
  const second = bytes[at + 7]!;
  const hundredths = bytes[at + 8]!;
  const deviation = ((bytes[at + 9]! << 24) >> 16) | bytes[at + 10]!;
  if (isOpen(year, month, day) || hour === 0xff || minute === 0xff || second === 0xff) return 'unspecified';
  if (hour > 23 || minute > 59 || second > 59 || (hundredths > 99 && hundredths !== 0xff)) return 'impossible';
  if (!isDate(year, month, day) || weekday === 0 || (weekday > 7 && weekday !== 0xff)) return 'impossible';
  const open = deviation === DEVIATION_OPEN;
  if (!open && (deviation < -OFFSET_MINUTES_MAX || deviation > OFFSET_MINUTES_MAX)) return 'impossible';
  // 0 - x and not -x: an offset of minus zero would be another number to strict comparisons.
  const offsetMinutes = open ? defaultOffsetMinutes : 0 - deviation;
  into.unixSeconds = daysOf(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offsetMinutes * 60;
  into.hundredths = hundredths === 0xff ? 0 : hundredths;
  into.offsetMinutes = offsetMinutes;
  into.clockStatus = bytes[at + 11]!;
  return 'date-time';
}

const OFFSET_MINUTES_MAX = 14 * 60;
const DEVIATION_OPEN = -0x8000;
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_DAY = 719468;
const ERA_DAYS = 146097;

/** Year, month, day of month and weekday of the day `days` after 1970-01-01, a Thursday. */
function putDate(target: Uint8Array, at: number, days: number): void {
  const shifted = (days + EPOCH_DAY) | 0;
  const era = (shifted / ERA_DAYS) | 0;
  const ofEra = shifted - era * ERA_DAYS;
  const yearOfEra =
    ((ofEra - ((ofEra / 1460) | 0) + ((ofEra / 36524) | 0) - ((ofEra / 146096) | 0)) / 365) | 0;
  const ofYear = ofEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0));
  const march = ((5 * ofYear + 2) / 153) | 0;
  const month = march < 10 ? march + 3 : march - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  putU16(target, at, year);
  target[at + 2] = month;
  target[at + 3] = ofYear - (((153 * march + 2) / 5) | 0) + 1;
  // 1969-12-29 was a Monday: day -3. An offset may reach back one day before the epoch, never more.
  target[at + 4] = ((days + 3) % 7) + 1;
}

/** Days from 1970-01-01 to the date. */
function daysOf(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const march = month > 2 ? month - 3 : month + 9;
  const ofYear = (((153 * march + 2) / 5) | 0) + day - 1;
  const ofEra = yearOfEra * 365 + (yearOfEra >> 2) - ((yearOfEra / 100) | 0) + ofYear;
  return era * ERA_DAYS + ofEra - EPOCH_DAY;
}

/** Month FD and FE are the ends of daylight saving, day FD and FE the last days of a month: patterns, not dates. */
function isOpen(year: number, month: number, day: number): boolean {
  return year === 0xffff || month >= 0xfd || day >= 0xfd;
}

function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  if (day <= 28) return true;
  if (month !== 2) return day <= (month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31);
  return day === 29 && (year & 3) === 0 && (year % 100 !== 0 || year % 400 === 0);
}
