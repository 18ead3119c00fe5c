/**
 * Data values to bytes and back, and the walk over one without building it. Input is bounded before anything is allocated: by
 * the bytes that are left, DEPTH_MAX of nesting, and ELEMENTS_MAX of elements in all, since an element may take one byte here
 * and a hundred as an object.
 *
 * A value decodes to the same bytes again, with three exceptions: a boolean other than 00 and 01 becomes 01, a length in a
 * longer form than needed becomes short, and unused bits at the end of a bit-string become 0.
 */

import { AxdrReader } from './axdr-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Data, DataType, NumberType, TypeDescription } from './data.ts';
import { DataTag, fixedBytes } from './data-tag.ts';

export const DEPTH_MAX = 32;
export const ELEMENTS_MAX = 1 << 20;

/** `frame`: a whole value. `incomplete`: the bytes end too early. `malformed`: they can't be one, whatever follows. */
export type Decoded<T> =
  | { readonly status: 'frame'; readonly value: T }
  | { readonly status: 'incomplete' }
  | { readonly status: 'malformed'; readonly reason: string };

/** One Data; when it can't be read `reader.failure` is set and the answer is null-data. */
export function readData(reader: AxdrReader): Data {
  return new DataBuilder(reader).value(0);
}

/** Passes over one Data, with the limits of `readData`. */
export function skipData(reader: AxdrReader): void {
  skip(reader, 0, { left: ELEMENTS_MAX });
}

/** Passes over one Data; answers its bytes, a view. Empty when it can't be read. */
export function takeData(reader: AxdrReader): Uint8Array {
  const from = reader.at;
  skipData(reader);
  return reader.failure === null ? reader.bytes.subarray(from, reader.at) : NOTHING;
}

/** The whole of `bytes` as one Data. */
export function decodeData(bytes: Uint8Array): Decoded<Data> {
  const reader = new AxdrReader();
  reader.reset(bytes, 0, bytes.length);
  const value = readData(reader);
  return finished(reader, value);
}

/** What a decoder answers when it has read `value` and nothing may be left over. */
export function finished<T>(reader: AxdrReader, value: T): Decoded<T> {
  if (reader.failure === 'truncated') return { status: 'incomplete' };
  if (reader.failure !== null) return { status: 'malformed', reason: reader.reason ?? 'data' };
  return reader.left > 0 ? { status: 'malformed', reason: 'trailing-bytes' } : { status: 'frame', value };
}

export function encodeData(data: Data): Uint8Array {
  const writer = new ByteWriter(64);
  putData(writer, data);
  return writer.copy();
}

export function putData(writer: ByteWriter, data: Data): void {
  writer.u8(TAGS[data.type]);
  if (data.type === 'array' || data.type === 'structure') {
    writer.length(data.value.length);
    for (const element of data.value) putData(writer, element);
  } else if (data.type === 'compact-array') {
    putCompact(writer, data);
  } else {
    putContents(writer, data);
  }
}

const NOTHING = new Uint8Array(0);

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
  const types: (DataType | null)[] = Array.from({ length: 256 }, () => null);
  for (const [type, tag] of Object.entries(TAGS)) types[tag] = type as DataType;
  return types;
}

// ---- Reading ----

class DataBuilder {
  readonly #reader: AxdrReader;
  #elementsLeft = ELEMENTS_MAX;

  constructor(reader: AxdrReader) {
    this.#reader = reader;
  }

  value(depth: number): Data {
    const reader = this.#reader;
    const tag = reader.u8();
    if (tag === DataTag.array || tag === DataTag.structure) {
      const value = this.#elements(depth, () => this.value(depth + 1));
      return { type: tag === DataTag.array ? 'array' : 'structure', value };
    }
    if (tag === DataTag.compactArray) return this.#compact(depth);
    return this.#contents(tag);
  }

  #elements(depth: number, element: () => Data): readonly Data[] {
    const reader = this.#reader;
    const count = reader.length();
    if (depth >= DEPTH_MAX) reader.failData('too-deep');
    if (count > reader.left) reader.fail('truncated');
    this.#spend(count);
    const value: Data[] = [];
    for (let i = 0; i < count && reader.failure === null; i++) value.push(element());
    return value;
  }

  /** What follows the tag of a value that holds no other one. */
  #contents(tag: number): Data {
    const reader = this.#reader;
    const type = TYPES[tag] ?? null;
    if (type === null || type === 'array' || type === 'structure' || type === 'compact-array') {
      if (reader.failure === null) reader.failData('tag-unknown');
      return NULL_DATA;
    }
    switch (type) {
      case 'null-data':
        return NULL_DATA;
      case 'dont-care':
        return { type };
      case 'boolean':
        return { type, value: reader.u8() !== 0 };
      case 'bit-string':
        return { type, value: readBits(reader) };
      case 'octet-string':
        return { type, value: readBytes(reader, reader.length()) };
      case 'date-time':
      case 'date':
      case 'time':
        return { type, value: readBytes(reader, fixedBytes(tag)) };
      case 'visible-string':
        return { type, value: Buffer.from(readBytes(reader, reader.length())).toString('latin1') };
      case 'utf8-string':
        return { type, value: readText(reader) };
      case 'long64':
        return { type, value: BigInt.asIntN(64, readWide(reader)) };
      case 'long64-unsigned':
        return { type, value: readWide(reader) };
      default:
        return { type, value: readNumber(reader, type) };
    }
  }

  #compact(depth: number): Data {
    const reader = this.#reader;
    const element = this.#description(depth + 1);
    const contents = reader.length();
    if (contents > reader.left) reader.fail('truncated');
    if (reader.failure !== null) return NULL_DATA;
    const end = reader.at + contents;
    const value: Data[] = [];
    while (reader.at < end && reader.failure === null) {
      const from = reader.at;
      this.#spend(1);
      value.push(this.#described(element));
      // A type without contents would fill any length, or none.
      if (reader.at === from || reader.at > end) reader.failData('compact-form');
    }
    return { type: 'compact-array', element, value };
  }

  #description(depth: number): TypeDescription {
    const reader = this.#reader;
    const tag = reader.u8();
    if (depth > DEPTH_MAX) reader.failData('too-deep');
    if (tag === DataTag.array) {
      const count = reader.u16();
      return { type: 'array', count, element: this.#description(depth + 1) };
    }
    if (tag === DataTag.structure) {
      const count = reader.length();
      if (count > reader.left) reader.fail('truncated');
      this.#spend(count);
      const elements: TypeDescription[] = [];
      for (let i = 0; i < count && reader.failure === null; i++) elements.push(this.#description(depth + 1));
      return { type: 'structure', elements };
    }
    const type = TYPES[tag] ?? null;
    if (type !== null && type !== 'array' && type !== 'structure' && type !== 'compact-array') return { type };
    if (reader.failure === null) reader.failData('tag-unknown');
    return NULL_TYPE;
  }

  /** One value of a described type: no tags. */
  #described(description: TypeDescription): Data {
    const reader = this.#reader;
    if (description.type === 'array') {
      // Each element takes a byte at least, or the length says nothing.
      if (description.count > reader.left) reader.failData('compact-form');
      this.#spend(description.count);
      const value: Data[] = [];
      for (let i = 0; i < description.count && reader.failure === null; i++) value.push(this.#described(description.element));
      return { type: 'array', value };
    }
    if (description.type === 'structure') {
      this.#spend(description.elements.length);
      const value: Data[] = [];
      for (const element of description.elements) {
        if (reader.failure === null) value.push(this.#described(element));
      }
      return { type: 'structure', value };
    }
    return this.#contents(TAGS[description.type]);
  }

  #spend(elements: number): void {
    this.#elementsLeft -= elements;
    if (this.#elementsLeft < 0) this.#reader.failData('too-many');
  }
}

const NULL_DATA: Data = Object.freeze({ type: 'null-data' });
const NULL_TYPE: TypeDescription = Object.freeze({ type: 'null-data' });

function readBytes(reader: AxdrReader, count: number): Uint8Array {
  const at = reader.skip(count);
  return at < 0 ? NOTHING : reader.bytes.slice(at, at + count);
}

function readBits(reader: AxdrReader): string {
  const bits = reader.length();
  const at = reader.skip(Math.ceil(bits / 8));
  if (at < 0) return '';
  let text = '';
  for (let i = 0; i < bits; i++) text += (reader.bytes[at + (i >> 3)]! >> (7 - (i & 7))) & 1 ? '1' : '0';
  return text;
}

function readText(reader: AxdrReader): string {
  const bytes = readBytes(reader, reader.length());
  const text = Buffer.from(bytes).toString('utf8');
  if (text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(bytes)) reader.failData('text-form');
  return text;
}

function readWide(reader: AxdrReader): bigint {
  const high = reader.u32();
  return (BigInt(high) << 32n) | BigInt(reader.u32());
}

const scratch = new DataView(new ArrayBuffer(8));

function readNumber(reader: AxdrReader, type: NumberType): number {
  switch (type) {
    case 'double-long':
    case 'delta-double-long':
      return reader.u32() | 0;
    case 'double-long-unsigned':
    case 'delta-double-long-unsigned':
      return reader.u32();
    case 'integer':
    case 'delta-integer':
      return (reader.u8() << 24) >> 24;
    case 'long':
    case 'delta-long':
      return (reader.u16() << 16) >> 16;
    case 'long-unsigned':
    case 'delta-long-unsigned':
      return reader.u16();
    case 'bcd':
    case 'unsigned':
    case 'enum':
    case 'delta-unsigned':
      return reader.u8();
    case 'float32':
      scratch.setUint32(0, reader.u32());
      return scratch.getFloat32(0);
    case 'float64':
      scratch.setUint32(0, reader.u32());
      scratch.setUint32(4, reader.u32());
      return scratch.getFloat64(0);
  }
}

// ---- Passing over ----

interface Budget {
  left: number;
}

function skip(reader: AxdrReader, depth: number, budget: Budget): void {
  const tag = reader.u8();
  if (reader.failure !== null) return;
  const fixed = fixedBytes(tag);
  if (fixed >= 0) {
    reader.skip(fixed);
  } else if (tag === DataTag.octetString || tag === DataTag.visibleString) {
    reader.skip(reader.length());
  } else if (tag === DataTag.utf8String) {
    readText(reader);
  } else if (tag === DataTag.bitString) {
    reader.skip(Math.ceil(reader.length() / 8));
  } else if (tag === DataTag.array || tag === DataTag.structure) {
    const count = reader.length();
    if (depth >= DEPTH_MAX) reader.failData('too-deep');
    if (count > reader.left) reader.fail('truncated');
    budget.left -= count;
    if (budget.left < 0) reader.failData('too-many');
    for (let i = 0; i < count && reader.failure === null; i++) skip(reader, depth + 1, budget);
  } else if (tag === DataTag.compactArray) {
    // Whether contents fit their type is found by reading them.
    reader.at--;
    new DataBuilder(reader).value(depth);
  } else {
    reader.failData('tag-unknown');
  }
}

// ---- Writing ----

type Leaf = Exclude<Data, { readonly type: 'array' } | { readonly type: 'structure' } | { readonly type: 'compact-array' }>;

function putContents(writer: ByteWriter, data: Leaf): void {
  switch (data.type) {
    case 'null-data':
    case 'dont-care':
      return;
    case 'boolean':
      writer.u8(data.value ? 1 : 0);
      return;
    case 'bit-string':
      putBits(writer, data.value);
      return;
    case 'octet-string':
      writer.length(data.value.length);
      writer.put(data.value);
      return;
    case 'date-time':
    case 'date':
    case 'time':
      writer.put(data.value);
      return;
    case 'visible-string':
      writer.length(data.value.length);
      writer.put(Buffer.from(data.value, 'latin1'));
      return;
    case 'utf8-string': {
      const bytes = Buffer.from(data.value, 'utf8');
      writer.length(bytes.length);
      writer.put(bytes);
      return;
    }
    case 'long64':
      writer.i64(data.value);
      return;
    case 'long64-unsigned':
      writer.u64(data.value);
      return;
    default:
      putNumber(writer, data.type, data.value);
  }
}

function putNumber(writer: ByteWriter, type: NumberType, value: number): void {
  if (type === 'float32') writer.f32(value);
  else if (type === 'float64') writer.f64(value);
  else {
    const bytes = fixedBytes(TAGS[type]);
    if (bytes === 1) writer.u8(value);
    else if (bytes === 2) writer.u16(value);
    else writer.u32(value);
  }
}

function putBits(writer: ByteWriter, bits: string): void {
  writer.length(bits.length);
  for (let from = 0; from < bits.length; from += 8) {
    let byte = 0;
    for (let i = 0; i < 8; i++) byte = (byte << 1) | (bits[from + i] === '1' ? 1 : 0);
    writer.u8(byte);
  }
}

function putCompact(writer: ByteWriter, data: Extract<Data, { readonly type: 'compact-array' }>): void {
  putDescription(writer, data.element);
  const contents = new ByteWriter(256);
  for (const element of data.value) putDescribed(contents, element);
  writer.length(contents.at);
  writer.put(contents.view());
}

function putDescription(writer: ByteWriter, description: TypeDescription): void {
  writer.u8(TAGS[description.type]);
  if (description.type === 'array') {
    writer.u16(description.count);
    putDescription(writer, description.element);
  } else if (description.type === 'structure') {
    writer.length(description.elements.length);
    for (const element of description.elements) putDescription(writer, element);
  }
}

function putDescribed(writer: ByteWriter, data: Data): void {
  if (data.type === 'array' || data.type === 'structure') for (const element of data.value) putDescribed(writer, element);
  else if (data.type !== 'compact-array') putContents(writer, data);
}
