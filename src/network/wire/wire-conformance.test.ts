import { describe, expect, it } from 'vitest';
import { systemClock, VirtualClock, type Clock } from '../../base/clock.ts';
import { Lines } from '../link/lines.ts';
import { LinkModel } from '../link/link-model.ts';
import { LinkWire } from '../link/link-wire.ts';
import { MemoryWire } from './memory-wire.ts';
import { TcpWire } from './tcp-wire.ts';
import { TEST_AUTHORITY_CERTIFICATE, TEST_SERVER_CERTIFICATE, TEST_SERVER_KEY } from './tls-certificates.fixture.ts';
import { TlsWire } from './tls-wire.ts';
import type { CloseReason, Connection, ConnectionHandlers, Endpoint, Listener, Wire } from './wire.ts';

interface Stage {
  readonly wire: Wire;
  readonly clock: Clock;
  /** Lets the world go on until the condition holds. */
  until(condition: () => boolean): Promise<void>;
}

function tcpStage(): Stage {
  return { wire: new TcpWire(), clock: systemClock, until: untilReal };
}

function tlsStage(): Stage {
  const identity = { certificate: TEST_SERVER_CERTIFICATE, key: TEST_SERVER_KEY };
  return { wire: new TlsWire({ identity, authorities: [TEST_AUTHORITY_CERTIFICATE] }), clock: systemClock, until: untilReal };
}

/** A slow link on the way out of the connecting side, or into the listening one. */
function linkStage(side: 'connects' | 'listens'): Stage {
  const { wire: memory, clock, until } = memoryStage();
  const categories = [
    { name: 'slow', latencyMs: 600, jitterMs: 200, correlation: 0, loss: 0.01, lossBursts: null, ratePacketsPerSecond: 15, burstPackets: 5, excess: 'shape', session: null },
  ] as const;
  const common = { seed: 1, categories, category: new Uint8Array(1), first: 0 };
  const model = new LinkModel({ ...common, direction: 'each', tcp: 'today' });
  const lines = new Lines({ ...common, stats: model.stats });
  const links = new LinkWire({ clock, wire: memory, model, lines, speed: 10, linkAt: () => 0 });
  const wire: Wire = {
    connect: (options, handlers) => (side === 'connects' ? links.connectLink(0, { from: () => options.from, to: options.to }, handlers) : memory.connect(options, handlers)),
    listen: (at, accept, ready) => (side === 'listens' ? links : memory).listen(at, accept, ready),
  };
  return { wire, clock, until };
}

async function untilReal(condition: () => boolean): Promise<void> {
  const limit = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > limit) throw new Error('condition never held');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function memoryStage(): Stage {
  const clock = new VirtualClock();
  const until = (condition: () => boolean): Promise<void> => {
    if (!clock.run(condition)) throw new Error('condition never held');
    return Promise.resolve();
  };
  return { wire: new MemoryWire({ clock, delayMs: 1, seed: 7 }), clock, until };
}

class Recorder implements ConnectionHandlers {
  readonly received: number[] = [];
  readonly closed: CloseReason[] = [];
  opened = 0;
  drains = 0;
  connection: Connection | null = null;

  onOpen(): void {
    this.opened++;
  }
  onData(bytes: Uint8Array): void {
    for (const byte of bytes) this.received.push(byte);
  }
  onDrain(): void {
    this.drains++;
  }
  onClose(reason: CloseReason): void {
    this.closed.push(reason);
  }
}

async function pair(stage: Stage, from?: string): Promise<{ client: Recorder; server: Recorder; listener: Listener }> {
  const server = new Recorder();
  let listener: Listener | null = null;
  stage.wire.listen(
    { address: '127.0.0.1', port: 0 },
    (connection) => {
      server.connection = connection;
      return server;
    },
    (result) => {
      if ('error' in result) throw new Error(result.error);
      listener = result;
    },
  );
  await stage.until(() => listener !== null);
  const open = listener as unknown as Listener;
  const client = new Recorder();
  client.connection = stage.wire.connect({ to: open.endpoint, ...(from === undefined ? {} : { from }) }, client);
  await stage.until(() => client.opened === 1 && server.connection !== null);
  return { client, server, listener: open };
}

function link(recorder: Recorder): Connection {
  if (recorder.connection === null) throw new Error('not connected');
  return recorder.connection;
}

describe.each([
  ['tcp', tcpStage],
  ['tls', tlsStage],
  ['memory', memoryStage],
  ['link that connects', () => linkStage('connects')],
  ['link that listens', () => linkStage('listens')],
])('%s wire', (_name, makeStage) => {
  it('carries bytes in order, both ways, and lets the caller reuse its memory at once', async () => {
    const stage = makeStage();
    const { client, server, listener } = await pair(stage);
    const scratch = new Uint8Array(1000);
    for (let round = 0; round < 50; round++) {
      scratch.fill(round);
      link(client).write(scratch);
    }
    scratch.fill(255);
    link(server).write(Uint8Array.of(1, 2, 3));
    await stage.until(() => server.received.length === 50_000 && client.received.length === 3);
    expect(server.received.every((byte, i) => byte === Math.floor(i / 1000))).toBe(true);
    expect(client.received).toEqual([1, 2, 3]);
    link(client).destroy();
    listener.close();
    await stage.until(() => client.closed.length === 1 && server.closed.length === 1);
  });

  it('shows the source address that the client chose', async () => {
    const stage = makeStage();
    const { client, server, listener } = await pair(stage, '127.9.8.7');
    expect(link(server).remote.address).toBe('127.9.8.7');
    expect(link(client).remote.port).toBe(listener.endpoint.port);
    link(client).destroy();
    listener.close();
    await stage.until(() => server.closed.length === 1);
  });

  it('end() delivers what is queued, then closes both ends', async () => {
    const stage = makeStage();
    const { client, server, listener } = await pair(stage);
    link(client).write(new Uint8Array(300_000).fill(9));
    link(client).end();
    await stage.until(() => client.closed.length === 1 && server.closed.length === 1);
    expect(server.received.length).toBe(300_000);
    expect(client.closed).toEqual(['local']);
    expect(server.closed).toEqual(['remote']);
    listener.close();
  });

  it('pushes back while the receiver pauses, and drains when it goes on', async () => {
    const stage = makeStage();
    const { client, server, listener } = await pair(stage);
    link(server).pause();
    const piece = new Uint8Array(64 * 1024).fill(5);
    let written = 0;
    for (let i = 0; i < 500 && link(client).queuedBytes < 1_000_000; i++) {
      link(client).write(piece);
      written += piece.length;
    }
    expect(link(client).write(piece)).toBe(false);
    written += piece.length;
    expect(link(client).queuedBytes).toBeGreaterThan(0);
    expect(client.drains).toBe(0);
    link(server).resume();
    await stage.until(() => client.drains > 0 && server.received.length === written);
    expect(link(client).queuedBytes).toBe(0);
    link(client).destroy();
    listener.close();
    await stage.until(() => server.closed.length === 1);
  });

  it('says refused when nobody listens', async () => {
    const stage = makeStage();
    const { client, listener } = await pair(stage);
    const gone: Endpoint = listener.endpoint;
    link(client).destroy();
    listener.close();
    await stage.until(() => client.closed.length === 1);
    const late = new Recorder();
    stage.wire.connect({ to: gone }, late);
    await stage.until(() => late.closed.length === 1);
    expect(late.closed).toEqual(['refused']);
    expect(late.opened).toBe(0);
  });

  it('refuses to listen twice at one endpoint', async () => {
    const stage = makeStage();
    const { client, listener } = await pair(stage);
    const errors: string[] = [];
    stage.wire.listen(
      listener.endpoint,
      () => new Recorder(),
      (result) => {
        errors.push('error' in result ? result.error : 'listening');
      },
    );
    await stage.until(() => errors.length === 1);
    expect(errors[0]).toMatch(/EADDRINUSE/);
    link(client).destroy();
    listener.close();
    await stage.until(() => client.closed.length === 1);
  });

  it('calls nothing but onClose, and that once, after destroy', async () => {
    const stage = makeStage();
    const { client, server, listener } = await pair(stage);
    link(server).write(new Uint8Array(1000));
    link(client).destroy();
    link(client).destroy();
    expect(link(client).write(Uint8Array.of(1))).toBe(false);
    await stage.until(() => client.closed.length > 0 && server.closed.length > 0);
    expect(client.closed).toEqual(['local']);
    expect(client.received).toEqual([]);
    listener.close();
  });
});

describe('memory wire', () => {
  it('breaks connections on demand: both ends see a reset and bytes under way are lost', async () => {
    const clock = new VirtualClock();
    const wire = new MemoryWire({ clock, delayMs: 1, seed: 1 });
    const stage: Stage = {
      wire,
      clock,
      until: (condition) => (clock.run(condition) ? Promise.resolve() : Promise.reject(new Error('never'))),
    };
    const { client, server } = await pair(stage);
    link(client).write(new Uint8Array(10));
    expect(wire.breakConnections(() => true)).toBe(1);
    expect([client.closed, server.closed]).toEqual([['reset'], ['reset']]);
    expect(server.received).toEqual([]);
    expect(wire.openEnds).toBe(0);
  });
});
