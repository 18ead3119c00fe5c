/** The short way to a server: devices and plain options in, a listening server out, on the system's clock and sockets. */

import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { DeviceHost } from '../../protocol/dlms/server/device-host.ts';
import { ServerConnection } from '../../protocol/dlms/server/server-connection.ts';
import { ServerCore } from '../../protocol/dlms/server/server-core.ts';
import type { ServerSettings } from '../../protocol/dlms/server/server-settings.ts';
import { ServerStats } from '../../protocol/dlms/server/server-stats.ts';
import { TcpWire } from '../wire/tcp-wire.ts';
import { TlsWire, type TlsWireOptions } from '../wire/tls-wire.ts';
import { UdpWire } from '../wire/udp-wire.ts';
import type { Connection, Wire } from '../wire/wire.ts';
import { DlmsServer, type DlmsServerOptions } from './dlms-server.ts';

export interface ListenOptions<D> extends Omit<DlmsServerOptions, 'wire' | 'clock' | 'at' | 'serve' | 'datagrams'> {
  /** Default 127.0.0.1: this machine alone. 0.0.0.0: every address. */
  readonly address?: string;
  /** Default 4059; 0: any free one. */
  readonly port?: number;
  /** Default tcp. */
  readonly transport?: 'tcp' | 'tls' | 'udp';
  /** For `tls`: at least an identity. */
  readonly tls?: TlsWireOptions;
  /** Who is here: always the same, or by connection, for one listener that stands for many; null closes the connection. */
  readonly host: DeviceHost<D> | ((connection: Connection) => DeviceHost<D> | null);
  /** What the server offers, and its limits. */
  readonly settings?: Partial<ServerSettings>;
  /** Gets counted into. */
  readonly stats?: ServerStats;
  /** Default the system's. */
  readonly clock?: Clock;
  /** In place of `transport`. */
  readonly wire?: Wire;
}

const PORT = 4059;
const CONNECTIONS_MAX = 20_000;
const IDLE_MS = 180_000;

/** Resolves when it listens; rejects with an Error that says why it can't, or TypeError for options that can't be. */
export async function listen<D>(options: ListenOptions<D>): Promise<DlmsServer> {
  const { address = '127.0.0.1', port = PORT, transport = 'tcp', clock = systemClock, host, settings = {}, stats = new ServerStats() } = options;
  const core = new ServerCore({ ...settings, stats, random: (bytes) => Uint8Array.from(randomBytes(bytes)) });
  return await DlmsServer.listen({
    ...options,
    wire: options.wire ?? wireOf(options, clock),
    clock,
    at: { address, port },
    datagrams: transport === 'udp',
    serve: (connection) => {
      const found = typeof host === 'function' ? host(connection) : host;
      return found === null ? null : new ServerConnection(core, found);
    },
  });
}

function wireOf<D>({ transport = 'tcp', tls, connectionsMax = CONNECTIONS_MAX, idleMs = IDLE_MS }: ListenOptions<D>, clock: Clock): Wire {
  if (transport === 'udp') return new UdpWire({ clock, connectionsMax, idleMs });
  if (transport === 'tcp') return new TcpWire();
  if (tls?.identity === undefined) throw new TypeError('a TLS server needs `tls.identity`: a certificate and its key');
  return new TlsWire(tls);
}
