/**
 * Fields of a reading as text, from bytes to numbers without a string in between. NaN: the text does not say one.
 *
 *   meter    1000, 00000001000 (its serial number), MSMMT00000001000 (its logical device name)
 *   channel  0, 1-0:1.8.0, 1-0:1.8.0*255, 1.0.1.8.0.255, 1.8.0, 0100010800FF
 *   time     1710000000, 2024-03-09T17:00:00+01:00, 2024-03-09 17:00 or 09.03.2024 17:00 (in a zone that is given)
 *   value    12345.678, 12345,678, 1.2345678e4
 *
 * A comma is taken for a decimal point: where it is none the value comes out wrong, and never right by mistake.
 *   status   8
 */

import type { ToUnix } from './local-time.ts';

/** What the bytes from .. to - 1 say. */
export type TextReader = (bytes: Uint8Array, from: number, to: number) => number;

const ZERO = 0x30;
const NINE = 0x39;
const SPACE = 0x20;
const [PLUS, COMMA, MINUS, POINT, COLON] = [0x2b, 0x2c, 0x2d, 0x2e, 0x3a] as const;
const U32_MAX = 2 ** 32 - 1;

/** `MSMMT`, with which logical device names of our meters begin. */
const METER_NAME = [0x4d, 0x53, 0x4d, 0x4d, 0x54] as const;
const SERIAL_DIGITS = 11;

export const textMeter: TextReader = (bytes, from, to) => {
  const end = trimSpaces(bytes, from, to);
  let at = skipSpaces(bytes, from, to);
  if (end - at === METER_NAME.length + SERIAL_DIGITS && METER_NAME.every((byte, i) => bytes[at + i] === byte)) at += METER_NAME.length;
  if (end - at > SERIAL_DIGITS) return Number.NaN;
  const number = digits(bytes, at, end);
  return number <= U32_MAX ? number : Number.NaN;
};

/** Groups A-B:C.D.E*F of the registers 1-0:1.8.E. */
const FULL_CODE = 6;
const SHORT_CODE = 5;
const BARE_CODE = 3;

export const textChannel: TextReader = (bytes, from, to) => {
  const [start, end] = [skipSpaces(bytes, from, to), trimSpaces(bytes, from, to)];
  if (end - start >= 2 * FULL_CODE) {
    const hex = hexChannel(bytes, start, end);
    if (!Number.isNaN(hex)) return hex;
  }
  let [groups, code, group, last] = [0, 0, -1, 0];
  for (let at = start; at <= end; at++) {
    const byte = at === end ? POINT : bytes[at]!;
    if (byte >= ZERO && byte <= NINE) {
      group = (group < 0 ? 0 : group * 10) + byte - ZERO;
      if (group > 255) return Number.NaN;
      continue;
    }
    if (group < 0 || (byte !== POINT && byte !== MINUS && byte !== COLON && byte !== 0x2a)) return Number.NaN;
    if (++groups > FULL_CODE) return Number.NaN;
    code = code * 256 + last;
    last = group;
    group = -1;
  }
  // `code` holds all groups but the last one.
  if (groups === 1) return last;
  if (groups === BARE_CODE) return code === 0x0108 ? last : Number.NaN;
  if (groups === SHORT_CODE) return code === 0x0100_0108 ? last : Number.NaN;
  if (groups === FULL_CODE && last === 255) return channelOfCode(code);
  return Number.NaN;
};

/** Of the first five bytes of a code, as a number. */
function channelOfCode(code: number): number {
  return Math.floor(code / 256) === 0x0100_0108 ? code % 256 : Number.NaN;
}

/** The six bytes of a code. */
export const byteChannel: TextReader = (bytes, from, to) => {
  if (to - from !== FULL_CODE || bytes[to - 1] !== 255) return Number.NaN;
  let code = 0;
  for (let at = from; at < to - 1; at++) code = code * 256 + bytes[at]!;
  return channelOfCode(code);
};

/** 12 digits, with or without `\x` or `0x` in front. */
function hexChannel(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > 2 * FULL_CODE + 2) return Number.NaN;
  const text = String.fromCharCode(...bytes.subarray(from, to));
  const match = /^(?:\\x|0x)?([\da-f]{10})ff$/i.exec(text);
  return match === null ? Number.NaN : channelOfCode(Number.parseInt(match[1] ?? '', 16));
}

/** `toUnix` null: a time that names no zone is refused. `perSecond`: what numbers count, 1 or 1000 to the second. */
export function textTime(toUnix: ToUnix | null, perSecond: number): TextReader {
  const calendar = calendarTime(toUnix);
  return (bytes, from, to) => {
    const [start, end] = [skipSpaces(bytes, from, to), trimSpaces(bytes, from, to)];
    const isCalendar = end - start > DATE_LENGTH && (bytes[start + 4] === MINUS || bytes[start + 5] === POINT);
    const seconds = isCalendar ? calendar(bytes, start, end) : decimal(bytes, start, end, 1) / perSecond;
    return Number.isInteger(seconds) && seconds >= 0 && seconds <= U32_MAX ? seconds : Number.NaN;
  };
}

const DATE_LENGTH = 10;

/** yyyy-mm-dd or dd.mm.yyyy, `T` or a space, hh:mm, and if they are there: seconds, parts of a second that are zero, the zone. */
function calendarTime(toUnix: ToUnix | null): TextReader {
  return (bytes, from, to) => {
    const days = bytes[from + 4] === MINUS ? isoDay(bytes, from) : dottedDay(bytes, from);
    if (to < from + DATE_LENGTH + 6 || bytes[from + 13] !== COLON) return Number.NaN;
    if (bytes[from + 10] !== SPACE && bytes[from + 10] !== 0x54) return Number.NaN;
    const [hour, minute] = [digits(bytes, from + 11, from + 13), digits(bytes, from + 14, from + 16)];
    let [second, at] = [0, from + 16];
    if (bytes[at] === COLON && at + 3 <= to) {
      second = digits(bytes, at + 1, at + 3);
      at += 3;
      if ((bytes[at] === POINT || bytes[at] === COMMA) && at < to) {
        for (at++; at < to && bytes[at] === ZERO; at++);
      }
    }
    if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
    const civil = days * 86_400 + hour * 3600 + minute * 60 + second;
    at = skipSpaces(bytes, at, to);
    if (at === to) return toUnix === null ? Number.NaN : toUnix(civil);
    return civil - zoneSeconds(bytes, at, to);
  };
}

function isoDay(bytes: Uint8Array, at: number): number {
  if (bytes[at + 7] !== MINUS) return Number.NaN;
  return dayNumber(digits(bytes, at, at + 4), digits(bytes, at + 5, at + 7), digits(bytes, at + 8, at + 10));
}

function dottedDay(bytes: Uint8Array, at: number): number {
  if (bytes[at + 2] !== POINT || bytes[at + 5] !== POINT) return Number.NaN;
  return dayNumber(digits(bytes, at + 6, at + 10), digits(bytes, at + 3, at + 5), digits(bytes, at, at + 2));
}

/** `Z`, `UTC`, `+hh`, `+hhmm`, `+hh:mm`. */
function zoneSeconds(bytes: Uint8Array, from: number, to: number): number {
  const [sign, length] = [bytes[from]!, to - from];
  if (sign === 0x5a && length === 1) return 0;
  if (length === 3 && sign === 0x55 && bytes[from + 1] === 0x54 && bytes[from + 2] === 0x43) return 0;
  if (sign !== PLUS && sign !== MINUS) return Number.NaN;
  const colon = length === 6 && bytes[from + 3] === COLON;
  if (length !== 3 && length !== 5 && !colon) return Number.NaN;
  const minutes = length === 3 ? 0 : digits(bytes, to - 2, to);
  const seconds = digits(bytes, from + 1, from + 3) * 3600 + minutes * 60;
  return sign === MINUS ? -seconds : seconds;
}

/** Days from 1970-01-01; NaN: the calendar has no such day. */
function dayNumber(year: number, month: number, day: number): number {
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month))) return Number.NaN;
  // Years that begin in March, so that the leap day is the last one.
  const shifted = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return 365 * shifted + Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400) + dayOfYear - 719_468;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** A decimal number times `scale`, exact when the product is a whole number below 2^53. */
export function textValue(scale: number): TextReader {
  return (bytes, from, to) => decimal(bytes, skipSpaces(bytes, from, to), trimSpaces(bytes, from, to), scale);
}

export const textStatus: TextReader = (bytes, from, to) => {
  const status = digits(bytes, skipSpaces(bytes, from, to), trimSpaces(bytes, from, to));
  return status <= 255 ? status : Number.NaN;
};

const EXACT_DIGITS = 15;

function decimal(bytes: Uint8Array, from: number, to: number, scale: number): number {
  let [at, whole, decimals, count, pointed] = [from, 0, 0, 0, false];
  const negative = bytes[at] === MINUS && at < to;
  if (negative || (bytes[at] === PLUS && at < to)) at++;
  for (; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit >= 0 && digit <= 9) {
      whole = whole * 10 + digit;
      count++;
      if (pointed) decimals++;
    } else if ((digit === POINT - ZERO || digit === COMMA - ZERO) && !pointed) pointed = true;
    else break;
  }
  if (at < to || count === 0 || count > EXACT_DIGITS) return otherNumber(bytes, from, to) * scale;
  const value = (whole * scale) / 10 ** decimals;
  return negative ? -value : value;
}

/** With an exponent, or longer than can be exact. */
function otherNumber(bytes: Uint8Array, from: number, to: number): number {
  const text = String.fromCharCode(...bytes.subarray(from, Math.min(to, from + 64)));
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

/** NaN: not all of it are digits, or there are none. */
function digits(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from) return Number.NaN;
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

function skipSpaces(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] === SPACE) at++;
  return at;
}

function trimSpaces(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && bytes[end - 1] === SPACE) end--;
  return end;
}
