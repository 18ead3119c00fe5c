/**
 * One log file that is being read: known by what it is (device, inode, and a hash of its first HEAD_BYTES), not by its name,
 * so that it is followed when it is renamed. What was cut off, or written anew from the begin, is read from there.
 */

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { LINE_BYTES_MAX, LineSplitter, type Line } from '../lines/line-splitter.ts';

/** Where reading goes on, after a crash too. */
export interface LogPosition {
  readonly device: number;
  readonly inode: number;
  /** Of the first `headBytes` of the file, hex. */
  readonly head: string;
  readonly headBytes: number;
  /** Of the first byte of the first line that was not read whole. */
  readonly offset: number;
}

export interface LogPiece {
  readonly lines: readonly Line[];
  /** The file was begun again since the last time; lines that were not read by then are lost. */
  readonly truncated: boolean;
  /** There is more to be read at once. */
  readonly more: boolean;
}

const HEAD_BYTES = 256;
const READ_BYTES = 65_536;
/** Of one file at a time, so that others have their turn. */
const PIECE_BYTES_MAX = 4 * 2 ** 20;

export class OpenLog {
  /** Where it was found last; for people. */
  path: string;
  readonly #descriptor: number;
  readonly #device: number;
  readonly #inode: number;
  #head: string;
  #headBytes: number;
  #splitter: LineSplitter;
  /** Bytes that were read. */
  #read: number;
  #size = -1;
  #modifiedMs = -1;

  private constructor(path: string, descriptor: number) {
    const { dev, ino } = fstatSync(descriptor);
    this.path = path;
    this.#descriptor = descriptor;
    this.#device = dev;
    this.#inode = ino;
    this.#read = 0;
    this.#splitter = new LineSplitter();
    this.#headBytes = 0;
    this.#head = hashOf(NOTHING);
  }

  /** Throws what the file system says. `from`: a position that was noted; `end`: what is written from now on. */
  static open(path: string, from: 'begin' | 'end' | LogPosition): OpenLog {
    const log = new OpenLog(path, openSync(path, 'r'));
    const { size } = fstatSync(log.#descriptor);
    if (typeof from === 'object' && log.is(from) && size >= from.offset) log.#startAt(from.offset);
    else if (from === 'end') log.#startAt(log.#lineBefore(size));
    log.#learnHead(size);
    return log;
  }

  /** `DEVICE:INODE` */
  get key(): string {
    return `${this.#device}:${this.#inode}`;
  }

  get position(): LogPosition {
    return { device: this.#device, inode: this.#inode, head: this.#head, headBytes: this.#headBytes, offset: this.#splitter.at };
  }

  /** Whether the position was noted of this file as it is now. */
  is(position: LogPosition): boolean {
    if (position.device !== this.#device || position.inode !== this.#inode) return false;
    return hashOf(this.#bytes(0, position.headBytes)) === position.head;
  }

  /** What has come since the last time. Throws what the file system says. */
  next(): LogPiece {
    const { size, mtimeMs } = fstatSync(this.#descriptor);
    if (size === this.#size && mtimeMs === this.#modifiedMs && size === this.#read) return { lines: [], truncated: false, more: false };
    const truncated = size < this.#read || hashOf(this.#bytes(0, this.#headBytes)) !== this.#head;
    if (truncated) this.#begin();
    const lines: Line[] = [];
    let budget = PIECE_BYTES_MAX;
    while (budget > 0 && this.#read < size) {
      const bytes = this.#bytes(this.#read, Math.min(READ_BYTES, budget, size - this.#read));
      if (bytes.length === 0) break;
      this.#read += bytes.length;
      budget -= bytes.length;
      lines.push(...this.#splitter.push(bytes));
    }
    this.#learnHead(this.#read);
    this.#size = size;
    this.#modifiedMs = mtimeMs;
    return { lines, truncated, more: this.#read < size };
  }

  /** Nobody will end the last line: it is one as it is. */
  rest(): Line | null {
    return this.#splitter.rest();
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #begin(): void {
    this.#startAt(0);
    this.#headBytes = 0;
    this.#head = hashOf(NOTHING);
  }

  #startAt(offset: number): void {
    this.#read = offset;
    this.#splitter = new LineSplitter(offset);
  }

  /** Where the line begins that `offset` is in. */
  #lineBefore(offset: number): number {
    const from = Math.max(0, offset - LINE_BYTES_MAX);
    const end = this.#bytes(from, offset - from).lastIndexOf(LF);
    return end < 0 ? (from === 0 ? 0 : offset) : from + end + 1;
  }

  /** The head grows with the file until it is whole. */
  #learnHead(size: number): void {
    const bytes = Math.min(HEAD_BYTES, size);
    if (bytes <= this.#headBytes) return;
    this.#headBytes = bytes;
    this.#head = hashOf(this.#bytes(0, bytes));
  }

  #bytes(from: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, readSync(this.#descriptor, buffer, 0, length, from));
  }
}

const LF = 10;
const NOTHING = Buffer.alloc(0);

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}
