/**
 * ACTION: one method, several, parameters that come in blocks, and returned values that go in blocks.
 *
 *   C3 01 -> C7 01, or C7 02 block 1           C3 02 n -> C7 02 block n + 1
 *   C3 03 -> C7 03, or C7 02 block 1
 *   C3 04, 05 block 1 -> C7 04, at the end as above     C3 06 block n -> the same
 *
 * What is wrong with a block is said by C7 01. Nothing answers a request that wants no answer. While a client has to prove
 * itself (HLS) the one method served is reply_to_HLS_authentication of the current association.
 */

import { Conformance } from '../acse/conformance.ts';
import { ApduTag } from '../apdu/apdu-tag.ts';
import type { ActionRequest, Block } from '../apdu/apdu-types.ts';
import type { MethodDescriptor } from '../apdu/descriptors.ts';
import { ActionResult } from '../apdu/results.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { Association } from './association.ts';
import { invokeMethod } from './attribute-access.ts';
import type { ExceptionReason } from './exceptions.ts';
import { isReplyToHls, replyToHls } from './hls-reply.ts';
import { beginBlocks, incomingBlocks, isConfirmed, namedBy, oneValue, requestOf, takeBlock, valueList } from './request-parts.ts';
import { type BlockTarget, type IncomingBlocks, OutgoingBlocks, rawBytes } from './transfers.ts';

const FIRST_BLOCK = 4;
const LIST_FIRST_BLOCK = 5;
/** C7 02 invoke last block u32, and the length that follows. */
const BLOCK_HEAD_BYTES = 8;

/** Where an answer goes, and how much of it. */
interface Reply {
  readonly invoke: number;
  readonly room: number;
  readonly out: ByteWriter;
}

export function serveAction<D>(association: Association<D>, apdu: Uint8Array, room: number, out: ByteWriter): ExceptionReason | null {
  // What a transfer remembers must outlive the request's bytes.
  const isKept = apdu[1] === FIRST_BLOCK || apdu[1] === LIST_FIRST_BLOCK;
  const request = requestOf(isKept ? apdu.slice() : apdu, 'action-request');
  if (typeof request === 'string') return request;
  const { invoke } = request;
  const reply = { invoke, room, out };
  if (association.challenges !== null) {
    if (request.kind !== 'normal' || !isReplyToHls(request.method)) return 'pending';
    return actOne(reply, () => replyToHls(association, request.parameter, out), association);
  }
  const from = out.at;
  const refused = serveRequest(association, request, reply);
  if (isConfirmed(invoke)) return refused;
  // An answer in blocks that nobody wants would wait for ever.
  if (association.transfer instanceof OutgoingBlocks) association.transfer = null;
  out.at = from;
  association.owner.stats.silences.unconfirmed++;
  return null;
}

function serveRequest<D>(association: Association<D>, request: ActionRequest, reply: Reply): ExceptionReason | null {
  if (!association.has(Conformance.action)) return 'not-agreed';
  const isInBlocks = request.kind !== 'normal' && request.kind !== 'list';
  const isList = request.kind === 'list' || request.kind === 'list-first-block';
  if (isInBlocks && !association.has(Conformance.blockTransferWithAction)) return 'not-agreed';
  if (isList && !association.has(Conformance.multipleReferences)) return 'not-agreed';
  switch (request.kind) {
    case 'normal':
      association.dropTransfer();
      return actOne(reply, () => invokeOne(association, request.method, request.parameter, reply.out), association);
    case 'list':
      association.dropTransfer();
      return actList(association, request.items, request.parameters, reply);
    case 'next-block':
      return nextOutgoing(association, request.block, reply);
    case 'first-block':
      return takeOne(association, beginBlocks(association, { service: 'action', list: false, items: [request.method] }), request, reply);
    case 'list-first-block':
      return takeOne(association, beginBlocks(association, { service: 'action', list: true, items: request.items }), request, reply);
    case 'block': {
      const blocks = incomingBlocks(association, 'action');
      if (blocks !== null) return takeOne(association, blocks, request, reply);
      association.dropTransfer();
      return putResult(reply, ActionResult.noLongActionInProgress);
    }
  }
}

function invokeOne<D>(association: Association<D>, method: MethodDescriptor, parameter: Uint8Array | null, out: ByteWriter): number {
  return invokeMethod(association, namedBy(method), method.method, parameter, out);
}

/** `act` appends one Data or nothing and answers an action-result. */
function actOne<D>(reply: Reply, act: () => number, association: Association<D>): ExceptionReason | null {
  const { out, room } = reply;
  const from = out.at;
  putHead(reply, 1);
  const contentAt = out.at;
  putReturn(out, act);
  return out.at - from <= room ? null : beginOutgoing(association, { from, contentAt }, reply);
}

function actList<D>(
  association: Association<D>,
  methods: readonly MethodDescriptor[],
  parameters: readonly Uint8Array[] | null,
  reply: Reply,
): ExceptionReason | null {
  const { out, room } = reply;
  const { answerBytesMax } = association.owner.settings;
  const from = out.at;
  putHead(reply, 3);
  const contentAt = out.at;
  out.length(methods.length);
  methods.forEach((method, i) => {
    const parameter = parameters?.[i] ?? null;
    putReturn(out, () => {
      if (parameter === null) return ActionResult.typeUnmatched;
      return out.at - contentAt < answerBytesMax ? invokeOne(association, method, parameter, out) : ActionResult.otherReason;
    });
  });
  return out.at - from <= room ? null : beginOutgoing(association, { from, contentAt }, reply);
}

/** result | 00, or 01 00 Data */
function putReturn(out: ByteWriter, act: () => number): void {
  const from = out.at;
  out.u8(ActionResult.success);
  out.u8(1);
  out.u8(0);
  const dataAt = out.at;
  const result = act();
  if (result === ActionResult.success && out.at > dataAt) return;
  out.at = from;
  out.u8(result);
  out.u8(0);
}

function takeOne<D>(association: Association<D>, blocks: IncomingBlocks, block: Block, reply: Reply): ExceptionReason | null {
  switch (takeBlock(association, blocks, block)) {
    case 'more':
      putHead(reply, 4);
      reply.out.u32(block.block);
      return null;
    case 'wrong':
    case 'too-long':
      return putResult(reply, ActionResult.longActionAborted);
    case 'done':
      return actWhole(association, blocks.target, blocks.whole(), reply);
  }
}

function actWhole<D>(association: Association<D>, target: BlockTarget, whole: Uint8Array, reply: Reply): ExceptionReason | null {
  const methods = target.service === 'action' ? target.items : [];
  if (target.list) return actList(association, methods, valueList(whole, methods.length), reply);
  const [method] = methods;
  const parameter = oneValue(whole);
  if (method === undefined || parameter === null) return putResult(reply, ActionResult.typeUnmatched);
  return actOne(reply, () => invokeOne(association, method, parameter, reply.out), association);
}

/** Turns an answer that was written from `from` on, and is too long, into its first block; or leaves it as it is. */
function beginOutgoing<D>(
  association: Association<D>,
  answer: { readonly from: number; readonly contentAt: number },
  reply: Reply,
): ExceptionReason | null {
  const { out } = reply;
  if (!association.has(Conformance.blockTransferWithAction)) return null;
  const blocks = new OutgoingBlocks('action', out.copy(answer.contentAt));
  out.at = answer.from;
  if (blocks.bytes.length > association.owner.settings.answerBytesMax) return 'too-long';
  association.transfer = blocks;
  association.owner.stats.transfers++;
  return putNextBlock(association, blocks, reply);
}

function nextOutgoing<D>(association: Association<D>, block: number, reply: Reply): ExceptionReason | null {
  const { transfer } = association;
  const isRunning = transfer instanceof OutgoingBlocks && transfer.service === 'action';
  if (isRunning && transfer.block === block) return putNextBlock(association, transfer, reply);
  association.dropTransfer();
  return putResult(reply, isRunning ? ActionResult.longActionAborted : ActionResult.noLongActionInProgress);
}

function putNextBlock<D>(association: Association<D>, blocks: OutgoingBlocks, reply: Reply): ExceptionReason | null {
  const { out, room } = reply;
  const count = Math.min(rawBytes(room, BLOCK_HEAD_BYTES), blocks.bytes.length - blocks.at);
  if (count < 1) {
    association.dropTransfer();
    return 'too-long';
  }
  const raw = blocks.bytes.subarray(blocks.at, blocks.at + count);
  blocks.at += count;
  blocks.block++;
  if (blocks.isDone) association.transfer = null;
  putHead(reply, 2);
  out.u8(blocks.isDone ? 1 : 0);
  out.u32(blocks.block);
  out.length(count);
  out.put(raw);
  return null;
}

function putResult(reply: Reply, result: number): null {
  putHead(reply, 1);
  reply.out.u8(result);
  reply.out.u8(0);
  return null;
}

function putHead({ out, invoke: invokeId }: Reply, kind: number): void {
  out.u8(ApduTag.actionResponse);
  out.u8(kind);
  out.u8(invokeId);
}
