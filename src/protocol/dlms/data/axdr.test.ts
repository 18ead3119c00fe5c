import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.ts';
import { AxdrReader } from './axdr-reader.ts';
import { lengthBytes, putLength } from './axdr-writer.ts';
import { type CompactRows, emptyCompactRows, putCompactHead, readCompactRows } from './compact-array.ts';
import { fixedBytes } from './data-tag.ts';

interface Vector {
  readonly id: string;
  readonly hex: string;
}

const VECTORS = JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as Vector[];
const vector = (id: string): string => VECTORS.find((candidate) => candidate.id === id)?.hex ?? '';
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

function readerOf(hex: string): AxdrReader {
  const reader = new AxdrReader();
  // The bytes around the window must never be read.
  reader.reset(bytesOf(`7F7F7F${hex}7F7F7F`), 3, bytesOf(hex).length);
  return reader;
}

function readRows(hex: string): readonly [string | null, AxdrReader, CompactRows] {
  const reader = readerOf(hex);
  expect(reader.u8()).toBe(0x13);
  const rows = emptyCompactRows();
  return [readCompactRows(reader, rows), reader, rows];
}

describe('AxdrReader', () => {
  it('reads numbers most significant byte first', () => {
    const reader = readerOf('FE 03E8 FFFFFFFE 00');
    expect([reader.u8(), reader.u16(), reader.u32(), reader.u8(), reader.left]).toEqual([0xfe, 1000, 4294967294, 0, 0]);
    expect(reader.failure).toBeNull();
  });

  it('answers 0 beyond the end, keeps the first failure and stays at the end', () => {
    for (const read of ['u8', 'u16', 'u32', 'length'] as const) {
      const reader = readerOf('');
      expect(reader[read]()).toBe(0);
      expect(reader.failure).toBe('truncated');
    }
    const reader = readerOf('01 02 03');
    expect(reader.u32()).toBe(0);
    expect([reader.left, reader.u8(), reader.length(), reader.failure]).toEqual([0, 0, 0, 'truncated']);
    expect(reader.skip(1)).toBe(-1);
    const form = readerOf('80 01');
    expect([form.length(), form.u16(), form.failure]).toEqual([0, 0, 'length-form']);
  });

  it.each([
    ['00', 0],
    ['7F', 127],
    ['81 80', 128],
    ['81 05', 5],
    ['82 00 35', 53],
    ['82 0276', 630],
    ['83 010000', 65536],
    ['84 FFFFFFFF', 4294967295],
  ])('reads the length %s', (hex, length) => {
    const reader = readerOf(hex);
    expect([reader.length(), reader.failure, reader.left]).toEqual([length, null, 0]);
  });

  it.each(['80', '85 0000000001', 'FF'])('does not know the length form %s', (hex) => {
    const reader = readerOf(`${hex} 0000000000`);
    reader.length();
    expect(reader.failure).toBe('length-form');
  });

  it.each(['81', '82 01', '83 0101', '84 010101'])('finds the length %s cut off', (hex) => {
    const reader = readerOf(hex);
    expect([reader.length(), reader.failure]).toEqual([0, 'truncated']);
  });

  it('takes expected bytes only when all of them come', () => {
    const reader = readerOf('19 09 00 FF');
    expect(reader.take(Uint8Array.of(0x19, 0x0a))).toBe(false);
    expect(reader.take(Uint8Array.of(0x19, 9, 0, 0xff, 0x7f))).toBe(false);
    expect([reader.take(Uint8Array.of(0x19, 9)), reader.left, reader.failure]).toEqual([true, 2, null]);
  });

  it('refuses a window outside of the bytes', () => {
    expect(() => new AxdrReader().reset(new Uint8Array(4), 2, 3)).toThrow('within');
    expect(() => new AxdrReader().reset(new Uint8Array(4), -1, 2)).toThrow('within');
  });
});

describe('length writer', () => {
  it.each([
    [0, '00'],
    [127, '7F'],
    [128, '8180'],
    [255, '81FF'],
    [256, '820100'],
    [65535, '82FFFF'],
    [65536, '83010000'],
  ])('writes %i in its shortest form', (length, hex) => {
    const target = new Uint8Array(5);
    const end = putLength(target, 0, length);
    expect(Buffer.from(target.subarray(0, end)).toString('hex').toUpperCase()).toBe(hex);
    expect(lengthBytes(length)).toBe(end);
  });
});

describe('data tags', () => {
  // Tag and payload of every fixed-size type, each a vector that the parser of Gurux or u9n reads alike.
  it.each(VECTORS.filter(({ id }) => /^axdr-(00|01|03|04|08|09|10|11|12|14|15|16|17|18|20)$/.test(id)))(
    'has the size of $id',
    ({ hex }) => expect(fixedBytes(Number.parseInt(hex.slice(0, 2), 16))).toBe(hex.length / 2 - 1),
  );

  it.each([0x01, 0x02, 0x04, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0e, 0x13, 0x22, 0xfe])(
    'has no fixed size for tag %i',
    (tag) => expect(fixedBytes(tag)).toBe(-1),
  );
});

describe('compact-array', () => {
  it('finds the rows of vector axdr-compact: (1,10000), (2,10100), (3,10200)', () => {
    const [failure, reader, rows] = readRows(vector('axdr-compact'));
    expect(failure).toBeNull();
    expect([rows.columns, rows.rowBytes, rows.rows, reader.left]).toEqual([2, 6, 3, 0]);
    expect([...rows.tags.subarray(0, 2)]).toEqual([0x12, 0x06]);
    const values = [];
    for (let row = 0; row < rows.rows; row++) {
      reader.reset(reader.bytes, rows.at + row * rows.rowBytes, rows.rowBytes);
      values.push([reader.u16(), reader.u32()]);
    }
    expect(values).toEqual([
      [1, 10000],
      [2, 10100],
      [3, 10200],
    ]);
  });

  it('finds the rows of {u16, u8, u32, u32}, an example that Gurux reads alike', () => {
    const [failure, reader, rows] = readRows('13 02 04 12 11 06 06 16 0064 00 000186A0 00000032 0065 00 000186A1 00000033');
    expect([failure, rows.columns, rows.rowBytes, rows.rows, reader.left]).toEqual([null, 4, 11, 2, 0]);
  });

  it('takes no rows at all', () => {
    const [failure, , rows] = readRows('13 02 01 11 00');
    expect([failure, rows.rows]).toEqual([null, 0]);
  });

  it.each([
    ['row-type', '13 12 06 0001 0002 0003'],
    ['row-type', '13 01 0002 11 02 0102'],
    ['row-type', '13 02 00 00'],
    ['row-type', '13 02 01 00 00'],
    ['row-type', '13 02 02 11 09 02 0100'],
    ['row-type', '13 02 02 11 02 01 11 00'],
    ['row-type', `13 02 21 ${'11'.repeat(33)} 00`],
    ['row-bytes', '13 02 02 12 06 07 00010000271000'],
    ['truncated', '13 02 02 12 06 06 0001000027'],
    ['truncated', '13 02 02 12 06 84 FFFFFFFF 000100002710'],
    ['truncated', '13 02 02 12'],
    ['length-form', '13 02 02 12 06 80'],
  ])('answers %s to %s', (reason, hex) => expect(readRows(hex)[0]).toBe(reason));

  it('writes the head of the vector', () => {
    const target = new Uint8Array(3);
    expect(putCompactHead(target, 0, 2)).toBe(3);
    expect(Buffer.from(target).toString('hex')).toBe(vector('axdr-compact').slice(0, 6));
  });
});
