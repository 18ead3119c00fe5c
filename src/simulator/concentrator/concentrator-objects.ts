/** Everything that the concentrator's own logical device has, beside what any server has. */

import { ActionResult } from '../../protocol/dlms/apdu/results.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { clockObject } from '../meter/clock-object.ts';
import { NULL_DATA } from '../meter/data-values.ts';
import { STANDARD_LOG } from '../meter/device.ts';
import { eventLogs } from '../meter/event-objects.ts';
import { identityObjects } from '../meter/identity-objects.ts';
import { tcpSetup } from '../meter/link-objects.ts';
import { FoundRows } from '../meter/profile.ts';
import { pushSetup } from '../meter/push-objects.ts';
import { fixedSchedule, ScriptTable, scriptTable } from '../meter/scripts.ts';
import { captureTimes } from '../meter/capture-times.ts';
import type { ConcentratorKind, ConcentratorView } from './concentrator-view.ts';
import { modemObjects } from './modem-objects.ts';
import { newestReadings, ownProfile, READINGS_NAME } from './own-profile.ts';

const CONNECTIONS_MAX = 4;
const REGULAR_PUSH = '0.0.25.9.0.255';
const LATE_PUSH = '0.1.25.9.0.255';

export function concentratorObjects(kind: ConcentratorKind): readonly CosemObject<ConcentratorView>[] {
  const rows = new FoundRows();
  const { offsetMinutes, intervalSeconds, startUnixSeconds, scenario } = kind;
  const push = ({ station }: ConcentratorView): boolean => kind.push?.(station) ?? false;
  const setup = (logicalName: string, objects: readonly { classId: number; logicalName: string; attribute: number }[]) =>
    pushSetup<ConcentratorView>({
      logicalName,
      objects: [
        { classId: 1, logicalName: '0.0.42.0.0.255', attribute: 2 },
        { classId: 40, logicalName, attribute: 1 },
        ...objects,
        { classId: 1, logicalName: READINGS_NAME, attribute: 2 },
      ],
      randomisationSeconds: Math.min(scenario.behaviour.spreadSeconds, 0xffff),
      confirmed: true,
      startUnixSeconds,
      offsetMinutes,
      push,
    });
  return [
    ...identityObjects<ConcentratorView>('concentrator'),
    clockObject<ConcentratorView>({ offsetMinutes, intervalSeconds }),
    tcpSetup<ConcentratorView>(CONNECTIONS_MAX),
    ...modemObjects(),
    ownProfile(kind, rows),
    newestReadings(),
    setup(REGULAR_PUSH, [{ classId: 8, logicalName: '0.0.1.0.0.255', attribute: 2 }]),
    setup(LATE_PUSH, []),
    scriptTable<ConcentratorView>(
      ScriptTable.push,
      [{ script: 1, classId: 40, logicalName: REGULAR_PUSH, index: 1, parameter: NULL_DATA }],
      (concentrator) => (push(concentrator) ? ActionResult.success : ActionResult.temporaryFailure),
    ),
    fixedSchedule<ConcentratorView>('0.0.15.0.4.255', { table: ScriptTable.push, selector: 1 }, captureTimes(intervalSeconds)),
    ...eventLogs<ConcentratorView>([STANDARD_LOG], () => null, rows),
  ];
}
