/**
 * Segment `index` of `count`: a run of whole stations, such that all segments together are the grid and each has about the
 * same number of meters. Pure arithmetic on the table of stations; nothing is shared or agreed upon.
 */

import { assert } from '../../base/assert.ts';
import type { Stations } from './topology.ts';

export interface StationRange {
  readonly fromStation: number;
  readonly toStation: number;
}

/** Off the even share of meters by at most one station's meters. Empty for some when there are more segments than stations. */
export function segmentStations(
  stations: Stations,
  segment: { readonly index: number; readonly count: number },
): StationRange {
  const { index, count } = segment;
  assert(Number.isInteger(index) && index >= 0 && index < count, 'a segment has an index from 0 to count - 1');
  return { fromStation: boundary(stations, index, count), toStation: boundary(stations, index + 1, count) };
}

/** The station whose first meter is nearest to `part / parts` of all meters. */
function boundary(stations: Stations, part: number, parts: number): number {
  if (part === 0) return 0;
  if (part === parts) return stations.count;
  const { firstMeter } = stations;
  const target = (stations.meters / parts) * part;
  let low = 0;
  let high = stations.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (firstMeter[middle]! < target) low = middle + 1;
    else high = middle;
  }
  const before = low - 1;
  if (low > 0 && target - firstMeter[before]! < firstMeter[low]! - target) return before;
  return low;
}
