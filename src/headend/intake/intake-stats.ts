/** Counters of an intake since it was started; plain data, so that it can be sent to whoever watches. */

import { PUSH_MALFORMED_REASONS, type PushMalformedReason } from '../../protocol/dlms/push/push-decode.ts';
import { WRAPPER_MALFORMED_REASONS, type WrapperMalformedReason } from '../../protocol/wrapper/wrapper-receiver.ts';

/** Why a connection was closed for what it sent. `too-many-readings`: a good message, but larger than a group may be. */
export type IntakeMalformedReason = PushMalformedReason | WrapperMalformedReason | 'too-many-readings';

export interface IntakeStats {
  /** Open now. */
  connections: number;
  accepted: number;
  /** Closed at once, because there were as many as allowed. */
  refused: number;
  closed: number;
  messages: number;
  readings: number;
  bytes: number;
  malformedMessages: number;
  malformed: Record<IntakeMalformedReason, number>;
  /** Connections that ended in the middle of a message. */
  partialMessages: number;
  confirmations: number;
  /** Groups made durable, and what they had. */
  groups: number;
  durableReadings: number;
  bufferBytes: number;
  sealedFiles: number;
  bufferFaults: number;
  lastBufferFault: string | null;
  /** Time in which nothing was read from connections: because of the disk (`full`) or because the store lags (`backlog`). */
  pausedMs: number;
  fullPauses: number;
  backlogPauses: number;
  /** Sealed files of all intakes that the store has not loaded, at the last look. */
  backlogBytes: number;
}

export function emptyIntakeStats(): IntakeStats {
  const reasons = [...PUSH_MALFORMED_REASONS, ...WRAPPER_MALFORMED_REASONS, 'too-many-readings'] as const;
  return {
    connections: 0,
    accepted: 0,
    refused: 0,
    closed: 0,
    messages: 0,
    readings: 0,
    bytes: 0,
    malformedMessages: 0,
    malformed: Object.fromEntries(reasons.map((reason) => [reason, 0])) as Record<IntakeMalformedReason, number>,
    partialMessages: 0,
    confirmations: 0,
    groups: 0,
    durableReadings: 0,
    bufferBytes: 0,
    sealedFiles: 0,
    bufferFaults: 0,
    lastBufferFault: null,
    pausedMs: 0,
    fullPauses: 0,
    backlogPauses: 0,
    backlogBytes: 0,
  };
}
