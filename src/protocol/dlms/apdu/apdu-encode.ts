/** Plain APDUs to bytes; layouts stand in `apdu-decode.ts`. */

import { assert } from '../../../base/assert.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { DATE_TIME_BYTES } from '../data/date-time.ts';
import type {
  AccessSpecification,
  ActionReply,
  ActionRequest,
  ActionResponse,
  Apdu,
  Block,
  GetReference,
  GetRequest,
  GetResponse,
  SetRequest,
  SetResponse,
} from './apdu-types.ts';
import { ApduTag } from './apdu-tag.ts';
import type { AttributeDescriptor, MethodDescriptor, Selection } from './descriptors.ts';
import type { GetResult } from './results.ts';

export function putApdu(writer: ByteWriter, apdu: Apdu): void {
  switch (apdu.service) {
    case 'get-request':
      return putGetRequest(writer, apdu);
    case 'get-response':
      return putGetResponse(writer, apdu);
    case 'set-request':
      return putSetRequest(writer, apdu);
    case 'set-response':
      return putSetResponse(writer, apdu);
    case 'action-request':
      return putActionRequest(writer, apdu);
    case 'action-response':
      return putActionResponse(writer, apdu);
    case 'access-request':
      writer.u8(ApduTag.accessRequest);
      putLongHead(writer, apdu);
      putList(writer, apdu.specifications, putSpecification);
      return putValues(writer, apdu.data, apdu.specifications.length);
    case 'access-response':
      writer.u8(ApduTag.accessResponse);
      putLongHead(writer, apdu);
      writer.u8(apdu.specifications === null ? 0 : 1);
      if (apdu.specifications !== null) putList(writer, apdu.specifications, putSpecification);
      putValues(writer, apdu.data, apdu.results.length);
      return putList(writer, apdu.results, (_, { kind, result }) => {
        writer.u8(kind === 'get' ? 1 : kind === 'set' ? 2 : 3);
        writer.u8(result);
      });
    case 'data-notification':
      writer.u8(ApduTag.dataNotification);
      putLongHead(writer, apdu);
      return writer.put(apdu.body);
    case 'event-notification':
      writer.u8(ApduTag.eventNotification);
      writer.u8(apdu.time === null ? 0 : 1);
      if (apdu.time !== null) putTime(writer, apdu.time);
      putAttribute(writer, apdu.attribute);
      return writer.put(apdu.value);
    case 'exception-response':
      writer.u8(ApduTag.exceptionResponse);
      writer.u8(apdu.state);
      writer.u8(apdu.reason);
      if (apdu.counter !== null) writer.u32(apdu.counter);
      return;
    case 'confirmed-service-error':
      writer.u8(ApduTag.confirmedServiceError);
      writer.u8(apdu.of);
      writer.u8(apdu.error);
      return writer.u8(apdu.code);
    case 'general-block-transfer':
      writer.u8(ApduTag.generalBlockTransfer);
      writer.u8((apdu.last ? 0x80 : 0) | (apdu.streaming ? 0x40 : 0) | (apdu.window & 0x3f));
      writer.u16(apdu.block);
      writer.u16(apdu.acknowledged);
      return putSized(writer, apdu.raw);
  }
}

/** Writes `C4 01 invoke 00`, after which the Data of a GET-response follows: the hot path of a server. */
export function putGetDataHead(writer: ByteWriter, invoke: number): void {
  writer.u8(ApduTag.getResponse);
  writer.u8(1);
  writer.u8(invoke);
  writer.u8(0);
}

function putGetRequest(writer: ByteWriter, apdu: GetRequest): void {
  putHead(writer, ApduTag.getRequest, { normal: 1, next: 2, list: 3 }[apdu.kind], apdu.invoke);
  if (apdu.kind === 'normal') putReference(writer, apdu);
  else if (apdu.kind === 'next') writer.u32(apdu.block);
  else putList(writer, apdu.items, putReference);
}

function putGetResponse(writer: ByteWriter, apdu: GetResponse): void {
  putHead(writer, ApduTag.getResponse, { normal: 1, block: 2, list: 3 }[apdu.kind], apdu.invoke);
  if (apdu.kind === 'normal') putResult(writer, apdu.result);
  else if (apdu.kind === 'list') putList(writer, apdu.results, putResult);
  else {
    writer.u8(apdu.last ? 1 : 0);
    writer.u32(apdu.block);
    writer.u8('raw' in apdu.result ? 0 : 1);
    if ('raw' in apdu.result) putSized(writer, apdu.result.raw);
    else writer.u8(apdu.result.error);
  }
}

function putSetRequest(writer: ByteWriter, apdu: SetRequest): void {
  const choice = { normal: 1, 'first-block': 2, block: 3, list: 4, 'list-first-block': 5 }[apdu.kind];
  putHead(writer, ApduTag.setRequest, choice, apdu.invoke);
  if (apdu.kind === 'normal' || apdu.kind === 'first-block') putReference(writer, apdu);
  if (apdu.kind === 'list' || apdu.kind === 'list-first-block') putList(writer, apdu.items, putReference);
  if (apdu.kind === 'normal') writer.put(apdu.value);
  else if (apdu.kind === 'list') putValues(writer, apdu.values, apdu.items.length);
  else putBlock(writer, apdu);
}

function putSetResponse(writer: ByteWriter, apdu: SetResponse): void {
  const choice = { normal: 1, block: 2, 'last-block': 3, 'last-block-list': 4, list: 5 }[apdu.kind];
  putHead(writer, ApduTag.setResponse, choice, apdu.invoke);
  if (apdu.kind === 'normal' || apdu.kind === 'last-block') writer.u8(apdu.result);
  if (apdu.kind === 'list' || apdu.kind === 'last-block-list') putList(writer, apdu.results, (_, result) => writer.u8(result));
  if (apdu.kind === 'block' || apdu.kind === 'last-block' || apdu.kind === 'last-block-list') writer.u32(apdu.block);
}

function putActionRequest(writer: ByteWriter, apdu: ActionRequest): void {
  const choice = { normal: 1, 'next-block': 2, list: 3, 'first-block': 4, 'list-first-block': 5, block: 6 }[apdu.kind];
  putHead(writer, ApduTag.actionRequest, choice, apdu.invoke);
  if (apdu.kind === 'normal') {
    putMethod(writer, apdu.method);
    writer.u8(apdu.parameter === null ? 0 : 1);
    if (apdu.parameter !== null) writer.put(apdu.parameter);
    return;
  }
  if (apdu.kind === 'next-block') return writer.u32(apdu.block);
  if (apdu.kind === 'first-block') putMethod(writer, apdu.method);
  if (apdu.kind === 'list' || apdu.kind === 'list-first-block') putList(writer, apdu.items, putMethod);
  if (apdu.kind === 'list') putValues(writer, apdu.parameters, apdu.items.length);
  else putBlock(writer, apdu);
}

function putActionResponse(writer: ByteWriter, apdu: ActionResponse): void {
  putHead(writer, ApduTag.actionResponse, { normal: 1, block: 2, list: 3, 'next-block': 4 }[apdu.kind], apdu.invoke);
  if (apdu.kind === 'normal') putReply(writer, apdu);
  else if (apdu.kind === 'block') putBlock(writer, apdu);
  else if (apdu.kind === 'list') putList(writer, apdu.results, putReply);
  else writer.u32(apdu.block);
}

// ---- Parts ----

function putHead(writer: ByteWriter, tag: number, choice: number, invoke: number): void {
  writer.u8(tag);
  writer.u8(choice);
  writer.u8(invoke);
}

function putLongHead(writer: ByteWriter, apdu: { readonly longInvoke: number; readonly time: Uint8Array | null }): void {
  writer.u32(apdu.longInvoke);
  if (apdu.time === null) writer.u8(0);
  else putTime(writer, apdu.time);
}

function putAttribute(writer: ByteWriter, { classId, logicalName, attribute }: AttributeDescriptor): void {
  writer.u16(classId);
  putName(writer, logicalName);
  writer.i8(attribute);
}

function putMethod(writer: ByteWriter, { classId, logicalName, method }: MethodDescriptor): void {
  writer.u16(classId);
  putName(writer, logicalName);
  writer.i8(method);
}

function putName(writer: ByteWriter, logicalName: Uint8Array): void {
  assert(logicalName.length === 6, 'a logical name has 6 bytes');
  writer.put(logicalName);
}

function putTime(writer: ByteWriter, time: Uint8Array): void {
  assert(time.length === DATE_TIME_BYTES, 'a date-time has 12 bytes');
  putSized(writer, time);
}

function putReference(writer: ByteWriter, { attribute, selection }: GetReference): void {
  putAttribute(writer, attribute);
  writer.u8(selection === null ? 0 : 1);
  if (selection !== null) putSelection(writer, selection);
}

function putSelection(writer: ByteWriter, { selector, parameter }: Selection): void {
  writer.u8(selector);
  writer.put(parameter);
}

function putSpecification(writer: ByteWriter, specification: AccessSpecification): void {
  if (specification.kind === 'action') {
    writer.u8(3);
    putMethod(writer, specification.method);
    return;
  }
  const { kind, attribute, selection } = specification;
  writer.u8((kind === 'get' ? 1 : 2) + (selection === null ? 0 : 3));
  putAttribute(writer, attribute);
  if (selection !== null) putSelection(writer, selection);
}

function putBlock(writer: ByteWriter, { last, block, raw }: Block): void {
  writer.u8(last ? 1 : 0);
  writer.u32(block);
  putSized(writer, raw);
}

function putResult(writer: ByteWriter, result: GetResult): void {
  writer.u8('data' in result ? 0 : 1);
  if ('data' in result) writer.put(result.data);
  else writer.u8(result.error);
}

function putReply(writer: ByteWriter, { result, data }: ActionReply): void {
  writer.u8(result);
  writer.u8(data === null ? 0 : 1);
  if (data !== null) putResult(writer, data);
}

function putList<T>(writer: ByteWriter, items: readonly T[], put: (writer: ByteWriter, item: T) => void): void {
  writer.length(items.length);
  for (const item of items) put(writer, item);
}

/** One Data for each reference. */
function putValues(writer: ByteWriter, values: readonly Uint8Array[], count: number): void {
  assert(values.length === count, 'there is one value for each reference');
  putList(writer, values, (_, bytes) => writer.put(bytes));
}

function putSized(writer: ByteWriter, bytes: Uint8Array): void {
  writer.length(bytes.length);
  writer.put(bytes);
}
