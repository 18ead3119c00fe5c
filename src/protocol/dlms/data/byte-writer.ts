/**
 * Bytes that grow as they are written, big-endian as DLMS wants them. Kept and used again: `reset` forgets what was written
 * and keeps the memory, unless one long message had made it grow beyond RETAINED_BYTES_MAX.
 */

import { assert } from '../../../base/assert.ts';
import { lengthBytes, putLength } from './axdr-writer.ts';
import { DataTag } from './data-tag.ts';

const RETAINED_BYTES_MAX = 256 * 1024;

export class ByteWriter {
  bytes: Uint8Array;
  /** [0, at) is written. */
  at = 0;
  #view: DataView;
  readonly #initialBytes: number;

  constructor(initialBytes = 256) {
    this.bytes = new Uint8Array(initialBytes);
    this.#view = new DataView(this.bytes.buffer);
    this.#initialBytes = initialBytes;
  }

  reset(): void {
    this.at = 0;
    if (this.bytes.length > Math.max(RETAINED_BYTES_MAX, this.#initialBytes)) this.#replace(new Uint8Array(this.#initialBytes));
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.at + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.at));
    this.#replace(grown);
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.at++] = value;
  }

  u16(value: number): void {
    const at = this.#take(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, value);
  }

  u64(value: bigint): void {
    const at = this.#take(8);
    this.#view.setBigUint64(at, value);
  }

  i8(value: number): void {
    this.u8(value);
  }

  i16(value: number): void {
    this.u16(value);
  }

  i32(value: number): void {
    const at = this.#take(4);
    this.#view.setInt32(at, value);
  }

  i64(value: bigint): void {
    const at = this.#take(8);
    this.#view.setBigInt64(at, value);
  }

  /** Any NaN is written as the plain one; engines differ in what they make of the others. */
  f32(value: number): void {
    if (Number.isNaN(value)) return this.u32(0x7fc00000);
    const at = this.#take(4);
    this.#view.setFloat32(at, value);
  }

  f64(value: number): void {
    if (Number.isNaN(value)) return this.u64(0x7ff8000000000000n);
    const at = this.#take(8);
    this.#view.setFloat64(at, value);
  }

  /** A length or count in its shortest form. */
  length(value: number): void {
    this.reserve(lengthBytes(value));
    this.at = putLength(this.bytes, this.at, value);
  }

  put(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** `count` zero bytes, to be filled in later; answers where they are. */
  skip(count: number): number {
    const at = this.#take(count);
    this.bytes.fill(0, at, at + count);
    return at;
  }

  // ---- One Data each, tag and all ----

  nullData(): void {
    this.u8(DataTag.nullData);
  }

  boolean(value: boolean): void {
    this.#tagged(DataTag.boolean, value ? 1 : 0);
  }

  octetString(bytes: Uint8Array): void {
    this.u8(DataTag.octetString);
    this.length(bytes.length);
    this.put(bytes);
  }

  /** ASCII. */
  visibleString(text: string): void {
    this.u8(DataTag.visibleString);
    this.length(text.length);
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i) & 0x7f);
  }

  integer(value: number): void {
    this.#tagged(DataTag.integer, value);
  }

  long(value: number): void {
    this.u8(DataTag.long);
    this.u16(value);
  }

  unsigned(value: number): void {
    this.#tagged(DataTag.unsigned, value);
  }

  longUnsigned(value: number): void {
    this.u8(DataTag.longUnsigned);
    this.u16(value);
  }

  doubleLong(value: number): void {
    this.u8(DataTag.doubleLong);
    this.i32(value);
  }

  doubleLongUnsigned(value: number): void {
    this.u8(DataTag.doubleLongUnsigned);
    this.u32(value);
  }

  enumeration(value: number): void {
    this.#tagged(DataTag.enumeration, value);
  }

  /** The elements follow. */
  array(count: number): void {
    this.u8(DataTag.array);
    this.length(count);
  }

  structure(count: number): void {
    this.u8(DataTag.structure);
    this.length(count);
  }

  /** What is written from `from` on; valid until the next write. */
  view(from = 0): Uint8Array {
    assert(from <= this.at, 'what is looked at was written');
    return this.bytes.subarray(from, this.at);
  }

  copy(from = 0): Uint8Array {
    assert(from <= this.at, 'what is copied was written');
    return this.bytes.slice(from, this.at);
  }

  #tagged(tag: number, value: number): void {
    const at = this.#take(2);
    this.bytes[at] = tag;
    this.bytes[at + 1] = value;
  }

  /** May replace the view: it is looked up after this. */
  #take(count: number): number {
    this.reserve(count);
    const { at } = this;
    this.at = at + count;
    return at;
  }

  #replace(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
