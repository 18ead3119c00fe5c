/** What the page asks the server for. A refusal becomes an ApiError with the server's one line. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { GridFacts, LiveProgress, MeterDetail, MeterStored, RunState, StationDetail, StationStored } from '../server/run-view.ts';
import type { EventAnswer, SeriesInfo, SeriesPoints } from '../../monitor/store/monitor-source.ts';
import type { RunReport } from '../../report/run-report.ts';

export interface RunSummary {
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  readonly able: boolean | null;
  readonly scenario: string;
  readonly meters: number;
  readonly concentrators: number;
  readonly steps: number;
  readonly hasGrid: boolean;
}

export interface RunList {
  readonly version: string;
  readonly runs: readonly RunSummary[];
}

export interface RunData {
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  readonly progress: LiveProgress | null;
  readonly report: RunReport;
}

/** What the store holds; null: `note` says why nobody can look. */
export interface Stored<T> {
  readonly stored: T | null;
  readonly note: string;
}

export interface MonitorFacts {
  readonly series: readonly SeriesInfo[];
  /** Unix ms. */
  readonly range: { readonly from: number; readonly to: number } | null;
  readonly beganUnixMs: number | null;
}

export type MonitorPoints = SeriesPoints;

export interface Places {
  readonly longitude: Float32Array;
  readonly latitude: Float32Array;
  readonly meters: Uint16Array;
  readonly link: Uint8Array;
  readonly accessibility: Uint8Array;
}

export interface States {
  readonly reachedPercent: Uint8Array;
  readonly behindSteps: Uint8Array;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function ask(path: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(path, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    throw new ApiError(0, 'The dashboard does not answer; it may have been ended.');
  });
  if (response.ok) return response;
  throw new ApiError(response.status, (await response.text()).trim() || `The server answered ${response.status}.`);
}

async function json<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await ask(path, signal)).json()) as T;
}

const of = (run: string): string => `api/runs/${encodeURIComponent(run)}`;

export const api = {
  runs: (signal?: AbortSignal): Promise<RunList> => json('api/runs', signal),
  report: (run: string, signal?: AbortSignal): Promise<RunData> => json(`${of(run)}/report`, signal),
  grid: (run: string, signal?: AbortSignal): Promise<GridFacts> => json(`${of(run)}/grid`, signal),
  station: (run: string, station: number, signal?: AbortSignal): Promise<StationDetail> => json(`${of(run)}/stations/${station}`, signal),
  meter: (run: string, meter: { readonly meter: number; readonly day: number }, signal?: AbortSignal): Promise<MeterDetail> =>
    json(`${of(run)}/meters/${meter.meter}?day=${meter.day}`, signal),
  stationStored: (run: string, station: number, signal?: AbortSignal): Promise<Stored<StationStored>> => json(`${of(run)}/stations/${station}/stored`, signal),
  meterStored: (run: string, meter: { readonly meter: number; readonly day: number }, signal?: AbortSignal): Promise<Stored<MeterStored>> =>
    json(`${of(run)}/meters/${meter.meter}/stored?day=${meter.day}`, signal),
  async places(run: string, stations: number, signal?: AbortSignal): Promise<Places> {
    const buffer = await (await ask(`${of(run)}/places`, signal)).arrayBuffer();
    let at = 0;
    const take = (bytes: number): number => (at += bytes) - bytes;
    return {
      longitude: new Float32Array(buffer, take(4 * stations), stations),
      latitude: new Float32Array(buffer, take(4 * stations), stations),
      meters: new Uint16Array(buffer, take(2 * stations), stations),
      link: new Uint8Array(buffer, take(stations), stations),
      accessibility: new Uint8Array(buffer, take(stations), stations),
    };
  },
  async states(run: string, of_: { readonly step: number; readonly stations: number }, signal?: AbortSignal): Promise<States> {
    const { step, stations } = of_;
    const buffer = await (await ask(`${of(run)}/state?step=${step}`, signal)).arrayBuffer();
    return { reachedPercent: new Uint8Array(buffer, 0, stations), behindSteps: new Uint8Array(buffer, stations, stations) };
  },
  outline: (run: string, signal?: AbortSignal): Promise<readonly (readonly number[])[]> => json(`${of(run)}/outline`, signal),
  /** Null: nothing was monitored. */
  monitor: (run: string, signal?: AbortSignal): Promise<MonitorFacts | null> => json(`${of(run)}/monitor`, signal),
  /** Times: Unix ms. */
  monitorSeries: (
    run: string,
    query: { readonly ids: readonly number[]; readonly from: number; readonly to: number; readonly points: number },
    signal?: AbortSignal,
  ): Promise<{ readonly series: readonly MonitorPoints[] }> =>
    json(`${of(run)}/monitor/series?ids=${query.ids.join(',')}&from=${Math.round(query.from)}&to=${Math.round(query.to)}&points=${query.points}`, signal),
  monitorEvents: (run: string, query: { readonly from: number; readonly to: number; readonly limit: number }, signal?: AbortSignal): Promise<EventAnswer> =>
    json(`${of(run)}/monitor/events?from=${Math.floor(query.from)}&to=${Math.ceil(query.to)}&limit=${query.limit}`, signal),
  liveAddress: (run: string): string => `${of(run)}/live`,
  seriesAddress: (run: string, format: 'csv' | 'parquet'): string => `${of(run)}/series.${format}`,
};

export interface Loaded<T> {
  readonly value: T | null;
  readonly error: string | null;
  readonly loading: boolean;
}

/** Loads when `key` changes; null: nothing to load. What is there stays until the next is. */
export function useLoaded<T>(key: string | null, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Loaded<T> & { readonly key: string | null }>({ value: null, error: null, loading: key !== null, key });
  const newest = useRef(load);
  newest.current = load;
  useEffect(() => {
    if (key === null) return undefined;
    const abort = new AbortController();
    setState((before) => ({ ...before, loading: true, error: null }));
    newest.current(abort.signal).then(
      (value) => setState({ value, error: null, loading: false, key }),
      (error: unknown) => {
        if (!abort.signal.aborted) setState({ value: null, error: (error as Error).message, loading: false, key });
      },
    );
    return () => abort.abort();
  }, [key]);
  return state;
}
