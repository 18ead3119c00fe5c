/**
 * The readings of all meters of a station at one step, as the compact-array that a push carries: {meter, status, registers} of
 * the meters that the concentrator read in that step. From the grid's columns straight into the answer; no object per
 * reading, for all readings of a run in pull mode go through here.
 *
 *   13 02 n | 06 11 06.. (or 15.. when one register needs more than 32 bits) | length | rows, ascending by meter
 */

import { channelCount, type Scenario } from '../../grid/scenario/scenario.ts';
import type { Stations } from '../../grid/topology/topology.ts';
import type { Truth } from '../../grid/truth/truth.ts';
import type { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import { meterRowsBytesMax, PushEncoder } from '../../protocol/dlms/push/push-encode.ts';
import type { HeldRows } from '../meter/held-rows.ts';

export class StationReadings {
  /** Registers of each meter in a row. */
  readonly channels: 1 | 3;
  /** Readings written since the caller set it back. */
  written = 0;
  readonly #stations: Stations;
  readonly #truth: Truth;
  readonly #rows: HeldRows;
  readonly #startUnixSeconds: number;
  readonly #intervalSeconds: number;
  readonly #encoder = new PushEncoder();
  readonly #up: Uint32Array;
  /** Registers and statuses of all meters of a station, and then those of the meters that are up. */
  readonly #stationWh: Float64Array;
  readonly #stationStatus: Uint8Array;
  readonly #columns: {
    readonly meter: Uint32Array;
    readonly status: Uint8Array;
    readonly time: Uint32Array;
    readonly value: Float64Array;
  };

  constructor(grid: {
    readonly scenario: Scenario;
    readonly stations: Stations;
    readonly truth: Truth;
    readonly rows: HeldRows;
    readonly fromStation: number;
    readonly toStation: number;
  }) {
    const { behaviour } = grid.scenario;
    this.#stations = grid.stations;
    this.#truth = grid.truth;
    this.#rows = grid.rows;
    this.#startUnixSeconds = behaviour.start.unixSeconds;
    this.#intervalSeconds = behaviour.intervalSeconds;
    this.channels = channelCount(behaviour.registers) === 1 ? 1 : 3;
    const meters = largestStation(grid.stations, grid.fromStation, grid.toStation);
    this.#up = new Uint32Array(meters);
    this.#stationWh = new Float64Array(meters * this.channels);
    this.#stationStatus = new Uint8Array(meters);
    this.#columns = {
      meter: this.#up,
      status: new Uint8Array(meters),
      time: new Uint32Array(0),
      value: new Float64Array(meters * this.channels),
    };
  }

  metersOf(station: number): number {
    return this.#stations.firstMeter[station + 1]! - this.#stations.firstMeter[station]!;
  }

  /** Bytes of one step at most. */
  bytesMax(station: number): number {
    return meterRowsBytesMax(this.channels, this.metersOf(station));
  }

  /** Writes the readings of `step` (0 .. steps-1); none is an empty compact-array. */
  put(station: number, step: number, out: ByteWriter): void {
    const channels = this.channels;
    const up = this.#rows.metersUp(station, step, this.#up);
    const columns = this.#columns;
    if (up > 0) {
      this.#measure(station, this.#startUnixSeconds + step * this.#intervalSeconds);
      const first = this.#stations.firstMeter[station]!;
      for (let i = 0; i < up; i++) {
        const at = this.#up[i]! - first;
        columns.status[i] = this.#stationStatus[at]!;
        for (let c = 0; c < channels; c++) columns.value[i * channels + c] = this.#stationWh[at * channels + c]!;
      }
    }
    out.reserve(meterRowsBytesMax(channels, up));
    out.at = this.#encoder.encodeRows(out.bytes, out.at, channels, columns, 0, up);
    this.written += up * channels;
  }

  /** Registers of all meters of the station at `time`, row by row. */
  #measure(station: number, time: number): void {
    const channels = this.channels;
    const first = this.#stations.firstMeter[station]!;
    const count = this.metersOf(station);
    const wh = this.#stationWh;
    if (channels === 1) {
      this.#truth.registers(first, count, 0, time, wh);
    } else {
      this.#truth.registers(first, count, 1, time, wh, 1, channels);
      this.#truth.registers(first, count, 2, time, wh, 2, channels);
      for (let i = 0; i < count * channels; i += channels) wh[i] = wh[i + 1]! + wh[i + 2]!;
    }
    this.#truth.statuses(first, count, time, this.#stationStatus, 0);
  }
}

function largestStation(stations: Stations, from: number, to: number): number {
  let largest = 1;
  for (let s = from; s < to; s++) largest = Math.max(largest, stations.firstMeter[s + 1]! - stations.firstMeter[s]!);
  return largest;
}
