/** Topology, truth and plan of a scenario: rates, and memory for each meter. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { buildSegment } from '../src/run/segment.ts';
import type { Scenario } from '../src/grid/scenario/scenario.ts';
import { unitsPerSecond } from './rounds.ts';

/** Steps that are measured: half a day. */
const STEPS = 48;

export function benchGrid(scenario: Scenario): Record<string, number> {
  const before = memory();
  const began = performance.now();
  const grid = buildSegment(scenario, { index: 0, count: 1 });
  const generateMs = performance.now() - began;
  const { meters, plan, truth } = grid;
  const { start, intervalSeconds } = scenario.behaviour;
  const column = new Float64Array(meters.count);
  const truthRate = unitsPerSecond(meters.count * STEPS, () => {
    for (let step = 0; step < STEPS; step++) {
      truth.registers(0, meters.count, 0, start.unixSeconds + step * intervalSeconds, column, 0, 1);
    }
  });
  const planRate = unitsPerSecond(meters.count * STEPS, () => {
    for (let station = plan.fromStation; station < plan.toStation; station++) {
      if (plan.nextStep(station) + STEPS > plan.steps) plan.seek(station, 0);
      for (let step = 0; step < STEPS; step++) plan.step(station);
    }
  });
  return {
    generateMs: Math.round(generateMs),
    truthRegistersPerSecond: truthRate,
    planRowsPerSecond: planRate,
    bytesPerMeter: Math.round((memory() - before - column.byteLength) / meters.count),
  };
}

/** Bytes held, once the garbage is gone. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
