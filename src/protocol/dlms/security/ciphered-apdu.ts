/**
 * The wrapping of ciphered APDUs: which key family, whose system title, and the protected content.
 *
 *   glo, ded            tag | length | content            the tag names the service inside
 *   DB general-glo      DB | len title | length | content     DC general-ded
 *   DD general          DD | len transaction-id | len originator | len recipient | len date-time | len other-information
 *                       | 00, or 01 key-info | length | content
 *     key-info          00 key-id (0 unicast, 1 broadcast)
 *                       01 kek-id (0 master) | len wrapped key
 *                       02 len parameters | len ciphered data
 *   content             SC | IC u32 | text | T          cipher.ts
 *
 * An empty title means the one known from the association.
 */

import type { AxdrReader } from '../data/axdr-reader.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { Decoded } from '../data/data-codec.ts';
import { lengthBytes } from '../data/axdr-writer.ts';
import { SYSTEM_TITLE_BYTES } from './suite.ts';

export const GENERAL_GLO = 0xdb;
export const GENERAL_DED = 0xdc;
export const GENERAL_CIPHERING = 0xdd;

/** glo: the global key; ded: the dedicated key of the association; the tag outside names the service, or is general. */
export type CipherFamily = 'glo' | 'ded' | 'general-glo' | 'general-ded' | 'general-ciphering';

export const KEY_ID_UNICAST = 0;
export const KEY_ID_BROADCAST = 1;
export const KEK_ID_MASTER = 0;

/** Which key a general-ciphering APDU is ciphered with; null: agreed beforehand. */
export type KeyInfo =
  | { readonly kind: 'identified'; readonly keyId: number }
  | { readonly kind: 'wrapped'; readonly kekId: number; readonly wrapped: Uint8Array }
  | { readonly kind: 'agreed'; readonly parameters: Uint8Array; readonly data: Uint8Array };

/** What a general-ciphering APDU says in front of its content; an empty field is absent. All but the key-info is authenticated. */
export interface GeneralHead {
  readonly transactionId: Uint8Array;
  readonly originator: Uint8Array;
  readonly recipient: Uint8Array;
  readonly dateTime: Uint8Array;
  readonly otherInformation: Uint8Array;
  readonly keyInfo: KeyInfo | null;
}

/** All bytes are views of the APDU. */
export interface CipheredApdu {
  readonly family: CipherFamily;
  /** Tag of the service inside; -1 where the wrapping does not say. */
  readonly serviceTag: number;
  /** Of the originator, 8 bytes; null: not said. */
  readonly systemTitle: Uint8Array | null;
  readonly general: GeneralHead | null;
  /** What is authenticated beside the content: the first five fields of a general-ciphering APDU as they came. */
  readonly additional: Uint8Array;
  /** SC | IC | text | T, not looked at. */
  readonly content: Uint8Array;
}

/** How a tag says that an APDU is ciphered; null: it is not, or unknown. */
export function familyOfTag(tag: number): CipherFamily | null {
  if (tag === GENERAL_GLO) return 'general-glo';
  if (tag === GENERAL_DED) return 'general-ded';
  if (tag === GENERAL_CIPHERING) return 'general-ciphering';
  if (SERVICE_BY_GLO.has(tag)) return 'glo';
  return SERVICE_BY_DED.has(tag) ? 'ded' : null;
}

/** The tag that ciphers the service `serviceTag` in this family; -1: it has none, and needs a general family. */
export function cipheredTag(family: CipherFamily, serviceTag: number): number {
  if (family === 'general-glo') return GENERAL_GLO;
  if (family === 'general-ded') return GENERAL_DED;
  if (family === 'general-ciphering') return GENERAL_CIPHERING;
  if (!SERVICES.includes(serviceTag)) return -1;
  return family === 'glo' ? gloTag(serviceTag) : dedTag(serviceTag);
}

/**
 * Reads the wrapping of `bytes`, a whole APDU. Reasons for malformed: `tag-unknown` (not ciphered), `length-form`,
 * `system-title` (neither empty nor 8 bytes), `key-info`, `trailing-bytes`. `reader`: scratch.
 */
export function decodeCiphered(reader: AxdrReader, bytes: Uint8Array): Decoded<CipheredApdu> {
  reader.reset(bytes, 0, bytes.length);
  const tag = reader.u8();
  if (reader.failure !== null) return INCOMPLETE;
  const family = familyOfTag(tag);
  if (family === null) return malformed('tag-unknown');
  let systemTitle: Uint8Array = NOTHING;
  let general: GeneralHead | null = null;
  let additional: Uint8Array = NOTHING;
  if (family === 'general-glo' || family === 'general-ded') systemTitle = octets(reader);
  if (family === 'general-ciphering') {
    const fields = [octets(reader), octets(reader), octets(reader), octets(reader), octets(reader)];
    additional = bytes.subarray(1, reader.at);
    const keyInfo = readKeyInfo(reader);
    if (keyInfo === 'key-info') return malformed('key-info');
    const [transactionId, originator, recipient, dateTime, otherInformation] = fields as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    general = { transactionId, originator, recipient, dateTime, otherInformation, keyInfo };
    systemTitle = originator;
  }
  const content = octets(reader);
  if (reader.failure !== null) return reader.failure === 'truncated' ? INCOMPLETE : malformed(reader.failure);
  if (reader.left > 0) return malformed('trailing-bytes');
  if (systemTitle.length !== 0 && systemTitle.length !== SYSTEM_TITLE_BYTES) return malformed('system-title');
  const serviceTag = SERVICE_BY_GLO.get(tag) ?? SERVICE_BY_DED.get(tag) ?? -1;
  return {
    status: 'frame',
    value: { family, serviceTag, systemTitle: systemTitle.length === 0 ? null : systemTitle, general, additional, content },
  };
}

/**
 * Writes the wrapping up to its content of `contentBytes`, which comes next. `out` has room for it. Answers what of it is
 * authenticated, a view of `out`: the additional data of the content.
 */
export function putCipheredHead(
  out: ByteWriter,
  head: { readonly tag: number; readonly systemTitle: Uint8Array; readonly general: GeneralHead | null },
  contentBytes: number,
): Uint8Array {
  const { tag, systemTitle, general } = head;
  let additional: Uint8Array = NOTHING;
  out.u8(tag);
  if (tag === GENERAL_GLO || tag === GENERAL_DED) putOctets(out, systemTitle);
  if (general !== null) {
    const from = out.at;
    putOctets(out, general.transactionId);
    putOctets(out, general.originator);
    putOctets(out, general.recipient);
    putOctets(out, general.dateTime);
    putOctets(out, general.otherInformation);
    additional = out.bytes.subarray(from, out.at);
    putKeyInfo(out, general.keyInfo);
  }
  out.length(contentBytes);
  return additional;
}

/** Bytes that the wrapping adds to a content of `contentBytes`. `general`: for general-ciphering, else null. */
export function cipheredHeadBytes(family: CipherFamily, contentBytes: number, general: GeneralHead | null): number {
  const tagAndLength = 1 + lengthBytes(contentBytes);
  if (family === 'general-glo' || family === 'general-ded') return tagAndLength + 1 + SYSTEM_TITLE_BYTES;
  if (general === null) return tagAndLength;
  const { transactionId, originator, recipient, dateTime, otherInformation, keyInfo } = general;
  let bytes = tagAndLength + keyInfoBytes(keyInfo);
  for (const field of [transactionId, originator, recipient, dateTime, otherInformation]) bytes += octetsBytes(field);
  return bytes;
}

/** Services with tags of their own for global and dedicated ciphering. */
const SERVICES: readonly number[] = [
  0x01, 0x05, 0x06, 0x08, 0x0c, 0x0d, 0x0e, 0x16, 0x18, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc7,
];

const SERVICE_BY_GLO: ReadonlyMap<number, number> = new Map(SERVICES.map((tag) => [gloTag(tag), tag]));
const SERVICE_BY_DED: ReadonlyMap<number, number> = new Map(SERVICES.map((tag) => [dedTag(tag), tag]));

function gloTag(serviceTag: number): number {
  return serviceTag + (serviceTag < 0x80 ? 0x20 : 0x08);
}

function dedTag(serviceTag: number): number {
  return serviceTag + (serviceTag < 0x80 ? 0x40 : 0x10);
}

function octets(reader: AxdrReader): Uint8Array {
  const length = reader.length();
  const at = reader.skip(length);
  return at < 0 ? NOTHING : reader.bytes.subarray(at, at + length);
}

function readKeyInfo(reader: AxdrReader): KeyInfo | null | 'key-info' {
  const present = reader.u8();
  if (present === 0) return null;
  if (present !== 1) return 'key-info';
  switch (reader.u8()) {
    case 0:
      return { kind: 'identified', keyId: reader.u8() };
    case 1:
      return { kind: 'wrapped', kekId: reader.u8(), wrapped: octets(reader) };
    case 2:
      return { kind: 'agreed', parameters: octets(reader), data: octets(reader) };
    default:
      return 'key-info';
  }
}

function putKeyInfo(out: ByteWriter, keyInfo: KeyInfo | null): void {
  out.u8(keyInfo === null ? 0 : 1);
  if (keyInfo === null) return;
  switch (keyInfo.kind) {
    case 'identified':
      out.u8(0);
      out.u8(keyInfo.keyId);
      return;
    case 'wrapped':
      out.u8(1);
      out.u8(keyInfo.kekId);
      putOctets(out, keyInfo.wrapped);
      return;
    case 'agreed':
      out.u8(2);
      putOctets(out, keyInfo.parameters);
      putOctets(out, keyInfo.data);
  }
}

function keyInfoBytes(keyInfo: KeyInfo | null): number {
  if (keyInfo === null) return 1;
  switch (keyInfo.kind) {
    case 'identified':
      return 3;
    case 'wrapped':
      return 3 + octetsBytes(keyInfo.wrapped);
    case 'agreed':
      return 2 + octetsBytes(keyInfo.parameters) + octetsBytes(keyInfo.data);
  }
}

function putOctets(out: ByteWriter, bytes: Uint8Array): void {
  out.length(bytes.length);
  out.put(bytes);
}

function octetsBytes(bytes: Uint8Array): number {
  return lengthBytes(bytes.length) + bytes.length;
}

function malformed(reason: string): { readonly status: 'malformed'; readonly reason: string } {
  return { status: 'malformed', reason };
}

const NOTHING = new Uint8Array(0);
const INCOMPLETE = Object.freeze({ status: 'incomplete' } as const);
