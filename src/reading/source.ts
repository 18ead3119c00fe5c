/** Where readings come from when somebody checks or exports them: our store, a third party's database, a CSV file. */

import type { ReadingBatch } from './batch.ts';

export interface ReadingSource {
  /** All readings, in any order. A batch is valid only until the next one is asked for. */
  batches(): AsyncIterable<ReadingBatch>;
  /** False: it keeps no status, and the column says nothing. Absent: it does. */
  readonly keepsStatus?: boolean;
  /** Rows that can't be the reading of any meter; known when the last batch was given. Absent: there can be none. */
  readonly unreadable?: UnreadableRows;
}

export interface UnreadableRows {
  readonly count: number;
  /** A few of them: what they say, and what is wrong with it. */
  readonly examples: readonly string[];
}

/** Meters fromMeter .. toMeter - 1. From 0 on means also rows that name none; up to 2^32 also those with higher numbers. */
export interface MeterRange {
  readonly fromMeter: number;
  readonly toMeter: number;
}

export const ALL_METERS: MeterRange = { fromMeter: 0, toMeter: 2 ** 32 };
