/**
 * What the two ends of an HDLC link agree on when it is set up (IEC 62056-46, 6.4.4.4.3.2): the information fields of SNRM
 * and UA.
 *
 *   81 | 80 | length | ( id | size | value of `size` bytes, big-endian )*
 *
 *   05 information field, transmit    06 information field, receive    07 window, transmit    08 window, receive
 *
 * Each end speaks of its own directions. The answer holds the lesser of both wishes; what is not said has its default.
 */

import { assert } from '../../base/assert.ts';

export interface HdlcLimits {
  /** Longest information field, LLC header included: 32 .. 2030 bytes. */
  readonly transmitBytes: number;
  readonly receiveBytes: number;
  /** Frames without an answer: 1 .. 7. */
  readonly transmitWindow: number;
  readonly receiveWindow: number;
}

export const DEFAULT_LIMITS: HdlcLimits = Object.freeze({ transmitBytes: 128, receiveBytes: 128, transmitWindow: 1, receiveWindow: 1 });
export const INFORMATION_BYTES_MIN = 32;
export const INFORMATION_BYTES_MAX = 2030;
export const WINDOW_MAX = 7;

/** A proposal as it came. `malformed`: `hdlc-parameters`. */
export type ParametersDecoded =
  | { readonly status: 'frame'; readonly limits: HdlcLimits }
  | { readonly status: 'malformed'; readonly reason: 'hdlc-parameters' };

export function assertLimits(limits: HdlcLimits): void {
  const { transmitBytes, receiveBytes, transmitWindow, receiveWindow } = limits;
  const integers = [transmitBytes, receiveBytes, transmitWindow, receiveWindow].every(Number.isInteger);
  assert(integers, 'limits of HDLC are integers');
  assert(Math.min(transmitBytes, receiveBytes) >= INFORMATION_BYTES_MIN, 'an HDLC information field has at least 32 bytes');
  assert(Math.max(transmitBytes, receiveBytes) <= INFORMATION_BYTES_MAX, 'an HDLC information field has up to 2030 bytes');
  assert(Math.min(transmitWindow, receiveWindow) >= 1, 'an HDLC window has at least one frame');
  assert(Math.max(transmitWindow, receiveWindow) <= WINDOW_MAX, 'an HDLC window has up to seven frames');
}

/** From the information of an SNRM or UA, from the view of whoever sent it. None means the defaults. */
export function decodeParameters(information: Uint8Array): ParametersDecoded {
  if (information.length === 0) return { status: 'frame', limits: DEFAULT_LIMITS };
  if (information.length < 3 || information[0] !== FORMAT || information[1] !== GROUP) return MALFORMED;
  const end = 3 + information[2]!;
  if (end > information.length) return MALFORMED;
  const values = [DEFAULT_BYTES, DEFAULT_BYTES, DEFAULT_WINDOW, DEFAULT_WINDOW];
  for (let at = 3; at < end; ) {
    const size = at + 1 < end ? information[at + 1]! : Infinity;
    if (at + 2 + size > end) return MALFORMED;
    const place = information[at]! - FIRST_ID;
    if (place >= 0 && place < values.length) {
      if (size < 1 || size > 4) return MALFORMED;
      let value = 0;
      for (let i = 0; i < size; i++) value = value * 256 + information[at + 2 + i]!;
      values[place] = value;
    }
    at += 2 + size;
  }
  const [transmitBytes = 0, receiveBytes = 0, transmitWindow = 0, receiveWindow = 0] = values;
  if (Math.min(transmitBytes, receiveBytes) < INFORMATION_BYTES_MIN || Math.min(transmitWindow, receiveWindow) < 1) return MALFORMED;
  return { status: 'frame', limits: { transmitBytes, receiveBytes, transmitWindow, receiveWindow } };
}

/** The information field that says `limits`; each of the four is in it. */
export function encodeParameters(limits: HdlcLimits): Uint8Array {
  const { transmitBytes, receiveBytes, transmitWindow, receiveWindow } = limits;
  const sizes = [5, 2, transmitBytes >>> 8, transmitBytes & 0xff, 6, 2, receiveBytes >>> 8, receiveBytes & 0xff];
  const windows = [7, 4, 0, 0, 0, transmitWindow, 8, 4, 0, 0, 0, receiveWindow];
  return Uint8Array.of(FORMAT, GROUP, sizes.length + windows.length, ...sizes, ...windows);
}

/** What holds for this end: its own limits and those of the peer, who speaks of the other direction. */
export function agreed(own: HdlcLimits, peer: HdlcLimits): HdlcLimits {
  return {
    transmitBytes: Math.min(own.transmitBytes, peer.receiveBytes),
    receiveBytes: Math.min(own.receiveBytes, peer.transmitBytes),
    transmitWindow: Math.min(own.transmitWindow, peer.receiveWindow),
    receiveWindow: Math.min(own.receiveWindow, peer.transmitWindow),
  };
}

export function areDefaults(limits: HdlcLimits): boolean {
  const { transmitBytes, receiveBytes, transmitWindow, receiveWindow } = limits;
  return [transmitBytes, receiveBytes].every((bytes) => bytes === DEFAULT_BYTES) && transmitWindow === 1 && receiveWindow === 1;
}

const FORMAT = 0x81;
const GROUP = 0x80;
const FIRST_ID = 5;
const DEFAULT_BYTES = 128;
const DEFAULT_WINDOW = 1;
const MALFORMED: ParametersDecoded = Object.freeze({ status: 'malformed', reason: 'hdlc-parameters' });
