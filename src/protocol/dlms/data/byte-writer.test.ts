import { describe, expect, it } from 'vitest';
import { ByteWriter } from './byte-writer.ts';

describe('byte writer', () => {
  it('grows within any write', () => {
    const writes: readonly (readonly [string, (writer: ByteWriter) => void, string])[] = [
      ['u8', (w) => w.u8(0xab), 'ab'],
      ['u16', (w) => w.u16(0x1234), '1234'],
      ['u32', (w) => w.u32(0x12345678), '12345678'],
      ['i16', (w) => w.i16(-2), 'fffe'],
      ['i32', (w) => w.i32(-2), 'fffffffe'],
      ['u64', (w) => w.u64(2n ** 63n), '8000000000000000'],
      ['i64', (w) => w.i64(-1n), 'ffffffffffffffff'],
      ['f32', (w) => w.f32(1), '3f800000'],
      ['f64', (w) => w.f64(1), '3ff0000000000000'],
      ['length', (w) => w.length(300), '82012c'],
      ['put', (w) => w.put(Uint8Array.of(1, 2, 3)), '010203'],
      ['octetString', (w) => w.octetString(Uint8Array.of(1, 2)), '09020102'],
      ['doubleLongUnsigned', (w) => w.doubleLongUnsigned(7), '0600000007'],
    ];
    for (const [name, write, expected] of writes) {
      for (let filled = 0; filled <= 9; filled++) {
        const writer = new ByteWriter(9);
        for (let i = 0; i < filled; i++) writer.u8(0xee);
        write(writer);
        expect(Buffer.from(writer.view()).toString('hex'), `${name} after ${filled} bytes`).toBe('ee'.repeat(filled) + expected);
      }
    }
  });
});
