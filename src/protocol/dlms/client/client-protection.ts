/**
 * Ciphering of one association, client's side: which family of tags and which key in which phase, its counters, and what is
 * believed of an answer.
 *
 *   phase         sent with
 *   initiate      glo-initiate-request, unicast key
 *   pending       pass 3 of HLS: glo or general-glo even where services use the dedicated key, as clients in the field do
 *   associated    as configured
 *
 * Invariant: a number of a send counter goes into one message. The dedicated key lives as long as the association, and what
 * was received under it is counted from 0; what is sent under it takes its numbers from the counter of the unicast key, since
 * there are servers that know one counter for both.
 */

import { assert } from '../../../base/assert.ts';
import { ApduTag } from '../apdu/apdu-tag.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import { familyOfTag } from '../security/ciphered-apdu.ts';
import { COUNTER_USED_UP, ReceiveCounter, type SendCounter } from '../security/counters.ts';
import { type KeySet, MessageCipher, type OpenContext, type SealContext, SEALING_BYTES_MAX, type SecurityPolicy } from '../security/message-cipher.ts';
import { type RefusalReason, Refusals } from '../security/refusals.ts';
import { keyBytes } from '../security/suite.ts';
import type { CipheringKind, ClientOptions, ClientSecurity } from './client-options.ts';
import { DlmsError } from './dlms-error.ts';
import { isRefusal } from './exceptions.ts';

/** How far an association is: `pending` between the AARE and the proofs of HLS. */
export type Phase = 'none' | 'initiate' | 'pending' | 'associated';

export type OpenedAnswer =
  | { readonly status: 'plain'; readonly plain: Uint8Array; readonly authentic: boolean; readonly ciphered: boolean }
  | { readonly status: 'refused'; readonly reason: RefusalReason };

export class ClientProtection {
  readonly #options: ClientOptions;
  readonly #security: ClientSecurity | null;
  /** Where nothing is ciphered there is neither: a head-end makes an association for each meter that it repairs. */
  #cipher: MessageCipher | null = null;
  #sealed: ByteWriter | null = null;
  readonly #context: OpenContext | null;
  #serverTitle: Uint8Array | null;
  #dedicatedKey: Uint8Array | null = null;
  #dedicatedReceive = new ReceiveCounter();
  readonly #wrappedReceive = new ReceiveCounter();

  constructor(options: ClientOptions) {
    const security = options.security ?? null;
    this.#options = options;
    this.#security = security;
    this.#serverTitle = security?.serverTitle ?? null;
    this.#context = security === null ? null : this.#openContext(security);
  }

  get cipher(): MessageCipher {
    return (this.#cipher ??= new MessageCipher(new Refusals()));
  }

  get #out(): ByteWriter {
    return (this.#sealed ??= new ByteWriter(256));
  }

  /** Whether the association ciphers its APDUs: the application context is 3. */
  get ciphered(): boolean {
    const security = this.#security;
    return security !== null && (security.authenticated || security.encrypted);
  }

  /** Bytes that protection adds to an APDU at most. */
  get overheadBytes(): number {
    return this.ciphered ? SEALING_BYTES_MAX : 0;
  }

  get serverTitle(): Uint8Array | null {
    return this.#serverTitle;
  }

  get dedicatedKey(): Uint8Array | null {
    return this.#dedicatedKey;
  }

  /** A new association: a new dedicated key where there is to be one, and the title known beforehand alone. */
  begin(): void {
    const security = this.#security;
    this.#serverTitle = security?.serverTitle ?? null;
    this.#dedicatedKey = null;
    if (security === null || (security.ciphering !== 'ded' && security.ciphering !== 'general-ded')) return;
    const bytes = keyBytes(security.keys.suite);
    // Drawn and never given: what comes under it is counted from 0, so no key may serve twice.
    this.#dedicatedKey = Uint8Array.from(this.#options.random(bytes));
    assert(this.#dedicatedKey.length === bytes, 'a dedicated key has the length of its suite');
    this.#dedicatedReceive = new ReceiveCounter();
  }

  /** Takes the system title out of an AARE. Throws DlmsError `security` when another one was expected. */
  learnTitle(title: Uint8Array): void {
    const known = this.#security?.serverTitle ?? null;
    if (known !== null && Buffer.compare(known, title) !== 0) {
      throw new DlmsError('security', 'the server has another system title than expected');
    }
    this.#serverTitle = Uint8Array.from(title);
  }

  /** The number for one message under the unicast key, also for the token of HLS 5. */
  takeCounter(): number {
    const { security } = this.#options;
    assert(security !== null && security !== undefined, 'counters need security');
    return taken(security.sendCounter);
  }

  /** The APDU to send for a plain one; the same bytes when nothing is ciphered. Valid until the next call. */
  protect(plain: Uint8Array, phase: Phase): Uint8Array {
    const security = this.#security;
    if (security === null || !this.ciphered) return plain;
    const family = familyIn(phase, security.ciphering, plain[0] ?? -1);
    const dedicated = family === 'ded' || family === 'general-ded';
    const counter = taken(security.sendCounter);
    return this.#seal(plain, security, { family, keySet: dedicated ? 'dedicated' : 'unicast', counter });
  }

  /** The same with the broadcast key. */
  protectBroadcast(plain: Uint8Array): Uint8Array {
    const security = this.#security;
    if (security === null || !this.ciphered) return plain;
    const { broadcastSendCounter, keys } = security;
    if (broadcastSendCounter === undefined || keys.broadcast === null) {
      throw new DlmsError('not-supported', 'a ciphered broadcast needs the broadcast key and a counter for it');
    }
    const family = plain[0] === ApduTag.accessRequest || security.ciphering.startsWith('general') ? 'general-glo' : 'glo';
    return this.#seal(plain, security, { family, keySet: 'broadcast', counter: taken(broadcastSendCounter) });
  }

  /** Opens what came, whatever its family; a plain APDU comes back as it is. */
  open(apdu: Uint8Array): OpenedAnswer {
    const context = this.#context;
    if (familyOfTag(apdu[0] ?? -1) === null) return { status: 'plain', plain: apdu, authentic: false, ciphered: false };
    if (context === null) return { status: 'refused', reason: 'key-set' };
    const opened = this.cipher.openBytes(apdu, context);
    if (opened.status === 'refused') return opened;
    const { plaintext, protection } = opened;
    // No Buffer, whose slice() shares memory: what is in here goes to the user.
    const plain = new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
    return { status: 'plain', plain, authentic: protection.authenticated, ciphered: true };
  }

  /** The plain APDU of an answer; throws DlmsError `security` when it came in clear and must not. */
  believed(opened: Extract<OpenedAnswer, { readonly status: 'plain' }>): Uint8Array {
    const { plain, ciphered } = opened;
    if (ciphered || !this.ciphered || this.#options.quirks?.plainAnswers === true) return plain;
    // A server that can't decipher, or has no association, has nothing to cipher with.
    if (isRefusal(plain)) return plain;
    throw new DlmsError('security', 'the answer came in clear in a ciphered association');
  }

  #seal(plain: Uint8Array, security: ClientSecurity, how: Pick<SealContext, 'family' | 'keySet' | 'counter'>): Uint8Array {
    const { keys, systemTitle, authenticated, encrypted } = security;
    const sessionKey = how.keySet === 'dedicated' ? this.#dedicatedKey : null;
    this.#out.reset();
    this.cipher.seal(this.#out, plain, { ...how, keys, sessionKey, authenticated, encrypted, systemTitle, general: null });
    return this.#out.view();
  }

  #openContext(security: ClientSecurity): OpenContext {
    const policy = ((security.authenticated ? 1 : 0) | (security.encrypted ? 2 : 0)) as SecurityPolicy;
    const dedicatedKey = (): Uint8Array | null => this.#dedicatedKey;
    const peerTitle = (): Uint8Array | null => this.#serverTitle;
    return {
      keys: security.keys,
      policy,
      ownTitle: security.systemTitle,
      get dedicatedKey() {
        return dedicatedKey();
      },
      get peerTitle() {
        return peerTitle();
      },
      receiveCounter: (keySet) => this.#receiveCounter(security, keySet),
    };
  }

  #receiveCounter(security: ClientSecurity, keySet: KeySet): ReceiveCounter {
    switch (keySet) {
      case 'unicast':
        return security.receiveCounter;
      case 'dedicated':
        return this.#dedicatedReceive;
      case 'wrapped':
        return this.#wrappedReceive;
      case 'broadcast':
        return security.broadcastReceiveCounter ?? NONE_ACCEPTED;
    }
  }
}

/** Accepts nothing: for key sets without a counter. */
const NONE_ACCEPTED = new ReceiveCounter(2 ** 32);

function taken(counter: SendCounter): number {
  const number = counter.take();
  if (number === COUNTER_USED_UP) throw new DlmsError('counter-exhausted', 'the invocation counter is used up');
  return number;
}

function familyIn(phase: Phase, ciphering: CipheringKind, service: number): CipheringKind {
  if (service === ApduTag.initiateRequest) return 'glo';
  const general = ciphering === 'general-glo' || ciphering === 'general-ded';
  if (phase !== 'associated') return general ? 'general-glo' : 'glo';
  // ACCESS has no ciphered tags of its own.
  if (service !== ApduTag.accessRequest || general) return ciphering;
  return ciphering === 'ded' ? 'general-ded' : 'general-glo';
}
