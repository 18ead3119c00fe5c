/**
 * Takes pushes from connections, makes them durable in groups and confirms them.
 *
 *   bytes -> wrapper PDUs -> rows of the group (columns) -> one block, made durable at once -> confirmations
 *
 * One group is gathered while the one before is written. A group is written as soon as pending input was looked at when
 * nothing was written for `groupMs`, else `groupMs` after the one before began, or when it is half full: so a lone message
 * is confirmed at once, and under load one write serves thousands of messages.
 *
 * Invariants: a message is confirmed only when its readings and those of all messages before it on the connection are
 * durable. Memory is bounded: when the group is full and the disk is behind, or the store lags, messages that have arrived
 * are kept (`stash`), and their connections are paused; when `stashBytesMax` is half used up, all are.
 */

import { assert, present } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { ReadingBatch } from '../../reading/batch.ts';
import type { Connection, ConnectionHandlers, Endpoint, Listener, Wire } from '../../network/wire/wire.ts';
import { type PushDecoded, PushDecoder } from '../../protocol/dlms/push/push-decode.ts';
import { APDU_BYTES_MAX } from '../../protocol/wrapper/wpdu.ts';
import type { WpduSink } from '../../protocol/wrapper/wrapper-receiver.ts';
import { type BufferFiles } from '../buffer/buffer-files.ts';
import { BufferWriter } from '../buffer/buffer-writer.ts';
import { BacklogWatch } from '../buffer/backlog-watch.ts';
import { Confirmer } from './confirmer.ts';
import { IntakeSession, moveMark } from './intake-session.ts';
import { emptyIntakeStats, type IntakeMalformedReason, type IntakeStats } from './intake-stats.ts';

export type { IntakeStats };

export interface IntakeOptions {
  readonly clock: Clock;
  readonly wire: Wire;
  readonly files: BufferFiles;
  /** Of this intake; no two running intakes of one directory share it. */
  readonly number: number;
  readonly endpoint: Endpoint;
  /** Readings of a group. Default 131,072. */
  readonly groupRows?: number;
  /** Default 10. */
  readonly groupMs?: number;
  /** A connection gets at most one confirmation in this time; less often when there are thousands. Default 500. */
  readonly confirmEveryMs?: number;
  /** Default 50,000. */
  readonly connectionsMax?: number;
  /** Longest message, also what an incomplete one may take. Default 65,535. */
  readonly apduBytesMax?: number;
  /** Messages that wait for room. Default 16 MiB. */
  readonly stashBytesMax?: number;
  /** A buffer file is sealed at this size, default 32 MiB, or this long after its first block, default 250. */
  readonly fileBytesMax?: number;
  readonly rollMs?: number;
  /** Sealed files, of all intakes, above which nothing is read from connections. Default 4 GiB. */
  readonly backlogBytesMax?: number;
  /** Wait after a fault of the disk. Default 500. */
  readonly retryMs?: number;
  /** Of senders that don't say: local time minus UTC. Default 0. */
  readonly defaultOffsetMinutes?: number;
}

const DEFAULTS = {
  groupRows: 131_072,
  groupMs: 10,
  confirmEveryMs: 500,
  connectionsMax: 50_000,
  apduBytesMax: APDU_BYTES_MAX,
  stashBytesMax: 16 * 2 ** 20,
  fileBytesMax: 32 * 2 ** 20,
  rollMs: 250,
  backlogBytesMax: 4 * 2 ** 30,
  retryMs: 500,
  defaultOffsetMinutes: 0,
} as const;

const BACKLOG_LOOK_MS = 100;
/** Connections that don't close by themselves by then are broken off. */
const CLOSE_MS = 1000;

export class Intake {
  readonly #options: Required<IntakeOptions>;
  readonly #stats = emptyIntakeStats();
  readonly #decoder: PushDecoder;
  readonly #writer: BufferWriter;
  readonly #confirmer: Confirmer;
  readonly #backlog: BacklogWatch;
  readonly #sessions = new Set<IntakeSession>();
  readonly #group: ReadingBatch;
  #groupSessions: IntakeSession[] = [];
  #flightSessions: IntakeSession[] = [];
  #groupFromUnixMs = 0;
  #flushTimer: Timer | null = null;
  #flushedAtMs = -Infinity;
  /** The group has no room, and the one before is still being written. */
  #full = false;
  #overBacklog = false;
  #pausedAll = false;
  #pausedSinceMs = 0;
  /** Sessions with a stash, the one that waits longest first. */
  #stashed: IntakeSession[] = [];
  #stashBytes = 0;
  /** Whose bytes are being received. */
  #session: IntakeSession | null = null;
  #rejected: IntakeMalformedReason | null = null;
  readonly #sink: WpduSink;
  #listener: Listener | null = null;
  /** What arrives from now on is dropped: it will not be confirmed. */
  #deaf = false;
  #onStopped: (() => void) | null = null;

  constructor(options: IntakeOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { clock, files, groupRows, fileBytesMax, rollMs, retryMs } = this.#options;
    this.#decoder = new PushDecoder(this.#options);
    this.#group = new ReadingBatch(groupRows);
    this.#writer = new BufferWriter({ clock, files, intake: options.number, rowsMax: groupRows, fileBytesMax, rollMs, retryMs });
    this.#confirmer = new Confirmer({ clock, everyMs: this.#options.confirmEveryMs, connections: () => this.#sessions.size });
    this.#backlog = new BacklogWatch({
      clock,
      files,
      bytesMax: this.#options.backlogBytesMax,
      everyMs: BACKLOG_LOOK_MS,
      onChange: (over) => this.#backlogChanged(over),
    });
    this.#sink = (bytes, offset, length) => this.#take(bytes, offset, length);
  }

  /** Opens the buffer, then listens. */
  start(onReady: (result: { readonly endpoint: Endpoint } | { readonly error: string }) => void): void {
    this.#writer.start((fault) => {
      if (fault !== null) {
        onReady(fault);
        return;
      }
      this.#options.wire.listen(this.#options.endpoint, (connection) => this.#accept(connection), (result) => {
        if ('error' in result) {
          onReady(result);
          return;
        }
        this.#listener = result;
        this.#backlog.start();
        onReady({ endpoint: result.endpoint });
      });
    });
  }

  stats(): IntakeStats {
    const { stats } = this.#writer;
    const since = this.#blocked ? this.#options.clock.nowMs() - this.#pausedSinceMs : 0;
    return {
      ...this.#stats,
      malformed: { ...this.#stats.malformed },
      connections: this.#sessions.size,
      confirmations: this.#confirmer.sent,
      groups: stats.blocks,
      durableReadings: stats.rows,
      bufferBytes: stats.bytes,
      sealedFiles: stats.sealedFiles,
      bufferFaults: stats.faults,
      lastBufferFault: stats.lastFault,
      pausedMs: this.#stats.pausedMs + since,
      backlogBytes: this.#backlog.bytes,
    };
  }

  /** Takes what has arrived, makes it durable, confirms it, seals the buffer and closes all connections; then calls back. */
  stop(onStopped: () => void): void {
    assert(this.#onStopped === null, 'an intake is stopped once');
    this.#onStopped = onStopped;
    this.#listener?.close();
    this.#backlog.stop();
    const { clock } = this.#options;
    // The first one comes after what is pending now, the second one after what that brought.
    clock.schedule(0, () => {
      clock.schedule(0, () => {
        this.#deaf = true;
        this.#backlogChanged(false);
        this.#settle();
      });
    });
  }

  get #blocked(): boolean {
    return this.#full || this.#overBacklog;
  }

  #accept(connection: Connection): ConnectionHandlers {
    const { connectionsMax, apduBytesMax } = this.#options;
    if (this.#sessions.size >= connectionsMax || this.#onStopped !== null) {
      this.#stats.refused++;
      connection.destroy();
      return { onData: () => {}, onClose: () => {} };
    }
    const session = new IntakeSession(connection, apduBytesMax);
    this.#stats.accepted++;
    this.#sessions.add(session);
    if (this.#pausedAll) this.#pause(session);
    return {
      onData: (bytes) => this.#receive(session, bytes),
      onClose: () => this.#closed(session),
    };
  }

  #closed(session: IntakeSession): void {
    session.closed = true;
    this.#stats.closed++;
    if (session.receiver.pendingBytes > 0) this.#stats.partialMessages++;
    this.#sessions.delete(session);
  }

  #receive(session: IntakeSession, bytes: Uint8Array): void {
    if (this.#deaf || session.closed) return;
    this.#stats.bytes += bytes.length;
    this.#session = session;
    this.#rejected = null;
    const received = session.receiver.receive(bytes, this.#sink);
    this.#session = null;
    if (received !== 'ok') this.#reject(session, received === 'stopped' ? this.#rejected : received);
  }

  /** One message; false: its connection is to be closed. */
  #take(bytes: Uint8Array, offset: number, length: number): boolean {
    const session = present(this.#session, 'bytes come from a session');
    if (!this.#blocked && session.stash === null) {
      const done = this.#decode(session, bytes, offset, length);
      if (done !== 'full') return done === 'taken';
    }
    this.#keep(session, bytes.slice(offset, offset + length));
    return true;
  }

  #decode(session: IntakeSession, bytes: Uint8Array, offset: number, length: number): 'taken' | 'rejected' | 'full' {
    const group = this.#group;
    let decoded = this.#decoder.decode(bytes, offset, length, group);
    if (decoded.status === 'full' && group.length > 0 && !this.#writer.busy) {
      this.#flush();
      decoded = this.#decoder.decode(bytes, offset, length, group);
    }
    if (decoded.status === 'full') {
      if (decoded.readings > group.capacity) {
        this.#rejected = 'too-many-readings';
        return 'rejected';
      }
      this.#setFull();
      return 'full';
    }
    if (decoded.status === 'malformed') {
      this.#rejected = decoded.reason;
      return 'rejected';
    }
    this.#gather(session, decoded);
    return 'taken';
  }

  #gather(session: IntakeSession, decoded: PushDecoded): void {
    this.#stats.messages++;
    this.#stats.readings += decoded.readings;
    if (decoded.sentUnixSeconds !== null) {
      const { gathered } = session;
      gathered.none = false;
      gathered.unixSeconds = decoded.sentUnixSeconds;
      gathered.hundredths = decoded.sentHundredths;
      gathered.offsetMinutes = decoded.offsetMinutes;
      if (!session.inGroup) {
        session.inGroup = true;
        this.#groupSessions.push(session);
      }
    }
    if (this.#group.length === decoded.readings) this.#groupFromUnixMs = this.#options.clock.unixMs();
    this.#flushLater();
  }

  /** Plans the write of the group, unless it is planned, or the one before is still being written: then at its end. */
  #flushLater(): void {
    if (this.#writer.busy) return;
    if (this.#group.length * 2 >= this.#group.capacity) {
      this.#flush();
      return;
    }
    if (this.#flushTimer !== null) return;
    const { clock, groupMs } = this.#options;
    const waitMs = Math.max(0, this.#flushedAtMs + groupMs - clock.nowMs());
    this.#flushTimer = clock.schedule(waitMs, () => {
      this.#flushTimer = null;
      if (this.#group.length > 0 && !this.#writer.busy) this.#flush();
    });
  }

  #flush(): void {
    this.#flushTimer?.cancel();
    this.#flushTimer = null;
    const { clock } = this.#options;
    this.#flushedAtMs = clock.nowMs();
    const sessions = this.#groupSessions;
    this.#groupSessions = this.#flightSessions;
    this.#groupSessions.length = 0;
    this.#flightSessions = sessions;
    for (const session of sessions) {
      session.inGroup = false;
      moveMark(session.gathered, session.written);
    }
    this.#writer.write(this.#group, { fromUnixMs: this.#groupFromUnixMs, toUnixMs: clock.unixMs() }, () => this.#durable());
    this.#group.length = 0;
  }

  #durable(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const session of this.#flightSessions) {
      moveMark(session.written, session.durable);
      this.#confirmer.owe(session, nowMs);
    }
    if (this.#full) {
      this.#flush();
      this.#unblock(() => {
        this.#full = false;
      });
    } else if (this.#group.length > 0) {
      this.#flushLater();
    }
    if (this.#deaf) this.#settle();
  }

  #reject(session: IntakeSession, reason: IntakeMalformedReason | null): void {
    const why = present(reason, 'a rejected message has a reason');
    this.#stats.malformedMessages++;
    this.#stats.malformed[why]++;
    session.connection.destroy();
  }

  // ---- No room ----

  #keep(session: IntakeSession, message: Uint8Array): void {
    if (session.stash === null) {
      session.stash = [];
      this.#stashed.push(session);
      this.#pause(session);
    }
    session.stash.push(message);
    this.#stashBytes += message.length;
    if (!this.#pausedAll && this.#stashBytes * 2 > this.#options.stashBytesMax) {
      this.#pausedAll = true;
      for (const each of this.#sessions) this.#pause(each);
    }
  }

  #pause(session: IntakeSession): void {
    if (session.paused) return;
    session.paused = true;
    session.connection.pause();
  }

  #setFull(): void {
    if (!this.#blocked) this.#pausedSinceMs = this.#options.clock.nowMs();
    this.#full = true;
    this.#stats.fullPauses++;
  }

  #backlogChanged(over: boolean): void {
    if (over) {
      if (!this.#blocked) this.#pausedSinceMs = this.#options.clock.nowMs();
      this.#overBacklog = true;
      this.#stats.backlogPauses++;
    } else if (this.#overBacklog) {
      this.#unblock(() => {
        this.#overBacklog = false;
      });
    }
  }

  /** Takes one obstacle away; when none is left, goes on with what was kept. */
  #unblock(remove: () => void): void {
    remove();
    if (this.#blocked) return;
    this.#stats.pausedMs += this.#options.clock.nowMs() - this.#pausedSinceMs;
    let done = 0;
    for (const session of this.#stashed) {
      if (this.#blocked || !this.#takeStash(session)) break;
      done++;
    }
    this.#stashed.splice(0, done);
    if (this.#blocked || !this.#pausedAll) return;
    this.#pausedAll = false;
    for (const session of this.#sessions) this.#resume(session);
  }

  /** False: there is no room again. */
  #takeStash(session: IntakeSession): boolean {
    const stash = present(session.stash, 'a stashed session has a stash');
    let taken = 0;
    for (const message of stash) {
      const done = this.#decode(session, message, 0, message.length);
      if (done === 'full') break;
      taken++;
      this.#stashBytes -= message.length;
      if (done === 'taken') continue;
      this.#reject(session, this.#rejected);
      for (const rest of stash.splice(taken)) this.#stashBytes -= rest.length;
    }
    stash.splice(0, taken);
    if (stash.length > 0) return false;
    session.stash = null;
    if (!this.#pausedAll) this.#resume(session);
    return true;
  }

  #resume(session: IntakeSession): void {
    if (!session.paused) return;
    session.paused = false;
    if (!session.closed) session.connection.resume();
  }

  // ---- Stopping ----

  /** Until nothing is left: writes what is gathered, then confirms, then closes. */
  #settle(): void {
    if (this.#writer.busy) return;
    if (this.#group.length > 0) {
      this.#flush();
      return;
    }
    assert(this.#stashed.length === 0, 'nothing waits for room when all is written');
    this.#confirmer.sendAll();
    this.#writer.stop(() => this.#closeAll());
  }

  #closeAll(): void {
    const { clock } = this.#options;
    const deadline = clock.nowMs() + CLOSE_MS;
    for (const session of this.#sessions) {
      session.connection.end();
      // To see its end, a connection must be read.
      this.#resume(session);
    }
    const wait = (): void => {
      if (this.#sessions.size > 0 && clock.nowMs() < deadline) {
        clock.schedule(CLOSE_LOOK_MS, wait);
        return;
      }
      for (const session of this.#sessions) session.connection.destroy();
      present(this.#onStopped, 'somebody waits for the end')();
    };
    wait();
  }
}

const CLOSE_LOOK_MS = 5;
