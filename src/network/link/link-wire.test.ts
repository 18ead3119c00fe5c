import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import type { CloseReason, Connection, ConnectionHandlers, Endpoint, Wire } from '../wire/wire.ts';
import { MemoryWire } from '../wire/memory-wire.ts';
import { Lines } from './lines.ts';
import { LinkModel } from './link-model.ts';
import type { LineSession, LinkParameters } from './link-parameters.ts';
import { LinkWire } from './link-wire.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const HEADEND: Endpoint = { address: '127.0.0.1', port: 4059 };
const SESSION: LineSession = {
  upSeconds: null,
  reattachSecondsMin: 20,
  reattachSecondsMax: 90,
  silent: 0,
  idleSeconds: null,
  daily: 0,
  newAddress: true,
};
const LINK: LinkParameters = {
  name: 'gprs',
  latencyMs: 600,
  jitterMs: 200,
  correlation: 0,
  loss: 0,
  lossBursts: null,
  ratePacketsPerSecond: 15,
  burstPackets: 5,
  excess: 'shape',
  session: null,
};

/** What one side of a connection saw, with the grid's time of it. */
class Side implements ConnectionHandlers {
  connection: Connection | null = null;
  openedMs: number | null = null;
  closed: { readonly reason: CloseReason; readonly atMs: number } | null = null;
  bytes = 0;
  lastMs = 0;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  onOpen(): void {
    this.openedMs = this.#nowMs();
  }

  onData(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    this.lastMs = this.#nowMs();
  }

  onClose(reason: CloseReason): void {
    this.closed = { reason, atMs: this.#nowMs() };
  }
}

/** Links over a memory wire, and a head-end that takes connections. */
function stage(of: { readonly links?: number; readonly speed?: number; readonly link?: Partial<LinkParameters>; readonly session?: Partial<LineSession> } = {}) {
  const { links: count = 1, speed = 1, link = {}, session } = of;
  const clock = new VirtualClock();
  const real = new MemoryWire({ clock, delayMs: 0, seed: 1 });
  const categories = [{ ...LINK, ...link, session: session === undefined ? null : { ...SESSION, ...session } }];
  const common = { seed: 3, categories, category: new Uint8Array(count), first: 0 };
  const model = new LinkModel({ ...common, direction: 'each', tcp: 'today' });
  const events = { made: 0, lost: 0 };
  const wire = new LinkWire({
    clock,
    wire: real,
    model,
    lines: new Lines({ ...common, stats: model.stats }),
    speed,
    linkAt: () => 0,
    onConnection: (event) => events[event]++,
  });
  wire.start(0);
  const nowMs = (): number => wire.nowMs();
  const headend: Side[] = [];
  real.listen(HEADEND, (connection) => serve(headend, connection, nowMs), () => {});
  const connect = (index = 0): Side => {
    const side = new Side(nowMs);
    side.connection = wire.connectLink(index, { from: (address) => `127.64.${address}.1`, to: HEADEND }, side);
    return side;
  };
  const until = (condition: () => boolean): void => {
    if (!clock.run(condition, clock.nowMs() + 30 * 86_400_000)) throw new Error('it never came');
  };
  const at = (gridMs: number): void => {
    clock.schedule(Math.max(0, gridMs / speed - clock.nowMs()), () => {});
    clock.run(() => nowMs() >= gridMs);
  };
  return { clock, real, wire, model, headend, connect, until, at, nowMs, events };
}

function serve(sides: Side[], connection: Connection, nowMs: () => number): Side {
  const side = new Side(nowMs);
  side.connection = connection;
  sides.push(side);
  return side;
}

describe('a connection over a link', () => {
  test('opens after a round trip, and is there for the other side after half of it', () => {
    const { connect, until, headend, nowMs } = stage({ link: { jitterMs: 0 } });
    const near = connect();
    until(() => headend.length === 1);
    expect(nowMs()).toBe(600);
    until(() => near.openedMs !== null);
    expect(near.openedMs).toBe(1200);
  });

  test.each([1, 96])('carries bytes as slowly as the link, at speed %i, both ways', (speed) => {
    const { connect, until, headend, nowMs, model } = stage({ speed });
    const near = connect();
    until(() => near.openedMs !== null);
    const far = headend[0]!;
    let sum = 0;
    const messages = 400;
    for (let i = 0; i < messages; i++) {
      const [from, to] = i % 2 === 0 ? [near, far] : [far, near];
      const before = to.bytes;
      const sent = nowMs();
      from.connection?.write(new Uint8Array(700));
      until(() => to.bytes === before + 700);
      sum += to.lastMs - sent;
    }
    const mean = sum / messages;
    expect(Math.abs(mean - 600)).toBeLessThan(3 * (200 / Math.sqrt(messages)) + 1.5 * speed + 5);
    expect(model.statsOf(0).up).toMatchObject({ messages: messages / 2, segments: messages / 2, bytes: 350 * messages });
    // What the other side writes comes in pieces, as the network cuts it.
    expect(model.statsOf(0).down.bytes).toBe(350 * messages);
  });

  test('hands a long message over piece by piece, as its segments arrive', () => {
    const { connect, until, headend } = stage({ link: { jitterMs: 0 } });
    const near = connect();
    until(() => near.openedMs !== null);
    const seen: number[] = [];
    near.connection?.write(new Uint8Array(20 * 1400));
    until(() => {
      const { bytes } = headend[0]!;
      if (bytes > (seen.at(-1) ?? 0)) seen.push(bytes);
      return bytes === 20 * 1400;
    });
    expect(seen[0]).toBeLessThanOrEqual(5 * 1400);
    expect(seen.length).toBeGreaterThanOrEqual(16);
  });

  test('says what the other side did, one packet later', () => {
    const { connect, until, headend } = stage({ link: { jitterMs: 0 } });
    const near = connect();
    until(() => near.openedMs !== null);
    headend[0]!.connection?.write(new Uint8Array(10));
    headend[0]!.connection?.end();
    until(() => near.closed !== null);
    expect(near.bytes).toBe(10);
    expect(near.closed).toEqual({ reason: 'remote', atMs: 1800 });
  });

  test('is refused a round trip after the try', () => {
    const { wire, until, nowMs } = stage({ link: { jitterMs: 0 } });
    const near = new Side(nowMs);
    wire.connectLink(0, { from: () => undefined, to: { address: '127.0.0.1', port: 1 } }, near);
    until(() => near.closed !== null);
    expect(near.closed).toEqual({ reason: 'refused', atMs: 1200 });
  });
});

describe('a line', () => {
  test('that is down by plan ends its connection, and lets it be made again when it is up', () => {
    const { connect, until, at, headend, wire, events, model } = stage({ link: { jitterMs: 0 } });
    const first = connect();
    until(() => first.openedMs !== null);
    wire.down(0);
    expect(first.closed?.reason).toBe('reset');
    until(() => headend[0]!.closed !== null);
    const second = connect();
    at(3_600_000);
    expect(second.openedMs).toBeNull();
    wire.up(0);
    until(() => second.openedMs !== null);
    expect(second.openedMs).toBe(3_601_200);
    expect(events).toEqual({ made: 2, lost: 1 });
    // One that is only being made is not one that ended.
    const third = connect();
    wire.down(0);
    expect(third.closed?.reason).toBe('reset');
    expect(events.lost).toBe(2);
    expect(model.statsOf(0).lines.outages).toBe(2);
  });

  test('takes its time to be there again, and has another address then', () => {
    const { connect, until, at, headend, wire, model } = stage({ session: {}, link: { jitterMs: 0 } });
    const first = connect();
    until(() => first.openedMs !== null);
    wire.down(0);
    at(100_000);
    const second = connect();
    wire.up(0);
    until(() => second.openedMs !== null);
    expect(second.openedMs).toBeGreaterThanOrEqual(100_000 + 20_000 + 1200);
    expect(second.openedMs).toBeLessThanOrEqual(100_000 + 90_000 + 1210);
    expect(headend.map(({ connection }) => connection?.remote.address)).toEqual(['127.64.0.1', '127.64.1.1']);
    expect(model.statsOf(0).lines).toMatchObject({ connects: 2, outages: 1, drops: 0 });
  });

  test('that drops lives for exponential times, and is away for 20 to 90 s', () => {
    const { wire, at, model } = stage({ links: 200, session: { upSeconds: 3600 } });
    at(24 * 3_600_000);
    const { drops, detachedMs } = model.statsOf(0).lines;
    const expected = (200 * 86_400) / (3600 + 55);
    expect(Math.abs(drops - expected)).toBeLessThan(4 * Math.sqrt(expected));
    expect(Math.abs(detachedMs / drops - 55_000)).toBeLessThan(2000);
    wire.stop();
  });

  test('is disconnected by the operator once a day', () => {
    const { at, model } = stage({ links: 100, session: { daily: 1 } });
    at(3 * 86_400_000);
    expect(Math.abs(model.statsOf(0).lines.daily - 300)).toBeLessThanOrEqual(1);
  });

  test('that drops without a word leaves both sides alone: one until TCP gives up, the other half-open', () => {
    const { connect, until, at, headend, wire, model } = stage({ session: { upSeconds: 60, silent: 1 }, link: { jitterMs: 0 } });
    const near = connect();
    until(() => near.openedMs !== null);
    until(() => model.statsOf(0).lines.silentDrops === 1);
    const droppedMs = wire.nowMs();
    near.connection?.write(new Uint8Array(700));
    headend[0]!.connection?.write(new Uint8Array(700));
    until(() => near.closed !== null);
    expect(near.closed?.reason).toBe('timeout');
    expect((near.closed?.atMs ?? 0) - droppedMs).toBeCloseTo(924_600, -2);
    expect(headend[0]).toMatchObject({ bytes: 0, closed: null });
    expect(near.bytes).toBe(0);
    expect(wire.orphans).toBe(1);
    at(droppedMs + 924_600 + 7_875_000 + 5000);
    expect(headend[0]!.closed).not.toBeNull();
    expect(wire.orphans).toBe(0);
  });

  test('forgets a connection at rest: whoever sends is told, the other side stays half-open', () => {
    const { connect, until, at, headend, model } = stage({ session: { idleSeconds: 300 }, link: { jitterMs: 0 } });
    const near = connect();
    until(() => near.openedMs !== null);
    at(200_000);
    near.connection?.write(new Uint8Array(10));
    at(490_000);
    near.connection?.write(new Uint8Array(10));
    at(800_000);
    expect(headend[0]!.bytes).toBe(20);
    near.connection?.write(new Uint8Array(10));
    until(() => near.closed !== null);
    expect(near.closed).toEqual({ reason: 'reset', atMs: 801_200 });
    expect(headend[0]).toMatchObject({ bytes: 20, closed: null });
    expect(model.statsOf(0).lines.forgotten).toBe(1);
  });
});

describe('a concentrator that is asked', () => {
  test('gets requests and answers them over its link', () => {
    const { wire, real, until, nowMs } = stage({ link: { jitterMs: 0 } });
    const asked: Side[] = [];
    const at: Endpoint = { address: '127.64.0.1', port: 4059 };
    wire.listen(at, (connection) => serve(asked, connection, nowMs), () => {});
    until(() => true);
    const poller = new Side(nowMs);
    poller.connection = real.connect({ to: at }, poller);
    until(() => poller.openedMs !== null);
    const sent = nowMs();
    poller.connection.write(new Uint8Array(40));
    until(() => (asked[0]?.bytes ?? 0) === 40);
    // The connection takes a round trip, of which the poller's own socket knows nothing; then the request.
    expect(nowMs() - sent).toBe(1800);
    asked[0]!.connection?.write(new Uint8Array(700));
    until(() => poller.bytes === 700);
    expect(nowMs() - sent).toBe(2400);
  });

  test('may end a connection in accepting it: the other side is told', () => {
    const { wire, real, until, nowMs } = stage({ link: { jitterMs: 0 } });
    const at: Endpoint = { address: '127.64.0.1', port: 4059 };
    const refusing = (connection: Connection): ConnectionHandlers => {
      connection.end();
      return { onData: () => {}, onClose: () => {} };
    };
    wire.listen(at, refusing, () => {});
    until(() => true);
    const poller = new Side(nowMs);
    poller.connection = real.connect({ to: at }, poller);
    until(() => poller.closed !== null);
    expect(poller.closed?.reason).toBe('remote');
  });

  test('can not be reached while its line is away: nobody answers, neither yes nor no', () => {
    const { wire, real, at: goTo, until, nowMs } = stage({ session: {}, link: { jitterMs: 0 } });
    const asked: Side[] = [];
    const at: Endpoint = { address: '127.64.0.1', port: 4059 };
    wire.listen(at, (connection) => serve(asked, connection, nowMs), () => {});
    wire.down(0);
    const poller = new Side(nowMs);
    poller.connection = real.connect({ to: at }, poller);
    until(() => poller.openedMs !== null);
    poller.connection.write(new Uint8Array(40));
    goTo(60_000);
    expect(asked).toEqual([]);
    expect(poller).toMatchObject({ bytes: 0, closed: null });
  });
});

/** A wire whose connections are all one object. */
class OneConnectionWire implements Wire {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  connect(_: unknown, handlers: ConnectionHandlers): Connection {
    handlers.onOpen?.();
    return this.#connection;
  }

  listen(): void {
    throw new Error('nobody listens here');
  }
}

test('a link at rest, with its connection open, takes less than 200 bytes', () => {
  const links = 100_000;
  const clock = new VirtualClock();
  const nobody: ConnectionHandlers = { onData: () => {}, onClose: () => {} };
  const none = { local: HEADEND, remote: HEADEND, queuedBytes: 0, write: () => true, pause: () => {}, resume: () => {}, end: () => {}, destroy: () => {} };
  const used = (): number => {
    // Memory of buffers is given back a collection later.
    for (let i = 0; i < 4; i++) collect();
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  };
  const before = used();
  const common = { seed: 3, categories: [LINK], category: new Uint8Array(links), first: 0 };
  const model = new LinkModel({ ...common, direction: 'each', tcp: 'today' });
  const wire = new LinkWire({ clock, wire: new OneConnectionWire(none), model, lines: new Lines({ ...common, stats: model.stats }), speed: 1, linkAt: () => 0 });
  wire.start(0);
  for (let link = 0; link < links; link++) {
    const connection = wire.connectLink(link, { from: () => undefined, to: HEADEND }, nobody);
    clock.run(() => model.statsOf(link).lines.connects > link);
    connection.write(new Uint8Array(3000));
  }
  clock.run(() => false, clock.nowMs() + 100_000);
  for (let link = 0; link < links; link++) model.send(link, 0, clock.nowMs() + 1e7, 100);
  expect((used() - before) / links).toBeLessThan(200);
  expect(wire.orphans).toBe(0);
});
