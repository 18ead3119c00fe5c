/**
 * Turns a step of the plan into messages: the rows that the plan names, with the registers that the truth gives, encoded
 * straight into the send buffer. Regular rows first, then late ones, cut into messages of at most MESSAGE_BYTES.
 */

import type { Plan, PlannedRows } from '../grid/plan/plan.ts';
import type { PushTimes } from '../grid/plan/push-time.ts';
import { channelCount, type Scenario } from '../grid/scenario/scenario.ts';
import type { Stations } from '../grid/topology/topology.ts';
import type { Truth } from '../grid/truth/truth.ts';
import { PushEncoder, type PushHeader } from '../protocol/dlms/push/push-encode.ts';
import { pushRowsMax } from '../protocol/dlms/push/push-format.ts';

/** Longest message: what a small head-end can be expected to take in one APDU, and far above one step of most stations. */
export const MESSAGE_BYTES = 32 * 1024;

/** Where messages go. */
export interface Outbox {
  /** Send buffer: `bytes` from 0 to `length` are to be sent. */
  readonly bytes: Uint8Array;
  length: number;
  /** Sends what there is, so that there is room again. */
  flush(): void;
}

/** Messages that a station of `meters` may have to send at once when it holds `steps` rows of each. */
export function messagesMax(meters: number, rows: { readonly steps: number; readonly channels: 1 | 3 }): number {
  const { steps, channels } = rows;
  const regular = pushRowsMax({ channels, late: false, valueBytes: 8 }, MESSAGE_BYTES);
  const late = pushRowsMax({ channels, late: true, valueBytes: 8 }, MESSAGE_BYTES);
  return Math.ceil(meters / regular) + Math.ceil((meters * steps) / late);
}

export class PushMessages {
  /** Messages of the step that was played last. */
  played = 0;
  /** Unix time of sending of the last message, hundredths of a second: the name by which it is confirmed. */
  lastHundredths = 0;
  readonly #plan: Plan;
  readonly #truth: Truth;
  readonly #times: PushTimes;
  readonly #stations: Stations;
  readonly #channels: 1 | 3;
  readonly #startSeconds: number;
  readonly #intervalSeconds: number;
  readonly #encoder = new PushEncoder();
  readonly #header: PushHeader;
  /** Rows of one message. */
  readonly #rowsMax: { readonly regular: number; readonly late: number };
  readonly #columns: {
    readonly meter: Uint32Array;
    readonly status: Uint8Array;
    readonly time: Uint32Array;
    readonly value: Float64Array;
  };
  /** Registers and statuses of all meters of a station at one time. */
  readonly #stationWh: Float64Array;
  readonly #stationStatus: Uint8Array;

  constructor(grid: {
    readonly scenario: Scenario;
    readonly stations: Stations;
    readonly plan: Plan;
    readonly truth: Truth;
    readonly times: PushTimes;
  }) {
    const { behaviour } = grid.scenario;
    this.#plan = grid.plan;
    this.#truth = grid.truth;
    this.#times = grid.times;
    this.#stations = grid.stations;
    this.#channels = channelCount(behaviour.registers) === 1 ? 1 : 3;
    this.#startSeconds = behaviour.start.unixSeconds;
    this.#intervalSeconds = behaviour.intervalSeconds;
    const channels = this.#channels;
    this.#rowsMax = {
      regular: pushRowsMax({ channels, late: false, valueBytes: 8 }, MESSAGE_BYTES),
      late: pushRowsMax({ channels, late: true, valueBytes: 8 }, MESSAGE_BYTES),
    };
    const rows = this.#rowsMax.regular;
    this.#columns = {
      meter: new Uint32Array(rows),
      status: new Uint8Array(rows),
      time: new Uint32Array(rows),
      value: new Float64Array(rows * channels),
    };
    const largest = largestStation(grid.stations, grid.plan);
    this.#stationWh = new Float64Array(largest * channels);
    this.#stationStatus = new Uint8Array(largest);
    this.#header = {
      concentrator: 0,
      invokeId: 0,
      sentUnixSeconds: 0,
      sentHundredths: 0,
      offsetMinutes: behaviour.start.offsetMinutes,
      late: false,
      captureUnixSeconds: 0,
      channels,
    };
  }

  /** Plays the station's next step into the outbox; answers the number of readings in its messages. */
  play(station: number, outbox: Outbox): number {
    const plan = this.#plan;
    const step = plan.nextStep(station);
    plan.step(station);
    const { rows } = plan;
    this.played = 0;
    if (rows.currentCount > 0) this.#sendRegular(station, step, rows, outbox);
    if (rows.lateCount > 0) this.#sendLate(station, step, rows, outbox);
    return (rows.currentCount + rows.lateCount) * this.#channels;
  }

  #sendRegular(station: number, step: number, rows: PlannedRows, outbox: Outbox): void {
    const time = this.#startSeconds + step * this.#intervalSeconds;
    const first = this.#stations.firstMeter[station]!;
    this.#measure(station, time);
    this.#header.late = false;
    this.#header.captureUnixSeconds = time;
    const { current, currentCount } = rows;
    for (let from = 0; from < currentCount; from += this.#rowsMax.regular) {
      const to = Math.min(from + this.#rowsMax.regular, currentCount);
      this.#gather(current, from, to, first);
      this.#put(station, step, to - from, outbox);
    }
  }

  /** Puts the rows of `current[from..to)` into the columns of a message. */
  #gather(current: Uint32Array, from: number, to: number, first: number): void {
    const channels = this.#channels;
    const { meter, status, value } = this.#columns;
    const stationWh = this.#stationWh;
    const stationStatus = this.#stationStatus;
    for (let i = from; i < to; i++) {
      const at = current[i]! - first;
      meter[i - from] = current[i]!;
      status[i - from] = stationStatus[at]!;
      if (channels === 1) value[i - from] = stationWh[at]!;
      else for (let c = 0; c < channels; c++) value[(i - from) * channels + c] = stationWh[at * channels + c]!;
    }
  }

  #sendLate(station: number, step: number, rows: PlannedRows, outbox: Outbox): void {
    const channels = this.#channels;
    const columns = this.#columns;
    this.#header.late = true;
    let count = 0;
    for (let i = 0; i < rows.lateCount; i++) {
      const meter = rows.lateMeter[i]!;
      const time = this.#startSeconds + rows.lateStep[i]! * this.#intervalSeconds;
      columns.meter[count] = meter;
      columns.time[count] = time;
      columns.status[count] = this.#truth.status(meter, time);
      for (let c = 0; c < channels; c++) columns.value[count * channels + c] = this.#truth.register(meter, c, time);
      count++;
      if (count < this.#rowsMax.late && i < rows.lateCount - 1) continue;
      this.#put(station, step, count, outbox);
      count = 0;
    }
  }

  /** Registers of all meters of the station at `time`, row by row. */
  #measure(station: number, time: number): void {
    const channels = this.#channels;
    const first = this.#stations.firstMeter[station]!;
    const count = this.#stations.firstMeter[station + 1]! - first;
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

  #put(station: number, step: number, count: number, outbox: Outbox): void {
    const header = this.#header;
    const hundredths = this.#times.messageHundredths(station, step, this.played);
    header.concentrator = station;
    header.invokeId = (step * 64 + this.played) % 2 ** 24;
    header.sentUnixSeconds = Math.floor(hundredths / 100);
    header.sentHundredths = hundredths % 100;
    if (outbox.bytes.length - outbox.length < MESSAGE_BYTES) outbox.flush();
    outbox.length = this.#encoder.encode(outbox.bytes, outbox.length, header, this.#columns, 0, count);
    this.played++;
    this.lastHundredths = hundredths;
  }
}

function largestStation(stations: Stations, plan: Plan): number {
  let largest = 1;
  for (let s = plan.fromStation; s < plan.toStation; s++) {
    largest = Math.max(largest, stations.firstMeter[s + 1]! - stations.firstMeter[s]!);
  }
  return largest;
}
