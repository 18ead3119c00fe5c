/**
 * GET: one attribute or several, the answer at once or in blocks.
 *
 *   C0 01 -> C4 01                     the result
 *   C0 01 -> C4 02 block 1 (-> C0 02 acknowledges n -> C4 02 block n+1)*      pieces of one Data, cut anywhere
 *   C0 03 -> C4 03, or C4 02 blocks    the pieces make `count {00 Data | 01 data-access-result}`
 */

import { Conformance } from '../acse/conformance.ts';
import type { AttributeDescriptor, Selection } from '../apdu/descriptors.ts';
import type { GetResult } from '../apdu/results.ts';
import { AxdrReader } from '../data/axdr-reader.ts';
import { BlockCollector } from './block-collector.ts';
import type { Exchange, GetItem } from './client-options.ts';
import type { ClientSession } from './client-session.ts';
import { DlmsError } from './dlms-error.ts';
import { isOneData, readResults } from './result-list.ts';

/** A request of GET has no blocks of its own: it fits, or goes in general blocks, or not at all. */
const NO_BLOCKS = 0;

export function* getOne(session: ClientSession, attribute: AttributeDescriptor, selection: Selection | null): Exchange<GetResult> {
  const invoke = session.nextInvoke();
  const request = { service: 'get-request', kind: 'normal', invoke, attribute, selection } as const;
  session.goesWhole(request, NO_BLOCKS);
  const answer = yield* session.request(request, 'get-response', invoke);
  if (answer.kind === 'normal') return answer.result;
  if (answer.kind === 'list') throw unexpected('a list answers a GET of one attribute');
  const whole = yield* collect(session, invoke, answer);
  if (typeof whole === 'number') return { error: whole };
  if (!isOneData(whole)) throw new DlmsError('malformed', 'the blocks of a GET do not make one Data');
  return { data: whole };
}

export function* getList(session: ClientSession, items: readonly GetItem[]): Exchange<readonly GetResult[]> {
  if (items.length === 0) return [];
  session.requireAgreed(Conformance.multipleReferences, 'a GET of a list');
  const invoke = session.nextInvoke();
  const list = items.map(({ attribute, selection }) => ({ attribute, selection: selection ?? null }));
  const request = { service: 'get-request', kind: 'list', invoke, items: list } as const;
  session.goesWhole(request, NO_BLOCKS);
  const answer = yield* session.request(request, 'get-response', invoke);
  if (answer.kind === 'list') return counted(answer.results, items.length);
  if (answer.kind === 'normal') {
    // One refusal for all of them, as some servers answer a list.
    const { result } = answer;
    if ('error' in result) return items.map(() => result);
    if (items.length === 1) return [result];
    throw unexpected('a GET of a list has one value for an answer');
  }
  const whole = yield* collect(session, invoke, answer);
  if (typeof whole === 'number') return items.map(() => ({ error: whole }));
  const reader = new AxdrReader();
  reader.reset(whole, 0, whole.length);
  const results = readResults(reader);
  if (results === null) throw new DlmsError('malformed', 'the blocks of a GET do not make a list of results');
  return counted(results, items.length);
}

interface Block {
  readonly last: boolean;
  readonly block: number;
  readonly result: { readonly raw: Uint8Array } | { readonly error: number };
}

/** Takes the first block and asks for the others. Answers their bytes, or the data-access-result that ended them. */
function* collect(session: ClientSession, invoke: number, first: Block): Exchange<Uint8Array | number> {
  const collector = new BlockCollector(session.answerBytesMax);
  let answer: Block = first;
  for (;;) {
    if ('error' in answer.result) return answer.result.error;
    collector.add(answer.block, answer.result.raw);
    if (answer.last) return collector.whole();
    const next = yield* session.requestNext({ service: 'get-request', kind: 'next', invoke, block: answer.block }, 'get-response', invoke, collector);
    if (next.kind === 'list') throw unexpected('a list comes in the middle of blocks');
    // Some servers end a transfer with a plain refusal.
    if (next.kind === 'normal') {
      if ('error' in next.result) return next.result.error;
      throw unexpected('a whole value comes in the middle of blocks');
    }
    answer = next;
  }
}

function counted<T>(results: readonly T[], count: number): readonly T[] {
  if (results.length !== count) throw unexpected(`${results.length} results answer ${count} references`);
  return results;
}

function unexpected(message: string): DlmsError {
  return new DlmsError('unexpected-answer', message);
}
