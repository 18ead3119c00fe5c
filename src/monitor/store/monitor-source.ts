/**
 * What monitoring has gathered, as its readers see it: series of values and events on one time axis. A finished run is read
 * from its file (`MonitorFile`), a running one through the process that writes it; both answer alike.
 *
 * All times are Unix milliseconds of the machine's clock.
 */

/**
 * How the values of a series came about. `gauge`: as the target said them. `counter` and `derive`: differences of a counter,
 * per second; `absolute`: a counter that its reading resets, per second.
 */
export type SeriesType = 'gauge' | 'counter' | 'derive' | 'absolute';

export interface SeriesIdentity {
  /** Who was asked: a name of the user's monitoring file, or `run` for the run's own. */
  readonly target: string;
  /** Unique within the target: `cpu.user`, `http_requests_total{code="200"}`. */
  readonly name: string;
  /** As stored: counters are per second already. Empty: none, or not known. */
  readonly unit: string;
  readonly type: SeriesType;
}

export interface SeriesInfo extends SeriesIdentity {
  readonly id: number;
}

/** From the least to the most severe. */
export const SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface MonitorEvent {
  readonly timeMs: number;
  readonly target: string;
  /** What kind of event it is: the name of the rule that found it. */
  readonly rule: string;
  readonly severity: Severity;
  /** One line: what was read, or what happened. */
  readonly text: string;
  /** What the rule took out of the text. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface StoredEvent extends MonitorEvent {
  /** In the order of storing, from 1. */
  readonly id: number;
}

export interface SeriesQuery {
  /** Ids; those that do not exist are left out of the answer. At most SERIES_ASKED_MAX. */
  readonly series: readonly number[];
  /** From `from` to before `to`. */
  readonly from: number;
  readonly to: number;
  /** Points of a series at most, 1 .. POINTS_MAX. */
  readonly points: number;
}

/**
 * One series in at most `points` intervals of equal length, as columns. An interval without a sample has no point, and one
 * with a single sample shows it exactly. No extreme is lost: `min` and `max` are those of all samples.
 */
export interface SeriesPoints {
  readonly series: number;
  /** Length of an interval: points that are further apart than this and the target's period have a gap between them. */
  readonly intervalMs: number;
  /** Of the first sample in the interval, ascending. */
  readonly timeMs: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly mean: readonly number[];
  /** Samples in the interval. */
  readonly samples: readonly number[];
}

export interface EventQuery {
  readonly from: number;
  readonly to: number;
  /** This severity and above; all if not given. */
  readonly severity?: Severity;
  readonly targets?: readonly string[];
  readonly rules?: readonly string[];
  /** At most EVENTS_MAX. Those that are more severe go first when there are more. */
  readonly limit: number;
}

export interface EventAnswer {
  /** Ascending in time. */
  readonly events: readonly StoredEvent[];
  /** How many there are, also those that are over the limit. */
  readonly total: number;
}

export interface MonitorSource {
  /** All series, in the order in which they first appeared. */
  listSeries(): Promise<readonly SeriesInfo[]>;
  /** First and last time of any sample or event; null: there is none. */
  timeRange(): Promise<{ readonly from: number; readonly to: number } | null>;
  querySeries(query: SeriesQuery): Promise<readonly SeriesPoints[]>;
  queryEvents(query: EventQuery): Promise<EventAnswer>;
}

export const SERIES_ASKED_MAX = 1000;
export const POINTS_MAX = 10_000;
export const EVENTS_MAX = 10_000;
