/**
 * SET: one attribute, several, and values that come in blocks.
 *
 *   C1 01 -> C5 01                             C1 04 -> C5 05
 *   C1 02 block 1 -> C5 02, at the end C5 03   C1 05 block 1 -> C5 02, at the end C5 04
 *   C1 03 block n -> the same
 *
 * What is wrong with a block is said by C5 03, whatever it was a part of. Nothing answers a request that wants no answer.
 */

import { Conformance } from '../acse/conformance.ts';
import { putApdu } from '../apdu/apdu.ts';
import type { Block, GetReference, SetRequest, SetResponse } from '../apdu/apdu-types.ts';
import { DataAccessResult } from '../apdu/results.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { Association } from './association.ts';
import { writeAttribute } from './attribute-access.ts';
import type { ExceptionReason } from './exceptions.ts';
import { beginBlocks, incomingBlocks, isConfirmed, namedBy, oneValue, requestOf, takeBlock, valueList } from './request-parts.ts';
import type { BlockTarget, IncomingBlocks } from './transfers.ts';

const FIRST_BLOCK = 2;
const LIST_FIRST_BLOCK = 5;

export function serveSet<D>(association: Association<D>, apdu: Uint8Array, out: ByteWriter): ExceptionReason | null {
  // What a transfer remembers must outlive the request's bytes.
  const isKept = apdu[1] === FIRST_BLOCK || apdu[1] === LIST_FIRST_BLOCK;
  const request = requestOf(isKept ? apdu.slice() : apdu, 'set-request');
  if (typeof request === 'string') return request;
  const answer = answerOf(association, request);
  if (!isConfirmed(request.invoke)) {
    association.owner.stats.silences.unconfirmed++;
    return null;
  }
  if (typeof answer === 'string') return answer;
  putApdu(out, answer);
  return null;
}

function answerOf<D>(association: Association<D>, request: SetRequest): SetResponse | ExceptionReason {
  if (!association.has(Conformance.set)) return 'not-agreed';
  const { invoke } = request;
  const service = 'set-response';
  switch (request.kind) {
    case 'normal':
      association.dropTransfer();
      return { service, kind: 'normal', invoke, result: setOne(association, request, request.value) };
    case 'list':
      if (!association.has(Conformance.multipleReferences)) return 'not-agreed';
      association.dropTransfer();
      return { service, kind: 'list', invoke, results: request.items.map((item, i) => setOne(association, item, request.values[i]!)) };
    case 'first-block':
      if (!association.has(Conformance.blockTransferWithSet)) return 'not-agreed';
      return firstBlock(association, { service: 'set', list: false, items: [request] }, request);
    case 'list-first-block':
      if (!association.has(Conformance.blockTransferWithSet) || !association.has(Conformance.multipleReferences)) return 'not-agreed';
      return firstBlock(association, { service: 'set', list: true, items: request.items }, request);
    case 'block': {
      if (!association.has(Conformance.blockTransferWithSet)) return 'not-agreed';
      const blocks = incomingBlocks(association, 'set');
      if (blocks !== null) return nextBlock(association, blocks, request);
      association.dropTransfer();
      return refusal(request, DataAccessResult.noLongSetInProgress);
    }
  }
}

type BlockRequest = Block & { readonly invoke: number };

function firstBlock<D>(association: Association<D>, target: BlockTarget, request: BlockRequest): SetResponse {
  return nextBlock(association, beginBlocks(association, target), request);
}

function nextBlock<D>(association: Association<D>, blocks: IncomingBlocks, request: BlockRequest): SetResponse {
  const { invoke, block } = request;
  switch (takeBlock(association, blocks, request)) {
    case 'more':
      return { service: 'set-response', kind: 'block', invoke, block };
    case 'wrong':
      return refusal(request, DataAccessResult.dataBlockNumberInvalid);
    case 'too-long':
      return refusal(request, DataAccessResult.longSetAborted);
    case 'done':
      return setWhole(association, blocks, request);
  }
}

function setWhole<D>(association: Association<D>, blocks: IncomingBlocks, request: BlockRequest): SetResponse {
  const { invoke, block } = request;
  const { target } = blocks;
  const items = target.service === 'set' ? target.items : [];
  const whole = blocks.whole();
  if (target.list) {
    const values = valueList(whole, items.length);
    const results = items.map((item, i) => (values === null ? DataAccessResult.typeUnmatched : setOne(association, item, values[i]!)));
    return { service: 'set-response', kind: 'last-block-list', invoke, results, block };
  }
  const [item] = items;
  const value = oneValue(whole);
  if (item === undefined || value === null) return refusal(request, DataAccessResult.typeUnmatched);
  return { service: 'set-response', kind: 'last-block', invoke, result: setOne(association, item, value), block };
}

function refusal({ invoke, block }: BlockRequest, result: number): SetResponse {
  return { service: 'set-response', kind: 'last-block', invoke, result, block };
}

function setOne<D>(association: Association<D>, { attribute, selection }: GetReference, value: Uint8Array): number {
  return writeAttribute(association, namedBy(attribute), attribute.attribute, selection, value);
}
