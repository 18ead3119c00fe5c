import { describe, expect, it } from 'vitest';
import { DAY_TYPES, SEASONS } from './calendar.ts';
import { parseCurves } from './curve-file.ts';
import { PatternError } from './pattern-error.ts';

const NUMBERS = Array.from({ length: 96 }, (_, slot) => (slot % 8) + 0.25);
const SLOT_VALUE = ['slot,value', ...NUMBERS.map((value, slot) => `${slot},${value}`)];

function seasonTable(value: (season: number, dayType: number, slot: number) => number): string[] {
  const rows = ['season,daytype,slot,start,value'];
  SEASONS.forEach((season, s) =>
    DAY_TYPES.forEach((dayType, d) => {
      for (let slot = 0; slot < 96; slot++) rows.push(`${season},${dayType},${slot},xx:xx,${value(s, d, slot)}`);
    }),
  );
  return rows;
}

function monthTable(): string[] {
  const rows = ['month;daytype;slot;value'];
  for (let month = 12; month >= 1; month--) {
    for (const dayType of ['sunday_or_holiday', 'Workday', 'saturday']) {
      for (let slot = 95; slot >= 0; slot--) rows.push(`${month};${dayType};${slot};${month},${slot + 10}`);
    }
  }
  return rows;
}

describe('parseCurves reads', () => {
  const single = { layout: 'single', curves: [Float64Array.from(NUMBERS)] };

  it('96 numbers in a column, in a line, with comments, quotes, semicolons, decimal commas, BOM and CRLF', () => {
    expect(parseCurves('f', NUMBERS.join('\n'))).toEqual(single);
    expect(parseCurves('f', NUMBERS.join(','))).toEqual(single);
    expect(parseCurves('f', `\uFEFF# mine\r\n\r\n${NUMBERS.join('\r\n')}\r\n`)).toEqual(single);
    expect(parseCurves('f', NUMBERS.map((v) => `"${v}"`).join(' ; '))).toEqual(single);
    expect(parseCurves('f', NUMBERS.map((v) => String(v).replace('.', ',')).join(';'))).toEqual(single);
    expect(parseCurves('f', NUMBERS.map((v) => v.toExponential()).join('\n'))).toEqual(single);
  });

  it('slot,value in any order', () => {
    expect(parseCurves('f', SLOT_VALUE.join('\n'))).toEqual(single);
    expect(parseCurves('f', ['Value,Slot', ...NUMBERS.map((v, s) => `${v},${s}`).toReversed()].join('\n'))).toEqual(single);
  });

  it('seasons and months by type of day', () => {
    const seasons = parseCurves('f', seasonTable((s, d, slot) => 1000 * s + 100 * d + slot).join('\n'));
    expect(seasons.layout).toBe('season');
    expect(seasons.curves.map((curve) => curve[95])).toEqual([95, 195, 295, 1095, 1195, 1295, 2095, 2195, 2295]);
    const months = parseCurves('f', monthTable().join('\n'));
    expect(months.layout).toBe('month');
    expect(months.curves).toHaveLength(36);
    expect(months.curves.map((curve) => curve[0])).toEqual(Array.from({ length: 36 }, (_, c) => Number(`${Math.floor(c / 3) + 1}.10`)));
  });
});

describe('parseCurves refuses', () => {
  const with96 = (slot: number, text: string): string => NUMBERS.map((v, s) => (s === slot ? text : v)).join('\n');
  const tableWithout = (line: number): string => SLOT_VALUE.filter((_, i) => i !== line).join('\n');
  const tableWith = (line: number, text: string): string => SLOT_VALUE.map((row, i) => (i === line ? text : row)).join('\n');
  const layouts = '96 numbers, or a table with the columns slot,value or season,daytype,slot,value or month,daytype,slot,value';
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['an empty file', '', 'PATTERN_EMPTY', `f.csv: found no line with content; allowed: ${layouts}`],
    ['comments alone', '# x\n\n', 'PATTERN_EMPTY', `f.csv: found no line with content; allowed: ${layouts}`],
    ['95 numbers', NUMBERS.slice(1).join('\n'), 'PATTERN_INCOMPLETE', 'f.csv:1: found 95 numbers; allowed: 96 numbers, one a quarter hour'],
    ['97 numbers', `# c\n${NUMBERS.join(',')},1`, 'PATTERN_INCOMPLETE', 'f.csv:2: found 97 numbers; allowed: 96 numbers, one a quarter hour'],
    ['a word', with96(7, 'x1'), 'PATTERN_VALUE', 'f.csv:8: found the value "x1"; allowed: a number from 0 to 1e12'],
    ['a negative', with96(0, '-1'), 'PATTERN_VALUE', 'f.csv:1: found the value "-1"; allowed: a number from 0 to 1e12'],
    ['nothing', NUMBERS.join(',').replace('1.25', ''), 'PATTERN_VALUE', 'f.csv:1: found the value ""; allowed: a number from 0 to 1e12'],
    ['too much', with96(3, '1e13'), 'PATTERN_VALUE', 'f.csv:4: found the value "1e13"; allowed: a number from 0 to 1e12'],
    ['a decimal comma between commas', with96(2, '1,5'), 'PATTERN_LAYOUT', 'f.csv:3: found 2 fields; allowed: one number a line, or all 96 in one line'],
    ['zeros alone', NUMBERS.map(() => 0).join('\n'), 'PATTERN_VALUE', 'f.csv:1: found 96 zeros; allowed: at least one number above 0'],
    ['an unknown column', `slot,valeu\n0,1`, 'PATTERN_COLUMN', `f.csv:1: found the column "valeu"; allowed: ${layouts}`],
    ['a column twice', `slot,value,slot\n0,1,0`, 'PATTERN_COLUMN', 'f.csv:1: found the column "slot" twice; allowed: each column once'],
    ['a column too few', `season,slot,value\nwinter,0,1`, 'PATTERN_COLUMN', `f.csv:1: found the columns season,slot,value; allowed: ${layouts}`],
    ['season and month', `season,month,daytype,slot,value\n`, 'PATTERN_COLUMN', `f.csv:1: found the columns season,month,daytype,slot,value; allowed: ${layouts}`],
    ['a daytype alone', `daytype,slot,value\n`, 'PATTERN_COLUMN', `f.csv:1: found the columns daytype,slot,value; allowed: ${layouts}`],
    ['a missing slot', tableWithout(5), 'PATTERN_INCOMPLETE', 'f.csv:96: found no row for slot 4; allowed: 96 rows, one for each slot of each curve'],
    ['a slot twice', tableWith(5, '3,1'), 'PATTERN_DUPLICATE', 'f.csv:6: found slot 3, which line 5 has already; allowed: each slot once'],
    ['slot 96', tableWith(5, '96,1'), 'PATTERN_VALUE', 'f.csv:6: found the slot "96"; allowed: a whole number from 0 to 95'],
    ['slot 1.5', tableWith(5, '1.5,1'), 'PATTERN_VALUE', 'f.csv:6: found the slot "1.5"; allowed: a whole number from 0 to 95'],
    ['a field too many', tableWith(9, '8,1,5'), 'PATTERN_LAYOUT', 'f.csv:10: found 3 fields; allowed: 2 fields, as the header has'],
    ['an unknown season', `season,daytype,slot,value\nspring,workday,0,1`, 'PATTERN_VALUE', 'f.csv:2: found the season "spring"; allowed: winter, transition, summer'],
    ['an unknown day', `season,daytype,slot,value\nwinter,monday,0,1`, 'PATTERN_VALUE', 'f.csv:2: found the daytype "monday"; allowed: workday, saturday, sunday'],
    ['month 13', `month;daytype;slot;value\n13;workday;0;1`, 'PATTERN_VALUE', 'f.csv:2: found the month "13"; allowed: a whole number from 1 to 12'],
    ['a header alone', 'slot,value', 'PATTERN_INCOMPLETE', 'f.csv:1: found no row for slot 0; allowed: 96 rows, one for each slot of each curve'],
    ['a missing season', seasonTable(() => 1).filter((row) => !row.startsWith('summer,saturday')).join('\n'), 'PATTERN_INCOMPLETE', 'f.csv:769: found no row for summer saturday slot 0; allowed: 864 rows, one for each slot of each curve'],
    ['a season of zeros', seasonTable((s, d) => (s === 1 && d === 2 ? 0 : 1)).join('\n'), 'PATTERN_VALUE', 'f.csv:482: found only zeros for transition sunday all slots; allowed: at least one value above 0'],
    ['a month missing', monthTable().slice(0, -96).join('\n'), 'PATTERN_INCOMPLETE', 'f.csv:3361: found no row for month 1 saturday slot 0; allowed: 3456 rows, one for each slot of each curve'],
  ];

  it.each(cases)('%s', (_, text, code, message) => {
    let error: unknown;
    try {
      parseCurves('f.csv', text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(PatternError);
    expect(error).toMatchObject({ code, message, file: 'f.csv' });
  });
});
