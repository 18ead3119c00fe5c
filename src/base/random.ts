/**
 * Counter-based pseudo-random numbers: a draw is a pure function of (key, counter), so any part of a grid can be computed
 * alone, in any order, on any machine, with the same result. Only 32-bit integer operations and IEEE basic arithmetic are
 * used, because Math.log and friends may differ in the last bit between engines.
 *
 * The mixer is a 32-bit multiply-xorshift finaliser (constants: C. Wellons, "hash-prospector", lowbias32, public domain)
 * with the key injected twice, so that two keys never share a run of draws. Not for cryptography.
 */

import { assert } from './assert.ts';

/** 2^-32: `draw(...) * UNIT` lies in [0, 1). */
export const UNIT = 2 ** -32;

function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) | 0;
}

/** Key (int32) of a named stream of draws of one scenario. `seed`: integer 0 .. 2^53-1. */
export function streamKey(seed: number, stream: string): number {
  assert(Number.isSafeInteger(seed) && seed >= 0, 'a seed is an integer from 0 to 2^53-1');
  let key = mix(seed % 2 ** 32) ^ mix(Math.floor(seed / 2 ** 32) ^ 0x5bd1e995);
  for (let i = 0; i < stream.length; i++) key = mix(Math.imul(key, 31) + stream.charCodeAt(i));
  return key;
}

/** Key (int32) of entity `id` (u32) in a stream; a bijection of `id`, so no two entities share a key. */
export function entityKey(stream: number, id: number): number {
  return mix(Math.imul(id, 0x9e3779b1) + stream);
}

/** One draw, u32, of `counter` (u32) under `key`. */
export function draw(key: number, counter: number): number {
  let x = (Math.imul(counter, 0x9e3779b1) + key) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) ^ key;
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Uniform in [0, 1), a multiple of 2^-32. */
export function uniform(key: number, counter: number): number {
  return draw(key, counter) * UNIT;
}

/** Uniform integer in [0, count); `count` from 1 to 2^32. The bias is below count / 2^32. */
export function below(key: number, counter: number, count: number): number {
  return Math.floor(draw(key, counter) * UNIT * count);
}

/** Exponential with mean 1, from 0 to 22.18 (= 32 ln 2). */
export function exponential(key: number, counter: number): number {
  return -naturalLog((draw(key, counter) + 1) * UNIT);
}

/** ln(x) for x in (0, 1], absolute error below 1e-9, from basic operations alone: the same bits on every machine. */
export function naturalLog(x: number): number {
  let exponent = 0;
  let m = x;
  while (m < 1 / 65536) {
    m *= 65536;
    exponent -= 16;
  }
  while (m < Math.SQRT1_2) {
    m *= 2;
    exponent -= 1;
  }
  const s = (m - 1) / (m + 1);
  const q = s * s;
  return exponent * Math.LN2 + 2 * s * (1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q / 13))))));
}

/**
 * A pseudo-random permutation of 0 .. count-1, one element at a time: with it, "exactly 12.5 % of the stations, spread at
 * random" costs no state. A four-round Feistel network on the next power of two, its halves as equal as the bits allow,
 * walked until it falls into the range (cycle walking; fewer than two walks on average).
 *
 * A narrow network is not random enough (5 % off for 5 elements, even with eight rounds), so up to `TABLE_COUNT_MAX`
 * elements are shuffled into a table instead.
 */
export class Permutation {
  readonly count: number;
  readonly #table: Uint16Array | null;
  readonly #rounds: Int32Array;
  readonly #lowBits: number;
  readonly #lowMask: number;
  readonly #highMask: number;

  constructor(key: number, count: number) {
    assert(Number.isInteger(count) && count >= 1 && count <= 2 ** 30, 'a permutation has 1 to 2^30 elements');
    this.count = count;
    this.#table = count <= TABLE_COUNT_MAX ? shuffled(key, count) : null;
    const bits = 32 - Math.clz32(count - 1);
    this.#lowBits = (bits + 1) >> 1;
    this.#lowMask = 2 ** this.#lowBits - 1;
    this.#highMask = 2 ** (bits - this.#lowBits) - 1;
    this.#rounds = Int32Array.from({ length: 4 }, (_, round) => entityKey(key, round));
  }

  /** The element at `index`, both in 0 .. count-1. */
  at(index: number): number {
    if (this.#table !== null) return this.#table[index]!;
    let x = index;
    do x = this.#encipher(x);
    while (x >= this.count);
    return x;
  }

  #encipher(x: number): number {
    const rounds = this.#rounds;
    let high = x >>> this.#lowBits;
    let low = x & this.#lowMask;
    high ^= draw(rounds[0]!, low) & this.#highMask;
    low ^= draw(rounds[1]!, high) & this.#lowMask;
    high ^= draw(rounds[2]!, low) & this.#highMask;
    low ^= draw(rounds[3]!, high) & this.#lowMask;
    return (high << this.#lowBits) | low;
  }
}

const TABLE_COUNT_MAX = 1024;

function shuffled(key: number, count: number): Uint16Array {
  const table = Uint16Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = below(key, i, i + 1);
    const element = table[i]!;
    table[i] = table[other]!;
    table[other] = element;
  }
  return table;
}

/**
 * Splits `total` (an integer) by `weights` so that the parts are integers, add up exactly, and none is off its exact share
 * by one or more (largest remainder, ties to the lower index).
 */
export function largestRemainder(total: number, weights: ArrayLike<number>): Uint32Array {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]!;
  assert(sum > 0, 'weights must have a positive sum');
  const parts = new Uint32Array(weights.length);
  const remainders = new Float64Array(weights.length);
  let given = 0;
  for (let i = 0; i < weights.length; i++) {
    const exact = (total * weights[i]!) / sum;
    const whole = Math.floor(exact + 1e-9);
    parts[i] = whole;
    remainders[i] = exact - whole;
    given += whole;
  }
  const order = Uint32Array.from(parts, (_, i) => i).sort((a, b) => remainders[b]! - remainders[a]! || a - b);
  for (let i = 0; given < total; i++, given++) parts[order[i % order.length]!]!++;
  return parts;
}
