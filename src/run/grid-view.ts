/**
 * The grid of a run for the dashboard: places and states from the scenario alone, a station and a meter with plan, truth, what
 * was sent and what is stored. Computed when asked for.
 */

import type { SentLedger } from '../audit/auditor.ts';
import type { Clock } from '../base/clock.ts';
import type { GridFacts, GridView, MeterDetail, MeterStored, StationDetail, StationPlaces, StationState, StationStored } from '../dashboard/server/run-view.ts';
import { Plan } from '../grid/plan/plan.ts';
import { channelCount, type Scenario } from '../grid/scenario/scenario.ts';
import { areaOutline } from '../grid/topology/area.ts';
import { generateMeters } from '../grid/topology/meters.ts';
import { loadPatterns } from '../grid/topology/patterns.ts';
import { generateStations } from '../grid/topology/stations.ts';
import type { Meters, Pattern, Stations } from '../grid/topology/topology.ts';
import { Truth } from '../grid/truth/truth.ts';
import { GridStates } from './grid-states.ts';
import type { StoredReadings } from './stored-readings.ts';

const SECONDS_PER_DAY = 86_400;
const TOTAL_CHANNEL = 0;

export interface RunGridOptions {
  readonly clock: Clock;
  readonly scenario: Scenario;
  /** Null: the run goes on. */
  readonly ledger: SentLedger | null;
  /** Null: nobody can look into it; then `storeNote` says why. */
  readonly store: StoredReadings | null;
  readonly storeNote: string;
}

export class RunGrid implements GridView {
  readonly facts: GridFacts;
  readonly #options: RunGridOptions;
  readonly #stations: Stations;
  readonly #states: GridStates;
  #patterns: readonly Pattern[] | null = null;

  /** @throws AreaError when the area that the scenario names is not there any more. */
  constructor(options: RunGridOptions) {
    const { scenario, clock } = options;
    this.#options = options;
    this.#stations = generateStations(scenario);
    this.#states = new GridStates({ clock, scenario, stations: this.#stations });
    this.facts = factsOf(scenario, this.#stations);
  }

  places(): StationPlaces {
    const { longitude, latitude, link, accessibility, firstMeter, count } = this.#stations;
    return {
      longitude: Float32Array.from(longitude),
      latitude: Float32Array.from(latitude),
      link,
      accessibility,
      meters: Uint16Array.from({ length: count }, (_, s) => firstMeter[s + 1]! - firstMeter[s]!),
    };
  }

  outline(): readonly (readonly number[])[] {
    return areaOutline(this.#options.scenario.grid.area).map((ring) => Array.from(ring, (degrees) => Math.round(degrees * 1e5) / 1e5));
  }

  stateAt(step: number): Promise<StationState> {
    return this.#states.at(step);
  }

  station(station: number): StationDetail {
    const { scenario, ledger } = this.#options;
    const { firstMeter, size, link, accessibility, longitude, latitude } = this.#stations;
    const { grid, behaviour } = scenario;
    const sentSteps = ledger?.sent[station] ?? null;
    return {
      station,
      firstMeter: firstMeter[station]!,
      meters: firstMeter[station + 1]! - firstMeter[station]!,
      size: grid.stationSizes[size[station]!]?.name ?? '',
      link: grid.links[link[station]!]?.name ?? '',
      accessibility: behaviour.concentratorAccessibility[accessibility[station]!]?.name ?? '',
      longitude: longitude[station]!,
      latitude: latitude[station]!,
      sentSteps,
      confirmedSteps: ledger?.confirmed[station] ?? null,
      ...this.#plannedOf(station, sentSteps),
    };
  }

  /** As the audit has it. */
  #askedSteps(station: number): number {
    const { ledger } = this.#options;
    if (ledger === null || ledger.complete) return this.facts.steps;
    return ledger.confirms ? ledger.confirmed[station]! : 0;
  }

  async stationStored(station: number): Promise<StationStored | null> {
    const { store } = this.#options;
    if (store === null) return null;
    const { startUnixSeconds, intervalSeconds, steps } = this.facts;
    const first = this.#stations.firstMeter[station]!;
    const meters = this.#stations.firstMeter[station + 1]! - first;
    if (meters === 0) return { total: 0, byMeter: [], byStep: Array.from({ length: steps }, () => 0) };
    return store.station({ firstMeter: first, meters, startUnixSeconds, intervalSeconds, steps });
  }

  meter(meter: number, day: number): MeterDetail {
    const { scenario } = this.#options;
    const station = this.#stationOf(meter);
    const meters = this.#metersOf(station);
    const column = meter - meters.first;
    const { firstStep, endStep } = this.#stepsOfDay(day);
    const unixSeconds = this.#timesOf(firstStep, endStep);
    const truth = new Truth({ scenario, meters, patterns: (this.#patterns ??= loadPatterns(scenario)) });
    return {
      meter,
      station,
      pattern: patternName(scenario.grid.consumption[meters.consumption[column]!]?.pattern),
      tariff: scenario.grid.tariffs[meters.tariff[column]!]?.name ?? '',
      accessibility: scenario.behaviour.meterAccessibility[meters.accessibility[column]!]?.name ?? '',
      annualWh: meters.annualWh[column]!,
      day,
      unixSeconds,
      trueWh: unixSeconds.map((time) => truth.register(meter, TOTAL_CHANNEL, time)),
      trueStatus: unixSeconds.map((time) => truth.status(meter, time)),
      sentStep: this.#sentSteps({ station, meters, meter, firstStep, endStep }),
      askedSteps: this.#askedSteps(station),
      firstStep,
      beforeWh: truth.register(meter, TOTAL_CHANNEL, (unixSeconds[0] ?? this.facts.startUnixSeconds) - this.facts.intervalSeconds),
    };
  }

  async meterStored(meter: number, day: number): Promise<MeterStored | null> {
    const { store } = this.#options;
    if (store === null) return null;
    const { firstStep, endStep } = this.#stepsOfDay(day);
    const times = this.#timesOf(firstStep, endStep);
    const [from = 0] = times;
    const rows = await store.meter({ meter, fromUnixSeconds: from, toUnixSeconds: times.at(-1) ?? from, rowsMax: 4 * times.length });
    const byTime = new Map(rows.map((row) => [row.unixSeconds, row]));
    return { wh: times.map((time) => byTime.get(time)?.wh ?? null), status: times.map((time) => byTime.get(time)?.status ?? null) };
  }

  get storeNote(): string {
    return this.#options.storeNote;
  }

  close(): void {
    this.#options.store?.close();
  }

  #plannedOf(station: number, sentSteps: number | null): Pick<
    StationDetail,
    'askedSteps' | 'planned' | 'sent' | 'lostByPlan' | 'linkUp' | 'sentInTime' | 'sentLate' | 'available' | 'plannedByMeter' | 'openByMeter'
  > {
    const { channels, steps } = this.facts;
    const meters = this.#metersOf(station);
    const plan = this.#planOf(station, meters);
    const askedSteps = this.#askedSteps(station);
    const linkUp: boolean[] = [];
    const sentInTime: number[] = [];
    const sentLate: number[] = [];
    const available = Array.from({ length: steps }, () => 0);
    const plannedByMeter = Array.from({ length: meters.count }, () => 0);
    const openByMeter = Array.from({ length: meters.count }, () => 0);
    let [planned, sent, lost] = [0, 0, 0];
    for (let step = 0; step < steps; step++) {
      linkUp.push(plan.step(station));
      const { current, currentCount, lateMeter, lateStep, lateCount } = plan.rows;
      sentInTime.push(currentCount * channels);
      sentLate.push(lateCount * channels);
      const wasSent = sentSteps !== null && step < sentSteps;
      if (wasSent) sent += (currentCount + lateCount) * channels;
      if (step >= askedSteps && !wasSent) continue;
      const byMeter = step < askedSteps ? plannedByMeter : openByMeter;
      for (let i = 0; i < currentCount; i++) byMeter[current[i]! - meters.first]! += channels;
      for (let i = 0; i < lateCount; i++) byMeter[lateMeter[i]! - meters.first]! += channels;
      if (step >= askedSteps) continue;
      for (let i = 0; i < lateCount; i++) available[lateStep[i]!]! += channels;
      available[step]! += currentCount * channels;
      planned += (currentCount + lateCount) * channels;
      lost += plan.rows.lost * channels;
    }
    return { askedSteps, planned, sent: sentSteps === null ? null : sent, lostByPlan: lost, linkUp, sentInTime, sentLate, available, plannedByMeter, openByMeter };
  }

  /** At which step the rows of a meter leave, -1: not within the run. */
  #sentSteps(of: { readonly station: number; readonly meters: Meters; readonly meter: number; readonly firstStep: number; readonly endStep: number }): number[] {
    const { station, meters, meter, firstStep, endStep } = of;
    const plan = this.#planOf(station, meters);
    const { ledger } = this.#options;
    const left = Array.from({ length: endStep - firstStep }, () => -1);
    // What was not sent before the run was interrupted is not within it.
    const steps = ledger === null || ledger.complete ? this.facts.steps : ledger.sent[station]!;
    plan.seek(station, firstStep);
    for (let step = firstStep; step < steps; step++) {
      plan.step(station);
      const { current, currentCount, lateMeter, lateStep, lateCount } = plan.rows;
      if (step < endStep && current.subarray(0, currentCount).includes(meter)) left[step - firstStep] = step;
      for (let i = 0; i < lateCount; i++) {
        const measured = lateStep[i]!;
        if (lateMeter[i] === meter && measured >= firstStep && measured < endStep) left[measured - firstStep] = step;
      }
    }
    return left;
  }

  #timesOf(firstStep: number, endStep: number): number[] {
    const { startUnixSeconds, intervalSeconds } = this.facts;
    return Array.from({ length: endStep - firstStep }, (_, i) => startUnixSeconds + (firstStep + i) * intervalSeconds);
  }

  #metersOf(station: number): Meters {
    return generateMeters(this.#options.scenario, this.#stations, { fromStation: station, toStation: station + 1 });
  }

  #planOf(station: number, meters: Meters): Plan {
    return new Plan({ scenario: this.#options.scenario, stations: this.#stations, meters, fromStation: station, toStation: station + 1 });
  }

  /** The last station that begins at or before the meter and has it. */
  #stationOf(meter: number): number {
    const { firstMeter, count } = this.#stations;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (firstMeter[middle]! <= meter) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Steps whose timestamp lies in the day. */
  #stepsOfDay(day: number): { readonly firstStep: number; readonly endStep: number } {
    const { startUnixSeconds, offsetMinutes, intervalSeconds, steps } = this.facts;
    const firstDay = firstDayOf(this.facts);
    const stepAt = (ofDay: number): number => {
      const midnight = (firstDay + ofDay) * SECONDS_PER_DAY - offsetMinutes * 60;
      return Math.min(steps, Math.max(0, Math.ceil((midnight - startUnixSeconds) / intervalSeconds)));
    };
    return { firstStep: stepAt(day), endStep: stepAt(day + 1) };
  }
}

function factsOf(scenario: Scenario, stations: Stations): GridFacts {
  const { behaviour, grid } = scenario;
  const { steps, intervalSeconds, start } = behaviour;
  const base = { startUnixSeconds: start.unixSeconds, offsetMinutes: start.offsetMinutes };
  const last = start.unixSeconds + (steps - 1) * intervalSeconds;
  return {
    stations: stations.count,
    meters: stations.meters,
    steps,
    intervalSeconds,
    ...base,
    channels: channelCount(behaviour.registers),
    days: firstDayOf({ ...base, startUnixSeconds: last }) - firstDayOf(base) + 1,
    links: grid.links.map(({ name }) => name),
    accessibility: behaviour.concentratorAccessibility.map(({ name }) => name),
  };
}

/** Day of the grid's calendar, since 1970. */
function firstDayOf({ startUnixSeconds, offsetMinutes }: Pick<GridFacts, 'startUnixSeconds' | 'offsetMinutes'>): number {
  return Math.floor((startUnixSeconds + offsetMinutes * 60) / SECONDS_PER_DAY);
}

/** A bundled pattern, or a file without its folders. */
function patternName(pattern = ''): string {
  return pattern.split(/[/\\]/).at(-1) ?? '';
}
