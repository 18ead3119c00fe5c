/**
 * The wrapper of IEC 62056-47 that carries DLMS over TCP and UDP: eight bytes in front of each APDU, big-endian.
 *
 *   0      2             4                  6        8
 *   | 0001 | source wPort | destination wPort | length | APDU of `length` bytes
 */

import { assert } from '../../base/assert.ts';

export const WRAPPER_VERSION = 1;
export const WRAPPER_HEADER_BYTES = 8;
/** What the 16-bit length can announce. */
export const APDU_BYTES_MAX = 0xffff;

/** wPort of the management logical device: the concentrator itself. */
export const MANAGEMENT_WPORT = 0x0001;
/** wPort of the client that receives pushes (IDIS: consumer information, 103). */
export const PUSH_CLIENT_WPORT = 0x0067;

export interface WPorts {
  readonly source: number;
  readonly destination: number;
}

/** From the concentrator to the head-end, and back. */
export const PUSH_WPORTS: WPorts = Object.freeze({ source: MANAGEMENT_WPORT, destination: PUSH_CLIENT_WPORT });
export const PUSH_REPLY_WPORTS: WPorts = Object.freeze({ source: PUSH_CLIENT_WPORT, destination: MANAGEMENT_WPORT });

/** Writes the header for an APDU of `apduBytes` (1 .. 65535) at `at`; answers where the APDU begins. */
export function putWrapperHeader(target: Uint8Array, at: number, ports: WPorts, apduBytes: number): number {
  assert(apduBytes >= 1 && apduBytes <= APDU_BYTES_MAX, 'a wrapper carries 1 to 65535 bytes');
  assert(at + WRAPPER_HEADER_BYTES <= target.length, 'no room for a wrapper header');
  target[at] = 0;
  target[at + 1] = WRAPPER_VERSION;
  target[at + 2] = ports.source >>> 8;
  target[at + 3] = ports.source;
  target[at + 4] = ports.destination >>> 8;
  target[at + 5] = ports.destination;
  target[at + 6] = apduBytes >>> 8;
  target[at + 7] = apduBytes;
  return at + WRAPPER_HEADER_BYTES;
}
