/**
 * The concentrators of one segment, being asked: they listen, serve whoever connects, and go on in time as `pull-time.ts`
 * says. All listen on one socket; the address that was called tells which concentrator is meant. A concentrator whose link is
 * down takes no connection and loses those it has. No object per meter; one connection object and one per association.
 *
 * A head-end that asks a concentrator's own profile for what comes after T says that it has everything up to T.
 */

import { present } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { Presence } from '../grid/plan/presence.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import type { Connection, Endpoint, Wire } from '../network/wire/wire.ts';
import { DlmsServer } from '../network/dlms/dlms-server.ts';
import type { ApduHandler } from '../network/dlms/server-framing.ts';
import type { ByteWriter } from '../protocol/dlms/data/byte-writer.ts';
import type { DeviceHost } from '../protocol/dlms/server/device-host.ts';
import { ServerConnection } from '../protocol/dlms/server/server-connection.ts';
import { ServerCore } from '../protocol/dlms/server/server-core.ts';
import { emptyServerStats, type ServerStats } from '../protocol/dlms/server/server-stats.ts';
import { DelayLog } from './delay-log.ts';
import { emptySimulatorStats, type Ledger, type SimulatorStats } from './simulator-stats.ts';
import type { PullTime } from './pull-time.ts';

export interface PullSimulatorOptions<D> {
  readonly clock: Clock;
  readonly wire: Wire;
  readonly scenario: Scenario;
  readonly presence: Presence;
  readonly fromStation: number;
  readonly toStation: number;
  readonly fromStep: number;
  readonly listen: Endpoint;
  /** The station that was called at an address of this machine; outside of the segment: nobody. */
  readonly stationAt: (address: string) => number;
  /** What a connection to the station talks to. */
  readonly hostOf: (station: number) => DeviceHost<D>;
  readonly random: (bytes: number) => Uint8Array;
  /** Called once, when the head-end has everything, or when it is hopeless. The concentrators go on answering. */
  readonly onFinished: () => void;
}

/** What the devices tell while they are read. */
export interface PullObserver {
  /** The own profile of a concentrator is asked for rows from `fromUnixSeconds` on, before it is answered. */
  asked(station: number, fromUnixSeconds: number): void;
  /** It was answered with all rows up to now, `readings` of them. */
  answered(station: number, readings: number): void;
  /** A meter's load profile was answered. */
  repaired(station: number, readings: number): void;
}

const SWEEP_MS = 200;
/** When no concentrator has come further for this long, though some should, the run ends as it is. */
const GIVE_UP_AFTER_MS = 600_000;
const WINDOW_STEPS = 64;

export class PullSimulator<D> implements PullObserver {
  readonly stats: SimulatorStats = emptySimulatorStats();
  readonly ledger: Ledger;
  readonly delays: DelayLog;
  readonly #options: PullSimulatorOptions<D>;
  readonly #core: ServerCore;
  #server: DlmsServer | null = null;
  #time: PullTime | null = null;
  readonly #connections: Set<Connection>[];
  #progressMs: number;
  #started = false;
  #sweeping: Timer | null = null;
  #finished = false;

  constructor(options: PullSimulatorOptions<D>) {
    this.#options = options;
    const { clock, fromStation, toStation, fromStep, random } = options;
    const count = toStation - fromStation;
    this.ledger = {
      fromStation,
      sent: new Uint32Array(count).fill(fromStep),
      confirmed: new Uint32Array(count).fill(fromStep),
    };
    this.delays = new DelayLog({ clock, count, windowSteps: WINDOW_STEPS });
    this.#connections = Array.from({ length: count }, () => new Set<Connection>());
    this.#progressMs = clock.nowMs();
    this.#core = new ServerCore({ stats: emptyServerStats(), random });
  }

  /** What the devices were asked, and what they refused. */
  get server(): ServerStats {
    return this.#core.stats;
  }

  /** How time goes. Before `start`. */
  use(time: PullTime): void {
    this.#time = time;
  }

  /** `ready` is told where it listens, or why it can't; nobody is reachable before `start`. */
  listen(ready: (result: Endpoint | { readonly error: string }) => void): void {
    const { clock, wire, listen } = this.#options;
    const server = DlmsServer.open({ clock, wire, at: listen, serve: (connection) => this.#accept(connection), idleMs: 0 }, (error) => {
      ready(error === null ? server.endpoint : { error });
    });
    this.#server = server;
  }

  start(): void {
    const { clock } = this.#options;
    const time = this.#running;
    this.#progressMs = clock.nowMs();
    this.#started = true;
    for (let i = 0; i < this.#connections.length; i++) this.#settle(i, this.ledger.confirmed[i]!);
    time.start();
    this.#sweepLater();
  }

  /** Steps below it are with the head-end, of every concentrator. */
  get settledStep(): number {
    return this.ledger.confirmed.reduce((least, step) => Math.min(least, step), this.#options.presence.steps);
  }

  get meanSettledStep(): number {
    const { confirmed } = this.ledger;
    if (confirmed.length === 0) return this.#options.presence.steps;
    return confirmed.reduce((sum, step) => sum + step, 0) / confirmed.length;
  }

  /** A step has begun: those whose link is down now lose their connections. */
  stepBegan(): void {
    const { fromStation } = this.#options;
    const time = this.#running;
    this.#connections.forEach((connections, i) => {
      if (connections.size === 0 || time.reachable(fromStation + i)) return;
      for (const connection of connections) connection.destroy();
    });
  }

  get #running(): PullTime {
    return present(this.#time, 'a pull has a time');
  }

  /** Nothing goes on any more by itself; who is connected is still answered. */
  hold(): void {
    this.#sweeping?.cancel();
  }

  /** Answers nobody any more. */
  end(): void {
    this.#time?.stop();
    this.#sweeping?.cancel();
    this.#server?.close();
  }

  // ---- What devices tell ----

  asked(station: number, fromUnixSeconds: number): void {
    const { scenario, presence, fromStation } = this.#options;
    const { start, intervalSeconds } = scenario.behaviour;
    const steps = Math.ceil((fromUnixSeconds - start.unixSeconds) / intervalSeconds);
    this.#settle(station - fromStation, Math.min(Math.max(0, steps), presence.steps));
  }

  answered(station: number, readings: number): void {
    const { fromStation } = this.#options;
    const time = this.#running;
    const i = station - fromStation;
    const step = time.step(station);
    this.stats.readings += readings;
    if (this.ledger.sent[i]! > step) return;
    this.ledger.sent[i] = step + 1;
    this.delays.sent(i, { step, readings, lateMs: time.sinceStepMs(station) });
  }

  repaired(_station: number, readings: number): void {
    this.stats.readings += readings;
  }

  // ---- Connections ----

  #accept(connection: Connection): ApduHandler | null {
    const { stationAt, fromStation, toStation, hostOf } = this.#options;
    const station = stationAt(connection.local.address);
    if (!this.#started || station < fromStation || station >= toStation || !this.#running.reachable(station)) {
      this.stats.refused++;
      return null;
    }
    this.stats.connects++;
    this.stats.connected++;
    const connections = this.#connections[station - fromStation]!;
    connections.add(connection);
    return new Called(new ServerConnection(this.#core, hostOf(station)), () => {
      connections.delete(connection);
      this.stats.connected--;
      this.stats.disconnects++;
    });
  }

  // ---- The end ----

  /** The head-end has all of the steps below `step`, and of those after them at which the link is down. */
  #settle(i: number, step: number): void {
    const { presence, fromStation, clock } = this.#options;
    const station = fromStation + i;
    const settled = presence.nextLinkUp(station, step);
    const before = this.ledger.confirmed[i]!;
    if (settled <= before && step > 0) return;
    this.ledger.confirmed[i] = Math.max(settled, before);
    this.ledger.sent[i] = Math.max(this.ledger.sent[i]!, this.ledger.confirmed[i]!);
    this.stats.confirmations++;
    this.stats.confirmedReadings += this.delays.settle(i, before, settled);
    this.#progressMs = clock.nowMs();
    this.#running.settled(station, step);
  }

  #sweepLater(): void {
    this.#sweeping = this.#options.clock.schedule(SWEEP_MS, () => {
      this.#takeStats();
      if (!this.#finished && this.#isOver()) {
        this.#finished = true;
        this.#options.onFinished();
      }
      this.#sweepLater();
    });
  }

  #takeStats(): void {
    const { stats } = this;
    stats.messages = this.#core.stats.answers;
    stats.malformed = this.#core.stats.exceptions.malformed + this.#core.stats.exceptions.unknown;
    stats.bytes = this.#server?.stats.bytesSent ?? 0;
  }

  #isOver(): boolean {
    const { clock, presence, fromStation, scenario } = this.#options;
    const time = this.#running;
    const { confirmed, sent } = this.ledger;
    if (confirmed.every((step) => step === presence.steps)) return true;
    if (clock.nowMs() - this.#progressMs >= giveUpAfterMs(scenario)) return true;
    if (time.waits || clock.unixMs() < time.endUnixMs) return false;
    // The time is over. Nobody asks again for what was answered at the last step with a link, and nobody reaches the others.
    return sent.every((step, i) => presence.nextLinkUp(fromStation + i, step) === presence.steps || !time.reachable(fromStation + i));
  }
}

/** A head-end may ask once in a step. */
function giveUpAfterMs({ speed, behaviour }: Scenario): number {
  return speed === 'max' ? GIVE_UP_AFTER_MS : Math.max(GIVE_UP_AFTER_MS, (3000 * behaviour.intervalSeconds) / speed);
}

/** The server's side of one connection, and who wants to know when it is gone. */
class Called<D> implements ApduHandler {
  readonly #connection: ServerConnection<D>;
  readonly #onClose: () => void;

  constructor(connection: ServerConnection<D>, onClose: () => void) {
    this.#connection = connection;
    this.#onClose = onClose;
  }

  receive(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): number {
    return this.#connection.receive(apdu, clientSap, serverSap, out);
  }

  more(clientSap: number, serverSap: number, out: ByteWriter): number {
    return this.#connection.more(clientSap, serverSap, out);
  }

  leave(clientSap: number, serverSap: number): void {
    this.#connection.leave(clientSap, serverSap);
  }

  close(): void {
    this.#connection.close();
    this.#onClose();
  }
}
