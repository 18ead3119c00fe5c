/**
 * What the kernel's error codes say about the end of a connection.
 */

import type { CloseReason } from './wire.ts';

/** Null: the code says nothing about the network. */
export function closeReasonOf(code: string | undefined): CloseReason | null {
  return REASONS[code ?? ''] ?? null;
}

const REASONS: Readonly<Record<string, CloseReason>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'timeout',
  EMFILE: 'descriptors',
  ENFILE: 'descriptors',
};
