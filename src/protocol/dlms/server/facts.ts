/** How the standard objects get at the association that asks. */

import { present } from '../../../base/assert.ts';
import { DataAccessResult } from '../apdu/results.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { AccessLevel, AssociationFacts, CosemAttribute, ReadRequest } from './cosem-object.ts';

export function factsOf({ association }: Pick<ReadRequest, 'association'>): AssociationFacts {
  return present(association, 'a standard object is asked by a server');
}

/** An attribute that tells something of the association, and never fails. */
export function shown<D>(id: number, put: (association: AssociationFacts, out: ByteWriter) => void, read: AccessLevel = 'public'): CosemAttribute<D> {
  return {
    id,
    read,
    write: 'never',
    get: (_device, request, out) => {
      put(factsOf(request), out);
      return DataAccessResult.success;
    },
  };
}
