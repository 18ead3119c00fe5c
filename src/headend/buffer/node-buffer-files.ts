/**
 * Buffer files in a directory of the machine. Appends go through O_DSYNC: one system call that returns when the bytes are on
 * the disk, measured cheaper than write and fdatasync. The directory is synced when a file is created, since bytes in a file
 * that nobody finds are lost; a rename or removal that a power failure undoes does no harm, the store knows what it loaded.
 */

import { close, constants, fstat, fsync, mkdirSync, open, read, readdir, rename, stat, unlink, write } from 'node:fs';
import { join } from 'node:path';
import type { BufferFile, BufferFiles, FileEntry, FileFault } from './buffer-files.ts';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC;

export class NodeBufferFiles implements BufferFiles {
  readonly #directory: string;

  /** Makes the directory if there is none. */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.#directory = directory;
  }

  create(name: string, done: (result: BufferFile | FileFault) => void): void {
    open(this.#path(name), FLAGS, (error, descriptor) => {
      if (error !== null) {
        done(faultOf(error));
        return;
      }
      this.#syncDirectory((fault) => done(fault ?? new NodeBufferFile(descriptor)));
    });
  }

  list(done: (result: readonly FileEntry[] | FileFault) => void): void {
    readdir(this.#directory, (error, names) => {
      if (error !== null) {
        done(faultOf(error));
        return;
      }
      const entries: FileEntry[] = [];
      let waiting = names.length;
      if (waiting === 0) done(entries);
      for (const name of names) {
        stat(this.#path(name), (gone, stats) => {
          // A file that is gone meanwhile was renamed or removed: it is not in the list.
          if (gone === null && stats.isFile()) entries.push({ name, bytes: stats.size });
          if (--waiting === 0) done(entries);
        });
      }
    });
  }

  read(name: string, done: (result: Uint8Array | FileFault) => void): void {
    open(this.#path(name), 'r', (error, descriptor) => {
      if (error !== null) {
        done(faultOf(error));
        return;
      }
      readWhole(descriptor, (result) => close(descriptor, () => done(result)));
    });
  }

  rename(from: string, to: string, done: (fault: FileFault | null) => void): void {
    rename(this.#path(from), this.#path(to), (error) => done(error === null ? null : faultOf(error)));
  }

  remove(name: string, done: (fault: FileFault | null) => void): void {
    unlink(this.#path(name), (error) => done(error === null ? null : faultOf(error)));
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  #syncDirectory(done: (fault: FileFault | null) => void): void {
    open(this.#directory, 'r', (error, descriptor) => {
      if (error !== null) {
        done(faultOf(error));
        return;
      }
      fsync(descriptor, (failed) => close(descriptor, () => done(failed === null ? null : faultOf(failed))));
    });
  }
}

class NodeBufferFile implements BufferFile {
  readonly #descriptor: number;
  #position = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  append(bytes: Uint8Array, done: (fault: FileFault | null) => void): void {
    write(this.#descriptor, bytes, 0, bytes.length, this.#position, (error, written) => {
      if (error !== null) {
        done(faultOf(error));
        return;
      }
      this.#position += written;
      // A write may be short, when a disk fills up or a limit is near; the next one then says why.
      if (written < bytes.length) this.append(bytes.subarray(written), done);
      else done(null);
    });
  }

  close(done: (fault: FileFault | null) => void): void {
    close(this.#descriptor, (error) => done(error === null || error === undefined ? null : faultOf(error)));
  }
}

function readWhole(descriptor: number, done: (result: Uint8Array | FileFault) => void): void {
  fstat(descriptor, (error, stats) => {
    if (error !== null) {
      done(faultOf(error));
      return;
    }
    const bytes = Buffer.allocUnsafeSlow(stats.size);
    readFrom(descriptor, bytes, 0, done);
  });
}

function readFrom(descriptor: number, bytes: Buffer, from: number, done: (result: Uint8Array | FileFault) => void): void {
  if (from === bytes.length) {
    done(bytes);
    return;
  }
  read(descriptor, bytes, from, bytes.length - from, from, (error, count) => {
    if (error !== null) done(faultOf(error));
    else if (count === 0) done(bytes.subarray(0, from));
    else readFrom(descriptor, bytes, from + count, done);
  });
}

function faultOf(error: NodeJS.ErrnoException): FileFault {
  return { error: error.message, code: CODES[error.code ?? ''] ?? 'other' };
}

const CODES: Readonly<Record<string, FileFault['code']>> = {
  EEXIST: 'exists',
  ENOENT: 'missing',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
};
