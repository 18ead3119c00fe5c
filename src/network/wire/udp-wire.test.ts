import { afterEach, describe, expect, it } from 'vitest';
import { systemClock, VirtualClock } from '../../base/clock.ts';
import { DATAGRAM_BYTES_MAX, UdpWire, type UdpWireOptions } from './udp-wire.ts';
import { connect, listen, Recorder, until } from './wire-recorder.fixture.ts';
import type { Listener } from './wire.ts';

const listeners: Listener[] = [];
const recorders: Recorder[] = [];

afterEach(() => {
  for (const recorder of recorders.splice(0)) recorder.connection?.destroy();
  for (const listener of listeners.splice(0)) listener.close();
});

interface Stage {
  readonly wire: UdpWire;
  readonly listener: Listener;
  readonly accepted: Recorder[];
  dial(from?: string): Recorder;
}

async function stage(options: Partial<UdpWireOptions> = {}): Promise<Stage> {
  const wire = new UdpWire({ clock: systemClock, connectionsMax: 100, idleMs: 60_000, ...options });
  const accepted: Recorder[] = [];
  const listener = await listen(wire, accepted);
  listeners.push(listener);
  const dial = (from?: string): Recorder => {
    const recorder = connect(wire, listener.endpoint, from);
    recorders.push(recorder);
    return recorder;
  };
  return { wire, listener, accepted, dial };
}

function only(accepted: readonly Recorder[]): Recorder {
  const [first] = accepted;
  if (first === undefined || accepted.length > 1) throw new Error(`${accepted.length} connections`);
  return first;
}

describe('UdpWire', () => {
  it('carries one datagram a write, both ways, also such as were written before it was open; the memory is free at once', async () => {
    const { accepted, dial, listener } = await stage();
    const client = dial();
    const scratch = Buffer.from('a1');
    expect(client.link.write(scratch)).toBe(true);
    scratch.fill(0);
    client.say('b22');
    expect(client.opened).toBe(0);
    await until(() => accepted[0]?.received.length === 2);
    const server = only(accepted);
    expect(server.received).toEqual(['a1', 'b22']);
    server.say('c333');
    server.say('d');
    await until(() => client.received.length === 2);
    expect([client.received, client.opened, server.opened, client.link.queuedBytes]).toEqual([['c333', 'd'], 1, 1, 0]);
    expect([client.link.remote, server.link.local]).toEqual([listener.endpoint, listener.endpoint]);
    expect(client.link.local).toEqual(server.link.remote);
  });

  it('tells its peers apart, by address and port', async () => {
    const { accepted, dial } = await stage();
    const clients = Array.from({ length: 20 }, (_, i) => dial(`127.0.1.${1 + (i >> 1)}`));
    for (const [i, client] of clients.entries()) client.say(`from ${i}`);
    await until(() => accepted.length === 20);
    for (const server of accepted) server.say(`back to ${server.received.join()}`);
    await until(() => clients.every((client) => client.received.length === 1));
    expect(clients.map((client) => client.received)).toEqual(clients.map((_, i) => [`back to from ${i}`]));
    expect(new Set(accepted.map((server) => server.link.remote.address)).size).toBe(10);
  });

  it('carries the longest datagram, and none longer or empty', async () => {
    const { accepted, dial } = await stage();
    const client = dial();
    const longest = 'x'.repeat(DATAGRAM_BYTES_MAX);
    client.say(longest);
    await until(() => accepted[0]?.received.length === 1);
    expect(only(accepted).received[0] === longest).toBe(true);
    expect(() => client.say(`${longest}x`)).toThrow('65507');
    expect(() => client.say('')).toThrow('65507');
  });

  it('closes connections that are silent for a while, by its clock; those that live stay', async () => {
    const clock = new VirtualClock();
    const { accepted, dial } = await stage({ clock, idleMs: 1000 });
    const [quiet, loud] = [dial(), dial()];
    quiet.say('quiet');
    await until(() => accepted.length === 1);
    loud.say('loud');
    await until(() => accepted.length === 2);
    for (let round = 1; round <= 6; round++) {
      clock.run(() => false, 300 * round);
      loud.say(`again ${round}`);
      await until(() => accepted[1]?.received.length === 1 + round);
    }
    expect(accepted.map((server) => server.closed)).toEqual([['timeout'], []]);
    expect(accepted[0]?.say('late')).toBe(false);
    // A voice from there is a new connection.
    quiet.say('back');
    await until(() => accepted.length === 3);
    expect([accepted[2]?.received, accepted[0]?.received]).toEqual([['back'], ['quiet']]);
    clock.run(() => false, 10_000);
    expect(accepted.map((server) => server.closed)).toEqual([['timeout'], ['timeout'], ['timeout']]);
    // Nothing is left to do for the clock.
    expect(clock.run(() => false)).toBe(false);
    expect(clock.nowMs()).toBeLessThan(10_000);
  });

  it('takes only so many at a time, and counts what it drops', async () => {
    const { wire, accepted, dial } = await stage({ connectionsMax: 2 });
    const clients = [dial(), dial(), dial()];
    clients[0]?.say('0');
    clients[1]?.say('1');
    await until(() => accepted.length === 2);
    clients[2]?.say('2');
    await until(() => wire.dropped.strangers === 1);
    accepted[0]?.link.end();
    await until(() => accepted[0]?.closed.length === 1);
    clients[2]?.say('2 again');
    await until(() => accepted.length === 3);
    expect(accepted.map((server) => server.received)).toEqual([['0'], ['1'], ['2 again']]);
    expect(accepted[0]?.closed).toEqual(['local']);
  });

  it('keeps what comes while it pauses, up to a bound, and counts the rest', async () => {
    const { wire, accepted, dial } = await stage();
    const client = dial();
    client.say('first');
    await until(() => accepted.length === 1);
    const server = only(accepted);
    server.link.pause();
    const count = 8;
    for (let i = 0; i < count; i++) {
      client.say(`${i}`.repeat(50_000));
      await until(() => client.link.queuedBytes === 0);
    }
    await until(() => wire.dropped.paused === count - 5);
    expect(server.received).toEqual(['first']);
    server.link.resume();
    expect(server.received.map((text) => text.slice(0, 1)).join('')).toBe('f01234');
    client.say('on');
    await until(() => server.received.at(-1) === 'on');
  });

  it('says refused when a datagram went out in vain', async () => {
    const { wire, listener, accepted, dial } = await stage();
    listener.close();
    const client = dial();
    client.say('anybody?');
    await until(() => client.closed.length === 1);
    expect([client.closed, accepted]).toEqual([['refused'], []]);
    const lost = connect(wire, listener.endpoint, '192.0.2.1');
    await until(() => lost.closed.length === 1);
    expect([lost.closed, lost.opened]).toEqual([['unreachable'], 0]);
  });

  it('refuses to listen twice at one endpoint, and listens there again once it was closed and its connections are gone', async () => {
    const { wire, listener, accepted, dial } = await stage();
    await expect(listen(wire, [], listener.endpoint)).rejects.toThrow('EADDRINUSE');
    const client = dial();
    client.say('1');
    await until(() => accepted.length === 1);
    listener.close();
    listener.close();
    dial().say('too late');
    client.say('2');
    await until(() => accepted[0]?.received.length === 2);
    only(accepted).say('still here');
    await until(() => client.received.length === 1);
    await expect(listen(wire, [], listener.endpoint)).rejects.toThrow('EADDRINUSE');
    only(accepted).link.destroy();
    await until(() => accepted[0]?.closed.length === 1);
    const again = await listen(wire, accepted, listener.endpoint);
    expect(again.endpoint).toEqual(listener.endpoint);
    again.close();
  });

  it('end() sends what is queued, then closes; destroy() calls nothing but onClose, and that once', async () => {
    const { accepted, dial } = await stage();
    const client = dial();
    for (let i = 0; i < 5; i++) client.say(`${i}`);
    client.link.end();
    client.link.end();
    expect([client.say('no more'), client.closed]).toEqual([false, []]);
    await until(() => client.closed.length === 1 && accepted[0]?.received.length === 5);
    const other = dial();
    other.say('x');
    await until(() => accepted.length === 2);
    accepted[1]?.say('y');
    other.link.destroy();
    other.link.destroy();
    expect([other.say('z'), other.closed]).toEqual([false, []]);
    await until(() => other.closed.length === 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect([other.closed, other.received, client.closed]).toEqual([['local'], [], ['local']]);
  });

  it('may be destroyed while it is accepted, or before it is open', async () => {
    const wire = new UdpWire({ clock: systemClock, connectionsMax: 1, idleMs: 1000 });
    const server = new Recorder();
    const listener = await new Promise<Listener>((resolve) => {
      wire.listen(
        { address: '127.0.0.1', port: 0 },
        (connection) => {
          connection.destroy();
          return server;
        },
        (result) => resolve(result as Listener),
      );
    });
    const client = connect(wire, listener.endpoint);
    client.say('x');
    await until(() => server.closed.length === 1);
    expect([server.received, server.opened, server.closed]).toEqual([[], 0, ['local']]);
    const early = connect(wire, listener.endpoint);
    early.link.destroy();
    await until(() => early.closed.length === 1);
    client.link.destroy();
    listener.close();
    await until(() => client.closed.length === 1);
    expect([early.opened, early.closed]).toEqual([0, ['local']]);
  });

  it('pushes back when the kernel has not taken much, and drains', async () => {
    const { accepted, dial } = await stage();
    const client = dial();
    const answers: boolean[] = [];
    for (let i = 0; i < 4; i++) answers.push(client.say('q'.repeat(30_000)));
    expect(answers).toEqual([true, true, false, false]);
    expect(client.link.queuedBytes).toBe(120_000);
    await until(() => client.drains === 1 && client.link.queuedBytes === 0 && accepted[0]?.received.length === 4);
    expect(client.say('more')).toBe(true);
  });
});
