/**
 * A consumption pattern from a user's CSV file. Any of:
 *
 *   96 numbers           in one column or in one line: one curve for all days
 *   slot,value           slot 0 .. 95, slot 0 begins at midnight
 *   season,daytype,slot,value    winter | transition | summer; workday | saturday | sunday
 *   month,daytype,slot,value     month 1 .. 12
 *
 * Columns come in any order and may include `start`, which is not read. Lines that are empty or begin with # are skipped. The
 * separator is a comma, or a semicolon, with which numbers may have a decimal comma. Values: energy or power in any unit, the
 * same for the whole file; none negative, and at least one of each curve above 0.
 */

import { readFileSync, statSync } from 'node:fs';
import { DAY_TYPES, SEASONS } from './calendar.ts';
import { curveCount, type CurveLayout, type DayCurves, SLOTS, sumOf } from './day-curves.ts';
import { PatternError, type PatternErrorCode } from './pattern-error.ts';

const FILE_BYTES_MAX = 4 * 2 ** 20;

/** @throws PatternError */
export function readCurveFile(file: string): DayCurves {
  const allowed = 'a readable CSV file of at most 4 MiB';
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX) throw new PatternError('PATTERN_TOO_LARGE', { file, line: 0, found: `${size} bytes`, allowed });
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof PatternError) throw cause;
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new PatternError('PATTERN_UNREADABLE', { file, line: 0, found, allowed }, { cause });
  }
  return parseCurves(file, text);
}

/** `file` is for messages alone. @throws PatternError */
export function parseCurves(file: string, text: string): DayCurves {
  const lines = linesOf(text);
  const head = lines[0];
  if (head === undefined) {
    throw new PatternError('PATTERN_EMPTY', { file, line: 0, found: 'no line with content', allowed: ALLOWED_LAYOUTS });
  }
  const reader = new CurveReader(file, lines.some((line) => line.fields.length > 1 && line.semicolon));
  return head.fields.some((field) => /^[a-z_ ]+$/i.test(field))
    ? reader.table(head, lines.slice(1))
    : { layout: 'single', curves: [reader.list(head, lines)] };
}

const ALLOWED_LAYOUTS =
  '96 numbers, or a table with the columns slot,value or season,daytype,slot,value or month,daytype,slot,value';

interface Line {
  readonly number: number;
  readonly fields: readonly string[];
  readonly semicolon: boolean;
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .forEach((raw, index) => {
      const content = raw.trim();
      if (content === '' || content.startsWith('#')) return;
      const semicolon = content.includes(';');
      const fields = content.split(semicolon ? ';' : ',').map((field) => unquoted(field.trim()));
      lines.push({ number: index + 1, fields, semicolon });
    });
  return lines;
}

function unquoted(field: string): string {
  return field.length >= 2 && field.startsWith('"') && field.endsWith('"') ? field.slice(1, -1) : field;
}

type Column = 'season' | 'month' | 'daytype' | 'slot' | 'value' | 'start';

class CurveReader {
  readonly #file: string;
  readonly #decimalComma: boolean;

  constructor(file: string, decimalComma: boolean) {
    this.#file = file;
    this.#decimalComma = decimalComma;
  }

  /** 96 numbers, in one line or one a line. */
  list(first: Line, lines: readonly Line[]): Float64Array {
    const curve = new Float64Array(SLOTS);
    let slot = 0;
    for (const line of lines) {
      if (lines.length > 1 && line.fields.length !== 1) {
        throw this.#error('PATTERN_LAYOUT', line, `${line.fields.length} fields`, 'one number a line, or all 96 in one line');
      }
      for (const field of line.fields) {
        const value = this.#value(line, field);
        if (slot < SLOTS) curve[slot] = value;
        slot++;
      }
    }
    if (slot !== SLOTS) throw this.#error('PATTERN_INCOMPLETE', first, `${slot} numbers`, '96 numbers, one a quarter hour');
    if (sumOf(curve) <= 0) throw this.#error('PATTERN_VALUE', first, '96 zeros', 'at least one number above 0');
    return curve;
  }

  table(head: Line, lines: readonly Line[]): DayCurves {
    const columns = this.#columns(head);
    const layout: CurveLayout = columns.has('season') ? 'season' : columns.has('month') ? 'month' : 'single';
    const curves = Array.from({ length: curveCount(layout) }, () => new Float64Array(SLOTS));
    const seen = new Map<number, number>();
    for (const line of lines) {
      if (line.fields.length !== head.fields.length) {
        throw this.#error('PATTERN_LAYOUT', line, `${line.fields.length} fields`, `${head.fields.length} fields, as the header has`);
      }
      const field = (column: Column): string => line.fields[columns.get(column) ?? -1] ?? '';
      const curve = layout === 'single' ? 0 : this.#period(line, layout, field) * DAY_TYPES.length + this.#dayType(line, field);
      const slot = this.#wholeNumber(line, 'slot', field('slot'), { from: 0, to: SLOTS - 1 });
      const before = seen.get(curve * SLOTS + slot);
      if (before !== undefined) {
        const found = `${nameOf(layout, curve)}slot ${slot}, which line ${before} has already`;
        throw this.#error('PATTERN_DUPLICATE', line, found, 'each slot once');
      }
      seen.set(curve * SLOTS + slot, line.number);
      curves[curve]![slot] = this.#value(line, field('value'));
    }
    this.#complete(layout, curves, seen, lines.at(-1) ?? head);
    return { layout, curves };
  }

  #columns(head: Line): ReadonlyMap<Column, number> {
    const columns = new Map<Column, number>();
    head.fields.forEach((field, index) => {
      const name = field.toLowerCase();
      const column = (['season', 'month', 'daytype', 'slot', 'value', 'start'] as const).find((known) => known === name);
      if (column === undefined) throw this.#error('PATTERN_COLUMN', head, `the column ${quoted(field)}`, ALLOWED_LAYOUTS);
      if (columns.has(column)) throw this.#error('PATTERN_COLUMN', head, `the column ${quoted(field)} twice`, 'each column once');
      columns.set(column, index);
    });
    const periods = (columns.has('season') ? 1 : 0) + (columns.has('month') ? 1 : 0);
    const complete = columns.has('slot') && columns.has('value') && periods === (columns.has('daytype') ? 1 : 0);
    if (!complete) throw this.#error('PATTERN_COLUMN', head, `the columns ${head.fields.join(',')}`, ALLOWED_LAYOUTS);
    return columns;
  }

  #period(line: Line, layout: 'season' | 'month', field: (column: Column) => string): number {
    if (layout === 'month') return this.#wholeNumber(line, 'month', field('month'), { from: 1, to: 12 }) - 1;
    const season = SEASONS.findIndex((name) => name === field('season').toLowerCase());
    if (season >= 0) return season;
    throw this.#error('PATTERN_VALUE', line, `the season ${quoted(field('season'))}`, SEASONS.join(', '));
  }

  #dayType(line: Line, field: (column: Column) => string): number {
    const name = field('daytype').toLowerCase();
    const dayType = DAY_TYPES.findIndex((known) => known === (name === 'sunday_or_holiday' ? 'sunday' : name));
    if (dayType >= 0) return dayType;
    throw this.#error('PATTERN_VALUE', line, `the daytype ${quoted(field('daytype'))}`, DAY_TYPES.join(', '));
  }

  #wholeNumber(line: Line, name: string, field: string, range: { readonly from: number; readonly to: number }): number {
    const value = /^\d+$/.test(field) ? Number(field) : NaN;
    if (value >= range.from && value <= range.to) return value;
    throw this.#error('PATTERN_VALUE', line, `the ${name} ${quoted(field)}`, `a whole number from ${range.from} to ${range.to}`);
  }

  #value(line: Line, field: string): number {
    const text = this.#decimalComma ? field.replace(',', '.') : field;
    const value = /^[+]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
    if (value <= VALUE_MAX) return value;
    throw this.#error('PATTERN_VALUE', line, `the value ${quoted(field)}`, 'a number from 0 to 1e12');
  }

  #complete(layout: CurveLayout, curves: readonly Float64Array[], seen: ReadonlyMap<number, number>, last: Line): void {
    curves.forEach((curve, c) => {
      for (let slot = 0; slot < SLOTS; slot++) {
        if (seen.has(c * SLOTS + slot)) continue;
        const found = `no row for ${nameOf(layout, c)}slot ${slot}`;
        throw this.#error('PATTERN_INCOMPLETE', last, found, `${curves.length * SLOTS} rows, one for each slot of each curve`);
      }
      if (sumOf(curve) > 0) return;
      const line = { number: seen.get(c * SLOTS) ?? last.number };
      throw this.#error('PATTERN_VALUE', line, `only zeros for ${nameOf(layout, c)}all slots`, 'at least one value above 0');
    });
  }

  #error(code: PatternErrorCode, line: Pick<Line, 'number'>, found: string, allowed: string): PatternError {
    return new PatternError(code, { file: this.#file, line: line.number, found, allowed });
  }
}

const VALUE_MAX = 1e12;

/** Words for a curve, with a space after them; empty when there is one alone. */
function nameOf(layout: CurveLayout, curve: number): string {
  if (layout === 'single') return '';
  const period = Math.floor(curve / DAY_TYPES.length);
  const dayType = DAY_TYPES[curve % DAY_TYPES.length]!;
  return layout === 'season' ? `${SEASONS[period]!} ${dayType} ` : `month ${period + 1} ${dayType} `;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}
