/**
 * Invocation counters, u32. A pair of key and counter is used for one message in the whole life of
 * the key: AES-GCM tells its secrets to whoever sees the same pair twice. So a sender never goes back, and ends for good
 * after FFFFFFFF; only a new key begins anew. A receiver takes what is greater than the last one, gaps and all.
 */

import { assert } from '../../../base/assert.ts';

export const INVOCATION_COUNTER_MAX = 0xffffffff;
const END = INVOCATION_COUNTER_MAX + 1;

/** A counter that has an end says -1 there. */
export const COUNTER_USED_UP = -1;

/**
 * Numbers `first` .. `last` for messages under one key and one system title.
 *
 * Across restarts: keep the whole space in one SendCounter whose `next` is stored durably, and number messages from ranges
 * that are reserved from it. Store `next` after `reserve` and before the range is used; a restart begins at the stored one,
 * so what was left of a range is never used. Several processes with one key get a range each in the same way.
 */
export class SendCounter {
  #next: number;
  readonly #end: number;

  /** `first`: the first number to be used, 0 .. 2^32; 2^32 is a counter that is used up. `last`: inclusive. */
  constructor(first = 0, last = INVOCATION_COUNTER_MAX) {
    assert(Number.isInteger(first) && first >= 0 && first <= END, 'an invocation counter is a u32');
    assert(Number.isInteger(last) && last >= first - 1 && last <= INVOCATION_COUNTER_MAX, 'a range of counters ends after it begins');
    this.#next = first;
    this.#end = last + 1;
  }

  /** The number that the next message gets; `last` + 1 when there is none left. */
  get next(): number {
    return this.#next;
  }

  /** Numbers not yet used. */
  get left(): number {
    return this.#end - this.#next;
  }

  /** The number of one message, never given again; COUNTER_USED_UP (-1) when there is none left. */
  take(): number {
    if (this.#next >= this.#end) return COUNTER_USED_UP;
    return this.#next++;
  }

  /** Takes the next `count` numbers away, fewer if fewer are left, and answers them as a counter of their own. */
  reserve(count: number): SendCounter {
    assert(Number.isInteger(count) && count > 0, 'a range of counters has at least one number');
    const first = this.#next;
    this.#next = Math.min(first + count, this.#end);
    return new SendCounter(first, this.#next - 1);
  }
}

/** The counters of one peer under one key. */
export class ReceiveCounter {
  #next: number;

  /** `next`: the least number that is accepted, 0 .. 2^32; 2^32 accepts none. */
  constructor(next = 0) {
    assert(Number.isInteger(next) && next >= 0 && next <= END, 'an invocation counter is a u32');
    this.#next = next;
  }

  /** The least number that is accepted: what "invocation-counter-error" tells the peer; 2^32 when none is left. */
  get next(): number {
    return this.#next;
  }

  /** The last number that was accepted; -1: none yet. */
  get last(): number {
    return this.#next - 1;
  }

  /** Whether `counter` is new. To be asked at any time; it changes nothing. */
  isNew(counter: number): boolean {
    return counter >= this.#next;
  }

  /** Accepts `counter` if it is new; false: a replay. Only for messages whose tag was right, else a forger moves it. */
  accept(counter: number): boolean {
    if (counter < this.#next) return false;
    this.#next = counter + 1;
    return true;
  }
}
