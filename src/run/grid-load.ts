/**
 * Energy of the grid in each step, for the picture in the report: from whole stations, evenly picked until they have about
 * `SAMPLE_METERS` meters, scaled to all. (The audit is exact; this is a curve to look at.)
 */

import type { SegmentGrid } from './segment.ts';

const SAMPLE_METERS = 10_000;

/** Wh in the interval that ends at each step's time. */
export function gridLoad(grid: SegmentGrid): Float64Array {
  const { scenario, stations, meters, plan, truth } = grid;
  const { steps, intervalSeconds, start } = scenario.behaviour;
  const energy = new Float64Array(steps);
  const stride = Math.max(1, Math.floor(meters.count / SAMPLE_METERS));
  let sampled = 0;
  const column = new Float64Array(Math.max(1, meters.count));
  for (let station = plan.fromStation; station < plan.toStation; station += stride) {
    const first = stations.firstMeter[station]!;
    const count = stations.firstMeter[station + 1]! - first;
    sampled += count;
    let before = 0;
    for (let step = -1; step < steps; step++) {
      truth.registers(first, count, 0, start.unixSeconds + step * intervalSeconds, column, 0, 1);
      let sum = 0;
      for (let i = 0; i < count; i++) sum += column[i]!;
      if (step >= 0) energy[step]! += sum - before;
      before = sum;
    }
  }
  const scale = sampled === 0 ? 0 : meters.count / sampled;
  return energy.map((wh) => Math.round(wh * scale));
}
