/**
 * Takes pushes from connections and stores each message in a transaction of its own, without a buffer: it is confirmed after its commit. That is how
 * a data centre is built first, and what its database then decides: a message costs a round trip and a flush of the log, however small it is.
 *
 *   bytes -> wrapper PDUs -> columns of the message -> queue -> a transaction -> confirmation
 *
 * Invariants: messages of a connection are stored one after the other, so a confirmation covers all before it. A message that the database did not take
 * is tried again until it does. The queue has at most `queueReadingsMax` readings (a message counts as one more) and what was under way when it was full:
 * then no connection is read until it is half empty.
 */

import { build, type Histogram } from 'hdr-histogram-js';
import { assert, present } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Connection, ConnectionHandlers, Endpoint, Listener, Wire } from '../../network/wire/wire.ts';
import { PushDecoder } from '../../protocol/dlms/push/push-decode.ts';
import { APDU_BYTES_MAX } from '../../protocol/wrapper/wpdu.ts';
import { WrapperReceiver } from '../../protocol/wrapper/wrapper-receiver.ts';
import { ReadingBatch } from '../../reading/batch.ts';
import { Confirmer, type ConfirmedSession } from '../intake/confirmer.ts';
import { emptyMark, moveMark, type SentMark } from '../intake/intake-session.ts';
import type { IntakeMalformedReason } from '../intake/intake-stats.ts';
import { isStoreFault, type StoreFault } from '../store/store.ts';
import { emptyDirectStats, type DirectIntakeStats } from './direct-stats.ts';
import type { Message, MessageStore, MessageStored } from './message-store.ts';

export interface DirectIntakeOptions {
  readonly clock: Clock;
  readonly wire: Wire;
  readonly store: MessageStore;
  readonly endpoint: Endpoint;
  /** Default 65,536. */
  readonly queueReadingsMax?: number;
  /** A connection gets at most one confirmation in this time; less often when there are thousands. Default 500. */
  readonly confirmEveryMs?: number;
  /** Default 50,000. */
  readonly connectionsMax?: number;
  /** Wait after a fault of the database. Default 500. */
  readonly retryMs?: number;
  /** Of senders that don't say: local time minus UTC. Default 0. */
  readonly defaultOffsetMinutes?: number;
}

const DEFAULTS = {
  queueReadingsMax: 65_536,
  confirmEveryMs: 500,
  connectionsMax: 50_000,
  retryMs: 500,
  defaultOffsetMinutes: 0,
} as const;

/** A message has at most 64 kB, and a reading in it at least a byte. */
const MESSAGE_READINGS_MAX = 65_536;
/** Connections that don't close by themselves by then are broken off. */
const CLOSE_MS = 1000;
const CLOSE_LOOK_MS = 5;

const HISTOGRAM = { lowestDiscernibleValue: 1, highestTrackableValue: 2 ** 40, numberOfSignificantValueDigits: 3 } as const;

interface QueuedMessage extends Message {
  readonly mark: SentMark;
  readonly arrivedMs: number;
}

interface DirectSession extends ConfirmedSession {
  readonly receiver: WrapperReceiver;
  readonly messages: QueuedMessage[];
  /** Its first message is with the database. */
  busy: boolean;
  paused: boolean;
  closed: boolean;
}

export class DirectIntake {
  /** From arrival to commit, ms, one value a reading. */
  readonly delays: Histogram = build(HISTOGRAM);
  /** What the database took for a message, from asking to its answer, in units of 0.1 ms, one value a transaction. */
  readonly transactions: Histogram = build(HISTOGRAM);
  readonly #options: Required<DirectIntakeOptions>;
  readonly #stats = emptyDirectStats();
  readonly #decoder: PushDecoder;
  readonly #decoded = new ReadingBatch(MESSAGE_READINGS_MAX);
  readonly #confirmer: Confirmer;
  readonly #sessions = new Set<DirectSession>();
  /** Have a message and none with the database; who waits longest first. */
  readonly #ready = new Set<DirectSession>();
  /** Messages with the database, and those that wait to be tried again. */
  #active = 0;
  /** Readings of the queue, and its messages. */
  #queued = 0;
  #pausedAll = false;
  #pausedSinceMs = 0;
  #listener: Listener | null = null;
  /** What arrives from now on is dropped: it will not be confirmed. */
  #deaf = false;
  #onStopped: (() => void) | null = null;

  constructor(options: DirectIntakeOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { clock, confirmEveryMs } = this.#options;
    this.#decoder = new PushDecoder(this.#options);
    this.#confirmer = new Confirmer({ clock, everyMs: confirmEveryMs, connections: () => this.#sessions.size });
  }

  start(onReady: (result: { readonly endpoint: Endpoint } | { readonly error: string }) => void): void {
    this.#options.wire.listen(this.#options.endpoint, (connection) => this.#accept(connection), (result) => {
      if (!('error' in result)) this.#listener = result;
      onReady('error' in result ? result : { endpoint: result.endpoint });
    });
  }

  stats(): DirectIntakeStats {
    const stats = this.#stats;
    const since = this.#pausedAll ? this.#options.clock.nowMs() - this.#pausedSinceMs : 0;
    return { ...stats, malformed: { ...stats.malformed }, connections: this.#sessions.size, pausedMs: stats.pausedMs + since };
  }

  /** Takes what has arrived, stores and confirms it, closes all connections; then calls back. */
  stop(onStopped: () => void): void {
    assert(this.#onStopped === null, 'an intake is stopped once');
    this.#onStopped = onStopped;
    this.#listener?.close();
    const { clock } = this.#options;
    // The first one comes after what is pending now, the second one after what that brought.
    clock.schedule(0, () => {
      clock.schedule(0, () => {
        this.#deaf = true;
        this.#settle();
      });
    });
  }

  #accept(connection: Connection): ConnectionHandlers {
    if (this.#sessions.size >= this.#options.connectionsMax || this.#onStopped !== null) {
      this.#stats.refused++;
      connection.destroy();
      return { onData: () => {}, onClose: () => {} };
    }
    const session = newSession(connection);
    this.#sessions.add(session);
    if (this.#pausedAll) pause(session);
    return {
      onData: (bytes) => this.#receive(session, bytes),
      // What it sent stays queued: it has arrived.
      onClose: () => {
        session.closed = true;
        this.#sessions.delete(session);
      },
    };
  }

  #receive(session: DirectSession, bytes: Uint8Array): void {
    if (this.#deaf || session.closed) return;
    this.#stats.bytes += bytes.length;
    let rejected: IntakeMalformedReason | null = null;
    const received = session.receiver.receive(bytes, (from, offset, length) => {
      rejected = this.#take(session, from, offset, length);
      return rejected === null;
    });
    if (received !== 'ok') this.#reject(session, received === 'stopped' ? rejected : received);
    this.#work();
  }

  /** One message; answers why it is none. */
  #take(session: DirectSession, bytes: Uint8Array, offset: number, length: number): IntakeMalformedReason | null {
    const batch = this.#decoded;
    batch.length = 0;
    const decoded = this.#decoder.decode(bytes, offset, length, batch);
    if (decoded.status === 'full') return 'too-many-readings';
    if (decoded.status === 'malformed') return decoded.reason;
    const mark = emptyMark();
    if (decoded.sentUnixSeconds !== null) {
      mark.none = false;
      mark.unixSeconds = decoded.sentUnixSeconds;
      mark.hundredths = decoded.sentHundredths;
      mark.offsetMinutes = decoded.offsetMinutes;
    }
    session.messages.push(copied(batch, mark, this.#options.clock.nowMs()));
    if (!session.busy) this.#ready.add(session);
    this.#stats.messages++;
    this.#stats.readings += batch.length;
    this.#stats.backlogReadings += batch.length;
    this.#stats.backlogReadingsPeak = Math.max(this.#stats.backlogReadingsPeak, this.#stats.backlogReadings);
    this.#queued += batch.length + 1;
    if (!this.#pausedAll && this.#queued >= this.#options.queueReadingsMax) this.#pauseAll();
    return null;
  }

  #reject(session: DirectSession, reason: IntakeMalformedReason | null): void {
    const why = present(reason, 'a rejected message has a reason');
    this.#stats.malformedMessages++;
    this.#stats.malformed[why]++;
    session.connection.destroy();
  }

  // ---- Storing ----

  /** Gives the database as many messages as it works on. */
  #work(): void {
    for (const session of this.#ready) {
      if (this.#active >= this.#options.store.concurrency) return;
      this.#ready.delete(session);
      session.busy = true;
      this.#active++;
      this.#store(session, present(session.messages[0] ?? null, 'a session that is ready has a message'));
    }
  }

  #store(session: DirectSession, message: QueuedMessage): void {
    const { clock, store, retryMs } = this.#options;
    if (message.rows === 0) {
      clock.schedule(0, () => this.#stored(session, message, 0));
      return;
    }
    const beganMs = clock.nowMs();
    store.put(message, (result: MessageStored | StoreFault) => {
      if (isStoreFault(result)) {
        this.#stats.faults++;
        this.#stats.lastFault = result.error;
        this.#stats.failing = true;
        clock.schedule(retryMs, () => this.#store(session, message));
        return;
      }
      this.#stats.transactions++;
      this.#stats.failing = false;
      this.transactions.recordValue(Math.max(1, Math.round((clock.nowMs() - beganMs) * 10)));
      this.delays.recordValueWithCount(Math.max(1, Math.round(clock.nowMs() - message.arrivedMs)), message.rows);
      this.#stored(session, message, result.stored);
    });
  }

  #stored(session: DirectSession, message: QueuedMessage, stored: number): void {
    this.#active--;
    session.busy = false;
    session.messages.shift();
    if (session.messages.length > 0) this.#ready.add(session);
    this.#stats.storedReadings += stored;
    this.#stats.duplicatesDropped += message.rows - stored;
    this.#stats.backlogReadings -= message.rows;
    if (!message.mark.none) {
      moveMark(message.mark, session.durable);
      this.#confirmer.owe(session, this.#options.clock.nowMs());
    }
    this.#queued -= message.rows + 1;
    if (this.#pausedAll && this.#queued * 2 <= this.#options.queueReadingsMax) this.#resumeAll();
    this.#work();
    if (this.#deaf) this.#settle();
  }

  #pauseAll(): void {
    this.#pausedAll = true;
    this.#pausedSinceMs = this.#options.clock.nowMs();
    this.#stats.pauses++;
    for (const session of this.#sessions) pause(session);
  }

  #resumeAll(): void {
    this.#pausedAll = false;
    this.#stats.pausedMs += this.#options.clock.nowMs() - this.#pausedSinceMs;
    for (const session of this.#sessions) resume(session);
  }

  // ---- Stopping ----

  #settle(): void {
    if (this.#active > 0 || this.#ready.size > 0) return;
    const onStopped = this.#onStopped;
    if (onStopped === null) return;
    this.#onStopped = null;
    this.#confirmer.sendAll();
    for (const session of this.#sessions) {
      session.connection.end();
      // To see its end, a connection must be read.
      resume(session);
    }
    const { clock, store } = this.#options;
    const deadline = clock.nowMs() + CLOSE_MS;
    const wait = (): void => {
      if (this.#sessions.size > 0 && clock.nowMs() < deadline) {
        clock.schedule(CLOSE_LOOK_MS, wait);
        return;
      }
      for (const session of this.#sessions) session.connection.destroy();
      store.close(onStopped);
    };
    wait();
  }
}

function newSession(connection: Connection): DirectSession {
  return {
    connection,
    receiver: new WrapperReceiver({ apduBytesMax: APDU_BYTES_MAX }),
    messages: [],
    busy: false,
    paused: false,
    closed: false,
    durable: emptyMark(),
    owed: false,
    confirmedAtMs: -Infinity,
    invokeId: 0,
  };
}

function pause(session: DirectSession): void {
  if (session.paused) return;
  session.paused = true;
  session.connection.pause();
}

function resume(session: DirectSession): void {
  if (!session.paused) return;
  session.paused = false;
  if (!session.closed) session.connection.resume();
}

function copied(batch: ReadingBatch, mark: SentMark, arrivedMs: number): QueuedMessage {
  const rows = batch.length;
  return {
    rows,
    meter: batch.meter.slice(0, rows),
    channel: batch.channel.slice(0, rows),
    time: batch.time.slice(0, rows),
    value: batch.value.slice(0, rows),
    status: batch.status.slice(0, rows),
    mark,
    arrivedMs,
  };
}
