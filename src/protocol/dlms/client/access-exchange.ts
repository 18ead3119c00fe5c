/**
 * ACCESS: gets, sets and actions of any number in one request.
 *
 *   D9 long-invoke | time | count { specification } | count { Data }
 *   DA long-invoke | time | ... | count { Data } | count { choice, result }
 *
 * It has no blocks of its own: one that is too long goes in general blocks, or not at all.
 */

import { Conformance } from '../acse/conformance.ts';
import type { AccessSpecification } from '../apdu/apdu-types.ts';
import type { AccessItem, AccessReturn, Exchange } from './client-options.ts';
import type { ClientSession } from './client-session.ts';
import { DlmsError } from './dlms-error.ts';

const BREAK_ON_ERROR = 0x20000000;

export function* access(session: ClientSession, items: readonly AccessItem[], breakOnError: boolean): Exchange<readonly AccessReturn[]> {
  if (items.length === 0) return [];
  session.requireAgreed(Conformance.access, 'ACCESS');
  const longInvoke = session.nextLongInvoke(breakOnError ? BREAK_ON_ERROR : 0);
  const request = {
    service: 'access-request',
    longInvoke,
    time: null,
    specifications: items.map(specificationOf),
    data: items.map(dataOf),
  } as const;
  // Neither agreed: what does not fit is too long.
  session.goesWhole(request, 0);
  const answer = yield* session.requestLong(request, longInvoke);
  const { data, results } = answer;
  const isWhole = results.length === items.length && data.length === items.length;
  // After an error the rest may be left out, if it was said so.
  const isCut = breakOnError && results.length === data.length && results.length > 0 && results.length < items.length;
  if (!isWhole && !isCut) {
    throw new DlmsError('unexpected-answer', `${results.length} results and ${data.length} values answer ${items.length} references`);
  }
  return results.map(({ result }, i) => ({ result, data: data[i] ?? NULL_DATA }));
}

function specificationOf(item: AccessItem): AccessSpecification {
  if (item.kind === 'action') return { kind: 'action', method: item.method };
  return { kind: item.kind, attribute: item.attribute, selection: item.selection ?? null };
}

function dataOf(item: AccessItem): Uint8Array {
  if (item.kind === 'set') return item.value;
  return (item.kind === 'action' ? item.parameter : null) ?? NULL_DATA;
}

const NULL_DATA = Uint8Array.of(0);
