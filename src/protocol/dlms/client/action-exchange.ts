/**
 * ACTION: one method or several; request and answer at once or in blocks.
 *
 *   C3 01 | C3 03 -> C7 01 | C7 03
 *   C3 04 | C3 05 block 1 (-> C7 04 acknowledges -> C3 06 block n+1)*
 *   answer in blocks: C7 02 block 1 (-> C3 02 acknowledges n -> C7 02 block n+1)*
 */

import { Conformance } from '../acse/conformance.ts';
import type { ActionReply, ActionResponse } from '../apdu/apdu-types.ts';
import type { MethodDescriptor } from '../apdu/descriptors.ts';
import { AxdrReader } from '../data/axdr-reader.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import { BlockCollector } from './block-collector.ts';
import type { ActionItem, Exchange } from './client-options.ts';
import type { ClientSession } from './client-session.ts';
import { DlmsError } from './dlms-error.ts';
import { blockBytes, firstBlockBytes } from './request-blocks.ts';
import { actionReturnOf, readActionReplies } from './result-list.ts';

export function* actionOne(session: ClientSession, method: MethodDescriptor, parameter: Uint8Array | null): Exchange<ActionReply> {
  const invoke = session.nextInvoke();
  const request = { service: 'action-request', kind: 'normal', invoke, method, parameter } as const;
  let answer: ActionResponse;
  if (parameter === null || session.goesWhole(request, Conformance.blockTransferWithAction)) {
    answer = yield* session.request(request, 'action-response', invoke);
  } else {
    const first = { service: 'action-request', kind: 'first-block', invoke, method } as const;
    const sent = firstBlockBytes(session, { ...first, last: false, block: 1, raw: NOTHING });
    answer = yield* session.request({ ...first, last: false, block: 1, raw: parameter.subarray(0, sent) }, 'action-response', invoke);
    answer = yield* sendRest(session, { invoke, whole: parameter, sent, answer });
  }
  if (answer.kind === 'normal') return { result: answer.result, data: answer.data };
  if (answer.kind !== 'block') throw new DlmsError('unexpected-answer', `action-response ${answer.kind} answers one ACTION`);
  const returned = actionReturnOf(yield* collect(session, invoke, answer));
  if (returned === null) throw new DlmsError('malformed', 'the blocks of an ACTION make no result');
  return returned;
}

export function* actionList(session: ClientSession, items: readonly ActionItem[]): Exchange<readonly ActionReply[]> {
  if (items.length === 0) return [];
  session.requireAgreed(Conformance.multipleReferences, 'an ACTION with a list');
  const invoke = session.nextInvoke();
  const methods = items.map(({ method }) => method);
  const parameters = items.map(({ parameter }) => parameter ?? NULL_DATA);
  const request = { service: 'action-request', kind: 'list', invoke, items: methods, parameters } as const;
  let answer: ActionResponse;
  if (session.goesWhole(request, Conformance.blockTransferWithAction)) {
    answer = yield* session.request(request, 'action-response', invoke);
  } else {
    const whole = new ByteWriter();
    whole.length(parameters.length);
    for (const parameter of parameters) whole.put(parameter);
    const first = { service: 'action-request', kind: 'list-first-block', invoke, items: methods } as const;
    const sent = firstBlockBytes(session, { ...first, last: false, block: 1, raw: NOTHING });
    answer = yield* session.request({ ...first, last: false, block: 1, raw: whole.view().subarray(0, sent) }, 'action-response', invoke);
    answer = yield* sendRest(session, { invoke, whole: whole.view(), sent, answer });
  }
  return yield* returnsOf(session, invoke, answer, items.length);
}

function* returnsOf(session: ClientSession, invoke: number, answer: ActionResponse, count: number): Exchange<readonly ActionReply[]> {
  if (answer.kind === 'next-block') throw new DlmsError('unexpected-answer', 'a block is acknowledged where none was sent');
  if (answer.kind === 'normal') {
    // One refusal for all of them, as some servers answer a list.
    const { result, data } = answer;
    if (count > 1 && result === 0) throw new DlmsError('unexpected-answer', 'one success answers several ACTIONs');
    return Array.from({ length: count }, () => ({ result, data }));
  }
  let results: readonly ActionReply[] | null;
  if (answer.kind === 'list') results = answer.results;
  else {
    const whole = yield* collect(session, invoke, answer);
    const reader = new AxdrReader();
    reader.reset(whole, 0, whole.length);
    results = readActionReplies(reader);
  }
  if (results === null) throw new DlmsError('malformed', 'the blocks of an ACTION make no list of results');
  if (results.length !== count) throw new DlmsError('unexpected-answer', `${results.length} results answer ${count} methods`);
  return results;
}

interface Rest {
  readonly invoke: number;
  readonly whole: Uint8Array;
  readonly sent: number;
  readonly answer: ActionResponse;
}

/** Sends the other blocks of a request; the answer is the first that acknowledges no block. */
function* sendRest(session: ClientSession, rest: Rest): Exchange<ActionResponse> {
  const { invoke, whole } = rest;
  const bytesMax = blockBytes(session, { service: 'action-request', kind: 'block', invoke, last: false, block: 1, raw: NOTHING });
  let { sent, answer } = rest;
  for (let block = 1; answer.kind === 'next-block'; block++) {
    if (answer.block !== block) throw new DlmsError('unexpected-answer', `block ${answer.block} is acknowledged where ${block} was sent`);
    if (sent >= whole.length) throw new DlmsError('unexpected-answer', 'the last block of an ACTION is acknowledged without a result');
    const raw = whole.subarray(sent, sent + bytesMax);
    sent += raw.length;
    const last = sent >= whole.length;
    answer = yield* session.request({ service: 'action-request', kind: 'block', invoke, last, block: block + 1, raw }, 'action-response', invoke);
  }
  return answer;
}

type Block = Extract<ActionResponse, { kind: 'block' }>;

function* collect(session: ClientSession, invoke: number, first: Block): Exchange<Uint8Array> {
  const collector = new BlockCollector(session.answerBytesMax);
  let answer = first;
  for (;;) {
    collector.add(answer.block, answer.raw);
    if (answer.last) return collector.whole();
    const request = { service: 'action-request', kind: 'next-block', invoke, block: answer.block } as const;
    const next = yield* session.requestNext(request, 'action-response', invoke, collector);
    if (next.kind === 'normal' && next.result !== 0) {
      throw new DlmsError('block-transfer', `the server ended the blocks of an ACTION with action-result ${next.result}`, { result: next.result });
    }
    if (next.kind !== 'block') throw new DlmsError('unexpected-answer', `action-response ${next.kind} comes in the middle of blocks`);
    answer = next;
  }
}

const NOTHING = new Uint8Array(0);
const NULL_DATA = Uint8Array.of(0);
