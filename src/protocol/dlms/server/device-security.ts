/**
 * Keys and counters of a logical device, as the server needs them. Who composes the program says where they are kept: see
 * kept-security.ts for the plain case.
 */

import type { ReceiveCounter, SendCounter } from '../security/counters.ts';
import type { SecurityKeys } from '../security/keys.ts';
import type { KeySet } from '../security/message-cipher.ts';

export interface DeviceSecurity {
  /** Asked for with each message, so it should be at hand and not be derived each time. Others after a key transfer. */
  readonly keys: SecurityKeys;
  /** Of this device under its unicast key. */
  readonly sendCounter: SendCounter;
  /** The counter of messages from this client under keys of that set; always the same object until the key changes. */
  receiveCounter(clientSap: number, keySet: Exclude<KeySet, 'dedicated'>): ReceiveCounter;
  /** New keys, from now on. Receive counters of a key that is another one than before begin anew. */
  transfer(keys: SecurityKeys): void;
}
