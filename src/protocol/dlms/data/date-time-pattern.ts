/**
 * What the 12 bytes of a COSEM date-time say when they are no instant: parts left open, and days such as "the last Sunday of
 * March" (Blue Book 4.1.6.1). Daylight saving of a clock and times of schedules are written so. The layout is in `date-time.ts`.
 *
 *   year FFFF, other parts FF    open
 *   month FD, FE                 month in which daylight saving ends, begins
 *   day FD, FE                   second-last and last day of the month, or, with a weekday, the second-last and last such day
 *   day n with a weekday         the first such weekday from day n on
 */

import { assert } from '../../../base/assert.ts';
import { putU16 } from './axdr-writer.ts';
import { DATE_TIME_BYTES, decodeDateTime, emptyDateTime, putDateTime } from './date-time.ts';

/** Null: open. */
export interface DateTimePattern {
  readonly year: number | null;
  readonly month: number | 'dst-begin' | 'dst-end' | null;
  readonly day: number | 'last' | 'second-last' | null;
  /** 1 Monday .. 7 Sunday. */
  readonly weekday: number | null;
  readonly hour: number | null;
  readonly minute: number | null;
  readonly second: number | null;
  readonly hundredths: number | null;
  /** Local time minus UTC. */
  readonly offsetMinutes: number | null;
  /** Bits as in `DateTime`. */
  readonly clockStatus: number | null;
}

const OPEN_YEAR = 0xffff;
const OPEN = 0xff;
const OPEN_DEVIATION = 0x8000;
const MONTHS = { 'dst-end': 0xfd, 'dst-begin': 0xfe } as const;
const DAYS = { 'second-last': 0xfd, last: 0xfe } as const;

export const CLOCK_STATUS_DST = 0x80;

/** Bit 7 of the clock status and the deviation go together: an hour of daylight saving is in `offsetMinutes` as well. */
export interface LocalInstant {
  readonly unixSeconds: number;
  /** Default 0; null: open. */
  readonly hundredths?: number | null;
  /** Local time minus UTC. */
  readonly offsetMinutes: number;
  /** Default 0. */
  readonly clockStatus?: number;
}

/** Writes an instant with its clock status; answers where it ends. The limits are those of `putDateTime`. */
export function putLocalInstant(target: Uint8Array, at: number, instant: LocalInstant): number {
  const { unixSeconds, hundredths = 0, offsetMinutes, clockStatus = 0 } = instant;
  const end = putDateTime(target, at, unixSeconds, hundredths ?? 0, offsetMinutes);
  if (hundredths === null) target[at + 8] = OPEN;
  target[at + 11] = clockStatus;
  return end;
}

/** Writes 12 bytes; answers where they end. */
export function putPattern(target: Uint8Array, at: number, pattern: DateTimePattern): number {
  const { year, month, day, offsetMinutes } = pattern;
  assert(at >= 0 && at + DATE_TIME_BYTES <= target.length, 'the target has room for a date-time');
  putU16(target, at, year ?? OPEN_YEAR);
  target[at + 2] = typeof month === 'string' ? MONTHS[month] : (month ?? OPEN);
  target[at + 3] = typeof day === 'string' ? DAYS[day] : (day ?? OPEN);
  target[at + 4] = pattern.weekday ?? OPEN;
  target[at + 5] = pattern.hour ?? OPEN;
  target[at + 6] = pattern.minute ?? OPEN;
  target[at + 7] = pattern.second ?? OPEN;
  target[at + 8] = pattern.hundredths ?? OPEN;
  putU16(target, at + 9, offsetMinutes === null ? OPEN_DEVIATION : -offsetMinutes & 0xffff);
  target[at + 11] = pattern.clockStatus ?? OPEN;
  return at + DATE_TIME_BYTES;
}

/** Null: a part has a value that it can't have. */
export function readPattern(bytes: Uint8Array): DateTimePattern | null {
  if (bytes.length !== DATE_TIME_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, DATE_TIME_BYTES);
  const part = (at: number, least: number, most: number): number | null => {
    const value = view.getUint8(at);
    if (value === OPEN) return null;
    return value < least || value > most ? Number.NaN : value;
  };
  const year = view.getUint16(0);
  const month = view.getUint8(2);
  const day = view.getUint8(3);
  const deviation = view.getUint16(9) === OPEN_DEVIATION ? null : view.getInt16(9);
  const pattern: DateTimePattern = {
    year: year === OPEN_YEAR ? null : year,
    month: month === MONTHS['dst-end'] ? 'dst-end' : month === MONTHS['dst-begin'] ? 'dst-begin' : part(2, 1, 12),
    day: day === DAYS['second-last'] ? 'second-last' : day === DAYS.last ? 'last' : part(3, 1, 31),
    weekday: part(4, 1, 7),
    hour: part(5, 0, 23),
    minute: part(6, 0, 59),
    second: part(7, 0, 59),
    hundredths: part(8, 0, 99),
    // Not -deviation: minus zero is another number to strict comparisons.
    offsetMinutes: deviation === null ? null : 0 - deviation,
    clockStatus: part(11, 0, 0xfe),
  };
  const isPossible = Object.values(pattern).every((value) => !Number.isNaN(value)) && Math.abs(deviation ?? 0) <= OFFSET_MINUTES_MAX;
  return isPossible ? pattern : null;
}

const OFFSET_MINUTES_MAX = 14 * 60;
const DAY_SECONDS = 86400;

/**
 * The local time, in seconds since 1970-01-01 00:00 local, at which a pattern comes in `year`; open parts of the time are 0.
 * Null: it comes in another year, never, or more than once because month or day are open.
 */
export function occurrenceIn(pattern: DateTimePattern, year: number): number | null {
  const { month, day, weekday, hour, minute, second } = pattern;
  if ((pattern.year !== null && pattern.year !== year) || typeof month !== 'number' || day === null) return null;
  const first = Date.UTC(year, month - 1, 1) / 1000 / DAY_SECONDS;
  const next = Date.UTC(year, month, 1) / 1000 / DAY_SECONDS;
  const found = dayOf(day, weekday, first, next);
  if (found < first || found >= next) return null;
  return found * DAY_SECONDS + (hour ?? 0) * 3600 + (minute ?? 0) * 60 + (second ?? 0);
}

/** `first` and `next`: days since 1970-01-01 at which the month and the one behind it begin. */
function dayOf(day: number | 'last' | 'second-last', weekday: number | null, first: number, next: number): number {
  const fromEnd = day === 'last' ? 1 : 2;
  if (typeof day === 'string') {
    if (weekday === null) return next - fromEnd;
    const last = next - 1 - ((weekdayOf(next - 1) - weekday + 7) % 7);
    return last - 7 * (fromEnd - 1);
  }
  const from = first + day - 1;
  return weekday === null ? from : from + ((weekday - weekdayOf(from) + 7) % 7);
}

/** 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/**
 * A date-time `seconds` after the one in `bytes`, with the same deviation, clock status, and open hundredths or weekday. Null
 * when that is no instant.
 */
export function laterDateTime(bytes: Uint8Array, seconds: number): Uint8Array | null {
  const instant = emptyDateTime();
  if (bytes.length !== DATE_TIME_BYTES || decodeDateTime(bytes, 0, instant, 0) !== 'date-time') return null;
  const unixSeconds = instant.unixSeconds + seconds;
  if (unixSeconds < 0 || unixSeconds >= 2 ** 37) return null;
  const later = new Uint8Array(DATE_TIME_BYTES);
  putDateTime(later, 0, unixSeconds, instant.hundredths, instant.offsetMinutes);
  for (const at of [4, 8]) if (bytes[at] === OPEN) later[at] = OPEN;
  later.set(bytes.subarray(9), 9);
  return later;
}
