/** Data for people and for JSON: without the types. What has to go back to a meter stays Data. */

import type { Data } from '../data/data.ts';

export type PlainValue = null | boolean | number | bigint | string | Uint8Array | readonly PlainValue[];

/** Null-data and don't-care are null, bit-strings text of 0 and 1, arrays and structures lists; octet-strings and dates stay bytes. */
export function plainValue(data: Data): PlainValue {
  switch (data.type) {
    case 'null-data':
    case 'dont-care':
      return null;
    case 'array':
    case 'structure':
    case 'compact-array':
      return data.value.map(plainValue);
    default:
      return data.value;
  }
}

/** Text as it stands; bytes as ASCII when all of them can be printed, else in hexadecimal; numbers in digits. */
export function textOf(data: Data): string {
  const value = plainValue(data);
  if (value instanceof Uint8Array) {
    const isText = value.length > 0 && value.every((byte) => byte >= 0x20 && byte < 0x7f);
    return isText ? String.fromCharCode(...value) : Array.from(value, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('');
  }
  return Array.isArray(value) ? data.type : String(value);
}
