/** Where readings come from when somebody checks or exports them: our store, a third party's database, a CSV file. */

import type { ReadingBatch } from './batch.ts';

export interface ReadingSource {
  /** All readings, in any order. A batch is valid only until the next one is asked for. */
  batches(): AsyncIterable<ReadingBatch>;
}
