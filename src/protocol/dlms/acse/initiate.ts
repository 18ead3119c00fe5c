/**
 * InitiateRequest and InitiateResponse, A-XDR, inside the user-information of AARQ and AARE.
 *
 *   01 | dedicated key: 00, or 01 len key | response-allowed: 00 (true), or 01 bb | quality: 00, or 01 qq | version
 *      | 5F 1F 04 00 ccc  conformance, 24 bits | longest APDU that the client takes, u16
 *   08 | quality: 00, or 01 qq | version | 5F 1F 04 00 ccc | longest APDU that the server takes, u16 | VAA name, u16
 *
 * The tag 5F without the 1F is an older form, which is read as well.
 */

import { assert } from '../../../base/assert.ts';
import { AxdrReader } from '../data/axdr-reader.ts';
import type { Decoded } from '../data/data-codec.ts';
import { CONFORMANCE_MASK } from './conformance.ts';

export const INITIATE_REQUEST = 0x01;
export const INITIATE_RESPONSE = 0x08;
export const DLMS_VERSION = 6;
/** VAA name of a server with logical-name referencing. */
export const VAA_LOGICAL_NAME = 0x0007;
/** Below this no service fits; 0 means no limit. */
export const PDU_BYTES_MIN = 12;

export interface InitiateRequest {
  /** A key for this association alone; only sensible when the request is ciphered. Null: none. */
  readonly dedicatedKey: Uint8Array | null;
  /** False: an unconfirmed association, no AARE. */
  readonly responseAllowed: boolean;
  /** Proposed quality of service, raw; null: not said. */
  readonly quality: number | null;
  readonly version: number;
  /** Proposed services, Conformance. */
  readonly conformance: number;
  /** Longest APDU that the client takes; 0: no limit. */
  readonly pduBytesMax: number;
}

export interface InitiateResponse {
  readonly quality: number | null;
  readonly version: number;
  /** Services of the association: those that both sides have. */
  readonly conformance: number;
  /** Longest APDU that the server takes; 0: no limit. */
  readonly pduBytesMax: number;
  readonly vaaName: number;
}

/**
 * Reasons for malformed: `tag-unknown`, `option-form` (neither 00 nor 01 in front of an optional part), `length-form`,
 * `conformance-form`, `trailing-bytes`.
 */
export function decodeInitiateRequest(bytes: Uint8Array): Decoded<InitiateRequest> {
  return whole(bytes, readInitiateRequest);
}

export function decodeInitiateResponse(bytes: Uint8Array): Decoded<InitiateResponse> {
  return whole(bytes, readInitiateResponse);
}

export function encodeInitiateRequest(request: InitiateRequest): Uint8Array {
  const { dedicatedKey, responseAllowed, quality, version } = request;
  assert(dedicatedKey === null || dedicatedKey.length < 0x80, 'a dedicated key has the length of its suite');
  const key = dedicatedKey === null ? [0] : [1, dedicatedKey.length, ...dedicatedKey];
  return Uint8Array.of(INITIATE_REQUEST, ...key, ...(responseAllowed ? [0] : [1, 0]), ...option(quality), version, ...agreement(request));
}

export function encodeInitiateResponse(response: InitiateResponse): Uint8Array {
  const { quality, version, vaaName } = response;
  return Uint8Array.of(INITIATE_RESPONSE, ...option(quality), version, ...agreement(response), vaaName >> 8, vaaName & 0xff);
}

/** Reads one request at the reader's cursor, and leaves what follows; a text: why not. Whoever calls asks for `failure`. */
export function readInitiateRequest(reader: AxdrReader): InitiateRequest | string {
  if (reader.u8() !== INITIATE_REQUEST) return 'tag-unknown';
  const hasKey = readOption(reader);
  const dedicatedKey = hasKey === 1 ? readOctets(reader) : null;
  const hasResponseAllowed = readOption(reader);
  const responseAllowed = hasResponseAllowed === 1 ? reader.u8() !== 0 : true;
  const hasQuality = readOption(reader);
  const quality = hasQuality === 1 ? reader.u8() : null;
  if (hasKey < 0 || hasResponseAllowed < 0 || hasQuality < 0) return 'option-form';
  const version = reader.u8();
  const conformance = readConformance(reader);
  if (conformance < 0) return 'conformance-form';
  return { dedicatedKey, responseAllowed, quality, version, conformance, pduBytesMax: reader.u16() };
}

/** The same for a response. */
export function readInitiateResponse(reader: AxdrReader): InitiateResponse | string {
  if (reader.u8() !== INITIATE_RESPONSE) return 'tag-unknown';
  const hasQuality = readOption(reader);
  const quality = hasQuality === 1 ? reader.u8() : null;
  if (hasQuality < 0) return 'option-form';
  const version = reader.u8();
  const conformance = readConformance(reader);
  if (conformance < 0) return 'conformance-form';
  return { quality, version, conformance, pduBytesMax: reader.u16(), vaaName: reader.u16() };
}

function whole<T extends object>(bytes: Uint8Array, read: (reader: AxdrReader) => T | string): Decoded<T> {
  const reader = new AxdrReader();
  reader.reset(bytes, 0, bytes.length);
  const value = read(reader);
  // A reader that ran out of bytes answers zeros, so what was read from them is no reason.
  if (reader.failure === 'truncated') return { status: 'incomplete' };
  if (reader.failure !== null) return { status: 'malformed', reason: reader.failure };
  if (typeof value === 'string') return { status: 'malformed', reason: value };
  return reader.left > 0 ? { status: 'malformed', reason: 'trailing-bytes' } : { status: 'frame', value };
}

/** 1: the part follows; 0: it is absent; -1: neither. */
function readOption(reader: AxdrReader): 0 | 1 | -1 {
  const present = reader.u8();
  return present === 0 || present === 1 ? present : -1;
}

function readOctets(reader: AxdrReader): Uint8Array {
  const length = reader.length();
  const at = reader.skip(length);
  return at < 0 ? NOTHING : reader.bytes.subarray(at, at + length);
}

/** The 24 bits; -1: not the form of a conformance block. */
function readConformance(reader: AxdrReader): number {
  let isOne = reader.u8() === 0x5f;
  let length = reader.u8();
  if (length === 0x1f) length = reader.u8();
  isOne &&= length === 4;
  isOne &&= reader.u8() === 0;
  const bits = reader.u8() * 0x10000 + reader.u16();
  return isOne || reader.failure !== null ? bits : -1;
}

function option(value: number | null): readonly number[] {
  return value === null ? [0] : [1, value];
}

function agreement(of: { readonly conformance: number; readonly pduBytesMax: number }): readonly number[] {
  const { conformance, pduBytesMax } = of;
  assert((conformance & CONFORMANCE_MASK) === conformance, 'a conformance block has 24 bits');
  assert(pduBytesMax >= 0 && pduBytesMax <= 0xffff, 'the length of an APDU is a u16');
  return [0x5f, 0x1f, 4, 0, conformance >> 16, (conformance >> 8) & 0xff, conformance & 0xff, pduBytesMax >> 8, pduBytesMax & 0xff];
}

const NOTHING = new Uint8Array(0);
