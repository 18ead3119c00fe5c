/**
 * General-block-transfer in an association, outside of all ciphering: the blocks of a request are put together, what it
 * answers is cut into blocks again. An answer in one piece that is longer than the client takes goes in blocks too.
 *
 * A burst of answering blocks goes out one APDU at a time: the first by `receive`, the others by `more`. Block 1 always
 * begins a new transfer.
 */

import { putApdu, decodeApdu } from '../apdu/apdu.ts';
import type { GeneralBlock } from '../apdu/apdu-types.ts';
import { GBT_HEAD_BYTES, gbtBytesMax, GbtReceiver, GbtSender, isAcknowledgement } from '../apdu/gbt.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { Association, GeneralTransfer } from './association.ts';
import type { ExceptionReason } from './exceptions.ts';

/** Serves a request that came in blocks: appends its answer to `out`, of any length, or nothing. */
export type ServeWhole = (apdu: Uint8Array, out: ByteWriter) => void;

/** Takes one block, appends what answers it or nothing; or says which exception-response does. */
export function takeGeneralBlock<D>(association: Association<D>, apdu: Uint8Array, serve: ServeWhole, out: ByteWriter): ExceptionReason | null {
  const decoded = decodeApdu(apdu);
  if (decoded.status !== 'frame' || decoded.value.service !== 'general-block-transfer') return 'malformed';
  const block = decoded.value;
  return isAcknowledgement(block) ? takeAcknowledgement(association, block, out) : takeData(association, block, serve, out);
}

/** Cuts `apdu` into blocks and appends the first; `too-long`: it can't be cut, and nothing is appended. Copies. */
export function sendInBlocks<D>(association: Association<D>, apdu: Uint8Array, out: ByteWriter): ExceptionReason | null {
  association.dropGeneral();
  association.owner.stats.transfers++;
  return beginSending(association, { receiver: null, heard: 0, sender: null, burst: [] }, { apdu, window: 1 }, out);
}

/** Appends the next block of the burst that is going, if there is one. */
export function putNextOfBurst<D>({ general }: Association<D>, out: ByteWriter): void {
  const block = general?.burst.shift();
  if (block !== undefined) putApdu(out, block);
}

function takeAcknowledgement<D>(association: Association<D>, block: GeneralBlock, out: ByteWriter): null {
  const { general } = association;
  if (general === null) return null;
  const { sender, receiver } = general;
  if (receiver !== null) receiver.take(block);
  else if (block.block === general.heard + 1) general.heard++;
  if (sender === null) return null;
  sender.peerHas(block.acknowledged, windowFor(association, block.window));
  if (sender.isDone) association.general = null;
  else startBurst(general, sender, out);
  return null;
}

function takeData<D>(association: Association<D>, block: GeneralBlock, serve: ServeWhole, out: ByteWriter): ExceptionReason | null {
  const { settings, stats } = association.owner;
  let { general } = association;
  if (block.block === 1 || general === null || general.receiver === null) {
    association.dropGeneral();
    stats.transfers++;
    general = { receiver: new GbtReceiver({ bytesMax: settings.requestBytesMax }), heard: 0, sender: null, burst: [] };
    association.general = general;
  }
  const receiver = general.receiver ?? new GbtReceiver({ bytesMax: 0 });
  const taken = receiver.take(block);
  if (taken === 'part') return null;
  if (taken === 'answer') return putAcknowledgement(association, general, receiver, out);
  if (taken === 'lost' || taken === 'too-long') {
    association.dropGeneral();
    return 'too-long';
  }
  if (general.sender !== null) {
    // The last block came again: our answer was lost.
    general.sender.peerHas(block.acknowledged, windowFor(association, block.window));
    startBurst(general, general.sender, out);
    return null;
  }
  return answerWhole(association, general, { receiver, block, serve }, out);
}

function answerWhole<D>(
  association: Association<D>,
  general: GeneralTransfer,
  of: { readonly receiver: GbtReceiver; readonly block: GeneralBlock; readonly serve: ServeWhole },
  out: ByteWriter,
): ExceptionReason | null {
  const { receiver, block, serve } = of;
  const { whole } = association.owner.scratch;
  whole.reset();
  serve(receiver.apdu(), whole);
  if (whole.at > 0) return beginSending(association, general, { apdu: whole.view(), window: block.window }, out);
  association.general = null;
  return block.window === 0 ? null : putAcknowledgement(association, general, receiver, out);
}

function beginSending<D>(
  association: Association<D>,
  general: GeneralTransfer,
  answer: { readonly apdu: Uint8Array; readonly window: number },
  out: ByteWriter,
): ExceptionReason | null {
  const blockBytes = association.apduBytesMax - GBT_HEAD_BYTES;
  if (blockBytes < 1 || answer.apdu.length > gbtBytesMax(blockBytes)) {
    association.general = null;
    association.owner.stats.transfersAborted++;
    return 'too-long';
  }
  const window = windowFor(association, answer.window);
  general.sender = new GbtSender(answer.apdu.slice(), { blockBytes, window, ownWindow: association.owner.settings.blocksInBurst });
  association.general = general;
  startBurst(general, general.sender, out);
  return null;
}

/** Never 0: nobody would answer, and a lost block would be lost for good. */
function windowFor<D>(association: Association<D>, window: number): number {
  return Math.max(1, Math.min(window, association.owner.settings.blocksOutBurst));
}

function startBurst(general: GeneralTransfer, sender: GbtSender, out: ByteWriter): void {
  const [first, ...rest] = sender.burst(general.receiver?.acknowledged ?? general.heard);
  general.burst = rest;
  if (first !== undefined) putApdu(out, first);
}

function putAcknowledgement<D>(association: Association<D>, general: GeneralTransfer, receiver: GbtReceiver, out: ByteWriter): null {
  putApdu(out, receiver.acknowledgement({ window: association.owner.settings.blocksInBurst, ownBlocks: general.sender?.blocks ?? 0 }));
  return null;
}
