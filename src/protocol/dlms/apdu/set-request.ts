/**
 * SET-request-normal and its response (xDLMS tags C1 and C5), without selective access.
 *
 *   C1 01 | invoke-id-and-priority | class u16 | logical name, 6 bytes | attribute i8 | 00 | value (one Data)
 *   C5 01 | invoke-id-and-priority | data-access-result
 *
 * Bit 6 of the invoke byte is the service class: 1 wants a response, 0 does not.
 */

import { assert } from '../../../base/assert.ts';
import type { PlainFailure, AxdrReader } from '../data/axdr-reader.ts';
import { putBytes, putU16, putU8 } from '../data/axdr-writer.ts';
import type { AttributeDescriptor } from './descriptors.ts';

export const SET_REQUEST = 0xc1;
export const SET_RESPONSE = 0xc5;
export const SET_NORMAL = 0x01;
export const SET_REQUEST_HEAD_BYTES = 13;
export const SET_RESPONSE_BYTES = 4;
export const LOGICAL_NAME_BYTES = 6;

/** Bits of the invoke byte; bits 0 to 3 are the invoke-id. */
export const SERVICE_CONFIRMED = 0x40;

/**
 * `apdu-unknown`: not a SET-request. `service-unknown`: another kind of it. `selection-unknown`: with selective access.
 * `attribute-unknown`: for another attribute.
 */
export type SetRequestOther = 'apdu-unknown' | 'service-unknown' | 'selection-unknown' | 'attribute-unknown';

/** Reusable; `readSetRequestHead` fills it as far as it gets. */
export interface SetRequestHead {
  invoke: number;
}

/** Reads up to the value of a request for `descriptor`; null: it is one, and the value comes next. */
export function readSetRequestHead(
  reader: AxdrReader,
  descriptor: AttributeDescriptor,
  into: SetRequestHead,
): PlainFailure | SetRequestOther | null {
  if (reader.u8() !== SET_REQUEST) return reader.plainFailure ?? 'apdu-unknown';
  if (reader.u8() !== SET_NORMAL) return reader.plainFailure ?? 'service-unknown';
  into.invoke = reader.u8();
  const classId = reader.u16();
  const matches = reader.take(descriptor.logicalName);
  if (!matches) reader.skip(LOGICAL_NAME_BYTES);
  const attribute = (reader.u8() << 24) >> 24;
  const selection = reader.u8();
  if (reader.failure !== null) return reader.plainFailure;
  if (!matches || classId !== descriptor.classId || attribute !== descriptor.attribute) return 'attribute-unknown';
  return selection === 0 ? null : 'selection-unknown';
}

/** Writes up to the value; answers where it begins. `invoke`: the invoke-id-and-priority byte. */
export function putSetRequestHead(
  target: Uint8Array,
  at: number,
  invoke: number,
  descriptor: AttributeDescriptor,
): number {
  assert(descriptor.logicalName.length === LOGICAL_NAME_BYTES, 'a logical name has 6 bytes');
  let next = putU8(target, putU8(target, at, SET_REQUEST), SET_NORMAL);
  next = putU16(target, putU8(target, next, invoke), descriptor.classId);
  next = putBytes(target, next, descriptor.logicalName);
  return putU8(target, putU8(target, next, descriptor.attribute), 0);
}

/** Writes SET-response-normal; `result` is a data-access-result: 0 success, 3 denied, 4 undefined, 12 type unmatched. */
export function putSetResponse(
  target: Uint8Array,
  at: number,
  answer: { readonly invoke: number; readonly result: number },
): number {
  assert(at >= 0 && at + SET_RESPONSE_BYTES <= target.length, 'the target has room for a SET-response');
  const next = putU8(target, putU8(target, at, SET_RESPONSE), SET_NORMAL);
  return putU8(target, putU8(target, next, answer.invoke), answer.result);
}
