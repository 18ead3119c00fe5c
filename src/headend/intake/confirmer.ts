/**
 * Says to connections what is durable, lazily: one confirmation covers all before it, so each connection gets at most one
 * every `everyMs`, and all of them together at most PER_SECOND_MAX: with many connections each waits longer, up to EVERY_MS_MAX. As
 * soon as nothing new is durable for QUIET_MS, all that is owed is sent: waiting would save nothing any more. One timer serves all
 * connections. A connection that doesn't read its confirmations is owed further ones until it does, so its queue is bounded.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import type { Connection } from '../../network/wire/wire.ts';
import { CONFIRMATION_BYTES, encodeConfirmation } from '../../protocol/dlms/push/push-confirmation.ts';
import type { SentMark } from './intake-session.ts';

/** Confirmations that a connection may leave unread. */
const QUEUED_BYTES_MAX = 64 * 1024;

/** Each costs a system call here and one at its receiver, as much as some two thousand readings do. */
const PER_SECOND_MAX = 2000;
const EVERY_MS_MAX = 10_000;
const QUIET_MS = 50;

/** A connection, as far as its confirmations go. */
export interface ConfirmedSession {
  readonly connection: Connection;
  readonly closed: boolean;
  /** The last message that is safe with all before it. */
  readonly durable: SentMark;
  /** A confirmation waits for its time. */
  owed: boolean;
  confirmedAtMs: number;
  invokeId: number;
}

export class Confirmer {
  #sent = 0;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #quietMs: number;
  readonly #connections: () => number;
  /** When something was last new. */
  #owedAtMs = 0;
  /** When confirmations are due though there is always something new. */
  #dueAtMs = 0;
  readonly #bytes = new Uint8Array(CONFIRMATION_BYTES);
  #owed: ConfirmedSession[] = [];
  #timer: Timer | null = null;

  /** `connections`: how many there are. */
  constructor(options: { readonly clock: Clock; readonly everyMs: number; readonly connections: () => number }) {
    this.#clock = options.clock;
    this.#everyMs = options.everyMs;
    this.#quietMs = Math.min(options.everyMs, QUIET_MS);
    this.#connections = options.connections;
  }

  /** Confirmations written. */
  get sent(): number {
    return this.#sent;
  }

  /** The session's mark `durable` is new. */
  owe(session: ConfirmedSession, nowMs: number): void {
    this.#owedAtMs = nowMs;
    if (session.owed || session.closed) return;
    if (nowMs - session.confirmedAtMs >= this.#intervalMs && this.#send(session, nowMs)) return;
    session.owed = true;
    this.#owed.push(session);
    if (this.#timer !== null) return;
    this.#dueAtMs = nowMs + this.#everyMs;
    this.#lookLater();
  }

  /** Sends all that is owed, whatever the time. */
  sendAll(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const owed = this.#owed;
    this.#owed = [];
    const nowMs = this.#clock.nowMs();
    for (const session of owed) {
      session.owed = false;
      this.#send(session, nowMs);
    }
  }

  #lookLater(): void {
    this.#timer = this.#clock.schedule(this.#quietMs, () => {
      this.#timer = null;
      const nowMs = this.#clock.nowMs();
      const quiet = nowMs - this.#owedAtMs >= this.#quietMs;
      if (quiet || nowMs >= this.#dueAtMs) this.#sweep(nowMs, quiet);
      if (this.#owed.length > 0) this.#lookLater();
    });
  }

  #sweep(nowMs: number, quiet: boolean): void {
    const intervalMs = quiet ? 0 : this.#intervalMs;
    let waitMs = this.#everyMs;
    const still: ConfirmedSession[] = [];
    for (const session of this.#owed) {
      const dueMs = session.confirmedAtMs + intervalMs - nowMs;
      if (session.closed || (dueMs <= 0 && this.#send(session, nowMs))) {
        session.owed = false;
      } else {
        still.push(session);
        if (dueMs > 0) waitMs = Math.min(waitMs, dueMs);
      }
    }
    this.#owed = still;
    // Who did not read is asked again when it was quiet once more; and not more often than four times in the interval, however the sessions lie.
    if (quiet) this.#owedAtMs = nowMs;
    this.#dueAtMs = nowMs + Math.max(waitMs, this.#everyMs / 4);
  }

  /** Between two confirmations of a connection. */
  get #intervalMs(): number {
    return Math.min(Math.max(this.#everyMs, (this.#connections() * 1000) / PER_SECOND_MAX), Math.max(this.#everyMs, EVERY_MS_MAX));
  }

  /** False: the connection has not read the ones before. */
  #send(session: ConfirmedSession, nowMs: number): boolean {
    const { connection, durable } = session;
    if (session.closed) return true;
    if (connection.queuedBytes > QUEUED_BYTES_MAX) return false;
    session.invokeId = (session.invokeId + 1) & 0x0f;
    encodeConfirmation(this.#bytes, 0, {
      sentUnixSeconds: durable.unixSeconds,
      sentHundredths: durable.hundredths,
      offsetMinutes: durable.offsetMinutes,
      invokeId: session.invokeId,
    });
    connection.write(this.#bytes);
    session.confirmedAtMs = nowMs;
    this.#sent++;
    return true;
  }
}
