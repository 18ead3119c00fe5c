/**
 * Goes through the blocks of a buffer file. What can't be read is told apart:
 *
 *   torn     bytes after the last sound block: the intake died while it wrote them, so they were never confirmed
 *   damaged  sound blocks come after unsound bytes, or a number of the sequence is missing: the disk changed what was
 *            durable. The sound blocks are still read; the file should be kept.
 *
 * Invariant: the same bytes always give the same blocks, so "the first n rows of this file" is a place that lasts.
 */

import { BLOCK_HEADER_BYTES, type Block, readBlock } from './block.ts';

export class BlockReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #nextSequence = 0;
  #damaged = false;
  #tornBytes = 0;

  /** `bytes` begin at a multiple of 8. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get damaged(): boolean {
    return this.#damaged;
  }

  /** Known once `next` has answered null. */
  get tornBytes(): number {
    return this.#tornBytes;
  }

  /** Null: there is no further one. */
  next(): Block | null {
    const from = this.#at;
    for (let at = from; at + BLOCK_HEADER_BYTES <= this.#bytes.length; at += 8) {
      const block = readBlock(this.#bytes, at);
      if (block === null) continue;
      if (at > from || block.sequence !== this.#nextSequence) this.#damaged = true;
      this.#at = at + block.bytes;
      this.#nextSequence = block.sequence + 1;
      return block;
    }
    this.#tornBytes = this.#bytes.length - from;
    this.#at = this.#bytes.length;
    return null;
  }
}
