/**
 * Where readings end up. A store is written by one loader, in transactions that also say how far each buffer file is loaded,
 * so that what was loaded and what is stored can't differ. Implementations: `duckdb-store.ts`, `postgres-store.ts`,
 * `memory-store.ts`; one conformance suite holds for all.
 *
 * A fault leaves a store useless but for `close`; `open` begins again at the last commit.
 */

import type { ReadingBatch } from '../../reading/batch.ts';
import type { ReadingRows } from '../buffer/block.ts';

export interface StoreFault {
  readonly error: string;
}

/** A buffer file, see `buffer-name.ts`. */
export interface FileId {
  readonly intake: number;
  readonly number: number;
}

/** The file is loaded up to this row. */
export interface LoadedFile extends FileId {
  readonly rows: number;
}

/** Unix seconds, both included. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

export interface StoreState {
  readonly loaded: readonly LoadedFile[];
  /** Of all stored readings; null: there are none. */
  readonly times: TimeRange | null;
}

export interface Commit {
  /** Files that came further in this transaction. */
  readonly loaded: readonly LoadedFile[];
  /** Files that are gone, so nothing needs to be known of them any more. */
  readonly retired: readonly FileId[];
}

export interface Store {
  open(done: (result: StoreState | StoreFault) => void): void;
  /** Before the first `append` of a transaction. */
  begin(done: (fault: StoreFault | null) => void): void;
  /** Rows `from` .. `to - 1`, copied before it returns. Answers a fault, or null. */
  append(rows: ReadingRows, from: number, to: number): StoreFault | null;
  /** Durable, and visible to others, when `done` gets null. */
  commit(commit: Commit, done: (fault: StoreFault | null) => void): void;
  /** All committed readings of these times, in any order; a batch is valid only during the call. */
  scan(times: TimeRange, onBatch: (batch: ReadingBatch) => void, done: (fault: StoreFault | null) => void): void;
  /** Also after a fault. What is not committed is forgotten. */
  close(done: () => void): void;
}

export function isStoreFault(result: object | null): result is StoreFault {
  return result !== null && 'error' in result;
}
