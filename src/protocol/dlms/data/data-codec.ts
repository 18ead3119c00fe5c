/**
 * Data values to bytes and back (A-XDR, IEC 61334-6). `data-builder.ts` says how input is bounded.
 *
 * A value encodes to the bytes it came from, with four exceptions: a boolean other than 00 and 01 becomes 01, a length in a longer
 * form than needed becomes short, unused bits at the end of a bit-string become 0, and any NaN becomes the plain one.
 */

import { assert } from '../../../base/assert.ts';
import { AxdrReader } from './axdr-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Data, NumberType, TypeDescription } from './data.ts';
import { DataBuilder, elementsMax } from './data-builder.ts';
import { walkData } from './data-skip.ts';
import { fixedBytes, tagOf } from './data-tag.ts';

/** `frame`: a whole value. `incomplete`: the bytes end too early. `malformed`: they can't be one, whatever follows. */
export type Decoded<T> =
  | { readonly status: 'frame'; readonly value: T }
  | { readonly status: 'incomplete' }
  | { readonly status: 'malformed'; readonly reason: string };

/** One Data; when it can't be read `reader.failure` is set and the answer means nothing. */
export function readData(reader: AxdrReader): Data {
  return new DataBuilder(reader, elementsMax(reader.left)).value(0);
}

/** Passes over one Data without building it; when it can't be read `reader.failure` is set. */
export function skipData(reader: AxdrReader): void {
  walkData(reader);
}

/** Passes over one Data; answers its bytes, a view. Empty when it can't be read, and then `reader.failure` is set. */
export function takeData(reader: AxdrReader): Uint8Array {
  const from = reader.at;
  skipData(reader);
  return reader.failure === null ? reader.bytes.subarray(from, reader.at) : NOTHING;
}

/** The whole of `bytes` as one Data. Reasons for `malformed`: `AxdrReader.reason`, and `trailing-bytes`. */
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

/** Writes one Data. A value that its type can't hold is the programmer's error. */
export function putData(writer: ByteWriter, data: Data): void {
  writer.u8(tagOf(data.type));
  if (data.type === 'array' || data.type === 'structure') {
    writer.length(data.value.length);
    for (const element of data.value) putData(writer, element);
  } else if (data.type === 'compact-array') {
    putDescription(writer, data.element);
    const contents = new ByteWriter(256);
    for (const element of data.value) putDescribed(contents, data.element, element);
    writer.length(contents.at);
    writer.put(contents.view());
  } else {
    putContents(writer, data);
  }
}

const NOTHING = new Uint8Array(0);

type Leaf = Exclude<Data, { readonly type: 'array' } | { readonly type: 'structure' } | { readonly type: 'compact-array' }>;

function putContents(writer: ByteWriter, data: Leaf): void {
  switch (data.type) {
    case 'null-data':
    case 'dont-care':
      return;
    case 'boolean':
      return writer.u8(data.value ? 1 : 0);
    case 'bit-string':
      return putBits(writer, data.value);
    case 'octet-string':
      return putSized(writer, data.value);
    case 'date-time':
    case 'date':
    case 'time':
      assert(data.value.length === fixedBytes(tagOf(data.type)), 'a date-time has 12 bytes, a date 5, a time 4');
      return writer.put(data.value);
    case 'visible-string': {
      const bytes = Buffer.from(data.value, 'latin1');
      assert(bytes.toString('latin1') === data.value, 'a visible-string has characters of one byte');
      return putSized(writer, bytes);
    }
    case 'utf8-string':
      return putSized(writer, Buffer.from(data.value, 'utf8'));
    case 'long64':
      assert(BigInt.asIntN(64, data.value) === data.value, OUT_OF_RANGE);
      return writer.i64(data.value);
    case 'long64-unsigned':
      assert(BigInt.asUintN(64, data.value) === data.value, OUT_OF_RANGE);
      return writer.u64(data.value);
    default:
      return putNumber(writer, data.type, data.value);
  }
}

const OUT_OF_RANGE = 'a number lies in the range of its type';

function putNumber(writer: ByteWriter, type: NumberType, value: number): void {
  if (type === 'float32') return writer.f32(value);
  if (type === 'float64') return writer.f64(value);
  const bytes = fixedBytes(tagOf(type));
  const least = SIGNED.has(type) ? -(2 ** (8 * bytes - 1)) : 0;
  assert(Number.isInteger(value) && value >= least && value < least + 2 ** (8 * bytes), OUT_OF_RANGE);
  if (bytes === 1) writer.u8(value);
  else if (bytes === 2) writer.u16(value);
  else writer.u32(value);
}

const SIGNED: ReadonlySet<NumberType> = new Set<NumberType>([
  'integer',
  'long',
  'double-long',
  'delta-integer',
  'delta-long',
  'delta-double-long',
]);

function putBits(writer: ByteWriter, bits: string): void {
  writer.length(bits.length);
  for (let from = 0; from < bits.length; from += 8) {
    let byte = 0;
    for (let i = from; i < from + 8; i++) {
      assert(i >= bits.length || bits[i] === '0' || bits[i] === '1', 'a bit-string is written in 0 and 1');
      byte = (byte << 1) | (bits[i] === '1' ? 1 : 0);
    }
    writer.u8(byte);
  }
}

function putSized(writer: ByteWriter, bytes: Uint8Array): void {
  writer.length(bytes.length);
  writer.put(bytes);
}

function putDescription(writer: ByteWriter, description: TypeDescription): void {
  writer.u8(tagOf(description.type));
  if (description.type === 'array') {
    assert(description.count >= 0 && description.count <= 0xffff, 'an array in a compact-array has at most 65535 elements');
    writer.u16(description.count);
    putDescription(writer, description.element);
  } else if (description.type === 'structure') {
    writer.length(description.elements.length);
    for (const element of description.elements) putDescription(writer, element);
  }
}

function putDescribed(writer: ByteWriter, description: TypeDescription, data: Data): void {
  assert(data.type === description.type, NOT_DESCRIBED);
  if (data.type === 'array' && description.type === 'array') {
    assert(data.value.length === description.count, NOT_DESCRIBED);
    for (const element of data.value) putDescribed(writer, description.element, element);
  } else if (data.type === 'structure' && description.type === 'structure') {
    const { elements } = description;
    assert(data.value.length === elements.length, NOT_DESCRIBED);
    data.value.forEach((element, i) => putDescribed(writer, elements[i]!, element));
  } else if (data.type !== 'array' && data.type !== 'structure') {
    putContents(writer, data);
  }
}

const NOT_DESCRIBED = 'the elements of a compact-array are of the type described';
