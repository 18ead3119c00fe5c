/** How long an xDLMS APDU within an association APDU is by its own account, when the lengths around it can't be trusted. */

import { AxdrReader } from '../data/axdr-reader.ts';
import { familyOfTag } from '../security/ciphered-apdu.ts';
import { INITIATE_REQUEST, INITIATE_RESPONSE, readInitiateRequest, readInitiateResponse } from './initiate.ts';

/** Bytes of the APDU at the start of `bytes`; 0: it is not whole, or of a kind that does not say. */
export function innerApduBytes(bytes: Uint8Array): number {
  const reader = new AxdrReader();
  reader.reset(bytes, 0, bytes.length);
  return skipInner(reader, bytes[0] ?? -1) && reader.failure === null ? reader.at : 0;
}

/** True: passed over, unless the reader failed. */
function skipInner(reader: AxdrReader, tag: number): boolean {
  if (tag === INITIATE_REQUEST) return typeof readInitiateRequest(reader) !== 'string';
  if (tag === INITIATE_RESPONSE) return typeof readInitiateResponse(reader) !== 'string';
  const family = familyOfTag(tag);
  if (family === null || family === 'general-ciphering') return false;
  reader.u8();
  if (family === 'general-glo' || family === 'general-ded') reader.skip(reader.length());
  reader.skip(reader.length());
  return true;
}
