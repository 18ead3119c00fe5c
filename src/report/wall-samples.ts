/** Samples of the readings on their way over the wall time of a run; less often the longer it takes, so that the series stay short. */

/** Samples over the wall time of the run. */
export interface WallSeries {
  readonly wallMs: number[];
  readonly sentReadings: number[];
  readonly confirmedReadings: number[];
  readonly storedReadings: number[];
  readonly settledSteps: number[];
  readonly connections: number[];
}

const SAMPLES_MAX = 1200;

export class WallSamples {
  readonly series: WallSeries = { wallMs: [], sentReadings: [], confirmedReadings: [], storedReadings: [], settledSteps: [], connections: [] };
  #tick = 0;
  #every = 1;

  /** Asked at equal intervals: whether it is time for a sample. */
  get due(): boolean {
    return this.#tick++ % this.#every === 0;
  }

  add(sample: {
    readonly atMs: number;
    readonly sent: number;
    readonly confirmed: number;
    readonly stored: number;
    readonly step: number;
    readonly connections: number;
  }): void {
    const { series } = this;
    series.wallMs.push(sample.atMs);
    series.sentReadings.push(sample.sent);
    series.confirmedReadings.push(sample.confirmed);
    series.storedReadings.push(sample.stored);
    series.settledSteps.push(sample.step);
    series.connections.push(sample.connections);
    if (series.wallMs.length < SAMPLES_MAX) return;
    this.#every *= 2;
    for (const values of Object.values(series)) halve(values);
  }
}

/** Keeps every second value, the last one included. */
function halve(series: number[]): void {
  const kept = series.filter((_, i) => (series.length - 1 - i) % 2 === 0);
  series.splice(0, series.length, ...kept);
}
