import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Reading } from '../reading/batch.ts';
import type { MeterRange } from '../reading/source.ts';
import { parseColumnMapping } from './column-mapping.ts';
import { CsvRows } from './csv-rows.ts';
import { CsvSource } from './csv-source.ts';

const START = Date.UTC(2024, 2, 1) / 1000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterstorm-csv-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function sourceOf(content: string | Uint8Array, mapping: string, range?: MeterRange): CsvSource {
  const file = join(folder, `${files++}.csv`);
  writeFileSync(file, content);
  return new CsvSource({ file, columns: parseColumnMapping(mapping), ...(range === undefined ? {} : { range }) });
}

async function all(source: CsvSource): Promise<Reading[]> {
  const rows: Reading[] = [];
  for await (const batch of source.batches()) for (let i = 0; i < batch.length; i++) rows.push(batch.row(i));
  return rows;
}

const PLAIN = 'meter=meter,channel=channel,time=time,value=value,status=status';

describe('readings of a CSV file', () => {
  const one = { meter: 7, channel: 2, time: START, value: 12_345, status: 8 };

  test.each([
    ['a comma', `meter,channel,time,value,status\n7,2,${START},12345,8\n`, PLAIN],
    ['no last line end', `meter,channel,time,value,status\n7,2,${START},12345,8`, PLAIN],
    ['CR LF, empty lines', `meter,channel,time,value,status\r\n\r\n7,2,${START},12345,8\r\n\r\n`, PLAIN],
    ['a byte order mark', `\u{FEFF}meter,channel,time,value,status\n7,2,${START},12345,8\n`, PLAIN],
    ['a semicolon, other columns', `id;"meter";channel;note, if there is one;time;value;status\n9;7;2;a, b;${START};12345;8\n`, PLAIN],
    ['a tab', `meter\tchannel\ttime\tvalue\tstatus\n7\t2\t${START}\t12345\t8\n`, PLAIN],
    [
      'quotes',
      '"Serial No.","OBIS","note","at","Energy (kWh)","flags"\n"00000000007","1-0:1.8.2","say ""hello"",\nor not","2024-03-01 01:00:00",12.345,"8"\n',
      'meter=Serial No.,channel=OBIS,time:+01:00=at,value:kWh=Energy (kWh),status=flags',
    ],
  ])('with %s', async (_, content, mapping) => {
    expect(await all(sourceOf(content, mapping))).toEqual([one]);
    expect(await all(sourceOf(gzipSync(content), mapping))).toEqual([one]);
  });

  test('without channel and status', async () => {
    const source = sourceOf(`meter,time,value\n7,${START},1.5\n`, 'meter=meter,time=time,value:kWh=value');
    expect(source.keepsStatus).toBe(false);
    expect(await all(source)).toEqual([{ meter: 7, channel: 0, time: START, value: 1500, status: 0 }]);
  });

  test('each range has its own rows, and the first one those that name no meter', async () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => `${i % 500},${START + i},${i}`);
    const content = ['meter,time,value', ...lines, `x,${START},1`, `4294967296,${START},1`, '1,2', `400,,1`].join('\n');
    const ranges = [{ fromMeter: 0, toMeter: 200 }, { fromMeter: 200, toMeter: 300 }, { fromMeter: 300, toMeter: 2 ** 32 }];
    const sources = ranges.map((range) => sourceOf(content, 'meter=meter,time=time,value=value', range));
    const rows = (await Promise.all(sources.map(all))).map((part) => part.length);
    expect(rows).toEqual([20_000, 10_000, 20_000]);
    expect(sources.map(({ unreadable }) => unreadable.examples)).toEqual([
      [
        'line 50002: column meter says `x`: no number, serial number or logical device name of a meter',
        'line 50003: column meter says `4294967296`: no number, serial number or logical device name of a meter',
        'line 50004: 2 fields, and the first line names 3 columns',
      ],
      [],
      ['line 50005: column time is empty'],
    ]);
  });

  test('says why a row is none', async () => {
    const source = sourceOf(`meter,time,value,status\n7,${START}000,1,0\n7,2024-03-01 00:00,1,0\n7,today,1,0\n7,${START},1,300\n`, 'meter=meter,time=time,value=value,status=status');
    expect(await all(source)).toEqual([]);
    expect(source.unreadable.examples).toEqual([
      `line 2: column time says \`${START}000\`: too large for seconds; should it be milliseconds (time:ms=...)?`,
      expect.stringMatching(/^line 3: column time says `2024-03-01 00:00`: which zone is it in\?/),
      'line 4: column time says `today`: no time on a full second',
      'line 5: column status says `300`: no status byte',
    ]);
  });

  test('a value that is none stays: the reading is there, and wrong', async () => {
    expect(await all(sourceOf(`meter,time,value\n7,${START},\n`, 'meter=meter,time=time,value=value'))).toMatchObject([{ meter: 7, value: Number.NaN }]);
  });

  test('counts its rows; none while it is not there', async () => {
    const source = sourceOf('meter,time,value\n1,1,1\n2,2,2\n', 'meter=meter,time=time,value=value');
    expect(await source.countRows()).toBe(2);
    expect(await sourceOf(gzipSync('meter,time,value\n1,1,1\n2,2,2'), 'meter=meter,time=time,value=value').countRows()).toBe(2);
    expect(await sourceOf('', 'meter=meter,time=time,value=value').countRows()).toBe(0);
    expect(await new CsvSource({ file: join(folder, 'none.csv'), columns: parseColumnMapping(PLAIN) }).countRows()).toBe(0);
  });

  test.each([
    ['meter,time,value\n', 'meter=serial,time=time,value=value', 'no column `serial` for meter; its first line names meter, time, value'],
    ['meter;time;value\n', 'meter=serial,time=time,value=value', 'no column `serial` for meter; its first line names meter, time, value'],
    ['meter,time,value,time\n', 'meter=meter,time=time,value=value', 'its first line names `time` twice'],
    ['', 'meter=meter,time=time,value=value', 'is empty; its first line must name the columns'],
  ])('`%s` is refused', async (content, mapping, why) => {
    await expect(sourceOf(content, mapping).check()).rejects.toThrow(why);
    await expect(all(sourceOf(content, mapping))).rejects.toThrow(why);
  });

  test('what can not be read', async () => {
    const none = new CsvSource({ file: join(folder, 'none.csv'), columns: parseColumnMapping(PLAIN) });
    await expect(none.check()).rejects.toThrow('none.csv is not there');
    await expect(all(new CsvSource({ file: folder, columns: parseColumnMapping(PLAIN) }))).rejects.toThrow(`${folder} is a directory`);
    const cut = gzipSync(`meter,time,value\n${'1,1,1\n'.repeat(100_000)}`).subarray(0, 500);
    await expect(all(sourceOf(cut, 'meter=meter,time=time,value=value'))).rejects.toThrow('unexpected end of file');
    const open = sourceOf(`meter,time,value\n1,1,1\n"2,1,1\n${'3,1,1\n'.repeat(400_000)}`, 'meter=meter,time=time,value=value');
    await expect(all(open)).rejects.toThrow('line 3 has no end; is a quote missing?');
    await expect(all(sourceOf('meter,time,value\n1,1,"1', 'meter=meter,time=time,value=value'))).rejects.toThrow('line 2 has no end');
  });
});

test('rows are the same wherever their bytes are cut', () => {
  const content = Buffer.from('a,"b ""x"",\n\ny",c\r\n\r\n"","",\n1,2,3\n,,\n"q"');
  const expected = [
    [1, 'a', 'b "x",\n\ny', 'c'],
    [5, '', '', ''],
    [6, '1', '2', '3'],
    [7, '', '', ''],
    [8, 'q'],
  ];
  const split = (pieces: readonly Buffer[]): unknown[] => {
    const rows = new CsvRows(0x2c);
    const found: unknown[] = [];
    const take = (): void => {
      while (rows.next()) found.push([rows.line, ...Array.from({ length: rows.fields }, (_, i) => rows.text(i))]);
    };
    for (const piece of pieces) {
      rows.add(piece);
      take();
    }
    rows.end();
    take();
    return found;
  };
  expect(split([content])).toEqual(expected);
  expect(split(Array.from(content, (byte) => Buffer.of(byte)))).toEqual(expected);
  for (let cut = 1; cut < content.length; cut++) expect(split([content.subarray(0, cut), content.subarray(cut)]), String(cut)).toEqual(expected);
});
