/**
 * Handlers that write down what happens, and ways to wait for it, for tests of wires with real sockets.
 */

import type { CloseReason, Connection, ConnectionHandlers, Endpoint, Listener, Wire } from './wire.ts';

export class Recorder implements ConnectionHandlers {
  /** Each `onData`, as text. */
  readonly received: string[] = [];
  readonly closed: CloseReason[] = [];
  opened = 0;
  drains = 0;
  connection: Connection | null = null;

  onOpen(): void {
    this.opened++;
  }
  onData(bytes: Uint8Array): void {
    this.received.push(Buffer.from(bytes).toString('latin1'));
  }
  onDrain(): void {
    this.drains++;
  }
  onClose(reason: CloseReason): void {
    this.closed.push(reason);
  }

  /** The connection, which must be there. */
  get link(): Connection {
    if (this.connection === null) throw new Error('not connected');
    return this.connection;
  }

  say(text: string): boolean {
    return this.link.write(Buffer.from(text, 'latin1'));
  }
}

export async function until(condition: () => boolean): Promise<void> {
  const limit = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > limit) throw new Error('condition never held');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Listens on 127.0.0.1; `accepted` gets a recorder for each connection. */
export async function listen(wire: Wire, accepted: Recorder[], at: Endpoint = { address: '127.0.0.1', port: 0 }): Promise<Listener> {
  const accept = (connection: Connection): ConnectionHandlers => {
    const recorder = new Recorder();
    recorder.connection = connection;
    accepted.push(recorder);
    return recorder;
  };
  return await new Promise((resolve, reject) => {
    wire.listen(at, accept, (result) => ('error' in result ? reject(new Error(result.error)) : resolve(result)));
  });
}

export function connect(wire: Wire, to: Endpoint, from?: string): Recorder {
  const recorder = new Recorder();
  recorder.connection = wire.connect({ to, ...(from === undefined ? {} : { from }) }, recorder);
  return recorder;
}
