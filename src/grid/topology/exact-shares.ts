/**
 * Categories with exact counts: of `count` things, each category gets its share by largest remainder, as a run of ranks.
 * Which thing has which rank is the business of a `Permutation`.
 */

import { assert } from '../../base/assert.ts';
import { largestRemainder, Permutation, streamKey } from '../../base/random.ts';

export class ExactShares {
  /** First rank of each category in `order`, and `count` at the end. */
  readonly #bounds: Uint32Array;
  readonly #order: Uint8Array;

  /** `order`: the categories in the order of their ranks; as listed when left out. */
  constructor(count: number, shares: readonly number[], order: readonly number[] = shares.map((_, i) => i)) {
    assert(shares.length >= 1 && shares.length <= 256, 'a list has 1 to 256 categories');
    assert(order.length === shares.length, 'the order names each category');
    const parts = largestRemainder(count, shares);
    this.#order = Uint8Array.from(order);
    this.#bounds = new Uint32Array(order.length + 1);
    order.forEach((category, i) => {
      this.#bounds[i + 1] = this.#bounds[i]! + parts[category]!;
    });
  }

  /** The category of the thing with this rank, 0 .. count-1. */
  categoryAt(rank: number): number {
    const bounds = this.#bounds;
    let i = 0;
    while (rank >= bounds[i + 1]!) i++;
    return this.#order[i]!;
  }

  /** Rank range of the categories at the places [from, to) of the order. */
  ranks(from: number, to: number): { readonly from: number; readonly to: number } {
    return { from: this.#bounds[from]!, to: this.#bounds[to]! };
  }
}

/** The category of each of `count` things, shares hit exactly, spread at random by the named stream. */
export function spreadCategories(options: {
  readonly seed: number;
  readonly stream: string;
  readonly count: number;
  readonly shares: readonly number[];
}): Uint8Array {
  const { count } = options;
  const categories = new Uint8Array(count);
  const shares = new ExactShares(count, options.shares);
  const permutation = new Permutation(streamKey(options.seed, options.stream), count);
  for (let i = 0; i < count; i++) categories[i] = shares.categoryAt(permutation.at(i));
  return categories;
}
