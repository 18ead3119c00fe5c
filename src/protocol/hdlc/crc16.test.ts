import { describe, expect, it } from 'vitest';
import { CRC_GOOD, crcRegister, putCrc } from './crc16.ts';
import { bytesOf, HDLC_VECTORS, hexOf } from './hdlc-vectors.fixture.ts';

function crcOf(bytes: Uint8Array): string {
  const crc = new Uint8Array(2);
  expect(putCrc(crc, 0, crcRegister(bytes, 0, bytes.length))).toBe(2);
  return hexOf(crc);
}

/** The same by the definition: bit by bit, from the polynomial as it is written. */
function slowCrc(bytes: Uint8Array): string {
  let register = 0xffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const feedback = (register >>> 15) ^ ((byte >>> bit) & 1);
      register = (register << 1) & 0xffff;
      if (feedback === 1) register ^= 0x1021;
    }
  }
  const mirrored = Number.parseInt(Array.from(register.toString(2).padStart(16, '0')).toReversed().join(''), 2) ^ 0xffff;
  return hexOf(Uint8Array.of(mirrored & 0xff, mirrored >>> 8));
}

describe('CRC-16/X-25', () => {
  it('has the check value of its definition', () => {
    expect(crcOf(new TextEncoder().encode('123456789'))).toBe('6E90');
    expect(crcOf(bytesOf('033F'))).toBe('5BEC');
  });

  /** FcsCalcTest of jDLMS. */
  it.each([
    ['A0199575767837E6E600C0018100080000010000FF0200', '65D7'],
    ['A01E7595966F67E6E700C4018100090C07D20C04030A060BFF007800', 'F330'],
    ['A0107595B85101E6E700C5018100', '36CF'],
  ])('of %s is %s', (hex, crc) => {
    expect(crcOf(bytesOf(hex))).toBe(crc);
    expect(slowCrc(bytesOf(hex))).toBe(crc);
  });

  it('is good over each recorded frame, and the same bit by bit', () => {
    for (const { id, hex } of HDLC_VECTORS) {
      const frame = bytesOf(hex).subarray(1, -1);
      expect(crcRegister(frame, 0, frame.length), id).toBe(CRC_GOOD);
      expect(slowCrc(frame.subarray(0, -2)), id).toBe(hexOf(frame.subarray(-2)));
    }
  });

  it('has no room where there is none', () => {
    expect(() => putCrc(new Uint8Array(2), 1, 0)).toThrow('no room');
  });
});
