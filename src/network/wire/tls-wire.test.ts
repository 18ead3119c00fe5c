import { afterEach, describe, expect, it } from 'vitest';
import { TcpWire } from './tcp-wire.ts';
import { TEST_AUTHORITY_CERTIFICATE, TEST_CLIENT_CERTIFICATE, TEST_CLIENT_KEY, TEST_SERVER_CERTIFICATE, TEST_SERVER_KEY } from './tls-certificates.fixture.ts';
import { TlsWire, type TlsWireOptions } from './tls-wire.ts';
import { connect, listen, Recorder, until } from './wire-recorder.fixture.ts';
import type { Listener, Wire } from './wire.ts';

/** The conformance suite holds for it as well: wire-conformance.test.ts. Here is what TLS adds. */
const identity = { certificate: TEST_SERVER_CERTIFICATE, key: TEST_SERVER_KEY };
const clientIdentity = { certificate: TEST_CLIENT_CERTIFICATE, key: TEST_CLIENT_KEY };
const authorities = [TEST_AUTHORITY_CERTIFICATE];

const listeners: Listener[] = [];
const recorders: Recorder[] = [];

afterEach(() => {
  for (const recorder of recorders.splice(0)) recorder.connection?.destroy();
  for (const listener of listeners.splice(0)) listener.close();
});

async function serve(wire: Wire): Promise<{ listener: Listener; accepted: Recorder[] }> {
  const accepted: Recorder[] = [];
  const listener = await listen(wire, accepted);
  listeners.push(listener);
  return { listener, accepted };
}

function dial(wire: Wire, listener: Listener): Recorder {
  const recorder = connect(wire, listener.endpoint);
  recorders.push(recorder);
  return recorder;
}

describe('TlsWire', () => {
  it.each<[string, TlsWireOptions, boolean]>([
    ['the authority of the server', { authorities }, true],
    ['its name, which the certificate has', { authorities, serverName: 'localhost' }, true],
    ['another name', { authorities, serverName: 'meter.example' }, false],
    ['other authorities', {}, false],
    ['no wish to know', { checkServer: false }, true],
  ])('a client with %s', async (_name, options, taken) => {
    const wire = new TlsWire({ identity });
    const { listener, accepted } = await serve(wire);
    const client = dial(new TlsWire(options), listener);
    await until(() => client.opened + client.closed.length > 0);
    expect([client.opened, client.closed]).toEqual(taken ? [1, []] : [0, ['tls']]);
    if (!taken) return;
    await until(() => accepted.length === 1);
    client.say('hello');
    await until(() => accepted[0]?.received.join('') === 'hello');
    expect(accepted[0]?.link.remote.address).toBe('127.0.0.1');
  });

  it('lets in only clients that identify themselves, if it is told to', async () => {
    const wire = new TlsWire({ identity, authorities, clientsMustIdentify: true });
    const { listener, accepted } = await serve(wire);
    const stranger = dial(new TlsWire({ authorities }), listener);
    const impostor = dial(new TlsWire({ authorities, identity }), listener);
    await until(() => stranger.closed.length === 1 && impostor.closed.length === 1 && wire.failedHandshakes === 2);
    expect(['tls', 'reset']).toContain(stranger.closed[0]);
    expect(accepted).toEqual([]);
    const client = dial(new TlsWire({ authorities, identity: clientIdentity }), listener);
    await until(() => client.opened === 1 && accepted.length === 1);
    accepted[0]?.say('welcome');
    await until(() => client.received.join('') === 'welcome');
  });

  it('never shows its acceptor who speaks no TLS, or nothing for too long', async () => {
    const wire = new TlsWire({ identity, handshakeMs: 50 });
    const { listener, accepted } = await serve(wire);
    const plain = dial(new TcpWire(), listener);
    plain.say('0001 no client hello at all, but long enough to be taken for one');
    const silent = dial(new TcpWire(), listener);
    await until(() => plain.closed.length === 1 && silent.closed.length === 1 && wire.failedHandshakes === 2);
    expect(accepted).toEqual([]);
  });

  it('says tls when the server speaks none', async () => {
    const { listener, accepted } = await serve(new TcpWire());
    const client = dial(new TlsWire({ authorities }), listener);
    await until(() => accepted.length === 1);
    accepted[0]?.say('7EA0070321930F017E and no server hello');
    await until(() => client.closed.length === 1);
    expect([client.opened, client.closed]).toEqual([0, ['tls']]);
  });

  it('listens only with a certificate', () => {
    expect(() => new TlsWire({}).listen({ address: '127.0.0.1', port: 0 }, () => new Recorder(), () => {})).toThrow('certificate');
  });
});
