/**
 * Passes over Data values without building them, with the limits of `DataBuilder`: what is passed over can be built. A
 * compact-array of fixed-size types is a matter of its description; only one with strings in it is built, and forgotten.
 */

import type { AxdrReader } from './axdr-reader.ts';
import { DataBuilder, DEPTH_MAX, elementsMax, readText } from './data-builder.ts';
import { DataTag, fixedBytes } from './data-tag.ts';

/** Passes over one Data; when it can't be read `reader.failure` is set. */
export function walkData(reader: AxdrReader): void {
  const fixed = fixedBytes(reader.left > 0 ? reader.bytes[reader.at]! : -1);
  if (fixed >= 0) reader.skip(1 + fixed);
  else new Walker(reader).value(0);
}

/** Size of one element of a compact-array. */
interface Measure {
  /** -1: it differs from element to element. */
  readonly bytes: number;
  /** Elements in it. */
  readonly elements: number;
}

class Walker {
  readonly #reader: AxdrReader;
  #elementsLeft: number;

  constructor(reader: AxdrReader) {
    this.#reader = reader;
    this.#elementsLeft = elementsMax(reader.left);
  }

  value(depth: number): void {
    const reader = this.#reader;
    const tag = reader.u8();
    if (reader.failure !== null) return;
    const fixed = fixedBytes(tag);
    if (fixed >= 0) reader.skip(fixed);
    else if (tag === DataTag.octetString || tag === DataTag.visibleString) reader.skip(reader.length());
    else if (tag === DataTag.array || tag === DataTag.structure) this.#elements(depth);
    else if (tag === DataTag.utf8String) readText(reader);
    else if (tag === DataTag.bitString) reader.skip(Math.ceil(reader.length() / 8));
    else if (tag === DataTag.compactArray) this.#compact(depth);
    else reader.failData('tag-unknown');
  }

  #elements(depth: number): void {
    const reader = this.#reader;
    const count = reader.length();
    if (depth >= DEPTH_MAX) reader.failData('too-deep');
    if (count > reader.left) reader.fail('truncated');
    this.#spend(count);
    for (let i = 0; i < count && reader.failure === null; i++) this.value(depth + 1);
  }

  #compact(depth: number): void {
    const reader = this.#reader;
    const from = reader.at;
    const { bytes, elements } = this.#measure(depth + 1);
    const contents = reader.length();
    if (contents > reader.left) reader.fail('truncated');
    if (reader.failure !== null) return;
    if (bytes >= 0) {
      const rows = bytes === 0 ? Math.min(contents, 1) : Math.floor(contents / bytes);
      this.#spend(rows * (1 + elements));
      if (rows * bytes !== contents) reader.failData('compact-form');
      reader.skip(contents);
      return;
    }
    reader.at = from - 1;
    const builder = new DataBuilder(reader, this.#elementsLeft);
    builder.value(depth);
    this.#elementsLeft = builder.elementsLeft;
  }

  #measure(depth: number): Measure {
    const reader = this.#reader;
    const tag = reader.u8();
    if (depth > DEPTH_MAX) reader.failData('too-deep');
    if (tag === DataTag.array) {
      const count = reader.u16();
      return timesOf(count, this.#measure(depth + 1));
    }
    if (tag === DataTag.structure) {
      const count = reader.length();
      if (count > reader.left) reader.fail('truncated');
      this.#spend(count);
      let bytes = 0;
      let elements = count;
      for (let i = 0; i < count && reader.failure === null; i++) {
        const part = this.#measure(depth + 1);
        bytes = part.bytes < 0 || bytes < 0 ? -1 : bytes + part.bytes;
        elements += part.elements;
      }
      return { bytes, elements };
    }
    if (fixedBytes(tag) < 0 && !VARIABLE.has(tag) && reader.failure === null) reader.failData('tag-unknown');
    return { bytes: fixedBytes(tag), elements: 0 };
  }

  #spend(elements: number): void {
    this.#elementsLeft -= elements;
    if (this.#elementsLeft < 0) this.#reader.failData('too-many');
  }
}

const VARIABLE: ReadonlySet<number> = new Set([DataTag.bitString, DataTag.octetString, DataTag.visibleString, DataTag.utf8String]);

function timesOf(count: number, { bytes, elements }: Measure): Measure {
  // Not 0 times infinity: nested arrays soon have more elements than a number can count.
  if (count === 0) return { bytes: 0, elements: 0 };
  return { bytes: bytes < 0 ? -1 : count * bytes, elements: count + count * elements };
}
