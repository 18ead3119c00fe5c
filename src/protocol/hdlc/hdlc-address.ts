/**
 * Addresses of HDLC frames (IEC 62056-46, 6.4.2): seven bits a byte, shifted left by one; the lowest bit marks the last.
 *
 *   1 byte    upper
 *   2 bytes   upper, lower
 *   4 bytes   upper (14 bits), lower (14 bits)
 *
 * On the server's side upper is the logical device and lower the physical one. Clients have one byte; some pushes carry two.
 * The form is kept: the same numbers go back in as many bytes as they came in.
 */

import { assert } from '../../base/assert.ts';

export type HdlcAddressBytes = 1 | 2 | 4;

export interface HdlcAddress {
  readonly upper: number;
  /** Null exactly when the address is one byte long. */
  readonly lower: number | null;
  readonly bytes: HdlcAddressBytes;
}

/** An address in `bytes` bytes, or in as few as it needs. `upper`, `lower`: 0 .. 127, or 0 .. 16383 in four bytes. */
export function hdlcAddress(upper: number, lower: number | null = null, bytes: HdlcAddressBytes | null = null): HdlcAddress {
  const most = Math.max(upper, lower ?? 0);
  assert(Number.isInteger(upper) && Number.isInteger(lower ?? 0), 'an HDLC address is made of integers');
  assert(upper >= 0 && (lower ?? 0) >= 0 && most < 2 ** 14, 'each part of an HDLC address has up to 14 bits');
  const fewest = most > 0x7f ? 4 : lower === null ? 1 : 2;
  const length = bytes ?? fewest;
  assert(length >= fewest, 'the HDLC address needs more bytes');
  return { upper, lower: length === 1 ? null : (lower ?? 0), bytes: length };
}

/** All logical devices, or all physical ones: nobody answers. */
export function isBroadcast(address: HdlcAddress): boolean {
  const all = address.bytes === 4 ? 0x3fff : 0x7f;
  return address.upper === all || address.lower === all;
}

/** The lower part stands for whatever physical device hears it. */
export function isCalling(address: HdlcAddress): boolean {
  return address.lower === (address.bytes === 4 ? 0x3ffe : 0x7e);
}

/** Whether an answer from `source` is one of the server that is called by `called`: by value, in whatever form. */
export function answersFor(source: HdlcAddress, called: HdlcAddress): boolean {
  if (source.upper !== called.upper) return false;
  return source.lower === null || called.lower === null || source.lower === called.lower || isCalling(called);
}

/** A number (below 2^43) for the pair: the same in each form with the same parts. */
export function addressPairKey(client: HdlcAddress, server: HdlcAddress): number {
  const device = server.lower === null ? 0 : 2 ** 14 + server.lower;
  return (client.upper * 2 ** 14 + server.upper) * 2 ** 15 + device;
}

/** Length of the address at `at`: 1, 2, 4; 0 when bytes[at .. end) ends first; -1 when it is none. */
export function addressBytesAt(bytes: Uint8Array, at: number, end: number): HdlcAddressBytes | 0 | -1 {
  for (let i = 0; i < 4; i++) {
    if (at + i >= end) return 0;
    if ((bytes[at + i]! & 1) === 0) continue;
    return i === 0 ? 1 : i === 1 ? 2 : i === 3 ? 4 : -1;
  }
  return -1;
}

/** The address of `length` bytes at `at`; they must be there. */
export function addressAt(bytes: Uint8Array, at: number, length: HdlcAddressBytes): HdlcAddress {
  const part = (i: number): number => bytes[at + i]! >>> 1;
  if (length === 1) return { upper: part(0), lower: null, bytes: 1 };
  if (length === 2) return { upper: part(0), lower: part(1), bytes: 2 };
  return { upper: (part(0) << 7) | part(1), lower: (part(2) << 7) | part(3), bytes: 4 };
}

/** Writes `address` at `at`; answers where it ends. */
export function putAddress(target: Uint8Array, at: number, address: HdlcAddress): number {
  const { upper, bytes } = address;
  const lower = address.lower ?? 0;
  assert(at + bytes <= target.length, 'no room for an HDLC address');
  if (bytes === 4) {
    target[at] = (upper >>> 7) << 1;
    target[at + 1] = (upper & 0x7f) << 1;
    target[at + 2] = (lower >>> 7) << 1;
    target[at + 3] = ((lower & 0x7f) << 1) | 1;
  } else if (bytes === 2) {
    target[at] = upper << 1;
    target[at + 1] = (lower << 1) | 1;
  } else target[at] = (upper << 1) | 1;
  return at + bytes;
}
