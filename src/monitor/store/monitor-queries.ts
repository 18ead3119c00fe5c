/**
 * The questions that readers ask, in SQL. Rows are stored in the order of time, so that DuckDB skips what is outside of the
 * time asked for; min and max of an interval are taken there, so that what leaves the database is as small as a screen.
 */

import type { DuckDBConnection, DuckDBResultReader, DuckDBValue } from '@duckdb/node-api';
import {
  EVENTS_MAX,
  POINTS_MAX,
  SERIES_ASKED_MAX,
  SEVERITIES,
  type EventAnswer,
  type EventQuery,
  type MonitorSource,
  type SeriesInfo,
  type SeriesPoints,
  type SeriesQuery,
  type SeriesType,
  type Severity,
} from './monitor-source.ts';

/** Asks one connection. Rejects with a RangeError when a query is out of its bounds, and with what DuckDB says. */
export class MonitorQueries implements MonitorSource {
  readonly #connection: DuckDBConnection;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  async listSeries(): Promise<readonly SeriesInfo[]> {
    const rows = await this.#rows('SELECT id, target, name, unit, type FROM series ORDER BY id');
    return rows.map(([id, target, name, unit, type]) => {
      return { id: Number(id), target: String(target), name: String(name), unit: String(unit), type: String(type) as SeriesType };
    });
  }

  async timeRange(): Promise<{ readonly from: number; readonly to: number } | null> {
    const [row] = await this.#rows(
      'SELECT min(a) / 1e3, max(b) / 1e3 FROM (' +
        'SELECT epoch_us(min(time)) a, epoch_us(max(time)) b FROM samples UNION ALL SELECT epoch_us(min(time)), epoch_us(max(time)) FROM events)',
    );
    const [from, to] = row ?? [];
    return typeof from === 'number' && typeof to === 'number' ? { from, to } : null;
  }

  async querySeries(query: SeriesQuery): Promise<readonly SeriesPoints[]> {
    const { series, from, to, points } = query;
    checkTimes(from, to);
    check(series.length <= SERIES_ASKED_MAX, `at most ${SERIES_ASKED_MAX} series`);
    check(series.every((id) => Number.isInteger(id) && id >= 0 && id < 2 ** 32), 'series are whole numbers');
    check(Number.isInteger(points) && points >= 1 && points <= POINTS_MAX, `points from 1 to ${POINTS_MAX}`);
    if (series.length === 0) return [];
    const [first, last] = [microseconds(from), microseconds(to)];
    const columns = await this.#columns(
      `SELECT series, least(floor((epoch_us(time) - ${first})::DOUBLE * ${points} / ${last - first}), ${points - 1}) AS bucket,
         epoch_us(min(time)) / 1e3, min(value), max(value), avg(value), count(*)::INTEGER
       FROM samples
       WHERE series IN (${series.join(',')}) AND time >= make_timestamp(${first}) AND time < make_timestamp(${last})
       GROUP BY series, bucket ORDER BY series, bucket`,
    );
    return bySeries(columns, (to - from) / points);
  }

  async queryEvents(query: EventQuery): Promise<EventAnswer> {
    const { from, to, severity = 'info', targets, rules, limit } = query;
    checkTimes(from, to);
    check(Number.isInteger(limit) && limit >= 1 && limit <= EVENTS_MAX, `a limit from 1 to ${EVENTS_MAX}`);
    check(SEVERITIES.includes(severity), `a severity of ${SEVERITIES.join(', ')}`);
    const values: DuckDBValue[] = [];
    const oneOf = (column: string, names: readonly string[] | undefined): string => {
      if (names === undefined) return '';
      if (names.length === 0) return ' AND false';
      values.push(...names);
      return ` AND ${column} IN (${names.map((_, i) => `$${values.length - names.length + i + 1}`).join(',')})`;
    };
    const rank = `list_position(['${SEVERITIES.join("','")}'], severity)`;
    const where =
      `time >= make_timestamp(${microseconds(from)}) AND time < make_timestamp(${microseconds(to)})` +
      ` AND ${rank} > ${SEVERITIES.indexOf(severity)}${oneOf('target', targets)}${oneOf('rule', rules)}`;
    const [count] = await this.#rows(`SELECT count(*)::INTEGER FROM events WHERE ${where}`, values);
    const rows = await this.#rows(
      `SELECT * FROM (
         SELECT id, epoch_us(time) / 1e3 AS ms, target, rule, severity, text, fields
         FROM events WHERE ${where} ORDER BY ${rank} DESC, time, id LIMIT ${limit}
       ) ORDER BY ms, id`,
      values,
    );
    const events = rows.map(([id, ms, target, rule, level, text, fields]) => ({
      id: Number(id),
      timeMs: Number(ms),
      target: String(target),
      rule: String(rule),
      severity: String(level) as Severity,
      text: String(text),
      fields: JSON.parse(String(fields)) as Record<string, string>,
    }));
    return { events, total: Number(count?.[0] ?? 0) };
  }

  async #read(sql: string, values: DuckDBValue[] = []): Promise<DuckDBResultReader> {
    return this.#connection.runAndReadAll(sql, values);
  }

  async #rows(sql: string, values: DuckDBValue[] = []): Promise<DuckDBValue[][]> {
    return (await this.#read(sql, values)).getRows();
  }

  async #columns(sql: string): Promise<DuckDBValue[][]> {
    return (await this.#read(sql)).getColumns();
  }
}

/** Rows of one series follow one another. */
function bySeries(columns: DuckDBValue[][], intervalMs: number): readonly SeriesPoints[] {
  const [series = [], , time = [], min = [], max = [], mean = [], samples = []] = columns;
  const all: SeriesPoints[] = [];
  for (let from = 0, to = 0; from < series.length; from = to) {
    while (to < series.length && series[to] === series[from]) to++;
    all.push({
      series: Number(series[from]),
      intervalMs,
      timeMs: numbers(time, from, to),
      min: numbers(min, from, to),
      max: numbers(max, from, to),
      mean: numbers(mean, from, to),
      samples: numbers(samples, from, to),
    });
  }
  return all;
}

function numbers(column: DuckDBValue[], from: number, to: number): readonly number[] {
  return column.slice(from, to).map(Number);
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}

function checkTimes(from: number, to: number): void {
  check(Number.isFinite(from) && Number.isFinite(to) && from < to, 'a time that ends after it begins');
  check(Math.abs(from) < TIME_MAX_MS && Math.abs(to) < TIME_MAX_MS, 'times of this era');
}

/** The year 5138. */
const TIME_MAX_MS = 1e14;

function check(held: boolean, allowed: string): void {
  if (!held) throw new RangeError(`allowed is ${allowed}`);
}
