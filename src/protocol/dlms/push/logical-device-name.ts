/**
 * Logical device name of a concentrator, 16 ASCII characters: the maker's three letters, `DC`, and the number in 11 digits.
 * `MSM` is the code of a maker that does not exist: Meterstorm's own.
 *
 *   MSMDC00000000042
 */

import { assert } from '../../../base/assert.ts';

export const LOGICAL_DEVICE_NAME_BYTES = 16;
export const CONCENTRATOR_NUMBER_MAX = 99_999_999_999;

/** Writes the name of concentrator `number` (0 .. 99999999999) at `at`; answers where it ends. */
export function putConcentratorName(target: Uint8Array, at: number, number: number): number {
  assert(Number.isInteger(number) && number >= 0 && number <= CONCENTRATOR_NUMBER_MAX, 'a concentrator number has 11 digits');
  for (let i = 0; i < PREFIX_BYTES; i++) target[at + i] = PREFIX[i]!;
  const upper = Math.floor(number / 1e6) | 0;
  putDigits(target, at + PREFIX_BYTES, 5, upper);
  putDigits(target, at + PREFIX_BYTES + 5, 6, number - upper * 1e6);
  return at + LOGICAL_DEVICE_NAME_BYTES;
}

/** The number in the `length` bytes at `at`, or null when that is not the name of one of our concentrators. */
export function concentratorNumber(bytes: Uint8Array, at: number, length: number): number | null {
  if (length !== LOGICAL_DEVICE_NAME_BYTES) return null;
  for (let i = 0; i < PREFIX_BYTES; i++) {
    if (bytes[at + i] !== PREFIX[i]) return null;
  }
  let number = 0;
  for (let i = PREFIX_BYTES; i < LOGICAL_DEVICE_NAME_BYTES; i++) {
    const digit = bytes[at + i]! - 0x30;
    if (digit < 0 || digit > 9) return null;
    number = number * 10 + digit;
  }
  return number;
}

/** `MSMDC` */
const PREFIX = Uint8Array.of(0x4d, 0x53, 0x4d, 0x44, 0x43);
const PREFIX_BYTES = PREFIX.length;

function putDigits(target: Uint8Array, at: number, digits: number, value: number): void {
  let rest = value | 0;
  for (let i = digits - 1; i >= 0; i--) {
    const next = (rest / 10) | 0;
    target[at + i] = 0x30 + rest - next * 10;
    rest = next;
  }
}
