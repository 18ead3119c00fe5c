/**
 * The way of one APDU, ciphered or not, to the server and of its answer back: the gateway prefix in front of each, and
 * general-block-transfer where a request is too long for the server's PDU or the server chooses it for its answer.
 *
 * Own blocks go one at a time, each acknowledged, so that one is sent for one that comes; the server may send as many in one
 * go as `generalBlockWindow` says. A time-out in the middle of a transfer counts as a lost block, a few times.
 */

import { Conformance } from '../acse/conformance.ts';
import { decodeApdu, encodeApdu } from '../apdu/apdu.ts';
import { ApduTag } from '../apdu/apdu-tag.ts';
import type { GeneralBlock } from '../apdu/apdu-types.ts';
import { gatewayHeadBytes, isGateway, putGatewayHead, readGateway } from '../apdu/gateway.ts';
import { GBT_HEAD_BYTES, GbtReceiver, GbtSender, isAcknowledgement } from '../apdu/gbt.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import type { ClientOptions, Exchange, Negotiated } from './client-options.ts';
import { DlmsError } from './dlms-error.ts';
import { isRefusal } from './exceptions.ts';

const WINDOW = 8;
/** Time-outs of one transfer that are taken for a lost block. */
const LOST_MAX = 2;
/** Times that the server may ask for the same block again. */
const REPEATS_MAX = 4;
/** Other APDUs in the middle of a transfer. */
const OTHERS_MAX = 16;
const PUSH_BYTES_MAX = 1024 * 1024;
const NOTHING = new Uint8Array(0);

export class ClientTransfer {
  readonly #options: ClientOptions;
  readonly #answerBytesMax: number;
  /** Gets what comes in the middle of general blocks and is none. */
  readonly #onOther: (apdu: Uint8Array) => void;
  /** Null: no gateway was talked to yet. */
  #out: ByteWriter | null = null;
  #negotiated: Negotiated | null = null;
  #push: GbtReceiver | null = null;

  constructor(options: ClientOptions, way: { readonly answerBytesMax: number; readonly onOther: (apdu: Uint8Array) => void }) {
    this.#options = options;
    this.#answerBytesMax = way.answerBytesMax;
    this.#onOther = way.onOther;
  }

  agree(negotiated: Negotiated | null): void {
    this.#negotiated = negotiated;
  }

  get prefixBytes(): number {
    const gateway = this.#options.gateway ?? null;
    return gateway === null ? 0 : gatewayHeadBytes(gateway.address.length);
  }

  /** Sends an APDU and answers the one that comes, whole and without prefix. */
  *exchange(apdu: Uint8Array): Exchange<Uint8Array> {
    const bytesMax = this.#negotiated?.serverPduBytesMax ?? 0;
    const agreed = ((this.#negotiated?.conformance ?? 0) & Conformance.generalBlockTransfer) !== 0;
    const room = bytesMax === 0 ? Infinity : bytesMax - this.prefixBytes;
    if (apdu.length > room && agreed) return yield* this.#sendBlocks(apdu, room - GBT_HEAD_BYTES);
    return yield* this.#received(yield this.prefixed(apdu), 0);
  }

  /** The next APDU that comes, without sending anything. */
  *awaitMore(): Exchange<Uint8Array> {
    return yield* this.#received(yield NOTHING, 0);
  }

  /** With the gateway prefix, if there is to be one; valid until the next call. */
  prefixed(apdu: Uint8Array): Uint8Array {
    const gateway = this.#options.gateway ?? null;
    if (gateway === null) return apdu;
    const out = (this.#out ??= new ByteWriter(256));
    out.reset();
    putGatewayHead(out, { ...gateway, response: false });
    out.put(apdu);
    return out.view();
  }

  /**
   * An APDU that came unasked, without prefix, whatever device behind the gateway it is from; null when it is a piece that
   * does not complete anything.
   */
  unprefixedPush(bytes: Uint8Array): Uint8Array | null {
    let apdu = bytes;
    if (isGateway(bytes)) {
      const read = readGateway(bytes);
      if (read === null) return null;
      ({ apdu } = read);
    }
    if (apdu[0] !== ApduTag.generalBlockTransfer) return apdu;
    const block = blockOf(apdu);
    if (block === null || isAcknowledgement(block)) return null;
    if (block.block === 1) this.#push = new GbtReceiver({ bytesMax: PUSH_BYTES_MAX });
    const push = this.#push;
    if (push === null) return null;
    const taken = push.take(block);
    if (taken === 'part' || taken === 'answer') return null;
    // Complete, or never to be.
    this.#push = null;
    return taken === 'complete' ? push.apdu() : null;
  }

  *#sendBlocks(apdu: Uint8Array, blockBytes: number): Exchange<Uint8Array> {
    if (blockBytes < 1) throw new DlmsError('too-long', 'the PDU of the server has no room for a general block');
    const sender = new GbtSender(apdu, { blockBytes, window: 1, ownWindow: this.#window });
    let lost = 0;
    for (let repeats = 0; repeats <= REPEATS_MAX; ) {
      const [block] = sender.burst(0);
      if (block === undefined) break;
      const before = sender.acknowledged;
      let answer: Uint8Array;
      try {
        answer = this.#unprefixed(yield this.prefixed(encodeApdu(block)));
      } catch (error) {
        if (!isTimeout(error) || ++lost > LOST_MAX) throw error;
        continue;
      }
      if (answer[0] !== ApduTag.generalBlockTransfer) {
        if (isRefusal(answer) || sender.acknowledged + 1 === sender.blocks) return answer;
        throw new DlmsError('unexpected-answer', 'something else comes where a general block is acknowledged');
      }
      const reply = blockOf(answer);
      if (reply === null) throw malformedBlock();
      // The window of the peer is of no use: one block goes for one that comes.
      sender.peerHas(reply.acknowledged, 1);
      if (sender.isDone) return yield* this.#blocks(reply, sender.blocks);
      if (sender.acknowledged === before) repeats++;
    }
    throw new DlmsError('block-transfer', 'the server does not take a general block');
  }

  /** What `bytes` are, or begin. */
  *#received(bytes: Uint8Array, ownBlocks: number): Exchange<Uint8Array> {
    const apdu = this.#unprefixed(bytes);
    if (apdu[0] !== ApduTag.generalBlockTransfer) return apdu;
    const block = blockOf(apdu);
    if (block === null) throw malformedBlock();
    return yield* this.#blocks(block, ownBlocks);
  }

  /** Takes the first block of an answer and asks for the others. */
  *#blocks(first: GeneralBlock, ownBlocks: number): Exchange<Uint8Array> {
    const receiver = new GbtReceiver({ bytesMax: this.#answerBytesMax });
    const acknowledge = (): Uint8Array => this.prefixed(encodeApdu(receiver.acknowledgement({ window: this.#window, ownBlocks })));
    let block: GeneralBlock | null = first;
    let lost = 0;
    for (let others = 0; others < OTHERS_MAX; ) {
      const taken = block === null ? 'part' : receiver.take(block);
      if (taken === 'complete') return receiver.apdu();
      if (taken === 'too-long') throw new DlmsError('block-transfer', `the blocks of an answer are more than ${this.#answerBytesMax} bytes`);
      if (taken === 'lost') throw new DlmsError('block-transfer', 'a general block is lost, and the server does not repeat it');
      let sent = taken === 'part' ? NOTHING : acknowledge();
      let bytes: Uint8Array | null = null;
      while (bytes === null) {
        try {
          bytes = yield sent;
        } catch (error) {
          if (!isTimeout(error) || ++lost > LOST_MAX) throw error;
          sent = acknowledge();
        }
      }
      const apdu = this.#unprefixed(bytes);
      if (apdu[0] === ApduTag.generalBlockTransfer) {
        block = blockOf(apdu);
        if (block === null) throw malformedBlock();
      } else if (isRefusal(apdu)) return apdu;
      else {
        this.#onOther(apdu);
        others++;
        block = null;
      }
    }
    throw new DlmsError('unexpected-answer', 'other APDUs come in the middle of general blocks');
  }

  get #window(): number {
    return this.#options.generalBlockWindow ?? WINDOW;
  }

  /** Takes the prefix away and looks whether it is the right one. */
  #unprefixed(bytes: Uint8Array): Uint8Array {
    const gateway = this.#options.gateway ?? null;
    if (!isGateway(bytes)) {
      // A gateway itself may refuse, and then there is no device whose answer it is.
      if (gateway === null || isRefusal(bytes)) return bytes;
      throw new DlmsError('unexpected-answer', 'an answer comes without gateway prefix');
    }
    const read = readGateway(bytes);
    if (read === null) throw new DlmsError('malformed', 'the gateway prefix of an answer can not be read');
    const { networkId, address, apdu } = read;
    if (gateway === null) throw new DlmsError('unexpected-answer', 'an answer comes with a gateway prefix');
    if (networkId !== gateway.networkId || Buffer.compare(address, gateway.address) !== 0) {
      throw new DlmsError('unexpected-answer', 'an answer comes from another device behind the gateway');
    }
    return apdu;
  }
}

function blockOf(apdu: Uint8Array): GeneralBlock | null {
  const decoded = decodeApdu(apdu);
  return decoded.status === 'frame' && decoded.value.service === 'general-block-transfer' ? decoded.value : null;
}

function malformedBlock(): DlmsError {
  return new DlmsError('malformed', 'a general block can not be read');
}

function isTimeout(error: unknown): boolean {
  return error instanceof DlmsError && error.code === 'timeout';
}
