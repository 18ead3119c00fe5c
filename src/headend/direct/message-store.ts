/**
 * Where an intake without a buffer puts readings: each message in a transaction of its own. Implementations:
 * `postgres-message-store.ts` (a pool of connections, duplicates found by key) and `store-message-store.ts` (any store with one
 * writer, duplicates found by the filter); one conformance suite holds for both.
 */

import type { ReadingRows } from '../buffer/block.ts';
import type { StoreFault } from '../store/store.ts';

export interface Message extends ReadingRows {
  readonly rows: number;
}

/** The readings that were new; the others of the message were there. */
export interface MessageStored {
  readonly stored: number;
}

export interface MessageStore {
  /** Messages that it works on at once. */
  readonly concurrency: number;
  /**
   * Durable, and visible to others, when `done` gets the count. After a fault the same message may be put again, although nobody knows whether it was
   * stored: what is there is not stored twice.
   */
  put(message: Message, done: (result: MessageStored | StoreFault) => void): void;
  /** When nothing is under way. */
  close(done: () => void): void;
}
