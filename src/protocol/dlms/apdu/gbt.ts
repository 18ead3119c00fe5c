/**
 * General-block-transfer: an APDU, ciphered or not, cut into numbered blocks (Green Book, GBT). Sender and receiver of one
 * direction each; who talks in both has one of each, and every block that goes one way acknowledges those that came the other.
 *
 *   sender     a burst of as many blocks as the peer takes; all but the last of a burst stream, after the last one it waits
 *   receiver   keeps what comes in order. At the end of a burst it acknowledges the last block in order; the sender goes on
 *              behind that one, so a lost block is sent again. What came twice is dropped.
 *   push       window 0: nobody acknowledges, all blocks stream, and a lost block is lost
 *
 * Blocks with data count from 1. A block without data is an acknowledgement; those that follow the last data take the numbers
 * behind it, each the next one when the peer has acknowledged the one before (Gurux clients wait for that). When an end of a
 * burst or an acknowledgement is lost both sides are silent: who waits too long sends its burst or acknowledgement again.
 */

import { assert } from '../../../base/assert.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import type { GeneralBlock } from './apdu-types.ts';

export const GBT_WINDOW_MAX = 63;
/** Tag, control, two numbers, and a length of up to three bytes. */
export const GBT_HEAD_BYTES = 1 + 1 + 2 + 2 + 3;
const BLOCKS_MAX = 0xffff;

export interface GbtSenderOptions {
  /** Bytes of data in a block. */
  readonly blockBytes: number;
  /** Blocks that the peer takes in a burst, 1 .. 63; 0: nobody will acknowledge. */
  readonly window: number;
  /** Blocks that this side takes in a burst, told to the peer. */
  readonly ownWindow: number;
}

export class GbtSender {
  /** Blocks that the peer has. */
  acknowledged = 0;
  readonly blocks: number;
  readonly #apdu: Uint8Array;
  readonly #options: GbtSenderOptions;
  #window: number;

  /** `apdu` must stay unchanged until the transfer is over, and fit `gbtBytesMax`. */
  constructor(apdu: Uint8Array, options: GbtSenderOptions) {
    const { blockBytes, window, ownWindow } = options;
    assert(apdu.length > 0 && blockBytes > 0, 'there is something to send in blocks');
    assert(window >= 0 && window <= GBT_WINDOW_MAX && ownWindow >= 0 && ownWindow <= GBT_WINDOW_MAX, 'a window has 0 to 63 blocks');
    this.blocks = Math.ceil(apdu.length / blockBytes);
    assert(this.blocks <= BLOCKS_MAX, 'a transfer has at most 65535 blocks');
    this.#apdu = apdu;
    this.#options = options;
    this.#window = window;
  }

  /** Everything has arrived. */
  get isDone(): boolean {
    return this.acknowledged === this.blocks;
  }

  /**
   * What the peer said: it has all blocks up to `acknowledged`, and takes `window` in a burst. Older news changes nothing, and
   * numbers behind the last block are of acknowledgements.
   */
  peerHas(acknowledged: number, window: number): void {
    this.acknowledged = Math.max(this.acknowledged, Math.min(acknowledged, this.blocks));
    if (window > 0 && this.#window > 0) this.#window = Math.min(window, GBT_WINDOW_MAX);
  }

  /** The blocks to send now: those behind what the peer has. `received`: what this side acknowledges. */
  burst(received: number): readonly GeneralBlock[] {
    const { blockBytes, ownWindow } = this.#options;
    const from = this.acknowledged;
    const to = this.#window === 0 ? this.blocks : Math.min(from + this.#window, this.blocks);
    return Array.from({ length: to - from }, (_, i): GeneralBlock => {
      const index = from + i;
      return {
        service: 'general-block-transfer',
        last: index + 1 === this.blocks,
        streaming: this.#window === 0 || index + 1 < to,
        window: this.#window === 0 ? 0 : ownWindow,
        block: index + 1,
        acknowledged: received,
        raw: this.#apdu.subarray(index * blockBytes, (index + 1) * blockBytes),
      };
    });
  }
}

/** The longest APDU that can be sent in blocks with `blockBytes` of data each. */
export function gbtBytesMax(blockBytes: number): number {
  return blockBytes * BLOCKS_MAX;
}

/**
 * `part`: more comes by itself. `answer`: the peer waits for an acknowledgement. `complete`: `apdu` has all of it.
 * `lost`: a block of a push is missing, and nobody will send it again. `too-long`: it grows over the limit. After the last two
 * the transfer must be given up.
 */
export type GbtTaken = 'part' | 'answer' | 'complete' | 'lost' | 'too-long';

export class GbtReceiver {
  /** Number of the last block in order: what this side acknowledges. */
  acknowledged = 0;
  readonly #bytesMax: number;
  readonly #apdu = new ByteWriter(0);
  #peerHas = 0;
  #complete = false;

  constructor(options: { readonly bytesMax: number }) {
    this.#bytesMax = options.bytesMax;
  }

  /** Takes a block; its bytes are copied. One without data is seldom needed: it moves `acknowledged` after the end. */
  take(block: GeneralBlock): GbtTaken {
    this.#peerHas = Math.max(this.#peerHas, block.acknowledged);
    const { raw } = block;
    if (block.block === this.acknowledged + 1) {
      if (this.#complete) {
        if (isAcknowledgement(block)) this.acknowledged = block.block;
      } else if (!isAcknowledgement(block)) {
        const isFull = block.block === BLOCKS_MAX && !block.last;
        if (isFull || this.#apdu.at + raw.length > this.#bytesMax) return 'too-long';
        this.#apdu.put(raw);
        this.acknowledged = block.block;
        this.#complete = block.last;
      }
    } else if (!this.#complete && block.window === 0 && block.streaming && block.block > this.acknowledged) return 'lost';
    if (this.#complete) return 'complete';
    return block.streaming || isAcknowledgement(block) ? 'part' : 'answer';
  }

  /** What to send when the answer is `answer`, or when nothing has come for too long. `ownBlocks`: those of the own sender. */
  acknowledgement(of: { readonly window: number; readonly ownBlocks: number }): GeneralBlock {
    const block = Math.min(Math.max(of.ownBlocks, this.#peerHas) + 1, BLOCKS_MAX);
    return gbtAcknowledgement({ window: of.window, block, acknowledged: this.acknowledged });
  }

  /** The APDU, once it is complete; a copy. */
  apdu(): Uint8Array {
    assert(this.#complete, 'all blocks have come');
    return this.#apdu.copy();
  }
}

/** Says what was received, and that this side takes `window` blocks; `block`: number of the next own one. */
export function gbtAcknowledgement(of: { readonly window: number; readonly block: number; readonly acknowledged: number }): GeneralBlock {
  return { service: 'general-block-transfer', last: true, streaming: false, ...of, raw: NOTHING };
}

export function isAcknowledgement(block: GeneralBlock): boolean {
  return block.raw.length === 0;
}

const NOTHING = new Uint8Array(0);
