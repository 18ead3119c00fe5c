/**
 * Joins pieces to a whole, up to a limit. A whole of one piece is not copied.
 */

export class JoinedBytes {
  readonly #bytesMax: number;
  #memory: Uint8Array | null = null;
  #count = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** There are pieces that wait for more. */
  get open(): boolean {
    return this.#memory !== null;
  }

  /** Takes a piece; `more`: others follow. The whole is this object's no longer. After `too-long` nothing is held. */
  join(piece: Uint8Array, more: boolean): 'more' | 'too-long' | Uint8Array {
    const needed = this.#count + piece.length;
    if (needed > this.#bytesMax) {
      this.drop();
      return 'too-long';
    }
    if (!more && this.#memory === null) return piece;
    let memory = this.#memory;
    if (memory === null || memory.length < needed) {
      const grown = new Uint8Array(Math.min(this.#bytesMax, Math.max(needed, 2 * this.#count)));
      if (memory !== null) grown.set(memory.subarray(0, this.#count));
      this.#memory = memory = grown;
    }
    memory.set(piece, this.#count);
    this.#count = needed;
    if (more) return 'more';
    this.drop();
    return memory.subarray(0, needed);
  }

  drop(): void {
    this.#memory = null;
    this.#count = 0;
  }
}
