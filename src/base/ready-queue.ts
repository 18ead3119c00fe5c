/** A ring of ids 0 .. count-1, each at most once: work that waits to be looked at. Its maximum is `count`, never exceeded. */

export class ReadyQueue {
  readonly #ring: Uint32Array;
  readonly #waiting: Uint8Array;
  #head = 0;
  #length = 0;

  constructor(count: number) {
    this.#ring = new Uint32Array(Math.max(1, count));
    this.#waiting = new Uint8Array(Math.max(1, count));
  }

  get length(): number {
    return this.#length;
  }

  /** Does nothing when `id` waits already. */
  add(id: number): void {
    if (this.#waiting[id] === 1) return;
    this.#waiting[id] = 1;
    let tail = this.#head + this.#length++;
    if (tail >= this.#ring.length) tail -= this.#ring.length;
    this.#ring[tail] = id;
  }

  /** The id that waits longest, or -1. */
  take(): number {
    if (this.#length === 0) return -1;
    const id = this.#ring[this.#head]!;
    this.#head = this.#head + 1 === this.#ring.length ? 0 : this.#head + 1;
    this.#length--;
    this.#waiting[id] = 0;
    return id;
  }
}
