/**
 * Buffer files in memory, on whatever clock is given, for trials. A MemoryDisk outlives the processes that use it; each
 * process has a MemoryBufferFiles of its own, which can crash: its operations under way then happen wholly, in part or not
 * at all, drawn from the seed, and their callbacks never come. An append under way may leave a torn and garbled tail.
 */

import type { Clock } from '../../base/clock.ts';
import { below, streamKey } from '../../base/random.ts';
import type { BufferFile, BufferFiles, FileEntry, FileFault } from './buffer-files.ts';

export class MemoryDisk {
  /** @internal */
  readonly files = new Map<string, Uint8Array[]>();

  get bytes(): number {
    let sum = 0;
    for (const pieces of this.files.values()) sum += sizeOf(pieces);
    return sum;
  }
}

export type FileOperation = 'create' | 'append' | 'close' | 'list' | 'read' | 'rename' | 'remove';

export interface MemoryBufferFilesOptions {
  readonly clock: Clock;
  readonly disk: MemoryDisk;
  readonly seed: number;
  /** How long an operation takes. */
  readonly delayMs: number;
  /** Asked at the beginning of each operation; a fault makes it fail with nothing done, but an append with a part done. */
  readonly fault?: (operation: FileOperation) => FileFault | null;
}

interface Pending {
  /** Does the operation, when `part` is below 1 only that part of it, as far as it has parts. */
  readonly apply: (part: number) => void;
}

export class MemoryBufferFiles implements BufferFiles {
  readonly #options: MemoryBufferFilesOptions;
  readonly #files: Map<string, Uint8Array[]>;
  readonly #key: number;
  readonly #pending = new Set<Pending>();
  #draws = 0;
  #crashed = false;

  constructor(options: MemoryBufferFilesOptions) {
    this.#options = options;
    this.#files = options.disk.files;
    this.#key = streamKey(options.seed, 'memory-buffer-files');
  }

  /** The process is gone: what was under way is left half done, no callback comes any more, new operations do nothing. */
  crash(): void {
    this.#crashed = true;
    for (const pending of this.#pending) {
      const fate = below(this.#key, this.#draws++, 4);
      if (fate > 0) pending.apply(fate === 1 ? 1 : below(this.#key, this.#draws++, 1000) / 1000);
    }
    this.#pending.clear();
  }

  create(name: string, done: (result: BufferFile | FileFault) => void): void {
    this.#operate('create', done, () => {
      if (this.#files.has(name)) return { error: `${name} exists`, code: 'exists' };
      const pieces: Uint8Array[] = [];
      this.#files.set(name, pieces);
      return this.#fileOf(pieces);
    });
  }

  list(done: (result: readonly FileEntry[] | FileFault) => void): void {
    this.#operate('list', done, () => Array.from(this.#files, ([name, pieces]) => ({ name, bytes: sizeOf(pieces) })));
  }

  read(name: string, done: (result: Uint8Array | FileFault) => void): void {
    this.#operate('read', done, () => {
      const pieces = this.#files.get(name);
      return pieces === undefined ? missing(name) : joined(pieces);
    });
  }

  rename(from: string, to: string, done: (fault: FileFault | null) => void): void {
    this.#operate('rename', done, () => {
      const pieces = this.#files.get(from);
      if (pieces === undefined) return missing(from);
      this.#files.delete(from);
      this.#files.set(to, pieces);
      return null;
    });
  }

  remove(name: string, done: (fault: FileFault | null) => void): void {
    this.#operate('remove', done, () => (this.#files.delete(name) ? null : missing(name)));
  }

  #fileOf(pieces: Uint8Array[]): BufferFile {
    return {
      append: (bytes, done) =>
        this.#operate('append', done, (part) => {
          const copy = bytes.slice(0, Math.floor(bytes.length * part));
          if (part < 1) this.#garble(copy);
          pieces.push(copy);
          return null;
        }),
      close: (done) => this.#operate('close', done, () => null),
    };
  }

  /** The end of what a crash left of an append may never have reached the disk. */
  #garble(bytes: Uint8Array): void {
    if (below(this.#key, this.#draws++, 2) === 0) return;
    bytes.fill(0, below(this.#key, this.#draws++, bytes.length + 1));
  }

  #operate<T>(operation: FileOperation, done: (result: T | FileFault) => void, act: (part: number) => T | FileFault): void {
    if (this.#crashed) return;
    const fault = this.#options.fault?.(operation) ?? null;
    // The fault handler may crash this process.
    if (this.#crashed) return;
    const pending: Pending = { apply: act };
    this.#pending.add(pending);
    this.#options.clock.schedule(this.#options.delayMs, () => {
      if (!this.#pending.delete(pending)) return;
      if (fault === null) {
        done(act(1));
        return;
      }
      if (operation === 'append') act(below(this.#key, this.#draws++, 1000) / 1000);
      done(fault);
    });
  }
}

function missing(name: string): FileFault {
  return { error: `${name} is missing`, code: 'missing' };
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(sizeOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
