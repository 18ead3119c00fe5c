/**
 * Tariff calendar: activity calendar (class 20), special days (class 11), register activation (class 6) and the tariff that
 * runs. The active calendar is that of the meter's tariff in the scenario until another one is activated; which rate counts is
 * the scenario's either way (control is not truth, see meter-view.ts).
 */

import { ActionResult, DataAccessResult } from '../../protocol/dlms/apdu/results.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { computed, constant, cosemObject, live, method, stored, StoredValue } from './cosem-builder.ts';
import { aDate, aDateTime, aLogicalName, aLongUnsigned, anUnsigned, arrayOf, aTime, type Check, instantIn, octetsOf, structureOf } from './data-checks.ts';
import { array, longUnsigned, name, NO_DATE_TIME, octets, structure, text, unsigned } from './data-values.ts';
import { STANDARD_LOG } from './device.ts';
import type { MeterView } from './meter-view.ts';
import { ScriptTable } from './scripts.ts';

const NAME_BYTES_MAX = 16;
const SEASONS_MAX = 8;
const WEEKS_MAX = 8;
const DAYS_MAX = 16;
const ACTIONS_MAX = 12;
const SPECIAL_DAYS_MAX = 64;
const TARIFF_ACTIVATED = 9;
const PASSIVE_PROGRAMMED = 19;

const aName = octetsOf(0, NAME_BYTES_MAX);
const seasons = arrayOf(structureOf(aName, aDateTime, aName), SEASONS_MAX);
const weeks = arrayOf(structureOf(aName, ...Array.from({ length: 7 }, () => anUnsigned)), WEEKS_MAX);
const dayActions = arrayOf(structureOf(aTime, aLogicalName, aLongUnsigned), ACTIONS_MAX);
const days = arrayOf(structureOf(anUnsigned, dayActions), DAYS_MAX);

/** Name, seasons, weeks, days: attributes 2 .. 5 of the active calendar, 6 .. 9 of the passive one. */
const PARTS: readonly { readonly check: Check; readonly initial: Data | ((device: MeterView) => Data) }[] = [
  { check: aName, initial: text('SCENARIO') },
  { check: seasons, initial: array([structure([text('YEAR'), octets(Uint8Array.of(0xff, 0xff, 1, 1, 0xff, 0, 0, 0, 0, 0x80, 0, 0xff)), text('WEEK')])]) },
  { check: weeks, initial: array([structure([text('WEEK'), ...Array.from({ length: 7 }, () => unsigned(1))])]) },
  { check: days, initial: (device) => array([structure([unsigned(1), array(switches(device))])]) },
];

export function activityCalendar(): CosemObject<MeterView> {
  const active = PARTS.map(({ initial }, i) => new StoredValue<MeterView>(`calendar/active/${i}`, initial));
  const passive = PARTS.map((_, i) => new StoredValue<MeterView>(`calendar/passive/${i}`, i === 0 ? text('') : array([])));
  const time = new StoredValue<MeterView>('calendar/activation', NO_DATE_TIME);

  const activate = (device: MeterView): number => {
    for (const [i, part] of active.entries()) {
      const result = part.set(device, passive[i]!.of(device));
      if (result !== DataAccessResult.success) return result;
    }
    device.log(STANDARD_LOG, TARIFF_ACTIVATED);
    return DataAccessResult.success;
  };
  /** An activation that became due is carried out when somebody looks. */
  const settle = (device: MeterView): void => {
    if ((device.change?.value(time.name) ?? null) === null) return;
    const due = instantIn(time.of(device), device.kind.offsetMinutes);
    if (due === null || due > device.clock) return;
    time.clear(device);
    activate(device);
  };
  return cosemObject<MeterView>(20, 0, '0.0.13.0.0.255', [
    ...active.map((part, i) =>
      computed<MeterView>(2 + i, (device) => {
        settle(device);
        return part.of(device);
      }),
    ),
    ...passive.map((part, i) =>
      stored(6 + i, part, {
        check: PARTS[i]!.check,
        changed: (device) => {
          if (i === 0) device.log(STANDARD_LOG, PASSIVE_PROGRAMMED);
        },
      }),
    ),
    stored(10, time, { check: aDateTime }),
  ], [
    method(1, (device) => (activate(device) === DataAccessResult.success ? ActionResult.success : ActionResult.otherReason)),
  ]);
}

/** When the tariff of the scenario switches, midnight first: script 1 is the high rate, 2 the low one. */
function switches(device: MeterView): readonly Data[] {
  const low = device.kind.quantities.lowWindows(device.number);
  const actions: Data[] = [];
  const add = (minute: number, rate: number): void => {
    const at = Uint8Array.of(Math.floor(minute / 60), minute % 60, 0, 0);
    actions.push(structure([octets(at), name(ScriptTable.tariff), longUnsigned(rate)]));
  };
  let minute = 0;
  for (const { fromMinute, toMinute } of low) {
    if (fromMinute > minute || minute === 0) {
      if (fromMinute > 0) add(minute, 1);
      add(fromMinute, 2);
    }
    minute = toMinute;
  }
  if (minute < 24 * 60) add(minute, 1);
  return actions;
}

export function specialDays(): CosemObject<MeterView> {
  const entry = structureOf(aLongUnsigned, aDate, anUnsigned);
  const entries = new StoredValue<MeterView>('special-days', array([]));
  const without = (device: MeterView, index: number): readonly Data[] => {
    const all = entries.of(device);
    return all.type === 'array' ? all.value.filter((day) => indexOf(day) !== index) : [];
  };
  const set = (device: MeterView, list: readonly Data[]): number =>
    list.length <= SPECIAL_DAYS_MAX && entries.set(device, array(list)) === DataAccessResult.success
      ? ActionResult.success
      : ActionResult.otherReason;
  return cosemObject<MeterView>(11, 0, '0.0.11.0.0.255', [
    stored(2, entries, { check: arrayOf(entry, SPECIAL_DAYS_MAX) }),
  ], [
    method(1, (device, parameter) => {
      if (parameter === null || entry(parameter) !== DataAccessResult.success) return ActionResult.typeUnmatched;
      return set(device, [...without(device, indexOf(parameter)), parameter]);
    }),
    method(2, (device, parameter) => {
      if (parameter?.type !== 'long-unsigned') return ActionResult.typeUnmatched;
      return set(device, without(device, parameter.value));
    }),
  ]);
}

function indexOf(day: Data): number {
  const index = day.type === 'structure' ? day.value[0] : undefined;
  return index?.type === 'long-unsigned' ? index.value : -1;
}

/** The registers of the rates, and the mask of those that count now. */
export function registerActivation(): CosemObject<MeterView> {
  const rates = [1, 2];
  return cosemObject<MeterView>(6, 0, '0.0.14.0.0.255', [
    constant(2, array(rates.map((rate) => structure([longUnsigned(3), name(`1.0.1.8.${rate}.255`)])))),
    constant(3, array(rates.map((rate) => structure([text(`T${rate}`), array([unsigned(rate)])])))),
    computed(4, (device) => text(`T${device.kind.quantities.activeRate(device.number, device.now)}`)),
  ]);
}

/** Currently active tariff: 1 high, 2 low. */
export function activeTariff(): CosemObject<MeterView> {
  return cosemObject<MeterView>(1, 0, '0.0.96.14.0.255', [
    live(2, (device, out) => out.unsigned(device.kind.quantities.activeRate(device.number, device.now))),
  ]);
}
