/**
 * GET, SET, ACTION and ACCESS of one association: a decoded request in, the APDU of the answer out. Answers that are too long
 * for the client go in blocks, requests that come in blocks are put together, one of each at a time.
 *
 * Invariant: the answer that is appended is never longer than `bytesMax`, the longest plain APDU that the client takes after
 * ciphering and prefix. The memory of a transfer is bounded by ANSWER_BYTES_MAX and REQUEST_BYTES_MAX.
 */

import { Conformance } from '../acse/conformance.ts';
import { putApdu, putGetDataHead } from '../apdu/apdu-encode.ts';
import type { AccessRequest, AccessResult, ActionReply, ActionRequest, Block, GetReference, GetRequest, SetRequest } from '../apdu/apdu-types.ts';
import type { MethodDescriptor } from '../apdu/descriptors.ts';
import { ActionResult, DataAccessResult, type GetResult } from '../apdu/results.ts';
import { AxdrReader } from '../data/axdr-reader.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import { takeData } from '../data/data-codec.ts';
import { invokeMethod, readAttribute, writeAttribute } from './attribute-access.ts';
import { emptyReply, type IncomingBlocks, type ServerAssociation } from './server-association.ts';

/** Of an answer in blocks. */
export const ANSWER_BYTES_MAX = 8 * 2 ** 20;
/** Of a request that comes in blocks. */
export const REQUEST_BYTES_MAX = 256 * 1024;
export const LIST_ITEMS_MAX = 256;
/** Of a block of an answer: tag, kind, invoke, last, number, choice, and a length of up to three bytes. */
const BLOCK_HEAD_BYTES = 12;

/** Bits of the invoke byte. */
const CONFIRMED = 0x40;

/**
 * `answered`: it was appended. `silent`: none is wanted. `unsupported`: the service was not agreed. `too-long`: no way to send
 * the answer.
 */
export type Served = 'answered' | 'silent' | 'unsupported' | 'too-long';

export class Services<D> {
  readonly #body = new ByteWriter(1024);
  readonly #reader = new AxdrReader();

  // ---- GET ----

  get(association: ServerAssociation<D>, request: GetRequest, out: ByteWriter, bytesMax: number): Served {
    if (!association.has(Conformance.get)) return 'unsupported';
    if (request.kind === 'next') return this.#getNext(association, request, out, bytesMax);
    association.dropTransfers();
    if (request.kind === 'list') return this.#getList(association, request, out, bytesMax);
    const { invoke, attribute, selection } = request;
    const from = out.at;
    putGetDataHead(out, invoke);
    const dataAt = out.at;
    const result = readAttribute(association, attribute, selection, out);
    if (result !== DataAccessResult.success) {
      out.at = from;
      putApdu(out, { service: 'get-response', kind: 'normal', invoke, result: { error: result } });
    } else if (out.at - from > bytesMax) {
      const bytes = out.copy(dataAt);
      out.at = from;
      return this.#beginGetBlocks(association, { invoke, bytes, bytesMax }, out);
    }
    return 'answered';
  }

  #getList(association: ServerAssociation<D>, request: Extract<GetRequest, { kind: 'list' }>, out: ByteWriter, bytesMax: number): Served {
    if (!association.has(Conformance.multipleReferences)) return 'unsupported';
    const { invoke, items } = request;
    const body = this.#body;
    body.reset();
    body.length(items.length);
    for (const { attribute, selection } of items) {
      const from = body.at;
      body.u8(0);
      const result = body.at > ANSWER_BYTES_MAX || items.length > LIST_ITEMS_MAX ? DataAccessResult.otherReason : readAttribute(association, attribute, selection, body);
      if (result === DataAccessResult.success) continue;
      body.at = from;
      body.u8(1);
      body.u8(result);
    }
    if (3 + body.at > bytesMax) return this.#beginGetBlocks(association, { invoke, bytes: body.copy(), bytesMax }, out);
    out.u8(0xc4);
    out.u8(3);
    out.u8(invoke);
    out.put(body.view());
    return 'answered';
  }

  #beginGetBlocks(
    association: ServerAssociation<D>,
    answer: { readonly invoke: number; readonly bytes: Uint8Array; readonly bytesMax: number },
    out: ByteWriter,
  ): Served {
    const { invoke, bytes, bytesMax } = answer;
    if (!association.has(Conformance.blockTransferWithGet) || bytesMax <= BLOCK_HEAD_BYTES) {
      putApdu(out, { service: 'get-response', kind: 'normal', invoke, result: { error: DataAccessResult.otherReason } });
      return bytesMax < 5 ? 'too-long' : 'answered';
    }
    if (bytes.length > ANSWER_BYTES_MAX) {
      putApdu(out, { service: 'get-response', kind: 'normal', invoke, result: { error: DataAccessResult.otherReason } });
      return 'answered';
    }
    association.outgoing = { service: 'get', bytes, at: 0, block: 0 };
    this.#putGetBlock(association, invoke, out, bytesMax);
    return 'answered';
  }

  #getNext(association: ServerAssociation<D>, request: Extract<GetRequest, { kind: 'next' }>, out: ByteWriter, bytesMax: number): Served {
    const { invoke, block } = request;
    const { outgoing } = association;
    if (outgoing === null || outgoing.service !== 'get' || outgoing.block !== block) {
      const error = outgoing === null ? DataAccessResult.noLongGetInProgress : DataAccessResult.dataBlockNumberInvalid;
      association.outgoing = null;
      putApdu(out, { service: 'get-response', kind: 'block', invoke, last: true, block, result: { error } });
      return 'answered';
    }
    this.#putGetBlock(association, invoke, out, bytesMax);
    return 'answered';
  }

  #putGetBlock(association: ServerAssociation<D>, invoke: number, out: ByteWriter, bytesMax: number): void {
    const piece = nextPiece(association, bytesMax);
    if (piece === null) return;
    putApdu(out, { service: 'get-response', kind: 'block', invoke, last: piece.last, block: piece.block, result: { raw: piece.raw } });
  }

  // ---- SET ----

  set(association: ServerAssociation<D>, request: SetRequest, out: ByteWriter): Served {
    if (!association.has(Conformance.set)) return 'unsupported';
    const { invoke } = request;
    const service = 'set-response';
    if (request.kind === 'normal') {
      association.dropTransfers();
      const result = writeAttribute(association, request.attribute, request.selection, request.value);
      if ((invoke & CONFIRMED) === 0) return 'silent';
      putApdu(out, { service, kind: 'normal', invoke, result });
      return 'answered';
    }
    if (request.kind === 'list') {
      if (!association.has(Conformance.multipleReferences)) return 'unsupported';
      association.dropTransfers();
      const results = this.#writeAll(association, request.items, request.values);
      if ((invoke & CONFIRMED) === 0) return 'silent';
      putApdu(out, { service, kind: 'list', invoke, results });
      return 'answered';
    }
    if (!association.has(Conformance.blockTransferWithSet)) return 'unsupported';
    if (request.kind === 'block') return this.#setBlock(association, request, out);
    association.dropTransfers();
    const list = request.kind === 'list-first-block';
    const items = request.kind === 'list-first-block' ? request.items : [{ attribute: request.attribute, selection: request.selection }];
    association.incoming = { service: 'set', list, items, methods: [], parts: [], bytes: 0, block: 0 };
    return this.#setBlock(association, request, out);
  }

  #setBlock(association: ServerAssociation<D>, request: { readonly invoke: number } & Block, out: ByteWriter): Served {
    const { invoke, block, last } = request;
    const service = 'set-response';
    const { incoming } = association;
    const problem = takeBlock(incoming, 'set', request);
    if (incoming === null || problem !== null) {
      association.incoming = null;
      const result = problem === 'too-long' ? DataAccessResult.longSetAborted : problem === 'number' ? DataAccessResult.dataBlockNumberInvalid : DataAccessResult.noLongSetInProgress;
      putApdu(out, { service, kind: 'last-block', invoke, result, block });
      return 'answered';
    }
    if (!last) {
      putApdu(out, { service, kind: 'block', invoke, block });
      return 'answered';
    }
    association.incoming = null;
    const bytes = joined(incoming);
    if (!incoming.list) {
      const [item] = incoming.items;
      const result = item === undefined ? DataAccessResult.otherReason : writeAttribute(association, item.attribute, item.selection, bytes);
      putApdu(out, { service, kind: 'last-block', invoke, result, block });
      return 'answered';
    }
    const values = this.#dataList(bytes, incoming.items.length);
    const results = values === null ? incoming.items.map(() => DataAccessResult.typeUnmatched) : this.#writeAll(association, incoming.items, values);
    putApdu(out, { service, kind: 'last-block-list', invoke, results, block });
    return 'answered';
  }

  #writeAll(association: ServerAssociation<D>, items: readonly GetReference[], values: readonly Uint8Array[]): readonly number[] {
    return items.map(({ attribute, selection }, i) =>
      i < LIST_ITEMS_MAX ? writeAttribute(association, attribute, selection, values[i] ?? NOTHING) : DataAccessResult.otherReason,
    );
  }

  // ---- ACTION ----

  action(association: ServerAssociation<D>, request: ActionRequest, out: ByteWriter, bytesMax: number): Served {
    if (!association.has(Conformance.action)) return 'unsupported';
    const { invoke } = request;
    if (request.kind === 'next-block') return this.#actionNext(association, request, out, bytesMax);
    if (request.kind === 'normal') {
      association.dropTransfers();
      const reply = this.#invoke(association, request.method, request.parameter);
      return this.#putReplies(association, { replies: [reply], list: false, invoke, bytesMax }, out);
    }
    if (request.kind === 'list') {
      if (!association.has(Conformance.multipleReferences)) return 'unsupported';
      association.dropTransfers();
      const replies = request.items.map((method, i) => this.#invokeOfList(association, method, request.parameters[i], i));
      return this.#putReplies(association, { replies, list: true, invoke, bytesMax }, out);
    }
    if (!association.has(Conformance.blockTransferWithAction)) return 'unsupported';
    if (request.kind !== 'block') {
      association.dropTransfers();
      const list = request.kind === 'list-first-block';
      const methods = request.kind === 'list-first-block' ? request.items : [request.method];
      association.incoming = { service: 'action', list, items: [], methods, parts: [], bytes: 0, block: 0 };
    }
    return this.#actionBlock(association, request, out, bytesMax);
  }

  #actionBlock(association: ServerAssociation<D>, request: { readonly invoke: number } & Block, out: ByteWriter, bytesMax: number): Served {
    const { invoke, block, last } = request;
    const { incoming } = association;
    const problem = takeBlock(incoming, 'action', request);
    if (incoming === null || problem !== null) {
      association.incoming = null;
      const result = problem === 'none' ? ActionResult.noLongActionInProgress : ActionResult.longActionAborted;
      putApdu(out, { service: 'action-response', kind: 'normal', invoke, result, data: null });
      return 'answered';
    }
    if (!last) {
      putApdu(out, { service: 'action-response', kind: 'next-block', invoke, block });
      return 'answered';
    }
    association.incoming = null;
    const bytes = joined(incoming);
    const parameters = incoming.list ? this.#dataList(bytes, incoming.methods.length) : [bytes];
    const replies = incoming.methods.map((method, i) =>
      parameters === null ? emptyReply(ActionResult.typeUnmatched) : this.#invokeOfList(association, method, parameters[i], i),
    );
    return this.#putReplies(association, { replies, list: incoming.list, invoke, bytesMax }, out);
  }

  #invokeOfList(association: ServerAssociation<D>, method: MethodDescriptor, parameter: Uint8Array | undefined, index: number): ActionReply {
    if (index >= LIST_ITEMS_MAX) return emptyReply(ActionResult.otherReason);
    return this.#invoke(association, method, parameter === undefined || parameter[0] === 0 ? null : parameter);
  }

  #invoke(association: ServerAssociation<D>, method: MethodDescriptor, parameter: Uint8Array | null): ActionReply {
    const body = this.#body;
    body.reset();
    const result = invokeMethod(association, method, parameter, body);
    return { result, data: body.at > 0 && result === ActionResult.success ? { data: body.copy() } : null };
  }

  #putReplies(
    association: ServerAssociation<D>,
    answer: { readonly replies: readonly ActionReply[]; readonly list: boolean; readonly invoke: number; readonly bytesMax: number },
    out: ByteWriter,
  ): Served {
    const { replies, list, invoke, bytesMax } = answer;
    if ((invoke & CONFIRMED) === 0) return 'silent';
    const service = 'action-response';
    const from = out.at;
    const [first] = replies;
    if (list || first === undefined) putApdu(out, { service, kind: 'list', invoke, results: replies });
    else putApdu(out, { service, kind: 'normal', invoke, ...first });
    if (out.at - from <= bytesMax) return 'answered';
    // The blocks carry what stands behind the invoke byte.
    const bytes = out.copy(from + 3);
    out.at = from;
    if (!association.has(Conformance.blockTransferWithAction) || bytesMax <= BLOCK_HEAD_BYTES || bytes.length > ANSWER_BYTES_MAX) {
      putApdu(out, { service, kind: 'normal', invoke, result: ActionResult.otherReason, data: null });
      return 'answered';
    }
    association.outgoing = { service: 'action', bytes, at: 0, block: 0 };
    this.#putActionBlock(association, invoke, out, bytesMax);
    return 'answered';
  }

  #actionNext(association: ServerAssociation<D>, request: Extract<ActionRequest, { kind: 'next-block' }>, out: ByteWriter, bytesMax: number): Served {
    const { invoke, block } = request;
    const { outgoing } = association;
    if (outgoing === null || outgoing.service !== 'action' || outgoing.block !== block) {
      association.outgoing = null;
      const result = outgoing === null ? ActionResult.noLongActionInProgress : ActionResult.longActionAborted;
      putApdu(out, { service: 'action-response', kind: 'normal', invoke, result, data: null });
      return 'answered';
    }
    this.#putActionBlock(association, invoke, out, bytesMax);
    return 'answered';
  }

  #putActionBlock(association: ServerAssociation<D>, invoke: number, out: ByteWriter, bytesMax: number): void {
    const piece = nextPiece(association, bytesMax);
    if (piece !== null) putApdu(out, { service: 'action-response', kind: 'block', invoke, ...piece });
  }

  // ---- ACCESS ----

  access(association: ServerAssociation<D>, request: AccessRequest, out: ByteWriter): Served {
    if (!association.has(Conformance.access)) return 'unsupported';
    association.dropTransfers();
    const { longInvoke, specifications } = request;
    const breakOnError = (longInvoke & 0x20000000) !== 0;
    const data: Uint8Array[] = [];
    const results: AccessResult[] = [];
    let broken = specifications.length > LIST_ITEMS_MAX;
    for (const [i, specification] of specifications.entries()) {
      const { kind } = specification;
      let answer: GetResult = { error: DataAccessResult.otherReason };
      if (!broken && kind === 'action') answer = this.#accessAction(association, specification.method, request.data[i] ?? NOTHING);
      else if (!broken && kind !== 'action') answer = this.#accessAttribute(association, specification, request.data[i] ?? NOTHING);
      const result = 'error' in answer ? answer.error : 0;
      data.push('data' in answer ? answer.data : NULL_DATA);
      results.push({ kind, result });
      broken ||= breakOnError && result !== 0;
    }
    if ((longInvoke & 0x40000000) === 0) return 'silent';
    putApdu(out, { service: 'access-response', longInvoke, time: null, specifications: null, data, results });
    return 'answered';
  }

  #accessAction(association: ServerAssociation<D>, method: MethodDescriptor, parameter: Uint8Array): GetResult {
    const { result, data } = this.#invoke(association, method, parameter[0] === 0 ? null : parameter);
    return result === 0 ? (data ?? { data: NULL_DATA }) : { error: result };
  }

  #accessAttribute(association: ServerAssociation<D>, of: { readonly kind: 'get' | 'set' } & GetReference, value: Uint8Array): GetResult {
    if (of.kind === 'set') {
      const result = writeAttribute(association, of.attribute, of.selection, value);
      return result === 0 ? { data: NULL_DATA } : { error: result };
    }
    const body = this.#body;
    body.reset();
    const result = readAttribute(association, of.attribute, of.selection, body);
    return result === 0 ? { data: body.copy() } : { error: result };
  }

  // ---- Parts ----

  /** `count` encoded Data behind their count; null: they are not there. */
  #dataList(bytes: Uint8Array, count: number): readonly Uint8Array[] | null {
    const reader = this.#reader;
    reader.reset(bytes, 0, bytes.length);
    if (reader.length() !== count) return null;
    const values: Uint8Array[] = [];
    for (let i = 0; i < count && reader.failure === null; i++) values.push(takeData(reader));
    return reader.failure === null && reader.left === 0 ? values : null;
  }
}

const NOTHING = new Uint8Array(0);
const NULL_DATA = Uint8Array.of(0);

/** The next block of what goes out; forgets it with the last one. */
function nextPiece<D>(association: ServerAssociation<D>, bytesMax: number): Block | null {
  const { outgoing } = association;
  if (outgoing === null) return null;
  const to = Math.min(outgoing.at + Math.max(1, bytesMax - BLOCK_HEAD_BYTES), outgoing.bytes.length);
  const raw = outgoing.bytes.subarray(outgoing.at, to);
  outgoing.at = to;
  outgoing.block++;
  const last = to === outgoing.bytes.length;
  if (last) association.outgoing = null;
  return { last, block: outgoing.block, raw };
}

/** Takes the next block of what comes in; null: it fits. */
function takeBlock(incoming: IncomingBlocks | null, service: 'set' | 'action', block: Block): 'none' | 'number' | 'too-long' | null {
  if (incoming === null || incoming.service !== service) return 'none';
  if (block.block !== incoming.block + 1) return 'number';
  incoming.bytes += block.raw.length;
  if (incoming.bytes > REQUEST_BYTES_MAX) return 'too-long';
  incoming.block = block.block;
  incoming.parts.push(block.raw.slice());
  return null;
}

function joined(incoming: IncomingBlocks): Uint8Array {
  const bytes = new Uint8Array(incoming.bytes);
  let at = 0;
  for (const part of incoming.parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
