/**
 * Reads devices that wait to be asked: the mass reading of all concentrators round by round, repairs of gaps, single reads
 * and commands in between. What is read goes into the same durable buffer as what is pushed.
 *
 * It knows an inventory (who is where, in which cell) and a period, nothing of the grid. A device has one connection, over
 * which one exchange runs at a time; see `poll-scheduler.ts` for who is next. When the store lags, nothing new is begun.
 */

import { assert } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Endpoint, Wire } from '../../network/wire/wire.ts';
import type { ClientAssociation } from '../../protocol/dlms/client/client-association.ts';
import type { ClientOptions, Exchange } from '../../protocol/dlms/client/client-options.ts';
import type { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import type { BufferFiles } from '../buffer/buffer-files.ts';
import { BufferWriter } from '../buffer/buffer-writer.ts';
import { GroupCommit } from '../buffer/group-commit.ts';
import { BacklogWatch } from '../buffer/backlog-watch.ts';
import { ConcentratorPoll } from './concentrator-poll.ts';
import type { Credentials, DeviceName } from './credentials.ts';
import { DeviceSession, type SessionCounters } from './device-session.ts';
import type { ProfileLayout } from './meter-profile.ts';
import { type BackOffTimes, PollScheduler } from './poll-scheduler.ts';
import { emptyPollStats, type PollStats } from './poll-stats.ts';
import { SendScratch } from './send-scratch.ts';
import { type PollAnswer, type PolledDevice, RequestDesk, type RequestTarget } from './request-desk.ts';

/** One entry of the inventory. */
export interface PollDevice {
  /** Number of the concentrator. */
  readonly concentrator: number;
  readonly endpoint: Endpoint;
  /** Radio cell that it shares with others. */
  readonly cell: number;
  /** Its meters are numbered in a row. Only read on demand by them; who is there the concentrator says. */
  readonly firstMeter: number;
  readonly meters: number;
}

export interface PollerOptions {
  readonly clock: Clock;
  readonly wire: Wire;
  readonly files: BufferFiles;
  /** Of this poller; no two running takers of one directory share it. */
  readonly number: number;
  readonly devices: readonly PollDevice[];
  readonly credentials: Credentials;
  readonly random: (bytes: number) => Uint8Array;
  /** Collect rows from here on. */
  readonly sinceUnixSeconds: number;
  readonly periodSeconds: number;
  /** Local time minus UTC of the devices. */
  readonly offsetMinutes: number;
  /** 0: as fast as the devices answer. Otherwise a round begins every so many ms, the first at `firstRoundUnixMs`. */
  readonly roundMs: number;
  readonly firstRoundUnixMs: number;
  /** Devices that are asked at once; default 256, of one cell 64. */
  readonly activeMax?: number;
  readonly cellMax?: number;
  readonly timeoutMs?: number;
  readonly backOff?: BackOffTimes;
  readonly groupRows?: number;
  readonly groupMs?: number;
  readonly fileBytesMax?: number;
  readonly rollMs?: number;
  readonly retryMs?: number;
  readonly backlogBytesMax?: number;
  readonly seed?: number;
}

const DEFAULTS = {
  activeMax: 256,
  cellMax: 64,
  timeoutMs: 10_000,
  backOff: { baseMs: 200, capMs: 60_000 },
  groupRows: 131_072,
  groupMs: 10,
  fileBytesMax: 32 * 2 ** 20,
  rollMs: 250,
  retryMs: 500,
  backlogBytesMax: 4 * 2 ** 30,
  seed: 1,
} as const;

/** Reads on demand and commands of one device that wait or are under way. */
const REQUESTS_MAX = 256;
const SWEEP_MS = 250;
const BACKLOG_LOOK_MS = 100;
/** Pause of a concentrator that had nothing new, when rounds follow each other without a pause; grows up to the cap. */
const IDLE_MS = 10;
const IDLE_CAP_MS = 500;
/** On stopping: how long rounds under way may take. */
const STOP_MS = 30_000;

export class Poller {
  readonly #options: Required<PollerOptions>;
  readonly #stats = emptyPollStats();
  readonly #counters: SessionCounters;
  readonly #writer: BufferWriter;
  readonly #commit: GroupCommit;
  readonly #backlog: BacklogWatch;
  readonly #scheduler: PollScheduler;
  readonly #desk: RequestDesk;
  readonly #sessions: DeviceSession[] = [];
  readonly #polls: ConcentratorPoll[] = [];
  readonly #placeOf = new Map<number, number>();
  readonly #idleRounds: Uint8Array;
  /** A round was due while the one before went on. */
  readonly #overdue: Uint8Array;
  #sweeping: Timer | null = null;
  #ticking: Timer | null = null;
  #stopping = false;

  constructor(options: PollerOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { clock, files, devices, groupRows, groupMs, fileBytesMax, rollMs, retryMs } = this.#options;
    this.#counters = this.#stats;
    this.#writer = new BufferWriter({ clock, files, intake: options.number, rowsMax: groupRows, fileBytesMax, rollMs, retryMs });
    this.#commit = new GroupCommit({ clock, writer: this.#writer, groupRows, groupMs });
    this.#scheduler = new PollScheduler({
      clock,
      devices: devices.length,
      cells: Uint16Array.from(devices, (device) => device.cell),
      activeMax: this.#options.activeMax,
      cellMax: this.#options.cellMax,
      // And the next job of its own reading.
      jobsMax: REQUESTS_MAX + 1,
      backOff: this.#options.backOff,
      seed: this.#options.seed,
    });
    this.#desk = new RequestDesk({
      clock,
      scheduler: this.#scheduler,
      stats: this.#stats,
      pendingMax: REQUESTS_MAX,
      deviceOf: (concentrator) => this.#deviceOf(concentrator),
      association: ({ concentrator, meter }, serverSap) => this.#association(concentrator, serverSap, meter),
      onFailure: (device, error) => this.#exchangeFailed(device, error),
    });
    this.#backlog = new BacklogWatch({
      clock,
      files,
      bytesMax: this.#options.backlogBytesMax,
      everyMs: BACKLOG_LOOK_MS,
      onChange: (over) => {
        // What brings no rows goes on.
        if (over) this.#scheduler.pause('repair');
        else if (!this.#stopping) this.#scheduler.resume();
      },
    });
    this.#idleRounds = new Uint8Array(devices.length);
    this.#overdue = new Uint8Array(devices.length);
    const scratch = new SendScratch();
    const layout: { meter: ProfileLayout | null } = { meter: null };
    devices.forEach((device, place) => this.#addDevice(device, place, { scratch, layout }));
  }

  /** Opens the buffer, then begins to read. */
  start(onReady: (error: string | null) => void): void {
    this.#writer.start((fault) => {
      if (fault !== null) {
        onReady(fault.error);
        return;
      }
      this.#backlog.start();
      this.#sweepLater();
      onReady(null);
      if (this.#options.roundMs === 0) this.#polls.forEach((poll) => poll.startRound());
      else this.#tickLater();
    });
  }

  stats(): PollStats {
    const { stats } = this.#writer;
    const scheduler = this.#scheduler;
    return {
      ...this.#stats,
      malformed: { ...this.#stats.malformed },
      failures: scheduler.failures,
      active: scheduler.active,
      activePeak: scheduler.activePeak,
      durableReadings: stats.rows,
      lastBufferFault: stats.lastFault,
      backlogBytes: this.#backlog.bytes,
    };
  }

  /**
   * One operation with a logical device, in between the mass reading: `command` before all, `on-demand` before repairs.
   * `meter` null: the concentrator's own device. `operation` gets an association that is made and released around it; it may
   * be called once for each try. `done` is called once, unless the poller crashes; before this returns when it is refused.
   */
  request<T>(target: RequestTarget, operation: (association: ClientAssociation) => Exchange<T>, done: (answer: PollAnswer<T>) => void): void {
    this.#desk.request(target, operation, done);
  }

  /**
   * Begins no further round, takes no further request, ends those under way as far as their devices answer, makes everything
   * durable, seals the buffer and closes all connections; then calls back.
   */
  stop(onStopped: () => void): void {
    assert(!this.#stopping, 'a poller is stopped once');
    this.#stopping = true;
    this.#ticking?.cancel();
    this.#backlog.stop();
    this.#desk.stop();
    this.#scheduler.resume();
    this.#endWhenIdle(this.#options.clock.nowMs() + STOP_MS, onStopped);
  }

  /** Lets everything go at once, as a crash would. */
  crash(): void {
    this.#stopping = true;
    this.#ticking?.cancel();
    this.#sweeping?.cancel();
    this.#backlog.stop();
    this.#scheduler.pause();
    this.#desk.crash();
    for (const session of this.#sessions) session.close();
  }

  #endWhenIdle(limitMs: number, onStopped: () => void): void {
    const { clock } = this.#options;
    if (!this.#scheduler.idle && clock.nowMs() < limitMs) {
      clock.schedule(10, () => this.#endWhenIdle(limitMs, onStopped));
      return;
    }
    this.#scheduler.pause();
    this.#sweeping?.cancel();
    this.#desk.end();
    for (const session of this.#sessions) session.close();
    this.#commit.added(() => this.#writer.stop(onStopped));
  }

  #addDevice(
    device: PollDevice,
    place: number,
    shared: { readonly scratch: SendScratch; readonly layout: { meter: ProfileLayout | null } },
  ): void {
    const { clock, wire, timeoutMs, sinceUnixSeconds, periodSeconds, offsetMinutes } = this.#options;
    const session = new DeviceSession({
      clock,
      wire,
      endpoint: device.endpoint,
      timeoutMs,
      counters: this.#counters,
      scratch: shared.scratch,
      onLost: () => poll.lost(),
    });
    const poll = new ConcentratorPoll({
      session,
      commit: this.#commit,
      stats: this.#stats,
      layout: shared.layout,
      association: (serverSap, meter) => this.#association(device.concentrator, serverSap, meter),
      onFailure: (meter, error) => this.#exchangeFailed({ concentrator: device.concentrator, meter }, error),
      submit: (job) => {
        const taken = this.#scheduler.submit(place, job);
        assert(taken, 'a device has room for its own next job');
      },
      sinceUnixSeconds,
      periodSeconds,
      offsetMinutes,
      onSettled: (rows) => this.#settled(place, rows),
    });
    this.#sessions.push(session);
    this.#polls.push(poll);
    this.#placeOf.set(device.concentrator, place);
  }

  #deviceOf(concentrator: number): PolledDevice | null {
    const place = this.#placeOf.get(concentrator);
    if (place === undefined) return null;
    return { place, session: this.#sessions[place]!, poll: this.#polls[place]! };
  }

  #association(concentrator: number, serverSap: number, meter: number | null): ClientOptions {
    const { clientSap, mechanism = 0, security = null } = this.#options.credentials.optionsFor({ concentrator, meter });
    // Always of one shape, with what is not there said: one is made for each repair, and looked at for each message.
    return { clientSap, serverSap, mechanism, security, gateway: null, preEstablished: null, random: this.#options.random };
  }

  #exchangeFailed(device: DeviceName, error: DlmsError): void {
    const counter = error.details.exception?.counter ?? null;
    if (counter !== null) this.#options.credentials.counterWanted(device, counter);
    if (LINK_CODES.has(error.code)) return;
    this.#stats.malformedMessages++;
    this.#stats.malformed[error.code] = (this.#stats.malformed[error.code] ?? 0) + 1;
  }

  #settled(place: number, rows: boolean): void {
    if (this.#stopping) return;
    const poll = this.#polls[place];
    if (poll === undefined) return;
    if (this.#options.roundMs > 0) {
      if (this.#overdue[place] === 0) return;
      this.#overdue[place] = 0;
      poll.startRound();
      return;
    }
    if (rows) {
      this.#idleRounds[place] = 0;
      poll.startRound();
      return;
    }
    const idle = this.#idleRounds[place]!;
    this.#idleRounds[place] = Math.min(idle + 1, 10);
    this.#options.clock.schedule(Math.min(IDLE_CAP_MS, IDLE_MS * 2 ** idle), () => {
      if (!this.#stopping) poll.startRound();
    });
  }

  /** The next round of all, at its time. */
  #tickLater(): void {
    const { clock, roundMs, firstRoundUnixMs } = this.#options;
    const since = clock.unixMs() - firstRoundUnixMs;
    const waitMs = since < 0 ? -since : roundMs - (since % roundMs);
    this.#ticking = clock.schedule(waitMs, () => {
      this.#polls.forEach((poll, place) => {
        if (!poll.inRound) {
          poll.startRound();
          return;
        }
        if (this.#overdue[place] === 0) this.#stats.lateRounds++;
        this.#overdue[place] = 1;
      });
      this.#tickLater();
    });
  }

  #sweepLater(): void {
    this.#sweeping = this.#options.clock.schedule(SWEEP_MS, () => {
      const nowMs = this.#options.clock.nowMs();
      for (const session of this.#sessions) session.sweep(nowMs);
      this.#sweepLater();
    });
  }
}

/** The network's faults: no sign of a bad device. */
const LINK_CODES: ReadonlySet<string> = new Set(['closed', 'unreachable', 'timeout']);
