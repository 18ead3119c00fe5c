/** What arrived by step of sending: the paper's "number of communicating meters during the test", and the readings. */

import type { PlannedRows } from '../grid/plan/plan.ts';
import type { Behaviour } from '../grid/scenario/scenario.ts';
import { DueTimes } from './due-times.ts';

/** One entry for each step. */
export interface StepCounts {
  /** Meters of which at least one reading, sent in the step, is stored. */
  readonly meters: Float64Array;
  readonly concentrators: Float64Array;
  /** Stored readings by the step in which they were sent: those measured in that very step, and older ones. */
  readonly inTime: Float64Array;
  readonly late: Float64Array;
  /** Stored readings by the number of steps from measurement to sending (the index), and those that are missing. */
  readonly readingsByDelaySteps: Float64Array;
  readonly missingByDelaySteps: Float64Array;
  /** Stored readings by the whole steps that were left, when they were sent, until they were due (`due-times.ts`); and missing ones. */
  readonly readingsByStepsLeft: Float64Array;
  readonly missingByStepsLeft: Float64Array;
}

export class StepSeries implements StepCounts {
  readonly meters: Float64Array;
  readonly concentrators: Float64Array;
  readonly inTime: Float64Array;
  readonly late: Float64Array;
  readonly readingsByDelaySteps: Float64Array;
  readonly missingByDelaySteps: Float64Array;
  readonly readingsByStepsLeft: Float64Array;
  readonly missingByStepsLeft: Float64Array;
  /** By step of measurement. */
  readonly #room: Int32Array;

  constructor(behaviour: Pick<Behaviour, 'steps' | 'start' | 'intervalSeconds'>) {
    const { steps } = behaviour;
    const due = new DueTimes(behaviour);
    this.#room = Int32Array.from({ length: steps }, (_, step) => due.room(step));
    this.meters = new Float64Array(steps);
    this.concentrators = new Float64Array(steps);
    this.inTime = new Float64Array(steps);
    this.late = new Float64Array(steps);
    this.readingsByDelaySteps = new Float64Array(steps);
    this.missingByDelaySteps = new Float64Array(steps);
    this.readingsByStepsLeft = new Float64Array(due.roomMax + 1);
    this.missingByStepsLeft = new Float64Array(due.roomMax + 1);
  }

  counts(): StepCounts {
    const { meters, concentrators, inTime, late, readingsByDelaySteps, missingByDelaySteps, readingsByStepsLeft, missingByStepsLeft } = this;
    return { meters, concentrators, inTime, late, readingsByDelaySteps, missingByDelaySteps, readingsByStepsLeft, missingByStepsLeft };
  }

  /** Takes the plan's word that all of `rows` arrive; what turns out to be missing is taken back. */
  addPlanned(step: number, rows: PlannedRows, channels: number): void {
    const { currentCount, lateCount } = rows;
    if (currentCount + lateCount === 0) return;
    this.concentrators[step]!++;
    this.inTime[step]! += currentCount * channels;
    this.readingsByDelaySteps[0]! += currentCount * channels;
    this.readingsByStepsLeft[this.#room[step]!]! += currentCount * channels;
    this.late[step]! += lateCount * channels;
    let onlyLate = 0;
    let current = 0;
    for (let i = 0; i < lateCount; i++) {
      const measured = rows.lateStep[i]!;
      this.readingsByDelaySteps[step - measured]! += channels;
      const left = this.#room[measured]! - (step - measured);
      if (left >= 0) this.readingsByStepsLeft[left]! += channels;
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
    this.missingByDelaySteps[delaySteps]!++;
    const left = this.#room[step - delaySteps]! - delaySteps;
    if (left >= 0) {
      this.readingsByStepsLeft[left]!--;
      this.missingByStepsLeft[left]!++;
    }
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
