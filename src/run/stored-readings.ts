/**
 * Bounded questions to the store of a run that is over: one at a time, a short queue, a limit of time after which a question
 * is given up. The file is opened for reading at the first question, with few threads and little memory, and closed when nobody
 * asked for a while, so that an audit or another dashboard can have it.
 */

import { existsSync } from 'node:fs';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Clock, Timer } from '../base/clock.ts';
import { BusyError, type StationStored, TooSlowError } from '../dashboard/server/run-view.ts';

const WAITING_MAX = 8;
const QUERY_MS_MAX = 30_000;
const IDLE_MS = 60_000;
const THREADS = 2;
const MEMORY = '1GB';

/** Of channel 0. */
export interface StoredRow {
  readonly unixSeconds: number;
  readonly wh: number;
  readonly status: number;
}

export class StoredReadings {
  readonly #clock: Clock;
  readonly #file: string;
  #open: { readonly instance: DuckDBInstance; readonly connection: DuckDBConnection } | null = null;
  #idle: Timer | null = null;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly clock: Clock; readonly file: string }) {
    this.#clock = options.clock;
    this.#file = options.file;
  }

  get exists(): boolean {
    return existsSync(this.#file);
  }

  async station(of: {
    readonly firstMeter: number;
    readonly meters: number;
    readonly startUnixSeconds: number;
    readonly intervalSeconds: number;
    readonly steps: number;
  }): Promise<StationStored> {
    const { firstMeter, meters, startUnixSeconds, intervalSeconds, steps } = of;
    const rows = await this.#ask(
      `SELECT meter - ${firstMeter}, ((epoch_us(time) // 1000000) - ${startUnixSeconds}) // ${intervalSeconds}, count(*)::DOUBLE
       FROM readings WHERE meter BETWEEN ${firstMeter} AND ${firstMeter + meters - 1}
       GROUP BY GROUPING SETS ((1), (2)) LIMIT ${meters + 2 * steps}`,
    );
    const byMeter = Array.from({ length: meters }, () => 0);
    const byStep = Array.from({ length: steps }, () => 0);
    for (const [meter, step, count] of rows) {
      if (meter !== null && Number(meter) < meters) byMeter[Number(meter)] = Number(count);
      if (step !== null && Number(step) >= 0 && Number(step) < steps) byStep[Number(step)] = Number(count);
    }
    return { byMeter, byStep, total: byMeter.reduce((sum, count) => sum + count, 0) };
  }

  async meter(of: { readonly meter: number; readonly fromUnixSeconds: number; readonly toUnixSeconds: number; readonly rowsMax: number }): Promise<readonly StoredRow[]> {
    const { meter, fromUnixSeconds, toUnixSeconds, rowsMax } = of;
    const rows = await this.#ask(
      `SELECT (epoch_us(time) // 1000000)::DOUBLE, value::DOUBLE, status FROM readings
       WHERE meter = ${meter} AND channel = 0
         AND time BETWEEN make_timestamp(${fromUnixSeconds}::BIGINT * 1000000) AND make_timestamp(${toUnixSeconds}::BIGINT * 1000000)
       LIMIT ${rowsMax}`,
    );
    return rows.map(([time, wh, status]) => ({ unixSeconds: Number(time), wh: Number(wh), status: Number(status) }));
  }

  close(): void {
    this.#idle?.cancel();
    this.#idle = null;
    this.#open?.connection.closeSync();
    this.#open?.instance.closeSync();
    this.#open = null;
  }

  async #ask(sql: string): Promise<readonly (readonly unknown[])[]> {
    if (this.#waiting >= WAITING_MAX) throw new BusyError('the store is asked too much at once; try again in a moment');
    this.#waiting++;
    const answer = this.#last.then(() => this.#run(sql));
    this.#last = answer.catch(() => {});
    try {
      return await answer;
    } finally {
      this.#waiting--;
    }
  }

  async #run(sql: string): Promise<readonly (readonly unknown[])[]> {
    this.#idle?.cancel();
    this.#open ??= await this.#connect();
    const { connection } = this.#open;
    let late = false;
    const limit = this.#clock.schedule(QUERY_MS_MAX, () => {
      late = true;
      connection.interrupt();
    });
    try {
      return (await connection.runAndReadAll(sql)).getRows();
    } catch (error) {
      if (late) throw new TooSlowError(`the store took longer than ${QUERY_MS_MAX / 1000} s, and the question was given up`);
      throw error;
    } finally {
      limit.cancel();
      this.#idle = this.#clock.schedule(IDLE_MS, () => {
        if (this.#waiting === 0) this.close();
      });
    }
  }

  async #connect(): Promise<{ readonly instance: DuckDBInstance; readonly connection: DuckDBConnection }> {
    const { DuckDBInstance: Instance } = await import('@duckdb/node-api');
    const instance = await Instance.create(this.#file, { access_mode: 'READ_ONLY', threads: String(THREADS), memory_limit: MEMORY }).catch(cannotBeRead);
    return { instance, connection: await instance.connect() };
  }
}

/** Somebody writes it at this time, or it is none. */
export function cannotBeRead(error: unknown): never {
  const [line = ''] = (error as Error).message.split('\n');
  throw new BusyError(`the file can't be read now: ${line.replaceAll(/"[^"]*[/\\]/g, '"')}`, { cause: error });
}
