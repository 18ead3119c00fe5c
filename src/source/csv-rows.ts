/**
 * Splits CSV (RFC 4180) into fields: chunks of bytes in, places of fields out, no string and no object per row.
 *
 *   a line ends with LF or CR LF; a field in quotes may hold delimiters, line ends and doubled quotes; empty lines are no rows
 */

import { SourceError } from './source-error.ts';

const [QUOTE, LF, CR] = [0x22, 0x0a, 0x0d] as const;
/** A line that is longer is no line: a quote was left open. */
const LINE_BYTES_MAX = 2 ** 20;

export class CsvRows {
  /** Where the fields of the row begin and end in `bytes`, without their quotes. */
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  /** Fields of the row. */
  fields = 0;
  /** Line of the file in which the row begins, from 1. */
  line = 0;
  bytes: Buffer = Buffer.alloc(0);
  readonly #delimiter: number;
  #at = 0;
  #nextLine = 1;
  #ended = false;

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  /** What was not taken yet is kept. */
  add(chunk: Buffer): void {
    this.bytes = this.#at === this.bytes.length ? chunk : Buffer.concat([this.bytes.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** No more chunks come: the last line needs no line end. */
  end(): void {
    this.#ended = true;
  }

  /** Goes to the next row; false: it is not wholly there. Throws SourceError when a quote is never closed. */
  next(): boolean {
    const { bytes } = this;
    const { length } = bytes;
    let at = this.#at;
    let lines = this.#nextLine;
    while (at < length && (bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF))) if (bytes[at++] === LF) lines++;
    if (at === length) {
      this.#at = at;
      this.#nextLine = lines;
      return false;
    }
    const line = lines;
    let count = 0;
    for (;;) {
      if (count === this.starts.length) this.#grow();
      let end: number;
      if (bytes[at] === QUOTE) {
        this.starts[count] = ++at;
        for (;;) {
          end = bytes.indexOf(QUOTE, at);
          if (end < 0 || (end === length - 1 && !this.#ended)) return this.#incomplete(line);
          if (bytes[end + 1] !== QUOTE) break;
          at = end + 2;
        }
        for (let i = this.starts[count]!; i < end; i++) if (bytes[i] === LF) lines++;
        at = end + 1;
        while (at < length && bytes[at] !== this.#delimiter && bytes[at] !== LF) at++;
      } else {
        this.starts[count] = at;
        while (at < length && bytes[at] !== this.#delimiter && bytes[at] !== LF) at++;
        end = at > this.starts[count]! && bytes[at] !== this.#delimiter && bytes[at - 1] === CR ? at - 1 : at;
      }
      if (at === length && !this.#ended) return this.#incomplete(line);
      this.ends[count++] = end;
      if (at === length || bytes[at] === LF) break;
      at++;
    }
    this.line = line;
    this.fields = count;
    this.#nextLine = at < length ? lines + 1 : lines;
    this.#at = Math.min(length, at + 1);
    return true;
  }

  text(field: number): string {
    return this.bytes.toString('utf8', this.starts[field], this.ends[field]).replaceAll('""', '"');
  }

  #incomplete(line: number): boolean {
    if (!this.#ended && this.bytes.length - this.#at <= LINE_BYTES_MAX) return false;
    throw new SourceError(`line ${line} has no end; is a quote missing?`);
  }

  #grow(): void {
    const [starts, ends] = [this.starts, this.ends];
    this.starts = new Int32Array(2 * starts.length);
    this.ends = new Int32Array(2 * ends.length);
    this.starts.set(starts);
    this.ends.set(ends);
  }
}
