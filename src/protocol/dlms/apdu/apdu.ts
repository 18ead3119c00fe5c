/** Plain APDUs to bytes and back. See `apdu-types.ts` for the objects. */

import type { Decoded } from '../data/data-codec.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import { readApdu } from './apdu-decode.ts';
import { putApdu } from './apdu-encode.ts';
import type { Apdu } from './apdu-types.ts';

export type { Apdu };

/**
 * The whole of `bytes` as one plain APDU. Reasons for `malformed`: those of `AxdrReader.reason`; `service-unknown` for a tag
 * that is none of these (ciphered, ACSE and short-name ones among them); `kind-unknown`; `choice-unknown`; `time-form`;
 * `count-mismatch`; `trailing-bytes`.
 */
export function decodeApdu(bytes: Uint8Array): Decoded<Apdu> {
  return readApdu(bytes);
}

export function encodeApdu(apdu: Apdu): Uint8Array {
  const writer = new ByteWriter(64);
  putApdu(writer, apdu);
  return writer.copy();
}
