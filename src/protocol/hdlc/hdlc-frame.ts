/**
 * Frames of HDLC, format type 3 (IEC 62056-46, 6.4).
 *
 *   7E | format 2 | destination 1,2,4 | source 1,2,4 | control 1 | HCS 2 | information | FCS 2 | 7E
 *
 *   format = 1010 S LLLLLLLLLLL    S: more segments follow; L: bytes between the flags, both check sequences included
 *
 * HCS covers all before it, FCS too, HCS and information included. Without information there is only one of them. Nothing is
 * stuffed: a 7E may stand inside, the length alone says where a frame ends.
 */

import { assert } from '../../base/assert.ts';
import { CRC_BYTES, CRC_GOOD, CRC_START, crcRegister, putCrc } from './crc16.ts';
import { addressAt, addressBytesAt, putAddress, type HdlcAddress } from './hdlc-address.ts';

export const FLAG = 0x7e;
/** Between the flags: what eleven bits can announce, and the least. */
export const FRAME_BYTES_MAX = 2047;
export const FRAME_BYTES_MIN = 7;

export interface HdlcFrame {
  readonly destination: HdlcAddress;
  readonly source: HdlcAddress;
  readonly control: number;
  /** The S bit: the information goes on in the next frame. */
  readonly segmented: boolean;
  /** Empty when there is none. A view of what was decoded. */
  readonly information: Uint8Array;
}

/**
 * Why bytes behind a flag are no frame. `hdlc-format`: not type 3. `hdlc-length`: no frame has this length.
 * `hdlc-address`: no address ends where one must. `hdlc-hcs`, `hdlc-fcs`: a check sequence is wrong; the only one of a frame
 * without information counts as its header's. `hdlc-flag`: no flag where the length says.
 */
export const HDLC_MALFORMED_REASONS = ['hdlc-format', 'hdlc-length', 'hdlc-address', 'hdlc-hcs', 'hdlc-fcs', 'hdlc-flag'] as const;
export type HdlcMalformedReason = (typeof HDLC_MALFORMED_REASONS)[number];

/** `bytes`: what the frame takes between the flags; 0 when its end can't be trusted. */
export type HdlcDecoded =
  | { readonly status: 'frame'; readonly frame: HdlcFrame; readonly bytes: number }
  | { readonly status: 'incomplete' }
  | { readonly status: 'malformed'; readonly reason: HdlcMalformedReason; readonly bytes: number };

/**
 * Decodes the frame whose format begins at `at`, behind a flag, from bytes[at .. end). It is complete only with the flag
 * behind it. Says `malformed` as early as that is sure: nobody waits for 2047 bytes because of one that looked like a format.
 */
export function decodeFrame(bytes: Uint8Array, at: number, end: number): HdlcDecoded {
  if (at >= end) return INCOMPLETE;
  if ((bytes[at]! & 0xf0) !== 0xa0) return malformed('hdlc-format');
  if (at + 2 > end) return INCOMPLETE;
  const length = ((bytes[at]! & 7) << 8) | bytes[at + 1]!;
  if (length < FRAME_BYTES_MIN) return malformed('hdlc-length');
  const destinationBytes = addressBytesAt(bytes, at + 2, end);
  if (destinationBytes === 0 || destinationBytes === -1) return noAddress(destinationBytes);
  const sourceBytes = addressBytesAt(bytes, at + 2 + destinationBytes, end);
  if (sourceBytes === 0 || sourceBytes === -1) return noAddress(sourceBytes);
  const controlAt = at + 2 + destinationBytes + sourceBytes;
  const headerEnd = controlAt + 1 + CRC_BYTES;
  const rest = at + length - headerEnd;
  // Either nothing, or at least one byte with its check sequence.
  if (rest < 0 || (rest > 0 && rest <= CRC_BYTES)) return malformed('hdlc-length');
  if (headerEnd > end) return INCOMPLETE;
  if (crcRegister(bytes, at, headerEnd) !== CRC_GOOD) return malformed('hdlc-hcs');
  const frameEnd = at + length;
  if (frameEnd >= end) return INCOMPLETE;
  if (bytes[frameEnd] !== FLAG) return malformed('hdlc-flag');
  if (rest > 0 && crcRegister(bytes, headerEnd, frameEnd, CRC_GOOD) !== CRC_GOOD) return malformed('hdlc-fcs', length);
  const frame = {
    destination: addressAt(bytes, at + 2, destinationBytes),
    source: addressAt(bytes, at + 2 + destinationBytes, sourceBytes),
    control: bytes[controlAt]!,
    segmented: (bytes[at]! & 8) !== 0,
    information: rest > 0 ? bytes.subarray(headerEnd, frameEnd - CRC_BYTES) : NOTHING,
  };
  return { status: 'frame', frame, bytes: length };
}

/** Bytes that `putFrame` takes for a frame, both flags included. */
export function frameBytes(frame: HdlcFrame): number {
  const { destination, source, information } = frame;
  const header = 2 + destination.bytes + source.bytes + 1 + CRC_BYTES;
  return 2 + header + (information.length > 0 ? information.length + CRC_BYTES : 0);
}

/** Writes a frame with both flags at `at`; answers where it ends. */
export function putFrame(target: Uint8Array, at: number, frame: HdlcFrame): number {
  const { destination, source, control, segmented, information } = frame;
  const length = frameBytes(frame) - 2;
  assert(length <= FRAME_BYTES_MAX, 'an HDLC frame has up to 2047 bytes');
  assert(at + length + 2 <= target.length, 'no room for an HDLC frame');
  target[at] = FLAG;
  target[at + 1] = 0xa0 | (segmented ? 8 : 0) | (length >>> 8);
  target[at + 2] = length & 0xff;
  let end = putAddress(target, at + 3, destination);
  end = putAddress(target, end, source);
  target[end++] = control;
  end = putCrc(target, end, crcRegister(target, at + 1, end, CRC_START));
  if (information.length > 0) {
    target.set(information, end);
    const informationEnd = end + information.length;
    end = putCrc(target, informationEnd, crcRegister(target, end, informationEnd, CRC_GOOD));
  }
  target[end] = FLAG;
  return end + 1;
}

/** The frames one behind the other, each with both flags. */
export function encodeFrames(frames: readonly HdlcFrame[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frameBytes(frame), 0));
  let at = 0;
  for (const frame of frames) at = putFrame(bytes, at, frame);
  return bytes;
}

const NOTHING = new Uint8Array(0);
const INCOMPLETE: HdlcDecoded = Object.freeze({ status: 'incomplete' });

function malformed(reason: HdlcMalformedReason, bytes = 0): HdlcDecoded {
  return { status: 'malformed', reason, bytes };
}

function noAddress(length: 0 | -1): HdlcDecoded {
  return length === 0 ? INCOMPLETE : malformed('hdlc-address');
}
