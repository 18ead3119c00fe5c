/** Readings of a DuckDB file for whoever checks or exports them: opened for reading alone, streamed column by column. */

import bindings from '@duckdb/node-bindings';
import type { ReadingBatch } from '../../reading/batch.ts';
import type { ReadingSource } from '../../reading/source.ts';
import { DuckDbDatabase, streamReadings } from './duckdb-database.ts';

export interface DuckDbSourceOptions {
  /** Only meters fromMeter .. toMeter - 1. */
  readonly fromMeter?: number;
  readonly toMeter?: number;
  readonly threads?: number;
  readonly memoryBytesMax?: number;
}

const DEFAULTS = { fromMeter: 0, toMeter: 2 ** 32, threads: 1, memoryBytesMax: 2 ** 30 } as const;

export class DuckDbSource implements ReadingSource {
  readonly #path: string;
  readonly #options: Required<DuckDbSourceOptions>;

  constructor(path: string, options: DuckDbSourceOptions = {}) {
    this.#path = path;
    this.#options = { ...DEFAULTS, ...options };
  }

  /** Throws what DuckDB says when the file can't be read, is being written by a process, or has no such table. */
  async *batches(): AsyncIterable<ReadingBatch> {
    const { threads, memoryBytesMax } = this.#options;
    const database = await DuckDbDatabase.open(this.#path, { readOnly: true, threads, memoryBytesMax });
    try {
      const connection = await database.connect();
      try {
        yield* streamReadings(connection, this.#where());
      } finally {
        bindings.disconnect_sync(connection);
      }
    } finally {
      database.close();
    }
  }

  #where(): string {
    const { fromMeter, toMeter } = this.#options;
    const conditions = [];
    if (fromMeter > 0) conditions.push(`meter >= ${fromMeter}`);
    if (toMeter < 2 ** 32) conditions.push(`meter < ${toMeter}`);
    return conditions.length === 0 ? 'true' : conditions.join(' AND ');
  }
}
