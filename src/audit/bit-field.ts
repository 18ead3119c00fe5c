/** A fixed number of bits; more than 2^32 of them if memory allows. */

import { assert } from '../base/assert.ts';

export class BitField {
  readonly bits: number;
  readonly #words: Uint32Array;

  constructor(bits: number) {
    assert(Number.isSafeInteger(bits) && bits >= 0, 'a bit field has a number of bits');
    this.bits = bits;
    this.#words = new Uint32Array(Math.ceil(bits / 32));
  }

  set(bit: number): void {
    this.#words[Math.floor(bit / 32)]! |= 1 << (bit % 32);
  }

  has(bit: number): boolean {
    return ((this.#words[Math.floor(bit / 32)]! >>> (bit % 32)) & 1) === 1;
  }

  /** Sets the bit; true when it was set before. */
  testAndSet(bit: number): boolean {
    const index = Math.floor(bit / 32);
    const mask = 1 << (bit % 32);
    const word = this.#words[index]!;
    this.#words[index] = word | mask;
    return (word & mask) !== 0;
  }

  /** Number of bits that are set here and not in `other`, a field of the same size. */
  countWithout(other: BitField): number {
    assert(other.bits === this.bits, 'the fields are of one size');
    let count = 0;
    for (let i = 0; i < this.#words.length; i++) {
      let word = this.#words[i]! & ~other.#words[i]!;
      word -= (word >>> 1) & 0x55555555;
      word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
      count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
    }
    return count;
  }
}
