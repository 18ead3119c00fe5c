/** How the built-in head-end stored: the type of it in a report, and its words. */

import { digits3, duration, milliseconds, whole } from '../base/format.ts';
import type { Percentiles } from './percentiles.ts';

export interface StoreFacts {
  readonly kind: 'duckdb' | 'postgres';
  /** A file, or the address of a database, without its password. */
  readonly place: string;
  /** Of PostgreSQL. */
  readonly schema: string | null;
  /** The schema was removed after the audit. */
  readonly dropped: boolean;
  /** `direct`: each message a transaction of its own. */
  readonly intake: 'buffered' | 'direct';
  readonly transactions: number;
  readonly readingsPerTransaction: number;
  /** What a transaction took. A buffered one gathers rows as long as it may: its length says little. */
  readonly transactionMs: Percentiles;
  /** Of direct intakes, readings that waited for the database, at most; null: buffered. */
  readonly queueReadingsPeak: number | null;
  /** Of direct intakes: how long they read nothing, because that many waited. */
  readonly pausedMs: number | null;
  /** How often it failed, and was tried again. */
  readonly faults: number;
  readonly lastFault: string | null;
}

/** As names and values; nothing where the store is somebody else's. */
export function storeFigures(store: StoreFacts | undefined): readonly (readonly [string, string])[] {
  if (store === undefined) return [];
  return [
    ['store', `${storeName(store)}: ${placeOf(store)}`],
    ['intake', store.intake === 'direct' ? 'direct: each message a transaction of its own' : 'buffered: files, which the store loads in large transactions'],
    ['transactions', transactionText(store)],
  ];
}

/** A line for a terminal; null where there is nothing to say. */
export function storeText(store: StoreFacts | undefined): string | null {
  return store === undefined ? null : `${storeName(store)}, ${store.intake} intake; ${transactionText(store)}`;
}

/** For people. */
export function placeOf({ place, schema, dropped }: StoreFacts): string {
  if (schema === null) return place;
  return `${place}, schema ${schema}${dropped ? ', removed after the audit' : ''}`;
}

function storeName({ kind }: StoreFacts): string {
  return kind === 'postgres' ? 'PostgreSQL' : 'DuckDB';
}

function transactionText({ transactions, readingsPerTransaction, transactionMs, queueReadingsPeak, pausedMs }: StoreFacts): string {
  if (transactions === 0) return 'no transaction';
  const size = `${whole(transactions)} ${transactions === 1 ? 'transaction' : 'transactions'} of ${digits3(readingsPerTransaction)} readings`;
  const took = `median ${milliseconds(transactionMs.p50)}, 99 % ${milliseconds(transactionMs.p99)}`;
  if (queueReadingsPeak === null) return `${size}; ${took}`;
  const paused = pausedMs !== null && pausedMs > 0 ? `, for ${duration(pausedMs / 1000)} nothing more was read` : '';
  return `${size}; ${took}; at most ${whole(queueReadingsPeak)} readings waited for it${paused}`;
}
