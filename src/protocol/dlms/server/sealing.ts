/**
 * Answers are protected as the request was: the same tag family, the same security control. A request under a broadcast key
 * or under a key that came with it is answered under the unicast key: the device counts only for that one.
 */

import type { ByteWriter } from '../data/byte-writer.ts';
import { cipheredTag, type CipherFamily } from '../security/ciphered-apdu.ts';
import { COUNTER_USED_UP } from '../security/counters.ts';
import { type GeneralFields, type OpenedMessage, replyFields, type SealContext, sealedBytes } from '../security/message-cipher.ts';
import type { Association } from './association.ts';
import { APDU_BYTES_MAX } from './server-settings.ts';

/** How an answer is protected. */
export interface Sealing {
  readonly family: CipherFamily;
  readonly keySet: 'unicast' | 'dedicated';
  readonly authenticated: boolean;
  readonly encrypted: boolean;
  readonly general: GeneralFields | null;
}

export function mirrored(opened: OpenedMessage): Sealing {
  const { family, keySet, protection, general } = opened;
  const { authenticated, encrypted } = protection;
  return {
    family,
    keySet: keySet === 'dedicated' ? 'dedicated' : 'unicast',
    authenticated,
    encrypted,
    // Of the request these are views, which must not outlive it; the answer is sealed before.
    general: general === null ? null : replyFields(general),
  };
}

/** The least that the policy asks for; for what answers a message in clear. Null: it asks for nothing. */
export function byPolicy<D>({ policy }: Association<D>): Sealing | null {
  if (policy === 0) return null;
  return { family: 'glo', keySet: 'unicast', authenticated: (policy & 1) !== 0, encrypted: (policy & 2) !== 0, general: null };
}

/** Bytes of a plain APDU that fit into `room` when they are sealed. May be negative. */
export function plainRoom<D>(association: Association<D>, sealing: Sealing, room: number): number {
  if (room === Infinity) return room;
  const most = Math.max(0, Math.min(room, APDU_BYTES_MAX));
  return room - (sealedBytes(most, contextOf(association, sealing, 0)) - most);
}

/** Appends the sealed `plain`. `used-up`: no counter is left; `no-tag`: the family can't carry this service. Nothing is appended then. */
export function seal<D>(association: Association<D>, sealing: Sealing, plain: Uint8Array, out: ByteWriter): 'sealed' | 'used-up' | 'no-tag' {
  if (cipheredTag(sealing.family, plain[0] ?? -1) < 0) return 'no-tag';
  const counter = association.sendCounter(sealing.keySet).take();
  if (counter === COUNTER_USED_UP) return 'used-up';
  association.owner.scratch.cipher.seal(out, plain, contextOf(association, sealing, counter));
  return 'sealed';
}

function contextOf<D>(association: Association<D>, sealing: Sealing, counter: number): SealContext {
  return {
    ...sealing,
    keys: association.keys,
    sessionKey: sealing.keySet === 'dedicated' ? association.dedicatedKey : null,
    systemTitle: association.ownTitle,
    counter,
  };
}
