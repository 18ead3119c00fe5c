/**
 * SET: one attribute or several, in one request or, when that is longer than the server takes, in blocks.
 *
 *   C1 01 | C1 04 -> C5 01 | C5 05
 *   C1 02 | C1 05 block 1 (-> C5 02 acknowledges -> C1 03 block n+1)* -> C5 03 | C5 04
 */

import { Conformance } from '../acse/conformance.ts';
import type { SetResponse } from '../apdu/apdu-types.ts';
import type { AttributeDescriptor, Selection } from '../apdu/descriptors.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import type { Exchange, SetItem } from './client-options.ts';
import type { ClientSession } from './client-session.ts';
import { DlmsError } from './dlms-error.ts';
import { blockBytes, firstBlockBytes } from './request-blocks.ts';

export interface SetOne {
  readonly attribute: AttributeDescriptor;
  readonly selection: Selection | null;
  readonly value: Uint8Array;
}

export function* setOne(session: ClientSession, { attribute, selection, value }: SetOne): Exchange<number> {
  const invoke = session.nextInvoke();
  const request = { service: 'set-request', kind: 'normal', invoke, attribute, selection, value } as const;
  if (session.goesWhole(request, Conformance.blockTransferWithSet)) {
    return resultOf(yield* session.request(request, 'set-response', invoke));
  }
  const first = { service: 'set-request', kind: 'first-block', invoke, attribute, selection } as const;
  const firstBytes = firstBlockBytes(session, { ...first, last: false, block: 1, raw: NOTHING });
  const raw = value.subarray(0, firstBytes);
  const answer = yield* session.request({ ...first, last: false, block: 1, raw }, 'set-response', invoke);
  return resultOf(yield* sendRest(session, { invoke, whole: value, sent: firstBytes, answer }));
}

export function* setList(session: ClientSession, items: readonly SetItem[]): Exchange<readonly number[]> {
  if (items.length === 0) return [];
  session.requireAgreed(Conformance.multipleReferences, 'a SET of a list');
  const invoke = session.nextInvoke();
  const references = items.map(({ attribute, selection }) => ({ attribute, selection: selection ?? null }));
  const values = items.map(({ value }) => value);
  const request = { service: 'set-request', kind: 'list', invoke, items: references, values } as const;
  if (session.goesWhole(request, Conformance.blockTransferWithSet)) {
    return resultsOf(yield* session.request(request, 'set-response', invoke), items.length);
  }
  const whole = new ByteWriter();
  whole.length(values.length);
  for (const value of values) whole.put(value);
  const first = { service: 'set-request', kind: 'list-first-block', invoke, items: references } as const;
  const firstBytes = firstBlockBytes(session, { ...first, last: false, block: 1, raw: NOTHING });
  const raw = whole.view().subarray(0, firstBytes);
  const answer = yield* session.request({ ...first, last: false, block: 1, raw }, 'set-response', invoke);
  return resultsOf(yield* sendRest(session, { invoke, whole: whole.view(), sent: firstBytes, answer }), items.length);
}

interface Rest {
  readonly invoke: number;
  readonly whole: Uint8Array;
  /** Bytes that the first block took. */
  readonly sent: number;
  /** What came for the first block. */
  readonly answer: SetResponse;
}

/** Sends the other blocks; the answer is the first that acknowledges no block: the last, or an early refusal. */
function* sendRest(session: ClientSession, rest: Rest): Exchange<SetResponse> {
  const { invoke, whole } = rest;
  const bytesMax = blockBytes(session, { service: 'set-request', kind: 'block', invoke, last: false, block: 1, raw: NOTHING });
  let { sent, answer } = rest;
  for (let block = 1; answer.kind === 'block'; block++) {
    if (answer.block !== block) throw new DlmsError('unexpected-answer', `block ${answer.block} is acknowledged where ${block} was sent`);
    if (sent >= whole.length) throw new DlmsError('unexpected-answer', 'the last block of a SET is acknowledged without a result');
    const raw = whole.subarray(sent, sent + bytesMax);
    sent += raw.length;
    const last = sent >= whole.length;
    answer = yield* session.request({ service: 'set-request', kind: 'block', invoke, last, block: block + 1, raw }, 'set-response', invoke);
  }
  return answer;
}

function resultOf(answer: SetResponse): number {
  if (answer.kind === 'normal' || answer.kind === 'last-block') return answer.result;
  throw new DlmsError('unexpected-answer', `set-response ${answer.kind} answers a SET of one attribute`);
}

function resultsOf(answer: SetResponse, count: number): readonly number[] {
  if (answer.kind === 'normal' || answer.kind === 'last-block') {
    // One result for all of them, as some servers refuse a list.
    const { result } = answer;
    return Array.from({ length: count }, () => result);
  }
  if (answer.kind === 'block') throw new DlmsError('unexpected-answer', 'a block is acknowledged where none was sent');
  if (answer.results.length !== count) {
    throw new DlmsError('unexpected-answer', `${answer.results.length} results answer ${count} references`);
  }
  return answer.results;
}

const NOTHING = new Uint8Array(0);
