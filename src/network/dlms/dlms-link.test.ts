/** Peers that answer nonsense, nothing, too late, twice, cut in half: on a virtual clock. */

import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import type { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import { ClientAssociation } from '../../protocol/dlms/client/client-association.ts';
import { HdlcCounts } from '../../protocol/hdlc/hdlc-counts.ts';
import { HdlcServerLink } from '../../protocol/hdlc/hdlc-server-link.ts';
import { MemoryWire } from '../wire/memory-wire.ts';
import type { Connection, ConnectionHandlers } from '../wire/wire.ts';
import { DlmsClient } from './dlms-client.ts';
import { DlmsLink, type LinkOptions } from './dlms-link.ts';
import { DlmsServer } from './dlms-server.ts';
import { HdlcClientFraming } from './hdlc-client-framing.ts';
import { TINY_AARE, TinyHandler, tinyAnswer } from './tiny-handler.fixture.ts';
import { WrapperFraming } from './wrapper-framing.ts';

const AT = { address: '127.0.0.1', port: 4059 };
const NUMBER = { classId: 3, attribute: 2 } as const;
const NAME = '1-0:1.8.0*255';

/** What a peer does with the bytes that come. */
type Behaviour = (connection: Connection, bytes: Uint8Array, turn: number) => void;

class World {
  readonly clock = new VirtualClock(1_700_000_000_000);
  readonly wire = new MemoryWire({ clock: this.clock, delayMs: 1, seed: 11 });
  connections: Connection[] = [];

  listen(behave: Behaviour): void {
    this.wire.listen(
      AT,
      (connection): ConnectionHandlers => {
        this.connections.push(connection);
        let turn = 0;
        return { onData: (bytes) => behave(connection, bytes, turn++), onClose: () => {} };
      },
      () => {},
    );
  }

  options(changes: Partial<LinkOptions> = {}): LinkOptions {
    const { wire, clock } = this;
    return { wire, clock, to: AT, framing: (sink) => new WrapperFraming(sink, { datagrams: false }), answerMs: 5000, connectMs: 3000, ...changes };
  }

  connect(changes: Partial<LinkOptions> = {}): Promise<DlmsClient> {
    return this.settled(DlmsClient.connect({ ...this.options(changes), association: { clientSap: 16, serverSap: 1, random: (n) => new Uint8Array(n) } }));
  }

  /** Lets the world go on until the promise is settled. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const mark = (): void => {
      done = true;
    };
    promise.then(mark, mark);
    for (let idle = 0; idle < 3; ) {
      // Promises settle in microtasks; the clock must not run ahead of them.
      for (let j = 0; j < 20; j++) await Promise.resolve();
      if (done) return await promise;
      let steps = 0;
      idle = this.clock.run(() => steps++ > 0) ? 0 : idle + 1;
    }
    throw new Error('the promise is never settled');
  }

  /** Lets the world come to rest. */
  rest(): void {
    this.clock.run(() => false, this.clock.nowMs() + 1000);
  }

  async failing(promise: Promise<unknown>): Promise<DlmsError> {
    return await this.settled(promise.then(() => { throw new Error('it did not fail'); }, (error: DlmsError) => error));
  }
}

const wpdu = (apdu: Uint8Array): Uint8Array => Uint8Array.of(0, 1, 0, 1, 0, 16, apdu.length >> 8, apdu.length & 0xff, ...apdu);
const apduOf = (bytes: Uint8Array): Uint8Array => bytes.slice(8);

/** A good server whose answers pass through `spoil`. Requests are small and come whole. */
function server(spoil: (answer: Uint8Array, connection: Connection, turn: number) => void): Behaviour {
  let pending = new Uint8Array(0);
  return (connection, bytes, turn) => {
    pending = Uint8Array.of(...pending, ...bytes);
    while (pending.length >= 8 && pending.length >= 8 + pending[7]!) {
      const request = apduOf(pending.subarray(0, 8 + pending[7]!));
      pending = pending.slice(8 + pending[7]!);
      const answer = tinyAnswer(request);
      if (answer === TINY_AARE) connection.write(wpdu(answer));
      else if (answer !== null) spoil(wpdu(answer), connection, turn);
    }
  };
}

describe('a peer', () => {
  it('that nobody has is unreachable', async () => {
    const world = new World();
    expect(await world.failing(world.connect())).toMatchObject({ code: 'unreachable', message: expect.stringContaining('refused') });
  });

  it('that says nothing is given up in time', async () => {
    const world = new World();
    world.listen(() => {});
    const error = await world.failing(world.connect());
    expect(error).toMatchObject({ code: 'timeout' });
    expect(world.clock.nowMs()).toBeGreaterThanOrEqual(5000);
    expect(world.clock.nowMs()).toBeLessThan(5100);
    world.rest();
    expect(world.wire.openEnds).toBe(0);
  });

  it('that stops answering fails what runs and what waits, and closes the link', async () => {
    const world = new World();
    world.listen(server(() => {}));
    const client = await world.connect();
    const running = client.get(NAME, NUMBER);
    const waiting = client.get(NAME, NUMBER);
    expect([await world.failing(running), await world.failing(waiting)]).toMatchObject([{ code: 'timeout' }, { code: 'timeout' }]);
    expect(client.link.closed).toBe(true);
    expect(await world.failing(client.get(NAME, NUMBER))).toMatchObject({ code: 'closed', cause: { code: 'timeout' } });
    await world.settled(client.close());
  });

  it('that answers too late is not listened to any more', async () => {
    const world = new World();
    world.listen(server((answer, connection) => world.clock.schedule(6000, () => connection.write(answer))));
    const client = await world.connect();
    expect(await world.failing(client.get(NAME, NUMBER))).toMatchObject({ code: 'timeout' });
    world.clock.run(() => false, 20_000);
    world.rest();
    expect(world.wire.openEnds).toBe(0);
  });

  it('that answers twice confuses nobody', async () => {
    const world = new World();
    const unasked: string[] = [];
    world.listen(
      server((answer, connection) => {
        connection.write(answer);
        connection.write(answer);
      }),
    );
    const client = await world.connect({ onUnasked: (apdu) => unasked.push(Buffer.from(apdu).toString('hex')) });
    for (let i = 0; i < 40; i++) expect(await world.settled(client.get(NAME, NUMBER))).toEqual({ type: 'double-long-unsigned', value: 5009 });
    await world.settled(client.close());
  });

  it.each([
    ['nonsense', 'link', (): Uint8Array => Uint8Array.from(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['another version', 'link', (answer: Uint8Array) => Uint8Array.of(0, 2, ...answer.subarray(2))],
    ['no APDU', 'malformed', () => wpdu(Uint8Array.of(0xff, 1, 2, 3))],
    ['a cut APDU', 'malformed', (answer: Uint8Array) => wpdu(answer.slice(8, -1))],
    ['more than an APDU', 'malformed', (answer: Uint8Array) => wpdu(Uint8Array.of(...answer.slice(8), 0))],
    ['another service', 'unexpected-answer', (answer: Uint8Array) => wpdu(Uint8Array.of(0xc5, 1, answer[10]!, 0))],
    ['an exception', 'exception', () => wpdu(Uint8Array.of(0xd8, 1, 1))],
    ['a ciphered APDU', 'security', () => wpdu(Uint8Array.of(0xcc, 5, 0x30, 0, 0, 0, 1))],
    ['general blocks that are none', 'malformed', () => wpdu(Uint8Array.of(0xe0, 0x80, 0))],
    ['a gateway prefix', 'unexpected-answer', (answer: Uint8Array) => wpdu(Uint8Array.of(0xe7, 0, 0, ...answer.slice(8)))],
  ])('that answers %s is told so: %s', async (_, code, spoil) => {
    const world = new World();
    world.listen(server((answer, connection) => connection.write(spoil(answer))));
    const client = await world.connect();
    expect(await world.failing(client.get(NAME, NUMBER))).toMatchObject({ code });
    await world.settled(client.close());
    world.rest();
    expect(world.wire.openEnds).toBe(0);
  });

  it('that answers somebody else is not taken for the right one', async () => {
    const world = new World();
    world.listen(server((answer, connection) => connection.write(Uint8Array.of(...answer.subarray(0, 5), 17, ...answer.subarray(6)))));
    const client = await world.connect();
    expect(await world.failing(client.get(NAME, NUMBER))).toMatchObject({ code: 'timeout' });
  });

  it('that drips and goes on is waited for; that stops in the middle is not', async () => {
    const world = new World();
    const drip = (answer: Uint8Array, connection: Connection, count: number): void => {
      for (let i = 0; i < count; i++) world.clock.schedule(100 * i, () => connection.write(answer.subarray(i, i + 1)));
    };
    world.listen(server((answer, connection, turn) => drip(answer, connection, turn === 1 ? answer.length : answer.length / 2)));
    const client = await world.connect();
    expect(await world.settled(client.get(NAME, NUMBER))).toEqual({ type: 'double-long-unsigned', value: 5009 });
    expect(await world.failing(client.get(NAME, NUMBER))).toMatchObject({ code: 'timeout' });
  });

  it('that hangs up in the middle of an answer fails the request at once', async () => {
    const world = new World();
    const closed: DlmsError[] = [];
    world.listen(
      server((answer, connection) => {
        connection.write(answer.subarray(0, 9));
        connection.end();
      }),
    );
    const client = await world.connect({ onClose: (error) => closed.push(error) });
    const before = world.clock.nowMs();
    expect(await world.failing(client.get(NAME, NUMBER))).toMatchObject({ code: 'closed', message: expect.stringContaining('remote') });
    expect(world.clock.nowMs() - before).toBeLessThan(100);
    expect(closed).toMatchObject([{ code: 'closed' }]);
    await world.settled(client.close());
  });
});

describe('a link', () => {
  it('bounds its queue', async () => {
    const world = new World();
    world.listen(server((answer, connection) => connection.write(answer)));
    const client = await world.connect({ queueMax: 3 });
    const all = Array.from({ length: 6 }, () => client.get(NAME, NUMBER));
    const settled = await world.settled(Promise.allSettled(all));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(settled[5]).toMatchObject({ reason: { code: 'queue-full' } });
    expect(client.link.pending).toBe(0);
    // There is room again.
    await world.settled(client.get(NAME, NUMBER));
    await world.settled(client.close());
  });

  it('fails what waits when it is closed', async () => {
    const world = new World();
    world.listen(server(() => {}));
    const client = await world.connect();
    const waiting = [client.get(NAME, NUMBER), client.get(NAME, NUMBER)];
    const closing = client.link.close();
    for (const promise of waiting) expect(await world.failing(promise)).toMatchObject({ code: 'closed' });
    await world.settled(closing);
    expect(world.wire.openEnds).toBe(0);
  });

  it('closes although the peer does not', async () => {
    const world = new World();
    world.listen(server(() => {}));
    const client = await world.connect();
    world.connections[0]?.pause();
    await world.settled(client.link.close());
    expect(client.link.closed).toBe(true);
  });

  it('carries several associations', async () => {
    const world = new World();
    const handler = new TinyHandler();
    await world.settled(DlmsServer.listen({ wire: world.wire, clock: world.clock, at: AT, serve: () => handler }));
    const link = await world.settled(DlmsLink.open(world.options()));
    const stations = [1, 2, 3].map((serverSap) => ({ clientSap: 16, serverSap }));
    const associations = stations.map((station) => new ClientAssociation({ ...station, random: (n) => new Uint8Array(n) }));
    await world.settled(Promise.all(stations.map((station, i) => link.run(station, () => associations[i]!.associate()))));
    expect(associations.every(({ negotiated }) => negotiated !== null)).toBe(true);
    expect(handler.received.map(({ serverSap }) => serverSap)).toEqual([1, 2, 3]);
    await world.settled(link.close());
  });

  it('sends what gets no answer, and goes on', async () => {
    for (const hdlc of [false, true]) {
      const world = new World();
      const handler = new TinyHandler();
      await world.settled(DlmsServer.listen({ wire: world.wire, clock: world.clock, at: AT, serve: () => handler }));
      const client = await world.connect(hdlc ? { framing: (sink) => new HdlcClientFraming(sink, {}) } : {});
      const station = { clientSap: 16, serverSap: 1 };
      const attribute = { classId: 3, logicalName: Uint8Array.of(1, 0, 1, 8, 0, 255), attribute: 2 };
      const posted = client.link.post(station, () => client.association.unconfirmedSet(attribute, Uint8Array.of(0x11, 7)));
      const read = client.get(NAME, NUMBER);
      await world.settled(posted);
      expect(await world.settled(read)).toMatchObject({ value: 5009 });
      expect(handler.received.map(({ apdu }) => apdu[0])).toEqual([0x60, 0xc1, 0xc0]);
      await world.settled(client.close());
    }
  });
});

describe('HDLC', () => {
  const hdlc = (changes: Partial<LinkOptions> = {}): Partial<LinkOptions> => ({ framing: (sink) => new HdlcClientFraming(sink, {}), ...changes });

  it('is refused by who has no HDLC', async () => {
    const world = new World();
    world.listen(() => {});
    expect(await world.failing(world.connect(hdlc()))).toMatchObject({ code: 'timeout' });
    // Once and two times again.
    expect(world.clock.nowMs()).toBeGreaterThan(14_000);
  });

  it('says so when the server refuses a link', async () => {
    const world = new World();
    // DM to the client 16 from the server 1, as in the reference vectors.
    world.listen((connection) => connection.write(Uint8Array.from(Buffer.from('7EA00721031F6BE97E', 'hex'))));
    const error = await world.failing(world.connect(hdlc()));
    expect(error).toMatchObject({ code: 'link', message: expect.stringContaining('refuses') });
  });

  it('has one data link after the other', async () => {
    const world = new World();
    const handler = new TinyHandler();
    await world.settled(DlmsServer.listen({ wire: world.wire, clock: world.clock, at: AT, serve: () => handler, hdlc: { linksMax: 1 } }));
    const link = await world.settled(DlmsLink.open(world.options(hdlc())));
    await world.settled(link.join({ clientSap: 16, serverSap: 1 }));
    await world.settled(link.leave({ clientSap: 16, serverSap: 1 }));
    await world.settled(link.join({ clientSap: 1, serverSap: 1 }));
    await world.settled(link.close());
    world.rest();
    expect(handler.left).toEqual([[16, 1]]);
    expect(handler.closed).toBe(1);
  });

  it('hears nothing from a device that is not here', async () => {
    const world = new World();
    const isHere = ({ upper }: { readonly upper: number }): boolean => upper === 17;
    await world.settled(DlmsServer.listen({ wire: world.wire, clock: world.clock, at: AT, serve: () => new TinyHandler(), hdlc: { isHere } }));
    expect(await world.failing(world.connect(hdlc()))).toMatchObject({ code: 'timeout' });
  });

  it('asks a busy server again soon, not after each time limit', async () => {
    const world = new World();
    const links = new Map<Connection, HdlcServerLink>();
    world.listen((connection, bytes) => {
      const link = links.get(connection) ?? begin(connection);
      link.receive(bytes);
    });
    const limits = { transmitBytes: 128, receiveBytes: 128, transmitWindow: 1, receiveWindow: 1 };
    const begin = (connection: Connection): HdlcServerLink => {
      const link: HdlcServerLink = new HdlcServerLink(
        { limits, apduBytesMax: 1000, linksMax: 1, counts: new HdlcCounts() },
        {
          onSend: (frames) => connection.write(frames),
          onApdu: (apdu, peer) => {
            const answer = tinyAnswer(Uint8Array.from(apdu)) ?? TINY_AARE;
            // An association at once, a value after seven seconds.
            world.clock.schedule(apdu[0] === 0xc0 ? 7000 : 0, () => link.sendApdu(peer, answer));
            return true;
          },
        },
      );
      links.set(connection, link);
      return link;
    };
    const client = await world.connect(hdlc());
    const before = world.clock.nowMs();
    expect(await world.settled(client.get(NAME, NUMBER))).toMatchObject({ value: 5009 });
    expect(world.clock.nowMs() - before).toBeGreaterThan(6990);
    expect(world.clock.nowMs() - before).toBeLessThan(7400);
    await world.settled(client.close());
  });

  it('sends lost frames again', async () => {
    const world = new World();
    const handler = new TinyHandler();
    await world.settled(DlmsServer.listen({ wire: world.wire, clock: world.clock, at: AT, serve: () => handler }));
    let writes = 0;
    const client = await world.connect({
      framing: (sink) =>
        new HdlcClientFraming(
          {
            ...sink,
            write: (bytes) => {
              // Every third frame is spoiled on its way.
              const spoiled = Uint8Array.from(bytes);
              if (++writes % 3 === 0) spoiled[3]! ^= 0x40;
              sink.write(spoiled);
            },
          },
          {},
        ),
    });
    for (let i = 0; i < 20; i++) expect(await world.settled(client.get(NAME, NUMBER))).toMatchObject({ value: 5009 });
    expect(await world.settled(client.get(NAME, { classId: 3, attribute: 3 }))).toMatchObject({ value: { length: 4096 } });
    await world.settled(client.close());
    // No request was answered twice.
    expect(handler.received.filter(({ apdu }) => apdu[0] === 0xc0)).toHaveLength(21);
  });
});
