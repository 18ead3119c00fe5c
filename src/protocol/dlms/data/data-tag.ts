/** Tags of the DLMS `Data` choice (Blue Book 4.1.5, IEC 62056-6-2), as they stand in front of a value. */

import type { DataType } from './data.ts';

export const DataTag = Object.freeze({
  nullData: 0x00,
  array: 0x01,
  structure: 0x02,
  boolean: 0x03,
  bitString: 0x04,
  doubleLong: 0x05,
  doubleLongUnsigned: 0x06,
  octetString: 0x09,
  visibleString: 0x0a,
  utf8String: 0x0c,
  bcd: 0x0d,
  integer: 0x0f,
  long: 0x10,
  unsigned: 0x11,
  longUnsigned: 0x12,
  compactArray: 0x13,
  long64: 0x14,
  long64Unsigned: 0x15,
  enumeration: 0x16,
  float32: 0x17,
  float64: 0x18,
  dateTime: 0x19,
  date: 0x1a,
  time: 0x1b,
  deltaInteger: 0x1c,
  deltaLong: 0x1d,
  deltaDoubleLong: 0x1e,
  deltaUnsigned: 0x1f,
  deltaLongUnsigned: 0x20,
  deltaDoubleLongUnsigned: 0x21,
  dontCare: 0xff,
});

/** Bytes of a value with this tag, the tag itself not counted; -1 when the value carries its length, or the tag is unknown. */
export function fixedBytes(tag: number): number {
  return FIXED_BYTES[tag] ?? -1;
}

/** The tag in front of a value of this type. */
export function tagOf(type: DataType): number {
  return TAGS[type];
}

/** Null: nobody assigned this tag. */
export function typeOf(tag: number): DataType | null {
  return TYPES[tag] ?? null;
}

const FIXED_BYTES = fixedBytesByTag();

function fixedBytesByTag(): Int8Array {
  const bytes = new Int8Array(0x100).fill(-1);
  const sizes: readonly (readonly [number, number])[] = [
    [DataTag.nullData, 0],
    [DataTag.boolean, 1],
    [DataTag.doubleLong, 4],
    [DataTag.doubleLongUnsigned, 4],
    [DataTag.bcd, 1],
    [DataTag.integer, 1],
    [DataTag.long, 2],
    [DataTag.unsigned, 1],
    [DataTag.longUnsigned, 2],
    [DataTag.long64, 8],
    [DataTag.long64Unsigned, 8],
    [DataTag.enumeration, 1],
    [DataTag.float32, 4],
    [DataTag.float64, 8],
    [DataTag.dateTime, 12],
    [DataTag.date, 5],
    [DataTag.time, 4],
    [DataTag.deltaInteger, 1],
    [DataTag.deltaLong, 2],
    [DataTag.deltaDoubleLong, 4],
    [DataTag.deltaUnsigned, 1],
    [DataTag.deltaLongUnsigned, 2],
    [DataTag.deltaDoubleLongUnsigned, 4],
    [DataTag.dontCare, 0],
  ];
  for (const [tag, size] of sizes) bytes[tag] = size;
  return bytes;
}

const TAGS: Readonly<Record<DataType, number>> = Object.freeze({
  'null-data': DataTag.nullData,
  array: DataTag.array,
  structure: DataTag.structure,
  boolean: DataTag.boolean,
  'bit-string': DataTag.bitString,
  'double-long': DataTag.doubleLong,
  'double-long-unsigned': DataTag.doubleLongUnsigned,
  'octet-string': DataTag.octetString,
  'visible-string': DataTag.visibleString,
  'utf8-string': DataTag.utf8String,
  bcd: DataTag.bcd,
  integer: DataTag.integer,
  long: DataTag.long,
  unsigned: DataTag.unsigned,
  'long-unsigned': DataTag.longUnsigned,
  'compact-array': DataTag.compactArray,
  long64: DataTag.long64,
  'long64-unsigned': DataTag.long64Unsigned,
  enum: DataTag.enumeration,
  float32: DataTag.float32,
  float64: DataTag.float64,
  'date-time': DataTag.dateTime,
  date: DataTag.date,
  time: DataTag.time,
  'delta-integer': DataTag.deltaInteger,
  'delta-long': DataTag.deltaLong,
  'delta-double-long': DataTag.deltaDoubleLong,
  'delta-unsigned': DataTag.deltaUnsigned,
  'delta-long-unsigned': DataTag.deltaLongUnsigned,
  'delta-double-long-unsigned': DataTag.deltaDoubleLongUnsigned,
  'dont-care': DataTag.dontCare,
});

const TYPES = typesByTag();

function typesByTag(): readonly (DataType | null)[] {
  const types: (DataType | null)[] = Array.from({ length: 0x100 }, () => null);
  for (const [type, tag] of Object.entries(TAGS)) types[tag] = type as DataType;
  return types;
}
