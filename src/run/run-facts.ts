/** Facts that a run gathers on its way and its report is made of. */

import type { Scenario } from '../grid/scenario/scenario.ts';
import type { ProcessUse } from '../monitor/process-use.ts';
import type { RunLoad } from '../report/run-report.ts';

export interface Restart {
  readonly process: string;
  /** Since the run began. */
  readonly atMs: number;
  readonly why: string;
}

/** For who looks at a run while it goes on. */
export interface MeasuredSoFar {
  processes(): readonly ProcessUse[];
  restarts(): readonly Restart[];
}

export function loadOf({ name, seed, protocol, speed, behaviour }: Scenario, { meters, stations }: { readonly meters: number; readonly stations: number }): RunLoad {
  const { steps, intervalSeconds, start, communication } = behaviour;
  return {
    scenario: name,
    seed,
    meters,
    concentrators: stations,
    steps,
    intervalSeconds,
    startUnixSeconds: start.unixSeconds,
    offsetMinutes: start.offsetMinutes,
    mode: communication,
    protocol,
    speed,
  };
}
