/** A seeded run of draws for tests; the seed goes into the name of the test or its message. */

import { below, draw, streamKey } from '../../../base/random.ts';

export class Draws {
  readonly #key: number;
  #counter = 0;

  constructor(seed: number, stream: string) {
    this.#key = streamKey(seed, stream);
  }

  /** 0 .. 2^32-1 */
  u32(): number {
    return draw(this.#key, this.#counter++);
  }

  /** 0 .. count-1 */
  below(count: number): number {
    return below(this.#key, this.#counter++, count);
  }

  /** True once in `count` times. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(0x100));
  }

  /** Lengths where the form of a length changes, and others. */
  length(): number {
    return this.oneIn(8) ? this.of([126, 127, 128, 129, 255, 256, 257, 300]) : this.below(12);
  }

  list<T>(count: number, one: () => T): readonly T[] {
    return Array.from({ length: count }, one);
  }
}
