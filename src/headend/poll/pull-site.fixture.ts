/**
 * Real simulated concentrators and the real poller that reads them, on a clock and a wire of the test's choice. The wire is
 * watched: how many connections a device has at once, seen from both sides, and which APDUs are sent to it.
 */

import { type Clock, VirtualClock } from '../../base/clock.ts';
import { packageFile } from '../../base/package-root.ts';
import { draw, streamKey } from '../../base/random.ts';
import { parseScenario } from '../../grid/scenario/parse.ts';
import type { Scenario } from '../../grid/scenario/scenario.ts';
import { MemoryWire } from '../../network/wire/memory-wire.ts';
import type { Connection, ConnectionHandlers, Endpoint, Listener, Wire } from '../../network/wire/wire.ts';
import type { ClientAssociation } from '../../protocol/dlms/client/client-association.ts';
import { invokeMethod, readData } from '../../protocol/dlms/client/client-reader.ts';
import type { Exchange } from '../../protocol/dlms/client/client-options.ts';
import { devicesOf, pollPlans } from '../../run/poll-plans.ts';
import { PullSegment } from '../../run/pull-segment.ts';
import { buildSegment, type SegmentGrid } from '../../run/segment.ts';
import type { Device } from '../../simulator/meter/device.ts';
import type { PullSimulator } from '../../simulator/pull-simulator.ts';
import { MemoryBufferFiles, MemoryDisk } from '../buffer/memory-buffer-files.ts';
import { credentialsOf } from './credentials.ts';
import { Poller, type PollerOptions } from './poller.ts';
import type { PollAnswer, RequestTarget } from './request-desk.ts';

export const IMPORT_TOTAL = { classId: 3, logicalName: Uint8Array.of(1, 0, 1, 8, 0, 255), attribute: 2 } as const;
const SUPPLY_STATE = { classId: 70, logicalName: Uint8Array.of(0, 0, 96, 3, 10, 255), attribute: 3 } as const;
const DISCONNECT = { classId: 70, logicalName: Uint8Array.of(0, 0, 96, 3, 10, 255), method: 1 } as const;
export const ALWAYS_UP = [reached('concentrator', 100), reached('meter', 100)];

/** Accessibility of all of a kind. */
export function reached(kind: 'concentrator' | 'meter', percent: number): string {
  return `behaviour.${kind}-accessibility=[{ name: all, share: 100%, accessible: ${percent}%, outage: 20 min }]`;
}

const WRAPPER_BYTES = 8;

/** A wire that counts the connections between the same two addresses, and may lose what is sent. */
export class WatchedWire implements Wire {
  /** Most connections that one device had at once: as its caller has it, and as it has it. */
  calledMax = 0;
  servedMax = 0;
  /** First bytes of plain APDUs that were sent to devices, by device and in order. */
  readonly sent: { readonly to: string; readonly tag: number }[] = [];
  /** True: what is sent is lost. */
  loses: (to: Endpoint, tag: number) => boolean = () => false;
  readonly #wire: Wire;
  readonly #called = new Map<string, number>();
  readonly #served = new Map<string, number>();

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Connections that their caller has not closed. */
  get open(): number {
    return [...this.#called.values()].reduce((sum, count) => sum + count, 0);
  }

  openTo(endpoint: Endpoint): number {
    return this.#called.get(keyOf(endpoint)) ?? 0;
  }

  connect(options: { readonly from?: string; readonly to: Endpoint }, handlers: ConnectionHandlers): Connection {
    const { to } = options;
    const leave = entered(this.#called, keyOf(to), (count) => (this.calledMax = Math.max(this.calledMax, count)));
    const connection = this.#wire.connect(options, {
      ...handlers,
      onOpen: () => handlers.onOpen?.(),
      onData: (bytes) => handlers.onData(bytes),
      onClose: (reason) => {
        leave();
        handlers.onClose(reason);
      },
    });
    return {
      local: connection.local,
      remote: connection.remote,
      get queuedBytes() {
        return connection.queuedBytes;
      },
      write: (bytes) => {
        const tag = bytes[WRAPPER_BYTES] ?? 0;
        this.sent.push({ to: to.address, tag });
        return this.loses(to, tag) ? true : connection.write(bytes);
      },
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      end: () => connection.end(),
      destroy: () => {
        leave();
        connection.destroy();
      },
    };
  }

  listen(at: Endpoint, accept: (connection: Connection) => ConnectionHandlers, ready: (result: Listener | { readonly error: string }) => void): void {
    this.#wire.listen(
      at,
      (connection) => {
        const leave = entered(this.#served, keyOf(connection.local), (count) => (this.servedMax = Math.max(this.servedMax, count)));
        const handlers = accept(connection);
        return {
          onData: (bytes) => handlers.onData(bytes),
          onDrain: () => handlers.onDrain?.(),
          onClose: (reason) => {
            leave();
            handlers.onClose(reason);
          },
        };
      },
      ready,
    );
  }
}

function keyOf({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

/** Counts one up; what it answers counts it down, once. */
function entered(counts: Map<string, number>, key: string, tell: (count: number) => void): () => void {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  tell(count);
  let left = false;
  return () => {
    if (left) return;
    left = true;
    counts.set(key, (counts.get(key) ?? 0) - 1);
  };
}

/** A concentrator that may forget within a turn is asked at each step, so that a test knows the time at which it was. */
const ONE_STEP_A_TURN = 'behaviour.concentrator-memory=10';
const SIZES = 'grid.station-sizes=[{ name: all, share: 100%, meters: 5..60 }]';

export function scenarioOf(...sets: readonly string[]): Scenario {
  const parsed = parseScenario({ file: packageFile('scenarios', 'small-grid.yaml'), sets: ['behaviour.communication=pull', SIZES, ONE_STEP_A_TURN, ...sets] });
  if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
  return parsed.scenario;
}

export interface PullSiteOptions {
  readonly scenario: Scenario;
  readonly clock: Clock;
  readonly wire: Wire;
  /** Where the concentrators listen. */
  readonly listen?: Endpoint;
  readonly poller?: Partial<PollerOptions>;
}

export class PullSite {
  readonly grid: SegmentGrid;
  readonly wire: WatchedWire;
  readonly poller: Poller;
  readonly simulator: PullSimulator<Device>;
  readonly endpoints: readonly Endpoint[];
  /** All concentrators are read to the end. */
  finished = false;
  readonly #pull: PullSegment;
  readonly #scenario: Scenario;
  readonly #makePoller: () => Poller;

  constructor(options: PullSiteOptions) {
    const { scenario, clock, listen = { address: '0.0.0.0', port: 5000 } } = options;
    this.#scenario = scenario;
    this.wire = new WatchedWire(options.wire);
    this.grid = buildSegment(scenario, { index: 0, count: 1 });
    const masterKey = scenario.security === null ? null : Uint8Array.from({ length: 32 }, (_, i) => i);
    const random = randomOf(7);
    this.#pull = new PullSegment({
      prepare: { scenario, fromStep: 0, masterKey, firstAddress: null },
      grid: this.grid,
      listen,
      clock,
      wire: this.wire,
      random,
      onFinished: () => {
        this.finished = true;
      },
    });
    this.simulator = this.#pull.play(clock.unixMs());
    const devices = devicesOf(this.grid.stations, [{ port: listen.port, segment: 0 }], 1);
    this.endpoints = devices.map(({ endpoint }) => endpoint);
    const security = masterKey === null || scenario.security === null ? null : { masterKey, suite: scenario.security };
    const plan = pollPlans({ scenario, devices, originUnixMs: clock.unixMs(), security }, 1)[0];
    if (plan === undefined) throw new Error('there is a plan');
    const files = new MemoryBufferFiles({ clock, disk: new MemoryDisk(), seed: 1, delayMs: 1 });
    this.#makePoller = () =>
      new Poller({ ...plan, clock, wire: this.wire, files, number: 0, credentials: credentialsOf(security), random, groupRows: 8192, ...options.poller });
    this.poller = this.#makePoller();
  }

  /** A poller in another life: it remembers nothing. */
  another(): Poller {
    return this.#makePoller();
  }

  /** The concentrators answer, then the poller begins. */
  start(ready: () => void = () => {}): void {
    this.startDevices(() => this.startPoller(ready));
  }

  startDevices(ready: () => void): void {
    this.#pull.listen((result) => {
      if ('error' in result) throw new Error(result.error);
      this.simulator.start();
      ready();
    });
  }

  startPoller(ready: () => void = () => {}): void {
    this.poller.start((error) => {
      if (error !== null) throw new Error(error);
      ready();
    });
  }

  /** The last meter of a station, or the first one. */
  meterOf(station: number, which: 'first' | 'last' = 'last'): number {
    const { firstMeter } = this.grid.stations;
    return which === 'first' ? firstMeter[station]! : firstMeter[station + 1]! - 1;
  }

  metersOf(station: number): number {
    return this.meterOf(station) - this.meterOf(station, 'first') + 1;
  }

  /** What the meter's register shows now, by the truth. At `max` a concentrator stands at the first step that is not settled. */
  truthOf(station: number, meter: number): number {
    const { behaviour } = this.#scenario;
    const step = Math.min(this.simulator.ledger.confirmed[station]!, behaviour.steps - 1);
    return this.grid.truth.register(meter, 0, behaviour.start.unixSeconds + step * behaviour.intervalSeconds);
  }
}

/** A site on a virtual clock and a wire in memory. */
export class VirtualSite extends PullSite {
  readonly clock: VirtualClock;
  readonly memory: MemoryWire;

  constructor(options: { readonly sets?: readonly string[]; readonly seed?: number; readonly delayMs?: number; readonly poller?: Partial<PollerOptions> }) {
    const scenario = scenarioOf('grid.stations=40', 'grid.meters=1200', 'behaviour.steps=12', ...ALWAYS_UP, ...(options.sets ?? []));
    const clock = new VirtualClock(scenario.behaviour.start.unixSeconds * 1000);
    const memory = new MemoryWire({ clock, delayMs: options.delayMs ?? 5, seed: options.seed ?? 3 });
    super({ scenario, clock, wire: memory, poller: { activeMax: 4, ...options.poller } });
    this.clock = clock;
    this.memory = memory;
  }

  /** Until `done`, or the clock has gone on by `limitMs`. */
  run(done: () => boolean, limitMs = 600_000): boolean {
    return this.clock.run(done, this.clock.nowMs() + limitMs);
  }

  /** Does nothing for `ms` of the clock. */
  rest(ms: number): void {
    let over = false;
    this.clock.schedule(ms, () => {
      over = true;
    });
    this.run(() => over);
  }

  ask<T>(target: RequestTarget, operation: (association: ClientAssociation) => Exchange<T>): Asked<T> {
    const asked: Asked<T> = { answer: null, calls: 0, atMs: -1 };
    this.poller.request(target, operation, (answer) => {
      asked.answer = answer;
      asked.calls++;
      asked.atMs = this.clock.nowMs();
    });
    return asked;
  }

  /** The register in Wh, and what it should be, both at the moment of the answer. */
  askRegister(station: number, meter: number, more: Partial<RequestTarget> = {}): Asked<number> & { truth: number } {
    const asked = { answer: null as PollAnswer<number> | null, calls: 0, atMs: -1, truth: -1 };
    this.poller.request({ concentrator: station, meter, priority: 'on-demand', ...more }, readImport, (answer) => {
      asked.answer = answer;
      asked.calls++;
      asked.atMs = this.clock.nowMs();
      if ('value' in answer) asked.truth = this.truthOf(station, meter);
    });
    return asked;
  }
}

export interface Asked<T> {
  answer: PollAnswer<T> | null;
  calls: number;
  atMs: number;
}

/** Opens the supply relay. */
export function* disconnect(association: ClientAssociation): Exchange<null> {
  yield* invokeMethod(association, DISCONNECT, { type: 'integer', value: 0 });
  return null;
}

/** 0 disconnected, 1 connected. */
export function* supplyState(association: ClientAssociation): Exchange<unknown> {
  const data = yield* readData(association, SUPPLY_STATE);
  return 'value' in data ? data.value : null;
}

/** A+ in Wh. */
export function* readImport(association: ClientAssociation): Exchange<number> {
  const data = yield* readData(association, IMPORT_TOTAL);
  if (!('value' in data)) throw new Error('a register has a value');
  return Number(data.value);
}

function randomOf(seed: number): (bytes: number) => Uint8Array {
  const key = streamKey(seed, 'pull-site');
  let draws = 0;
  return (bytes) => Uint8Array.from({ length: bytes }, () => draw(key, draws++) & 0xff);
}
