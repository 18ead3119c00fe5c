/** The facts of a run as detectors want them. */

import type { Histogram } from 'hdr-histogram-js';
import type { Scenario } from '../grid/scenario/scenario.ts';
import type { Signals } from '../monitor/detect/signals.ts';
import type { ResourceUse } from '../monitor/process-probe.ts';
import type { ProcessUse } from '../monitor/process-use.ts';
import type { AuditFacts, RunEvents } from '../report/run-report.ts';
import type { WallSeries } from '../report/wall-samples.ts';
import { UNITS_PER_MS } from '../simulator/delay-log.ts';
import type { SimulatorStats } from '../simulator/simulator-stats.ts';
import type { TimedAudit } from './audit-processes.ts';
import { histogramPercentiles } from './distribution.ts';
import type { HeadendStats } from './headend-processes.ts';
import type { RunSeen } from './run-probe.ts';

export interface SignalFacts {
  readonly scenario: Scenario;
  readonly stations: number;
  readonly wallMs: number;
  readonly confirmed: boolean;
  readonly simulator: SimulatorStats;
  readonly histograms: { readonly lateness: Histogram };
  /** Null: the head-end is not ours, so nobody sees when it stores. */
  readonly headend: Pick<HeadendStats, 'queue'> | null;
  readonly audit: TimedAudit | null;
  readonly wall: WallSeries;
  readonly processes: readonly ProcessUse[];
  readonly resources: ResourceUse;
  readonly seen: RunSeen;
  /** Null: nothing was monitored. */
  readonly events: RunEvents | null;
}

const HOUR_SECONDS = 3600;

export function signalsOf(facts: SignalFacts, audit: AuditFacts): Signals {
  const { scenario, simulator, wall, seen, resources } = facts;
  const { communication: mode, intervalSeconds } = scenario.behaviour;
  const timed = mode === 'push' && scenario.speed !== 'max';
  const { count, p50, p99 } = histogramPercentiles(facts.histograms.lateness, UNITS_PER_MS);
  const bySteps = facts.audit?.result.series.readingsByDelaySteps ?? [];
  return {
    mode,
    speed: scenario.speed,
    wallMs: facts.wallMs,
    intervalSeconds,
    stations: facts.stations,
    progress: {
      wallMs: wall.wallMs,
      sent: wall.sentReadings,
      // A direct intake confirms what is stored: what waits is what was sent.
      confirmed: facts.confirmed && (facts.headend?.queue ?? null) === null ? wall.confirmedReadings : null,
      stored: facts.headend === null ? null : wall.storedReadings,
    },
    traffic: seen.traffic,
    counts: {
      messages: simulator.messages,
      readings: simulator.readings,
      firstMinuteReadings: simulator.firstMinuteReadings,
      backpressure: simulator.backpressure,
      duplicatesDropped: audit.duplicatesDropped,
      storedReadings: audit.stored,
      lateReadings: Array.from(bySteps).reduce((sum, readings, steps) => sum + (steps * intervalSeconds > HOUR_SECONDS ? readings : 0), 0),
    },
    lateness: timed ? { count, p50, p99 } : { count: 0, p50: 0, p99: 0 },
    simulatorLoops: seen.simulatorLoops,
    takerLoops: seen.takerLoops,
    groups: resources.groups,
    processes: facts.processes,
    host: resources.host,
    events: { seen: facts.events?.shown ?? [], total: facts.events?.total ?? 0 },
  };
}
