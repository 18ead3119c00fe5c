/** Random plain APDUs of every service and kind. */

import { encodeData } from '../data/data-codec.ts';
import type { Draws } from '../data/draws.fixture.ts';
import { randomData } from '../data/random-data.fixture.ts';
import type { AccessSpecification, ActionReply, Apdu, Block, GetReference } from './apdu-types.ts';
import type { AttributeDescriptor, MethodDescriptor, Selection } from './descriptors.ts';
import type { GetResult } from './results.ts';

/** One function for each service and kind. */
export const RANDOM_APDUS: readonly (readonly [string, (draws: Draws) => Apdu])[] = [
  ['get-request normal', (d) => ({ service: 'get-request', kind: 'normal', invoke: d.below(256), ...reference(d) })],
  ['get-request next', (d) => ({ service: 'get-request', kind: 'next', invoke: d.below(256), block: d.u32() })],
  ['get-request list', (d) => ({ service: 'get-request', kind: 'list', invoke: d.below(256), items: some(d, reference) })],
  ['get-response normal', (d) => ({ service: 'get-response', kind: 'normal', invoke: d.below(256), result: result(d) })],
  [
    'get-response block',
    (d) => {
      const { last, block: at, raw } = block(d);
      return { service: 'get-response', kind: 'block', invoke: d.below(256), last, block: at, result: d.oneIn(3) ? { error: d.below(256) } : { raw } };
    },
  ],
  ['get-response list', (d) => ({ service: 'get-response', kind: 'list', invoke: d.below(256), results: some(d, result) })],
  ['set-request normal', (d) => ({ service: 'set-request', kind: 'normal', invoke: d.below(256), ...reference(d), value: data(d) })],
  ['set-request first-block', (d) => ({ service: 'set-request', kind: 'first-block', invoke: d.below(256), ...reference(d), ...block(d) })],
  ['set-request block', (d) => ({ service: 'set-request', kind: 'block', invoke: d.below(256), ...block(d) })],
  [
    'set-request list',
    (d) => {
      const items = some(d, reference);
      return { service: 'set-request', kind: 'list', invoke: d.below(256), items, values: items.map(() => data(d)) };
    },
  ],
  ['set-request list-first-block', (d) => ({ service: 'set-request', kind: 'list-first-block', invoke: d.below(256), items: some(d, reference), ...block(d) })],
  ['set-response normal', (d) => ({ service: 'set-response', kind: 'normal', invoke: d.below(256), result: d.below(256) })],
  ['set-response block', (d) => ({ service: 'set-response', kind: 'block', invoke: d.below(256), block: d.u32() })],
  ['set-response last-block', (d) => ({ service: 'set-response', kind: 'last-block', invoke: d.below(256), result: d.below(256), block: d.u32() })],
  ['set-response last-block-list', (d) => ({ service: 'set-response', kind: 'last-block-list', invoke: d.below(256), results: some(d, code), block: d.u32() })],
  ['set-response list', (d) => ({ service: 'set-response', kind: 'list', invoke: d.below(256), results: some(d, code) })],
  ['action-request normal', (d) => ({ service: 'action-request', kind: 'normal', invoke: d.below(256), method: method(d), parameter: d.oneIn(3) ? null : data(d) })],
  ['action-request next-block', (d) => ({ service: 'action-request', kind: 'next-block', invoke: d.below(256), block: d.u32() })],
  [
    'action-request list',
    (d) => {
      const items = some(d, method);
      return { service: 'action-request', kind: 'list', invoke: d.below(256), items, parameters: items.map(() => data(d)) };
    },
  ],
  ['action-request first-block', (d) => ({ service: 'action-request', kind: 'first-block', invoke: d.below(256), method: method(d), ...block(d) })],
  ['action-request list-first-block', (d) => ({ service: 'action-request', kind: 'list-first-block', invoke: d.below(256), items: some(d, method), ...block(d) })],
  ['action-request block', (d) => ({ service: 'action-request', kind: 'block', invoke: d.below(256), ...block(d) })],
  ['action-response normal', (d) => ({ service: 'action-response', kind: 'normal', invoke: d.below(256), ...reply(d) })],
  ['action-response block', (d) => ({ service: 'action-response', kind: 'block', invoke: d.below(256), ...block(d) })],
  ['action-response list', (d) => ({ service: 'action-response', kind: 'list', invoke: d.below(256), results: some(d, reply) })],
  ['action-response next-block', (d) => ({ service: 'action-response', kind: 'next-block', invoke: d.below(256), block: d.u32() })],
  [
    'access-request',
    (d) => {
      const specifications = some(d, specification);
      return { service: 'access-request', longInvoke: d.u32(), time: time(d), specifications, data: specifications.map(() => data(d)) };
    },
  ],
  [
    'access-response',
    (d) => {
      const specifications = some(d, specification);
      return {
        service: 'access-response',
        longInvoke: d.u32(),
        time: time(d),
        specifications: d.oneIn(2) ? null : specifications,
        data: specifications.map(() => data(d)),
        results: specifications.map(({ kind }) => ({ kind, result: d.below(256) })),
      };
    },
  ],
  ['data-notification', (d) => ({ service: 'data-notification', longInvoke: d.u32(), time: time(d), body: data(d) })],
  ['event-notification', (d) => ({ service: 'event-notification', time: time(d), attribute: attribute(d), value: data(d) })],
  [
    'exception-response',
    (d) => {
      const reason = d.below(8);
      return { service: 'exception-response', state: d.below(4), reason, counter: reason === 6 ? d.u32() : null };
    },
  ],
  ['confirmed-service-error', (d) => ({ service: 'confirmed-service-error', of: d.below(256), error: d.below(256), code: d.below(256) })],
  [
    'general-block-transfer',
    (d) => ({
      service: 'general-block-transfer',
      last: d.oneIn(2),
      streaming: d.oneIn(2),
      window: d.below(64),
      block: d.below(0x10000),
      acknowledged: d.below(0x10000),
      raw: d.bytes(d.length()),
    }),
  ],
];

function some<T>(draws: Draws, one: (draws: Draws) => T): readonly T[] {
  return draws.list(draws.oneIn(20) ? 130 : draws.below(4), () => one(draws));
}

function code(draws: Draws): number {
  return draws.below(256);
}

function data(draws: Draws): Uint8Array {
  return encodeData(randomData(draws, undefined, 2));
}

function attribute(draws: Draws): AttributeDescriptor {
  return { classId: draws.below(0x10000), logicalName: draws.bytes(6), attribute: draws.below(256) - 128 };
}

function method(draws: Draws): MethodDescriptor {
  return { classId: draws.below(0x10000), logicalName: draws.bytes(6), method: draws.below(256) - 128 };
}

function selection(draws: Draws): Selection | null {
  return draws.oneIn(2) ? null : { selector: draws.below(256), parameter: data(draws) };
}

function reference(draws: Draws): GetReference {
  return { attribute: attribute(draws), selection: selection(draws) };
}

function block(draws: Draws): Block {
  return { last: draws.oneIn(2), block: draws.u32(), raw: draws.bytes(draws.length()) };
}

function result(draws: Draws): GetResult {
  return draws.oneIn(3) ? { error: draws.below(256) } : { data: data(draws) };
}

function reply(draws: Draws): ActionReply {
  return { result: draws.below(256), data: draws.oneIn(2) ? null : result(draws) };
}

function time(draws: Draws): Uint8Array | null {
  return draws.oneIn(2) ? null : draws.bytes(12);
}

function specification(draws: Draws): AccessSpecification {
  const kind = draws.of(['get', 'set', 'action'] as const);
  return kind === 'action' ? { kind, method: method(draws) } : { kind, attribute: attribute(draws), selection: selection(draws) };
}
