/**
 * The prefix of the DLMS gateway protocol: a concentrator stands between client and meter, and says or is told for which
 * device behind it an APDU is. It stands in front of any APDU, ciphered ones, ACSE and general blocks among them.
 *
 *   E6 request | E7 response | network-id u8 | length | physical device address | APDU
 *
 * The address is free in form: a number, a serial as text, a MAC address.
 */

import { AxdrReader } from '../data/axdr-reader.ts';
import { lengthBytes } from '../data/axdr-writer.ts';
import type { ByteWriter } from '../data/byte-writer.ts';

export const GATEWAY_REQUEST = 0xe6;
export const GATEWAY_RESPONSE = 0xe7;

export interface Gateway {
  readonly response: boolean;
  readonly networkId: number;
  /** A view of the input, as `apdu` is. */
  readonly address: Uint8Array;
  /** What is behind the prefix; empty when nothing is. */
  readonly apdu: Uint8Array;
}

/** Whether `bytes` begin as a prefix does; `readGateway` may still find it broken. */
export function isGateway(bytes: Uint8Array): boolean {
  return bytes[0] === GATEWAY_REQUEST || bytes[0] === GATEWAY_RESPONSE;
}

/** Null: no prefix, or a broken one. */
export function readGateway(bytes: Uint8Array): Gateway | null {
  if (!isGateway(bytes)) return null;
  const reader = new AxdrReader();
  reader.reset(bytes, 0, bytes.length);
  const response = reader.u8() === GATEWAY_RESPONSE;
  const networkId = reader.u8();
  const addressBytes = reader.length();
  const at = reader.skip(addressBytes);
  if (reader.failure !== null) return null;
  return { response, networkId, address: bytes.subarray(at, at + addressBytes), apdu: bytes.subarray(at + addressBytes) };
}

/** Writes a prefix; the APDU follows. */
export function putGatewayHead(writer: ByteWriter, gateway: Pick<Gateway, 'response' | 'networkId' | 'address'>): void {
  writer.u8(gateway.response ? GATEWAY_RESPONSE : GATEWAY_REQUEST);
  writer.u8(gateway.networkId);
  writer.length(gateway.address.length);
  writer.put(gateway.address);
}

/** Bytes of a prefix, which count against the size of a PDU. */
export function gatewayHeadBytes(addressBytes: number): number {
  return 2 + lengthBytes(addressBytes) + addressBytes;
}
