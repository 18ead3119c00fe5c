/** Takes a Data for what a class prescribes, as leniently as meters need; throws DlmsError `data` where it is something else. */

import type { Data } from '../data/data.ts';
import { DlmsError } from './dlms-error.ts';

/** The elements of an array, compact-array or structure of any length. */
export function elementsIn(data: Data | undefined, what: string): readonly Data[] {
  if (data?.type === 'array' || data?.type === 'structure' || data?.type === 'compact-array') return data.value;
  throw other(data, what, 'an array');
}

/** The elements of a structure of at least `count`. */
export function structureIn(data: Data | undefined, count: number, what: string): readonly Data[] {
  if (data?.type === 'structure' && data.value.length >= count) return data.value;
  throw other(data, what, `a structure of ${count}`);
}

/** Of any integer type: some meters send i16 where u16 stands. */
export function numberIn(data: Data | undefined, what: string): number {
  if (data !== undefined && 'value' in data) {
    if (typeof data.value === 'number') return data.value;
    if (typeof data.value === 'bigint' || typeof data.value === 'boolean') return Number(data.value);
  }
  throw other(data, what, 'a number');
}

/** Of an octet-string or a text. */
export function bytesIn(data: Data | undefined, what: string): Uint8Array {
  if (data?.type === 'octet-string' || data?.type === 'date-time' || data?.type === 'date' || data?.type === 'time') return data.value;
  if (data?.type === 'visible-string' || data?.type === 'utf8-string') return new TextEncoder().encode(data.value);
  throw other(data, what, 'an octet-string');
}

export function logicalNameIn(data: Data | undefined, what: string): Uint8Array {
  const name = bytesIn(data, what);
  if (name.length === 6) return name;
  throw new DlmsError('data', `${what} is no logical name of 6 bytes`);
}

function other(data: Data | undefined, what: string, wanted: string): DlmsError {
  return new DlmsError('data', `${what} is not ${wanted} but ${data?.type ?? 'missing'}`);
}
