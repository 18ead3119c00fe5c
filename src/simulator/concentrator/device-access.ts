/**
 * Who may do what with a device. Clients, by their address:
 *
 *   1   management   everything. With security: HLS 5 or password (LLS), services ciphered as the policy wants; without: no proof
 *   2   reader       reads. With security: a password of its own, services in plain; without: no proof
 *   16  public       no proof, ever; what anybody may know, the invocation counter among it
 *
 * Secrets are derived from the master key of the installation and the device's system title when they are needed. What is
 * kept of a device is what can't be derived: counters, transferred keys, changed secrets. A device that had no ciphered
 * association is not known here.
 */

import type { ClientRights } from '../../protocol/dlms/server/device-host.ts';
import type { DeviceSecurity } from '../../protocol/dlms/server/device-security.ts';
import { ReceiveCounter, SendCounter } from '../../protocol/dlms/security/counters.ts';
import type { MasterKey, SecurityKeys } from '../../protocol/dlms/security/keys.ts';
import type { KeySet, SecurityPolicy } from '../../protocol/dlms/security/message-cipher.ts';
import type { SecuritySuite } from '../../protocol/dlms/security/suite.ts';

export const MANAGEMENT_CLIENT = 1;
export const READER_CLIENT = 2;
export const PUBLIC_CLIENT = 16;

const NO_PROOF = 0;
const LLS = 1;
const HLS_GMAC = 5;
const PLAIN = 1;
const CIPHERED = 3;
const AUTHENTICATED_AND_ENCRYPTED = 3;

export interface InstallationSecurity {
  readonly masterKey: MasterKey;
  readonly suite: SecuritySuite;
  /** What management's services must have at least, as delivered; default 3, authenticated and encrypted. */
  readonly policy?: SecurityPolicy;
  /**
   * First invocation counter that devices send, u32: above all that they sent under these keys in an earlier life of the
   * process. Counters are not stored.
   */
  readonly counterStart: number;
}

/** The secrets of all devices of a kind. */
export class DeviceAccess {
  readonly #security: InstallationSecurity | null;
  readonly #devices = new Map<number, KeptSecrets>();

  /** Null: an installation without security. */
  constructor(security: InstallationSecurity | null) {
    this.#security = security;
  }

  /** Devices of which something is kept. */
  get size(): number {
    return this.#devices.size;
  }

  /** Null: the client is not known. */
  rights(device: number, systemTitle: Uint8Array, clientSap: number): ClientRights | null {
    if (clientSap === PUBLIC_CLIENT) return PUBLIC_RIGHTS;
    const level = clientSap === MANAGEMENT_CLIENT ? 'manager' : clientSap === READER_CLIENT ? 'reader' : null;
    if (level === null) return null;
    if (this.#security === null) return { ...PUBLIC_RIGHTS, level };
    const security = this.#security;
    const secrets: SecretsAtHand = {
      known: () => this.#devices.get(device) ?? null,
      keep: () => this.#keep(device, security.counterStart),
    };
    const password = secrets.known()?.passwords?.get(clientSap) ?? security.masterKey.passwordOf(systemTitle, level);
    if (level === 'reader') return { ...PUBLIC_RIGHTS, level, mechanisms: [LLS], password };
    const policy = secrets.known()?.policy ?? security.policy ?? AUTHENTICATED_AND_ENCRYPTED;
    return {
      level,
      mechanisms: [LLS, HLS_GMAC],
      contexts: policy === 0 ? [PLAIN, CIPHERED] : [CIPHERED],
      password,
      hlsSecret: null,
      security: new DerivedSecurity(security, systemTitle, secrets),
      policy,
      changeSecret: (secret, kind) => {
        // HLS 5 proves itself with keys and has no secret.
        if (kind === 'password') (secrets.keep().passwords ??= new Map()).set(clientSap, secret.slice());
      },
      activatePolicy: (stricter) => {
        secrets.keep().policy = stricter;
      },
    };
  }

  #keep(device: number, counterStart: number): KeptSecrets {
    let kept = this.#devices.get(device);
    if (kept === undefined) {
      kept = { keys: null, send: new SendCounter(counterStart), receive: new Map(), passwords: null, policy: null };
      this.#devices.set(device, kept);
    }
    return kept;
  }
}

const PUBLIC_RIGHTS: ClientRights = Object.freeze<ClientRights>({
  level: 'public',
  mechanisms: [NO_PROOF],
  contexts: [PLAIN],
  password: null,
  hlsSecret: null,
  security: null,
  policy: 0,
});

interface KeptSecrets {
  /** Transferred keys; null: the derived ones. */
  keys: SecurityKeys | null;
  /** Goes on when keys change: a number that is never used twice is safe under any of them. */
  readonly send: SendCounter;
  /** By client and set of keys. Bounded: clients are known ones. */
  readonly receive: Map<string, ReceiveCounter>;
  passwords: Map<number, Uint8Array> | null;
  /** Raised; null: as delivered. */
  policy: SecurityPolicy | null;
}

interface SecretsAtHand {
  /** Null: nothing is kept of the device. */
  known(): KeptSecrets | null;
  keep(): KeptSecrets;
}

/** Derives keys when they are asked for, and keeps what must outlive the association. */
class DerivedSecurity implements DeviceSecurity {
  readonly #security: InstallationSecurity;
  readonly #systemTitle: Uint8Array;
  readonly #secrets: SecretsAtHand;
  #derived: SecurityKeys | null = null;

  constructor(security: InstallationSecurity, systemTitle: Uint8Array, secrets: SecretsAtHand) {
    this.#security = security;
    this.#systemTitle = systemTitle;
    this.#secrets = secrets;
  }

  /** Of all associations with the device at once: a transfer in one of them holds for the others too. */
  get keys(): SecurityKeys {
    const { masterKey, suite } = this.#security;
    return this.#secrets.known()?.keys ?? (this.#derived ??= masterKey.keysOf(this.#systemTitle, suite));
  }

  get sendCounter(): SendCounter {
    return this.#secrets.keep().send;
  }

  receiveCounter(clientSap: number, keySet: Exclude<KeySet, 'dedicated'>): ReceiveCounter {
    const { receive } = this.#secrets.keep();
    const name = `${clientSap} ${keySet}`;
    let counter = receive.get(name);
    if (counter === undefined) {
      counter = new ReceiveCounter();
      receive.set(name, counter);
    }
    return counter;
  }

  transfer(keys: SecurityKeys): void {
    const before = this.keys;
    const kept = this.#secrets.keep();
    if (differ(before.encryption, keys.encryption)) forget(kept, 'unicast');
    if (differ(before.broadcast, keys.broadcast)) forget(kept, 'broadcast');
    if (differ(before.master, keys.master)) forget(kept, 'wrapped');
    kept.keys = keys;
  }
}

/** Under a new key, clients count from the beginning. */
function forget({ receive }: KeptSecrets, keySet: Exclude<KeySet, 'dedicated'>): void {
  for (const name of receive.keys()) if (name.endsWith(` ${keySet}`)) receive.delete(name);
}

function differ(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a !== b;
  return a.length !== b.length || a.some((byte, i) => byte !== b[i]);
}
