/**
 * GET: one attribute, several, and the blocks of an answer that did not fit.
 *
 *   C0 01 -> C4 01, or C4 02 block 1           C0 02 n -> C4 02 block n + 1
 *   C0 03 -> C4 03, or C4 02 block 1
 *
 * The first form without selective access is what a mass reading consists of: it is read and answered in place.
 */

import { Conformance } from '../acse/conformance.ts';
import { putGetDataHead } from '../apdu/apdu-encode.ts';
import { ApduTag } from '../apdu/apdu-tag.ts';
import type { GetReference, GetRequest } from '../apdu/apdu-types.ts';
import { DataAccessResult } from '../apdu/results.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { Association } from './association.ts';
import { type Named, readAttribute } from './attribute-access.ts';
import type { ExceptionReason } from './exceptions.ts';
import { namedBy, requestOf } from './request-parts.ts';
import { OutgoingBlocks, rawBytes } from './transfers.ts';

/** C0 01 invoke | class u16 | logical name, 6 | attribute i8 | 00 */
const PLAIN_GET_BYTES = 13;
const NAME_AT = 5;
/** C4 02 invoke last block u32 00, and the length that follows. */
const BLOCK_HEAD_BYTES = 9;

export function serveGet<D>(association: Association<D>, apdu: Uint8Array, room: number, out: ByteWriter): ExceptionReason | null {
  if (!association.has(Conformance.get)) return 'not-agreed';
  if (apdu.length === PLAIN_GET_BYTES && apdu[1] === 1 && apdu[PLAIN_GET_BYTES - 1] === 0) {
    association.dropTransfer();
    const named = { classId: (apdu[3]! << 8) | apdu[4]!, bytes: apdu, at: NAME_AT };
    return getOne(association, { invoke: apdu[2]!, named, id: (apdu[11]! << 24) >> 24, selection: null }, room, out);
  }
  const request = requestOf(apdu, 'get-request');
  if (typeof request === 'string') return request;
  switch (request.kind) {
    case 'normal': {
      association.dropTransfer();
      const { invoke, attribute, selection } = request;
      return getOne(association, { invoke, named: namedBy(attribute), id: attribute.attribute, selection }, room, out);
    }
    case 'next':
      return getNext(association, request, room, out);
    case 'list':
      if (!association.has(Conformance.multipleReferences)) return 'not-agreed';
      association.dropTransfer();
      return getList(association, request.invoke, request.items, room, out);
  }
}

interface GetOne {
  readonly invoke: number;
  readonly named: Named;
  readonly id: number;
  readonly selection: GetReference['selection'];
}

function getOne<D>(association: Association<D>, get: GetOne, room: number, out: ByteWriter): ExceptionReason | null {
  const from = out.at;
  putGetDataHead(out, get.invoke);
  const dataAt = out.at;
  let result = readAttribute(association, get.named, get.id, get.selection, out);
  if (result === DataAccessResult.success) {
    if (out.at - from <= room) return null;
    if (out.at - dataAt <= association.owner.settings.answerBytesMax) return beginGetBlocks(association, { invoke: get.invoke, from, dataAt }, room, out);
    result = DataAccessResult.otherReason;
  }
  out.at = dataAt - 1;
  out.u8(1);
  out.u8(result);
  return null;
}

function getList<D>(association: Association<D>, invoke: number, items: readonly GetReference[], room: number, out: ByteWriter): ExceptionReason | null {
  const { answerBytesMax } = association.owner.settings;
  const from = out.at;
  out.u8(ApduTag.getResponse);
  out.u8(3);
  out.u8(invoke);
  const dataAt = out.at;
  out.length(items.length);
  for (const { attribute, selection } of items) {
    const itemAt = out.at;
    out.u8(0);
    let result = DataAccessResult.otherReason as number;
    if (itemAt - dataAt < answerBytesMax) result = readAttribute(association, namedBy(attribute), attribute.attribute, selection, out);
    if (result === DataAccessResult.success && out.at - dataAt <= answerBytesMax) continue;
    out.at = itemAt;
    out.u8(1);
    out.u8(result === DataAccessResult.success ? DataAccessResult.otherReason : result);
  }
  return out.at - from <= room ? null : beginGetBlocks(association, { invoke, from, dataAt }, room, out);
}

/** Turns an answer that was written from `from` on, and is too long, into its first block; or leaves it as it is. */
function beginGetBlocks<D>(
  association: Association<D>,
  answer: { readonly invoke: number; readonly from: number; readonly dataAt: number },
  room: number,
  out: ByteWriter,
): ExceptionReason | null {
  if (!association.has(Conformance.blockTransferWithGet)) return null;
  const blocks = new OutgoingBlocks('get', out.copy(answer.dataAt));
  out.at = answer.from;
  association.transfer = blocks;
  association.owner.stats.transfers++;
  return putNextBlock(association, blocks, answer.invoke, room, out);
}

function getNext<D>(association: Association<D>, request: Extract<GetRequest, { kind: 'next' }>, room: number, out: ByteWriter): ExceptionReason | null {
  if (!association.has(Conformance.blockTransferWithGet)) return 'not-agreed';
  const { transfer } = association;
  if (transfer instanceof OutgoingBlocks && transfer.service === 'get') {
    if (transfer.block === request.block) return putNextBlock(association, transfer, request.invoke, room, out);
    association.dropTransfer();
    putBlockHead(out, request.invoke, true, request.block);
    out.u8(1);
    out.u8(DataAccessResult.dataBlockNumberInvalid);
    return null;
  }
  association.dropTransfer();
  putBlockHead(out, request.invoke, true, request.block);
  out.u8(1);
  out.u8(DataAccessResult.noLongGetInProgress);
  return null;
}

function putNextBlock<D>(association: Association<D>, blocks: OutgoingBlocks, invoke: number, room: number, out: ByteWriter): ExceptionReason | null {
  const count = Math.min(rawBytes(room, BLOCK_HEAD_BYTES), blocks.bytes.length - blocks.at);
  if (count < 1) {
    association.dropTransfer();
    return 'too-long';
  }
  const raw = blocks.bytes.subarray(blocks.at, blocks.at + count);
  blocks.at += count;
  blocks.block++;
  if (blocks.isDone) association.transfer = null;
  putBlockHead(out, invoke, blocks.isDone, blocks.block);
  out.u8(0);
  out.length(count);
  out.put(raw);
  return null;
}

function putBlockHead(out: ByteWriter, invoke: number, last: boolean, block: number): void {
  out.u8(ApduTag.getResponse);
  out.u8(2);
  out.u8(invoke);
  out.u8(last ? 1 : 0);
  out.u32(block);
}
