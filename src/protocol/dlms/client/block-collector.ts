/**
 * Puts the blocks of one answer together. Blocks count from 1 without a gap; the sum has a limit, so that a peer can't fill
 * the memory, and so have blocks that bring nothing, so that it can't go on for ever. Copies what it gets: the bytes may
 * change afterwards.
 */

import { ByteWriter } from '../data/byte-writer.ts';
import { DlmsError } from './dlms-error.ts';

/** Blocks without bytes in one answer. A server whose rows don't fit its blocks sends nothing else. */
const EMPTY_MAX = 16;

export class BlockCollector {
  readonly #bytesMax: number;
  #empty = 0;
  readonly #writer = new ByteWriter();
  #last = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** True for the block that came last: the network, or the peer, said it twice. */
  isRepeat(block: number): boolean {
    return block === this.#last && block !== 0;
  }

  /** Throws DlmsError `unexpected-answer` for a gap, `block-transfer` beyond a limit. */
  add(block: number, raw: Uint8Array): void {
    if (block !== this.#last + 1) throw new DlmsError('unexpected-answer', `block ${block} came where ${this.#last + 1} was due`);
    if (this.#writer.at + raw.length > this.#bytesMax) {
      throw new DlmsError('block-transfer', `the blocks of an answer are more than ${this.#bytesMax} bytes`);
    }
    if (raw.length === 0 && ++this.#empty > EMPTY_MAX) throw new DlmsError('block-transfer', 'the blocks of an answer bring nothing');
    this.#writer.put(raw);
    this.#last = block;
  }

  /** All bytes so far; a view that stays as it is, since no more are added. */
  whole(): Uint8Array {
    return this.#writer.view();
  }
}
