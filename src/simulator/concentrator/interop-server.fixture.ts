/**
 * The server that clients of other makers were recorded against, the same on each run: a concentrator with twelve meters at a
 * time that stands still, keys from a known master key, counters from 1, challenges that count. What it answers is a function
 * of the bytes that it got since it was made.
 */

import { VirtualClock } from '../../base/clock.ts';
import { DlmsServer } from '../../network/dlms/dlms-server.ts';
import type { ApduHandler } from '../../network/dlms/server-framing.ts';
import type { Connection, ConnectionHandlers, Endpoint, Wire } from '../../network/wire/wire.ts';
import { concentratorSystemTitle, meterSystemTitle } from '../../protocol/dlms/push/logical-device-name.ts';
import { MasterKey, type SecurityKeys } from '../../protocol/dlms/security/keys.ts';
import type { SecuritySuite } from '../../protocol/dlms/security/suite.ts';
import { ServerConnection } from '../../protocol/dlms/server/server-connection.ts';
import { ServerCore } from '../../protocol/dlms/server/server-core.ts';
import { emptyServerStats, type ServerStats } from '../../protocol/dlms/server/server-stats.ts';
import { ConcentratorHosts } from './concentrator-host.ts';
import { smallSite } from './small-site.fixture.ts';

const STATION = 0;
/** Rows of the load profile that there are; a round hour. */
const STEP = 40;
const MASTER_KEY = new MasterKey(Uint8Array.from({ length: 32 }, (_, i) => i));

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export interface DeviceSecrets {
  readonly keys: SecurityKeys;
  /** ASCII. */
  readonly managerPassword: string;
  readonly readerPassword: string;
}

export class InteropServer {
  readonly stats: ServerStats = emptyServerStats();
  readonly #hosts: ConcentratorHosts;
  readonly #core: ServerCore;
  #drawn = 0;

  constructor(suite: SecuritySuite = 0) {
    const site = smallSite({ allUp: true });
    site.now = site.timeOf(STEP);
    const { meterKind, concentratorKind } = site;
    const security = { masterKey: MASTER_KEY, suite, counterStart: 1 };
    this.#hosts = new ConcentratorHosts({ meterKind, concentratorKind, security });
    this.#core = new ServerCore({ stats: this.stats, random: (bytes) => Uint8Array.from({ length: bytes }, () => ++this.#drawn & 0xff) });
  }

  /** What answers on a new connection. */
  serve(): ApduHandler {
    return new ServerConnection(this.#core, this.#hosts.of(STATION));
  }
}

/** Of the concentrator, or of its first meter: logical device 16. */
export function secretsOf(device: 'concentrator' | 'meter', suite: SecuritySuite = 0): DeviceSecrets {
  const title = device === 'meter' ? meterSystemTitle(0) : concentratorSystemTitle(STATION);
  return {
    keys: MASTER_KEY.keysOf(title, suite),
    managerPassword: text(MASTER_KEY.passwordOf(title, 'manager')),
    readerPassword: text(MASTER_KEY.passwordOf(title, 'reader')),
  };
}

/** A wire on which whatever is written is there at once, and whatever is sent comes as it is cut. */
export class HandWire implements Wire {
  #accept: ((connection: Connection) => ConnectionHandlers) | null = null;

  listen(at: Endpoint, accept: (connection: Connection) => ConnectionHandlers, ready: (result: { endpoint: Endpoint; close(): void }) => void): void {
    this.#accept = accept;
    ready({ endpoint: at, close: () => {} });
  }

  connect(): Connection {
    throw new Error('nobody connects here but by hand');
  }

  dial(): HandConnection {
    if (this.#accept === null) throw new Error('nobody listens');
    return new HandConnection(this.#accept);
  }
}

const NEAR: Endpoint = { address: '127.0.0.1', port: 4059 };
const FAR: Endpoint = { address: '127.0.0.1', port: 50000 };

export class HandConnection {
  readonly #handlers: ConnectionHandlers;
  readonly #answered: Uint8Array[] = [];
  ended = false;

  constructor(accept: (connection: Connection) => ConnectionHandlers) {
    const end = (): void => {
      this.ended = true;
    };
    this.#handlers = accept({
      local: NEAR,
      remote: FAR,
      queuedBytes: 0,
      write: (bytes) => {
        this.#answered.push(bytes.slice());
        return true;
      },
      pause: () => {},
      resume: () => {},
      end,
      destroy: end,
    });
  }

  /** What is answered to a piece of the stream. */
  send(piece: Uint8Array): Uint8Array {
    // The server may not keep what it is given.
    const given = piece.slice();
    this.#handlers.onData(given);
    given.fill(0xee);
    return new Uint8Array(Buffer.concat(this.#answered.splice(0)));
  }

  hangUp(): void {
    this.#handlers.onClose('remote');
  }
}

/** Its wire: both framings, as the first byte of a connection says. */
export function listenByHand(server: InteropServer): HandWire {
  const wire = new HandWire();
  DlmsServer.open({ wire, clock: new VirtualClock(), at: NEAR, serve: () => server.serve(), idleMs: 0 }, () => {});
  return wire;
}
