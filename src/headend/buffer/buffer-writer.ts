/**
 * Writes the buffer files of one intake. A group of readings becomes a block, is appended and made durable in one go, and
 * only then is its callback called: confirmed means durable.
 *
 * There is always an open file, and the next one exists before the one before is sealed: the highest number in the directory
 * is how numbers go on after a restart. A write that fails spoils its file (its tail is unknown), so the block goes into a
 * new one, again and again until it is durable. Until then `busy` stays true, and the intake stops taking readings.
 *
 * Invariants: at most one group is held here; blocks of one file are in the order in which they were given.
 */

import { assert, present } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { ReadingBatch } from '../../reading/batch.ts';
import { BlockMemory, type Received } from './block.ts';
import { type BufferFile, type BufferFiles, type FileFault, isFault } from './buffer-files.ts';
import { bufferFileName, parseBufferName } from './buffer-name.ts';

export interface BufferWriterOptions {
  readonly clock: Clock;
  readonly files: BufferFiles;
  /** Number of the intake; no two running intakes share one. */
  readonly intake: number;
  /** Rows of the largest group. */
  readonly rowsMax: number;
  /** A file is sealed when it is this large, */
  readonly fileBytesMax: number;
  /** or this long after its first block. */
  readonly rollMs: number;
  /** Wait after a fault before the next try. */
  readonly retryMs: number;
}

export interface BufferWriterStats {
  /** Groups made durable. */
  blocks: number;
  rows: number;
  bytes: number;
  sealedFiles: number;
  faults: number;
  lastFault: string | null;
}

/** Its rows are in the block memory. */
interface Group {
  readonly rows: number;
  readonly onDurable: () => void;
}

interface OpenFile {
  readonly handle: BufferFile;
  readonly number: number;
  blocks: number;
  bytes: number;
}

export class BufferWriter {
  readonly stats: BufferWriterStats = { blocks: 0, rows: 0, bytes: 0, sealedFiles: 0, faults: 0, lastFault: null };
  readonly #options: BufferWriterOptions;
  readonly #memory: BlockMemory;
  #file: OpenFile | null = null;
  #nextNumber = 0;
  #group: Group | null = null;
  #working = false;
  #rollWanted = false;
  #rollTimer: Timer | null = null;
  #onStopped: (() => void) | null = null;

  constructor(options: BufferWriterOptions) {
    this.#options = options;
    this.#memory = new BlockMemory(options.rowsMax);
  }

  /** A group is not durable yet; no other one is taken meanwhile. */
  get busy(): boolean {
    return this.#group !== null;
  }

  /** Opens the first file and seals what an earlier life of this intake left open. */
  start(done: (fault: FileFault | null) => void): void {
    const { files, intake, clock } = this.#options;
    files.list((entries) => {
      if (isFault(entries)) {
        done(entries);
        return;
      }
      const own = entries.map((entry) => parseBufferName(entry.name)).filter((name) => name?.intake === intake);
      const highest = own.reduce((max, name) => Math.max(max, name?.number ?? 0), 0);
      const left = own.filter((name) => name?.state === 'open').map((name) => name?.number ?? 0);
      // Beginning at the clock keeps numbers apart even from those of a directory that was emptied.
      this.#nextNumber = Math.max(highest + 1, Math.floor(clock.unixMs()));
      this.#open((fault) => {
        if (fault === null) this.#sealAll(left, done);
        else done(fault);
      });
    });
  }

  /** Takes all rows of `batch`, which is free again at once; `onDurable` is called when they are safe. Not while busy. */
  write(batch: ReadingBatch, received: Received, onDurable: () => void): void {
    assert(this.#group === null, 'one group at a time');
    assert(this.#onStopped === null, 'a stopped writer takes nothing');
    const file = present(this.#file, 'the writer was started');
    this.#rollWanted ||= file.bytes >= this.#options.fileBytesMax;
    this.#memory.take(batch, received);
    this.#group = { rows: batch.length, onDurable };
    this.#work();
  }

  /** Seals the file. Not while busy. */
  stop(done: () => void): void {
    assert(this.#group === null, 'the last group is durable');
    this.#onStopped = done;
    this.#work();
  }

  /** Does what is next; only one thing is under way at a time. */
  #work(): void {
    if (this.#working) return;
    const file = present(this.#file, 'the writer was started');
    if (this.#rollWanted) this.#roll(file);
    else if (this.#group !== null) this.#append(file, this.#group);
    else if (this.#onStopped !== null) this.#finish(file, this.#onStopped);
  }

  #append(file: OpenFile, group: Group): void {
    this.#working = true;
    const bytes = this.#memory.finish(file.blocks);
    file.handle.append(bytes, (fault) => {
      this.#working = false;
      if (fault !== null) {
        this.#rollWanted = true;
        this.#retry(fault);
        return;
      }
      const { stats } = this;
      stats.blocks++;
      stats.rows += group.rows;
      stats.bytes += bytes.length;
      if (file.blocks++ === 0) this.#rollLater();
      file.bytes += bytes.length;
      this.#group = null;
      group.onDurable();
      this.#work();
    });
  }

  #rollLater(): void {
    this.#rollTimer = this.#options.clock.schedule(this.#options.rollMs, () => {
      this.#rollTimer = null;
      this.#rollWanted = true;
      this.#work();
    });
  }

  /** Goes on in a new file. */
  #roll(file: OpenFile): void {
    this.#working = true;
    this.#rollTimer?.cancel();
    this.#rollTimer = null;
    this.#open((fault) => {
      if (fault !== null) {
        this.#working = false;
        this.#retry(fault);
        return;
      }
      this.#rollWanted = false;
      this.#seal(file, () => {
        this.#working = false;
        this.#work();
      });
    });
  }

  /** Closes and renames, until it works: the store must get the file. */
  #seal(file: OpenFile, done: () => void): void {
    // A close that fails leaves nothing to be done: what was appended is durable already.
    file.handle.close(() => this.#renameSealed(file.number, done));
  }

  #renameSealed(number: number, done: () => void): void {
    const { files, intake, clock, retryMs } = this.#options;
    files.rename(bufferFileName(intake, number, 'open'), bufferFileName(intake, number, 'sealed'), (fault) => {
      if (fault === null || fault.code === 'missing') {
        this.stats.sealedFiles++;
        done();
        return;
      }
      this.#count(fault);
      clock.schedule(retryMs, () => this.#renameSealed(number, done));
    });
  }

  /** An empty file stays open in the end: its number is remembered by it. */
  #finish(file: OpenFile, done: () => void): void {
    if (file.blocks > 0) {
      this.#rollWanted = true;
      this.#work();
      return;
    }
    this.#working = true;
    this.#rollTimer?.cancel();
    file.handle.close(() => done());
  }

  #open(done: (fault: FileFault | null) => void): void {
    const { files, intake } = this.#options;
    // Whatever becomes of it, a number is tried once: after a fault the file may exist all the same.
    const number = this.#nextNumber++;
    files.create(bufferFileName(intake, number, 'open'), (result) => {
      if (isFault(result)) {
        done(result);
        return;
      }
      this.#file = { handle: result, number, blocks: 0, bytes: 0 };
      done(null);
    });
  }

  #sealAll(numbers: readonly number[], done: (fault: FileFault | null) => void): void {
    const [number, ...rest] = numbers;
    if (number === undefined) done(null);
    else this.#renameSealed(number, () => this.#sealAll(rest, done));
  }

  #retry(fault: FileFault): void {
    this.#count(fault);
    this.#options.clock.schedule(this.#options.retryMs, () => this.#work());
  }

  #count(fault: FileFault): void {
    this.stats.faults++;
    this.stats.lastFault = fault.error;
  }
}
