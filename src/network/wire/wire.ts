/**
 * A wire carries bytes between two endpoints in order, as TCP does: connections that open, break, and push back.
 * Implementations: `tcp-wire.ts` (the kernel's), `tls-wire.ts` (the same, encrypted), `memory-wire.ts` (on a virtual clock, with
 * faults); one conformance suite holds for all: `wire-conformance.test.ts`. `udp-wire.ts` carries datagrams instead, one a write,
 * and says where it differs.
 */

export interface Endpoint {
  /** IPv4 address in dotted form. */
  readonly address: string;
  readonly port: number;
}

/**
 * Why a connection ended, with a stable code. `local`: closed by this side. `tls`: one side does not take the other's certificate, or
 * speaks no TLS.
 */
export type CloseReason = 'local' | 'remote' | 'refused' | 'reset' | 'unreachable' | 'timeout' | 'descriptors' | 'tls' | 'other';

export interface Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /**
   * Queues `bytes` for sending. The caller may reuse the memory at once. False: the queue is over its mark; the bytes are
   * taken all the same, but wait for `onDrain` before the next write.
   */
  write(bytes: Uint8Array): boolean;
  /** Bytes taken by `write` that the wire still holds. */
  readonly queuedBytes: number;
  /** Stops `onData` until `resume`; what arrives meanwhile stays with the network and slows the sender down. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once and drops what is queued. */
  destroy(): void;
}

export interface ConnectionHandlers {
  onOpen?(): void;
  /** `bytes` are valid only during the call. */
  onData(bytes: Uint8Array): void;
  onDrain?(): void;
  /** Called exactly once, also when the connection never opened. Nothing is called after it. */
  onClose(reason: CloseReason): void;
}

export interface Listener {
  readonly endpoint: Endpoint;
  /** Stops accepting; existing connections live on. */
  close(): void;
}

export interface Wire {
  connect(options: { readonly from?: string; readonly to: Endpoint }, handlers: ConnectionHandlers): Connection;
  /** Port 0: any free one. `ready` gets the listener, or the reason why there is none. */
  listen(
    at: Endpoint,
    accept: (connection: Connection) => ConnectionHandlers,
    ready: (result: Listener | { readonly error: string }) => void,
  ): void;
}
