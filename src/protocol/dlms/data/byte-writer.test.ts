import { describe, expect, it } from 'vitest';
import { ByteWriter } from './byte-writer.ts';
import { Draws } from './draws.fixture.ts';
import { bytesOf, hexOf } from './vectors.fixture.ts';

describe('ByteWriter', () => {
  const WRITES: readonly (readonly [string, (writer: ByteWriter) => void])[] = [
    ['FE', (w) => w.u8(254)],
    ['03E8', (w) => w.u16(1000)],
    ['FFFFFFFE', (w) => w.u32(4294967294)],
    ['FEDCBA9876543210', (w) => w.u64(0xfedcba9876543210n)],
    ['FF', (w) => w.i8(-1)],
    ['FF38', (w) => w.i16(-200)],
    ['FFFFFFFE', (w) => w.i32(-2)],
    ['FFFFFFFFFFFFFFFE', (w) => w.i64(-2n)],
    ['3F800000', (w) => w.f32(1)],
    ['7FC00000', (w) => w.f32(Number.NaN)],
    ['3FF0000000000000', (w) => w.f64(1)],
    ['7FF8000000000000', (w) => w.f64(Number.NaN)],
    ['7F', (w) => w.length(127)],
    ['8180', (w) => w.length(128)],
    ['820100', (w) => w.length(256)],
    ['83010000', (w) => w.length(65536)],
    ['AABB', (w) => w.put(bytesOf('AABB'))],
    ['000000', (w) => expect(w.skip(3)).toBe(w.at - 3)],
    ['00', (w) => w.nullData()],
    ['0301', (w) => w.boolean(true)],
    ['0300', (w) => w.boolean(false)],
    ['0902AABB', (w) => w.octetString(bytesOf('AABB'))],
    ['0A03414243', (w) => w.visibleString('ABC')],
    ['0FFF', (w) => w.integer(-1)],
    ['10FF38', (w) => w.long(-200)],
    ['11FE', (w) => w.unsigned(254)],
    ['1203E8', (w) => w.longUnsigned(1000)],
    ['05FFFFFFFE', (w) => w.doubleLong(-2)],
    ['06000186A0', (w) => w.doubleLongUnsigned(100000)],
    ['161E', (w) => w.enumeration(30)],
    ['0102', (w) => w.array(2)],
    ['0203', (w) => w.structure(3)],
  ];

  it.each(WRITES)('writes %s', (hex, write) => {
    const writer = new ByteWriter();
    write(writer);
    expect(hexOf(writer.view())).toBe(hex);
  });

  it('grows at any write and keeps what was there', () => {
    const draws = new Draws(1, 'writes');
    for (let initial = 0; initial < 20; initial++) {
      const writer = new ByteWriter(initial);
      let expected = '';
      for (let i = 0; i < 60; i++) {
        const [hex, write] = draws.of(WRITES);
        write(writer);
        expected += hex;
        if (hexOf(writer.view()) !== expected) expect([hex, hexOf(writer.view())]).toEqual([hex, expected]);
      }
    }
  });

  it('zeroes what it skips after other bytes were there', () => {
    const writer = new ByteWriter();
    writer.u32(0xffffffff);
    writer.reset();
    expect(writer.skip(3)).toBe(0);
    expect(hexOf(writer.view())).toBe('000000');
  });

  it('looks at and copies a part', () => {
    const writer = new ByteWriter();
    writer.put(bytesOf('010203'));
    const [view, copy] = [writer.view(1), writer.copy(1)];
    writer.bytes[1] = 0xff;
    expect([hexOf(view), hexOf(copy)]).toEqual(['FF03', '0203']);
    expect(() => writer.view(4)).toThrow('written');
    expect(() => writer.copy(4)).toThrow('written');
  });

  it('keeps its memory for the next message, but not that of a long one', () => {
    const writer = new ByteWriter(16);
    writer.put(new Uint8Array(1000));
    const kept = writer.bytes;
    writer.reset();
    expect([writer.at, writer.bytes]).toEqual([0, kept]);
    writer.put(new Uint8Array(300_000));
    writer.reset();
    expect([writer.at, writer.bytes.length]).toEqual([0, 16]);
  });
});
