/**
 * The documented other ways to write a Data, by a walk of its own over the bytes, so that it knows nothing of the codec: tags
 * stay, booleans become 01, lengths the shortest, unused bits 0, NaN the plain one.
 */

import { bytesOf, hexOf } from './vectors.fixture.ts';

/** `hex`: a well-formed Data. */
export function canonicalData(hex: string): string {
  return new Walk(bytesOf(hex)).value();
}

/** The shortest form of a length or count. */
export function shortLength(count: number): string {
  const digits = count.toString(16);
  const whole = digits.length % 2 === 0 ? digits : `0${digits}`;
  return (count < 0x80 ? whole : `8${whole.length / 2}${whole}`).toUpperCase();
}

const SIZES: Readonly<Record<number, number>> = {
  0x00: 0,
  0x05: 4,
  0x06: 4,
  0x0d: 1,
  0x0f: 1,
  0x10: 2,
  0x11: 1,
  0x12: 2,
  0x14: 8,
  0x15: 8,
  0x16: 1,
  0x19: 12,
  0x1a: 5,
  0x1b: 4,
  0x1c: 1,
  0x1d: 2,
  0x1e: 4,
  0x1f: 1,
  0x20: 2,
  0x21: 4,
  0xff: 0,
};

class Walk {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  value(): string {
    const tag = this.#byte();
    const head = hexOf(Uint8Array.of(tag));
    if (tag === 0x13) {
      const tags: number[] = [];
      const description = this.#description(tags);
      const length = this.#length();
      const end = length + this.#at;
      let contents = '';
      while (this.#at < end) for (const each of tags) contents += this.#contents(each);
      return head + description + shortLength(contents.length / 2) + contents;
    }
    if (tag !== 1 && tag !== 2) return head + this.#contents(tag);
    const count = this.#length();
    let text = head + shortLength(count);
    for (let i = 0; i < count; i++) text += this.value();
    return text;
  }

  #byte(): number {
    return this.#bytes[this.#at++]!;
  }

  #take(count: number): Uint8Array {
    this.#at += count;
    return this.#bytes.slice(this.#at - count, this.#at);
  }

  #length(): number {
    const first = this.#byte();
    return first < 0x80 ? first : Number.parseInt(hexOf(this.#take(first - 0x80)), 16);
  }

  #contents(tag: number): string {
    if (tag === 0x03) return this.#byte() === 0 ? '00' : '01';
    if (tag === 0x04) {
      const bits = this.#length();
      const kept = this.#take(Math.ceil(bits / 8));
      if (bits % 8 > 0) kept[kept.length - 1]! &= 0xff00 >> (bits % 8);
      return shortLength(bits) + hexOf(kept);
    }
    if (tag === 0x09 || tag === 0x0a || tag === 0x0c) {
      const count = this.#length();
      return shortLength(count) + hexOf(this.#take(count));
    }
    if (tag === 0x17) {
      const bytes = this.#take(4);
      return Number.isNaN(Buffer.from(bytes).readFloatBE()) ? '7FC00000' : hexOf(bytes);
    }
    if (tag === 0x18) {
      const bytes = this.#take(8);
      return Number.isNaN(Buffer.from(bytes).readDoubleBE()) ? '7FF8000000000000' : hexOf(bytes);
    }
    const size = SIZES[tag];
    if (size === undefined) throw new Error(`no tag ${tag}`);
    return hexOf(this.#take(size));
  }

  /** Collects the tags of one element into `tags`. */
  #description(tags: number[]): string {
    const tag = this.#byte();
    const head = hexOf(Uint8Array.of(tag));
    if (tag === 0x01) {
      const count = this.#take(2);
      const inner: number[] = [];
      const text = head + hexOf(count) + this.#description(inner);
      for (let i = count[0]! * 256 + count[1]!; i > 0; i--) tags.push(...inner);
      return text;
    }
    if (tag !== 0x02) {
      tags.push(tag);
      return head;
    }
    const count = this.#length();
    let text = head + shortLength(count);
    for (let i = 0; i < count; i++) text += this.#description(tags);
    return text;
  }
}
