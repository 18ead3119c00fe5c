/**
 * A meter as long as somebody talks to it. A meter at rest has no object: it is a row of the grid's columns, and everything
 * that it says is computed from them, the seed and the time. What operators did to it is in `DeviceChanges`.
 *
 * Control is not truth: a relay that was opened, a tariff calendar that was activated, a clock that was set change what the
 * meter says of its relay, calendar, clock and logs, and never its registers. Truth stays a pure function of the scenario,
 * so every register can be checked at any time, without knowing what operators did.
 */

import { streamKey } from '../../base/random.ts';
import type { Scenario } from '../../grid/scenario/scenario.ts';
import type { Meters } from '../../grid/topology/topology.ts';
import type { Truth } from '../../grid/truth/truth.ts';
import { Device, type DeviceKind } from './device.ts';
import { DeviceChanges } from './device-changes.ts';
import type { HeldRows, ReadingsObserver } from './held-rows.ts';
import { MeterHistory } from './meter-history.ts';
import { type Demand, Quantities } from './quantities.ts';

/** What all meters of a process share. */
export interface MeterKind extends DeviceKind {
  readonly scenario: Scenario;
  readonly meters: Meters;
  readonly truth: Truth;
  readonly rows: HeldRows;
  readonly observer: ReadingsObserver | null;
  readonly quantities: Quantities;
  readonly history: MeterHistory;
  /** A client or a script asks a meter to push. False: it can't. */
  readonly push: ((meter: number, station: number, setup: PushSetupName) => boolean) | null;
}

export type PushSetupName = 'interval' | 'alarm';

export interface MeterKindOptions {
  readonly scenario: Scenario;
  readonly meters: Meters;
  readonly truth: Truth;
  readonly rows: HeldRows;
  readonly observer?: ReadingsObserver;
  /** Whole Unix seconds of the grid at a station. */
  readonly nowUnixSeconds: (station: number) => number;
  readonly push?: (meter: number, station: number, setup: PushSetupName) => boolean;
}

export function meterKind(options: MeterKindOptions): MeterKind {
  const { scenario, meters, truth, rows, nowUnixSeconds, push } = options;
  return {
    scenario,
    meters,
    truth,
    rows,
    observer: options.observer ?? null,
    push: push ?? null,
    quantities: new Quantities({ scenario, meters, truth }),
    history: new MeterHistory({ scenario, truth }),
    ...siteOf(scenario, 'meter'),
    nowUnixSeconds,
    changes: new DeviceChanges(),
  };
}

/** What a kind of devices takes from the scenario. */
export function siteOf(scenario: Scenario, kind: 'meter' | 'concentrator'): Omit<DeviceKind, 'nowUnixSeconds' | 'changes'> {
  const { behaviour, seed } = scenario;
  return {
    driftKey: streamKey(seed, `${kind}-clock-drift`),
    startUnixSeconds: behaviour.start.unixSeconds,
    intervalSeconds: behaviour.intervalSeconds,
    steps: behaviour.steps,
    offsetMinutes: behaviour.start.offsetMinutes,
  };
}

export class MeterView extends Device {
  override readonly kind: MeterKind;
  /** The logical device at which it was opened: 1 at the meter itself, 16 and up at its concentrator. */
  readonly sap: number;
  /** Greatest demand of a billing period as far as it was looked for; so that reading it again looks at what is new alone. */
  demand: { readonly from: number; readonly to: number; readonly most: Demand | null } | null = null;

  constructor(options: { readonly meter: number; readonly station: number; readonly sap: number; readonly kind: MeterKind }) {
    super({ number: options.meter, station: options.station, kind: options.kind });
    this.kind = options.kind;
    this.sap = options.sap;
  }

  /** Whether its concentrator reaches it in the step that runs. */
  override get reachable(): boolean {
    return this.kind.rows.meterUp(this.number, Math.max(0, this.step));
  }
}
