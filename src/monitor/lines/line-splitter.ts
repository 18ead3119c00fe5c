/**
 * Lines of a stream of bytes, UTF-8, ended by LF or CR LF. Memory is bounded: of a line that is longer than LINE_BYTES_MAX
 * the rest is dropped. A last line without an end waits.
 */

export const LINE_BYTES_MAX = 102_400;

export interface Line {
  readonly text: string;
  /** Where it begins in the stream, and where the next one does, in bytes. */
  readonly from: number;
  readonly to: number;
}

const LF = 10;
const CR = 13;

export class LineSplitter {
  readonly #max: number;
  #pieces: Buffer[] = [];
  /** Bytes of the line so far, those that were dropped included. */
  #length = 0;
  #kept = 0;
  #at: number;

  /** `at`: where the stream begins. */
  constructor(at = 0, max = LINE_BYTES_MAX) {
    this.#at = at;
    this.#max = max;
  }

  /** Where the line that waits begins. */
  get at(): number {
    return this.#at;
  }

  /** The bytes are not kept. */
  push(bytes: Buffer): readonly Line[] {
    const lines: Line[] = [];
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(LF, from);
      this.#add(bytes.subarray(from, end < 0 ? bytes.length : end));
      if (end < 0) break;
      lines.push(this.#line(1));
      from = end + 1;
    }
    return lines;
  }

  /** The line that waits, though it has no end; null: none does. */
  rest(): Line | null {
    return this.#length === 0 ? null : this.#line(0);
  }

  #add(piece: Buffer): void {
    this.#length += piece.length;
    const kept = piece.subarray(0, this.#max - this.#kept);
    if (kept.length === 0) return;
    this.#kept += kept.length;
    this.#pieces.push(Buffer.from(kept));
  }

  #line(end: number): Line {
    const bytes = this.#pieces.length === 1 ? (this.#pieces[0] ?? NOTHING) : Buffer.concat(this.#pieces);
    const cut = this.#kept === this.#length && bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
    const from = this.#at;
    this.#at += this.#length + end;
    this.#pieces = [];
    this.#length = 0;
    this.#kept = 0;
    return { text: bytes.toString('utf8', 0, cut), from, to: this.#at };
  }
}

const NOTHING = Buffer.alloc(0);
