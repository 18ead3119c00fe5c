import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.ts';
import type { Data } from '../data/data.ts';
import { decodeData, encodeData } from '../data/data-codec.ts';
import { parseObis } from '../data/obis.ts';
import { ClientAssociation } from './client-association.ts';
import { readClock, readInvocationCounter, readLogicalDeviceName, readRegister, readScalerUnit, scaled, scalerUnitOf, writeClock } from './client-reader.ts';
import { bytesOf, drive, errorOf, hexOf, scripted } from './drive.fixture.ts';
import { instantOf } from './instant.ts';
import { readObjectList } from './object-list.ts';
import { plainValue, textOf } from './plain-value.ts';
import { captureObjectOf, entrySelection, rangeSelection, readProfile } from './profile-reader.ts';
import { actionResultName, dataAccessResultName } from './result-names.ts';
import { unitName } from './unit-names.ts';

interface Vector {
  readonly id: string;
  readonly hex: string;
}

const VECTORS = JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as Vector[];
const vector = (id: string): string => VECTORS.find((candidate) => candidate.id === id)?.hex ?? '';
const dataOf = (hex: string): Data => {
  const decoded = decodeData(bytesOf(hex));
  if (decoded.status !== 'frame') throw new Error(`no Data: ${hex}`);
  return decoded.value;
};

const association = (): ClientAssociation =>
  new ClientAssociation({ clientSap: 1, serverSap: 1, random: (n) => new Uint8Array(n), preEstablished: { conformance: 0xffff, serverPduBytesMax: 0 }, quirks: { anyInvokeId: true } });
/** GET-responses with these Data. */
const answers = (...datas: readonly string[]): readonly string[] => datas.map((data) => `C401C100${data}`);

const PROFILE = parseObis('1-0:99.1.0*255');
const REGISTER = { classId: 3, logicalName: parseObis('1-0:1.8.0*255') };
/** {clock, status, A+} */
const COLUMNS = '0103 0204120008090600000100 00FF0F02120000 0204120001090600006 00A01FF0F02120000 0204120003090601000108 00FF0F02120000'.replaceAll(' ', '');

describe('registers', () => {
  it('have a value and a unit', () => {
    const { peer, sent } = scripted(answers('0600000929', '02020FFE161B'));
    expect(drive(readRegister(association(), REGISTER), peer)).toEqual({ raw: 2345, value: 23.45, scaler: -2, unit: 27, unitName: 'W' });
    expect(sent.map((apdu) => apdu.slice(6))).toEqual(['00030100010800FF0200', '00030100010800FF0300']);
    const demand = scripted(answers('02020F00161B'));
    expect(drive(readScalerUnit(association(), { ...REGISTER, classId: 5 }), demand.peer)).toMatchObject({ unit: 27 });
    expect(demand.sent[0]?.slice(-4)).toBe('0400');
    expect(drive(readRegister(association(), REGISTER), scripted(answers('15000000E8D4A51000', '02020F03161E')).peer)).toMatchObject({ raw: 10n ** 12n, value: 1e15 });
  });

  it('of other shapes are told', () => {
    expect(errorOf(() => drive(readRegister(association(), REGISTER), scripted(answers('0900')).peer))).toMatchObject({ code: 'data', message: expect.stringContaining('1-0:1.8.0*255') });
    expect(errorOf(() => scalerUnitOf(dataOf('02010F00')))).toMatchObject({ code: 'data' });
    expect(errorOf(() => scalerUnitOf(dataOf('0202 0F00 0900')))).toMatchObject({ code: 'data' });
    const refused = errorOf(() => drive(readRegister(association(), REGISTER), scripted(['C401C10103']).peer));
    expect(refused).toMatchObject({ code: 'data-access', details: { result: 3 }, message: 'attribute 3/1-0:1.8.0*255/2: read write denied (3)' });
  });

  it('are scaled as people do it', () => {
    expect(scaled(2345, -1)).toBe(234.5);
    expect(scaled(3, -1)).toBe(0.3);
    expect(scaled(12, 3)).toBe(12_000);
    expect(scaled(7, 0)).toBe(7);
  });

  it('have names for units and results', () => {
    expect([unitName(30), unitName(255), unitName(99)]).toEqual(['Wh', '', 'unit 99']);
    expect([dataAccessResultName(4), actionResultName(15), dataAccessResultName(77)]).toEqual(['object undefined (4)', 'long action aborted (15)', 'unknown result (77)']);
  });
});

describe('clocks', () => {
  it.each([
    ['090C07E80B15040A1E0F00FFC400', {}, 1_732_181_415, 60],
    ['1907E80B15040A1E0F00FFC400', {}, 1_732_181_415, 60],
    ['090C07E80B15040A1E0F00003C00', { reversedDeviation: true }, 1_732_181_415, 60],
    ['090C07E80B15040A1E0F00FFC400', { reversedDeviation: true }, 1_732_188_615, -60],
    ['090C07E80B15040A1E0FFF800000', { defaultOffsetMinutes: 120 }, 1_732_177_815, 120],
    ['090C07E80B15040A1E0FFF800000', { reversedDeviation: true, defaultOffsetMinutes: 120 }, 1_732_177_815, 120],
  ])('%s with %j', (hex, quirks, unixSeconds, offsetMinutes) => {
    expect(drive(readClock(association(), quirks), scripted(answers(hex)).peer)).toMatchObject({ unixSeconds, offsetMinutes });
  });

  it('that say nothing are told', () => {
    for (const hex of ['090CFFFFFFFFFFFFFFFFFF8000FF', '0905FFFFFFFFFF', '00', '1101']) {
      expect(errorOf(() => drive(readClock(association()), scripted(answers(hex)).peer)).code).toBe('data');
    }
    expect(instantOf({ type: 'double-long-unsigned', value: 5 })).toMatchObject({ unixSeconds: 5 });
  });

  it('are set in the sign of the device', () => {
    for (const [reversedDeviation, deviation] of [[false, 'FFC4'], [true, '003C']] as const) {
      const { peer, sent } = scripted(['C501C100']);
      drive(writeClock(association(), { unixSeconds: 1_732_181_415, offsetMinutes: 60 }, { reversedDeviation }), peer);
      expect(sent[0]?.slice(6)).toBe(`00080000010000FF0200090C07E80B15040A1E0F00${deviation}00`);
    }
    expect(errorOf(() => drive(writeClock(association(), { unixSeconds: 0, offsetMinutes: 0 }), scripted(['C501C103']).peer)).code).toBe('data-access');
  });
});

describe('profiles', () => {
  it('are asked for as other clients ask', () => {
    const range = rangeSelection({ from: Date.UTC(2024, 10, 21) / 1000, to: Date.UTC(2024, 10, 22) / 1000 });
    // As in the vector but for the weekday, which is left open there.
    const expected = vector('range').slice(26).replace('07E80B15FF', '07E80B1504').replace('07E80B16FF', '07E80B1605');
    expect(`01${hexOf(range.parameter)}`).toBe(expected.slice(expected.indexOf('010204')));
    expect(`02${hexOf(entrySelection({ from: 1, to: 10 }).parameter)}`).toBe('02020406000000010600 00000A120001120000'.replaceAll(' ', ''));
    const odd = rangeSelection({ from: 5.7, to: 6 }, { dataIndexType: 'long', rangeTimeType: 'unix' });
    expect(hexOf(odd.parameter)).toBe('02040204120008090600000100 00FF0F02100000 0600000005 0600000006 0100'.replaceAll(' ', ''));
    const local = rangeSelection({ from: 0, to: 60 }, { rangeOffsetMinutes: 60, rangeTimeType: 'date-time', reversedDeviation: true });
    expect(hexOf(local.parameter)).toContain('1907B20101040100000000 3C00'.replaceAll(' ', ''));
  });

  it('are given back whole: nulls, deltas, times left out', () => {
    const rows = vector('axdr-nulls');
    const { peer, sent } = scripted(answers(COLUMNS, rows, '0600000384'));
    const profile = drive(readProfile(association(), { logicalName: PROFILE }), peer);
    expect(profile.columns.map(({ obis, attribute }) => `${obis} ${attribute}`)).toEqual(['0-0:1.0.0*255 2', '0-0:96.10.1*255 2', '1-0:1.8.0*255 2']);
    expect(profile.rows.map(([time]) => instantOf(time ?? { type: 'null-data' })?.unixSeconds)).toEqual([0, 900, 1800].map((s) => 1_732_143_600 + s));
    expect(profile.rows.map(([, status, value]) => [status, value].map((data) => plainValue(data ?? { type: 'null-data' })))).toEqual([[0, 100_000], [0, 100_020], [0, 100_040]]);
    expect(sent.map((apdu) => apdu.slice(-4))).toEqual(['0300', '0200', '0400']);
  });

  it('need no more requests than they must', () => {
    const columns = COLUMNS === '' ? [] : (dataOf(COLUMNS) as Extract<Data, { type: 'array' }>).value.map(captureObjectOf);
    const once = scripted(answers(vector('axdr-nulls')));
    const profile = drive(readProfile(association(), { logicalName: PROFILE, captureObjects: columns, capturePeriodSeconds: 900 }), once.peer);
    expect(profile.rows).toHaveLength(3);
    const some = scripted(answers('0100'));
    const range = { from: 0, to: 1, columns: [columns[2]!] };
    expect(drive(readProfile(association(), { logicalName: PROFILE, captureObjects: columns, range }), some.peer)).toEqual({ columns: [columns[2]], rows: [] });
    const entries = { from: 1, to: 1, fromColumn: 2, toColumn: 2 };
    expect(drive(readProfile(association(), { logicalName: PROFILE, captureObjects: columns, entries }), scripted(answers('0101 0201 1107'.replaceAll(' ', ''))).peer)).toEqual({
      columns: [columns[1]],
      rows: [[{ type: 'unsigned', value: 7 }]],
    });
  });

  it('that can not be put back are told', () => {
    const request = { logicalName: PROFILE, captureObjects: [], capturePeriodSeconds: 900 };
    expect(errorOf(() => drive(readProfile(association(), request), scripted(answers('01011107')).peer))).toMatchObject({ code: 'data', message: expect.stringContaining('row 1') });
    expect(errorOf(() => drive(readProfile(association(), request), scripted(answers('1107')).peer)).code).toBe('data');
    expect(errorOf(() => drive(readProfile(association(), { logicalName: PROFILE }), scripted(answers('0101020112000 8'.replaceAll(' ', ''))).peer)).code).toBe('data');
  });

  it('take a data index of any integer type', () => {
    for (const index of ['120001', '100001', '1101', '0600000001']) {
      expect(captureObjectOf(dataOf(`0204120003090601000108 00FF0F02${index}`.replaceAll(' ', '')))).toMatchObject({ dataIndex: 1, obis: '1-0:1.8.0*255' });
    }
  });
});

describe('objects', () => {
  it('are listed with their rights', () => {
    const { peer } = scripted(answers(`0102${vector('axdr-objentry')}0204 120007 1101 0906 0100630100FF 0202 0101 0203 0F02 1601 0102 0F01 0F02 0100`.replaceAll(' ', '')));
    const [register, profile] = drive(readObjectList(association()), peer);
    expect(register).toMatchObject({ classId: 3, version: 0, obis: '1-0:1.8.0*255', methods: [{ method: 1, mode: 0 }] });
    expect(register?.attributes).toEqual([1, 2, 3].map((attribute) => ({ attribute, mode: 1, selectors: [] })));
    expect(profile).toMatchObject({ classId: 7, version: 1, attributes: [{ attribute: 2, mode: 1, selectors: [1, 2] }], methods: [] });
  });

  it('of servers that leave rights out are listed all the same', () => {
    const { peer } = scripted(answers('0101020312000311000906 0100010800FF'.replaceAll(' ', '')));
    expect(drive(readObjectList(association()), peer)).toMatchObject([{ classId: 3, attributes: [], methods: [] }]);
    expect(errorOf(() => drive(readObjectList(association()), scripted(answers('010102021200031100')).peer)).code).toBe('data');
    expect(errorOf(() => drive(readObjectList(association()), scripted(answers('0101020312000311000905 0100010800'.replaceAll(' ', ''))).peer)).code).toBe('data');
  });

  it('have names and counters', () => {
    expect(hexOf(drive(readLogicalDeviceName(association()), scripted(answers('0903414243')).peer))).toBe('414243');
    expect(hexOf(drive(readLogicalDeviceName(association()), scripted(answers('0A03414243')).peer))).toBe('414243');
    expect(drive(readInvocationCounter(association(), parseObis('0-0:43.1.0*255')), scripted(answers('0600000105')).peer)).toBe(261);
  });
});

describe('values for people', () => {
  it.each([
    ['00', null],
    ['FF', null],
    ['0301', true],
    ['040CABC0', '101010111100'],
    ['14FFFFFFFFFFFFFFFE', -2n],
    ['0C03C48D61', 'ča'],
    ['0202110116 05'.replaceAll(' ', ''), [1, 5]],
  ])('%s', (hex, value) => {
    expect(plainValue(dataOf(hex))).toEqual(value);
    expect(encodeData(dataOf(hex))).toEqual(bytesOf(hex));
  });

  it('are texts where they can be', () => {
    expect(['0903414243', '0903010203', '0900', '1105', '0A0141', '0100'].map((hex) => textOf(dataOf(hex)))).toEqual(['ABC', '010203', '', '5', 'A', 'array']);
  });
});
