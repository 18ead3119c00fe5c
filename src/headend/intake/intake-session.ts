/** What an intake knows of one connection. Its three marks are dates of sending: of messages being gathered, written, safe. */

import type { Connection } from '../../network/wire/wire.ts';
import { WrapperReceiver } from '../../protocol/wrapper/wrapper-receiver.ts';

/** The last message with a date-time of sending; `none` as long as there was no such message. */
export interface SentMark {
  none: boolean;
  unixSeconds: number;
  hundredths: number;
  offsetMinutes: number;
}

export class IntakeSession {
  readonly connection: Connection;
  readonly receiver: WrapperReceiver;
  /** Copies of messages that wait for room, in order; null: none waits. */
  stash: Uint8Array[] | null = null;
  paused = false;
  closed = false;
  /** Has messages in the group being gathered; in the one being written. */
  inGroup = false;
  inFlight = false;
  readonly gathered = emptyMark();
  readonly written = emptyMark();
  readonly durable = emptyMark();
  /** A confirmation waits for its time. */
  owed = false;
  confirmedAtMs = -Infinity;
  invokeId = 0;

  constructor(connection: Connection, apduBytesMax: number) {
    this.connection = connection;
    this.receiver = new WrapperReceiver({ apduBytesMax });
  }
}

/** Moves `from` to `to`, unless there is nothing to move. */
export function moveMark(from: SentMark, to: SentMark): void {
  if (from.none) return;
  to.none = false;
  to.unixSeconds = from.unixSeconds;
  to.hundredths = from.hundredths;
  to.offsetMinutes = from.offsetMinutes;
  from.none = true;
}

export function emptyMark(): SentMark {
  return { none: true, unixSeconds: 0, hundredths: 0, offsetMinutes: 0 };
}
