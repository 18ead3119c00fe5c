/**
 * What may be written to an attribute, put together from small checks. A check answers a data-access-result: success,
 * type-unmatched for another type, other-reason for a value that is out of range.
 */

import { DataAccessResult } from '../../protocol/dlms/apdu/results.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { DATE_TIME_BYTES, decodeDateTime, emptyDateTime } from '../../protocol/dlms/data/date-time.ts';

export type Check = (value: Data) => number;

const { success, typeUnmatched, otherReason } = DataAccessResult;

/** A number of this very type, `min` .. `max`. */
export function numberOf(type: Data['type'], min: number, max: number): Check {
  return (value) => {
    if (value.type !== type || !('value' in value) || typeof value.value !== 'number') return typeUnmatched;
    return value.value >= min && value.value <= max ? success : otherReason;
  };
}

export const aBoolean: Check = (value) => (value.type === 'boolean' ? success : typeUnmatched);
export const anInteger: Check = numberOf('integer', -0x80, 0x7f);
export const anUnsigned: Check = numberOf('unsigned', 0, 0xff);
export const aLongUnsigned: Check = numberOf('long-unsigned', 0, 0xffff);
export const aU32: Check = numberOf('double-long-unsigned', 0, 0xffffffff);

/** octet-string of `min` .. `max` bytes. */
export function octetsOf(min: number, max: number): Check {
  return (value) => {
    if (value.type !== 'octet-string') return typeUnmatched;
    return value.value.length >= min && value.value.length <= max ? success : otherReason;
  };
}

export const aLogicalName: Check = octetsOf(6, 6);

/** Hour, minute, second, hundredths; FF leaves each of them open. */
export const aTime: Check = (value) => {
  if (value.type !== 'octet-string' && value.type !== 'time') return typeUnmatched;
  if (value.value.length !== TIME_MAX.length) return otherReason;
  return value.value.every((part, i) => part === OPEN || part <= TIME_MAX[i]!) ? success : otherReason;
};

/** A date, patterns too. */
export const aDate: Check = (value) => {
  if (value.type !== 'octet-string' && value.type !== 'date') return typeUnmatched;
  return value.value.length === DATE_BYTES ? success : otherReason;
};

const TIME_MAX: readonly number[] = [23, 59, 59, 99];
const DATE_BYTES = 5;
const OPEN = 0xff;

/** Any date-time, patterns too; not one that can't be. */
export const aDateTime: Check = (value) => {
  if (value.type !== 'octet-string' && value.type !== 'date-time') return typeUnmatched;
  if (value.value.length !== DATE_TIME_BYTES) return otherReason;
  return decodeDateTime(value.value, 0, emptyDateTime(), 0) === 'impossible' ? otherReason : success;
};

export function arrayOf(check: Check, max: number): Check {
  return (value) => {
    if (value.type !== 'array') return typeUnmatched;
    return value.value.length > max ? otherReason : worst(value.value.map(check));
  };
}

export function structureOf(...checks: readonly Check[]): Check {
  return (value) => {
    if (value.type !== 'structure' || value.value.length !== checks.length) return typeUnmatched;
    return worst(value.value.map((element, i) => checks[i]!(element)));
  };
}

/** Success, or the first failure. */
function worst(results: readonly number[]): number {
  return results.find((result) => result !== success) ?? success;
}

/** The instant of a date-time, or null when it names none. */
export function instantIn(value: Data, offsetMinutes: number): number | null {
  if (value.type !== 'octet-string' && value.type !== 'date-time') return null;
  if (value.value.length !== DATE_TIME_BYTES) return null;
  const time = emptyDateTime();
  return decodeDateTime(value.value, 0, time, offsetMinutes) === 'date-time' ? time.unixSeconds : null;
}
