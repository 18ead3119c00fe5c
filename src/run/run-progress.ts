/** What is known of a run in this moment. */

import type { Scenario } from '../grid/scenario/scenario.ts';
import type { HeadendProcesses } from './headend-processes.ts';
import type { Progress, RateWindow } from './progress.ts';
import type { SimulatorProcesses } from './simulator-processes.ts';

export function progressOf(of: {
  readonly phase: Progress['phase'];
  readonly scenario: Scenario;
  readonly simulators: SimulatorProcesses;
  /** null: it is not ours. */
  readonly headend: HeadendProcesses | null;
  /** In somebody else's store, where they are counted. */
  readonly foreignRows: number | null;
  readonly rates: RateWindow;
  readonly elapsedMs: number;
  readonly restarts: number;
}): Progress {
  const { simulators, headend, rates } = of;
  const { behaviour } = of.scenario;
  const stats = simulators.stats();
  const step = simulators.meanSettledStep;
  const stored = headend?.stats().storedReadings ?? of.foreignRows;
  return {
    phase: of.phase,
    step,
    steps: behaviour.steps,
    elapsedMs: of.elapsedMs,
    gridUnixSeconds: behaviour.start.unixSeconds + step * behaviour.intervalSeconds,
    connected: stats.connected,
    playedSteps: stats.playedSteps,
    backpressure: stats.backpressure,
    sentReadings: stats.readings,
    confirmedReadings: stats.confirmedReadings,
    storedReadings: stored,
    readingsPerSecond: rates.readingsPerSecond,
    backlogReadings: stored === null ? null : (headend?.stats().queue?.readings ?? Math.max(0, stats.confirmedReadings - stored)),
    etaMs: rates.etaMs(behaviour.steps),
    restarts: of.restarts,
    failing: headend?.stats().failing ?? null,
  };
}
