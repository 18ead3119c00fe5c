/** Limits of the server, and peers that do not keep to anything: on a virtual clock. */

import { describe, expect, it } from 'vitest';
import { systemClock, VirtualClock } from '../../base/clock.ts';
import { below, streamKey } from '../../base/random.ts';
import { smallMeter } from '../../protocol/dlms/client/small-meter.fixture.ts';
import { ServerConnection } from '../../protocol/dlms/server/server-connection.ts';
import { MemoryWire } from '../wire/memory-wire.ts';
import { TcpWire } from '../wire/tcp-wire.ts';
import type { CloseReason, Connection } from '../wire/wire.ts';
import { DlmsServer, type DlmsServerOptions } from './dlms-server.ts';
import { TinyHandler, tinyAnswer } from './tiny-handler.fixture.ts';

const AT = { address: '127.0.0.1', port: 4059 };
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const GET = bytesOf('0001 0010 0001 000D C001C1 0003 0100010800FF 0200');
const ANSWER = '000100010010000 9C401C1000600001391'.replaceAll(' ', '').toLowerCase();

interface Peer {
  readonly connection: Connection;
  received: string;
  closed: CloseReason | null;
}

class World {
  readonly clock = new VirtualClock();
  readonly wire = new MemoryWire({ clock: this.clock, delayMs: 1, seed: 5 });
  readonly handlers: TinyHandler[] = [];
  readonly server: DlmsServer;

  constructor(options: Partial<DlmsServerOptions> = {}) {
    const serve = (): TinyHandler => {
      const handler = new TinyHandler();
      this.handlers.push(handler);
      return handler;
    };
    this.server = DlmsServer.open({ wire: this.wire, clock: this.clock, at: AT, serve, ...options }, () => {});
    this.rest(10);
  }

  connect(from = '127.0.0.1'): Peer {
    const peer: Peer = {
      connection: this.wire.connect({ from, to: AT }, {
        onData: (bytes) => {
          peer.received += Buffer.from(bytes).toString('hex');
        },
        onClose: (reason) => {
          peer.closed = reason;
        },
      }),
      received: '',
      closed: null,
    };
    this.rest(10);
    return peer;
  }

  send(peer: Peer, bytes: Uint8Array): void {
    peer.connection.write(bytes);
    this.rest(200);
  }

  rest(ms: number): void {
    this.clock.run(() => false, this.clock.nowMs() + ms);
    // The clock stands still where nothing happens.
    this.clock.schedule(ms, () => {});
    this.clock.run(() => false, this.clock.nowMs() + ms);
  }
}

describe('a DLMS server', () => {
  it('answers what is pipelined in order, in one write a turn', () => {
    const world = new World();
    const peer = world.connect();
    world.send(peer, Uint8Array.of(...GET, ...GET, ...GET));
    expect(peer.received).toBe(ANSWER.repeat(3));
    expect(world.server.stats).toMatchObject({ open: 1, accepted: 1, bytesSent: 3 * 17 });
  });

  it('answers whoever asked, and whom it should not it does not', () => {
    const world = new World();
    const peer = world.connect();
    world.send(peer, bytesOf('0001 0020 0042 000D C001C1 0003 0100010800FF 0200'));
    expect(peer.received.slice(0, 16)).toBe('0001004200200009');
    expect(world.handlers[0]?.received[0]).toMatchObject({ clientSap: 0x20, serverSap: 0x42 });
    const before = peer.received;
    world.send(peer, bytesOf('0001 0010 0001 000F C101 81 0003 0100010800FF 0200 1107'));
    expect(peer.received).toBe(before);
  });

  it.each([
    ['wrapper-version', 'wrapper', '0002 0010 0001 0001 00'],
    ['wrapper-length-zero', 'any', '0001 0010 0001 0000'],
    ['wrapper-too-long', 'any', '0001 0010 0001 0101 00'],
    ['wrapper-version', 'any', '474554202F20485454502F312E310D0A'],
  ] as const)('closes a stream that it can not follow: %s', (reason, framing, bad) => {
    const world = new World({ framing, apduBytesMax: 256 });
    const peer = world.connect();
    world.send(peer, Uint8Array.of(...GET, ...bytesOf(bad)));
    expect([peer.received, peer.closed]).toEqual([ANSWER, 'remote']);
    expect(world.server.stats).toMatchObject({ open: 0, brokenStreams: { [reason]: 1 } });
    expect(world.handlers[0]?.closed).toBe(1);
  });

  it('closes an HDLC stream of nothing but noise', () => {
    const world = new World();
    const peer = world.connect();
    for (let i = 0; i < 40 && peer.closed === null; i++) world.send(peer, new Uint8Array(2048).fill(i === 0 ? 0x7e : 0x41));
    // Flags alone are no noise.
    expect(peer.closed).toBe('remote');
    expect(world.server.stats.brokenStreams).toEqual({ 'hdlc-noise': 1 });
  });

  it('refuses what is over a limit, and takes more when there is room again', () => {
    const world = new World({ connectionsMax: 3, connectionsOfAddressMax: 2 });
    const [first, second, third] = [world.connect(), world.connect(), world.connect()];
    world.rest(10);
    expect([first.closed, second.closed, third.closed]).toEqual([null, null, 'remote']);
    const [other, tooMany] = [world.connect('127.0.0.2'), world.connect('127.0.0.3')];
    world.rest(10);
    expect([other.closed, tooMany.closed]).toEqual([null, 'remote']);
    expect(world.server.stats).toMatchObject({ open: 3, accepted: 3, refused: 2 });
    first.connection.end();
    world.rest(10);
    const next = world.connect();
    world.send(next, GET);
    expect(next.received).toBe(ANSWER);
  });

  it('has nobody where it is told so', () => {
    const world = new World({ serve: () => null });
    expect(world.connect().closed).toBe('remote');
    expect(world.server.stats).toMatchObject({ open: 0, refused: 1 });
  });

  it('closes who is idle, and nobody else', () => {
    const world = new World({ idleMs: 60_000 });
    const [busy, idle] = [world.connect(), world.connect()];
    for (let i = 0; i < 8; i++) {
      world.rest(10_000);
      world.send(busy, GET);
    }
    expect([busy.closed, idle.closed]).toEqual([null, 'remote']);
    expect(world.server.stats).toMatchObject({ open: 1, closedIdle: 1 });
    const forever = new World({ idleMs: 0 });
    const silent = forever.connect();
    forever.rest(10_000_000);
    expect(silent.closed).toBeNull();
  });

  it('stops reading from who does not fetch, and goes on when it does', () => {
    const world = new World();
    const peer = world.connect();
    const long = bytesOf('0001 0010 0001 000D C001C1 0003 0100010800FF 0300');
    peer.connection.pause();
    for (let i = 0; i < 50; i++) peer.connection.write(long);
    world.rest(1000);
    const handled = world.handlers[0]?.received.length ?? 0;
    expect(handled).toBeGreaterThan(0);
    expect(handled).toBeLessThan(50);
    peer.connection.resume();
    world.rest(5000);
    expect(world.handlers[0]?.received).toHaveLength(50);
    expect(peer.received.length / 2).toBe(50 * (8 + 4104));
    expect(peer.closed).toBeNull();
  });

  it('cuts off who asks for more in one go than anybody may', () => {
    const world = new World({ serve: () => new TinyHandler((apdu) => (apdu[0] === 0xc0 ? new Uint8Array(60_000) : tinyAnswer(apdu))) });
    const peer = world.connect();
    peer.connection.write(Uint8Array.from({ length: 200 * GET.length }, (_, i) => GET[i % GET.length] ?? 0));
    world.rest(1000);
    expect(peer.closed).toBe('remote');
    expect(world.server.stats).toMatchObject({ open: 0, overrun: 1, brokenStreams: {} });
  });

  it('pushes where it is connected, in the framing of the connection', () => {
    const connections: Connection[] = [];
    const world = new World({
      serve: (connection) => {
        connections.push(connection);
        return new TinyHandler();
      },
    });
    const [wrapper, hdlc] = [world.connect(), world.connect()];
    world.send(hdlc, bytesOf('7EA0070321930F017E'));
    const push = bytesOf('0F0000000100 0600002012');
    for (const connection of connections) expect(world.server.push(connection, push, { clientSap: 16, serverSap: 1 })).toBe(true);
    world.rest(100);
    expect(wrapper.received).toBe('000100010010000b0f00000001000600002012');
    // UA, then a UI frame from 1 to 16.
    expect(hdlc.received).toBe('7ea00721037301407e7ea017210313a6e0e6e7000f000000010006000020127b617e');
    wrapper.connection.destroy();
    world.rest(100);
    expect(world.server.push(connections[0]!, push, { clientSap: 16, serverSap: 1 })).toBe(false);
  });

  it('tells handlers of data links and connections that are gone', () => {
    const world = new World();
    const peer = world.connect();
    world.send(peer, bytesOf('7EA0070321930F017E'));
    world.send(peer, bytesOf('7EA00703215303C77E'));
    expect(world.handlers[0]?.left).toEqual([[16, 1]]);
    peer.connection.destroy();
    world.rest(100);
    expect(world.handlers[0]?.closed).toBe(1);
  });

  it('closes with all its connections', () => {
    const world = new World();
    const peers = [world.connect(), world.connect()];
    world.server.close();
    world.rest(100);
    expect(peers.map(({ closed }) => closed)).toEqual(['remote', 'remote']);
    expect(world.connect().closed).toBe('refused');
    expect(world.wire.openEnds).toBe(0);
  });

  it('lives through noise, on every kind of stream (seed 77)', () => {
    const key = streamKey(77, 'noise');
    let draws = 0;
    const draw = (count: number): number => below(key, draws++, count);
    const { core, host } = smallMeter();
    const world = new World({ serve: () => new ServerConnection(core, host) });
    const openings = [GET, bytesOf('7EA0070321930F017E'), bytesOf('0001 0010 0001 001F 601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0')];
    for (let round = 0; round < 400; round++) {
      const peer = world.connect();
      peer.connection.write(openings[draw(3)] ?? GET);
      for (let i = 0; i < 5; i++) {
        const bytes = Uint8Array.from(openings[draw(3)] ?? GET);
        for (let flips = draw(4); flips > 0; flips--) bytes[draw(bytes.length)]! ^= 1 << draw(8);
        peer.connection.write(draw(3) === 0 ? Uint8Array.from({ length: 1 + draw(60) }, () => draw(256)) : bytes);
      }
      world.rest(30);
      peer.connection.destroy();
    }
    world.rest(1000);
    const good = world.connect();
    world.send(good, GET);
    expect(good.received).toBe('0001000100100003d80101');
    expect(world.server.stats.open).toBe(1);
  });
});

describe('a DLMS server on TCP', () => {
  it('serves a thousand connections', async () => {
    const wire = new TcpWire();
    const server = await DlmsServer.listen({ wire, clock: systemClock, at: { address: '127.0.0.1', port: 0 }, serve: () => new TinyHandler() });
    const count = 1000;
    await new Promise<void>((resolve, reject) => {
      let answered = 0;
      for (let i = 0; i < count; i++) {
        const connection: Connection = wire.connect({ to: server.endpoint }, {
          onOpen: () => connection.write(GET),
          onData: () => {
            answered++;
            if (answered === count) resolve();
          },
          onClose: (reason) => {
            if (answered < count) reject(new Error(reason));
          },
        });
      }
    });
    expect(server.stats).toMatchObject({ open: count, accepted: count });
    server.close();
  });
});
