/** Keys and counters of a device that are kept in memory, as long as this object lives: the plain case of DeviceSecurity. */

import { ReceiveCounter, SendCounter } from '../security/counters.ts';
import type { SecurityKeys } from '../security/keys.ts';
import type { KeySet } from '../security/message-cipher.ts';
import type { DeviceSecurity } from './device-security.ts';

type CountedSet = Exclude<KeySet, 'dedicated'>;

/** What a change of which key begins anew. */
const KEY_OF_SET = { unicast: 'encryption', broadcast: 'broadcast', wrapped: 'master' } as const;

export class KeptSecurity implements DeviceSecurity {
  /**
   * Goes on when keys change: a number that is never used twice is safe under any of them, a key that comes back included.
   * Begins anew only when it is used up.
   */
  sendCounter: SendCounter;
  #keys: SecurityKeys;
  /** By client; bounded by the clients that the device knows. */
  readonly #receive: Record<CountedSet, Map<number, ReceiveCounter>> = { unicast: new Map(), broadcast: new Map(), wrapped: new Map() };

  constructor(keys: SecurityKeys, sendCounter: SendCounter) {
    this.#keys = keys;
    this.sendCounter = sendCounter;
  }

  get keys(): SecurityKeys {
    return this.#keys;
  }

  receiveCounter(clientSap: number, keySet: CountedSet): ReceiveCounter {
    const counters = this.#receive[keySet];
    let counter = counters.get(clientSap);
    if (counter === undefined) {
      counter = new ReceiveCounter();
      counters.set(clientSap, counter);
    }
    return counter;
  }

  transfer(keys: SecurityKeys): void {
    const before = this.#keys;
    for (const keySet of ['unicast', 'broadcast', 'wrapped'] as const) {
      const key = KEY_OF_SET[keySet];
      if (differ(before[key], keys[key])) this.#receive[keySet].clear();
    }
    if (differ(before.encryption, keys.encryption) && this.sendCounter.left === 0) this.sendCounter = new SendCounter();
    this.#keys = keys;
  }
}

function differ(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one !== other : Buffer.compare(one, other) !== 0;
}
