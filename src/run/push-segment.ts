/** The concentrators of one segment that push, on a clock, a wire and the links of their scenario. */

import { type Clock, systemClock } from '../base/clock.ts';
import { TcpWire } from '../network/wire/tcp-wire.ts';
import type { Endpoint, Wire } from '../network/wire/wire.ts';
import { type BackOffLimits, backOffLimits } from '../simulator/back-off.ts';
import { PushMessages } from '../simulator/push-messages.ts';
import { PushSimulator } from '../simulator/push-simulator.ts';
import { LockStep, OpenLoop, type Schedule, type ScheduleOptions } from '../simulator/schedule.ts';
import { segmentLinks, type SegmentLinks } from './segment-links.ts';
import type { SegmentGrid } from './segment.ts';

export interface PushSegmentOptions {
  readonly grid: SegmentGrid;
  readonly fromStep: number;
  /** Concentrator c sends to targets[c mod n]. */
  readonly targets: readonly Endpoint[];
  readonly confirmed: boolean;
  /** Step 0 is due then. */
  readonly originUnixMs: number;
  readonly onFinished: () => void;
  readonly clock?: Clock;
  readonly wire?: Wire;
  /** Of the waiting between tries to connect. Default: the scenario's. */
  readonly seed?: number;
  readonly backOff?: BackOffLimits;
}

const NOWHERE: Endpoint = { address: '127.0.0.1', port: 0 };
const MS_PER_HUNDREDTH = 10;

export class PushSegment {
  readonly simulator: PushSimulator;
  readonly links: SegmentLinks;
  readonly #options: PushSegmentOptions;
  readonly #clock: Clock;

  constructor(options: PushSegmentOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { grid, targets, confirmed, fromStep } = options;
    const { scenario, times } = grid;
    const links = segmentLinks({ scenario, grid, clock: this.#clock, wire: options.wire ?? new TcpWire(), firstAddress: null }, () => 0);
    this.links = links;
    this.simulator = new PushSimulator({
      clock: this.#clock,
      plan: grid.plan,
      times,
      messages: new PushMessages(grid),
      seed: options.seed ?? scenario.seed,
      backOff: options.backOff ?? backOffLimits(scenario.speed),
      confirmed,
      fromStep,
      connect: (station, handlers) => links.connect(station, targets[station % targets.length] ?? NOWHERE, handlers),
      isReachable: (station) => links.isReachable(station),
      onStep: (station, step, bytes) => links.carried(station, this.#intendedMs(station, step), bytes),
      schedule: (onDue) => this.#schedule({ fromStation: grid.plan.fromStation, toStation: grid.plan.toStation, fromStep, steps: grid.plan.steps, onDue }),
      onFinished: options.onFinished,
    });
  }

  start(): void {
    this.links.start(this.#options.originUnixMs);
    this.simulator.start();
  }

  #schedule(options: ScheduleOptions): Schedule {
    const { grid, originUnixMs } = this.#options;
    const { scenario, times } = grid;
    const arrivalMs = (station: number, step: number): number => this.#intendedMs(station, step) + this.links.nextDelayMs(station);
    if (scenario.speed === 'max') return new LockStep({ ...options, arrivalMs });
    const clock = this.#clock;
    return new OpenLoop({ ...options, clock, times, speed: scenario.speed, originMs: clock.nowMs() + originUnixMs - clock.unixMs() });
  }

  /** Time of the grid at which the station's first message of a step is meant to leave. */
  #intendedMs(station: number, step: number): number {
    return this.#options.grid.times.sinceStartHundredths(station, step) * MS_PER_HUNDREDTH;
  }
}
