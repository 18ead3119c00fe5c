/**
 * RLRQ and RLRE: the orderly end of an association (ACSE, BER).
 *
 *   62 len [80 01 reason] [BE n+2 04 n InitiateRequest, ciphered]       reason: 0 normal, 1 urgent, 30 the user's
 *   63 len [80 01 reason] [BE n+2 04 n InitiateResponse, ciphered]      reason: 0 normal, 1 not finished, 30 the user's
 */

import { assert } from '../../../base/assert.ts';
import type { Decoded } from '../data/data-codec.ts';
import { component, malformed, OCTET_STRING, readComponents, USER_INFORMATION, userInformationOctets } from './ber.ts';

export const RLRQ = 0x62;
export const RLRE = 0x63;

export const RELEASE_NORMAL = 0;
export const RELEASE_URGENT = 1;
/** In an RLRE. */
export const RELEASE_NOT_FINISHED = 1;
export const RELEASE_USER = 30;

export interface Rlrq {
  /** Null: not said. */
  readonly reason: number | null;
  readonly userInformation: Uint8Array | null;
}

export type Rlre = Rlrq;

/** Reasons for malformed: those of readComponents, `reason`, `user-information`. */
export function decodeRlrq(bytes: Uint8Array): Decoded<Rlrq> {
  return decodeRelease(bytes, RLRQ);
}

export function decodeRlre(bytes: Uint8Array): Decoded<Rlre> {
  return decodeRelease(bytes, RLRE);
}

/** `reason`: 0 .. 127. */
export function encodeRlrq(rlrq: Partial<Rlrq>): Uint8Array {
  return encodeRelease(rlrq, RLRQ);
}

export function encodeRlre(rlre: Partial<Rlre>): Uint8Array {
  return encodeRelease(rlre, RLRE);
}

const REASON = 0x80;

function decodeRelease(bytes: Uint8Array, tag: number): Decoded<Rlrq> {
  const read = readComponents(bytes, tag);
  if (read.status !== 'frame') return read;
  const reason = read.value.get(REASON);
  if (reason !== undefined && reason.length !== 1) return malformed('reason');
  const content = read.value.get(USER_INFORMATION);
  const userInformation = content === undefined ? null : userInformationOctets(content);
  if (userInformation === null && content !== undefined) return malformed('user-information');
  return { status: 'frame', value: { reason: reason === undefined ? null : reason[0]!, userInformation } };
}

function encodeRelease({ reason = null, userInformation = null }: Partial<Rlrq>, tag: number): Uint8Array {
  const parts: Uint8Array[] = [];
  if (reason !== null) {
    assert(reason >= 0 && reason < 0x80, 'the reason of a release is 0 to 127');
    parts.push(Uint8Array.of(REASON, 1, reason));
  }
  if (userInformation !== null) parts.push(component(USER_INFORMATION, component(OCTET_STRING, userInformation)));
  return component(tag, ...parts);
}
