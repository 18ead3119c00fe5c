/**
 * Builds Data values from a reader. What is built is bounded by the input before anything is allocated: counts by the bytes that
 * are left, DEPTH_MAX of nesting, and a number of elements in all, since types without contents let a compact-array promise
 * more elements than it has bytes.
 */

import type { AxdrReader } from './axdr-reader.ts';
import type { Data, NumberType, TypeDescription } from './data.ts';
import { DataTag, fixedBytes, tagOf, typeOf } from './data-tag.ts';

export const DEPTH_MAX = 32;
export const ELEMENTS_MAX = 1 << 20;

/** Elements that `bytes` of input may hold. */
export function elementsMax(bytes: number): number {
  return Math.min(ELEMENTS_MAX, 64 + 8 * bytes);
}

export class DataBuilder {
  elementsLeft: number;
  readonly #reader: AxdrReader;

  constructor(reader: AxdrReader, elementsLeft: number) {
    this.#reader = reader;
    this.elementsLeft = elementsLeft;
  }

  /** One Data inside of `depth` others; null-data when the reader has failed. */
  value(depth: number): Data {
    const reader = this.#reader;
    const tag = reader.u8();
    if (tag === DataTag.array) return { type: 'array', value: this.#elements(depth) };
    if (tag === DataTag.structure) return { type: 'structure', value: this.#elements(depth) };
    if (tag === DataTag.compactArray) return this.#compact(depth);
    return this.#contents(tag);
  }

  #elements(depth: number): readonly Data[] {
    const reader = this.#reader;
    const count = reader.length();
    if (depth >= DEPTH_MAX) reader.failData('too-deep');
    if (count > reader.left) reader.fail('truncated');
    this.#spend(count);
    const value: Data[] = [];
    for (let i = 0; i < count && reader.failure === null; i++) value.push(this.value(depth + 1));
    return value;
  }

  /** What follows the tag of a value that holds no other one. */
  #contents(tag: number): Data {
    const reader = this.#reader;
    const type = typeOf(tag);
    if (reader.failure !== null) return NULL_DATA;
    switch (type) {
      case null:
      case 'array':
      case 'structure':
      case 'compact-array':
        reader.failData('tag-unknown');
        return NULL_DATA;
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
        return { type, value: bufferOf(reader, reader.length()).toString('latin1') };
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

  // 13 | type description | length of contents in bytes | contents: elements without tags, until they are used up
  #compact(depth: number): Data {
    const reader = this.#reader;
    const element = this.#description(depth + 1);
    const contents = reader.length();
    if (contents > reader.left) reader.fail('truncated');
    if (reader.failure !== null) return NULL_DATA;
    const behind = reader.end;
    reader.end = reader.at + contents;
    const value: Data[] = [];
    while (reader.left > 0) {
      const from = reader.at;
      this.#spend(1);
      value.push(this.#described(element));
      // A type without contents would fill any length.
      if (reader.at === from) reader.failData('compact-form');
    }
    if (reader.failure === 'truncated') reader.turnIntoData('compact-form');
    reader.end = behind;
    if (reader.failure !== null) reader.at = behind;
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
    const type = typeOf(tag);
    if (type !== null && type !== 'array' && type !== 'structure' && type !== 'compact-array') return { type };
    if (reader.failure === null) reader.failData('tag-unknown');
    return NULL_TYPE;
  }

  /** One value of a described type: no tags. */
  #described(description: TypeDescription): Data {
    if (description.type === 'array') {
      const { count, element } = description;
      this.#spend(count);
      const value: Data[] = [];
      for (let i = 0; i < count && this.#reader.failure === null; i++) value.push(this.#described(element));
      return { type: 'array', value };
    }
    if (description.type === 'structure') {
      this.#spend(description.elements.length);
      const value: Data[] = [];
      for (const element of description.elements) {
        if (this.#reader.failure === null) value.push(this.#described(element));
      }
      return { type: 'structure', value };
    }
    return this.#contents(tagOf(description.type));
  }

  #spend(elements: number): void {
    this.elementsLeft -= elements;
    if (this.elementsLeft < 0) this.#reader.failData('too-many');
  }
}

/** UTF-8 of the length that comes next; fails with `text-form` when it is none. */
export function readText(reader: AxdrReader): string {
  const bytes = bufferOf(reader, reader.length());
  const text = bytes.toString('utf8');
  // What can't be decoded becomes U+FFFD, and encodes to other bytes.
  if (text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(bytes)) reader.failData('text-form');
  return text;
}

const NULL_DATA: Data = Object.freeze({ type: 'null-data' });
const NULL_TYPE: TypeDescription = Object.freeze({ type: 'null-data' });
const NOTHING = new Uint8Array(0);

/** A copy, so that a value does not keep a receive buffer alive. */
function readBytes(reader: AxdrReader, count: number): Uint8Array {
  const at = reader.skip(count);
  return at < 0 ? NOTHING : reader.bytes.slice(at, at + count);
}

/** A view. */
function bufferOf(reader: AxdrReader, count: number): Buffer {
  const at = reader.skip(count);
  return at < 0 ? Buffer.from('') : Buffer.from(reader.bytes.buffer, reader.bytes.byteOffset + at, count);
}

function readBits(reader: AxdrReader): string {
  const bits = reader.length();
  const at = reader.skip(Math.ceil(bits / 8));
  if (at < 0) return '';
  const digits = Buffer.alloc(bits);
  for (let i = 0; i < bits; i++) digits[i] = 0x30 + ((reader.bytes[at + (i >> 3)]! >> (7 - (i & 7))) & 1);
  return digits.toString('latin1');
}

function readWide(reader: AxdrReader): bigint {
  const high = reader.u32();
  return (BigInt(high) << 32n) | BigInt(reader.u32());
}

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
      return readFloat(reader, 4);
    case 'float64':
      return readFloat(reader, 8);
  }
}

function readFloat(reader: AxdrReader, count: 4 | 8): number {
  const at = reader.skip(count);
  if (at < 0) return 0;
  const view = new DataView(reader.bytes.buffer, reader.bytes.byteOffset + at, count);
  return count === 4 ? view.getFloat32(0) : view.getFloat64(0);
}
