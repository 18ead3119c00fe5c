/**
 * ACCESS: attributes read and written and methods invoked in one request, in their order.
 *
 *   D9 -> DA | long-invoke u32 | 00 no time | 00, or 01 count {specification} | count {Data} | count {choice, result}
 *
 * The specifications come back when the request is self-descriptive. With break-on-error nothing behind the first failure is
 * done. The answer has no blocks of its own: where it does not fit it goes in general blocks, or not at all.
 */

import { Conformance } from '../acse/conformance.ts';
import { putApdu } from '../apdu/apdu.ts';
import type { AccessRequest, AccessResult, AccessSpecification } from '../apdu/apdu-types.ts';
import { DataAccessResult } from '../apdu/results.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import type { Association } from './association.ts';
import { invokeMethod, readAttribute, writeAttribute } from './attribute-access.ts';
import type { ExceptionReason } from './exceptions.ts';
import { namedBy, requestOf } from './request-parts.ts';

/** Bits of long-invoke-id-and-priority. */
const SELF_DESCRIPTIVE = 2 ** 28;
const BREAK_ON_ERROR = 2 ** 29;
const CONFIRMED = 2 ** 30;

const NULL_DATA = Uint8Array.of(0);

export function serveAccess<D>(association: Association<D>, apdu: Uint8Array, out: ByteWriter): ExceptionReason | null {
  const request = requestOf(apdu, 'access-request');
  if (typeof request === 'string') return request;
  const { longInvoke } = request;
  const isAgreed = association.has(Conformance.access);
  if (isAgreed) {
    association.dropTransfer();
    const from = out.at;
    serveItems(association, request, out);
    if (has(longInvoke, CONFIRMED)) return null;
    out.at = from;
  } else if (has(longInvoke, CONFIRMED)) return 'not-agreed';
  association.owner.stats.silences.unconfirmed++;
  return null;
}

function serveItems<D>(association: Association<D>, request: AccessRequest, out: ByteWriter): void {
  const { longInvoke, specifications, data } = request;
  const { answerBytesMax } = association.owner.settings;
  const results: AccessResult[] = [];
  const answers: Uint8Array[] = [];
  const scratch = new ByteWriter(256);
  let bytes = 0;
  let isBroken = false;
  specifications.forEach((specification, i) => {
    scratch.reset();
    const isDone = !isBroken && bytes < answerBytesMax;
    const result = isDone ? serveItem(association, specification, data[i]!, scratch) : DataAccessResult.otherReason;
    if (result !== DataAccessResult.success && has(longInvoke, BREAK_ON_ERROR)) isBroken = true;
    const isLeft = result === DataAccessResult.success && scratch.at > 0;
    answers.push(isLeft ? scratch.copy() : NULL_DATA);
    bytes += scratch.at;
    results.push({ kind: specification.kind, result });
  });
  putApdu(out, {
    service: 'access-response',
    longInvoke,
    time: null,
    specifications: has(longInvoke, SELF_DESCRIPTIVE) ? specifications : null,
    data: answers,
    results,
  });
}

function serveItem<D>(association: Association<D>, specification: AccessSpecification, data: Uint8Array, out: ByteWriter): number {
  if (specification.kind === 'action') {
    return invokeMethod(association, namedBy(specification.method), specification.method.method, data, out);
  }
  const { kind, attribute, selection } = specification;
  if (kind === 'get') return readAttribute(association, namedBy(attribute), attribute.attribute, selection, out);
  return writeAttribute(association, namedBy(attribute), attribute.attribute, selection, data);
}

function has(longInvoke: number, bit: number): boolean {
  return Math.floor(longInvoke / bit) % 2 === 1;
}
