/**
 * OBIS codes (IEC 62056-6-1): six numbers that name what a meter measures, and the logical name of every COSEM object.
 *
 *   A medium - B channel : C quantity . D processing . E rate * F billing period
 */

import { assert, AssertionError } from '../../../base/assert.ts';

export const OBIS_BYTES = 6;

/**
 * The code in `text`: `1-0:1.8.0*255`, `1.0.1.8.0.255`, or `1-0:1.8.0`, whose F is 255. Null when it is none; for what a
 * user wrote.
 */
export function obisOf(text: string): Uint8Array | null {
  const parts = FORM.exec(text)?.slice(1) ?? [];
  const numbers = parts.filter((part) => part !== undefined).map(Number);
  if (numbers.length === OBIS_BYTES - 1) numbers.push(255);
  if (numbers.length !== OBIS_BYTES || numbers.some((number) => number > 255)) return null;
  return Uint8Array.from(numbers);
}

/** The same for what stands in a program: `text` must be a code. */
export function parseObis(text: string): Uint8Array {
  const code = obisOf(text);
  if (code === null) throw new AssertionError(`an OBIS code is written 1-0:1.8.0*255 or 1.0.1.8.0.255, not ${text}`);
  return code;
}

/** `1-0:1.8.0*255`. `code`: 6 bytes. */
export function formatObis(code: Uint8Array): string {
  assert(code.length === OBIS_BYTES, 'an OBIS code has 6 bytes');
  const [a, b, c, d, e, f] = code;
  return `${a}-${b}:${c}.${d}.${e}*${f}`;
}

const N = '(\\d{1,3})';
const FORM = new RegExp(`^(?:${N}-${N}:${N}\\.${N}\\.${N}(?:[*.]${N})?|${N}\\.${N}\\.${N}\\.${N}\\.${N}\\.${N})$`);
