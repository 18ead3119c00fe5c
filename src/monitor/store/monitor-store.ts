/**
 * Writes what monitoring gathers into the run's own DuckDB file:
 *
 *   series(id UINTEGER, target VARCHAR, name VARCHAR, unit VARCHAR, type VARCHAR)
 *   samples(series UINTEGER, time TIMESTAMP, value DOUBLE)                            time in UTC
 *   events(id UINTEGER, time TIMESTAMP, target, rule, severity, text, fields VARCHAR) fields: a JSON object
 *   notes(name VARCHAR PRIMARY KEY, text VARCHAR)                                     how far whoever writes has come
 *
 * Rows wait in memory until `flush`, which writes all of them and the notes in one transaction: after a crash, a note says
 * exactly what the file holds, so that nothing is written twice. What waits is bounded: beyond ROWS_WAITING_MAX samples and
 * EVENTS_WAITING_MAX events (the disk is full, say) further ones are dropped and counted.
 */

import { DuckDBInstance, DuckDBTimestampValue, type DuckDBConnection } from '@duckdb/node-api';
import { MonitorQueries } from './monitor-queries.ts';
import type { MonitorEvent, SeriesIdentity } from './monitor-source.ts';

export const SERIES_MAX = 100_000;
const ROWS_WAITING_MAX = 500_000;
const EVENTS_WAITING_MAX = 50_000;

export class MonitorStore {
  /** Sees what was flushed, over a connection of its own. */
  readonly queries: MonitorQueries;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #reading: DuckDBConnection;
  readonly #ids = new Map<string, number>();
  readonly #notes = new Map<string, string>();
  #newSeries: SeriesIdentity[] = [];
  #series: number[] = [];
  #timeMs: number[] = [];
  #value: number[] = [];
  #events: MonitorEvent[] = [];
  #newNotes = new Map<string, string>();
  #lastEvent = 0;
  #dropped = 0;

  private constructor(instance: DuckDBInstance, writing: DuckDBConnection, reading: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = writing;
    this.#reading = reading;
    this.queries = new MonitorQueries(reading);
  }

  /** Goes on with what the file holds; makes it when there is none. Rejects with what DuckDB says. */
  static async open(path: string): Promise<MonitorStore> {
    const instance = await DuckDBInstance.create(path, { threads: '1', memory_limit: '256MiB' });
    const store = new MonitorStore(instance, await instance.connect(), await instance.connect());
    await store.#begin();
    return store;
  }

  /** The id of a series, new or known; null: there are SERIES_MAX already, and a value of it is dropped. What was first said of a series stays. */
  series(identity: SeriesIdentity): number | null {
    const key = `${identity.target}\n${identity.name}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    if (this.#ids.size >= SERIES_MAX) {
      this.#dropped++;
      return null;
    }
    const id = this.#ids.size + 1;
    this.#ids.set(key, id);
    this.#newSeries.push(identity);
    return id;
  }

  sample(series: number, timeMs: number, value: number): void {
    if (this.#series.length >= ROWS_WAITING_MAX) {
      this.#dropped++;
      return;
    }
    this.#series.push(series);
    this.#timeMs.push(timeMs);
    this.#value.push(value);
  }

  event(event: MonitorEvent): void {
    if (this.#events.length >= EVENTS_WAITING_MAX) this.#dropped++;
    else this.#events.push(event);
  }

  /** Replaces what the note said; written with all that was given before. */
  note(name: string, text: string): void {
    this.#newNotes.set(name, text);
    this.#notes.set(name, text);
  }

  noted(name: string): string | null {
    return this.#notes.get(name) ?? null;
  }

  /** Samples and events that wait. */
  get waiting(): number {
    return this.#series.length + this.#events.length;
  }

  /** Samples and events that found no room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Rejects with what DuckDB says; everything then waits for the next time. One at a time. */
  async flush(): Promise<void> {
    if (this.waiting === 0 && this.#newSeries.length === 0 && this.#newNotes.size === 0) return;
    const [series, rows, events] = [this.#newSeries.length, this.#series.length, this.#events.length];
    const firstId = this.#ids.size - series + 1;
    const notes = this.#newNotes;
    this.#newNotes = new Map();
    try {
      await this.#connection.run('BEGIN');
      await this.#writeSeries(firstId, series);
      await this.#writeSamples(rows);
      await this.#writeEvents(events);
      for (const [name, text] of notes) await this.#connection.run('INSERT OR REPLACE INTO notes VALUES ($1, $2)', [name, text]);
      await this.#connection.run('COMMIT');
    } catch (error) {
      this.#newNotes = new Map([...notes, ...this.#newNotes]);
      await this.#connection.run('ROLLBACK').catch(() => {});
      throw error;
    }
    this.#newSeries = this.#newSeries.slice(series);
    this.#series = this.#series.slice(rows);
    this.#timeMs = this.#timeMs.slice(rows);
    this.#value = this.#value.slice(rows);
    this.#events = this.#events.slice(events);
    this.#lastEvent += events;
  }

  /** What was not flushed is dropped. */
  close(): void {
    this.#reading.closeSync();
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #begin(): Promise<void> {
    for (const table of TABLES) await this.#connection.run(`CREATE TABLE IF NOT EXISTS ${table}`);
    for (const { id, target, name } of await this.queries.listSeries()) this.#ids.set(`${target}\n${name}`, id);
    const notes = await this.#connection.runAndReadAll('SELECT name, text FROM notes');
    for (const [name, text] of notes.getRows()) this.#notes.set(String(name), String(text));
    const last = await this.#connection.runAndReadAll('SELECT coalesce(max(id), 0)::INTEGER FROM events');
    this.#lastEvent = Number(last.getRows()[0]?.[0] ?? 0);
  }

  async #writeSeries(firstId: number, count: number): Promise<void> {
    if (count === 0) return;
    const appender = await this.#connection.createAppender('series');
    this.#newSeries.slice(0, count).forEach(({ target, name, unit, type }, i) => {
      appender.appendUInteger(firstId + i);
      for (const text of [target, name, unit, type]) appender.appendVarchar(text);
      appender.endRow();
    });
    appender.closeSync();
  }

  async #writeSamples(rows: number): Promise<void> {
    if (rows === 0) return;
    const appender = await this.#connection.createAppender('samples');
    for (let i = 0; i < rows; i++) {
      appender.appendUInteger(this.#series[i]!);
      appender.appendTimestamp(timestamp(this.#timeMs[i]!));
      appender.appendDouble(this.#value[i]!);
      appender.endRow();
    }
    appender.closeSync();
  }

  async #writeEvents(count: number): Promise<void> {
    if (count === 0) return;
    const appender = await this.#connection.createAppender('events');
    this.#events.slice(0, count).forEach((event, i) => {
      appender.appendUInteger(this.#lastEvent + i + 1);
      appender.appendTimestamp(timestamp(event.timeMs));
      for (const text of [event.target, event.rule, event.severity, event.text, JSON.stringify(event.fields)]) appender.appendVarchar(text);
      appender.endRow();
    });
    appender.closeSync();
  }
}

const TABLES = [
  'series(id UINTEGER, target VARCHAR, name VARCHAR, unit VARCHAR, type VARCHAR)',
  'samples(series UINTEGER, time TIMESTAMP, value DOUBLE)',
  'events(id UINTEGER, time TIMESTAMP, target VARCHAR, rule VARCHAR, severity VARCHAR, text VARCHAR, fields VARCHAR)',
  'notes(name VARCHAR PRIMARY KEY, text VARCHAR)',
];

function timestamp(ms: number): DuckDBTimestampValue {
  return new DuckDBTimestampValue(BigInt(Math.round(ms * 1000)));
}
