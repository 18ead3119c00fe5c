import { describe, expect, it } from 'vitest';
import { AxdrReader } from './axdr-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { canonicalData } from './canonical-data.fixture.ts';
import type { Data } from './data.ts';
import { decodeData, encodeData, putData, readData, skipData, takeData } from './data-codec.ts';
import { Draws } from './draws.fixture.ts';
import { DATA_TYPES, randomData } from './random-data.fixture.ts';
import { bytesOf, exact, framesInside, hexOf, rewrittenFlips, vectorsOf } from './vectors.fixture.ts';

const CODEC = { decode: decodeData, encode: encodeData };
const VECTORS = vectorsOf('axdr');

const octets = (hex: string): Data => ({ type: 'octet-string', value: bytesOf(hex) });
const u16 = (value: number): Data => ({ type: 'long-unsigned', value });
const u32 = (value: number): Data => ({ type: 'double-long-unsigned', value });
const structure = (...value: Data[]): Data => ({ type: 'structure', value });

/** What the vectors mean, from their texts; the parsers of Gurux and u9n read them so. */
const MEANINGS: Readonly<Record<string, Data>> = {
  'axdr-00': { type: 'null-data' },
  'axdr-01': { type: 'boolean', value: true },
  'axdr-02': { type: 'bit-string', value: '101010111100' },
  'axdr-03': { type: 'double-long', value: -2 },
  'axdr-04': u32(100000),
  'axdr-05': octets('0100010800FF'),
  'axdr-06': { type: 'visible-string', value: 'ABC' },
  'axdr-07': { type: 'utf8-string', value: 'ča' },
  'axdr-08': { type: 'bcd', value: 0x12 },
  'axdr-09': { type: 'integer', value: -1 },
  'axdr-10': { type: 'long', value: -200 },
  'axdr-11': { type: 'unsigned', value: 254 },
  'axdr-12': u16(1000),
  'axdr-14': { type: 'long64-unsigned', value: 100n },
  'axdr-15': { type: 'enum', value: 30 },
  'axdr-16': { type: 'float32', value: 1 },
  'axdr-17': { type: 'float64', value: 1 },
  'axdr-18': { type: 'date-time', value: bytesOf('07E80B15040A1E0F00FFC400') },
  'axdr-20': { type: 'time', value: bytesOf('0A1E0F00') },
  'axdr-21': structure({ type: 'integer', value: -2 }, { type: 'enum', value: 30 }),
  'axdr-compact': {
    type: 'compact-array',
    element: { type: 'structure', elements: [{ type: 'long-unsigned' }, { type: 'double-long-unsigned' }] },
    value: [structure(u16(1), u32(10000)), structure(u16(2), u32(10100)), structure(u16(3), u32(10200))],
  },
};

describe('Data vectors', () => {
  it('are there', () => expect(VECTORS).toHaveLength(25));

  it.each(VECTORS)('$id is read and written: $meaning', ({ hex }) => {
    exact(CODEC, bytesOf(hex));
  });

  it.each(Object.entries(MEANINGS))('%s means what it says', (id, meaning) => {
    const vector = VECTORS.find((candidate) => candidate.id === id);
    expect(decodeData(bytesOf(vector?.hex ?? ''))).toEqual({ status: 'frame', value: meaning });
  });

  it.each(VECTORS)('$id cut anywhere is incomplete, and with a byte more malformed', ({ hex }) => {
    const bytes = bytesOf(hex);
    expect(framesInside(CODEC, bytes)).toEqual([]);
    for (let length = 0; length < bytes.length; length++) expect(decodeData(bytes.slice(0, length))).toEqual({ status: 'incomplete' });
    expect(decodeData(bytesOf(`${hex}00`))).toEqual({ status: 'malformed', reason: 'trailing-bytes' });
  });

  it.each(VECTORS)('$id with any bit flipped is found out, or is another value', ({ hex }) => {
    const bytes = bytesOf(hex);
    const unexplained = rewrittenFlips(CODEC, bytes).filter(({ flipped, written }) => canonicalData(flipped) !== written);
    expect(unexplained).toEqual([]);
  });

  it('flips of booleans, lengths and unused bits are the ones written in another way', () => {
    const flips = (hex: string): readonly string[] => rewrittenFlips(CODEC, bytesOf(hex)).map(({ flip }) => flip);
    expect(flips('0301')).toEqual(['1:7', '1:6', '1:5', '1:4', '1:3', '1:2', '1:1']);
    expect(flips('0300')).toEqual(['1:7', '1:6', '1:5', '1:4', '1:3', '1:2', '1:1']);
    // A bit-string of 12 bits has 4 unused ones.
    expect(flips('040CABC0')).toEqual(['3:3', '3:2', '3:1', '3:0']);
    // Length 01 becomes 81, of which the byte that was contents is the length.
    expect(flips('090100')).toEqual(['1:7']);
  });
});

describe('Data of every type', () => {
  it.each(DATA_TYPES)('%s comes back from its bytes, is passed over, and not found in a part of them', (type) => {
    const draws = new Draws(1, `data ${type}`);
    for (let i = 0; i < 120; i++) {
      const data = randomData(draws, type);
      const bytes = encodeData(data);
      expect(decodeData(bytes)).toEqual({ status: 'frame', value: data });
      expect(framesInside(CODEC, bytes.length < 400 ? bytes : bytes.slice(0, 0))).toEqual([]);
      const reader = new AxdrReader();
      reader.reset(Uint8Array.of(0x7f, ...bytes, 0x7f), 1, bytes.length + 1);
      expect(hexOf(takeData(reader))).toBe(hexOf(bytes));
      expect([reader.failure, reader.left]).toEqual([null, 1]);
    }
  });

  it.each(DATA_TYPES)('%s with any bit flipped is found out, or is another value, or the same in a documented other form', (type) => {
    const draws = new Draws(2, `flips ${type}`);
    for (let i = 0; i < 12; i++) {
      const bytes = encodeData(randomData(draws, type, 2));
      if (bytes.length > 200) continue;
      expect(rewrittenFlips(CODEC, bytes).filter(({ flipped, written }) => canonicalData(flipped) !== written)).toEqual([]);
    }
  });

  it('is read and passed over alike whatever the bytes are', () => {
    const draws = new Draws(3, 'hostile');
    const seen = new Map<string, number>();
    for (let i = 0; i < 30_000; i++) {
      const bytes = draws.oneIn(3) ? draws.bytes(draws.below(40)) : damaged(draws, encodeData(randomData(draws, undefined, 4)));
      const reading = readerOf(bytes);
      readData(reading);
      const passing = readerOf(bytes);
      skipData(passing);
      const outcome = reading.failure ?? 'whole';
      if (outcome !== (passing.failure ?? 'whole') || reading.at !== passing.at) {
        expect([hexOf(bytes), passing.failure, passing.at]).toEqual([hexOf(bytes), reading.failure, reading.at]);
      }
      seen.set(reading.reason ?? 'whole', (seen.get(reading.reason ?? 'whole') ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(['compact-form', 'length-form', 'tag-unknown', 'text-form', 'truncated', 'whole']);
  });
});

function readerOf(bytes: Uint8Array): AxdrReader {
  const reader = new AxdrReader();
  reader.reset(bytes, 0, bytes.length);
  return reader;
}

function damaged(draws: Draws, bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from([...bytes, ...draws.bytes(draws.below(3))]);
  for (let i = draws.below(4); i > 0; i--) copy[draws.below(copy.length)] = draws.oneIn(2) ? draws.below(0x22) : draws.below(0x100);
  return copy.subarray(0, copy.length - (draws.oneIn(4) ? draws.below(copy.length) : 0));
}

describe('limits of Data', () => {
  const nested = (depth: number): Uint8Array => bytesOf(`${'0101'.repeat(depth)}00`);
  // 13 02 01 02 01 .. 11 01 07: a compact-array of structures in structures.
  const nestedCompact = (depth: number): Uint8Array => bytesOf(`13${'0201'.repeat(depth)}110107`);

  it.each([
    ['nested 32 deep', nested(32), 'frame'],
    ['nested 33 deep', nested(33), 'too-deep'],
    ['a compact-array nested 32 deep', nestedCompact(31), 'frame'],
    ['a compact-array nested 33 deep', nestedCompact(33), 'too-deep'],
    ['nested without end', bytesOf('01'.repeat(5000)), 'too-deep'],
    ['a compact-array of compact-arrays', bytesOf('13 13 11 01 07 00'), 'tag-unknown'],
    ['more elements than bytes', bytesOf('01 84 FFFFFFFF 00 00'), 'incomplete'],
    ['a structure of more', bytesOf('02 82 FFFF 00 00'), 'incomplete'],
    ['a longer string', bytesOf('09 84 FFFFFFFF 00 00'), 'incomplete'],
    ['a longer bit-string', bytesOf('04 84 FFFFFFFF 00 00'), 'incomplete'],
    ['a longer description', bytesOf('13 02 84 FFFFFFFF 11 11 00'), 'incomplete'],
    ['contents of a compact-array that are cut off', bytesOf('13 12 06 0001 0002'), 'incomplete'],
    ['elements without contents', bytesOf('13 00 01 00'), 'compact-form'],
    ['no elements without contents', bytesOf('13 00 00'), 'frame'],
    ['half an element', bytesOf('13 12 03 0001 00'), 'compact-form'],
    ['an element that ends behind the contents', bytesOf('13 09 02 0500 00000000'), 'compact-form'],
    ['a string in it with a broken length', bytesOf('13 09 02 8000'), 'length-form'],
    ['arrays without contents', bytesOf('13 01 FFFF 01 FFFF 01 FFFF 00 01 00'), 'too-many'],
    ['arrays without contents beside a number', bytesOf('13 02 02 11 01 FFFF 00 01 07'), 'too-many'],
    ['few elements without contents beside a number', bytesOf('13 02 03 11 00 FF 02 0708'), 'frame'],
    ['text that is none', bytesOf('0C 02 C3 28'), 'text-form'],
    ['text that ends within a character', bytesOf('0C 01 C4'), 'text-form'],
    ['text with a replacement character', bytesOf('0C 03 EFBFBD'), 'frame'],
    ['a length that no one writes', bytesOf('09 80'), 'length-form'],
    ['a count that no one writes', bytesOf('01 85 0000000001 00'), 'length-form'],
    ...[0x07, 0x08, 0x0b, 0x0e, 0x22, 0x80, 0xfe].map((tag) => [`tag ${tag}`, Uint8Array.of(tag, 0, 0), 'tag-unknown'] as const),
  ] as const)('%s', (_, bytes, outcome) => {
    const decoded = decodeData(bytes);
    expect(decoded.status === 'malformed' ? decoded.reason : decoded.status).toBe(outcome);
    const passing = readerOf(bytes);
    skipData(passing);
    const passed = passing.failure === 'truncated' ? 'incomplete' : (passing.reason ?? 'frame');
    expect(passed).toBe(outcome);
  });

  it('holds for the number of elements in all', () => {
    const rows = new Uint8Array(9 + 600_000);
    rows.set(bytesOf('13 02 01 11 84 000927C0'));
    expect(decodeData(rows)).toEqual({ status: 'malformed', reason: 'too-many' });
    const passing = readerOf(rows);
    skipData(passing);
    expect(passing.reason).toBe('too-many');
  });

  it('takes a table of half a million numbers', () => {
    const rows = new Uint8Array(9 + 500_000);
    rows.set(bytesOf('13 02 01 11 84 0007A120'));
    const decoded = decodeData(rows);
    expect(decoded.status === 'frame' && decoded.value.type === 'compact-array' ? decoded.value.value.length : decoded).toBe(500_000);
    const passing = readerOf(rows);
    skipData(passing);
    expect([passing.failure, passing.left]).toEqual([null, 0]);
  });

  it('answers a failure once and reads nothing behind it', () => {
    const reader = readerOf(bytesOf('07 11 01'));
    expect(readData(reader)).toEqual({ type: 'null-data' });
    expect([reader.failure, reader.reason, reader.left]).toEqual(['data', 'tag-unknown', 0]);
    expect(takeData(reader)).toHaveLength(0);
    expect(reader.reason).toBe('tag-unknown');
  });

  it('keeps strings as copies and encoded values as views', () => {
    const bytes = bytesOf('0902AABB');
    const decoded = decodeData(bytes);
    const taken = takeData(readerOf(bytes));
    bytes[2] = 0;
    expect(decoded).toEqual({ status: 'frame', value: octets('AABB') });
    expect(hexOf(taken)).toBe('090200BB');
  });
});

describe('what can not be written', () => {
  const element = { type: 'structure', elements: [{ type: 'unsigned' }] } as const;
  const put = (data: Data) => (): void => putData(new ByteWriter(), data);

  it.each<[string, Data]>([
    ['range', { type: 'unsigned', value: 256 }],
    ['range', { type: 'unsigned', value: -1 }],
    ['range', { type: 'integer', value: 128 }],
    ['range', { type: 'integer', value: -129 }],
    ['range', { type: 'long', value: 0x8000 }],
    ['range', { type: 'long-unsigned', value: 0x10000 }],
    ['range', { type: 'double-long', value: 2 ** 31 }],
    ['range', { type: 'double-long-unsigned', value: 2 ** 32 }],
    ['range', { type: 'double-long-unsigned', value: 0.5 }],
    ['range', { type: 'delta-integer', value: 200 }],
    ['range', { type: 'enum', value: Number.NaN }],
    ['range', { type: 'long64', value: 2n ** 63n }],
    ['range', { type: 'long64-unsigned', value: -1n }],
    ['12 bytes', { type: 'date-time', value: new Uint8Array(11) }],
    ['12 bytes', { type: 'date', value: new Uint8Array(4) }],
    ['0 and 1', { type: 'bit-string', value: '012' }],
    ['one byte', { type: 'visible-string', value: 'č' }],
    ['described', { type: 'compact-array', element, value: [{ type: 'unsigned', value: 1 }] }],
    ['described', { type: 'compact-array', element, value: [{ type: 'structure', value: [] }] }],
    ['described', { type: 'compact-array', element: { type: 'array', count: 2, element }, value: [{ type: 'array', value: [] }] }],
  ])('%s: %s', (message, data) => expect(put(data)).toThrow(message));
});
