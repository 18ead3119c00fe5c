/**
 * Names of our devices. `MSM` is the code of a maker that does not exist: Meterstorm's own.
 *
 * Logical device name, 16 ASCII characters: the maker's three letters, the kind, and the number in 11 digits.
 *
 *   MSMDC00000000042   concentrator 42
 *   MSMMT00000001000   meter 1000; `00000001000` is its serial number
 *
 * System title, 8 bytes: the maker's three letters, then 40 bits of which the first is 1 for a concentrator and 0 for a meter.
 */

import { assert } from '../../../base/assert.ts';
import { SYSTEM_TITLE_BYTES } from '../security/suite.ts';

export const LOGICAL_DEVICE_NAME_BYTES = 16;
export const CONCENTRATOR_NUMBER_MAX = 99_999_999_999;
/** A meter's number is a u32. */
export const METER_NUMBER_MAX = 2 ** 32 - 1;
export const SERIAL_BYTES = 11;

/** Writes the name of concentrator `number` (0 .. 99999999999) at `at`; answers where it ends. */
export function putConcentratorName(target: Uint8Array, at: number, number: number): number {
  assert(Number.isInteger(number) && number >= 0 && number <= CONCENTRATOR_NUMBER_MAX, 'a concentrator number has 11 digits');
  return putName(target, at, CONCENTRATOR, number);
}

/** The number in the `length` bytes at `at`, or null when that is not the name of one of our concentrators. */
export function concentratorNumber(bytes: Uint8Array, at: number, length: number): number | null {
  return numberOf(bytes, at, length, CONCENTRATOR);
}

/** Writes the name of meter `number` (u32) at `at`; answers where it ends. */
export function putMeterName(target: Uint8Array, at: number, number: number): number {
  assert(Number.isInteger(number) && number >= 0 && number <= METER_NUMBER_MAX, 'a meter number is a u32');
  return putName(target, at, METER, number);
}

/** The number in the `length` bytes at `at`, or null when that is not the name of one of our meters. */
export function meterNumber(bytes: Uint8Array, at: number, length: number): number | null {
  const number = numberOf(bytes, at, length, METER);
  return number === null || number > METER_NUMBER_MAX ? null : number;
}

/** Serial number of a meter or a concentrator: the number in 11 digits, ASCII. */
export function serialOf(number: number): Uint8Array {
  assert(Number.isInteger(number) && number >= 0 && number <= CONCENTRATOR_NUMBER_MAX, 'a serial number has 11 digits');
  const serial = new Uint8Array(SERIAL_BYTES);
  putNumber(serial, 0, number);
  return serial;
}

/** The meter with this serial number (11 ASCII digits); null: no meter has it. */
export function meterOfSerial(serial: Uint8Array): number | null {
  if (serial.length !== SERIAL_BYTES) return null;
  const number = digitsAt(serial, 0);
  return number === null || number > METER_NUMBER_MAX ? null : number;
}

export function meterSystemTitle(number: number): Uint8Array {
  assert(Number.isInteger(number) && number >= 0 && number <= METER_NUMBER_MAX, 'a meter number is a u32');
  return systemTitle(0, number);
}

export function concentratorSystemTitle(number: number): Uint8Array {
  assert(Number.isInteger(number) && number >= 0 && number <= CONCENTRATOR_NUMBER_MAX, 'a concentrator number has 11 digits');
  return systemTitle(0x80, number);
}

/** `MSMDC` and `MSMMT` */
const CONCENTRATOR = Uint8Array.of(0x4d, 0x53, 0x4d, 0x44, 0x43);
const METER = Uint8Array.of(0x4d, 0x53, 0x4d, 0x4d, 0x54);
const KIND_BYTES = 5;
const MAKER_BYTES = 3;

function putName(target: Uint8Array, at: number, kind: Uint8Array, number: number): number {
  for (let i = 0; i < KIND_BYTES; i++) target[at + i] = kind[i]!;
  putNumber(target, at + KIND_BYTES, number);
  return at + LOGICAL_DEVICE_NAME_BYTES;
}

function numberOf(bytes: Uint8Array, at: number, length: number, kind: Uint8Array): number | null {
  if (length !== LOGICAL_DEVICE_NAME_BYTES) return null;
  for (let i = 0; i < KIND_BYTES; i++) {
    if (bytes[at + i] !== kind[i]) return null;
  }
  return digitsAt(bytes, at + KIND_BYTES);
}

/** The number that the 11 digits at `at` say; null: they are not all digits. */
function digitsAt(bytes: Uint8Array, at: number): number | null {
  let number = 0;
  for (let i = at; i < at + SERIAL_BYTES; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return null;
    number = number * 10 + digit;
  }
  return number;
}

function putNumber(target: Uint8Array, at: number, number: number): void {
  const upper = Math.floor(number / 1e6) | 0;
  putDigits(target, at, 5, upper);
  putDigits(target, at + 5, 6, number - upper * 1e6);
}

function putDigits(target: Uint8Array, at: number, digits: number, value: number): void {
  let rest = value | 0;
  for (let i = digits - 1; i >= 0; i--) {
    const next = (rest / 10) | 0;
    target[at + i] = 0x30 + rest - next * 10;
    rest = next;
  }
}

function systemTitle(kind: number, number: number): Uint8Array {
  const title = new Uint8Array(SYSTEM_TITLE_BYTES);
  title.set(METER.subarray(0, MAKER_BYTES));
  title[MAKER_BYTES] = kind | Math.floor(number / 2 ** 32);
  for (let i = 0; i < 4; i++) title[MAKER_BYTES + 1 + i] = Math.floor(number / 2 ** (24 - 8 * i));
  return title;
}
