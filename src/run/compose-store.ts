/** What a report says of how the built-in head-end stored. */

import { withoutPassword } from '../headend/store/postgres-config.ts';
import type { StoreFacts } from '../report/store-facts.ts';
import { histogramPercentiles } from './distribution.ts';
import type { HeadendKind } from './headend-kind.ts';
import type { HeadendStats } from './headend-processes.ts';

/** Histogram units of a millisecond. */
const UNITS_PER_MS = 10;

export function storeFacts({ store, intake }: HeadendKind, stats: HeadendStats, dropped: boolean): StoreFacts {
  const { transactions, transactionTimes, storedReadings, duplicatesDropped, queue } = stats;
  return {
    kind: store.kind,
    place: store.kind === 'duckdb' ? store.file : withoutPassword(store.url),
    schema: store.kind === 'duckdb' ? null : store.schema,
    dropped: store.kind === 'postgres' && dropped,
    intake,
    transactions,
    readingsPerTransaction: transactions === 0 ? 0 : (storedReadings + duplicatesDropped) / transactions,
    transactionMs: histogramPercentiles(transactionTimes, UNITS_PER_MS),
    queueReadingsPeak: queue?.readingsPeak ?? null,
    pausedMs: queue?.pausedMs ?? null,
    faults: stats.storeFaults,
    lastFault: stats.storeFaults === 0 ? null : stats.lastFault,
  };
}
