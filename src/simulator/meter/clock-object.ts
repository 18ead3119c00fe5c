/**
 * The clock (class 8). Civil time is a fixed offset from UTC, the whole run long: time zone and daylight saving can be read
 * and not written. Setting the clock changes what the device shows, and the times in its logs; rows of profiles keep the
 * grid's time.
 */

import { ActionResult, DataAccessResult } from '../../protocol/dlms/apdu/results.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import type { CosemAttribute, CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { floorTo } from './civil-times.ts';
import { constant, cosemObject, live, method, StoredValue } from './cosem-builder.ts';
import { aDateTime, instantIn, structureOf } from './data-checks.ts';
import { boolean, enumeration, integer, long, NO_DATE_TIME, octets, putClock, structure, unsigned } from './data-values.ts';
import type { Device } from './device.ts';

export const CLOCK_NAME = '0.0.1.0.0.255';

/** Years that a clock can be set to: 2000 to 2105. */
const SET_MIN = 946_684_800;
const SET_MAX = 4_291_747_200;
const SHIFT_SECONDS_MAX = 900;
const CRYSTAL = 1;

export function clockObject<D extends Device>(options: { readonly offsetMinutes: number; readonly intervalSeconds: number }): CosemObject<D> {
  const { offsetMinutes, intervalSeconds } = options;
  const preset = new StoredValue<D>('clock/preset', structure([NO_DATE_TIME, NO_DATE_TIME, NO_DATE_TIME]));
  const round = (seconds: number) => (device: D) => {
    device.setClock(floorTo(device.clock + seconds / 2, seconds, offsetMinutes));
    return ActionResult.success;
  };
  return cosemObject<D>(8, 0, CLOCK_NAME, [
    timeAttribute(offsetMinutes),
    constant(3, long(0 - offsetMinutes), 'public'),
    constant(4, unsigned(0), 'public'),
    constant(5, octets(LAST_SUNDAY_OF_MARCH), 'public'),
    constant(6, octets(LAST_SUNDAY_OF_OCTOBER), 'public'),
    constant(7, integer(60), 'public'),
    constant(8, boolean(false), 'public'),
    constant(9, enumeration(CRYSTAL), 'public'),
  ], [
    method(1, round(900)),
    method(2, round(intervalSeconds)),
    method(3, round(60)),
    method(4, (device) => adjustToPreset(device, preset.of(device), offsetMinutes)),
    method(5, (device, parameter) => {
      if (parameter === null || aPreset(parameter) !== DataAccessResult.success) return ActionResult.typeUnmatched;
      return preset.set(device, parameter) === DataAccessResult.success ? ActionResult.success : ActionResult.otherReason;
    }),
    method(6, (device, parameter) => {
      if (parameter?.type !== 'long') return ActionResult.typeUnmatched;
      if (Math.abs(parameter.value) > SHIFT_SECONDS_MAX) return ActionResult.otherReason;
      device.setClock(device.clock + parameter.value);
      return ActionResult.success;
    }),
  ]);
}

function timeAttribute<D extends Device>(offsetMinutes: number): CosemAttribute<D> {
  return {
    ...live<D>(2, (device, out) => putClock(out, device.clock, offsetMinutes), { read: 'public' }),
    write: 'manager',
    set: (device, value) => {
      if (!device.reachable) return DataAccessResult.temporaryFailure;
      if (value.type !== 'octet-string' && value.type !== 'date-time') return DataAccessResult.typeUnmatched;
      const time = instantIn(value, offsetMinutes);
      if (time === null || time < SET_MIN || time >= SET_MAX) return DataAccessResult.otherReason;
      device.setClock(time);
      return DataAccessResult.success;
    },
  };
}

/** Preset time, and from when to when it may be put into effect. */
const aPreset = structureOf(aDateTime, aDateTime, aDateTime);

function adjustToPreset(device: Device, preset: Data, offsetMinutes: number): number {
  if (preset.type !== 'structure') return ActionResult.otherReason;
  const [time, from, to] = preset.value.map((part) => instantIn(part, offsetMinutes));
  if (time === undefined || time === null || time < SET_MIN || time >= SET_MAX) return ActionResult.otherReason;
  const { clock } = device;
  if (clock < (from ?? -Infinity) || clock > (to ?? Infinity)) return ActionResult.otherReason;
  device.setClock(time);
  return ActionResult.success;
}

/** At 02:00 and 03:00. */
const LAST_SUNDAY_OF_MARCH = Uint8Array.of(0xff, 0xff, 0x03, 0xfe, 0x07, 0x02, 0, 0, 0, 0x80, 0, 0);
const LAST_SUNDAY_OF_OCTOBER = Uint8Array.of(0xff, 0xff, 0x0a, 0xfe, 0x07, 0x03, 0, 0, 0, 0x80, 0, 0);
