import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.ts';
import { ReadingBatch } from '../../../reading/batch.ts';
import { type PushDecoded, PushDecoder } from './push-decode.ts';
import { encodePush, type PushColumns, PushEncoder, type PushHeader, pushValueBytes } from './push-encode.ts';
import { pushBytes, pushRowsMax } from './push-format.ts';

interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly hex: string;
}

const VECTORS = JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as Vector[];
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
const utc = (iso: string): number => Date.parse(iso) / 1000;

// Written by hand, byte for byte, from the layouts of A-XDR, compact-array, date-time, wrapper and data-notification, not
// with the encoder. The client of Gurux.DLMS.Python 1.0.197 reads all three as notifications with these very values.

/** Concentrator 42, sent 2024-11-21 Thu 10:30:15.07 CET: meters 1000 and 1001 at 10:30:00. */
const REGULAR = `0001 0001 0067 0055
  0F 00000005 0C 07E80B15040A1E0F07FFC400
  0204
  0910 4D534D4443 3030303030303030303432
  0906 0000190900FF
  090C 07E80B15040A1E0000FFC400
  13 0203 06 11 06 12
  000003E8 00 000186A0
  000003E9 08 000186B4`.replaceAll(/\s/g, '');

/** Concentrator 12345678901, sent 2024-07-22 Mon 10:15:00.99 at UTC+2: rows of 08:00 and 07:45 UTC, three registers. */
const LATE = `0001 0001 0067 0063
  0F 00FFFFFF 0C 07E80716010A0F0063FF8800
  0204
  0910 4D534D4443 3132333435363738393031
  0906 0001190900FF
  00
  13 0206 06 06 11 06 06 06 2A
  FFFFFFFF 669E1180 20 00000003 00000001 00000002
  00000000 669E0DFC FF FFFFFFFF FFFFFFFE 00000001`.replaceAll(/\s/g, '');

/** One register of 2^32 makes the whole column 64 bits wide. */
const WIDE = `0001 0001 0067 005D
  0F 00000000 0C 07E80B15040A1E0F00FFC400
  0204
  0910 4D534D4443 3030303030303030303030
  0906 0000190900FF
  090C 07E80B15040A1E0000FFC400
  13 0203 06 11 15 1A
  00000001 00 0000000100000000
  00000002 80 001FFFFFFFFFFFFF`.replaceAll(/\s/g, '');

const HEADER: PushHeader = {
  concentrator: 42,
  invokeId: 5,
  sentUnixSeconds: utc('2024-11-21T09:30:15Z'),
  sentHundredths: 7,
  offsetMinutes: 60,
  late: false,
  captureUnixSeconds: utc('2024-11-21T09:30:00Z'),
  channels: 1,
};

type Row = readonly [meter: number, time: number, status: number, ...values: number[]];

function columnsOf(rows: readonly Row[]): PushColumns {
  return {
    meter: Uint32Array.from(rows, (row) => row[0]),
    time: Uint32Array.from(rows, (row) => row[1]),
    status: Uint8Array.from(rows, (row) => row[2]),
    value: Float64Array.from(rows.flatMap((row) => row.slice(3))),
  };
}

function encode(header: PushHeader, columns: PushColumns, from = 0, to = columns.meter.length): string {
  const target = new Uint8Array(5000).fill(0xee);
  const end = encodePush(target, 3, header, columns, from, to);
  expect(hexOf(target.subarray(0, 3)) + hexOf(target.subarray(end, end + 8))).toBe('EE'.repeat(11));
  return hexOf(target.subarray(3, end));
}

/** Decodes an APDU in the middle of other bytes. */
function decode(apdu: string, batch = new ReadingBatch(1000), decoder = new PushDecoder()): PushDecoded {
  const bytes = bytesOf(apdu);
  const around = new Uint8Array(bytes.length + 20).fill(0x11);
  around.set(bytes, 7);
  const before = batch.length;
  const decoded = decoder.decode(around, 7, bytes.length, batch);
  expect(batch.length).toBe(decoded.status === 'push' ? before + decoded.readings : before);
  expect(decoded.status === 'malformed').toBe(decoded.reason !== null);
  return decoded;
}

const vectorHex = (id: string): string => VECTORS.find((vector) => vector.id === id)?.hex ?? '';
const apduOf = (wpdu: string): string => wpdu.slice(16);
const rowsOf = (batch: ReadingBatch): unknown[] => Array.from({ length: batch.length }, (_, i) => batch.row(i));

/** The rows of REGULAR, however they are written. */
function expectRows(apdu: string, decoder = new PushDecoder()): PushDecoded {
  const batch = new ReadingBatch(10);
  const decoded = decode(apdu, batch, decoder);
  expect(decoded).toMatchObject({ status: 'push', rows: 2 });
  expect(rowsOf(batch)).toMatchObject([
    { meter: 1000, value: 100000, status: 0, time: utc('2024-11-21T09:30:00Z') },
    { meter: 1001, value: 100020, status: 8, time: utc('2024-11-21T09:30:00Z') },
  ]);
  return decoded;
}

describe('push vectors', () => {
  it('encodes regular rows', () => {
    expect(encode(HEADER, columnsOf([[1000, 0, 0, 100000], [1001, 0, 8, 100020]]))).toBe(REGULAR);
  });

  it('decodes regular rows', () => {
    const batch = new ReadingBatch(10);
    expect(decode(apduOf(REGULAR), batch)).toEqual({
      status: 'push',
      reason: null,
      invokeId: 5,
      sentUnixSeconds: utc('2024-11-21T09:30:15Z'),
      sentHundredths: 7,
      offsetMinutes: 60,
      concentrator: 42,
      nameOffset: 7 + 22,
      nameBytes: 16,
      late: false,
      rows: 2,
      readings: 2,
    });
    const time = utc('2024-11-21T09:30:00Z');
    expect(rowsOf(batch)).toEqual([
      { meter: 1000, channel: 0, time, value: 100000, status: 0 },
      { meter: 1001, channel: 0, time, value: 100020, status: 8 },
    ]);
  });

  const lateHeader: PushHeader = {
    concentrator: 12_345_678_901,
    invokeId: 0xffffff,
    sentUnixSeconds: utc('2024-07-22T08:15:00Z'),
    sentHundredths: 99,
    offsetMinutes: 120,
    late: true,
    captureUnixSeconds: 0,
    channels: 3,
  };

  it('encodes late rows of three registers, and a part of the columns', () => {
    const rows = columnsOf([
      [9, 9, 9, 9, 9, 9],
      [0xffffffff, utc('2024-07-22T08:00:00Z'), 0x20, 3, 1, 2],
      [0, utc('2024-07-22T07:45:00Z'), 0xff, 0xffffffff, 0xfffffffe, 1],
      [9, 9, 9, 9, 9, 9],
    ]);
    expect(encode(lateHeader, rows, 1, 3)).toBe(LATE);
  });

  it('decodes late rows of three registers, channel after channel', () => {
    const batch = new ReadingBatch(10);
    expect(decode(apduOf(LATE), batch)).toMatchObject({
      status: 'push',
      invokeId: 0xffffff,
      sentUnixSeconds: utc('2024-07-22T08:15:00Z'),
      sentHundredths: 99,
      offsetMinutes: 120,
      concentrator: 12_345_678_901,
      late: true,
      rows: 2,
      readings: 6,
    });
    const first = { meter: 0xffffffff, time: utc('2024-07-22T08:00:00Z'), status: 0x20 };
    const second = { meter: 0, time: utc('2024-07-22T07:45:00Z'), status: 0xff };
    expect(rowsOf(batch)).toEqual([
      { ...first, channel: 0, value: 3 },
      { ...second, channel: 0, value: 0xffffffff },
      { ...first, channel: 1, value: 1 },
      { ...second, channel: 1, value: 0xfffffffe },
      { ...first, channel: 2, value: 2 },
      { ...second, channel: 2, value: 1 },
    ]);
  });

  it('encodes and decodes registers that need 64 bits', () => {
    const columns = columnsOf([[1, 0, 0, 2 ** 32], [2, 0, 0x80, 2 ** 53 - 1]]);
    expect(encode({ ...HEADER, concentrator: 0, invokeId: 0, sentHundredths: 0 }, columns)).toBe(WIDE);
    const batch = new ReadingBatch(2);
    expect(decode(apduOf(WIDE), batch).status).toBe('push');
    expect([...batch.value]).toEqual([2 ** 32, 2 ** 53 - 1]);
  });

  it('says nothing of an earlier message', () => {
    const decoder = new PushDecoder();
    const fresh = { ...decode('', new ReadingBatch(1), decoder) };
    for (const message of [LATE, REGULAR]) {
      decode(apduOf(message), new ReadingBatch(10), decoder);
      expect(decode('', new ReadingBatch(1), decoder)).toEqual(fresh);
      decode(apduOf(message), new ReadingBatch(10), decoder);
      const untimed = apduOf(REGULAR).replace('0C07E80B15040A1E0F07FFC400', '00');
      expect(decode(untimed, new ReadingBatch(10), decoder)).toMatchObject({
        sentUnixSeconds: null,
        sentHundredths: 0,
        offsetMinutes: 0,
        late: false,
      });
    }
  });

  it('appends to what the batch has', () => {
    const batch = new ReadingBatch(10);
    const decoder = new PushDecoder();
    decode(apduOf(LATE), batch, decoder);
    decode(apduOf(REGULAR), batch, decoder);
    expect(batch.length).toBe(8);
    expect(batch.row(5)).toMatchObject({ meter: 0, channel: 2 });
    expect(batch.row(7)).toMatchObject({ meter: 1001, channel: 0, value: 100020 });
  });
});

describe('what a lenient receiver takes', () => {
  const sent = '0C07E80B15040A1E0F07FFC400';
  const capture = '090C07E80B15040A1E0000FFC400';
  const regular = apduOf(REGULAR);

  it('no date-time of sending, or one that says nothing', () => {
    for (const none of ['00', '0CFFFFFFFFFFFFFFFFFF8000FF']) {
      expect(expectRows(regular.replace(sent, none))).toMatchObject({ sentUnixSeconds: null, offsetMinutes: 0 });
    }
  });

  it('09 0C in front of the date-time of sending', () => {
    const decoded = expectRows(regular.replace(sent, `09${sent}`));
    expect(decoded.sentUnixSeconds).toBe(utc('2024-11-21T09:30:15Z'));
  });

  it('a capture time with the tag of a date-time', () => {
    expectRows(regular.replace(capture, `19${capture.slice(4)}`));
  });

  it('deviations that are not specified: the sender, then the default', () => {
    expectRows(regular.replace(capture, capture.replace('FFC400', '800000')));
    const neither = regular.replaceAll('FFC400', '800000');
    const decoded = expectRows(neither, new PushDecoder({ defaultOffsetMinutes: 60 }));
    expect(decoded).toMatchObject({ offsetMinutes: 60, sentUnixSeconds: utc('2024-11-21T09:30:15Z') });
  });

  it('meters of 16 bits', () => {
    const rows = '1302031211060E03E800000186A003E908000186B4';
    expectRows(regular.replace(/1302.*/, rows));
  });

  it('registers of 64 bits that would not need them', () => {
    expectRows(regular.replace(/1302.*/, '1302030611151A000003E80000000000000186A0000003E90800000000000186B4'));
  });

  it('lengths and counts in longer forms', () => {
    expectRows(
      regular
        .replace('0204', '02820004')
        .replace('0910', '098400000010')
        .replace('0906', '098106')
        .replace('090C', '098300000C')
        .replace('130203', '13028103')
        .replace('06110612', '061106820012'),
    );
  });

  it('any other sender, told by its logical device name', () => {
    const name = '0A0541424F5821';
    const apdu = regular.replace(/0910.{32}/, name);
    const decoded = expectRows(apdu);
    expect(decoded).toMatchObject({ concentrator: null, nameBytes: 5 });
    expect(hexOf(bytesOf(apdu).subarray(decoded.nameOffset - 7, decoded.nameOffset - 2))).toBe('41424F5821');
  });

  it('any push setup instance and priority', () => {
    const apdu = regular.replace('0000190900FF', '0007190900FF').replace('0F00000005', '0FF0000005');
    expect(expectRows(apdu).invokeId).toBe(5);
  });

  it('a message without rows', () => {
    expect(decode(regular.replace(/12000003E8.*/, '00'))).toMatchObject({ status: 'push', rows: 0, readings: 0 });
  });
});

describe('what is malformed', () => {
  const regular = apduOf(REGULAR);
  const change = (from: string | RegExp, to: string): string => {
    const changed = regular.replace(from, to);
    expect(changed).not.toBe(regular);
    return changed;
  };

  it.each([
    ['truncated', ''],
    ['apdu-unknown', 'C401C10101'],
    ['sent-time', change('0C07E80B15040A1E0F07', '0C07E80B15040A3C0F07')],
    ['sent-time', change('0C07E80B15040A1E0F07FFC400', '0507E80B1504')],
    ['sent-time', change('0C07E80B15040A1E0F07FFC400', '0900')],
    ['length-form', change('0C07E80B15040A1E0F07FFC400', '80')],
    ['body-unknown', change('0204', '0104')],
    ['body-unknown', change('0204', '0203')],
    ['body-unknown', change('0910', '0C10')],
    ['body-unknown', change(/0910.{32}/, '0900')],
    ['body-unknown', change('0906', '0A06')],
    ['body-unknown', change('0000190900FF', '0000190901FF')],
    ['body-unknown', change('0000190900FF', '0100190900FF')],
    ['body-unknown', change('090C07E80B15040A1E0000', '0A0C07E80B15040A1E0000')],
    ['capture-time', change('090C07E80B15040A1E0000', '090C07E80B1F040A1E0000')],
    ['capture-time', change('090C07E80B15040A1E0000FFC400', '090507E80B1504')],
    ['capture-time', change('090C07E80B15040A1E0000', '090CFFFF0B15040A1E0000')],
    ['capture-time', change('090C07E80B15040A1E0000', '090C07B10B15040A1E0000')],
    ['capture-time', change('090C07E80B15040A1E0000', '090C083B0B15040A1E0000')],
    ['body-unknown', change('130203', '010203')],
    ['row-type', change('06110612', '06110512')],
    ['row-type', change('06110612', '05110612')],
    ['row-type', change('06110612', '06160612')],
    ['row-type', change(/1302.*/, '1302040611060600')],
    ['row-type', change(/1302.*/, '130205061106061500')],
    ['row-type', change(/1302.*/, '13020606110606060600')],
    ['row-type', change('090C07E80B15040A1E0000FFC400', '00')],
    ['row-bytes', change('0611061200', '0611061100').slice(0, -2)],
    ['truncated', change('06110612', '06110613')],
    ['truncated', change('06110612', '06110684FFFFFFFF')],
    ['value-range', apduOf(WIDE).replace('001FFFFFFFFFFFFF', '0020000000000000')],
    ['value-range', apduOf(WIDE).replace('001FFFFFFFFFFFFF', 'FFFFFFFFFFFFFFFF')],
    ['trailing-bytes', `${regular}00`],
  ])('answers %s (%#)', (reason, apdu) => {
    const batch = new ReadingBatch(100);
    batch.push({ meter: 1, channel: 2, time: 3, value: 4, status: 5 });
    expect(decode(apdu, batch)).toMatchObject({ status: 'malformed', reason });
    expect(batch.row(0)).toEqual({ meter: 1, channel: 2, time: 3, value: 4, status: 5 });
  });

  it.each([
    ['dn', 'body-unknown'],
    ['dn-row', 'body-unknown'],
    ['wp-push-alarm', 'body-unknown'],
    ['getr', 'apdu-unknown'],
    ['en', 'apdu-unknown'],
    ['gen-glo-u9n', 'apdu-unknown'],
  ])('tells vector %s, the push of another maker or no push, apart: %s', (id, reason) => {
    const hex = vectorHex(id);
    expect(hex).not.toBe('');
    expect(decode(id.startsWith('wp-') ? apduOf(hex) : hex)).toMatchObject({ status: 'malformed', reason });
  });

  it('reads the head of the other makers’ pushes', () => {
    const time = utc('2024-11-21T09:15:00Z');
    expect(decode(vectorHex('dn'))).toMatchObject({ invokeId: 1, sentUnixSeconds: time, offsetMinutes: 60 });
    expect(decode(vectorHex('dn-row'))).toMatchObject({ invokeId: 1, sentUnixSeconds: time });
  });

  it('never takes a truncated message', () => {
    for (const message of [REGULAR, LATE, WIDE]) {
      const apdu = apduOf(message);
      for (let length = 0; length < apdu.length; length += 2) {
        expect(decode(apdu.slice(0, length))).toMatchObject({ status: 'malformed', reason: 'truncated' });
      }
    }
  });
});

describe('a batch without room', () => {
  it('is left alone, and the need is said', () => {
    const batch = new ReadingBatch(5);
    batch.value.fill(7);
    expect(decode(apduOf(LATE), batch)).toMatchObject({ status: 'full', readings: 6, concentrator: 12_345_678_901 });
    expect([...batch.value]).toEqual([7, 7, 7, 7, 7]);
    expect(decode(apduOf(REGULAR), batch).status).toBe('push');
    expect(decode(apduOf(REGULAR), batch).status).toBe('push');
    expect(decode(apduOf(REGULAR), batch)).toMatchObject({ status: 'full', readings: 2 });
    batch.length = 0;
    expect(decode(apduOf(REGULAR), batch).status).toBe('push');
  });
});

describe('sizes', () => {
  it('says what a message takes, and the most rows that fit', () => {
    for (const late of [false, true]) {
      for (const channels of [1, 3] as const) {
        for (const valueBytes of [4, 8] as const) {
          const shape = { late, channels, valueBytes };
          for (const room of [0, 50, 82, 100, 210, 211, 212, 340, 341, 342, 1400, 65543, 1_000_000]) {
            const rows = pushRowsMax(shape, room);
            const limit = Math.min(room, 65543);
            if (rows > 0) expect(pushBytes(shape, rows)).toBeLessThanOrEqual(limit);
            expect(pushBytes(shape, rows + 1)).toBeGreaterThan(limit);
          }
        }
      }
    }
  });

  it('takes 707 bytes for 70 meters', () => {
    expect(pushBytes({ late: false, channels: 1, valueBytes: 4 }, 70)).toBe(707);
  });

  it('fills an APDU to the last row', () => {
    const shape = { late: false, channels: 1, valueBytes: 4 } as const;
    const rows = pushRowsMax(shape, Infinity);
    const columns = {
      meter: new Uint32Array(rows + 1),
      status: new Uint8Array(rows + 1),
      time: new Uint32Array(),
      value: new Float64Array(rows + 1),
    };
    const target = new Uint8Array(70_000);
    const end = encodePush(target, 0, HEADER, columns, 0, rows);
    const batch = new ReadingBatch(rows);
    expect(new PushDecoder().decode(target, 8, end - 8, batch)).toMatchObject({ status: 'push', rows });
    expect(() => encodePush(target, 0, HEADER, columns, 0, rows + 1)).toThrow('one APDU');
  });

  it('decides the width by the largest register of the rows', () => {
    const columns = columnsOf([[1, 0, 0, 2 ** 32 - 1], [2, 0, 0, 2 ** 32]]);
    expect(pushValueBytes(columns, 1, 0, 1)).toBe(4);
    expect(pushValueBytes(columns, 1, 0, 2)).toBe(8);
    expect(pushValueBytes(columns, 1, 1, 1)).toBe(4);
  });

  it('refuses what can not be sent', () => {
    const encoder = new PushEncoder();
    const columns = columnsOf([[1, 0, 0, 5]]);
    const target = new Uint8Array(100);
    const size = pushBytes({ late: false, channels: 1, valueBytes: 4 }, 1);
    expect(() => encoder.encode(target, 100 - size + 1, HEADER, columns, 0, 1)).toThrow('room');
    expect(encoder.encode(target, 100 - size, HEADER, columns, 0, 1)).toBe(100);
    expect(() => encoder.encode(target, 0, HEADER, columns, 0, 2)).toThrow('exist');
    expect(() => encoder.encode(target, 0, { ...HEADER, concentrator: 1e11 }, columns, 0, 1)).toThrow('11 digits');
    for (const value of [-1, Number.NaN, 2 ** 53]) {
      expect(() => encoder.encode(target, 0, HEADER, columnsOf([[1, 0, 0, value]]), 0, 1)).toThrow('whole number');
    }
    const untimed = { ...columns, time: new Uint32Array() };
    expect(() => encoder.encode(target, 0, { ...HEADER, late: true }, untimed, 0, 1)).toThrow('late rows have a time');
  });
});
