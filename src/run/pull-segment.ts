/** The concentrators of one segment with everything that a head-end can ask them, on a clock and a wire. */

import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../base/clock.ts';
import { Presence } from '../grid/plan/presence.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { TcpWire } from '../network/wire/tcp-wire.ts';
import type { Endpoint, Wire } from '../network/wire/wire.ts';
import { MasterKey } from '../protocol/dlms/security/keys.ts';
import { ConcentratorHosts } from '../simulator/concentrator/concentrator-host.ts';
import { concentratorKind } from '../simulator/concentrator/concentrator-view.ts';
import type { Device } from '../simulator/meter/device.ts';
import { meterKind } from '../simulator/meter/meter-view.ts';
import { PullSimulator } from '../simulator/pull-simulator.ts';
import { AskedTime, ClockTime, type PullTime } from '../simulator/pull-time.ts';
import { AddressBlock, LOOPBACK_FIRST } from './concentrator-address.ts';
import type { ToSimulator } from './simulator-messages.ts';
import { segmentLinks, type SegmentLinks } from './segment-links.ts';
import type { SegmentGrid } from './segment.ts';

export interface PullSegmentOptions {
  readonly prepare: Pick<Extract<ToSimulator, { type: 'prepare' }>, 'scenario' | 'fromStep' | 'masterKey' | 'firstAddress'>;
  readonly grid: SegmentGrid;
  readonly listen: Endpoint;
  readonly onFinished: () => void;
  readonly clock?: Clock;
  readonly wire?: Wire;
  readonly random?: (bytes: number) => Uint8Array;
}

export class PullSegment {
  readonly simulator: PullSimulator<Device>;
  readonly links: SegmentLinks;
  readonly #options: PullSegmentOptions;
  readonly #clock: Clock;
  readonly #presence: Presence;
  #time: PullTime;

  constructor(options: PullSegmentOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { grid, prepare, listen, onFinished } = options;
    const { scenario, fromStep } = prepare;
    const { fromStation, toStation } = grid.plan;
    this.#presence = new Presence({ ...grid, fromStation, toStation });
    this.#time = new AskedTime({ scenario, presence: this.#presence, fromStation, toStation, fromStep });
    this.links = segmentLinks(
      { scenario, grid, clock: this.#clock, wire: options.wire ?? new TcpWire(), firstAddress: prepare.firstAddress },
      (station) => (this.#time.unixSeconds(station) - scenario.behaviour.start.unixSeconds) * 1000,
    );
    const block = new AddressBlock(prepare.firstAddress ?? LOOPBACK_FIRST);
    const hosts = this.#hosts();
    this.simulator = new PullSimulator<Device>({
      clock: this.#clock,
      wire: this.links.wire,
      scenario,
      presence: this.#presence,
      fromStation,
      toStation,
      fromStep,
      listen,
      stationAt: (address) => block.stationAt(address),
      hostOf: (station) => hosts.of(station),
      random: options.random ?? ((bytes) => randomBytes(bytes)),
      onFinished,
    });
  }

  listen(ready: (result: Endpoint | { readonly error: string }) => void): void {
    this.simulator.listen(ready);
  }

  /** Sets the time of the grid; the simulator is to be started then. */
  play(originUnixMs: number): PullSimulator<Device> {
    const { scenario, fromStep } = this.#options.prepare;
    const { fromStation, toStation } = this.#options.grid.plan;
    const common = { scenario, presence: this.#presence, fromStation, toStation };
    this.#time =
      scenario.speed === 'max'
        ? new AskedTime({ ...common, fromStep })
        : new ClockTime({ ...common, clock: this.#clock, speed: scenario.speed, originUnixMs, waits: linesDrop(scenario), onStep: () => this.simulator.stepBegan() });
    this.simulator.use(this.#time);
    this.links.start(originUnixMs);
    return this.simulator;
  }

  #hosts(): ConcentratorHosts {
    const { grid, prepare } = this.#options;
    const { scenario, stations, meters, truth } = grid;
    const { fromStation, toStation } = grid.plan;
    const { masterKey } = prepare;
    const nowUnixSeconds = (station: number): number => this.#time.unixSeconds(station);
    const observer = {
      asked: (station: number, fromUnixSeconds: number): void => this.simulator.asked(station, fromUnixSeconds),
      answered: (station: number, readings: number): void => this.simulator.answered(station, readings),
      repaired: (station: number, readings: number): void => this.simulator.repaired(station, readings),
    };
    const rows = this.#presence;
    return new ConcentratorHosts({
      meterKind: meterKind({ scenario, meters, truth, rows, observer, nowUnixSeconds }),
      concentratorKind: concentratorKind({ scenario, stations, fromStation, toStation, truth, rows, observer, nowUnixSeconds }),
      // Counters are not stored: a new life of the process begins above all that an earlier one can have sent.
      security: masterKey === null || scenario.security === null
        ? null
        : { masterKey: new MasterKey(masterKey), suite: scenario.security, counterStart: counterStart(this.#clock) },
    });
  }
}

/** Whether lines go down otherwise than by plan. */
function linesDrop({ network, grid }: Scenario): boolean {
  return network.links === 'played' && grid.links.some(({ session }) => session !== null);
}

/**
 * Milliseconds, modulo 2^31 (25 days): in one life no device sends more than a message in a millisecond, so a later life
 * begins above. Only a run that goes over the end of such a period and loses a process after it would repeat numbers.
 */
function counterStart(clock: Clock): number {
  return Math.floor(clock.unixMs()) % 2 ** 31;
}
