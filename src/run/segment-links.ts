/**
 * The links of one segment, put together from its scenario: with a speed bytes wait as long as their link takes, and connections end with their
 * lines; at `speed: max` nothing waits, and what each link would have taken is computed.
 */

import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { Clock, Timer } from '../base/clock.ts';
import { LinkOutages } from '../grid/plan/link-outages.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { Lines } from '../network/link/lines.ts';
import { LinkModel } from '../network/link/link-model.ts';
import { UP } from '../network/link/link-parameters.ts';
import { LinkWire } from '../network/link/link-wire.ts';
import type { DirectionCounts, DirectionStats, LinkCategoryStats, LineCounts } from '../network/link/link-stats.ts';
import { StampedWire } from '../network/link/stamped-wire.ts';
import type { Connection, ConnectionHandlers, Endpoint, Wire } from '../network/wire/wire.ts';
import { AddressBlock, concentratorAddress, LOOPBACK_FIRST } from './concentrator-address.ts';
import type { SegmentGrid } from './segment.ts';

/** What the links of a segment did, as it goes from process to process. Histograms: hdr-histogram-js, compressed base64, ms. */
export interface EncodedLinks {
  readonly categories: readonly EncodedLinkCategory[];
  /** By step: connections that ended because their line did; that were made. */
  readonly lost: readonly number[];
  readonly made: readonly number[];
  readonly peakConnectsPerSecond: number;
}

export interface EncodedLinkCategory {
  readonly up: EncodedDirection;
  readonly down: EncodedDirection;
  readonly lines: LineCounts;
  readonly handshake: string;
}

export interface EncodedDirection {
  readonly counts: DirectionCounts;
  readonly delay: string;
}

interface SegmentLinksOptions {
  readonly scenario: Scenario;
  readonly grid: SegmentGrid;
  readonly clock: Clock;
  readonly wire: Wire;
  /** Address of the first concentrator of the grid; null: on loopback. */
  readonly firstAddress: string | null;
}

/** What carries the bytes of a segment. */
export interface SegmentLinks {
  /** What concentrators listen on. */
  readonly wire: Wire;
  connect(station: number, to: Endpoint, handlers: ConnectionHandlers): Connection;
  isReachable(station: number): boolean;
  /** Of a push at `speed: max`: what a step would take; and how the next one would arrive after its intended time. */
  carried(station: number, atMs: number, bytes: number): void;
  nextDelayMs(station: number): number;
  /** Step 0 begins at `originUnixMs` of the clock. */
  start(originUnixMs: number): void;
  stop(): void;
  encoded(): EncodedLinks | null;
}

/** `gridMs`: time of the grid at a concentrator, where it is asked (pull at `speed: max`). */
export function segmentLinks(options: SegmentLinksOptions, gridMs: (station: number) => number): SegmentLinks {
  const { scenario } = options;
  if (scenario.network.links === 'ignored') return new NoLinks(options.wire);
  if (scenario.speed === 'max') return new StampedLinks(options, gridMs);
  return new CarriedLinks({ ...options, speed: scenario.speed });
}

/** The network as it is. */
class NoLinks implements SegmentLinks {
  readonly wire: Wire;

  constructor(wire: Wire) {
    this.wire = wire;
  }

  connect(station: number, to: Endpoint, handlers: ConnectionHandlers): Connection {
    return connectPlainly(this.wire, station, to, handlers);
  }

  isReachable(): boolean {
    return true;
  }

  carried(): void {}

  nextDelayMs(): number {
    return 0;
  }

  start(): void {}

  stop(): void {}

  encoded(): null {
    return null;
  }
}

class StampedLinks implements SegmentLinks {
  readonly wire: Wire;
  readonly #real: Wire;
  readonly #model: LinkModel;
  readonly #first: number;

  constructor(options: SegmentLinksOptions, gridMs: (station: number) => number) {
    const { fromStation } = options.grid.plan;
    this.#real = options.wire;
    this.#first = fromStation;
    this.#model = modelOf(options);
    this.wire = new StampedWire({
      wire: options.wire,
      model: this.#model,
      linkAt: linkAt(options),
      nowMs: (link) => gridMs(fromStation + link),
    });
  }

  connect(station: number, to: Endpoint, handlers: ConnectionHandlers): Connection {
    return connectPlainly(this.#real, station, to, handlers);
  }

  isReachable(): boolean {
    return true;
  }

  carried(station: number, atMs: number, bytes: number): void {
    this.#model.send(station - this.#first, UP, atMs, bytes);
  }

  nextDelayMs(station: number): number {
    return this.#model.nextDelayMs(station - this.#first, UP);
  }

  start(): void {}

  stop(): void {}

  encoded(): EncodedLinks {
    return { categories: this.#model.stats.map(encodedCategory), lost: [], made: [], peakConnectsPerSecond: 0 };
  }
}

class CarriedLinks implements SegmentLinks {
  readonly wire: LinkWire;
  readonly #options: SegmentLinksOptions & { readonly speed: number };
  readonly #model: LinkModel;
  readonly #outages: LinkOutages;
  readonly #isDown: Uint8Array;
  readonly #lost: Uint32Array;
  readonly #made: Uint32Array;
  #timer: Timer | null = null;
  #originUnixMs = 0;

  constructor(options: SegmentLinksOptions & { readonly speed: number }) {
    this.#options = options;
    const { scenario, grid, clock, wire, speed } = options;
    const { fromStation, toStation } = grid.plan;
    this.#model = modelOf(options);
    const { links: categories } = scenario.grid;
    const category = grid.stations.link.subarray(fromStation, toStation);
    const lines = new Lines({ seed: scenario.seed, categories, category, first: fromStation, stats: this.#model.stats });
    this.wire = new LinkWire({
      clock,
      wire,
      model: this.#model,
      lines,
      speed,
      linkAt: linkAt(options),
      onConnection: (event) => this.#count(event),
    });
    this.#outages = new LinkOutages({ scenario, stations: grid.stations, fromStation, toStation });
    this.#isDown = new Uint8Array(toStation - fromStation);
    this.#lost = new Uint32Array(scenario.behaviour.steps);
    this.#made = new Uint32Array(scenario.behaviour.steps);
  }

  connect(station: number, to: Endpoint, handlers: ConnectionHandlers): Connection {
    const from = (address: number): string | undefined => concentratorAddress(station, to.address, address);
    return this.wire.connectLink(station - this.#options.grid.plan.fromStation, { from, to }, handlers);
  }

  isReachable(station: number): boolean {
    return this.#isDown[station - this.#options.grid.plan.fromStation] === 0;
  }

  carried(): void {}

  nextDelayMs(): number {
    return 0;
  }

  start(originUnixMs: number): void {
    const { clock } = this.#options;
    this.#originUnixMs = originUnixMs;
    this.wire.start(clock.nowMs() + originUnixMs - clock.unixMs());
    this.#step();
  }

  stop(): void {
    this.#timer?.cancel();
    this.wire.stop();
  }

  encoded(): EncodedLinks {
    return {
      categories: this.#model.stats.map(encodedCategory),
      lost: Array.from(this.#lost),
      made: Array.from(this.#made),
      peakConnectsPerSecond: this.wire.peakConnectsPerSecond,
    };
  }

  /** Takes lines down and up as the plan has it at the step that begins now. After the last step all are up, so that nothing stays behind. */
  #step(): void {
    const { clock, scenario, grid } = this.#options;
    const { fromStation } = grid.plan;
    const { steps } = scenario.behaviour;
    const step = this.#stepNow();
    // Who is asked is told by its simulator which lines are up.
    if (scenario.behaviour.communication === 'push') {
      for (let i = 0; i < this.#isDown.length; i++) {
        const down = step >= 0 && step < steps && !this.#outages.isUp(fromStation + i, step) ? 1 : 0;
        if (down === this.#isDown[i]) continue;
        this.#isDown[i] = down;
        if (down === 1) this.wire.down(i);
        else this.wire.up(i);
      }
    }
    if (step >= steps) return;
    const next = this.#originUnixMs + (step + 1) * this.#stepMs;
    this.#timer = clock.schedule(Math.max(1, next - clock.unixMs()), () => this.#step());
  }

  #stepNow(): number {
    // Timers may be a little early.
    return Math.floor((this.#options.clock.unixMs() + 1 - this.#originUnixMs) / this.#stepMs);
  }

  get #stepMs(): number {
    const { scenario, speed } = this.#options;
    return (scenario.behaviour.intervalSeconds * 1000) / speed;
  }

  #count(event: 'made' | 'lost'): void {
    const counts = event === 'made' ? this.#made : this.#lost;
    const step = Math.min(Math.max(0, this.#stepNow()), counts.length - 1);
    counts[step] = counts[step]! + 1;
  }
}

function modelOf({ scenario, grid }: SegmentLinksOptions): LinkModel {
  const { fromStation, toStation } = grid.plan;
  const { direction, tcp } = scenario.network;
  return new LinkModel({
    seed: scenario.seed,
    categories: scenario.grid.links,
    category: grid.stations.link.subarray(fromStation, toStation),
    first: fromStation,
    direction,
    tcp,
  });
}

function linkAt({ grid, firstAddress }: SegmentLinksOptions): (address: string) => number {
  const block = new AddressBlock(firstAddress ?? LOOPBACK_FIRST);
  return (address) => block.stationAt(address) - grid.plan.fromStation;
}

function connectPlainly(wire: Wire, station: number, to: Endpoint, handlers: ConnectionHandlers): Connection {
  const from = concentratorAddress(station, to.address);
  return wire.connect(from === undefined ? { to } : { from, to }, handlers);
}

function encodedCategory({ up, down, lines, handshake }: LinkCategoryStats): EncodedLinkCategory {
  return { up: encodedDirection(up), down: encodedDirection(down), lines, handshake: encodeIntoCompressedBase64(handshake) };
}

function encodedDirection({ delay, ...counts }: DirectionStats): EncodedDirection {
  return { counts, delay: encodeIntoCompressedBase64(delay) };
}
