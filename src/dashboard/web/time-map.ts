/**
 * Two clocks on one axis: that of the grid, which its meters keep, and that of the machine, which the run took. Beside each
 * other they are put by how far the run was: as many readings were sent as the steps until then have, or, before an audit
 * says so, as many steps settled as the run told.
 */

import type { RunReport } from '../../report/run-report.ts';

export class TimeMap {
  /** Ascending pairs: seconds of the machine since the run began, Unix seconds of the grid. */
  readonly #machine: readonly number[];
  readonly #grid: readonly number[];

  constructor(report: RunReport) {
    const { run, series } = report;
    const pairs = typeof run.speed === 'number' ? atSpeed(report) : series.arrivedInTime.length > 0 ? bySent(report) : bySettled(report);
    const end = run.startUnixSeconds + run.steps * run.intervalSeconds;
    const all = pairs.length >= 2 ? pairs : [[0, run.startUnixSeconds] as const, [Math.max(run.wallSeconds, 0.001), end] as const];
    this.#machine = all.map(([machine]) => machine);
    this.#grid = all.map(([, grid]) => grid);
  }

  toMachine(unixSeconds: number): number {
    return between(unixSeconds, this.#grid, this.#machine);
  }

  toGrid(seconds: number): number {
    return between(seconds, this.#machine, this.#grid);
  }
}

type Pairs = (readonly [number, number])[];

function atSpeed({ run }: RunReport): Pairs {
  const gridSeconds = run.steps * run.intervalSeconds;
  const speed = run.speed === 'max' ? 1 : run.speed;
  return [[0, run.startUnixSeconds] as const, [gridSeconds / speed, run.startUnixSeconds + gridSeconds] as const];
}

function bySent({ run, series }: RunReport): Pairs {
  const { wallMs, sentReadings, arrivedInTime, arrivedLate } = series;
  const pairs: Pairs = [[0, run.startUnixSeconds]];
  let [sent, at] = [0, 0];
  for (let step = 0; step < arrivedInTime.length; step++) {
    sent += (arrivedInTime[step] ?? 0) + (arrivedLate[step] ?? 0);
    while (at < sentReadings.length - 1 && (sentReadings[at] ?? 0) < sent) at++;
    const seconds = sampleTime({ wallMs, sentReadings, at, sent });
    const last = pairs.at(-1)?.[0] ?? 0;
    // Steps that were sent within one sample are told apart by a hair, so that the way back is known, too.
    pairs.push([Math.max(seconds, last + 1e-6), run.startUnixSeconds + (step + 1) * run.intervalSeconds]);
  }
  return pairs;
}

/** When so many were sent, between two samples. */
function sampleTime(of: { readonly wallMs: readonly number[]; readonly sentReadings: readonly number[]; readonly at: number; readonly sent: number }): number {
  const { wallMs, sentReadings, at, sent } = of;
  const [fromMs, toMs] = [wallMs[at - 1] ?? 0, wallMs[at] ?? 0];
  const [from, to] = [sentReadings[at - 1] ?? 0, sentReadings[at] ?? 0];
  const share = to > from ? Math.min(1, Math.max(0, (sent - from) / (to - from))) : 1;
  return (fromMs + share * (toMs - fromMs)) / 1000;
}

function bySettled({ run, series }: RunReport): Pairs {
  const pairs: Pairs = [[0, run.startUnixSeconds]];
  let settled = 0;
  series.settledSteps.forEach((step, i) => {
    if (step <= settled) return;
    settled = step;
    pairs.push([(series.wallMs[i] ?? 0) / 1000, run.startUnixSeconds + step * run.intervalSeconds]);
  });
  return pairs;
}

/** Straight between the pairs, and on beyond them as at their ends. */
function between(value: number, from: readonly number[], to: readonly number[]): number {
  let [low, high] = [0, from.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (from[middle]! <= value) low = middle;
    else high = middle;
  }
  const [a, b, c, d] = [from[low]!, from[high]!, to[low]!, to[high]!];
  return b > a ? c + ((value - a) * (d - c)) / (b - a) : c;
}
