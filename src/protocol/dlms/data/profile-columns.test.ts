import { describe, expect, it } from 'vitest';
import type { Data } from './data.ts';
import { decodeData } from './data-codec.ts';
import { Draws } from './draws.fixture.ts';
import { expandProfile, type ProfileColumns } from './profile-columns.ts';
import { bytesOf, vectorsOf } from './vectors.fixture.ts';

const NULL: Data = { type: 'null-data' };
const octets = (hex: string): Data => ({ type: 'octet-string', value: bytesOf(hex) });
const u8 = (value: number): Data => ({ type: 'unsigned', value });
const u32 = (value: number): Data => ({ type: 'double-long-unsigned', value });
const row = (...value: Data[]): Data => ({ type: 'structure', value });
const array = (...value: Data[]): Data => ({ type: 'array', value });
const EVENTS: ProfileColumns = { clock: null, periodSeconds: 0 };
const QUARTERS: ProfileColumns = { clock: 0, periodSeconds: 900 };

/** One column. */
function column(values: readonly Data[], columns = EVENTS): unknown {
  const expanded = expandProfile(array(...values.map((value) => row(value))), columns);
  return expanded.status === 'rows' ? expanded.rows.map(([value]) => value) : expanded;
}

describe('null-data in a profile', () => {
  it('is the value above, or the next time: vector axdr-nulls', () => {
    const decoded = decodeData(bytesOf(vectorsOf('axdr').find(({ id }) => id === 'axdr-nulls')?.hex ?? ''));
    expect(decoded.status === 'frame' && expandProfile(decoded.value, QUARTERS)).toEqual({
      status: 'rows',
      rows: [
        [octets('07E80B150400000000FFC400'), u8(0), u32(100000)],
        [octets('07E80B1504000F0000FFC400'), u8(0), u32(100020)],
        [octets('07E80B1504001E0000FFC400'), u8(0), u32(100040)],
      ],
    });
  });

  it('has nothing above it in the first row', () => {
    expect(column([NULL, NULL, u8(1), NULL])).toEqual([NULL, NULL, u8(1), u8(1)]);
    expect(column([NULL, NULL], QUARTERS)).toEqual([NULL, NULL]);
  });

  it('is a time of any type', () => {
    const time: Data = { type: 'date-time', value: bytesOf('07E80B15FF00000000800000') };
    const next: Data = { type: 'date-time', value: bytesOf('07E80B15FF000F0000800000') };
    expect(column([time, NULL], QUARTERS)).toEqual([time, next]);
    expect(column([u32(1_700_000_000), NULL, NULL], QUARTERS)).toEqual([u32(1_700_000_000), u32(1_700_000_900), u32(1_700_001_800)]);
  });

  it('is the same time without a period', () => {
    expect(column([octets('07E80B150400000000FFC400'), NULL], { clock: 0, periodSeconds: 0 })).toEqual([
      octets('07E80B150400000000FFC400'),
      octets('07E80B150400000000FFC400'),
    ]);
  });

  it.each([octets('FFFF03FE0702000000800000'), octets('0102'), u8(1)])('is no time when the one above is none', (above) => {
    expect(column([above, NULL], QUARTERS)).toEqual({ status: 'failed', reason: 'clock', row: 1, column: 0 });
  });
});

describe('differences in a profile', () => {
  it('add up in the type of the column', () => {
    expect(column([u32(100), { type: 'delta-unsigned', value: 5 }, NULL, { type: 'delta-integer', value: -7 }])).toEqual([u32(100), u32(105), u32(105), u32(98)]);
    const big: Data = { type: 'long64-unsigned', value: 2n ** 60n };
    expect(column([big, { type: 'delta-double-long', value: -1 }])).toEqual([big, { type: 'long64-unsigned', value: 2n ** 60n - 1n }]);
    const little: Data = { type: 'long64', value: -1n };
    expect(column([little, { type: 'delta-long', value: -1 }])).toEqual([little, { type: 'long64', value: -2n }]);
  });

  it('begin anew with a value that is no difference', () => {
    const one: Data = { type: 'delta-unsigned', value: 1 };
    expect(column([u32(5), one, u8(250), one, one])).toEqual([u32(5), u32(6), u8(250), u8(251), u8(252)]);
  });

  it.each<[string, Data, Data, string]>([
    ['the first row', { type: 'delta-unsigned', value: 1 }, NULL, 'no-base'],
    ['a text', octets('00'), { type: 'delta-unsigned', value: 1 }, 'no-base'],
    ['nothing', NULL, { type: 'delta-unsigned', value: 1 }, 'no-base'],
    ['an enum', { type: 'enum', value: 1 }, { type: 'delta-unsigned', value: 1 }, 'no-base'],
    ['a sum above 255', u8(250), { type: 'delta-unsigned', value: 6 }, 'value-range'],
    ['a sum below 0', u32(1), { type: 'delta-integer', value: -2 }, 'value-range'],
    ['a sum below -128', { type: 'integer', value: -100 }, { type: 'delta-integer', value: -100 }, 'value-range'],
    ['a sum above 2^63', { type: 'long64', value: 2n ** 63n - 1n }, { type: 'delta-unsigned', value: 1 }, 'value-range'],
    ['a sum below 0 of 64 bits', { type: 'long64-unsigned', value: 0n }, { type: 'delta-long', value: -1 }, 'value-range'],
  ])('fail on %s', (_, first, second, reason) => {
    expect(column([first, second])).toMatchObject({ status: 'failed', reason });
  });

  it('of random rows are what was taken away from them', () => {
    const draws = new Draws(1, 'deltas');
    for (let trial = 0; trial < 200; trial++) {
      const rows: (readonly Data[])[] = [];
      const reduced: Data[] = [];
      let [time, status, register] = [1_700_000_000, 0, draws.below(2 ** 31)];
      for (let i = 0; i < 1 + draws.below(20); i++) {
        const grown = draws.below(200);
        const sameStatus = draws.oneIn(2);
        if (i > 0) time += 900;
        if (!sameStatus) status = draws.below(256);
        register += i > 0 ? grown : 0;
        rows.push([u32(time), u8(status), u32(register)]);
        const difference: Data = draws.oneIn(3) ? u32(register) : grown === 0 ? NULL : { type: 'delta-unsigned', value: grown };
        reduced.push(i === 0 ? row(u32(time), u8(status), u32(register)) : row(NULL, sameStatus ? NULL : u8(status), difference));
      }
      expect(expandProfile(array(...reduced), QUARTERS)).toEqual({ status: 'rows', rows });
    }
  });
});

describe('buffers', () => {
  it('may be compact, empty, or grow in columns', () => {
    const element = { type: 'structure', elements: [{ type: 'unsigned' }] } as const;
    expect(expandProfile({ type: 'compact-array', element, value: [row(u8(1)), row(u8(2))] }, EVENTS)).toEqual({ status: 'rows', rows: [[u8(1)], [u8(2)]] });
    expect(expandProfile(array(), QUARTERS)).toEqual({ status: 'rows', rows: [] });
    expect(expandProfile(array(row(u8(1)), row(NULL, NULL)), EVENTS)).toEqual({ status: 'rows', rows: [[u8(1)], [u8(1), NULL]] });
  });

  it.each<[string, Data, number]>([
    ['a structure', row(u8(1)), 0],
    ['a number', u8(1), 0],
    ['an array of numbers', array(row(u8(1)), u8(1)), 1],
  ])('are no %s', (_, data, at) => {
    expect(expandProfile(data, EVENTS)).toEqual({ status: 'failed', reason: 'row-form', row: at, column: 0 });
  });
});
