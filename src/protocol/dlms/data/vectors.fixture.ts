/** The vectors of other implementations (`data/dlms-vectors.json`), and what every codec must do with each of them. */

import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { packageFile } from '../../../base/package-root.ts';
import type { Decoded } from './data-codec.ts';

export interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly hex: string;
  readonly meaning: string;
}

const VECTORS = JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as Vector[];

export function vectorsOf(kind: string): readonly Vector[] {
  return VECTORS.filter((vector) => vector.kind === kind);
}

export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

export interface Codec<T> {
  decode(bytes: Uint8Array): Decoded<T>;
  encode(value: T): Uint8Array;
}

/** The value of bytes that must be a frame and encode to themselves. */
export function exact<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const decoded = codec.decode(bytes);
  if (decoded.status !== 'frame') throw new Error(`${hexOf(bytes)} is ${JSON.stringify(decoded)}`);
  expect(hexOf(codec.encode(decoded.value))).toBe(hexOf(bytes));
  return decoded.value;
}

/** Lengths at which a beginning of `bytes` is taken for a frame. */
export function framesInside<T>(codec: Codec<T>, bytes: Uint8Array): readonly number[] {
  const found: number[] = [];
  for (let length = 0; length < bytes.length; length++) {
    if (codec.decode(bytes.slice(0, length)).status === 'frame') found.push(length);
  }
  return found;
}

export interface Rewritten {
  /** Where the flipped bit is: `byte:bit`, the highest bit is 7. */
  readonly flip: string;
  readonly flipped: string;
  readonly written: string;
}

/**
 * The flips of one bit that decode to something that is written in another way. Each of those must at least mean the same
 * when it is read again; whether the other way is a documented one is for the caller to say.
 */
export function rewrittenFlips<T>(codec: Codec<T>, bytes: Uint8Array): readonly Rewritten[] {
  const rewritten: Rewritten[] = [];
  for (let flip = 0; flip < bytes.length * 8; flip++) {
    const flipped = bytes.slice();
    flipped[flip >> 3]! ^= 0x80 >> (flip & 7);
    const decoded = codec.decode(flipped);
    if (decoded.status !== 'frame') continue;
    const written = codec.encode(decoded.value);
    if (hexOf(written) === hexOf(flipped)) continue;
    expect(exact(codec, written)).toEqual(decoded.value);
    rewritten.push({ flip: `${flip >> 3}:${7 - (flip & 7)}`, flipped: hexOf(flipped), written: hexOf(written) });
  }
  return rewritten;
}
