/**
 * Who exists: stations (each with one concentrator) and meters, as columns by integer id. Station and concentrator share an
 * id, 0 .. stations-1. Meter ids run through the stations in order, so that a concentrator's meters are contiguous.
 */

/** The table of all stations; small enough that every process holds all of it. */
export interface Stations {
  readonly count: number;
  /** All meters of the grid. */
  readonly meters: number;
  /** count + 1 entries: station s has the meters firstMeter[s] .. firstMeter[s + 1] - 1. */
  readonly firstMeter: Uint32Array;
  /** Indices into the scenario's lists `stationSizes`, `links`, `concentratorAccessibility`. */
  readonly size: Uint8Array;
  readonly link: Uint8Array;
  readonly accessibility: Uint8Array;
  /** Degrees, WGS 84. */
  readonly longitude: Float64Array;
  readonly latitude: Float64Array;
}

/** The meters of a run of stations. Column index i is meter `first + i`. */
export interface Meters {
  readonly first: number;
  readonly count: number;
  /** Indices into the scenario's lists `consumption`, `tariffs`, `meterAccessibility`. */
  readonly consumption: Uint8Array;
  readonly tariff: Uint8Array;
  readonly accessibility: Uint8Array;
  /** Energy of a normal year, Wh. */
  readonly annualWh: Uint32Array;
}

/** A consumption pattern: daily curves of 96 quarter hours, and which one holds on a day of the calendar. */
export interface Pattern {
  readonly name: string;
  /** Curves of 96 non-negative weights (any unit, positive sum); slot 0 begins at local midnight. */
  readonly curves: readonly Float64Array[];
  /** For each day of `year` (index 0 = 1 January, 365 or 366 entries): its curve, and the day's energy in any common unit. */
  days(year: number): { readonly curve: Uint8Array; readonly energy: Float64Array };
}
