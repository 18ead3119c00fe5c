/**
 * Messages into a store that has one writer: a transaction each, one after the other, duplicates dropped by the filter, which is filled from the store as
 * far as it is needed. After a fault it begins again with what is committed.
 */

import { present } from '../../base/assert.ts';
import { DuplicateFilter } from '../store/duplicate-filter.ts';
import { isStoreFault, type Store, type StoreFault } from '../store/store.ts';
import type { Message, MessageStore, MessageStored } from './message-store.ts';

export interface StoreMessageStoreOptions {
  readonly store: Store;
  /** Distance of the readings of a meter; other times work too, but cost more memory. */
  readonly intervalSeconds: number;
  /** What the filter may keep in memory between two messages. Default 1 GiB. */
  readonly filterBytesMax?: number;
}

const FILTER_BYTES_MAX = 2 ** 30;
const NOTHING = { loaded: [], retired: [] } as const;

/** A message that is being stored. */
interface Work {
  readonly message: Message;
  readonly done: (result: MessageStored | StoreFault) => void;
  at: number;
  stored: number;
}

export class StoreMessageStore implements MessageStore {
  readonly concurrency = 1;
  readonly #options: StoreMessageStoreOptions;
  #filter: DuplicateFilter | null = null;

  constructor(options: StoreMessageStoreOptions) {
    this.#options = options;
  }

  put(message: Message, done: (result: MessageStored | StoreFault) => void): void {
    const work: Work = { message, done, at: 0, stored: 0 };
    if (this.#filter === null) this.#open(work);
    else this.#begin(work);
  }

  /** Where no message ever came there is an empty store, too. */
  close(done: () => void): void {
    const { store } = this.#options;
    if (this.#filter === null) store.open(() => store.close(done));
    else store.close(done);
  }

  #open(work: Work): void {
    const { store } = this.#options;
    store.open((state) => {
      if (isStoreFault(state)) {
        this.#fail(work, state);
        return;
      }
      this.#filter = new DuplicateFilter(this.#options);
      this.#filter.begin(state.times);
      this.#begin(work);
    });
  }

  #begin(work: Work): void {
    this.#options.store.begin((fault) => {
      if (fault === null) this.#append(work);
      else this.#fail(work, fault);
    });
  }

  #append(work: Work): void {
    const { message } = work;
    const filter = present(this.#filter, 'the store is open');
    while (work.at < message.rows) {
      const end = filter.admit(message, work.at, message.rows);
      const fault = end > work.at ? this.#options.store.append(message, work.at, end) : null;
      if (fault !== null) {
        this.#fail(work, fault);
        return;
      }
      work.stored += end - work.at;
      work.at = filter.stop === 'duplicate' ? end + 1 : end;
      if (filter.stop === 'period') {
        this.#restore(work, filter);
        return;
      }
    }
    this.#commit(work, filter);
  }

  #restore(work: Work, filter: DuplicateFilter): void {
    const { wanted } = filter;
    filter.beginRestore();
    this.#options.store.scan(
      wanted,
      (batch) => filter.restore(batch, batch.length),
      (fault) => {
        if (fault === null) this.#append(work);
        else this.#fail(work, fault);
      },
    );
  }

  #commit(work: Work, filter: DuplicateFilter): void {
    this.#options.store.commit(NOTHING, (fault) => {
      if (fault !== null) {
        this.#fail(work, fault);
        return;
      }
      filter.evict(this.#options.filterBytesMax ?? FILTER_BYTES_MAX);
      work.done({ stored: work.stored });
    });
  }

  #fail(work: Work, fault: StoreFault): void {
    this.#filter = null;
    this.#options.store.close(() => work.done(fault));
  }
}
