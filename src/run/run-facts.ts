/** Facts that a run gathers on its way and its report is made of. */

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
}
