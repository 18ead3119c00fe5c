/** Plain APDUs to bytes and back. See `apdu-types.ts` for the objects. */

import type { Decoded } from '../data/data-codec.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import { readApdu } from './apdu-decode.ts';
import { putApdu as writeApdu } from './apdu-encode.ts';
import type { Apdu } from './apdu-types.ts';

export type { Apdu };

/**
 * The whole of `bytes` as one plain APDU. What it holds are views of `bytes`. Reasons for `malformed`: those of
 * `AxdrReader.reason`; `service-unknown` for a service with short names; `apdu-unknown` for any other tag, ciphered APDUs and
 * ACSE among them; `kind-unknown`, `choice-unknown`, `time-form`, `count-mismatch`, `trailing-bytes`.
 *
 * An APDU encodes to the bytes it came from, with these exceptions beside those of Data, which stays encoded and is exact: flags
 * other than 00 and 01 become 01, lengths and counts become short, the time of a notification in another form becomes `0C` and
 * 12 bytes (`01 0C` in an event-notification), and an action-response that ends after its result gets the `00` that is missing.
 */
export function decodeApdu(bytes: Uint8Array): Decoded<Apdu> {
  return readApdu(bytes);
}

export function putApdu(writer: ByteWriter, apdu: Apdu): void {
  writeApdu(writer, apdu);
}

/** Each call begins anew in it, and leaves with a copy. */
const SCRATCH = new ByteWriter();

export function encodeApdu(apdu: Apdu): Uint8Array {
  SCRATCH.reset();
  writeApdu(SCRATCH, apdu);
  return SCRATCH.copy();
}
