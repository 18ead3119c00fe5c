/**
 * An operation with an association around it. Whatever comes of it, the association is released, unless the error is one
 * that costs the connection: a device holds only so many associations for each connection.
 */

import type { ClientAssociation } from '../../protocol/dlms/client/client-association.ts';
import type { Exchange } from '../../protocol/dlms/client/client-options.ts';
import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import { breaksSession } from './device-session.ts';

export function* withinAssociation<T>(association: ClientAssociation, operation: (association: ClientAssociation) => Exchange<T>): Exchange<T> {
  yield* association.associate();
  let result: T;
  try {
    result = yield* operation(association);
  } catch (error) {
    if (error instanceof DlmsError && !breaksSession(error)) yield* association.release();
    throw error;
  }
  yield* association.release();
  return result;
}
