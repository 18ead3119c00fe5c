/**
 * Script tables (class 9) and the schedules that run them (class 22). Scripts of a meter:
 *
 *   0.0.10.0.0    1 end of billing period
 *   0.0.10.0.100  1 .. 4 activate tariff: accepted; which rate counts is the scenario's
 *   0.0.10.0.106  1 disconnect, 2 reconnect the supply
 *   0.0.10.0.108  1 push setup of the interval, 2 of alarms
 *
 * Nothing runs while nobody looks: a schedule that became due is carried out when its effect could be seen, with the time at
 * which it was due (`settleSchedules`).
 */

import { ActionResult } from '../../protocol/dlms/apdu/results.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { parseObis } from '../../protocol/dlms/data/obis.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { constant, cosemObject, method, stored, StoredValue } from './cosem-builder.ts';
import { aDate, aLogicalName, arrayOf, aTime, numberOf, structureOf } from './data-checks.ts';
import { array, enumeration, integer, longUnsigned, name, octets, structure } from './data-values.ts';
import type { Device } from './device.ts';
import { firstExecution } from './execution-times.ts';
import { operateRelay, SUPPLY } from './relay-bank.ts';

export const ScriptTable = Object.freeze({
  billing: '0.0.10.0.0.255',
  tariff: '0.0.10.0.100.255',
  disconnect: '0.0.10.0.106.255',
  push: '0.0.10.0.108.255',
});

/** One action of a script: executes a method with the parameter 0, or an attribute that is written. */
export interface ScriptAction {
  readonly script: number;
  readonly classId: number;
  readonly logicalName: string;
  readonly index: number;
  readonly parameter: Data;
}

const EXECUTE = 2;

/** `run`: carries out script `script` of the table; answers an action-result. */
export function scriptTable<D extends Device>(
  logicalName: string,
  actions: readonly ScriptAction[],
  run: (device: D, script: number) => number,
): CosemObject<D> {
  const scripts = actions.map(({ script, classId, logicalName: target, index, parameter }) =>
    structure([
      longUnsigned(script),
      array([structure([enumeration(EXECUTE), longUnsigned(classId), name(target), integer(index), parameter])]),
    ]),
  );
  return cosemObject<D>(9, 0, logicalName, [constant(2, array(scripts))], [
    method(1, (device, parameter) => {
      if (parameter?.type !== 'long-unsigned') return ActionResult.typeUnmatched;
      if (!actions.some(({ script }) => script === parameter.value)) return ActionResult.objectUndefined;
      return run(device, parameter.value);
    }),
  ]);
}

/** Script 1 disconnects, 2 reconnects. False: there is no such script. */
export function runDisconnectScript(device: Device, script: number, at = device.now): boolean {
  if (script !== 1 && script !== 2) return false;
  operateRelay(device, SUPPLY, script === 1 ? 'remote-disconnect' : 'remote-reconnect', at);
  return true;
}

/** The schedule of the disconnector, 0.0.15.0.1. */
export const DISCONNECT_SCHEDULE = '0.0.15.0.1.255';
const disconnectScript = new StoredValue<Device>('disconnect-schedule/script', scriptReference(ScriptTable.disconnect, 1));
const disconnectTimes = new StoredValue<Device>('disconnect-schedule/times', array([]));

export function disconnectSchedule<D extends Device>(): CosemObject<D> {
  return cosemObject<D>(22, 0, DISCONNECT_SCHEDULE, [
    stored(2, disconnectScript, { check: structureOf(aLogicalName, numberOf('long-unsigned', 1, 2)), changing: settleSchedules, changed: watch }),
    constant(3, enumeration(DIFFERENT_TIMES_WILDCARDS)),
    stored(4, disconnectTimes, { check: executionTimes, changing: settleSchedules, changed: watch }),
  ]);
}

/** From now on, times of the schedule may become due. */
function watch(device: Device): void {
  device.touch().settledAt = device.now;
}

/** A schedule that is part of the meter's making and can't be written. */
export function fixedSchedule<D extends Device>(
  logicalName: string,
  script: { readonly table: string; readonly selector: number },
  times: readonly Data[],
): CosemObject<D> {
  return cosemObject<D>(22, 0, logicalName, [
    constant(2, scriptReference(script.table, script.selector)),
    constant(3, enumeration(DIFFERENT_TIMES_WILDCARDS)),
    constant(4, array(times)),
  ]);
}

/** Carries out what became due since the last time somebody looked. Before relay and log are read or changed. */
export function settleSchedules(device: Device): void {
  const settledAt = device.change?.settledAt ?? -1;
  if (settledAt < 0) return;
  const { now } = device;
  device.touch().settledAt = now;
  const due = firstExecution(disconnectTimes.of(device), { after: settledAt, to: now }, device.kind.offsetMinutes);
  if (due === null) return;
  const script = disconnectScript.of(device);
  if (script.type !== 'structure') return;
  const [table, selector] = script.value;
  if (table?.type !== 'octet-string' || selector?.type !== 'long-unsigned') return;
  // Further times until now would do the same again, and find it done.
  if (DISCONNECT_TABLE.every((byte, i) => table.value[i] === byte)) runDisconnectScript(device, selector.value, due);
}

/** Time of day and date, FF: each. */
export function executionTime(time: readonly [number, number, number], dayOfMonth = OPEN): Data {
  return structure([octets(Uint8Array.of(...time, 0)), octets(Uint8Array.of(OPEN, OPEN, OPEN, dayOfMonth, OPEN))]);
}

export function scriptReference(table: string, selector: number): Data {
  return structure([name(table), longUnsigned(selector)]);
}

const OPEN = 0xff;
const EXECUTION_TIMES_MAX = 16;
const DIFFERENT_TIMES_WILDCARDS = 5;
const executionTimes = arrayOf(structureOf(aTime, aDate), EXECUTION_TIMES_MAX);
const DISCONNECT_TABLE = parseObis(ScriptTable.disconnect);
