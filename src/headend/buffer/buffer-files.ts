/**
 * The directory of the durable buffer, as little of a file system as the head-end needs. Everything calls back, so that it
 * also runs on a virtual clock. Implementations: `node-buffer-files.ts`, `memory-buffer-files.ts`; one conformance suite
 * holds for both. Files belong to one process at a time: the intake that writes them, then the store that loads them.
 */

export interface FileFault {
  readonly error: string;
  /** `full`: no space left, a quota or a size limit. */
  readonly code: 'exists' | 'missing' | 'full' | 'other';
}

export interface FileEntry {
  readonly name: string;
  readonly bytes: number;
}

export interface BufferFile {
  /**
   * Adds `bytes` at the end. They are durable when `done` gets null, and may be changed only then. After a fault an unknown
   * part of them may be in the file. One append at a time.
   */
  append(bytes: Uint8Array, done: (fault: FileFault | null) => void): void;
  close(done: (fault: FileFault | null) => void): void;
}

export interface BufferFiles {
  /** A new, empty file; that it exists is durable when `done` is called. */
  create(name: string, done: (result: BufferFile | FileFault) => void): void;
  /** All files of the directory, in any order. */
  list(done: (result: readonly FileEntry[] | FileFault) => void): void;
  /** The whole file, in memory that belongs to the caller and begins at a multiple of 8 bytes. */
  read(name: string, done: (result: Uint8Array | FileFault) => void): void;
  /** Atomic. Fails when `from` is missing. */
  rename(from: string, to: string, done: (fault: FileFault | null) => void): void;
  remove(name: string, done: (fault: FileFault | null) => void): void;
}

export function isFault(result: object | null): result is FileFault {
  return result !== null && 'error' in result;
}
