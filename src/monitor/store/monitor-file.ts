/** The monitoring of a finished run: its file, opened for reading alone. Several may read; none while a run writes it. */

import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { EventAnswer, EventQuery, MonitorSource, SeriesInfo, SeriesPoints, SeriesQuery } from './monitor-source.ts';
import { MonitorQueries } from './monitor-queries.ts';

/** Name of the file in the run's directory. */
export const MONITOR_FILE = 'monitor.duckdb';

export class MonitorFile implements MonitorSource {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #queries: MonitorQueries;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
    this.#queries = new MonitorQueries(connection);
  }

  /** Rejects with what DuckDB says: no such file, no database, written by a process at this time. */
  static async open(path: string, threads = 1): Promise<MonitorFile> {
    const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY', threads: String(threads), memory_limit: '512MiB' });
    return new MonitorFile(instance, await instance.connect());
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  listSeries(): Promise<readonly SeriesInfo[]> {
    return this.#queries.listSeries();
  }

  timeRange(): Promise<{ readonly from: number; readonly to: number } | null> {
    return this.#queries.timeRange();
  }

  querySeries(query: SeriesQuery): Promise<readonly SeriesPoints[]> {
    return this.#queries.querySeries(query);
  }

  queryEvents(query: EventQuery): Promise<EventAnswer> {
    return this.#queries.queryEvents(query);
  }
}
