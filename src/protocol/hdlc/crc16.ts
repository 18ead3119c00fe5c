/**
 * The check sequence of HDLC (HCS and FCS): CRC-16/X-25 of ISO/IEC 13239. Polynomial 0x1021 reflected, start 0xFFFF, the
 * complement is sent, low byte first. Run over a good piece with its check sequence the register always ends at 0xF0B8,
 * so the FCS of a frame is that of its information alone, begun where a good header ends.
 */

import { assert } from '../../base/assert.ts';

export const CRC_BYTES = 2;
export const CRC_START = 0xffff;
/** The register behind a piece and its own, right check sequence. */
export const CRC_GOOD = 0xf0b8;

/** Runs the register (16 bits) over bytes[from .. to). */
export function crcRegister(bytes: Uint8Array, from: number, to: number, register = CRC_START): number {
  let crc = register;
  for (let i = from; i < to; i++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[i]!) & 0xff]!;
  return crc;
}

/** Writes the check sequence of a register at `at`; answers where it ends. */
export function putCrc(target: Uint8Array, at: number, register: number): number {
  assert(at + CRC_BYTES <= target.length, 'no room for a check sequence');
  target[at] = ~register & 0xff;
  target[at + 1] = (~register >>> 8) & 0xff;
  return at + CRC_BYTES;
}

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0x8408;
  return crc;
});
