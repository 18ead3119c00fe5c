/**
 * The gateway prefix: in front of any APDU it names the device behind the gateway that is meant (Green Book, gateway protocol).
 *
 *   E6 request, E7 response | network id u8 | length | physical device address | APDU
 *
 * The address is free in its form. Pushes through a gateway come with either tag.
 */

import { AxdrReader } from '../data/axdr-reader.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { Decoded } from '../data/data-codec.ts';

export const GATEWAY_REQUEST = 0xe6;
export const GATEWAY_RESPONSE = 0xe7;

export interface GatewayAddress {
  readonly networkId: number;
  readonly address: Uint8Array;
}

export interface GatewayFrame extends GatewayAddress {
  readonly response: boolean;
  /** What the prefix stands in front of; a view. */
  readonly apdu: Uint8Array;
}

export function hasGatewayPrefix(bytes: Uint8Array): boolean {
  return bytes[0] === GATEWAY_REQUEST || bytes[0] === GATEWAY_RESPONSE;
}

/** Bytes of a prefix. */
export function gatewayPrefixBytes(address: Uint8Array): number {
  return 3 + address.length;
}

/** Reads the prefix; call it when `hasGatewayPrefix`. Malformed without an APDU behind it (`apdu-missing`). */
export function readGateway(bytes: Uint8Array): Decoded<GatewayFrame> {
  const reader = new AxdrReader();
  reader.reset(bytes, 0, bytes.length);
  const response = reader.u8() === GATEWAY_RESPONSE;
  const networkId = reader.u8();
  const length = reader.length();
  const at = reader.skip(length);
  if (reader.failure === 'truncated') return { status: 'incomplete' };
  if (reader.failure !== null) return { status: 'malformed', reason: reader.failure };
  if (reader.left === 0) return { status: 'malformed', reason: 'apdu-missing' };
  const address = bytes.subarray(at, at + length);
  return { status: 'frame', value: { response, networkId, address, apdu: bytes.subarray(at + length) } };
}

/** Writes the prefix; the APDU follows. */
export function putGatewayHead(writer: ByteWriter, to: GatewayAddress & { readonly response: boolean }): void {
  writer.u8(to.response ? GATEWAY_RESPONSE : GATEWAY_REQUEST);
  writer.u8(to.networkId);
  writer.length(to.address.length);
  writer.put(to.address);
}
