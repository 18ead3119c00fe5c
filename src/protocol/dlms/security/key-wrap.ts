/**
 * AES key wrap (RFC 3394, default initial value A6A6A6A6A6A6A6A6): how keys travel under a master key.
 * 16 bytes become 24, 32 become 40.
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';
import { assert } from '../../../base/assert.ts';

/** Bytes that wrapping adds. */
export const KEY_WRAP_BYTES = 8;

/** `kek`: 16 or 32 bytes. `key`: 16, 24, 32 .. bytes. */
export function wrapKey(kek: Uint8Array, key: Uint8Array): Uint8Array {
  assert(key.length >= 16 && key.length % 8 === 0, 'a key that is wrapped has whole blocks of 8 bytes, two at least');
  const cipher = createCipheriv(algorithmOf(kek), kek, INITIAL_VALUE);
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

/** Null: not wrapped with this key, changed, or of no possible length. */
export function unwrapKey(kek: Uint8Array, wrapped: Uint8Array): Uint8Array | null {
  const algorithm = algorithmOf(kek);
  if (wrapped.length < 24 || wrapped.length % 8 !== 0) return null;
  try {
    const decipher = createDecipheriv(algorithm, kek, INITIAL_VALUE);
    return Buffer.concat([decipher.update(wrapped), decipher.final()]);
  } catch {
    return null;
  }
}

function algorithmOf(kek: Uint8Array): 'id-aes128-wrap' | 'id-aes256-wrap' {
  assert(kek.length === 16 || kek.length === 32, 'a key that wraps has 16 or 32 bytes');
  return kek.length === 16 ? 'id-aes128-wrap' : 'id-aes256-wrap';
}

const INITIAL_VALUE = Uint8Array.of(0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6);
