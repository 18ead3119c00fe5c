/**
 * Keys of devices. Each device has keys of its own, computed from the master key of the installation and the device's system
 * title by HKDF-SHA-256 (RFC 5869), so that a head-end and a simulator agree on millions of keys by sharing 32 bytes, and a
 * key that leaks opens one device. Broadcast keys are the exception by their nature: a whole installation shares them.
 *
 *   key = HKDF(input: master key, salt: "meterstorm dlms", info: purpose | 00 | suite | system title, none for broadcast)
 *
 * There is no default master key. Whoever composes the program makes one for each installation and keeps it safe.
 */

import { hkdfSync } from 'node:crypto';
import { assert } from '../../../base/assert.ts';
import { keyBytes, type SecuritySuite, SYSTEM_TITLE_BYTES } from './suite.ts';

/** Every key has the length of the suite: 16 bytes, suite 2: 32. */
export interface SecurityKeys {
  readonly suite: SecuritySuite;
  /** Global unicast encryption key (GUEK). */
  readonly encryption: Uint8Array;
  /** Global authentication key (GAK). */
  readonly authentication: Uint8Array;
  /** Global broadcast encryption key (GBEK); null: no broadcast. */
  readonly broadcast: Uint8Array | null;
  /** Authentication key under the broadcast key; null: the same as for unicast. */
  readonly broadcastAuthentication: Uint8Array | null;
  /** Key encrypting key (KEK): wraps the others. */
  readonly master: Uint8Array;
}

export const MASTER_KEY_BYTES = 32;

/** The secret of an installation. */
export class MasterKey {
  readonly #bytes: Uint8Array;

  /** `bytes`: 32, as stored; copied. */
  constructor(bytes: Uint8Array) {
    assertMaster(bytes);
    this.#bytes = Uint8Array.from(bytes);
  }

  /** The keys of the device with this system title. A pure function: the same ones each time. */
  keysOf(systemTitle: Uint8Array, suite: SecuritySuite): SecurityKeys {
    assertTitle(systemTitle);
    const bytes = keyBytes(suite);
    const derive = (purpose: string, title: Uint8Array): Uint8Array => this.#derive(purpose, { suite, title, bytes });
    return Object.freeze({
      suite,
      encryption: derive('unicast encryption', systemTitle),
      authentication: derive('authentication', systemTitle),
      broadcast: derive('broadcast encryption', NO_TITLE),
      broadcastAuthentication: derive('broadcast authentication', NO_TITLE),
      master: derive('key encryption', systemTitle),
    });
  }

  /**
   * Password of low level security: 16 ASCII letters, digits, `-` and `_`, 96 bits. A client that may only read has another
   * than the manager, else it could become one.
   */
  passwordOf(systemTitle: Uint8Array, client: 'manager' | 'reader' = 'manager'): Uint8Array {
    assertTitle(systemTitle);
    const raw = this.#derive(client === 'manager' ? 'password' : 'reader password', { suite: 0, title: systemTitle, bytes: PASSWORD_BYTES });
    return raw.map((byte) => PASSWORD_ALPHABET.charCodeAt(byte % PASSWORD_ALPHABET.length));
  }

  /** Secret of HLS with MD5, SHA-1 and SHA-256: 32 bytes. */
  hlsSecretOf(systemTitle: Uint8Array): Uint8Array {
    assertTitle(systemTitle);
    return this.#derive('hls secret', { suite: 0, title: systemTitle, bytes: 32 });
  }

  #derive(purpose: string, of: { readonly suite: SecuritySuite; readonly title: Uint8Array; readonly bytes: number }): Uint8Array {
    const info = Buffer.concat([Buffer.from(purpose, 'ascii'), Uint8Array.of(0, of.suite), of.title]);
    return new Uint8Array(hkdfSync('sha256', this.#bytes, SALT, info, of.bytes));
  }
}

/**
 * The bytes of a new master key from `random`, a cryptographically secure source. To be kept where only the owner reads
 * (file mode 0600).
 */
export function newMasterKeyBytes(random: (bytes: number) => Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(random(MASTER_KEY_BYTES));
  assertMaster(bytes);
  return bytes;
}

function assertMaster(bytes: Uint8Array): void {
  assert(bytes.length === MASTER_KEY_BYTES, 'a master key has 32 bytes');
  assert(new Set(bytes).size > 8, 'a master key is random, not a pattern');
}

function assertTitle(systemTitle: Uint8Array): void {
  assert(systemTitle.length === SYSTEM_TITLE_BYTES, 'a system title has 8 bytes');
}

const SALT = Buffer.from('meterstorm dlms', 'ascii');
const NO_TITLE = new Uint8Array(0);
const PASSWORD_BYTES = 16;
/** 64, so that a byte chooses without bias; none needs quoting in a shell. */
const PASSWORD_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
