/** Fewer points for a picture, so that no peak and no dip gets lost. */

import { assert } from '../base/assert.ts';

/**
 * Indices to keep, ascending, about `pointsMax` of them: the first, the last, and in each stretch between them the lowest
 * and the highest of every column. Columns have one length.
 */
export function keepExtremes(columns: readonly (readonly number[])[], pointsMax: number): readonly number[] {
  const length = columns[0]?.length ?? 0;
  assert(columns.every((column) => column.length === length), 'columns have one length');
  if (length <= pointsMax) return Array.from({ length }, (_, i) => i);
  const stretches = Math.max(1, Math.floor(pointsMax / (2 * columns.length)));
  const kept = new Set<number>([0, length - 1]);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * length) / stretches);
    const to = Math.floor(((stretch + 1) * length) / stretches);
    for (const column of columns) {
      let lowest = from;
      let highest = from;
      for (let i = from + 1; i < to; i++) {
        if (column[i]! < column[lowest]!) lowest = i;
        if (column[i]! > column[highest]!) highest = i;
      }
      kept.add(lowest).add(highest);
    }
  }
  return [...kept].sort((a, b) => a - b);
}
