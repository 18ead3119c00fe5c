/**
 * Ciphered APDUs of an association, both ways: chooses the key set, holds policy and invocation counters, counts refusals.
 *
 * Opening asks in this order: can it be read, is its suite ours, do we have its key set, is it from whom we talk to and for
 * us, is it protected enough, is its tag right, is it the service that it says it is, is its counter new. Only a message
 * that passes all of them moves the counter: what a forger sends changes nothing but a count. (A message without tag, which
 * only a policy without authentication lets through, is as good as its bearer.)
 */

import { assert } from '../../../base/assert.ts';
import { AxdrReader } from '../data/axdr-reader.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { frameBytes, FrameCipher, type FrameKey, type Protection, protectionOf, readControlByte } from './cipher.ts';
import {
  type CipheredApdu,
  cipheredHeadBytes,
  cipheredTag,
  type CipherFamily,
  decodeCiphered,
  type GeneralHead,
  KEK_ID_MASTER,
  KEY_ID_BROADCAST,
  KEY_ID_UNICAST,
  type KeyInfo,
  putCipheredHead,
} from './ciphered-apdu.ts';
import type { ReceiveCounter } from './counters.ts';
import { unwrapKey, wrapKey } from './key-wrap.ts';
import type { SecurityKeys } from './keys.ts';
import type { RefusalReason, Refusals } from './refusals.ts';
import { keyBytes, SYSTEM_TITLE_BYTES } from './suite.ts';

/**
 * Whose counters count. `wrapped`: keys that come wrapped with a general-ciphering APDU, all counted together, so that
 * such an APDU can't be played again.
 */
export type KeySet = 'unicast' | 'broadcast' | 'dedicated' | 'wrapped';

/** Security policy, version 0: 1 authenticated, 2 encrypted, 3 both; at least. */
export type SecurityPolicy = 0 | 1 | 2 | 3;

export function satisfies(policy: SecurityPolicy, protection: Protection): boolean {
  return ((policy & 1) === 0 || protection.authenticated) && ((policy & 2) === 0 || protection.encrypted);
}

/** What a message is opened with. */
export interface OpenContext {
  readonly keys: SecurityKeys;
  /** The dedicated key of the association; null: none. */
  readonly dedicatedKey: Uint8Array | null;
  /** The peer's system title, if it is known; null: what the message says is believed, if the tag is right. */
  readonly peerTitle: Uint8Array | null;
  /** This side's system title, to look for in the recipient of general-ciphering; null: not looked at. */
  readonly ownTitle: Uint8Array | null;
  readonly policy: SecurityPolicy;
  /** The counter of this peer under keys of that set. */
  receiveCounter(keySet: KeySet): ReceiveCounter;
}

export interface OpenedMessage {
  readonly status: 'plain';
  /** The APDU inside; may be a view of the message. */
  readonly plaintext: Uint8Array;
  readonly counter: number;
  readonly protection: Protection;
  readonly family: CipherFamily;
  readonly keySet: KeySet;
  /** Of the originator. */
  readonly systemTitle: Uint8Array;
  readonly general: GeneralHead | null;
}

export type Opened = OpenedMessage | { readonly status: 'refused'; readonly reason: RefusalReason };

/** What a message is sealed with. */
export interface SealContext {
  readonly family: CipherFamily;
  /** `dedicated` with the ded families, `wrapped` with general-ciphering alone. */
  readonly keySet: KeySet;
  readonly keys: SecurityKeys;
  /** The dedicated key; or the key that is made for this message, for `wrapped`; null for the others. */
  readonly sessionKey: Uint8Array | null;
  readonly authenticated: boolean;
  readonly encrypted: boolean;
  /** Of this side. */
  readonly systemTitle: Uint8Array;
  /** Taken from a SendCounter for this message. */
  readonly counter: number;
  /** For general-ciphering; null for the others. */
  readonly general: GeneralFields | null;
}

/** What a sender of general-ciphering chooses; empty fields are absent. */
export interface GeneralFields {
  readonly transactionId: Uint8Array;
  readonly recipient: Uint8Array;
  readonly dateTime: Uint8Array;
  readonly otherInformation: Uint8Array;
  /** Whether the unicast key is named or goes without saying; the other key sets are always named. */
  readonly keyNamed: boolean;
}

/** The fields of an answer to a general-ciphering APDU: the same transaction, back to its originator. */
export function replyFields(general: GeneralHead): GeneralFields {
  const { transactionId, originator, keyInfo } = general;
  return { transactionId, recipient: originator, dateTime: NOTHING, otherInformation: NOTHING, keyNamed: keyInfo !== null };
}

/** No family adds more than this to an APDU below 64 KiB, general-ciphering excepted. */
export const SEALING_BYTES_MAX = 30;

/** Scratch space of one process; serves all its associations. */
export class MessageCipher {
  /** The arithmetic, for HLS. */
  readonly frames = new FrameCipher();
  readonly refusals: Refusals;
  readonly #reader = new AxdrReader();

  constructor(refusals: Refusals) {
    this.refusals = refusals;
  }

  /** Opens `bytes`, a whole ciphered APDU. */
  openBytes(bytes: Uint8Array, context: OpenContext): Opened {
    const decoded = decodeCiphered(this.#reader, bytes);
    this.#reader.release();
    if (decoded.status === 'frame') return this.open(decoded.value, context);
    return this.#refuse(decoded.status === 'incomplete' ? 'truncated' : 'malformed');
  }

  /** Opens an APDU whose wrapping was read: for whoever learns from it whose keys to take. */
  open(apdu: CipheredApdu, context: OpenContext): Opened {
    const { content, family, general } = apdu;
    const { keys, ownTitle } = context;
    if (content.length === 0) return this.#refuse('truncated');
    const protection = readControlByte(content[0]!);
    if (typeof protection === 'string') return this.#refuse(protection);
    if (protection.suite !== keys.suite) return this.#refuse('suite');
    const chosen = chooseKey(apdu, protection, context);
    if (typeof chosen === 'string') return this.#refuse(chosen);
    const systemTitle = titleOf(apdu.systemTitle, context.peerTitle);
    if (systemTitle === null) return this.#refuse('system-title');
    if (general !== null && chosen.keySet !== 'broadcast' && !isFor(general.recipient, ownTitle)) return this.#refuse('recipient');
    const isProtected = protection.authenticated || protection.encrypted;
    if (!isProtected || !satisfies(context.policy, protection)) return this.#refuse('policy');
    const frame = this.frames.unprotect(content, { key: chosen.key, systemTitle, additional: apdu.additional });
    if (frame.status === 'refused') return this.#refuse(frame.reason);
    const { plaintext, counter } = frame;
    if (plaintext.length === 0) return this.#refuse('service');
    if (apdu.serviceTag >= 0 && plaintext[0] !== apdu.serviceTag) return this.#refuse('service');
    if (!context.receiveCounter(chosen.keySet).accept(counter)) return this.#refuse('replayed');
    return { status: 'plain', plaintext, counter, protection, family, keySet: chosen.keySet, systemTitle, general };
  }

  /** Appends the ciphered APDU of `plaintext` (a plain APDU, tag first) to `out`. */
  seal(out: ByteWriter, plaintext: Uint8Array, context: SealContext): void {
    const { family, keySet, keys, systemTitle, counter, authenticated, encrypted } = context;
    const tag = cipheredTag(family, plaintext[0] ?? -1);
    assert(tag >= 0, 'a service without ciphered tag of its own takes a general family');
    assert((family === 'general-ciphering') === (context.general !== null), 'general-ciphering alone has general fields');
    const general = context.general === null ? null : generalHead(context, context.general);
    const broadcast = keySet === 'broadcast' && general === null;
    const protection = protectionOf({ suite: keys.suite, authenticated, encrypted, broadcast });
    const contentBytes = frameBytes(protection, plaintext.length);
    out.reserve(cipheredHeadBytes(family, contentBytes, general) + contentBytes);
    const additional = putCipheredHead(out, { tag, systemTitle, general }, contentBytes);
    this.frames.protect(out, plaintext, { key: sealingKey(context), protection, systemTitle, counter, additional });
  }

  /** Counts and answers a refusal. */
  #refuse(reason: RefusalReason): Opened {
    this.refusals.count(reason);
    return { status: 'refused', reason };
  }
}

/** Bytes of the APDU that `seal` makes of a plaintext of `plainBytes`. */
export function sealedBytes(plainBytes: number, context: SealContext): number {
  const { keys, authenticated, encrypted } = context;
  const contentBytes = frameBytes({ suite: keys.suite, authenticated, encrypted, broadcast: false }, plainBytes);
  const general = context.general === null ? null : generalHead(context, context.general);
  return cipheredHeadBytes(context.family, contentBytes, general) + contentBytes;
}

interface ChosenKey {
  readonly keySet: KeySet;
  readonly key: FrameKey;
}

function chooseKey(apdu: CipheredApdu, protection: Protection, context: OpenContext): ChosenKey | RefusalReason {
  const { keys, dedicatedKey } = context;
  if (apdu.family === 'ded' || apdu.family === 'general-ded') {
    const fits = dedicatedKey !== null && dedicatedKey.length === keyBytes(keys.suite) && !protection.broadcast;
    return fits ? { keySet: 'dedicated', key: withKey(keys, dedicatedKey) } : 'key-set';
  }
  const keyInfo = apdu.general?.keyInfo ?? null;
  if (keyInfo === null) return protection.broadcast ? broadcastKey(keys) : { keySet: 'unicast', key: keys };
  // Where the key is named, the bit of the key set must be clear.
  if (protection.broadcast) return 'key-set';
  return namedKey(keyInfo, keys);
}

function namedKey(keyInfo: KeyInfo, keys: SecurityKeys): ChosenKey | RefusalReason {
  if (keyInfo.kind === 'identified') {
    if (keyInfo.keyId === KEY_ID_BROADCAST) return broadcastKey(keys);
    return keyInfo.keyId === KEY_ID_UNICAST ? { keySet: 'unicast', key: keys } : 'key-set';
  }
  if (keyInfo.kind === 'agreed' || keyInfo.kekId !== KEK_ID_MASTER) return 'key-set';
  const key = unwrapKey(keys.master, keyInfo.wrapped);
  if (key === null || key.length !== keyBytes(keys.suite)) return 'wrapped-key';
  return { keySet: 'wrapped', key: withKey(keys, key) };
}

function broadcastKey(keys: SecurityKeys): ChosenKey | 'key-set' {
  const { suite, broadcast } = keys;
  if (broadcast === null) return 'key-set';
  const authentication = keys.broadcastAuthentication ?? keys.authentication;
  return { keySet: 'broadcast', key: { suite, encryption: broadcast, authentication } };
}

function withKey(keys: SecurityKeys, encryption: Uint8Array): FrameKey {
  return { suite: keys.suite, encryption, authentication: keys.authentication };
}

/** The title that the nonce is made of; null: unknown, or not the one of the association. */
function titleOf(said: Uint8Array | null, known: Uint8Array | null): Uint8Array | null {
  const title = said ?? known;
  if (title === null || title.length !== SYSTEM_TITLE_BYTES) return null;
  return known === null || Buffer.compare(title, known) === 0 ? title : null;
}

function isFor(recipient: Uint8Array, ownTitle: Uint8Array | null): boolean {
  return recipient.length === 0 || ownTitle === null || Buffer.compare(recipient, ownTitle) === 0;
}

function sealingKey({ keySet, keys, sessionKey, family }: SealContext): FrameKey {
  assert((keySet === 'dedicated') === (family === 'ded' || family === 'general-ded'), 'the ded families use the dedicated key');
  assert(keySet !== 'wrapped' || family === 'general-ciphering', 'a wrapped key travels in general-ciphering alone');
  if (keySet === 'unicast') return keys;
  if (keySet === 'broadcast') {
    const chosen = broadcastKey(keys);
    assert(chosen !== 'key-set', 'broadcast needs a broadcast key');
    return chosen.key;
  }
  assert(sessionKey !== null && sessionKey.length === keyBytes(keys.suite), 'a session key has the length of its suite');
  return withKey(keys, sessionKey);
}

function generalHead(context: SealContext, fields: GeneralFields): GeneralHead {
  const { transactionId, recipient, dateTime, otherInformation } = fields;
  return { transactionId, originator: context.systemTitle, recipient, dateTime, otherInformation, keyInfo: keyInfoOf(context, fields) };
}

function keyInfoOf({ keySet, keys, sessionKey }: SealContext, { keyNamed }: GeneralFields): KeyInfo | null {
  if (keySet === 'broadcast') return { kind: 'identified', keyId: KEY_ID_BROADCAST };
  if (keySet === 'wrapped') {
    assert(sessionKey !== null, 'a wrapped key is made before the message');
    return { kind: 'wrapped', kekId: KEK_ID_MASTER, wrapped: wrapKey(keys.master, sessionKey) };
  }
  return keyNamed ? { kind: 'identified', keyId: KEY_ID_UNICAST } : null;
}

const NOTHING = new Uint8Array(0);
