/** What the services have in common: requests as objects, what an item names, values that came in blocks. */

import { decodeApdu } from '../apdu/apdu.ts';
import type { Apdu } from '../apdu/apdu-types.ts';
import type { AttributeDescriptor, MethodDescriptor } from '../apdu/descriptors.ts';
import { AxdrReader } from '../data/axdr-reader.ts';
import { decodeData, takeData } from '../data/data-codec.ts';
import type { Association } from './association.ts';
import type { Named } from './attribute-access.ts';
import type { ExceptionReason } from './exceptions.ts';
import { IncomingBlocks, type BlockTarget } from './transfers.ts';

/** Bit 6 of invoke-id-and-priority: the client wants an answer. */
const CONFIRMED = 0x40;

export function isConfirmed(invoke: number): boolean {
  return (invoke & CONFIRMED) !== 0;
}

/** The request, or what answers it as it can't be read. */
export function requestOf<S extends Apdu['service']>(apdu: Uint8Array, service: S): Extract<Apdu, { service: S }> | ExceptionReason {
  const decoded = decodeApdu(apdu);
  if (decoded.status === 'incomplete') return 'malformed';
  if (decoded.status === 'malformed') return decoded.reason === 'kind-unknown' ? 'unknown' : 'malformed';
  const { value } = decoded;
  return isOf(value, service) ? value : 'malformed';
}

function isOf<S extends Apdu['service']>(apdu: Apdu, service: S): apdu is Extract<Apdu, { service: S }> {
  return apdu.service === service;
}

export function namedBy(item: AttributeDescriptor | MethodDescriptor): Named {
  return { classId: item.classId, bytes: item.logicalName, at: 0 };
}

/**
 * Takes a block of the transfer that `association` has. `done`: it was the last one, and `blocks` has all. `wrong`: no such
 * block is due. `too-long`: more than is taken. After the last two the transfer is given up.
 */
export function takeBlock<D>(
  association: Association<D>,
  blocks: IncomingBlocks,
  block: { readonly last: boolean; readonly block: number; readonly raw: Uint8Array },
): 'more' | 'done' | 'wrong' | 'too-long' {
  if (block.block !== blocks.block + 1) {
    association.dropTransfer();
    return 'wrong';
  }
  if (blocks.length + block.raw.length > association.owner.settings.requestBytesMax) {
    association.dropTransfer();
    return 'too-long';
  }
  blocks.add(block.raw);
  if (!block.last) return 'more';
  association.transfer = null;
  return 'done';
}

export function beginBlocks<D>(association: Association<D>, target: BlockTarget): IncomingBlocks {
  association.dropTransfer();
  const blocks = new IncomingBlocks(target);
  association.transfer = blocks;
  association.owner.stats.transfers++;
  return blocks;
}

/** The transfer of this service that is under way; null: none. */
export function incomingBlocks<D>(association: Association<D>, service: 'set' | 'action'): IncomingBlocks | null {
  const { transfer } = association;
  return transfer instanceof IncomingBlocks && transfer.target.service === service ? transfer : null;
}

/** The whole of `bytes` as one encoded Data; null: it is none. */
export function oneValue(bytes: Uint8Array): Uint8Array | null {
  return decodeData(bytes).status === 'frame' ? bytes : null;
}

/** The whole of `bytes` as `count {Data}` with just `count` of them; null: it is none. */
export function valueList(bytes: Uint8Array, count: number): readonly Uint8Array[] | null {
  const reader = new AxdrReader();
  reader.reset(bytes, 0, bytes.length);
  if (reader.length() !== count) return null;
  const values: Uint8Array[] = [];
  for (let i = 0; i < count && reader.failure === null; i++) values.push(takeData(reader));
  return reader.failure === null && reader.left === 0 ? values : null;
}
