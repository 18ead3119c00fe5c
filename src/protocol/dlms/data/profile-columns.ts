/**
 * Puts back what a meter leaves out of the rows of a profile (Blue Book, "payload reduction"):
 *
 *   null-data    the value of the row above; in the column of the clock, the time above plus the capture period
 *   delta types  the value above plus the difference, in the type that the column began with
 *
 * What is above begins anew with each array, so the first row has all its values. A null-data there stands for itself.
 */

import type { Data } from './data.ts';
import { laterDateTime } from './date-time-pattern.ts';

export interface ProfileColumns {
  /** Index of the column with the time of a row; null: there is none. */
  readonly clock: number | null;
  /** 0: rows come with events, and a time left out is the time above. */
  readonly periodSeconds: number;
}

/**
 * `row-form`: the buffer is no array, or an element of it no structure. `no-base`: a difference with no number above it.
 * `value-range`: the sum does not fit the type. `clock`: the time above is no instant.
 */
export type ProfileFailure = 'row-form' | 'no-base' | 'value-range' | 'clock';

export type ProfileRows =
  | { readonly status: 'rows'; readonly rows: readonly (readonly Data[])[] }
  | { readonly status: 'failed'; readonly reason: ProfileFailure; readonly row: number; readonly column: number };

/** Rows of the buffer, an array or compact-array of structures. `column` is 0 with `row-form`. */
export function expandProfile(buffer: Data, columns: ProfileColumns): ProfileRows {
  if (buffer.type !== 'array' && buffer.type !== 'compact-array') return { status: 'failed', reason: 'row-form', row: 0, column: 0 };
  const rows: (readonly Data[])[] = [];
  let above: readonly Data[] = [];
  for (const element of buffer.value) {
    if (element.type !== 'structure') return { status: 'failed', reason: 'row-form', row: rows.length, column: 0 };
    const row: Data[] = [];
    for (const value of element.value) {
      const column = row.length;
      const expanded = expand(value, above[column] ?? null, column === columns.clock ? columns.periodSeconds : 0);
      if (typeof expanded === 'string') return { status: 'failed', reason: expanded, row: rows.length, column };
      row.push(expanded);
    }
    rows.push(row);
    above = row;
  }
  return { status: 'rows', rows };
}

function expand(value: Data, above: Data | null, periodSeconds: number): Data | ProfileFailure {
  if (value.type === 'null-data') {
    if (above === null || periodSeconds === 0) return above ?? value;
    return later(above, periodSeconds);
  }
  return isDelta(value) ? sum(above, value.value) : value;
}

type Delta = Extract<Data, { readonly value: number }> & { readonly type: `delta-${string}` };

function isDelta(data: Data): data is Delta {
  return data.type.startsWith('delta-');
}

function later(above: Data, seconds: number): Data | ProfileFailure {
  if (above.type === 'double-long-unsigned') return sum(above, seconds);
  if (above.type !== 'octet-string' && above.type !== 'date-time') return above.type === 'null-data' ? above : 'clock';
  const value = laterDateTime(above.value, seconds);
  return value === null ? 'clock' : { type: above.type, value };
}

function sum(above: Data | null, difference: number): Data | ProfileFailure {
  switch (above?.type) {
    case 'long64':
    case 'long64-unsigned': {
      const value = above.value + BigInt(difference);
      const fits = above.type === 'long64' ? BigInt.asIntN(64, value) === value : BigInt.asUintN(64, value) === value;
      return fits ? { type: above.type, value } : 'value-range';
    }
    case 'integer':
    case 'long':
    case 'double-long':
    case 'unsigned':
    case 'long-unsigned':
    case 'double-long-unsigned': {
      const value = above.value + difference;
      const [least, most] = RANGES[above.type];
      return value >= least && value <= most ? { type: above.type, value } : 'value-range';
    }
    default:
      return 'no-base';
  }
}

const RANGES = {
  integer: [-0x80, 0x7f],
  long: [-0x8000, 0x7fff],
  'double-long': [-0x80000000, 0x7fffffff],
  unsigned: [0, 0xff],
  'long-unsigned': [0, 0xffff],
  'double-long-unsigned': [0, 0xffffffff],
} as const;
