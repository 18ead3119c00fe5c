/**
 * The plan of one run of stations: which rows each concentrator sends at each step. A row is (meter, step of measurement).
 *
 *   A meter that is up at step r is read at r: its concentrator then holds all its rows up to r. A concentrator whose link
 *   is up at step b sends at b all rows that it holds. So the row of step t leaves at the first step b at which the link is
 *   up, not before the first step r >= t at which the meter is up: at once (b = t), late (b > t), or not within the run.
 *   A meter keeps its last `meterMemoryRows` rows and a concentrator the last `concentratorMemoryRows` of each meter; what
 *   is older when it could be passed on is lost, by plan.
 *
 * It is a pure function of the scenario; a station's steps are asked for in order, `seek` goes anywhere. State: 12 bytes a
 * meter. Rows lost in a meter while others wait in the concentrator are rare and kept in a map.
 */

import { assert } from '../../base/assert.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Meters, Stations } from '../topology/topology.ts';
import { LinkOutages } from './link-outages.ts';
import { Outages } from './outages.ts';

export class Plan {
  readonly fromStation: number;
  readonly toStation: number;
  readonly steps: number;
  /** What `step` found for the station: valid until the next call. */
  readonly rows = new PlannedRows();

  readonly #stations: Stations;
  readonly #meters: Meters;
  readonly #meterMemory: number;
  readonly #concentratorMemory: number;
  readonly #meterOutages: Outages;
  readonly #links: LinkOutages;
  readonly #meterState: Uint32Array;
  /** By meter: first row that the concentrator doesn't hold yet; first row that the head-end wasn't sent yet. */
  readonly #unread: Uint32Array;
  readonly #unsent: Uint32Array;
  readonly #nextStep: Uint32Array;
  /** By meter: [from, to) row ranges lost in the meter that lie between #unsent and #unread. */
  readonly #gaps = new Map<number, number[]>();

  constructor(options: {
    readonly scenario: Scenario;
    readonly stations: Stations;
    readonly meters: Meters;
    readonly fromStation: number;
    readonly toStation: number;
  }) {
    const { scenario, stations, meters } = options;
    const { behaviour, seed } = scenario;
    const { intervalSeconds } = behaviour;
    assert(stations.firstMeter[options.fromStation] === meters.first, 'the meters are those of the stations');
    this.fromStation = options.fromStation;
    this.toStation = options.toStation;
    this.steps = behaviour.steps;
    this.#stations = stations;
    this.#meters = meters;
    this.#meterMemory = behaviour.meterMemoryRows;
    this.#concentratorMemory = behaviour.concentratorMemoryRows;
    this.#meterOutages = new Outages({ seed, stream: 'meter-outages', categories: behaviour.meterAccessibility, intervalSeconds });
    this.#links = new LinkOutages({ scenario, stations, fromStation: options.fromStation, toStation: options.toStation });
    this.#meterState = new Uint32Array(meters.count);
    this.#unread = new Uint32Array(meters.count);
    this.#unsent = new Uint32Array(meters.count);
    this.#nextStep = new Uint32Array(options.toStation - options.fromStation);
    for (let s = options.fromStation; s < options.toStation; s++) this.#reset(s);
  }

  /** Next step of the station. */
  nextStep(station: number): number {
    return this.#nextStep[station - this.fromStation]!;
  }

  /** Plays the next step of `station`; what it sends then is in `rows`. True when its link is up. */
  step(station: number): boolean {
    return this.#play(station, this.rows);
  }

  /** Makes `step` the next step of `station`, forwards or backwards. */
  seek(station: number, step: number): void {
    assert(step >= 0 && step <= this.steps, 'the step is one of the run');
    if (this.nextStep(station) > step) this.#reset(station);
    while (this.nextStep(station) < step) this.#play(station, null);
  }

  /** Rows of the station that were not sent up to its next step and are not lost so far. */
  withheld(station: number): number {
    const first = this.#stations.firstMeter[station]! - this.#meters.first;
    const end = this.#stations.firstMeter[station + 1]! - this.#meters.first;
    const step = this.nextStep(station);
    let rows = 0;
    for (let i = first; i < end; i++) rows += step - this.#unsent[i]! - this.#gapRows(i, step);
    return rows;
  }

  #reset(station: number): void {
    const local = station - this.fromStation;
    const first = this.#stations.firstMeter[station]! - this.#meters.first;
    const end = this.#stations.firstMeter[station + 1]! - this.#meters.first;
    for (let i = first; i < end; i++) {
      this.#meterState[i] = this.#meterOutages.initial(this.#meters.first + i, this.#meters.accessibility[i]!);
      if (this.#gaps.size > 0) this.#gaps.delete(i);
    }
    this.#unread.fill(0, first, end);
    this.#unsent.fill(0, first, end);
    this.#nextStep[local] = 0;
  }

  #play(station: number, rows: PlannedRows | null): boolean {
    const local = station - this.fromStation;
    const step = this.#nextStep[local]!;
    assert(step < this.steps, 'the run has no more steps');
    this.#nextStep[local] = step + 1;
    const up = this.#links.isUp(station, step);
    const first = this.#stations.firstMeter[station]! - this.#meters.first;
    const end = this.#stations.firstMeter[station + 1]! - this.#meters.first;
    rows?.clear(end - first);
    const firstMeter = this.#meters.first;
    const unread = this.#unread;
    const unsent = this.#unsent;
    for (let i = first; i < end; i++) {
      let state = this.#meterState[i]!;
      if (state >>> 1 <= step) {
        state = this.#meterOutages.advance(state, firstMeter + i, this.#meters.accessibility[i]!, step);
        this.#meterState[i] = state;
      }
      const read = (state & 1) === 0;
      // Nearly always: nothing waits anywhere, and the row of this step goes all the way.
      if (read && up && unsent[i] === step) {
        unread[i] = step + 1;
        unsent[i] = step + 1;
        rows?.addCurrent(firstMeter + i);
        continue;
      }
      if (read) this.#read(i, step, rows);
      if (up && unsent[i]! < unread[i]!) this.#send(i, step, rows);
    }
    return up;
  }

  /** The concentrator reads meter i at `step`: all rows that the meter still has. */
  #read(i: number, step: number, rows: PlannedRows | null): void {
    const unread = this.#unread[i]!;
    const oldest = step + 1 - this.#meterMemory;
    if (unread < oldest) {
      if (rows !== null) rows.lost += oldest - unread;
      const nothingWaits = unread === this.#unsent[i];
      if (nothingWaits) this.#unsent[i] = oldest;
      else this.#gaps.set(i, [...(this.#gaps.get(i) ?? []), unread, oldest]);
    }
    this.#unread[i] = step + 1;
  }

  /** The concentrator sends what it holds of meter i. */
  #send(i: number, step: number, rows: PlannedRows | null): void {
    const unsent = this.#unsent[i]!;
    const unread = this.#unread[i]!;
    this.#unsent[i] = unread;
    const oldest = Math.max(unsent, step + 1 - this.#concentratorMemory);
    const gaps = this.#gaps.get(i);
    if (gaps !== undefined) this.#gaps.delete(i);
    if (rows === null) return;
    for (let t = unsent; t < unread; t++) {
      if (gaps !== undefined && inGap(gaps, t)) continue;
      if (t < oldest) rows.lost++;
      else if (t === step) rows.addCurrent(this.#meters.first + i);
      else rows.addLate(this.#meters.first + i, t);
    }
  }

  #gapRows(i: number, before: number): number {
    const gaps = this.#gaps.get(i) ?? [];
    let rows = 0;
    for (let g = 0; g < gaps.length; g += 2) rows += Math.max(0, Math.min(gaps[g + 1]!, before) - gaps[g]!);
    return rows;
  }
}

/** What one concentrator sends at one step. */
export class PlannedRows {
  /** Meters whose row of this very step is sent, ascending. */
  current = new Uint32Array(64);
  currentCount = 0;
  /** Older rows: meter and step of measurement, by meter and then by step. */
  lateMeter = new Uint32Array(64);
  lateStep = new Uint32Array(64);
  lateCount = 0;
  /** Rows found lost at this step because a memory was too small. */
  lost = 0;

  clear(meters: number): void {
    if (this.current.length < meters) this.current = new Uint32Array(2 * meters);
    this.currentCount = 0;
    this.lateCount = 0;
    this.lost = 0;
  }

  addCurrent(meter: number): void {
    this.current[this.currentCount++] = meter;
  }

  addLate(meter: number, step: number): void {
    if (this.lateCount === this.lateMeter.length) {
      this.lateMeter = grown(this.lateMeter);
      this.lateStep = grown(this.lateStep);
    }
    this.lateMeter[this.lateCount] = meter;
    this.lateStep[this.lateCount++] = step;
  }
}

function grown(column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(column.length * 2);
  larger.set(column);
  return larger;
}

function inGap(gaps: readonly number[], row: number): boolean {
  for (let g = 0; g < gaps.length; g += 2) if (row >= gaps[g]! && row < gaps[g + 1]!) return true;
  return false;
}
