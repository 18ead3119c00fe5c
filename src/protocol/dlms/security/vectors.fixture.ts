/** Vectors from outside (data/dlms-vectors.json, provenance in each), and dice for properties. For tests. */

import { readFileSync } from 'node:fs';
import { packageFile } from '../../../base/package-root.ts';
import { below, streamKey } from '../../../base/random.ts';
import { present } from '../../../base/assert.ts';

interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly hex: string;
}

const VECTORS = JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as readonly Vector[];

export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
}

export function hexOf(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : Buffer.from(bytes).toString('hex').toUpperCase();
}

/** The bytes of a vector; of a wrapper PDU the APDU inside; of an HDLC frame in one piece, too. */
export function vector(id: string): Uint8Array {
  const { kind, hex } = present(
    VECTORS.find((candidate) => candidate.id === id),
    'there is such a vector',
  );
  const bytes = bytesOf(hex);
  if (kind === 'wpdu') return bytes.subarray(8);
  if (kind !== 'hdlc') return bytes;
  const text = hexOf(bytes);
  const llc = Math.max(text.indexOf('E6E600'), text.indexOf('E6E700'));
  return bytes.subarray(llc / 2 + 3, -3);
}

/** The same draws on each run: `roll(n)` is 0 .. n-1. */
export function dice(stream: string): { readonly roll: (count: number) => number; readonly bytes: (count: number) => Uint8Array } {
  const key = streamKey(20260730, stream);
  let draws = 0;
  const roll = (count: number): number => below(key, draws++, count);
  return { roll, bytes: (count) => Uint8Array.from({ length: count }, () => roll(256)) };
}

/** Each single bit of `bytes` turned over, one at a time. */
export function* flips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    yield flipped;
  }
}
