/** Facts that a run gathers on its way and its report is made of. */

import type { ProcessUse } from '../monitor/process-use.ts';

export interface Restart {
  readonly process: string;
  /** Since the run began. */
  readonly atMs: number;
  readonly why: string;
}

/** Samples over the wall time of the run. */
export interface WallSeries {
  readonly wallMs: number[];
  readonly sentReadings: number[];
  readonly confirmedReadings: number[];
  readonly storedReadings: number[];
  readonly settledSteps: number[];
  readonly connections: number[];
}

/** For who looks at a run while it goes on. */
export interface MeasuredSoFar {
  processes(): readonly ProcessUse[];
  restarts(): readonly Restart[];
}
