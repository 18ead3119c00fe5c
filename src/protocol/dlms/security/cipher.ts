/**
 * Protection of one message with AES-GCM, tag of 12 bytes. What is produced and taken:
 *
 *   SC u8 | IC u32 | plaintext or ciphertext | T, 12 bytes, when authenticated
 *
 *   SC, security control:  7 compressed | 6 broadcast key | 5 encrypted | 4 authenticated | 3..0 suite
 *   nonce:                 system title of the originator, 8 bytes | IC u32
 *   additional data:       authenticated and encrypted  SC | AK | head of a general-ciphering APDU, if it is one
 *                          authenticated only           the same, then the plaintext, which travels in clear
 *                          encrypted only               none, and no tag
 *
 * Here is the arithmetic alone: which key, whether the counter is new and the policy met is asked in message-cipher.ts.
 * One FrameCipher serves any number of keys; it holds scratch space only. Keys are passed as bytes: a KeyObject is no faster.
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';
import { assert } from '../../../base/assert.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { INVOCATION_COUNTER_MAX } from './counters.ts';
import type { RefusalReason } from './refusals.ts';
import { keyBytes, type SecuritySuite, SYSTEM_TITLE_BYTES } from './suite.ts';

export const TAG_BYTES = 12;
/** Security control and invocation counter. */
export const FRAME_HEAD_BYTES = 5;

export interface Protection {
  readonly suite: SecuritySuite;
  readonly authenticated: boolean;
  readonly encrypted: boolean;
  /** Ciphered with the broadcast key. */
  readonly broadcast: boolean;
}

/** The key of one message and the authentication key that goes with it: 16 bytes each, suite 2: 32. */
export interface FrameKey {
  readonly suite: SecuritySuite;
  readonly encryption: Uint8Array;
  readonly authentication: Uint8Array;
}

/** What protects and opens one message, beside the message. */
export interface FrameContext {
  readonly key: FrameKey;
  /** Of the side that protects, 8 bytes. */
  readonly systemTitle: Uint8Array;
  /** The head of a general-ciphering APDU, which is authenticated too; empty otherwise. */
  readonly additional: Uint8Array;
}

/** The security control byte. */
export function controlByte(protection: Protection): number {
  return (
    protection.suite |
    (protection.authenticated ? AUTHENTICATED : 0) |
    (protection.encrypted ? ENCRYPTED : 0) |
    (protection.broadcast ? BROADCAST : 0)
  );
}

/** What a security control byte asks for: always the same frozen object for the same byte; or why it can't be had. */
export function readControlByte(control: number): Protection | (RefusalReason & ('suite' | 'compressed')) {
  if ((control & COMPRESSED) !== 0) return 'compressed';
  return PROTECTIONS[control] ?? 'suite';
}

/** The frozen Protection with these properties. */
export function protectionOf(protection: Protection): Protection {
  const found = PROTECTIONS[controlByte(protection)];
  assert(found !== undefined && found !== null, 'a protection has a known suite');
  return found;
}

/** Bytes of SC | IC | text | T for a plaintext of `plainBytes`. */
export function frameBytes(protection: Protection, plainBytes: number): number {
  return FRAME_HEAD_BYTES + plainBytes + (protection.authenticated ? TAG_BYTES : 0);
}

/** `plaintext` may be a view of the protected bytes (when it was not encrypted). */
export type OpenedFrame =
  | { readonly status: 'plain'; readonly plaintext: Uint8Array; readonly counter: number; readonly protection: Protection }
  | { readonly status: 'refused'; readonly reason: RefusalReason & ('truncated' | 'suite' | 'compressed' | 'tag') };

export class FrameCipher {
  readonly #nonce = new Uint8Array(SYSTEM_TITLE_BYTES + 4);
  /** SC | AK, of 16 and of 32 bytes. */
  readonly #heads = [new Uint8Array(1 + 16), new Uint8Array(1 + 32)] as const;

  /** Appends SC | IC | text | T to `out`. `counter` was never used with this key and title before. */
  protect(out: ByteWriter, plaintext: Uint8Array, how: FrameContext & { readonly protection: Protection; readonly counter: number }): void {
    const { key, protection, counter } = how;
    assert(protection.suite === key.suite, 'a message is protected with keys of its suite');
    assert(protection.authenticated || protection.encrypted, 'a protected message is authenticated or encrypted');
    out.reserve(frameBytes(protection, plaintext.length));
    out.u8(controlByte(protection));
    out.u32(counter);
    if (!protection.encrypted) {
      out.put(plaintext);
      out.put(this.authenticationTag(plaintext, how));
      return;
    }
    this.#setNonce(how.systemTitle, counter);
    const cipher = createCipheriv(algorithmOf(key), key.encryption, this.#nonce, TAG_OPTIONS);
    if (protection.authenticated) {
      cipher.setAAD(this.#head(controlByte(protection), key));
      if (how.additional.length > 0) cipher.setAAD(how.additional);
    }
    out.put(cipher.update(plaintext));
    if (!protection.authenticated) return;
    cipher.final();
    out.put(cipher.getAuthTag());
  }

  /** Opens what `protect` made. Changes nothing; says nothing about the counter but its number. */
  unprotect(content: Uint8Array, how: FrameContext): OpenedFrame {
    if (content.length < FRAME_HEAD_BYTES) return REFUSED.truncated;
    const control = content[0]!;
    const protection = readControlByte(control);
    if (typeof protection === 'string') return REFUSED[protection];
    if (protection.suite !== how.key.suite) return REFUSED.suite;
    const textEnd = content.length - (protection.authenticated ? TAG_BYTES : 0);
    if (textEnd < FRAME_HEAD_BYTES) return REFUSED.truncated;
    const counter = ((content[1]! << 24) | (content[2]! << 16) | (content[3]! << 8) | content[4]!) >>> 0;
    this.#setNonce(how.systemTitle, counter);
    const plaintext = this.#open(content, textEnd, protection, how);
    return plaintext === null ? REFUSED.tag : { status: 'plain', plaintext, counter, protection };
  }

  /** T over data that travels in clear: of messages that are authenticated only, and of the GMAC of HLS. */
  authenticationTag(
    data: Uint8Array,
    how: FrameContext & { readonly protection: Protection; readonly counter: number },
  ): Uint8Array {
    const { key } = how;
    this.#setNonce(how.systemTitle, how.counter);
    const cipher = createCipheriv(algorithmOf(key), key.encryption, this.#nonce, TAG_OPTIONS);
    cipher.setAAD(this.#head(controlByte(how.protection), key));
    // Additional data may come in pieces.
    if (how.additional.length > 0) cipher.setAAD(how.additional);
    cipher.setAAD(data);
    cipher.final();
    return cipher.getAuthTag();
  }

  /** The text of `content` up to `textEnd` in clear, with the nonce that was set; null: the tag behind it is wrong. */
  #open(content: Uint8Array, textEnd: number, protection: Protection, how: FrameContext): Uint8Array | null {
    const { key, additional } = how;
    const text = content.subarray(FRAME_HEAD_BYTES, textEnd);
    if (!protection.authenticated && !protection.encrypted) return text;
    const decipher = createDecipheriv(algorithmOf(key), key.encryption, this.#nonce, TAG_OPTIONS);
    if (!protection.authenticated) return decipher.update(text);
    decipher.setAAD(this.#head(controlByte(protection), key));
    if (additional.length > 0) decipher.setAAD(additional);
    decipher.setAuthTag(content.subarray(textEnd));
    let plaintext = text;
    if (protection.encrypted) plaintext = decipher.update(text);
    else decipher.setAAD(text);
    try {
      // Compares the tag in constant time; a wrong one is the only thing that it throws for.
      decipher.final();
      return plaintext;
    } catch {
      return null;
    }
  }

  #setNonce(systemTitle: Uint8Array, counter: number): void {
    assert(systemTitle.length === SYSTEM_TITLE_BYTES, 'a system title has 8 bytes');
    assert(counter >= 0 && counter <= INVOCATION_COUNTER_MAX, 'an invocation counter is a u32');
    const nonce = this.#nonce;
    for (let i = 0; i < SYSTEM_TITLE_BYTES; i++) nonce[i] = systemTitle[i]!;
    nonce[8] = counter >>> 24;
    nonce[9] = counter >>> 16;
    nonce[10] = counter >>> 8;
    nonce[11] = counter;
  }

  /** SC | AK; valid until the next one. */
  #head(control: number, key: FrameKey): Uint8Array {
    const head = key.suite === 2 ? this.#heads[1] : this.#heads[0];
    assert(key.authentication.length === head.length - 1, 'an authentication key has the length of its suite');
    head[0] = control;
    head.set(key.authentication, 1);
    return head;
  }
}

const AUTHENTICATED = 0x10;
const ENCRYPTED = 0x20;
const BROADCAST = 0x40;
const COMPRESSED = 0x80;

const TAG_OPTIONS = Object.freeze({ authTagLength: TAG_BYTES });

/** By security control byte; null where the suite is unknown. */
const PROTECTIONS: readonly (Protection | null)[] = Array.from({ length: COMPRESSED }, (_, control) => {
  const suite = control & 0x0f;
  if (suite !== 0 && suite !== 1 && suite !== 2) return null;
  return Object.freeze({
    suite,
    authenticated: (control & AUTHENTICATED) !== 0,
    encrypted: (control & ENCRYPTED) !== 0,
    broadcast: (control & BROADCAST) !== 0,
  });
});

const REFUSED = Object.freeze({
  truncated: Object.freeze({ status: 'refused', reason: 'truncated' }),
  suite: Object.freeze({ status: 'refused', reason: 'suite' }),
  compressed: Object.freeze({ status: 'refused', reason: 'compressed' }),
  tag: Object.freeze({ status: 'refused', reason: 'tag' }),
} as const);

function algorithmOf(key: FrameKey): 'aes-128-gcm' | 'aes-256-gcm' {
  assert(key.encryption.length === keyBytes(key.suite), 'an encryption key has the length of its suite');
  return key.suite === 2 ? 'aes-256-gcm' : 'aes-128-gcm';
}
