/**
 * Profiles of a meter (class 7):
 *
 *   1.0.99.1.0   load profile: the scenario's steps, as far as its concentrator holds them. It is the concentrator's copy, so it
 *                can be read while the meter is out of reach. Row `step` has the time start + step * interval, as in a push.
 *   1.0.99.2.0   daily values at midnight, the last 40
 *   0.0.98.1.0   billing values at the begin of each month, and whenever a period was ended by script, the last 13
 *   0.0.21.0.0   what a display shows: one row of now
 *
 * Values are the truth at the row's time, the status is the truth's. Nobody can reset them: what a meter has said is the
 * scenario's.
 */

import { channelCount } from '../../grid/scenario/scenario.ts';
import { parseObis } from '../../protocol/dlms/data/obis.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { dayOf, midnightOf, monthStart } from './civil-times.ts';
import { cosemObject, live } from './cosem-builder.ts';
import { putCount } from './data-values.ts';
import { clockColumn } from './event-objects.ts';
import type { MeterKind, MeterView } from './meter-view.ts';
import { type FoundRows, type ProfileColumn, profileObject } from './profile.ts';

const SECONDS_PER_DAY = 86_400;
const DAILY_ENTRIES = 40;
const BILLING_ENTRIES = 13;

export function meterProfiles(kind: MeterKind, rows: FoundRows): readonly CosemObject<MeterView>[] {
  return [loadProfile(kind, rows), dailyProfile(rows), billingProfile(rows), displayList(rows), profileStatus(1), profileStatus(2)];
}

function loadProfile(kind: MeterKind, rows: FoundRows): CosemObject<MeterView> {
  const { startUnixSeconds, intervalSeconds, scenario } = kind;
  return profileObject<MeterView>({
    logicalName: '1.0.99.1.0.255',
    columns: [clockColumn(), statusColumn(1), ...[0, 1, 2].map(importColumn)],
    periodSeconds: intervalSeconds,
    entriesMax: scenario.behaviour.concentratorMemoryRows,
    mirrored: true,
    find: (meter, from, to, found) => {
      const now = meter.step;
      if (now < 0) return;
      const first = Math.max(0, Math.ceil((from - startUnixSeconds) / intervalSeconds));
      const last = Math.min(now, Math.floor((to - startUnixSeconds) / intervalSeconds));
      kind.rows.held(meter.number, { from: first, to: last, now }, (step) =>
        found.add(startUnixSeconds + step * intervalSeconds, step),
      );
    },
    answered: (meter, found) => kind.observer?.repaired(meter.station, found.count * channelCount(scenario.behaviour.registers)),
    rows,
  });
}

function dailyProfile(rows: FoundRows): CosemObject<MeterView> {
  return profileObject<MeterView>({
    logicalName: '1.0.99.2.0.255',
    columns: [clockColumn(), statusColumn(2), ...[0, 1, 2].map(importColumn), exportColumn()],
    periodSeconds: SECONDS_PER_DAY,
    entriesMax: DAILY_ENTRIES,
    find: ({ now, kind: { offsetMinutes } }, from, to, found) => {
      const today = dayOf(now, offsetMinutes);
      for (let day = today - DAILY_ENTRIES + 1; day <= today; day++) {
        const time = midnightOf(day, offsetMinutes);
        if (time >= from && time <= to) found.add(time, 0);
      }
    },
    rows,
  });
}

function billingProfile(rows: FoundRows): CosemObject<MeterView> {
  return profileObject<MeterView>({
    logicalName: '0.0.98.1.0.255',
    columns: [clockColumn(), ...[0, 1, 2].map(importColumn), exportColumn(), ...reactiveColumns()],
    periodSeconds: 0,
    entriesMax: BILLING_ENTRIES,
    find: (meter, from, to, found) => {
      for (const time of billingEnds(meter)) if (time >= from && time <= to) found.add(time, 0);
    },
    rows,
  });
}

/** Ends of the last billing periods up to now, ascending. */
function billingEnds({ now, change, kind: { offsetMinutes } }: MeterView): readonly number[] {
  const ends = (change?.resets ?? []).filter((at) => at <= now);
  let day = monthStart(dayOf(now, offsetMinutes));
  for (let i = 0; i < BILLING_ENTRIES; i++) {
    ends.push(midnightOf(day, offsetMinutes));
    day = monthStart(day - 1);
  }
  return ends.sort((a, b) => a - b).slice(-BILLING_ENTRIES);
}

function displayList(rows: FoundRows): CosemObject<MeterView> {
  return profileObject<MeterView>({
    logicalName: '0.0.21.0.0.255',
    columns: [clockColumn(), ...[0, 1, 2].map(importColumn), exportColumn()],
    periodSeconds: 0,
    entriesMax: 1,
    find: ({ now }, from, to, found) => {
      if (now >= from && now <= to) found.add(now, 0);
    },
    rows,
  });
}

/** Status of the last row of load profile 1, daily profile 2. */
function profileStatus(profile: number): CosemObject<MeterView> {
  return cosemObject<MeterView>(1, 0, statusName(profile), [
    live(2, (meter, out) => {
      const { kind, step, now } = meter;
      const time = profile === 1
        ? kind.startUnixSeconds + Math.max(0, step) * kind.intervalSeconds
        : midnightOf(dayOf(now, kind.offsetMinutes), kind.offsetMinutes);
      out.unsigned(kind.truth.status(meter.number, time));
    }),
  ]);
}

function statusName(profile: number): string {
  return `0.0.96.10.${profile}.255`;
}

function statusColumn(profile: number): ProfileColumn<MeterView> {
  return {
    capture: { classId: 1, logicalName: parseObis(statusName(profile)), attribute: 2, dataIndex: 0 },
    kind: 'number',
    value: statusOf,
    put: (meter, rows, index, out) => out.unsigned(statusOf(meter, rows, index)),
  };
}

function statusOf({ kind, number }: MeterView, rows: FoundRows, index: number): number {
  return kind.truth.status(number, rows.time[index]!);
}

function registerColumn(logicalName: string, of: (meter: MeterView, unixSeconds: number) => number): ProfileColumn<MeterView> {
  return {
    capture: { classId: 3, logicalName: parseObis(logicalName), attribute: 2, dataIndex: 0 },
    kind: 'number',
    value: (meter, rows, index) => of(meter, rows.time[index]!),
    put: (meter, rows, index, out) => putCount(out, of(meter, rows.time[index]!)),
  };
}

function importColumn(rate: number): ProfileColumn<MeterView> {
  return registerColumn(`1.0.1.8.${rate}.255`, ({ kind, number }, time) => kind.quantities.importWh(number, rate, time));
}

function exportColumn(): ProfileColumn<MeterView> {
  return registerColumn('1.0.2.8.0.255', ({ kind, number }, time) => kind.quantities.exportWh(number, time));
}

function reactiveColumns(): readonly ProfileColumn<MeterView>[] {
  return [
    registerColumn('1.0.3.8.0.255', ({ kind, number }, time) => kind.quantities.reactiveImport(number, time)),
    registerColumn('1.0.4.8.0.255', ({ kind, number }, time) => kind.quantities.reactiveExport(number, time)),
  ];
}
