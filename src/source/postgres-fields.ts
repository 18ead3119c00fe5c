/**
 * Columns of a query in the binary format of PostgreSQL, from bytes to the numbers of a reading. Big-endian; the layouts are
 * those of the types' send functions (src/backend/utils/adt of PostgreSQL 15).
 *
 *   int2, int4, int8   two's complement
 *   numeric            u16 digits, i16 weight, u16 sign, u16 scale, then digits of base 10,000
 *   timestamp(tz)      i64 microseconds since 2000-01-01
 */

import { i16, i32, u16 } from './big-endian.ts';
import type { ColumnMapping } from './column-mapping.ts';
import { type ToUnix, zoneToUnix } from './local-time.ts';
import { SourceError } from './source-error.ts';
import { byteChannel, textChannel, textMeter, textStatus, textTime, textValue } from './text-fields.ts';
import type { Part } from './unreadable-log.ts';

/** What the `length` bytes at `at` say; NaN: not what they should. */
export type BinaryReader = (bytes: Buffer, at: number, length: number) => number;

export interface Field {
  readonly part: Part;
  readonly column: string;
  readonly read: BinaryReader;
  readonly show: (bytes: Buffer, at: number, length: number) => string;
  /** Whether it is a number for the server. */
  readonly isNumber: boolean;
}

export interface QueryColumn {
  readonly name: string;
  /** Object identifier of its type. */
  readonly type: number;
}

const Oid = { bytea: 17, int8: 20, int2: 21, int4: 23, text: 25, float8: 701, bpchar: 1042, varchar: 1043, timestamp: 1114, timestamptz: 1184, numeric: 1700 } as const;

const NUMBERS: ReadonlySet<number> = new Set([Oid.int2, Oid.int4, Oid.int8, Oid.float8, Oid.numeric]);
const TEXTS: ReadonlySet<number> = new Set([Oid.text, Oid.varchar, Oid.bpchar]);

const U32_MAX = 2 ** 32 - 1;
/** 2000-01-01 in Unix seconds. */
const EPOCH_SECONDS = 946_684_800;
const MICROSECONDS = 1e6;

/** In the order meter, channel, time, value, status, without those that are not mapped. Throws SourceError. */
export function fieldsOf(mapping: ColumnMapping, columns: readonly QueryColumn[]): readonly Field[] {
  const { meter, channel, time, value, status } = mapping;
  const fields = [
    fieldOf('meter', meter, columns, meterReader),
    channel === null ? null : fieldOf('channel', channel, columns, channelReader),
    fieldOf('time', time, columns, (type, column) => timeReader(type, column, mapping.timeUnit)),
    fieldOf('value', value, columns, (type) => valueReader(type, mapping.whPerUnit)),
    status === null ? null : fieldOf('status', status, columns, statusReader),
  ];
  return fields.filter((field) => field !== null);
}

function fieldOf(part: Part, name: string, columns: readonly QueryColumn[], readerOf: (type: number, column: string) => BinaryReader | null): Field {
  const named = columns.filter((column) => column.name === name);
  const [column] = named;
  if (column === undefined) throw new SourceError(`the query has no column \`${name}\` for ${part}; it has ${columns.map((each) => each.name).join(', ')}`);
  if (named.length > 1) throw new SourceError(`the query has ${named.length} columns \`${name}\`; give the one that says the ${part} a name of its own`);
  const read = readerOf(column.type, name);
  if (read === null) throw new SourceError(`column \`${name}\` has a type that can't be the ${part}; allowed: ${ALLOWED[part]}; cast it in the query`);
  return { part, column: name, read, show: showOf(column.type), isNumber: NUMBERS.has(column.type) };
}

const ALLOWED: Readonly<Record<Part, string>> = {
  meter: 'integers, numeric, text',
  channel: 'integers, numeric, text, bytea of six bytes',
  time: 'timestamps with or without time zone, numbers, text',
  value: 'integers, numeric, double precision, text',
  status: 'integers, numeric, text',
};

function meterReader(type: number): BinaryReader | null {
  if (TEXTS.has(type)) return (bytes, at, length) => textMeter(bytes, at, at + length);
  return within(numberReader(type, 1), U32_MAX);
}

function channelReader(type: number): BinaryReader | null {
  if (TEXTS.has(type)) return (bytes, at, length) => textChannel(bytes, at, at + length);
  if (type === Oid.bytea) return (bytes, at, length) => byteChannel(bytes, at, at + length);
  return within(numberReader(type, 1), 255);
}

function statusReader(type: number): BinaryReader | null {
  if (TEXTS.has(type)) return (bytes, at, length) => textStatus(bytes, at, at + length);
  return within(numberReader(type, 1), 255);
}

function valueReader(type: number, whPerUnit: number): BinaryReader | null {
  if (!TEXTS.has(type)) return numberReader(type, whPerUnit);
  const read = textValue(whPerUnit);
  return (bytes, at, length) => read(bytes, at, at + length);
}

function timeReader(type: number, column: string, unit: string | null): BinaryReader | null {
  const zone = unit === null || unit === 'ms' ? null : zoneToUnix(unit);
  const perSecond = unit === 'ms' ? 1000 : 1;
  if (TEXTS.has(type)) {
    const read = textTime(zone, perSecond);
    return (bytes, at, length) => read(bytes, at, at + length);
  }
  if (type === Oid.timestamp) {
    if (zone !== null) return within(timestampReader(zone), U32_MAX);
    throw new SourceError(`column \`${column}\` has no time zone; say which one it is in: time:UTC=${column}, time:+01:00=${column} or time:Europe/Prague=${column}`);
  }
  if (zone !== null) throw new SourceError(`column \`${column}\` has a time zone of its own; leave \`:${unit}\` out`);
  if (type === Oid.timestamptz) {
    if (unit !== null) throw new SourceError(`column \`${column}\` has no unit; leave \`:${unit}\` out`);
    return within(timestampReader((seconds) => seconds), U32_MAX);
  }
  const read = numberReader(type, 1);
  return within(read === null ? null : (bytes, at, length) => read(bytes, at, length) / perSecond, U32_MAX);
}

/** Whole numbers 0 .. max. */
function within(read: BinaryReader | null, max: number): BinaryReader | null {
  if (read === null) return null;
  return (bytes, at, length) => {
    const number = read(bytes, at, length);
    return number >= 0 && number <= max && Math.floor(number) === number ? number : Number.NaN;
  };
}

function timestampReader(toUnix: ToUnix): BinaryReader {
  return (bytes, at) => toUnix(int64(bytes, at) / MICROSECONDS + EPOCH_SECONDS);
}

/** null: the type is no number. */
function numberReader(type: number, scale: number): BinaryReader | null {
  switch (type) {
    case Oid.int2:
      return (bytes, at) => i16(bytes, at) * scale;
    case Oid.int4:
      return (bytes, at) => i32(bytes, at) * scale;
    case Oid.int8:
      return (bytes, at) => int64(bytes, at) * scale;
    case Oid.float8:
      return (bytes, at) => scaledDouble(bytes.readDoubleBE(at), scale);
    case Oid.numeric:
      return (bytes, at) => numeric(bytes, at, scale);
    default:
      return null;
  }
}

/** Beyond 2^53 the nearest number. */
function int64(bytes: Buffer, at: number): number {
  return i32(bytes, at) * 2 ** 32 + (i32(bytes, at + 4) >>> 0);
}

/** A double that stands for a decimal with few places, such as 1.005 kWh, is that many Wh. */
function scaledDouble(value: number, scale: number): number {
  const scaled = value * scale;
  const nearest = Math.round(scaled);
  return Math.abs(scaled - nearest) <= Math.abs(nearest) * 2 ** -51 ? nearest : scaled;
}

const NUMERIC_HEAD_BYTES = 8;
const NUMERIC_NEGATIVE = 0x4000;

/** Times `scale`, exact when the product is a whole number below 2^53. */
function numeric(bytes: Buffer, at: number, scale: number): number {
  const [count, weight, sign] = [u16(bytes, at), i16(bytes, at + 2), u16(bytes, at + 4)];
  if (sign !== 0 && sign !== NUMERIC_NEGATIVE) return Number.NaN;
  let whole = 0;
  for (let i = 0; i < count; i++) whole = whole * 10_000 + u16(bytes, at + NUMERIC_HEAD_BYTES + 2 * i);
  const exponent = 4 * (weight + 1 - count);
  const value = exponent >= 0 ? whole * 10 ** exponent * scale : (whole * scale) / 10 ** -exponent;
  return sign === NUMERIC_NEGATIVE ? -value : value;
}

function showOf(type: number): Field['show'] {
  if (TEXTS.has(type)) return (bytes, at, length) => bytes.toString('utf8', at, at + length);
  if (type === Oid.bytea) return (bytes, at, length) => bytes.toString('hex', at, at + length);
  if (type === Oid.timestamp || type === Oid.timestamptz) {
    return (bytes, at) => {
      const date = new Date((int64(bytes, at) / MICROSECONDS + EPOCH_SECONDS) * 1000);
      const text = Number.isNaN(date.getTime()) ? 'infinity' : date.toISOString();
      return type === Oid.timestamp ? text.replace('Z', '') : text;
    };
  }
  const read = numberReader(type, 1);
  return (bytes, at, length) => String(read?.(bytes, at, length));
}
