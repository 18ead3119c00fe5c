/**
 * Moves readings from sealed buffer files into the store, exactly once.
 *
 *   list -> read a file -> its blocks -> drop duplicates -> append -> commit -> remove the files that are wholly committed
 *
 * A commit also says how many rows of each file are loaded, in the same transaction. So the loader may die anywhere: when it
 * begins again, rows that are committed are passed over, the others are loaded, and a file that is wholly loaded is removed.
 * The duplicate filter is filled from the store as far as it is needed.
 *
 * A fault of store or files makes it begin again in the same way after `retryMs`; files stay until they are committed, so
 * nothing is lost. Invariants: at most one file is in memory; a transaction has at most `commitRows` rows and those of one
 * slice more; files of an intake are loaded in their order.
 */

import { build, type Histogram } from 'hdr-histogram-js';
import { assert, present } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Block } from '../buffer/block.ts';
import { BlockReader } from '../buffer/block-reader.ts';
import { type BufferFiles, type FileEntry, isFault } from '../buffer/buffer-files.ts';
import { type BufferName, bufferFileName, parseBufferName } from '../buffer/buffer-name.ts';
import { DuplicateFilter } from './duplicate-filter.ts';
import { isStoreFault, type LoadedFile, type Store, type StoreState } from './store.ts';

export interface StoreLoaderOptions {
  readonly clock: Clock;
  readonly files: BufferFiles;
  readonly store: Store;
  /** Distance of the readings of a meter; other times work too, but cost more memory. Default 900. */
  readonly intervalSeconds?: number;
  /** Wait between two looks at an empty directory. Default 20. */
  readonly pollMs?: number;
  /** A transaction is committed when it has this many rows, default 2,000,000, */
  readonly commitRows?: number;
  /** or when its first row is this old. Default 500. */
  readonly commitMs?: number;
  /** What the duplicate filter may keep in memory between two transactions. Default 1 GiB: 6 billion regular readings. */
  readonly filterBytesMax?: number;
  /** Wait after a fault. Default 1000. */
  readonly retryMs?: number;
}

export interface StoreLoaderStats {
  /** Committed by this loader. */
  storedReadings: number;
  /** Seen before, with the same value or another: values are not compared, that would take a look into the store. */
  duplicatesDropped: number;
  commits: number;
  filesLoaded: number;
  /** Sealed files that are not wholly committed, at the last look. */
  backlogFiles: number;
  backlogBytes: number;
  /** Files with unsound blocks between sound ones; kept as `.damaged`. */
  damagedFiles: number;
  /** Never confirmed ends of files, left by intakes that died. */
  tornBytes: number;
  filterBytes: number;
  /** Periods that the duplicate filter took back from the store. */
  filterRestores: number;
  faults: number;
  lastFault: string | null;
  /** Nothing was committed since. */
  failing: boolean;
}

const DEFAULTS = {
  intervalSeconds: 900,
  pollMs: 20,
  commitRows: 2_000_000,
  commitMs: 500,
  filterBytesMax: 2 ** 30,
  retryMs: 1000,
} as const;

/** Rows between two looks at whether something else is due. */
const SLICE_ROWS = 65_536;

const DELAY_RANGE = {
  bitBucketSize: 64,
  lowestDiscernibleValue: 1,
  highestTrackableValue: 2 ** 40,
  numberOfSignificantValueDigits: 3,
} as const;

/** A file that is being loaded, or is loaded and not committed. */
interface LoadingFile {
  readonly name: BufferName;
  readonly fileBytes: number;
  readonly reader: BlockReader;
  /** Rows of the file up to which it is in the store or in the present transaction. */
  rows: number;
  /** What is left of `rows` that are in the store already, to be passed over. */
  skip: number;
  block: Block | null;
  /** Rows of the block that are done. */
  blockRows: number;
  ended: boolean;
}

export class StoreLoader {
  /** From arrival at the head-end to being queryable, ms, one value a reading. */
  readonly delays: Histogram = build(DELAY_RANGE);
  /** From begin to commit, in units of 0.1 ms, one value a transaction. */
  readonly transactions: Histogram = build(DELAY_RANGE);
  readonly #options: Required<StoreLoaderOptions>;
  readonly #stats: StoreLoaderStats = {
    storedReadings: 0,
    duplicatesDropped: 0,
    commits: 0,
    filesLoaded: 0,
    backlogFiles: 0,
    backlogBytes: 0,
    damagedFiles: 0,
    tornBytes: 0,
    filterBytes: 0,
    filterRestores: 0,
    faults: 0,
    lastFault: null,
    failing: false,
  };
  #filter: DuplicateFilter;
  /** Rows by file key that the store has, for files not begun yet. */
  readonly #loaded = new Map<string, number>();
  #waiting: FileEntry[] = [];
  #current: LoadingFile | null = null;
  /** Ended, not committed. */
  #ended: LoadingFile[] = [];
  #retired: BufferName[] = [];
  #retireDue = true;
  #inTransaction = false;
  #transactionRows = 0;
  #transactionDuplicates = 0;
  #transactionFromMs = 0;
  #delaysWaiting: { readonly fromUnixMs: number; rows: number }[] = [];
  #timer: Timer | null = null;
  #onReady: (() => void) | null = null;
  #onStopped: (() => void) | null = null;

  constructor(options: StoreLoaderOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#filter = new DuplicateFilter(this.#options);
  }

  /** `onReady` is called once, when the store is open. */
  start(onReady?: () => void): void {
    this.#onReady = onReady ?? null;
    this.#open();
  }

  /** Loads and commits all that is sealed now, closes the store, then calls back. */
  stop(onStopped: () => void): void {
    assert(this.#onStopped === null, 'a loader is stopped once');
    this.#onStopped = onStopped;
    if (this.#timer === null) return;
    this.#timer.cancel();
    this.#next();
  }

  stats(): StoreLoaderStats {
    return { ...this.#stats, filterBytes: this.#filter.bytes };
  }

  #open(): void {
    this.#options.store.open((state) => {
      if (isStoreFault(state)) {
        this.#fail(state.error);
        return;
      }
      this.#begin(state);
      this.#onReady?.();
      this.#onReady = null;
      this.#next();
    });
  }

  /** Forgets everything but what the store has. */
  #begin(state: StoreState): void {
    this.#filter = new DuplicateFilter(this.#options);
    this.#filter.begin(state.times);
    this.#loaded.clear();
    for (const { intake, number, rows } of state.loaded) {
      const { key = '' } = parseBufferName(bufferFileName(intake, number, 'sealed')) ?? {};
      this.#loaded.set(key, rows);
    }
    this.#waiting = [];
    this.#current = null;
    this.#ended = [];
    this.#retired = [];
    this.#retireDue = true;
    this.#clearTransaction();
  }

  #clearTransaction(): void {
    this.#inTransaction = false;
    this.#transactionRows = 0;
    this.#transactionDuplicates = 0;
    this.#delaysWaiting = [];
  }

  #fail(error: string): void {
    this.#stats.faults++;
    this.#stats.lastFault = error;
    this.#stats.failing = true;
    const { store, clock, retryMs } = this.#options;
    store.close(() => {
      clock.schedule(retryMs, () => this.#open());
    });
  }

  /** After what the machine has to do otherwise. */
  #next(delayMs = 0): void {
    this.#timer = this.#options.clock.schedule(delayMs, () => {
      this.#timer = null;
      this.#step();
    });
  }

  /** Does one thing; each ends in `next` or `fail`. */
  #step(): void {
    if (this.#commitDue()) this.#commit();
    else if (this.#current !== null) this.#load(this.#current);
    else if (this.#waiting.length > 0) this.#read();
    else this.#list();
  }

  #commitDue(): boolean {
    if (!this.#inTransaction) return false;
    const { clock, commitRows, commitMs, filterBytesMax } = this.#options;
    return (
      this.#transactionRows >= commitRows ||
      clock.nowMs() - this.#transactionFromMs >= commitMs ||
      (this.#transactionRows > 0 && this.#filter.bytes > filterBytesMax)
    );
  }

  #list(): void {
    this.#options.files.list((entries) => {
      if (isFault(entries)) {
        this.#fail(entries.error);
        return;
      }
      const sealed = entries.filter((entry) => parseBufferName(entry.name)?.state === 'sealed');
      this.#stats.backlogFiles = sealed.length;
      this.#stats.backlogBytes = sealed.reduce((sum, entry) => sum + entry.bytes, 0);
      this.#retireGone(entries);
      const ended = new Set(this.#ended.map((file) => file.name.key));
      this.#waiting = sealed.filter((entry) => !ended.has(parseBufferName(entry.name)?.key ?? '')).sort(byNumber);
      if (this.#waiting.length > 0) this.#next();
      else this.#rest();
    });
  }

  /** Once after opening: what the store knows of files that are not there any more can be forgotten. */
  #retireGone(entries: readonly FileEntry[]): void {
    if (!this.#retireDue) return;
    this.#retireDue = false;
    const there = new Set(entries.map((entry) => parseBufferName(entry.name)?.key));
    for (const key of this.#loaded.keys()) {
      const name = there.has(key) ? null : parseBufferName(`${key}.sealed`);
      if (name !== null) this.#retired.push(name);
    }
  }

  /** Nothing is left to load at the moment. */
  #rest(): void {
    const { clock, commitMs, pollMs } = this.#options;
    if (this.#onStopped !== null) {
      if (this.#inTransaction) this.#commit();
      else this.#options.store.close(this.#onStopped);
      return;
    }
    if (!this.#inTransaction) this.#stats.failing = false;
    const dueMs = this.#inTransaction ? this.#transactionFromMs + commitMs - clock.nowMs() : pollMs;
    this.#next(Math.max(0, Math.min(pollMs, dueMs)));
  }

  #read(): void {
    const entry = present(this.#waiting.shift(), 'a file waits');
    const name = present(parseBufferName(entry.name), 'only buffer files wait');
    this.#options.files.read(entry.name, (bytes) => {
      if (isFault(bytes)) {
        this.#fail(bytes.error);
        return;
      }
      const rows = this.#loaded.get(name.key) ?? 0;
      const reader = new BlockReader(bytes);
      const fileBytes = bytes.length;
      this.#current = { name, fileBytes, reader, rows, skip: rows, block: null, blockRows: 0, ended: false };
      this.#next();
    });
  }

  /** Loads one slice. */
  #load(file: LoadingFile): void {
    const block = this.#blockOf(file);
    if (block === null) {
      this.#end(file);
      return;
    }
    if (!this.#inTransaction) {
      this.#beginTransaction();
      return;
    }
    const from = file.blockRows;
    const to = Math.min(block.rows, from + SLICE_ROWS);
    const fault = this.#admit(file, block, to);
    if (fault !== null) this.#fail(fault);
    else if (file.blockRows < to) this.#restorePeriod();
    else this.#next();
  }

  /** The block that has the next row to load; null: there is none. */
  #blockOf(file: LoadingFile): Block | null {
    while (file.block === null || file.blockRows === file.block.rows) {
      const block = file.reader.next();
      if (block === null) return null;
      const skipped = Math.min(file.skip, block.rows);
      file.skip -= skipped;
      file.block = block;
      file.blockRows = skipped;
    }
    return file.block;
  }

  #beginTransaction(): void {
    this.#options.store.begin((fault) => {
      if (fault !== null) {
        this.#fail(fault.error);
        return;
      }
      this.#inTransaction = true;
      this.#transactionFromMs = this.#options.clock.nowMs();
      this.#next();
    });
  }

  /** Appends the new rows of the block up to `to`, or up to a period that the filter doesn't have. Answers a fault. */
  #admit(file: LoadingFile, block: Block, to: number): string | null {
    const filter = this.#filter;
    const start = file.blockRows;
    let at = start;
    let stored = 0;
    while (at < to) {
      const end = filter.admit(block, at, to);
      if (end > at) {
        const fault = this.#options.store.append(block, at, end);
        if (fault !== null) return fault.error;
        stored += end - at;
      }
      at = end;
      if (filter.stop === 'period') break;
      if (filter.stop === 'duplicate') {
        this.#transactionDuplicates++;
        at++;
      }
    }
    file.blockRows = at;
    file.rows += at - start;
    this.#transactionRows += stored;
    this.#noteArrival(block.receivedFromUnixMs, stored);
    return null;
  }

  #noteArrival(fromUnixMs: number, rows: number): void {
    if (rows === 0) return;
    const last = this.#delaysWaiting.at(-1);
    if (last !== undefined && last.fromUnixMs === fromUnixMs) last.rows += rows;
    else this.#delaysWaiting.push({ fromUnixMs, rows });
  }

  #restorePeriod(): void {
    const filter = this.#filter;
    const { wanted } = filter;
    this.#stats.filterRestores++;
    filter.beginRestore();
    this.#options.store.scan(
      wanted,
      (batch) => filter.restore(batch, batch.length),
      (fault) => {
        if (fault === null) this.#next();
        else this.#fail(fault.error);
      },
    );
  }

  /** All blocks of the file were seen. */
  #end(file: LoadingFile): void {
    this.#current = null;
    this.#stats.tornBytes += file.reader.tornBytes;
    file.ended = true;
    if (this.#inTransaction) {
      this.#ended.push(file);
      this.#next();
    } else {
      this.#discard([file]);
    }
  }

  #commit(): void {
    const { store, clock } = this.#options;
    const ended = this.#ended;
    const retired = this.#retired;
    const files = this.#current === null ? ended : [...ended, this.#current];
    const loaded: LoadedFile[] = files.map(({ name, rows }) => ({ intake: name.intake, number: name.number, rows }));
    store.commit({ loaded, retired }, (fault) => {
      if (fault !== null) {
        this.#fail(fault.error);
        return;
      }
      const nowUnixMs = clock.unixMs();
      this.transactions.recordValue(Math.max(1, Math.round((clock.nowMs() - this.#transactionFromMs) * 10)));
      for (const { fromUnixMs, rows } of this.#delaysWaiting) {
        // A clock that was set meanwhile must not stop anything.
        const delayMs = Math.min(Math.max(1, Math.round(nowUnixMs - fromUnixMs)), DELAY_RANGE.highestTrackableValue);
        this.delays.recordValueWithCount(delayMs, rows);
      }
      this.#stats.commits++;
      this.#stats.failing = false;
      this.#stats.storedReadings += this.#transactionRows;
      this.#stats.duplicatesDropped += this.#transactionDuplicates;
      for (const { name, rows } of files) this.#loaded.set(name.key, rows);
      for (const { key } of retired) this.#loaded.delete(key);
      this.#retired = [];
      this.#ended = [];
      this.#clearTransaction();
      this.#filter.evict(this.#options.filterBytesMax);
      this.#discard(ended);
    });
  }

  /** Removes files that are wholly in the store, one after the other. */
  #discard(files: readonly LoadingFile[]): void {
    const [file, ...rest] = files;
    if (file === undefined) {
      this.#next();
      return;
    }
    const { intake, number } = file.name;
    const name = bufferFileName(intake, number, 'sealed');
    const done = (fault: { readonly error: string; readonly code: string } | null): void => {
      if (fault !== null && fault.code !== 'missing') {
        this.#fail(fault.error);
        return;
      }
      this.#stats.filesLoaded++;
      this.#stats.backlogFiles = Math.max(0, this.#stats.backlogFiles - 1);
      this.#stats.backlogBytes = Math.max(0, this.#stats.backlogBytes - file.fileBytes);
      this.#retired.push(file.name);
      this.#discard(rest);
    };
    if (file.reader.damaged) {
      this.#stats.damagedFiles++;
      this.#options.files.rename(name, bufferFileName(intake, number, 'damaged'), done);
    } else {
      this.#options.files.remove(name, done);
    }
  }
}

/** Files of an intake in their order, those of different intakes about as old as each other. */
function byNumber(a: FileEntry, b: FileEntry): number {
  const first = parseBufferName(a.name);
  const second = parseBufferName(b.name);
  return (first?.number ?? 0) - (second?.number ?? 0) || (first?.intake ?? 0) - (second?.intake ?? 0);
}
