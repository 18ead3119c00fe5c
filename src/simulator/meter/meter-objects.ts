/**
 * Everything that the logical device of a residential meter has, beside what any server has (association, security setup,
 * SAP assignment, invocation counter). Made once in a process: an object belongs to all meters.
 */

import { ActionResult } from '../../protocol/dlms/apdu/results.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { activeTariff, activityCalendar, registerActivation, specialDays } from './calendar-objects.ts';
import { captureTimes } from './capture-times.ts';
import { clockObject } from './clock-object.ts';
import { integer, NULL_DATA } from './data-values.ts';
import { alarmObjects, eventLogs } from './event-objects.ts';
import { Log } from './event-log.ts';
import { identityObjects } from './identity-objects.ts';
import { hdlcSetup, tcpSetup } from './link-objects.ts';
import type { MeterHistory } from './meter-history.ts';
import { meterProfiles } from './meter-profiles.ts';
import type { MeterKind, MeterView, PushSetupName } from './meter-view.ts';
import { FoundRows } from './profile.ts';
import { pushSetup, type PushObject } from './push-objects.ts';
import { registerObjects } from './register-objects.ts';
import { limiterObject, relayObjects, SUPPLY_NAME } from './relay-objects.ts';
import {
  disconnectSchedule,
  executionTime,
  fixedSchedule,
  runDisconnectScript,
  ScriptTable,
  scriptTable,
  settleSchedules,
} from './scripts.ts';

const INTERVAL_PUSH = '0.0.25.9.0.255';
const ALARM_PUSH = '0.4.25.9.0.255';

export function meterObjects(kind: MeterKind): readonly CosemObject<MeterView>[] {
  const rows = new FoundRows();
  const { offsetMinutes, intervalSeconds } = kind;
  return [
    ...identityObjects<MeterView>('meter'),
    clockObject<MeterView>({ offsetMinutes, intervalSeconds }),
    ...registerObjects(),
    activeTariff(),
    registerActivation(),
    activityCalendar(),
    specialDays(),
    ...meterProfiles(kind, rows),
    ...eventLogs<MeterView>([Log.standard, Log.fraud, Log.disconnector], historyOf, rows),
    ...alarmObjects<MeterView>(historyOf),
    ...relayObjects(),
    limiterObject<MeterView>(),
    ...scripts(kind),
    disconnectSchedule<MeterView>(),
    fixedSchedule<MeterView>('0.0.15.0.0.255', { table: ScriptTable.billing, selector: 1 }, [executionTime([0, 0, 0], 1)]),
    fixedSchedule<MeterView>('0.0.15.0.4.255', { table: ScriptTable.push, selector: 1 }, captureTimes(intervalSeconds)),
    setup(kind, { logicalName: INTERVAL_PUSH, name: 'interval', object: { classId: 7, logicalName: '1.0.99.1.0.255', attribute: 2 } }),
    setup(kind, { logicalName: ALARM_PUSH, name: 'alarm', object: { classId: 1, logicalName: '0.0.97.98.20.255', attribute: 2 } }),
    tcpSetup<MeterView>(1),
    hdlcSetup<MeterView>(),
  ];
}

function historyOf({ kind: { history } }: MeterView): MeterHistory {
  return history;
}

function scripts(kind: MeterKind): readonly CosemObject<MeterView>[] {
  const push = ({ number, station }: MeterView, setupName: PushSetupName): number =>
    kind.push?.(number, station, setupName) === true ? ActionResult.success : ActionResult.temporaryFailure;
  const execute = { index: 1, parameter: integer(0) };
  return [
    scriptTable<MeterView>(
      ScriptTable.billing,
      [{ script: 1, classId: 7, logicalName: '0.0.98.1.0.255', index: 2, parameter: integer(0) }],
      (meter) => {
        meter.touch().addReset(meter.now);
        return ActionResult.success;
      },
    ),
    scriptTable<MeterView>(
      ScriptTable.tariff,
      [1, 2, 3, 4].map((script) => ({ script, classId: 6, logicalName: '0.0.14.0.0.255', index: 4, parameter: NULL_DATA })),
      () => ActionResult.success,
    ),
    scriptTable<MeterView>(
      ScriptTable.disconnect,
      [1, 2].map((script) => ({ script, classId: 70, logicalName: SUPPLY_NAME, index: script, parameter: integer(0) })),
      (meter, script) => {
        settleSchedules(meter);
        return runDisconnectScript(meter, script) ? ActionResult.success : ActionResult.objectUndefined;
      },
    ),
    scriptTable<MeterView>(
      ScriptTable.push,
      [
        { script: 1, classId: 40, logicalName: INTERVAL_PUSH, ...execute },
        { script: 2, classId: 40, logicalName: ALARM_PUSH, ...execute },
      ],
      (meter, script) => push(meter, script === 1 ? 'interval' : 'alarm'),
    ),
  ];
}

function setup(
  kind: MeterKind,
  options: { readonly logicalName: string; readonly name: PushSetupName; readonly object: PushObject },
): CosemObject<MeterView> {
  const { logicalName, name, object } = options;
  return pushSetup<MeterView>({
    logicalName,
    objects: [
      { classId: 1, logicalName: '0.0.42.0.0.255', attribute: 2 },
      { classId: 40, logicalName, attribute: 1 },
      { classId: 8, logicalName: '0.0.1.0.0.255', attribute: 2 },
      object,
    ],
    randomisationSeconds: 0,
    confirmed: false,
    startUnixSeconds: kind.startUnixSeconds,
    offsetMinutes: kind.offsetMinutes,
    push: ({ number, station }) => kind.push?.(number, station, name) ?? false,
  });
}
