/**
 * Reads A-XDR (IEC 61334-6) from a window of bytes with a cursor. It never throws on input and never looks outside of its
 * window: the first thing that can't be read sets `failure`, and from then on every read answers 0 and moves nothing.
 * So a parser reads a whole part and asks once; it must ask before it believes what it read.
 */

import { assert } from '../../../base/assert.ts';

/**
 * `truncated`: the window ends too early. `length-form`: a length or count that A-XDR does not know (80, 85 and up).
 * `data`: a Data value that can't be; `detail` says why.
 */
export type AxdrFailure = PlainFailure | 'data';
/** All that can fail where no Data of any type is read. */
export type PlainFailure = 'truncated' | 'length-form';

/**
 * Why a Data can't be: a tag that nobody assigned, nested too deep, more elements than the decoder takes, text that is no
 * UTF-8, or a compact-array whose contents do not fit its type.
 */
export type DataDetail = 'tag-unknown' | 'too-deep' | 'too-many' | 'text-form' | 'compact-form';

export class AxdrReader {
  bytes: Uint8Array = NOTHING;
  /** The next byte to read, and the end of the window. */
  at = 0;
  end = 0;
  failure: AxdrFailure | null = null;
  /** Only with `data`. */
  detail: DataDetail | null = null;

  /** Begins again with `length` bytes of `bytes` from `offset`. */
  reset(bytes: Uint8Array, offset: number, length: number): void {
    assert(offset >= 0 && length >= 0 && offset + length <= bytes.length, 'the window lies within the bytes');
    this.bytes = bytes;
    this.at = offset;
    this.end = offset + length;
    this.failure = null;
    this.detail = null;
  }

  /** The failure, where no Data of any type was read. */
  get plainFailure(): PlainFailure | null {
    assert(this.failure !== 'data', 'no Data was read');
    return this.failure;
  }

  /** Bytes not yet read. */
  get left(): number {
    return this.end - this.at;
  }

  /** Lets go of the bytes, so that a reader at rest keeps no receive buffer alive. */
  release(): void {
    this.bytes = NOTHING;
    this.at = 0;
    this.end = 0;
  }

  u8(): number {
    const at = this.at;
    if (at >= this.end) return this.fail('truncated');
    this.at = at + 1;
    return this.bytes[at]!;
  }

  u16(): number {
    const at = this.skip(2);
    if (at < 0) return 0;
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  u32(): number {
    const at = this.skip(4);
    if (at < 0) return 0;
    const bytes = this.bytes;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  /** A length or count: one byte up to 7F, else 81..84 and that many bytes; longer forms than needed are taken. */
  length(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    const more = first - 0x80;
    if (more === 0 || more > 4) return this.fail('length-form');
    let value = 0;
    for (let i = 0; i < more; i++) value = value * 256 + this.u8();
    return this.failure === null ? value : 0;
  }

  /** Passes over `count` bytes; answers where they begin, or -1 when there are fewer. */
  skip(count: number): number {
    const at = this.at;
    if (count > this.end - at) {
      this.fail('truncated');
      return -1;
    }
    this.at = at + count;
    return at;
  }

  /** Passes over the bytes `expected` if they come next; false, and nothing read, if others do. */
  take(expected: Uint8Array): boolean {
    const at = this.at;
    if (expected.length > this.end - at) return false;
    for (let i = 0; i < expected.length; i++) {
      if (this.bytes[at + i] !== expected[i]) return false;
    }
    this.at = at + expected.length;
    return true;
  }

  /** Keeps the first failure and ends the window; answers 0. */
  fail(failure: AxdrFailure): 0 {
    this.failure ??= failure;
    this.at = this.end;
    return 0;
  }

  /** The same for a Data that can't be. */
  failData(detail: DataDetail): 0 {
    if (this.failure === null) this.detail = detail;
    return this.fail('data');
  }

  /** Makes a failure one of the Data: what ended too early was a part of it with a length of its own. */
  turnIntoData(detail: DataDetail): void {
    this.failure = 'data';
    this.detail = detail;
  }

  /** The most exact reason, for people and counters; null: nothing failed. */
  get reason(): AxdrFailure | DataDetail | null {
    return this.detail ?? this.failure;
  }
}

const NOTHING = new Uint8Array(0);
