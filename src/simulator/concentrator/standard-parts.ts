/** What the server room has for any device, put together for ours: association, SAP assignment, security, counters. */

import { DataAccessResult } from '../../protocol/dlms/apdu/results.ts';
import type { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import {
  associationObject,
  invocationCounterObject,
  sapAssignmentObject,
  securitySetupObject,
} from '../../protocol/dlms/server/standard-objects.ts';
import { cosemObject } from '../meter/cosem-builder.ts';
import { logicalDeviceName } from '../meter/identity-objects.ts';
import type { MeterView } from '../meter/meter-view.ts';
import type { ConcentratorView } from './concentrator-view.ts';
import { MANAGEMENT_CLIENT } from './device-access.ts';

export function concentratorStandardObjects(): readonly CosemObject<ConcentratorView>[] {
  return [sapAssignmentObject<ConcentratorView>(), ...partsOfAny<ConcentratorView>()];
}

export function meterStandardObjects(): readonly CosemObject<MeterView>[] {
  return [ownSap(), ...partsOfAny<MeterView>()];
}

function partsOfAny<D>(): readonly CosemObject<D>[] {
  return [associationObject<D>(), securitySetupObject<D>(), invocationCounterObject<D>({ e: 0, clientSap: MANAGEMENT_CLIENT })];
}

/** A meter's own list has the meter alone, at the address at which it is asked. */
function ownSap(): CosemObject<MeterView> {
  return cosemObject<MeterView>(17, 0, '0.0.41.0.0.255', [
    {
      id: 2,
      read: 'public',
      write: 'never',
      get: ({ sap, number }, _request, out) => {
        out.array(1);
        putSap(out, sap, logicalDeviceName('meter', number));
        return DataAccessResult.success;
      },
    },
  ]);
}

/** One entry of a SAP_assignment_list. */
export function putSap(out: ByteWriter, sap: number, name: Uint8Array): void {
  out.structure(2);
  out.longUnsigned(sap);
  out.octetString(name);
}
