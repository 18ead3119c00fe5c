/**
 * The concentrator's own profile of all its meters: one row for each step, so that one request reads a whole station.
 *
 *   1.0.99.1.0  { date-time of the step, compact-array of {meter, status, registers} }
 *
 * A row holds the meters that the concentrator read at that very step: what a push of that step would send first. What a
 * meter could not deliver in its step is in the meter's own load profile as soon as the concentrator has it (logical devices
 * from 16 on). The newest row can also be had as the value of 0.128.96.1.0.
 */

import { DataAccessResult } from '../../protocol/dlms/apdu/results.ts';
import { parseObis } from '../../protocol/dlms/data/obis.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { SERVER_DEFAULTS } from '../../protocol/dlms/server/server-settings.ts';
import { cosemObject } from '../meter/cosem-builder.ts';
import { clockColumn } from '../meter/event-objects.ts';
import { type FoundRows, profileObject } from '../meter/profile.ts';
import type { RowsSelection } from '../meter/profile-selection.ts';
import type { ConcentratorKind, ConcentratorView } from './concentrator-view.ts';

/** The readings of all meters in one step, class 1. */
export const READINGS_NAME = '0.128.96.1.0.255';
/** Longest answer, as long as a server's may be; a client that asks for more may ask for fewer rows. */
const ANSWER_BYTES_MAX = SERVER_DEFAULTS.answerBytesMax;
const ROW_HEAD_BYTES = 16;
const CLOCK = 0;
const READINGS = 1;

export function ownProfile(kind: ConcentratorKind, rows: FoundRows): CosemObject<ConcentratorView> {
  const { startUnixSeconds, intervalSeconds, readings, observer } = kind;
  return profileObject<ConcentratorView>({
    logicalName: '1.0.99.1.0.255',
    columns: [
      clockColumn(),
      {
        capture: { classId: 1, logicalName: parseObis(READINGS_NAME), attribute: 2, dataIndex: 0 },
        kind: 'other',
        value: () => 0,
        put: ({ station }, found, index, out) => readings.put(station, found.detail[index]!, out),
      },
    ],
    periodSeconds: intervalSeconds,
    entriesMax: kind.scenario.behaviour.concentratorMemoryRows,
    find: (concentrator, from, to, found) => {
      const { step: now } = concentrator;
      if (now < 0) return;
      const first = Math.max(kind.rows.oldestStep(now), Math.ceil((from - startUnixSeconds) / intervalSeconds));
      const last = Math.min(now, Math.floor((to - startUnixSeconds) / intervalSeconds));
      for (let step = first; step <= last; step++) found.add(startUnixSeconds + step * intervalSeconds, step);
    },
    asked: ({ station }, selection) => {
      readings.written = 0;
      const from = beginOf(selection);
      if (from !== null) observer?.asked(station, from);
    },
    admit: ({ station }, found, selection) => {
      const rowBytes = ROW_HEAD_BYTES + (selection.columns.includes(READINGS) ? readings.bytesMax(station) : 0);
      return found.count * rowBytes <= ANSWER_BYTES_MAX ? DataAccessResult.success : DataAccessResult.otherReason;
    },
    answered: (concentrator, _found, selection) => {
      if (reachesNow(concentrator, selection) && selection.columns.includes(READINGS)) {
        observer?.answered(concentrator.station, readings.written);
      }
    },
    rows,
  });
}

/** The newest readings; before the run temporary-failure. */
export function newestReadings(): CosemObject<ConcentratorView> {
  return cosemObject<ConcentratorView>(1, 0, READINGS_NAME, [
    {
      id: 2,
      read: 'reader',
      write: 'never',
      get: ({ kind, station, step }, _request, out) => {
        if (step < 0) return DataAccessResult.temporaryFailure;
        kind.readings.put(station, step, out);
        return DataAccessResult.success;
      },
    },
  ]);
}

/** The time that readings are asked for from; null: from the first one on, or not by time. */
function beginOf(selection: RowsSelection): number | null {
  if (selection.kind !== 'range' || selection.column !== CLOCK || !selection.columns.includes(READINGS)) return null;
  return Number.isFinite(selection.from) ? selection.from : null;
}

function reachesNow(concentrator: ConcentratorView, selection: RowsSelection): boolean {
  if (selection.kind === 'entries') return selection.to === Infinity;
  const { startUnixSeconds, intervalSeconds } = concentrator.kind;
  return selection.to >= startUnixSeconds + concentrator.step * intervalSeconds;
}
