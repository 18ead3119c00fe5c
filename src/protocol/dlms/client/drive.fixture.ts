/** Drives an exchange against a peer that is a function, or a list of answers. */

import type { Exchange } from './client-options.ts';
import { DlmsError } from './dlms-error.ts';

/** What a peer answers to an APDU; for an empty one: what it sends by itself. Null: nothing, which is a time-out. */
export type Peer = (apdu: Uint8Array) => Uint8Array | null;

export const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

export function drive<T>(exchange: Exchange<T>, peer: Peer): T {
  let step = exchange.next();
  for (let i = 0; step.done !== true; i++) {
    if (i > 100_000) throw new Error('an exchange without end');
    const answer = peer(new Uint8Array(step.value));
    step = answer === null ? exchange.throw(new DlmsError('timeout', 'no answer')) : exchange.next(answer);
  }
  return step.value;
}

/** Answers in order, and what was sent for each. */
export function scripted(answers: readonly string[]): { readonly peer: Peer; readonly sent: string[] } {
  const sent: string[] = [];
  let next = 0;
  const peer: Peer = (apdu) => {
    sent.push(hexOf(apdu));
    const answer = answers[next++];
    return answer === undefined ? null : bytesOf(answer);
  };
  return { peer, sent };
}

/** The error that `act` throws; fails when it throws none, or one that is no DlmsError. */
export function errorOf(act: () => unknown): DlmsError {
  try {
    act();
  } catch (error) {
    if (error instanceof DlmsError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
