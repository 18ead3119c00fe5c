/** What was probably meant by a value that is written in a wrong form. A hint is always itself of the right form, or null. */

import { parseInstant, parsePercent, parseRange } from './units.ts';

/** Units as they are written by mistake, lower case, by the unit that is meant. */
export const TIME_WORDS: UnitWords = {
  ms: ['msec', 'msecs', 'millis', 'millisecond', 'milliseconds'],
  s: ['sec', 'secs', 'second', 'seconds'],
  min: ['m', 'mins', 'minute', 'minutes'],
  h: ['hr', 'hrs', 'hour', 'hours'],
  d: ['day', 'days'],
};

export const ENERGY_WORDS: UnitWords = { Wh: ['wh'], kWh: ['kwh'], MWh: ['mwh'], GWh: ['gwh'] };

/** A hint for values that are a number and a unit: decimal comma, blanks, other words for the unit. */
export function repaired(parse: (text: string) => unknown, words: UnitWords): (input: unknown) => string | null {
  return (input) => {
    if (typeof input !== 'string') return null;
    const text = input
      .trim()
      .replaceAll(/(\d),(\d{1,2})(?!\d)/g, '$1.$2')
      .replaceAll(/(\d)\s+/g, '$1 ')
      .replaceAll(/[A-Za-z]+/g, (word) => unitOf(word, words));
    return text !== input && parse(text) !== null ? text : null;
  };
}

export function withoutSeparators(text: string): string | null {
  const digits = text.trim().replaceAll(/[ ,_']/g, '');
  return /^\d{1,15}$/.test(digits) ? digits : null;
}

/** The percentage that a bare number most likely stands for; 1 could be both and gets none. */
export function percentOf(value: number): string | null {
  if (value === 1 || value < 0 || value > 100) return null;
  const text = `${Number((value < 1 ? value * 100 : value).toPrecision(12))}%`;
  return parsePercent(text) === null ? null : text;
}

/** `5-10`, `5 .. 10`, `5…10`, `10..5` */
export function rangeOf(text: string): string | null {
  const match = /^\s*(\d+)\s*(?:\.\.\.?|-|–|…|to)\s*(\d+)\s*$/.exec(text);
  if (match === null) return null;
  const ends = [Number(match[1]), Number(match[2])].sort((a, b) => a - b);
  const range = ends.join('..');
  return range === text || parseRange(range) === null ? null : range;
}

/** An instant with a blank for the `T`, a fraction, or no offset: that one is taken as UTC only in the hint. */
export function instantOf(text: string): string | null {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?)? ?(Z|z|[+-]\d{2}:?\d{2})?$/.exec(text.trim());
  if (match === null) return null;
  const offset = (match[3] ?? 'Z').toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  const instant = `${match[1] ?? ''}T${match[2] ?? '00:00:00'}${offset}`;
  return instant !== text && parseInstant(instant) !== null ? instant : null;
}

/** `96x`, `"96"` */
export function timesOf(text: string): string | null {
  return /^ *\d+(?:\.\d+)? *[x×]? *$/.test(text) ? String(Number.parseFloat(text)) : null;
}

export type UnitWords = Readonly<Record<string, readonly string[]>>;

function unitOf(word: string, words: UnitWords): string {
  const lower = word.toLowerCase();
  const known = Object.entries(words).find(([unit, others]) => unit.toLowerCase() === lower || others.includes(lower));
  return known === undefined ? word : known[0];
}
