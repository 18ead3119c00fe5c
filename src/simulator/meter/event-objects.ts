/**
 * Logs of events (class 7), the last event and the number of events of each, and alarms.
 *
 *   register    what is the case right now
 *   filter      which alarms count
 *   descriptor  which have occurred since they were reset; writing keeps the bits that are 1 in what is written
 *
 * Alarms follow from the logs: each of some codes sets a bit.
 */

import { DataAccessResult } from '../../protocol/dlms/apdu/results.ts';
import { parseObis } from '../../protocol/dlms/data/obis.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { constant, cosemObject, live, stored, StoredValue } from './cosem-builder.ts';
import { aU32 } from './data-checks.ts';
import { array, integer, longUnsigned, name, putClock, structure, u32 } from './data-values.ts';
import type { Device } from './device.ts';
import { allEvents, clearLog, eventsOf, type EventSource, Log, LOG_ENTRIES } from './event-log.ts';
import { CLOCK_NAME } from './clock-object.ts';
import { type FoundRows, type ProfileColumn, profileObject } from './profile.ts';
import { ScriptTable, scriptReference, settleSchedules } from './scripts.ts';

/** `history`: what happens by itself, of a device; null: nothing does. */
export type HistoryOf<D> = (device: D) => EventSource | null;

export function eventLogs<D extends Device>(logs: readonly number[], history: HistoryOf<D>, rows: FoundRows): readonly CosemObject<D>[] {
  return logs.flatMap((log) => [logObject(log, history, rows), lastEvent(log, history), eventCounter(log, history)]);
}

function logObject<D extends Device>(log: number, history: HistoryOf<D>, rows: FoundRows): CosemObject<D> {
  return profileObject<D>({
    logicalName: `0.0.99.98.${log}.255`,
    columns: [clockColumn(), codeColumn(log)],
    periodSeconds: 0,
    entriesMax: LOG_ENTRIES[log] ?? 0,
    find: (device, from, to, found) => {
      settleSchedules(device);
      for (const { shown, code } of eventsOf(device, log, history(device))) {
        if (shown >= from && shown <= to) found.add(shown, code);
      }
    },
    reset: (device) => clearLog(device, log),
    rows,
  });
}

/** The clock column of a profile. */
export function clockColumn<D extends Device>(): ProfileColumn<D> {
  return {
    capture: { classId: 8, logicalName: parseObis(CLOCK_NAME), attribute: 2, dataIndex: 0 },
    kind: 'clock',
    value: (_device, rows, index) => rows.time[index]!,
    put: (device, rows, index, out) => putClock(out, rows.time[index]!, device.kind.offsetMinutes),
  };
}

function codeColumn<D extends Device>(log: number): ProfileColumn<D> {
  return {
    capture: { classId: 1, logicalName: parseObis(codeName(log)), attribute: 2, dataIndex: 0 },
    kind: 'number',
    value: (_device, rows, index) => rows.detail[index]!,
    put: (_device, rows, index, out) => out.unsigned(rows.detail[index]!),
  };
}

function codeName(log: number): string {
  return `0.0.96.11.${log}.255`;
}

/** Code of the last event; 0: there was none. */
function lastEvent<D extends Device>(log: number, history: HistoryOf<D>): CosemObject<D> {
  return cosemObject<D>(1, 0, codeName(log), [
    live(2, (device, out) => {
      settleSchedules(device);
      out.unsigned(eventsOf(device, log, history(device)).at(-1)?.code ?? 0);
    }),
  ]);
}

/** Events that the log was written since the meter's history begins, or since it was cleared. */
function eventCounter<D extends Device>(log: number, history: HistoryOf<D>): CosemObject<D> {
  return cosemObject<D>(1, 0, `0.0.96.15.${log}.255`, [
    live(2, (device, out) => {
      settleSchedules(device);
      const events = allEvents(device, log, history(device), device.change?.clearedAt(log) ?? -1);
      out.longUnsigned(Math.min(events.length, 0xffff));
    }),
  ]);
}

const ALARM_LOGS = [Log.standard, Log.fraud] as const;
/** By event code: bit of the alarm register. */
const ALARM_BITS: ReadonlyMap<number, number> = new Map([
  [2, 2], [6, 0], [7, 1], [12, 8], [13, 9], [14, 10], [15, 12], [16, 11],
  [40, 13], [42, 13], [44, 13], [46, 13], [47, 4], [49, 13], [50, 13],
]);
/** What ends the state that the other code began. */
const ENDS: ReadonlyMap<number, number> = new Map([[41, 40], [43, 42], [45, 44]]);
const FRAUD_BIT = 13;
const ALARM_CLEARED = 11;

export function alarmObjects<D extends Device>(history: HistoryOf<D>): readonly CosemObject<D>[] {
  const filter = new StoredValue<D>('alarm/filter', u32(0xffffffff));
  const filterOf = (device: D): number => {
    const value = filter.of(device);
    return value.type === 'double-long-unsigned' ? value.value : 0;
  };
  const since = (device: D): number => device.change?.alarmsResetAt ?? -1;
  const descriptorOf = (device: D): number => {
    const after = since(device) < 0 ? device.kind.startUnixSeconds : since(device);
    let bits = 0;
    for (const log of ALARM_LOGS) {
      for (const { code, at } of allEvents(device, log, history(device), after)) {
        const bit = ALARM_BITS.get(code);
        if (bit !== undefined && at > after) bits |= 1 << bit;
      }
    }
    return ((bits & filterOf(device)) | (device.change?.alarmsKept ?? 0)) >>> 0;
  };
  const descriptor = live<D>(2, (device, out) => out.doubleLongUnsigned(descriptorOf(device)));
  return [
    cosemObject<D>(1, 0, '0.0.97.98.0.255', [live(2, (device, out) => out.doubleLongUnsigned(alarmsNow(device, history(device))))]),
    cosemObject<D>(1, 0, '0.0.97.98.10.255', [stored(2, filter, { check: aU32 })]),
    cosemObject<D>(1, 0, '0.0.97.98.20.255', [
      {
        ...descriptor,
        write: 'manager',
        set: (device, value) => {
          if (!device.reachable) return DataAccessResult.temporaryFailure;
          if (value.type !== 'double-long-unsigned') return DataAccessResult.typeUnmatched;
          const kept = (descriptorOf(device) & value.value) >>> 0;
          const change = device.touch();
          change.alarmsKept = kept;
          change.alarmsResetAt = device.now;
          device.log(Log.standard, ALARM_CLEARED);
          return DataAccessResult.success;
        },
      },
    ]),
    cosemObject<D>(21, 0, '0.0.16.1.0.255', [
      constant(2, array([u32(0)])),
      constant(3, structure([longUnsigned(1), name('0.0.97.98.20.255'), integer(2)])),
      constant(4, array([structure([scriptReference(ScriptTable.push, 2), scriptReference(NO_SCRIPT, 0)])])),
    ]),
    cosemObject<D>(1, 0, '0.0.97.97.0.255', [constant(2, u32(0))]),
  ];
}

const NO_SCRIPT = '0.0.0.0.0.0';
/** A state that began longer ago is over. */
const STATE_SECONDS_MAX = 3600;

/** A cover that is open, a magnet that is there. */
function alarmsNow(device: Device, history: EventSource | null): number {
  const open = new Set<number>();
  for (const { code } of allEvents(device, Log.fraud, history, device.now - STATE_SECONDS_MAX)) {
    const ended = ENDS.get(code);
    if (ended !== undefined) open.delete(ended);
    else if (ALARM_BITS.get(code) === FRAUD_BIT) open.add(code);
  }
  return open.size > 0 ? 1 << FRAUD_BIT : 0;
}
