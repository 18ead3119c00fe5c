/** Data values made in one word each, for the constants of an object model; and writers for the few that are made often. */

import type { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { DataTag } from '../../protocol/dlms/data/data-tag.ts';
import { DATE_TIME_BYTES, putDateTime } from '../../protocol/dlms/data/date-time.ts';
import { parseObis } from '../../protocol/dlms/data/obis.ts';

export const NULL_DATA: Data = Object.freeze({ type: 'null-data' });

export function boolean(value: boolean): Data {
  return { type: 'boolean', value };
}

/** i8 */
export function integer(value: number): Data {
  return { type: 'integer', value };
}

/** i16 */
export function long(value: number): Data {
  return { type: 'long', value };
}

/** u8 */
export function unsigned(value: number): Data {
  return { type: 'unsigned', value };
}

/** u16 */
export function longUnsigned(value: number): Data {
  return { type: 'long-unsigned', value };
}

/** double-long-unsigned */
export function u32(value: number): Data {
  return { type: 'double-long-unsigned', value };
}

export function enumeration(value: number): Data {
  return { type: 'enum', value };
}

export function octets(value: Uint8Array): Data {
  return { type: 'octet-string', value };
}

/** An octet-string of ASCII characters. */
export function text(value: string): Data {
  return octets(ascii(value));
}

export function visible(value: string): Data {
  return { type: 'visible-string', value };
}

/** An octet-string with the six bytes of a logical name. */
export function name(obis: string): Data {
  return octets(parseObis(obis));
}

export function structure(value: readonly Data[]): Data {
  return { type: 'structure', value };
}

export function array(value: readonly Data[]): Data {
  return { type: 'array', value };
}

/** Of a register: value * 10^scaler unit. */
export function scalerUnit(scaler: number, unit: number): Data {
  return structure([integer(scaler), enumeration(unit)]);
}

/** As octet-string. What would be before 1970 is 1970. */
export function dateTime(unixSeconds: number, offsetMinutes: number): Data {
  const bytes = new Uint8Array(DATE_TIME_BYTES);
  putDateTime(bytes, 0, Math.max(0, unixSeconds), 0, offsetMinutes);
  return octets(bytes);
}

/** An octet-string date-time of which nothing is specified. */
export const NO_DATE_TIME: Data = Object.freeze(
  octets(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0x00, 0xff)),
);

export function ascii(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}

/** Writes an octet-string date-time. What would be before 1970 is 1970. */
export function putClock(out: ByteWriter, unixSeconds: number, offsetMinutes: number): void {
  out.reserve(2 + DATE_TIME_BYTES);
  out.u8(DataTag.octetString);
  out.u8(DATE_TIME_BYTES);
  out.at = putDateTime(out.bytes, out.at, Math.max(0, unixSeconds), 0, offsetMinutes);
}

/** Writes a whole number from 0 to 2^53-1: double-long-unsigned as long as it fits, long64-unsigned else. */
export function putCount(out: ByteWriter, value: number): void {
  if (value < 2 ** 32) {
    out.doubleLongUnsigned(value);
    return;
  }
  out.u8(DataTag.long64Unsigned);
  out.u32(Math.floor(value / 2 ** 32));
  out.u32(value % 2 ** 32);
}
