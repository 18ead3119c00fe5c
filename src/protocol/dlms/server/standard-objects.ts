/**
 * Objects that every server has, ready to be put into a catalogue: they tell of the association that asks, and of the clients
 * and keys of its device.
 *
 *   0.0.40.0.e.255  15 association LN     0.0.43.0.0.255  64 security setup
 *   0.0.41.0.0.255  17 SAP assignment     0.0.43.1.e.255   1 invocation counter of a client
 */

import { DataAccessResult } from '../apdu/results.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { associationObject } from './association-object.ts';
import type { CosemObject } from './cosem-object.ts';
import { factsOf, shown } from './facts.ts';
import { securitySetupObject } from './security-setup.ts';

export { associationObject, securitySetupObject };

/** SAP assignment: what `putList` appends, or else what the host says. */
export function sapAssignmentObject<D>(putList?: (device: D, out: ByteWriter) => void): CosemObject<D> {
  return {
    classId: 17,
    version: 0,
    logicalName: Uint8Array.of(0, 0, 41, 0, 0, 255),
    attributes: [
      {
        id: 2,
        read: 'public',
        write: 'never',
        get: (device, request, out) => {
          if (putList === undefined) factsOf(request).putSapList(out);
          else putList(device, out);
          return DataAccessResult.success;
        },
      },
    ],
    methods: [],
  };
}

/**
 * The invocation counter of client `clientSap`: the last one that was accepted, so that the client goes on with the next; 0
 * before the first. Readable by everybody, since it is asked for before there are keys to ask with.
 */
export function invocationCounterObject<D>(options: { readonly e: number; readonly clientSap: number }): CosemObject<D> {
  const { e, clientSap } = options;
  return {
    classId: 1,
    version: 0,
    logicalName: Uint8Array.of(0, 0, 43, 1, e, 255),
    attributes: [
      shown(2, (association, out) => {
        const last = association.securityOf(clientSap)?.receiveCounter(clientSap, 'unicast').last ?? 0;
        out.doubleLongUnsigned(Math.max(0, last));
      }),
    ],
    methods: [],
  };
}
