/** What connections do over a run, as counts between samples: made, refused, lost, without a descriptor. Bounded, as the probe's series. */

import { SampleColumns } from './sample-columns.ts';

/** Counted since the begin. */
export interface TrafficCounts {
  readonly connects: number;
  readonly disconnects: number;
  readonly refused: number;
  readonly withoutDescriptor: number;
}

/** Columns of one length; each value counts since the sample before. */
export interface TrafficSeries {
  readonly wallMs: readonly number[];
  readonly connects: readonly number[];
  readonly disconnects: readonly number[];
  readonly refused: readonly number[];
  readonly withoutDescriptor: readonly number[];
}

const COLUMNS = { connects: 'sum', disconnects: 'sum', refused: 'sum', withoutDescriptor: 'sum' } as const;
const SAMPLES_MAX = 2400;

export class TrafficLog {
  readonly #columns = new SampleColumns(COLUMNS);
  #last: TrafficCounts = { connects: 0, disconnects: 0, refused: 0, withoutDescriptor: 0 };
  #lastMs = 0;

  add(nowMs: number, counts: TrafficCounts): void {
    if (nowMs <= this.#lastMs) return;
    const last = this.#last;
    this.#columns.add(nowMs, nowMs - this.#lastMs, {
      connects: counts.connects - last.connects,
      disconnects: counts.disconnects - last.disconnects,
      refused: counts.refused - last.refused,
      withoutDescriptor: counts.withoutDescriptor - last.withoutDescriptor,
    });
    this.#last = counts;
    this.#lastMs = nowMs;
    if (this.#columns.length > SAMPLES_MAX) this.#columns.halve();
  }

  get series(): TrafficSeries {
    const columns = this.#columns;
    return {
      wallMs: columns.wallMs,
      connects: columns.column('connects'),
      disconnects: columns.column('disconnects'),
      refused: columns.column('refused'),
      withoutDescriptor: columns.column('withoutDescriptor'),
    };
  }
}
