/**
 * Push setups (class 40 version 2). They say how a device of this simulator pushes; what is written to them can be read back,
 * and decides nothing: when and where to is the scenario's. Method push asks the simulator for one push at once.
 */

import { ActionResult } from '../../protocol/dlms/apdu/results.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { constant, cosemObject, method, stored, StoredValue } from './cosem-builder.ts';
import { aDateTime, aLogicalName, aLongUnsigned, anInteger, anUnsigned, arrayOf, type Check, numberOf, octetsOf, structureOf } from './data-checks.ts';
import { array, dateTime, enumeration, integer, longUnsigned, name, NO_DATE_TIME, NULL_DATA, structure, text, u32, unsigned } from './data-values.ts';
import type { Device } from './device.ts';

export interface PushObject {
  readonly classId: number;
  readonly logicalName: string;
  readonly attribute: number;
}

export interface PushSetupOptions<D> {
  readonly logicalName: string;
  readonly objects: readonly PushObject[];
  readonly randomisationSeconds: number;
  /** Push is confirmed by writing last_confirmation_date_time; else its failure is what TCP says. */
  readonly confirmed: boolean;
  readonly startUnixSeconds: number;
  readonly offsetMinutes: number;
  readonly push: (device: D) => boolean;
}

const PUSH_CLIENT = 103;
const CONFIRMED = 2;
const UNCONFIRMED = 0;
const OBJECTS_MAX = 32;
const WINDOWS_MAX = 4;
const HOST_BYTES_MAX = 128;
const CONFIRMATION_SECONDS = 4;

const aPushObject: Check = structureOf(
  aLongUnsigned,
  aLogicalName,
  anInteger,
  aLongUnsigned,
  structureOf(numberOf('enum', 0, 0), (value) => (value.type === 'null-data' ? ActionResult.success : ActionResult.typeUnmatched)),
  arrayOf(structureOf(aLongUnsigned, aLogicalName, anInteger, aLongUnsigned), 0),
);

export function pushSetup<D extends Device>(options: PushSetupOptions<D>): CosemObject<D> {
  const { logicalName, confirmed } = options;
  const value = (attribute: number, initial: Data): StoredValue<D> => new StoredValue<D>(`${logicalName}/${attribute}`, initial);
  const own = (id: number, initial: Data, check: Check) => stored(id, value(id, initial), { check });
  return cosemObject<D>(40, 2, logicalName, [
    own(2, array(options.objects.map(pushObject)), arrayOf(aPushObject, OBJECTS_MAX)),
    own(3, structure([enumeration(0), text(''), enumeration(0)]), structureOf(numberOf('enum', 0, 9), octetsOf(0, HOST_BYTES_MAX), numberOf('enum', 0, 1))),
    own(4, array([]), arrayOf(structureOf(aDateTime, aDateTime), WINDOWS_MAX)),
    own(5, longUnsigned(options.randomisationSeconds), aLongUnsigned),
    own(6, unsigned(3), anUnsigned),
    own(7, structure([longUnsigned(10), longUnsigned(200), longUnsigned(300)]), structureOf(aLongUnsigned, aLongUnsigned, aLongUnsigned)),
    constant(8, name('0.0.25.0.0.255')),
    own(9, integer(PUSH_CLIENT), anInteger),
    constant(10, array([])),
    constant(11, enumeration(confirmed ? CONFIRMED : UNCONFIRMED)),
    constant(12, structure([dateTime(options.startUnixSeconds, options.offsetMinutes), u32(confirmed ? CONFIRMATION_SECONDS : 0)])),
    own(13, NO_DATE_TIME, aDateTime),
  ], [
    method(1, (device) => (options.push(device) ? ActionResult.success : ActionResult.temporaryFailure)),
    method(2, () => ActionResult.success),
  ]);
}

function pushObject({ classId, logicalName, attribute }: PushObject): Data {
  const nothingRestricted = structure([enumeration(0), NULL_DATA]);
  return structure([longUnsigned(classId), name(logicalName), integer(attribute), longUnsigned(0), nothingRestricted, array([])]);
}
