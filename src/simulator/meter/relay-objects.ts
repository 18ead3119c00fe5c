/** Disconnect controls (class 70) and the limiter (class 71), which is configured and does not act: consumption is truth. */

import { ActionResult, DataAccessResult } from '../../protocol/dlms/apdu/results.ts';
import type { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { DataTag } from '../../protocol/dlms/data/data-tag.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { computed, constant, cosemObject, live, method, stored, StoredValue } from './cosem-builder.ts';
import { aDateTime, aLongUnsigned, arrayOf, aU32, instantIn, numberOf, structureOf } from './data-checks.ts';
import { array, boolean, integer, longUnsigned, name, NO_DATE_TIME, structure, u32 } from './data-values.ts';
import type { Device } from './device.ts';
import { Log } from './event-log.ts';
import type { MeterView } from './meter-view.ts';
import { CONNECTED, CONTROL_MODE_MAX } from './relay.ts';
import { LOAD, operateRelay, relayOf, setRelayMode, SUPPLY } from './relay-bank.ts';
import { ScriptTable, scriptReference, settleSchedules } from './scripts.ts';

export const SUPPLY_NAME = '0.0.96.3.10.255';
export const LOAD_NAME = '0.1.96.3.10.255';
const MODE_CHANGED = 47;

export function relayObjects(): readonly CosemObject<MeterView>[] {
  return [disconnectControl(SUPPLY_NAME, SUPPLY), disconnectControl(LOAD_NAME, LOAD)];
}

function disconnectControl<D extends Device>(logicalName: string, relay: number): CosemObject<D> {
  const put = (tag: number, of: (device: D) => number) => (device: D, out: ByteWriter) => {
    settleSchedules(device);
    out.u8(tag);
    out.u8(of(device));
  };
  const mode = live<D>(4, put(DataTag.enumeration, (device) => relayOf(device, relay).mode));
  const aMode = numberOf('enum', 0, CONTROL_MODE_MAX);
  return cosemObject<D>(70, 0, logicalName, [
    live(2, put(DataTag.boolean, (device) => (relayOf(device, relay).state === CONNECTED ? 1 : 0))),
    live(3, put(DataTag.enumeration, (device) => relayOf(device, relay).state)),
    {
      ...mode,
      write: 'manager',
      set: (device, value) => {
        if (!device.reachable) return DataAccessResult.temporaryFailure;
        const checked = aMode(value);
        if (checked !== DataAccessResult.success || value.type !== 'enum') return checked;
        settleSchedules(device);
        setRelayMode(device, relay, value.value);
        device.log(Log.standard, MODE_CHANGED);
        return DataAccessResult.success;
      },
    },
  ], [method(1, operate('remote-disconnect', relay)), method(2, operate('remote-reconnect', relay))]);
}

/** What the mode does not know changes nothing, and is no error. */
function operate(trigger: 'remote-disconnect' | 'remote-reconnect', relay: number) {
  return (device: Device): number => {
    settleSchedules(device);
    operateRelay(device, relay, trigger);
    return ActionResult.success;
  };
}

/** Main fuse of 3 x 25 A, and what is left in an emergency. */
const NORMAL_W = 17_250;
const EMERGENCY_W = 1000;
const THRESHOLD_CHANGED = 67;
const GROUPS_MAX = 16;
const POWER = structure([longUnsigned(3), name('1.0.1.7.0.255'), integer(2)]);

export function limiterObject<D extends Device>(): CosemObject<D> {
  const normal = new StoredValue<D>('limiter/normal', u32(NORMAL_W));
  const emergency = new StoredValue<D>('limiter/emergency', u32(EMERGENCY_W));
  const profile = new StoredValue<D>('limiter/profile', structure([longUnsigned(0), NO_DATE_TIME, u32(0)]));
  const groups = new StoredValue<D>('limiter/groups', array([]));
  const active = (device: D): boolean => emergencyActive(device, profile.of(device), groups.of(device));
  const changed = (device: D): void => device.log(Log.disconnector, THRESHOLD_CHANGED);
  return cosemObject<D>(71, 0, '0.0.17.0.0.255', [
    constant(2, POWER),
    computed(3, (device) => (active(device) ? emergency : normal).of(device)),
    stored(4, normal, { check: aU32, changed }),
    stored(5, emergency, { check: aU32, changed }),
    stored(6, new StoredValue<D>('limiter/over', u32(30)), { check: aU32 }),
    stored(7, new StoredValue<D>('limiter/under', u32(30)), { check: aU32 }),
    stored(8, profile, { check: structureOf(aLongUnsigned, aDateTime, aU32) }),
    stored(9, groups, { check: arrayOf(aLongUnsigned, GROUPS_MAX) }),
    computed(10, (device) => boolean(active(device))),
    constant(11, structure([scriptReference(ScriptTable.disconnect, 1), scriptReference(ScriptTable.disconnect, 2)])),
  ]);
}

/** The profile is one of the meter's groups, and its time has come and is not over. */
function emergencyActive(device: Device, profile: Data, groups: Data): boolean {
  if (profile.type !== 'structure' || groups.type !== 'array') return false;
  const [id, begin, seconds] = profile.value;
  if (id?.type !== 'long-unsigned' || seconds?.type !== 'double-long-unsigned' || begin === undefined) return false;
  if (!groups.value.some((group) => group.type === 'long-unsigned' && group.value === id.value)) return false;
  const from = instantIn(begin, device.kind.offsetMinutes);
  return from !== null && device.clock >= from && device.clock < from + seconds.value;
}
