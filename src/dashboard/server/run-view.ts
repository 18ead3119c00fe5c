/**
 * What the dashboard shows, and whom it asks for it: runs that are over and one that goes on, behind one interface. Who knows
 * grid and store implements `GridView` and hands it in; this room knows neither.
 */

import type { MonitorSource } from '../../monitor/store/monitor-source.ts';
import type { RunReport } from '../../report/run-report.ts';

export type RunState = 'preparing' | 'playing' | 'storing' | 'auditing' | 'finished' | 'interrupted';

export interface RunView {
  /** In addresses: letters, digits, hyphens. */
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  /** Of a run that goes on: what can be said so far, without an audit. */
  readonly report: RunReport;
  /** Of a run that goes on. */
  readonly progress: LiveProgress | null;
  /** Null: the run left no record of its scenario. */
  readonly grid: GridView | null;
  /** Null: nothing was monitored. */
  readonly monitor: MonitorView | null;
  close(): void;
}

/** What monitoring has gathered. */
export interface MonitorView {
  /** Opened when it is asked for. Rejects with what keeps it from being read. */
  source(): Promise<MonitorSource>;
  /** When the run began, Unix ms; null: it has not. */
  beganUnixMs(): Promise<number | null>;
  close(): void;
}

/** How far a run is. */
export interface LiveProgress {
  readonly phase: 'preparing' | 'playing' | 'storing' | 'auditing';
  /** Steps that the average concentrator has settled, of `steps`. */
  readonly step: number;
  readonly steps: number;
  readonly elapsedMs: number;
  readonly gridUnixSeconds: number;
  readonly connected: number;
  readonly sentReadings: number;
  readonly confirmedReadings: number;
  /** Null: the head-end is not ours. */
  readonly storedReadings: number | null;
  readonly readingsPerSecond: number;
  readonly backlogReadings: number | null;
  readonly etaMs: number | null;
  readonly restarts: number;
}

/** The grid of a run by place, station and meter. */
export interface GridView {
  readonly facts: GridFacts;
  /** By station. */
  places(): StationPlaces;
  /** Borders of the area: rings of longitude and latitude in turn. */
  outline(): readonly (readonly number[])[];
  /** What the plan says of all stations at a step, 0 .. steps - 1. */
  stateAt(step: number): Promise<StationState>;
  /** `station`: 0 .. stations - 1. */
  station(station: number): StationDetail;
  /** `meter`: 0 .. meters - 1; `day`: 0 .. days - 1 of the grid's own time. */
  meter(meter: number, day: number): MeterDetail;
  /** Null: nobody can look into the store; `storeNote` says why. Rejects with BusyError, TooSlowError. */
  stationStored(station: number): Promise<StationStored | null>;
  meterStored(meter: number, day: number): Promise<MeterStored | null>;
  /** Empty when the store can be asked. */
  readonly storeNote: string;
  close(): void;
}

export interface GridFacts {
  readonly stations: number;
  readonly meters: number;
  readonly steps: number;
  readonly intervalSeconds: number;
  readonly startUnixSeconds: number;
  readonly offsetMinutes: number;
  /** Readings of one row of a meter. */
  readonly channels: number;
  /** Calendar days of the grid's own time that the run touches. */
  readonly days: number;
  /** Names of the categories. */
  readonly links: readonly string[];
  readonly accessibility: readonly string[];
}

export interface StationPlaces {
  readonly longitude: Float32Array;
  readonly latitude: Float32Array;
  /** Indices into `GridFacts.links` and `.accessibility`. */
  readonly link: Uint8Array;
  readonly accessibility: Uint8Array;
  readonly meters: Uint16Array;
}

/** By station. */
export interface StationState {
  /** Meters that can be read at the step, per cent of the station's; 0 when its line is down, 255 for a station without meters. */
  readonly reachedPercent: Uint8Array;
  /** Steps since the line was up: 0 now; 255: that many or more. */
  readonly behindSteps: Uint8Array;
}

export interface StationDetail {
  readonly station: number;
  readonly firstMeter: number;
  readonly meters: number;
  readonly size: string;
  readonly link: string;
  readonly accessibility: string;
  readonly longitude: number;
  readonly latitude: number;
  /** Steps that the concentrator sent, that were confirmed; null: not known before the end of the run. */
  readonly sentSteps: number | null;
  readonly confirmedSteps: number | null;
  /** Sending before this step is asked for: all, or of an interrupted run what was confirmed. */
  readonly askedSteps: number;
  /** Readings of the whole station that are asked for. */
  readonly planned: number;
  readonly sent: number | null;
  readonly lostByPlan: number;
  /** By step of sending: is the line up, rows of that very step, older rows; readings. */
  readonly linkUp: readonly boolean[];
  readonly sentInTime: readonly number[];
  readonly sentLate: readonly number[];
  /** By step of measurement: readings that become available within the run, and are asked for. */
  readonly available: readonly number[];
  /** By meter, from `firstMeter` on. */
  readonly plannedByMeter: readonly number[];
  /** Of an interrupted run: sent, but not confirmed yet, so that they may be stored or not. */
  readonly openByMeter: readonly number[];
}

/** Readings in the store. */
export interface StationStored {
  readonly total: number;
  /** By step of measurement; by meter, from the station's first one on. */
  readonly byStep: readonly number[];
  readonly byMeter: readonly number[];
}

export interface MeterDetail {
  readonly meter: number;
  readonly station: number;
  readonly pattern: string;
  readonly tariff: string;
  readonly accessibility: string;
  readonly annualWh: number;
  readonly day: number;
  /** By step of the day: its timestamp; what the register says then, Wh; when it left, a step; -1: not within the run. */
  readonly unixSeconds: readonly number[];
  readonly trueWh: readonly number[];
  readonly trueStatus: readonly number[];
  readonly sentStep: readonly number[];
  /** As that of its station. */
  readonly askedSteps: number;
  /** Step of the first entry. */
  readonly firstStep: number;
  /** The register one interval before the first entry. */
  readonly beforeWh: number;
}

/** By step of the day; null: not stored. */
export interface MeterStored {
  readonly wh: readonly (number | null)[];
  readonly status: readonly (number | null)[];
}

/** Too many queries wait already. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
}

/** A query was given up. */
export class TooSlowError extends Error {
  override readonly name = 'TooSlowError';
}
