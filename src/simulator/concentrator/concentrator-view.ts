/** A concentrator as long as somebody talks to its own logical device, and what all concentrators of a process share. */

import { streamKey } from '../../base/random.ts';
import type { Scenario } from '../../grid/scenario/scenario.ts';
import type { Stations } from '../../grid/topology/topology.ts';
import type { Truth } from '../../grid/truth/truth.ts';
import { Device, type DeviceKind } from '../meter/device.ts';
import { DeviceChanges } from '../meter/device-changes.ts';
import type { HeldRows, ReadingsObserver } from '../meter/held-rows.ts';
import { siteOf } from '../meter/meter-view.ts';
import { StationReadings } from './station-readings.ts';

/** Logical devices of the meters: from here on, in the order of their numbers, past the address of all stations. */
const METER_SAP_FIRST = 16;
const ALL_STATIONS_SAP = 127;
export const CONCENTRATOR_SAP = 1;

/** Address of the meter at `index` among those of its station. */
export function meterSap(index: number): number {
  const sap = METER_SAP_FIRST + index;
  return sap < ALL_STATIONS_SAP ? sap : sap + 1;
}

/** The index of the meter at `sap` among those of its station; negative: no meter's address. May be beyond the last one. */
export function meterIndexAt(sap: number): number {
  if (sap === ALL_STATIONS_SAP) return -1;
  return (sap < ALL_STATIONS_SAP ? sap : sap - 1) - METER_SAP_FIRST;
}

export interface ConcentratorKind extends DeviceKind {
  readonly scenario: Scenario;
  readonly stations: Stations;
  readonly rows: HeldRows;
  readonly readings: StationReadings;
  readonly observer: ReadingsObserver | null;
  readonly signalKey: number;
  /** IPv4 address, u32. */
  readonly ipv4: ((station: number) => number) | null;
  /** A client asks for a push. False: it can't. */
  readonly push: ((station: number) => boolean) | null;
}

export interface ConcentratorKindOptions {
  readonly scenario: Scenario;
  readonly stations: Stations;
  readonly fromStation: number;
  readonly toStation: number;
  readonly truth: Truth;
  readonly rows: HeldRows;
  /** Whole Unix seconds of the grid at a station. */
  readonly nowUnixSeconds: (station: number) => number;
  readonly observer?: ReadingsObserver;
  readonly ipv4?: (station: number) => number;
  readonly push?: (station: number) => boolean;
}

export function concentratorKind(options: ConcentratorKindOptions): ConcentratorKind {
  const { scenario, stations, rows, nowUnixSeconds } = options;
  return {
    scenario,
    stations,
    rows,
    readings: new StationReadings(options),
    observer: options.observer ?? null,
    signalKey: streamKey(scenario.seed, 'concentrator-signal'),
    ipv4: options.ipv4 ?? null,
    push: options.push ?? null,
    ...siteOf(scenario, 'concentrator'),
    nowUnixSeconds,
    changes: new DeviceChanges(),
  };
}

export class ConcentratorView extends Device {
  override readonly kind: ConcentratorKind;

  constructor(options: { readonly station: number; readonly kind: ConcentratorKind }) {
    super({ number: options.station, station: options.station, kind: options.kind });
    this.kind = options.kind;
  }

  /** Who reaches its link reaches it. */
  override get reachable(): boolean {
    return true;
  }
}
