/**
 * A store in memory, for trials: what is committed outlives the loader that is killed, what is not is gone. Everything calls
 * back on the clock, so that a crash can come between any two steps. It can be told to fail.
 */

import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { ReadingBatch } from '../../reading/batch.ts';
import type { ReadingSource } from '../../reading/source.ts';
import type { ReadingRows } from '../buffer/block.ts';
import type { Commit, FileId, LoadedFile, Store, StoreFault, StoreState, TimeRange } from './store.ts';

export type StoreOperation = 'open' | 'begin' | 'append' | 'commit' | 'scan';

/** What is committed. Give it to the next MemoryStore to go on after a crash. */
export class MemoryStoreContent implements ReadingSource {
  /** @internal */
  readings = new ReadingBatch(1024);
  /** @internal */
  readonly loaded = new Map<string, LoadedFile>();

  get rows(): number {
    return this.readings.length;
  }

  async *batches(): AsyncIterable<ReadingBatch> {
    if (this.rows > 0) yield this.readings;
  }

  /** @internal */
  add(rows: ReadingRows, from: number, to: number): void {
    this.readings = appended(this.readings, rows, from, to);
  }
}

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly content: MemoryStoreContent;
  /** How long an operation takes. */
  readonly delayMs: number;
  /** Asked at the beginning of each operation; a fault makes it fail with nothing done. */
  readonly fault?: (operation: StoreOperation) => StoreFault | null;
}

export class MemoryStore implements Store {
  readonly #options: MemoryStoreOptions;
  #pending: ReadingBatch | null = null;
  #open = false;
  #crashed = false;

  constructor(options: MemoryStoreOptions) {
    this.#options = options;
  }

  /** The process is gone: no callback comes any more, and a commit under way has not happened. */
  crash(): void {
    this.#crashed = true;
  }

  open(done: (result: StoreState | StoreFault) => void): void {
    assert(!this.#open, 'a store is opened once');
    this.#open = true;
    this.#operate('open', done, () => {
      const { content } = this.#options;
      const loaded = Array.from(content.loaded.values());
      return { loaded, times: timesOf(content.readings) };
    });
  }

  begin(done: (fault: StoreFault | null) => void): void {
    assert(this.#open && this.#pending === null, 'one transaction at a time');
    this.#pending = new ReadingBatch(1024);
    this.#operate('begin', done, () => null);
  }

  append(rows: ReadingRows, from: number, to: number): StoreFault | null {
    assert(this.#pending !== null, 'rows are appended in a transaction');
    const fault = this.#options.fault?.('append') ?? null;
    if (fault === null) this.#pending = appended(this.#pending, rows, from, to);
    return fault;
  }

  commit(commit: Commit, done: (fault: StoreFault | null) => void): void {
    const pending = this.#pending;
    assert(pending !== null, 'a transaction was begun');
    this.#operate('commit', done, () => {
      const { content } = this.#options;
      content.add(pending, 0, pending.length);
      for (const file of commit.loaded) content.loaded.set(keyOf(file), file);
      for (const file of commit.retired) content.loaded.delete(keyOf(file));
      this.#pending = null;
      return null;
    });
  }

  scan(times: TimeRange, onBatch: (batch: ReadingBatch) => void, done: (fault: StoreFault | null) => void): void {
    this.#operate('scan', done, () => {
      const { readings } = this.#options.content;
      const found = new ReadingBatch(Math.max(1, readings.length));
      for (let i = 0; i < readings.length; i++) {
        if (readings.time[i]! >= times.from && readings.time[i]! <= times.to) found.push(readings.row(i));
      }
      if (found.length > 0) onBatch(found);
      return null;
    });
  }

  close(done: () => void): void {
    this.#open = false;
    this.#pending = null;
    this.#later(done);
  }

  #operate<T>(operation: StoreOperation, done: (result: T | StoreFault) => void, act: () => T): void {
    const fault = this.#options.fault?.(operation) ?? null;
    this.#later(() => done(fault ?? act()));
  }

  #later(fn: () => void): void {
    this.#options.clock.schedule(this.#options.delayMs, () => {
      if (!this.#crashed) fn();
    });
  }
}

function keyOf(file: FileId): string {
  return `${file.intake}-${file.number}`;
}

function appended(batch: ReadingBatch, rows: ReadingRows, from: number, to: number): ReadingBatch {
  const needed = batch.length + to - from;
  const target = needed <= batch.capacity ? batch : grown(batch, needed);
  const at = batch.length;
  target.meter.set(rows.meter.subarray(from, to), at);
  target.channel.set(rows.channel.subarray(from, to), at);
  target.time.set(rows.time.subarray(from, to), at);
  target.value.set(rows.value.subarray(from, to), at);
  target.status.set(rows.status.subarray(from, to), at);
  target.length = needed;
  return target;
}

function grown(batch: ReadingBatch, needed: number): ReadingBatch {
  const target = new ReadingBatch(Math.max(needed, 2 * batch.capacity));
  return appended(target, batch, 0, batch.length);
}

function timesOf(batch: ReadingBatch): TimeRange | null {
  if (batch.length === 0) return null;
  const times = batch.time.subarray(0, batch.length);
  return { from: times.reduce((a, b) => Math.min(a, b)), to: times.reduce((a, b) => Math.max(a, b)) };
}
