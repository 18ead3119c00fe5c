import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../base/clock.ts';
import { BLOB, CLIENT_TITLE, ECHO, ENERGY, meterKeys, PROFILE, ROWS, smallMeter } from '../../protocol/dlms/client/small-meter.fixture.ts';
import { ServerConnection } from '../../protocol/dlms/server/server-connection.ts';
import { TcpWire } from '../wire/tcp-wire.ts';
import { TEST_AUTHORITY_CERTIFICATE, TEST_SERVER_CERTIFICATE, TEST_SERVER_KEY } from '../wire/tls-certificates.fixture.ts';
import { TlsWire } from '../wire/tls-wire.ts';
import { UdpWire } from '../wire/udp-wire.ts';
import type { Connection, Wire } from '../wire/wire.ts';
import { connect, type ConnectOptions } from './connect.ts';
import { DlmsServer, type DlmsServerOptions } from './dlms-server.ts';
import type { ApduHandler } from './server-framing.ts';
import { TinyHandler } from './tiny-handler.fixture.ts';

interface Kind {
  readonly wire: () => Wire;
  readonly server: Partial<DlmsServerOptions>;
  readonly client: Partial<ConnectOptions>;
}

const tls = (): TlsWire => new TlsWire({ authorities: [TEST_AUTHORITY_CERTIFICATE], identity: { certificate: TEST_SERVER_CERTIFICATE, key: TEST_SERVER_KEY } });
const udp = (): UdpWire => new UdpWire({ clock: systemClock, connectionsMax: 100, idleMs: 10_000 });

const KINDS: Readonly<Record<string, Kind>> = {
  'wrapper on TCP': { wire: () => new TcpWire(), server: {}, client: {} },
  'HDLC on TCP': { wire: () => new TcpWire(), server: {}, client: { framing: 'hdlc' } },
  'HDLC on TCP, long frames and a window': {
    wire: () => new TcpWire(),
    server: {},
    client: { framing: 'hdlc', hdlc: { physicalAddress: 17, limits: { transmitBytes: 512, receiveBytes: 512, transmitWindow: 3, receiveWindow: 3 } } },
  },
  'HDLC on TCP, addresses of four bytes': { wire: () => new TcpWire(), server: {}, client: { framing: 'hdlc', hdlc: { physicalAddress: 17, addressBytes: 4 } } },
  'wrapper on TLS': { wire: tls, server: {}, client: { transport: 'tls', tls: { authorities: [TEST_AUTHORITY_CERTIFICATE] } } },
  'HDLC on TLS': { wire: tls, server: {}, client: { transport: 'tls', framing: 'hdlc', tls: { authorities: [TEST_AUTHORITY_CERTIFICATE] } } },
  'wrapper on UDP': { wire: udp, server: { datagrams: true }, client: { transport: 'udp' } },
};

const NUMBER = { classId: 3, attribute: 2 } as const;
const LONG = { classId: 3, attribute: 3 } as const;

async function serving(kind: Kind, handler: (connection: Connection) => ApduHandler | null, clock: Clock = systemClock): Promise<DlmsServer> {
  return await DlmsServer.listen({ wire: kind.wire(), clock, at: { address: '127.0.0.1', port: 0 }, serve: handler, ...kind.server });
}

describe.each(Object.entries(KINDS))('%s', (_name, kind) => {
  it('associates, reads, writes, releases', async () => {
    const handler = new TinyHandler();
    const server = await serving(kind, () => handler);
    const client = await connect({ host: '127.0.0.1', port: server.endpoint.port, serverSap: 17, ...kind.client });
    expect(client.negotiated).toMatchObject({ conformance: 0x00501f, serverPduBytesMax: 500 });
    expect(await client.get('1-0:1.8.0*255', NUMBER)).toEqual({ type: 'double-long-unsigned', value: 5009 });
    expect(await client.get('1.0.1.8.0.255', LONG)).toEqual({ type: 'octet-string', value: new Uint8Array(4096).fill(0x5a) });
    await client.set('1-0:1.8.0*255', NUMBER, { type: 'unsigned', value: 7 });
    // More than one at a time: they wait for each other.
    const many = await Promise.all(Array.from({ length: 20 }, () => client.get('1-0:1.8.0*255', NUMBER)));
    expect(many).toHaveLength(20);
    await client.close();
    expect(client.negotiated).toBeNull();
    expect(handler.received.every(({ clientSap, serverSap }) => clientSap === 16 && serverSap === 17)).toBe(true);
    expect(handler.received.map(({ apdu }) => apdu[0])).toEqual([0x60, 0xc0, 0xc0, 0xc1, ...many.map(() => 0xc0), 0x62]);
    await expect(client.get('1-0:1.8.0*255', NUMBER)).rejects.toMatchObject({ code: 'closed' });
    server.close();
    expect(server.stats).toMatchObject({ accepted: 1, refused: 0, brokenStreams: {}, overrun: 0 });
    if (kind.client.framing === 'hdlc') expect(handler.left).toEqual([[16, 17]]);
  });

  it('hands on notifications, between answers and in their midst', async () => {
    const connections: Connection[] = [];
    const push = new Uint8Array(Buffer.from('0F00000001000600002012', 'hex'));
    const server: DlmsServer = await serving(kind, (connection) => {
      connections.push(connection);
      return new TinyHandler();
    });
    const seen: string[] = [];
    const client = await connect({
      host: '127.0.0.1',
      port: server.endpoint.port,
      ...kind.client,
      onNotification: (notification) => seen.push(`${notification.kind} ${Buffer.from('body' in notification ? notification.body : notification.value).toString('hex')}`),
    });
    for (const connection of connections) expect(server.push(connection, push, { clientSap: 16, serverSap: 1 })).toBe(true);
    await client.get('1-0:1.8.0*255', NUMBER);
    expect(seen).toEqual(['data 0600002012']);
    await client.close();
    server.close();
  });

  it.each(['glo', 'ded', 'general-glo', 'general-ded'] as const)('reads a whole meter with HLS 5, ciphered %s, in small pieces', async (ciphering) => {
    const { core, host, meter } = smallMeter({ server: { pduBytesMax: 200, blocksOutBurst: kind.client.framing === 'hdlc' ? 1 : 4 } });
    const server = await serving(kind, () => new ServerConnection(core, host));
    for (let session = 0; session < 2; session++) {
      const client = await connect({
        host: '127.0.0.1',
        port: server.endpoint.port,
        ...kind.client,
        security: { systemTitle: CLIENT_TITLE, encryptionKey: meterKeys(0).encryption, authenticationKey: meterKeys(0).authentication, ciphering },
        counterName: '0-0:43.1.0*255',
        association: { pduBytesMax: 200, preferGeneralBlocks: session === 1 },
      });
      expect((await client.objects()).map(({ obis }) => obis)).toContain(PROFILE);
      expect((await client.profile(PROFILE)).rows).toHaveLength(ROWS);
      expect(await client.register(ENERGY)).toMatchObject({ value: 12_345.6 });
      const value = Uint8Array.from({ length: 1000 }, (_each, i) => i & 0xff);
      await client.set(BLOB, { classId: 1, attribute: 2 }, { type: 'octet-string', value });
      expect(await client.get(BLOB, { classId: 1, attribute: 2 })).toEqual({ type: 'octet-string', value });
      expect(await client.action(ECHO, { classId: 9000, method: 1 }, { type: 'octet-string', value })).toEqual({ type: 'octet-string', value });
      await client.close();
    }
    expect(core.stats.refusals.total).toBe(0);
    expect(meter.invoked).toBe(2);
    server.close();
  });

  it('serves many clients at once', async () => {
    const server = await serving(kind, () => new TinyHandler());
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect({ host: '127.0.0.1', port: server.endpoint.port, ...kind.client })));
    const rounds = await Promise.all(clients.map((client) => client.get('1-0:1.8.0*255', NUMBER)));
    expect(rounds).toHaveLength(50);
    await Promise.all(clients.map((client) => client.close()));
    server.close();
    expect(server.stats.accepted).toBe(50);
  });
});
