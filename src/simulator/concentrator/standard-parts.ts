/** What the server room has for any device, put together for ours: association, SAP assignment, security, counters. */

import type { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import {
  associationObject,
  invocationCounterObject,
  sapAssignmentObject,
  securitySetupObject,
} from '../../protocol/dlms/server/standard-objects.ts';
import { logicalDeviceName } from '../meter/identity-objects.ts';
import type { MeterView } from '../meter/meter-view.ts';
import type { ConcentratorView } from './concentrator-view.ts';
import { MANAGEMENT_CLIENT } from './device-access.ts';

export function concentratorStandardObjects(): readonly CosemObject<ConcentratorView>[] {
  return [sapAssignmentObject<ConcentratorView>(), ...partsOfAny<ConcentratorView>()];
}

export function meterStandardObjects(): readonly CosemObject<MeterView>[] {
  return [sapAssignmentObject<MeterView>(putOwnSap), ...partsOfAny<MeterView>()];
}

function partsOfAny<D>(): readonly CosemObject<D>[] {
  return [associationObject<D>(), securitySetupObject<D>(), invocationCounterObject<D>({ e: 0, clientSap: MANAGEMENT_CLIENT })];
}

/** One entry of a SAP_assignment_list. */
export function putSap(out: ByteWriter, sap: number, name: Uint8Array): void {
  out.structure(2);
  out.longUnsigned(sap);
  out.octetString(name);
}

/** A meter's own list has the meter alone, at the address at which it is asked. */
function putOwnSap({ sap, number }: MeterView, out: ByteWriter): void {
  out.array(1);
  putSap(out, sap, logicalDeviceName('meter', number));
}
