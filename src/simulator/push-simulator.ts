/**
 * The concentrators of one segment, pushing: each holds one connection, plays its plan step by step, and knows how far the
 * head-end has confirmed. What is unconfirmed when a connection ends is sent again on the next one; it costs no memory,
 * because plan and truth compute it again. No object per meter, none per message; one connection object per concentrator.
 *
 * A concentrator may play its next step when the schedule allows it, its connection is open and takes bytes, and it is less
 * than WINDOW_STEPS ahead of what is confirmed.
 */

import type { Clock, Timer } from '../base/clock.ts';
import { ReadyQueue } from '../base/ready-queue.ts';
import type { Plan } from '../grid/plan/plan.ts';
import type { PushTimes } from '../grid/plan/push-time.ts';
import { ConfirmationDecoder } from '../protocol/dlms/push/push-confirmation.ts';
import type { CloseReason, Connection, ConnectionHandlers } from '../network/wire/wire.ts';
import { BackOff, type BackOffLimits } from './back-off.ts';
import { ConfirmationReader } from './confirmation-reader.ts';
import { DelayLog } from './delay-log.ts';
import { MESSAGE_BYTES, type Outbox, type PushMessages } from './push-messages.ts';
import type { Schedule } from './schedule.ts';
import { emptySimulatorStats, type Ledger, type SimulatorStats } from './simulator-stats.ts';

export interface PushSimulatorOptions {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly times: PushTimes;
  readonly messages: PushMessages;
  readonly seed: number;
  readonly backOff: BackOffLimits;
  /** False: nothing will be confirmed; what was handed to the connection counts as delivered. */
  readonly confirmed: boolean;
  readonly fromStep: number;
  /** Connects a concentrator with its head-end, over whatever lies between. */
  readonly connect: (station: number, handlers: ConnectionHandlers) => Connection;
  /** False: its line is down, and nobody waits for it. Default: all lines are up. */
  readonly isReachable?: (station: number) => boolean;
  /** Told the bytes of each step that is sent for the first time, before they are. */
  readonly onStep?: (station: number, step: number, bytes: number) => void;
  readonly schedule: (onDue: (station: number) => void) => Schedule;
  /** Called once, when every concentrator has played all steps and nothing is unconfirmed, or when it is hopeless. */
  readonly onFinished: () => void;
}

const WINDOW_STEPS = 64;
/** Messages between two looks at what has arrived. */
const BURST = 128;
/** A concentrator that has come no further for this long is not waited for. */
const ABSENT_AFTER_MS = 10_000;
/** When no concentrator has come further for this long, though some should, the run ends as it is. */
const GIVE_UP_AFTER_MS = 600_000;
const SWEEP_MS = 1000;
const MINUTE_SECONDS = 60;

export class PushSimulator {
  readonly stats: SimulatorStats = emptySimulatorStats();
  readonly ledger: Ledger;
  readonly delays: DelayLog;
  readonly #options: PushSimulatorOptions;
  readonly #first: number;
  readonly #count: number;
  readonly #schedule: Schedule;
  readonly #backOff: BackOff;
  readonly #ready: ReadyQueue;
  readonly #sessions: (Session | null)[];
  readonly #decoder = new ConfirmationDecoder();
  readonly #outbox: SessionOutbox;
  /** Unix hundredths of the last message handed to the present connection; 0: none. */
  readonly #lastSent: Float64Array;
  /** When the concentrator last came further. */
  readonly #progressMs: Float64Array;
  #lastProgressMs = 0;
  #sweeping: Timer | null = null;
  #unfinished: number;
  #pumping: Timer | null = null;
  #stopped = false;

  constructor(options: PushSimulatorOptions) {
    this.#options = options;
    const { plan } = options;
    this.#first = plan.fromStation;
    this.#count = plan.toStation - plan.fromStation;
    this.#ready = new ReadyQueue(this.#count);
    this.#outbox = new SessionOutbox(this.stats);
    this.#sessions = Array.from({ length: this.#count }, () => null);
    this.#lastSent = new Float64Array(this.#count);
    this.#progressMs = new Float64Array(this.#count);
    this.ledger = {
      fromStation: this.#first,
      sent: new Uint32Array(this.#count).fill(options.fromStep),
      confirmed: new Uint32Array(this.#count).fill(options.fromStep),
    };
    this.delays = new DelayLog({ clock: options.clock, count: this.#count, windowSteps: WINDOW_STEPS });
    this.#unfinished = this.#count;
    this.#backOff = new BackOff({
      seed: options.seed,
      limits: options.backOff,
      first: this.#first,
      count: this.#count,
    });
    this.#schedule = options.schedule((station) => this.#wake(station - this.#first));
  }

  start(): void {
    const { plan, fromStep, clock } = this.#options;
    for (let i = 0; i < this.#count; i++) {
      plan.seek(this.#first + i, fromStep);
      this.#progressMs[i] = clock.nowMs();
    }
    this.#lastProgressMs = clock.nowMs();
    this.#sweepLater();
    this.#connectFrom(0);
    this.#schedule.start();
    if (this.#count === 0 || fromStep === plan.steps) clock.schedule(0, () => this.#finish());
  }

  /** Lowest step that some concentrator has not confirmed (not sent, when nothing is confirmed): where to begin again. */
  get settledStep(): number {
    return this.ledger.confirmed.reduce((least, step) => Math.min(least, step), this.#options.plan.steps);
  }

  /** How far the concentrators are on average; for people who wait. */
  get meanSettledStep(): number {
    if (this.#count === 0) return this.#options.plan.steps;
    return this.ledger.confirmed.reduce((sum, step) => sum + step, 0) / this.#count;
  }

  /** Sends nothing any more; connections stay, so that confirmations can still arrive. */
  hold(): void {
    this.#stopped = true;
    this.#schedule.stop();
    this.#pumping?.cancel();
    this.#sweeping?.cancel();
  }

  /** Closes all connections once they have sent what they hold. */
  end(): void {
    this.hold();
    for (const session of this.#sessions) session?.connection.end();
  }

  /** Drops all connections at once, as a crash would. */
  crash(): void {
    this.hold();
    for (const session of this.#sessions) session?.connection.destroy();
  }

  /** Connects in bursts, so that a large segment doesn't overrun the listener's backlog. */
  #connectFrom(index: number): void {
    const end = Math.min(index + BURST, this.#count);
    for (let i = index; i < end; i++) this.#connect(i);
    if (end < this.#count) this.#options.clock.schedule(0, () => this.#connectFrom(end));
  }

  #connect(i: number): void {
    if (this.#stopped) return;
    const session = new Session(this.#decoder);
    this.#sessions[i] = session;
    session.connection = this.#options.connect(this.#first + i, {
      onOpen: () => this.#opened(i, session),
      onData: (bytes) => this.#received(i, session, bytes),
      onDrain: () => {
        session.blocked = false;
        this.#wake(i);
      },
      onClose: (reason) => this.#closed(i, session, reason),
    });
  }

  #opened(i: number, session: Session): void {
    session.open = true;
    this.stats.connected++;
    this.stats.connects++;
    this.#lastSent[i] = 0;
    this.#wake(i);
  }

  #closed(i: number, session: Session, reason: CloseReason): void {
    if (session.open) {
      this.stats.connected--;
    }
    session.open = false;
    this.#sessions[i] = null;
    if (this.#stopped) return;
    this.stats.disconnects++;
    if (reason === 'refused') this.stats.refused++;
    else if (reason === 'descriptors') this.stats.withoutDescriptor++;
    const station = this.#first + i;
    const { plan, clock } = this.#options;
    const unconfirmed = this.ledger.confirmed[i]!;
    if (plan.nextStep(station) > unconfirmed) plan.seek(station, unconfirmed);
    clock.schedule(this.#backOff.nextDelayMs(station), () => this.#connect(i));
  }

  #received(i: number, session: Session, bytes: Uint8Array): void {
    const problem = session.reader.receive(bytes, (hundredths) => this.#confirmed(i, hundredths));
    if (problem === null) return;
    this.stats.malformed++;
    session.connection.destroy();
  }

  #confirmed(i: number, hundredths: number): void {
    this.stats.confirmations++;
    const { plan, times } = this.#options;
    const station = this.#first + i;
    const next = plan.nextStep(station);
    const last = this.#lastSent[i]!;
    const all = last > 0 && hundredths >= last;
    const step = all ? next : Math.min(times.confirmed(station, hundredths).step, next);
    this.#settle(i, step);
  }

  /** Everything below `step` is safe with the head-end. */
  #settle(i: number, step: number): void {
    const before = this.ledger.confirmed[i]!;
    if (step <= before) return;
    this.ledger.confirmed[i] = step;
    const nowMs = this.#options.clock.nowMs();
    this.#progressMs[i] = nowMs;
    this.#lastProgressMs = nowMs;
    this.#schedule.setAbsent(this.#first + i, false);
    this.stats.confirmedReadings += this.delays.settle(i, before, step);
    this.#backOff.succeeded(this.#first + i);
    if (step === this.#options.plan.steps) {
      this.#unfinished--;
      if (this.#unfinished === 0) this.#finish();
    } else {
      this.#wake(i);
    }
  }

  #sweepLater(): void {
    this.#sweeping = this.#options.clock.schedule(SWEEP_MS, () => {
      this.#sweep();
      if (!this.#stopped) this.#sweepLater();
    });
  }

  /** Lets the others go on without those that have come no further for long, and gives up when nobody does any more. */
  #sweep(): void {
    const { plan, clock, isReachable } = this.#options;
    const nowMs = clock.nowMs();
    let waiting = false;
    for (let i = 0; i < this.#count; i++) {
      const station = this.#first + i;
      const settled = this.ledger.confirmed[i]!;
      if (settled === plan.steps || settled >= this.#schedule.allowed(station) || isReachable?.(station) === false) continue;
      waiting = true;
      if (nowMs - this.#progressMs[i]! >= ABSENT_AFTER_MS) this.#schedule.setAbsent(station, true);
    }
    if (!waiting) this.#lastProgressMs = nowMs;
    if (nowMs - this.#lastProgressMs >= GIVE_UP_AFTER_MS) this.#finish();
  }

  #wake(i: number): void {
    if (this.#stopped) return;
    this.#ready.add(i);
    if (this.#pumping === null) this.#pumping = this.#options.clock.schedule(0, () => this.#pump());
  }

  #pump(): void {
    this.#pumping = null;
    const enough = this.stats.messages + BURST;
    while (this.stats.messages < enough && this.#ready.length > 0) this.#play(this.#ready.take());
    if (this.#ready.length > 0 && !this.#stopped) {
      this.#pumping = this.#options.clock.schedule(0, () => this.#pump());
    }
  }

  /** Plays what concentrator i may play now; it is woken again when it may play more. */
  #play(i: number): void {
    const session = this.#sessions[i];
    if (session === null || session === undefined || !session.open || session.blocked) return;
    const { plan, confirmed } = this.#options;
    const station = this.#first + i;
    const window = confirmed ? this.ledger.confirmed[i]! + WINDOW_STEPS : plan.steps;
    const end = Math.min(this.#schedule.allowed(station), window);
    const from = plan.nextStep(station);
    if (from >= end) return;
    this.#outbox.session = session;
    let step = from;
    while (step < end && !session.blocked) this.#playStep(i, step++);
    this.#outbox.flush();
    if (!confirmed) this.#settle(i, step);
    this.#schedule.played(station, step - 1);
  }

  #playStep(i: number, step: number): void {
    const { messages, onStep } = this.#options;
    const station = this.#first + i;
    const lateMs = this.#schedule.lateMs(station, step);
    const before = this.stats.bytes + this.#outbox.length;
    const readings = messages.play(station, this.#outbox);
    const { played } = messages;
    const again = step < this.ledger.sent[i]!;
    if (played > 0 && !again) onStep?.(station, step, this.stats.bytes + this.#outbox.length - before);
    this.stats.readings += readings;
    if (this.#schedule.sinceStepSeconds(station, step) < MINUTE_SECONDS) this.stats.firstMinuteReadings += readings;
    this.stats.messages += played;
    if (played > 0) this.#lastSent[i] = messages.lastHundredths;
    if (again) {
      this.stats.resentMessages += played;
    } else {
      this.stats.playedSteps++;
      this.ledger.sent[i] = step + 1;
    }
    this.delays.sent(i, { step, readings, lateMs });
    // With nothing under way, a step without messages is settled by itself.
    if (played === 0 && this.ledger.confirmed[i] === step) this.#settle(i, step + 1);
  }

  #finish(): void {
    if (this.#stopped) return;
    this.hold();
    this.#options.onFinished();
  }
}

/** The send buffer of the process; one concentrator uses it at a time. */
class SessionOutbox implements Outbox {
  readonly bytes = new Uint8Array(2 * MESSAGE_BYTES);
  length = 0;
  session: Session | null = null;
  readonly #stats: SimulatorStats;

  constructor(stats: SimulatorStats) {
    this.#stats = stats;
  }

  flush(): void {
    const { session, length } = this;
    this.length = 0;
    if (session === null || length === 0) return;
    this.#stats.bytes += length;
    if (session.connection.write(this.bytes.subarray(0, length))) return;
    session.blocked = true;
    this.#stats.backpressure++;
  }
}

/** Before the wire has answered. */
const NO_CONNECTION: Connection = {
  local: { address: '', port: 0 },
  remote: { address: '', port: 0 },
  queuedBytes: 0,
  write: () => false,
  pause: () => {},
  resume: () => {},
  end: () => {},
  destroy: () => {},
};

/** One connection of one concentrator. */
class Session {
  connection: Connection = NO_CONNECTION;
  open = false;
  blocked = false;
  readonly reader: ConfirmationReader;

  constructor(decoder: ConfirmationDecoder) {
    this.reader = new ConfirmationReader(decoder);
  }
}
