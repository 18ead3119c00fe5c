/**
 * Splits whole Wh among neighbouring parts of time in one draw: by their weights on the average, by a shape in the single
 * case. A split of n parts (16 at most) is a table of 64 shapes:
 *
 *   row 0, 1, .. n, each of 64 numbers: row r, shape s = share of the parts before part r, under shape s
 *   cut(r) = floor(E * share + v),   part r gets cut(r + 1) - cut(r)
 *
 * The top 6 bits of the draw choose s, the low 16 bits are v in [0, 1), which rounds without bias.
 *
 * What holds, whatever the draw says: parts are whole, never negative, and add up to E, because row 0 is 0, row n is 1 and
 * shares ascend. A part without weight gets nothing, because the rows on both sides of it are the same numbers. The mean
 * over the shapes is the part's share of the weights (to 2^-24), because of how shapes are made:
 *
 *   The parts are halved, and halved again; a node gives its left half the share p' = p + roughness * min(p, 1 - p) * x,
 *   where p is the share by weight. Each level has bits of its own in the number of the shape, and x runs over evenly
 *   spaced values in [-1, 1] as they do. So x has the mean 0, independent of the levels above, and means multiply.
 *
 * Only + - * / and floor are used, and rounding to 32-bit floats: every machine computes the same bits.
 */

import { assert } from '../../base/assert.ts';

export const SHAPES = 64;
const SHAPE_BITS = 6;

/** One halving, the largest parts first. */
export interface SplitLevel {
  /** Bits of the shape's number, 1 or more; all levels together have 6. */
  readonly bits: number;
  /** 0: always by weight. Just below 1: now and then nearly all to one side. */
  readonly roughness: number;
}

/** Numbers in the table of a split. */
export function splitLength(parts: number): number {
  return (parts + 1) * SHAPES;
}

export function shapeOf(bits: number): number {
  return bits >>> (32 - SHAPE_BITS);
}

/** v of a draw. */
export function roundingOf(bits: number): number {
  return (bits & 0xffff) * 2 ** -16;
}

export function cut(energyWh: number, share: number, rounding: number): number {
  return Math.floor(energyWh * share + rounding);
}

/** Fills `table` from `offset` on; there are up to 2^levels parts. */
export function fillSplit(table: Float32Array, offset: number, weights: Float64Array, levels: readonly SplitLevel[]): void {
  const leaves = 2 ** levels.length;
  assert(weights.length <= leaves, 'the levels have a leaf for each part');
  const sums = weightSums(weights, leaves);
  const edges = new Float64Array(leaves + 1);
  for (let shape = 0; shape < SHAPES; shape++) {
    fillEdges(edges, sums, levels, shape);
    for (let row = 0; row <= weights.length; row++) table[offset + row * SHAPES + shape] = edges[row]!;
  }
}

/** Weights of the nodes of the binary tree: 1 is the root, the children of n are 2n and 2n + 1. */
function weightSums(weights: Float64Array, leaves: number): Float64Array {
  const sums = new Float64Array(2 * leaves);
  sums.set(weights, leaves);
  for (let node = leaves - 1; node > 0; node--) sums[node] = sums[2 * node]! + sums[2 * node + 1]!;
  return sums;
}

/** Shares before each leaf under one shape. */
function fillEdges(edges: Float64Array, sums: Float64Array, levels: readonly SplitLevel[], shape: number): void {
  const leaves = edges.length - 1;
  edges[0] = 0;
  edges[leaves] = 1;
  let bitsLeft = SHAPE_BITS;
  for (const [depth, { bits, roughness }] of levels.entries()) {
    bitsLeft -= bits;
    const values = 2 ** bits;
    const width = leaves >> depth;
    for (let place = 0; place < 2 ** depth; place++) {
      // Neighbours take the values in different order, so that not all of a level lean to one side at once.
      const value = ((shape >> bitsLeft) ^ place) & (values - 1);
      const x = (2 * value + 1 - values) / (values - 1);
      const from = edges[place * width]!;
      const to = edges[(place + 1) * width]!;
      edges[place * width + width / 2] = middleEdge(from, to, leftShare(sums, 2 ** depth + place), roughness * x);
    }
  }
  assert(bitsLeft === 0, 'the levels of a split use all bits of the shape');
}

function leftShare(sums: Float64Array, node: number): number {
  return sums[node]! > 0 ? sums[2 * node]! / sums[node]! : 0;
}

/** Exactly `from` or `to` when one side weighs nothing: from + (to - from) can miss `to` by rounding. */
function middleEdge(from: number, to: number, share: number, lean: number): number {
  if (share === 1) return to;
  return Math.min(to, from + (to - from) * (share + lean * Math.min(share, 1 - share)));
}
