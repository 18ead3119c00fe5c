/** What arrived by step of sending: the paper's "number of communicating meters during the test", and the readings. */

import type { PlannedRows } from '../grid/plan/plan.ts';

/** One entry for each step. */
export interface StepCounts {
  /** Meters of which at least one reading, sent in the step, is stored. */
  readonly meters: Float64Array;
  readonly concentrators: Float64Array;
  /** Stored readings by the step in which they were sent: those measured in that very step, and older ones. */
  readonly inTime: Float64Array;
  readonly late: Float64Array;
  /** Stored readings by the number of steps from measurement to sending (the index). */
  readonly readingsByDelaySteps: Float64Array;
}

export class StepSeries implements StepCounts {
  readonly meters: Float64Array;
  readonly concentrators: Float64Array;
  readonly inTime: Float64Array;
  readonly late: Float64Array;
  readonly readingsByDelaySteps: Float64Array;

  constructor(steps: number) {
    this.meters = new Float64Array(steps);
    this.concentrators = new Float64Array(steps);
    this.inTime = new Float64Array(steps);
    this.late = new Float64Array(steps);
    this.readingsByDelaySteps = new Float64Array(steps);
  }

  counts(): StepCounts {
    const { meters, concentrators, inTime, late, readingsByDelaySteps } = this;
    return { meters, concentrators, inTime, late, readingsByDelaySteps };
  }

  /** Takes the plan's word that all of `rows` arrive; what turns out to be missing is taken back. */
  addPlanned(step: number, rows: PlannedRows, channels: number): void {
    const { currentCount, lateCount } = rows;
    if (currentCount + lateCount === 0) return;
    this.concentrators[step]!++;
    this.inTime[step]! += currentCount * channels;
    this.readingsByDelaySteps[0]! += currentCount * channels;
    this.late[step]! += lateCount * channels;
    let onlyLate = 0;
    let current = 0;
    for (let i = 0; i < lateCount; i++) {
      this.readingsByDelaySteps[step - rows.lateStep[i]!]! += channels;
      const meter = rows.lateMeter[i]!;
      if (i > 0 && rows.lateMeter[i - 1] === meter) continue;
      while (current < currentCount && rows.current[current]! < meter) current++;
      if (current === currentCount || rows.current[current] !== meter) onlyLate++;
    }
    this.meters[step]! += currentCount + onlyLate;
  }

  /** A reading that was to arrive with the others of `step`, `delaySteps` after its measurement, and is not there. */
  takeMissing(step: number, delaySteps: number): void {
    this.readingsByDelaySteps[delaySteps]!--;
    if (delaySteps > 0) this.late[step]!--;
    else this.inTime[step]!--;
  }

  /** Takes those meters (and the concentrator) back of which, after all, no row of this step arrived. */
  takeSilent(step: number, rows: PlannedRows, arrived: (meter: number, measured: number) => boolean): void {
    const meters = new Set<number>();
    const heard = new Set<number>();
    for (let i = 0; i < rows.currentCount; i++) {
      const meter = rows.current[i]!;
      meters.add(meter);
      if (arrived(meter, step)) heard.add(meter);
    }
    for (let i = 0; i < rows.lateCount; i++) {
      const meter = rows.lateMeter[i]!;
      meters.add(meter);
      if (arrived(meter, rows.lateStep[i]!)) heard.add(meter);
    }
    this.meters[step]! -= meters.size - heard.size;
    if (meters.size > 0 && heard.size === 0) this.concentrators[step]!--;
  }
}
