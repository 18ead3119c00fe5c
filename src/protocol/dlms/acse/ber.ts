/**
 * As much BER (ITU-T X.690) as the association APDUs need: a tag with a definite length around components, each a tag, a
 * length and content. Components are taken in any order; those nobody asks for are passed over by their length.
 *
 * The user-information is the last one and is known to lie: a client in the field gives the length of an InitiateRequest
 * without its dedicated key. What is inside knows its own length, so that one counts if it stays within the APDU.
 */

import { AxdrReader } from '../data/axdr-reader.ts';
import type { Decoded } from '../data/data-codec.ts';
import { innerApduBytes } from './inner-apdu.ts';

export const USER_INFORMATION = 0xbe;

/** Contents by tag, views of the APDU. */
export type Components = ReadonlyMap<number, Uint8Array>;

/**
 * The components of the APDU `bytes`, which begins with `tag` and has nothing behind it. `incomplete`: it says that it is
 * longer. Reasons for malformed: `tag-unknown`, `length-form`, `trailing-bytes`, `component-length` (one reaches beyond the
 * APDU), `component-twice`.
 */
export function readComponents(bytes: Uint8Array, tag: number): Decoded<Components> {
  const reader = new AxdrReader();
  reader.reset(bytes, 0, bytes.length);
  if (reader.u8() !== tag && reader.failure === null) return malformed('tag-unknown');
  const length = reader.length();
  if (reader.failure === 'length-form') return malformed('length-form');
  if (reader.failure !== null || length > reader.left) return { status: 'incomplete' };
  if (length < reader.left) return malformed('trailing-bytes');
  const components = new Map<number, Uint8Array>();
  while (reader.left > 0) {
    const inner = readTag(reader);
    const contentBytes = reader.length();
    if (reader.failure === 'length-form') return malformed('length-form');
    if (reader.failure !== null) return malformed('component-length');
    if (components.has(inner)) return malformed('component-twice');
    const from = reader.at;
    const end = inner === USER_INFORMATION ? userInformationEnd(bytes, from, contentBytes) : from + contentBytes;
    if (end > bytes.length) return malformed('component-length');
    components.set(inner, bytes.subarray(from, end));
    reader.skip(end - from);
  }
  return { status: 'frame', value: components };
}

/** The octets of a component that holds one primitive: `tag | length | octets`, and the length is right. */
export function innerOctets(content: Uint8Array | undefined, tag: number): Uint8Array | null {
  if (content === undefined) return null;
  const reader = new AxdrReader();
  reader.reset(content, 0, content.length);
  if (reader.u8() !== tag) return null;
  const length = reader.length();
  if (reader.failure !== null || length !== reader.left) return null;
  return content.subarray(reader.at);
}

/** What a user-information holds: an APDU in an octet-string, to the end of the component, whatever its length says. */
export function userInformationOctets(content: Uint8Array): Uint8Array | null {
  const reader = new AxdrReader();
  reader.reset(content, 0, content.length);
  if (reader.u8() !== OCTET_STRING) return null;
  const length = reader.length();
  if (reader.failure !== null) return null;
  const inner = content.subarray(reader.at);
  if (length === inner.length) return inner;
  return inner.length > 0 && innerApduBytes(inner) === inner.length ? inner : null;
}

/** An INTEGER of up to four bytes within a component, which is never negative: 80 to FF alone are 128 to 255. */
export function innerInteger(content: Uint8Array | undefined): number | null {
  const octets = innerOctets(content, INTEGER);
  if (octets === null || octets.length === 0 || octets.length > 4) return null;
  let value = 0;
  for (let i = 0; i < octets.length; i++) value = value * 256 + octets[i]!;
  return value;
}

/** Writes `tag | length | parts`. */
export function component(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Writes `tag | 03 | 02 01 value` for a value of 0 .. 255. */
export function integerComponent(tag: number, value: number): Uint8Array {
  return Uint8Array.of(tag, 3, INTEGER, 1, value);
}

export function malformed(reason: string): { readonly status: 'malformed'; readonly reason: string } {
  return { status: 'malformed', reason };
}

export const OCTET_STRING = 0x04;
const INTEGER = 0x02;

/** A tag of one byte, or of several as one number. */
function readTag(reader: AxdrReader): number {
  let tag = reader.u8();
  if ((tag & 0x1f) !== 0x1f) return tag;
  let more = 0x80;
  // Longer ones than four bytes do not exist; they would meet others in the last bits.
  for (let i = 0; i < 3 && (more & 0x80) !== 0; i++) {
    more = reader.u8();
    tag = tag * 256 + more;
  }
  return tag;
}

function userInformationEnd(bytes: Uint8Array, from: number, contentBytes: number): number {
  const reader = new AxdrReader();
  reader.reset(bytes, from, bytes.length - from);
  const told = from + contentBytes;
  if (reader.u8() !== OCTET_STRING) return told;
  reader.length();
  if (reader.failure !== null) return told;
  const known = innerApduBytes(bytes.subarray(reader.at));
  return known > 0 ? Math.max(reader.at + known, Math.min(told, bytes.length)) : told;
}
