/**
 * What goes or comes in blocks within an association: at most one of these at a time. Raw bytes of all blocks together are
 * what would have stood in one piece, cut anywhere:
 *
 *   GET answer          Data, or count {00 Data | 01 result}
 *   SET request         Data, or count {Data}
 *   ACTION request      Data, or count {Data}
 *   ACTION answer       result, return parameters; or count of these
 */

import type { GetReference } from '../apdu/apdu-types.ts';
import type { MethodDescriptor } from '../apdu/descriptors.ts';
import { ByteWriter } from '../data/byte-writer.ts';

export class OutgoingBlocks {
  readonly service: 'get' | 'action';
  readonly bytes: Uint8Array;
  /** Bytes that have gone. */
  at = 0;
  /** Number of the block that went last. */
  block = 0;

  constructor(service: 'get' | 'action', bytes: Uint8Array) {
    this.service = service;
    this.bytes = bytes;
  }

  get isDone(): boolean {
    return this.at === this.bytes.length;
  }
}

/** Where the value or parameter goes when it is whole. */
export type BlockTarget =
  | { readonly service: 'set'; readonly list: boolean; readonly items: readonly GetReference[] }
  | { readonly service: 'action'; readonly list: boolean; readonly items: readonly MethodDescriptor[] };

export class IncomingBlocks {
  readonly target: BlockTarget;
  /** Number of the block that came last. */
  block = 0;
  readonly #bytes = new ByteWriter(256);

  constructor(target: BlockTarget) {
    this.target = target;
  }

  get length(): number {
    return this.#bytes.at;
  }

  /** Copies. */
  add(raw: Uint8Array): void {
    this.#bytes.put(raw);
    this.block++;
  }

  /** All of it; a view that no more blocks change. */
  whole(): Uint8Array {
    return this.#bytes.view();
  }
}

export type Transfer = OutgoingBlocks | IncomingBlocks;

/**
 * The most bytes that fit into `room` together with a head of `headBytes` and their own length; below 1: none.
 */
export function rawBytes(room: number, headBytes: number): number {
  const left = room - headBytes;
  if (left <= 0x80) return left - 1;
  if (left <= 0x101) return Math.min(left - 2, 0xff);
  return left <= 0x10002 ? left - 3 : left - 4;
}
