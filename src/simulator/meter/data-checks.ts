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

/** A time, a date or a date-time as octet-string or with its own tag. */
function stampOf(type: 'time' | 'date', bytes: number): Check {
  return (value) => {
    if (value.type !== 'octet-string' && value.type !== type) return typeUnmatched;
    return value.value.length === bytes ? success : otherReason;
  };
}

export const aTime: Check = stampOf('time', 4);
export const aDate: Check = stampOf('date', 5);

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
