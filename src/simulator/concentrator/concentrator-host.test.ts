import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { GetResult } from '../../protocol/dlms/apdu/results.ts';
import { ClientAssociation } from '../../protocol/dlms/client/client-association.ts';
import type { ClientOptions, Exchange } from '../../protocol/dlms/client/client-options.ts';
import { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { decodeData, encodeData } from '../../protocol/dlms/data/data-codec.ts';
import { parseObis } from '../../protocol/dlms/data/obis.ts';
import { concentratorSystemTitle, meterSystemTitle, serialOf } from '../../protocol/dlms/push/logical-device-name.ts';
import { ReceiveCounter, SendCounter } from '../../protocol/dlms/security/counters.ts';
import { wrapKey } from '../../protocol/dlms/security/key-wrap.ts';
import { MasterKey, type SecurityKeys } from '../../protocol/dlms/security/keys.ts';
import { ServerConnection } from '../../protocol/dlms/server/server-connection.ts';
import { ServerCore } from '../../protocol/dlms/server/server-core.ts';
import { emptyServerStats } from '../../protocol/dlms/server/server-stats.ts';
import type { Device } from '../meter/device.ts';
import { array, enumeration, octets, structure, u32 } from '../meter/data-values.ts';
import { ConcentratorHosts } from './concentrator-host.ts';
import type { InstallationSecurity } from './device-access.ts';
import { plain, range, type Site, type SiteChanges, smallSite, STATION_METERS } from './small-site.fixture.ts';

/** A connection to the concentrator of a station, and clients on it. */
class Line {
  readonly site: Site;
  readonly hosts: ConcentratorHosts;
  readonly stats = emptyServerStats();
  readonly #core: ServerCore;
  #connection: ServerConnection<Device>;

  constructor(changes: SiteChanges = {}, security: InstallationSecurity | null = null) {
    this.site = smallSite({ allUp: true, ...changes });
    const { meterKind, concentratorKind } = this.site;
    this.hosts = new ConcentratorHosts({ meterKind, concentratorKind, security });
    this.#core = new ServerCore({ stats: this.stats, random: (bytes) => randomBytes(bytes) });
    this.#connection = this.#connect(2);
  }

  dial(station: number): void {
    this.#connection.close();
    this.#connection = this.#connect(station);
  }

  /** One APDU, one answer; empty: there is none. */
  exchange(apdu: Uint8Array, clientSap: number, serverSap: number): Uint8Array {
    const out = new ByteWriter(64);
    this.#connection.receive(apdu.slice(), clientSap, serverSap, out);
    return out.copy();
  }

  run<T>(association: ClientAssociation, exchange: Exchange<T>): T {
    const { clientSap, serverSap } = association.options;
    let step = exchange.next();
    while (step.done !== true) step = exchange.next(this.exchange(step.value, clientSap, serverSap));
    return step.value;
  }

  client(options: Partial<ClientOptions> = {}): Client {
    const association = new ClientAssociation({ clientSap: 1, serverSap: 1, random: (bytes) => randomBytes(bytes), ...options });
    return new Client(this, association);
  }

  #connect(station: number): ServerConnection<Device> {
    return new ServerConnection(this.#core, this.hosts.of(station));
  }
}

class Client {
  readonly #line: Line;
  readonly #association: ClientAssociation;

  constructor(line: Line, association: ClientAssociation) {
    this.#line = line;
    this.#association = association;
  }

  associate(): this {
    this.#line.run(this.#association, this.#association.associate());
    return this;
  }

  /** Why the association is refused. */
  refusal(): string {
    try {
      this.associate();
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
    return 'none';
  }

  get(classId: number, obis: string, attribute: number, selection: { selector: number; parameter: Data } | null = null): Data | number {
    const descriptor = { classId, logicalName: parseObis(`${obis}.255`), attribute };
    const encoded = selection === null ? null : { selector: selection.selector, parameter: encodeData(selection.parameter) };
    const result: GetResult = this.#line.run(this.#association, this.#association.get(descriptor, encoded));
    if ('error' in result) return result.error;
    const decoded = decodeData(result.data);
    if (decoded.status !== 'frame') throw new Error(`${obis}, attribute ${attribute}: ${JSON.stringify(decoded)}`);
    return decoded.value;
  }

  value(classId: number, obis: string, attribute = 2): unknown {
    const data = this.get(classId, obis, attribute);
    return typeof data === 'number' ? `error ${data}` : plain(data);
  }

  set(classId: number, obis: string, attribute: number, value: Data): number {
    const descriptor = { classId, logicalName: parseObis(`${obis}.255`), attribute };
    return this.#line.run(this.#association, this.#association.set(descriptor, encodeData(value)));
  }

  action(classId: number, obis: string, method: number, parameter: Data = { type: 'integer', value: 0 }): number {
    const descriptor = { classId, logicalName: parseObis(`${obis}.255`), method };
    return this.#line.run(this.#association, this.#association.action(descriptor, encodeData(parameter))).result;
  }
}

interface Listed {
  readonly classId: number;
  readonly obis: string;
  /** By attribute: mode. */
  readonly attributes: ReadonlyMap<number, number>;
}

function objectList(client: Client): readonly Listed[] {
  const list = client.value(15, '0.0.40.0.0') as [number, number, string, [[number, number, unknown][], unknown]][];
  return list.map(([classId, , name, [attributes]]) => ({
    classId,
    obis: [...Buffer.from(name, 'hex')].slice(0, 5).join('.'),
    attributes: new Map(attributes.map(([id, mode]) => [id, mode])),
  }));
}

const METER = `
  1 0.0.42.0.0   1 0.0.43.1.0   1 0.0.96.1.0   1 0.0.96.1.1   1 0.0.96.1.10   1 1.0.0.2.0   1 1.0.0.2.8
  1 0.0.96.5.0   1 0.0.96.7.9   1 0.0.96.7.20  1 0.0.96.7.21  1 0.0.96.10.1   1 0.0.96.10.2 1 0.0.96.11.0
  1 0.0.96.11.1  1 0.0.96.11.2  1 0.0.96.13.0  1 0.0.96.13.1  1 0.0.96.14.0   1 0.0.96.15.0 1 0.0.96.15.1
  1 0.0.96.15.2  1 0.0.97.97.0  1 0.0.97.98.0  1 0.0.97.98.10 1 0.0.97.98.20  1 1.0.0.4.2   1 1.0.0.4.3
  3 1.0.0.9.11   3 1.0.1.7.0    3 1.0.1.8.0    3 1.0.1.8.1    3 1.0.1.8.2     3 1.0.1.8.3   3 1.0.1.8.4
  3 1.0.2.7.0    3 1.0.2.8.0    3 1.0.3.7.0    3 1.0.3.8.0    3 1.0.4.7.0     3 1.0.4.8.0   3 1.0.13.7.0
  3 1.0.14.7.0   3 1.0.16.7.0   3 1.0.21.7.0   3 1.0.31.7.0   3 1.0.32.7.0    3 1.0.41.7.0  3 1.0.51.7.0
  3 1.0.52.7.0   3 1.0.61.7.0   3 1.0.71.7.0   3 1.0.72.7.0   4 1.0.1.6.0     5 1.0.1.4.0   6 0.0.14.0.0
  7 0.0.21.0.0   7 0.0.98.1.0   7 0.0.99.98.0  7 0.0.99.98.1  7 0.0.99.98.2   7 1.0.99.1.0  7 1.0.99.2.0
  8 0.0.1.0.0    9 0.0.10.0.0   9 0.0.10.0.100 9 0.0.10.0.106 9 0.0.10.0.108  11 0.0.11.0.0 15 0.0.40.0.0
  17 0.0.41.0.0  20 0.0.13.0.0  21 0.0.16.1.0  22 0.0.15.0.0  22 0.0.15.0.1   22 0.0.15.0.4 23 0.0.22.0.0
  40 0.0.25.9.0  40 0.4.25.9.0  41 0.0.25.0.0  64 0.0.43.0.0  70 0.0.96.3.10  70 0.1.96.3.10 71 0.0.17.0.0`;

const CONCENTRATOR = `
  1 0.0.42.0.0   1 0.0.43.1.0   1 0.0.96.1.0   1 0.0.96.1.1   1 0.0.96.1.10   1 0.0.96.11.0 1 0.0.96.15.0
  1 0.128.96.1.0 1 1.0.0.2.0    1 1.0.0.2.8    7 0.0.99.98.0  7 1.0.99.1.0    8 0.0.1.0.0   9 0.0.10.0.108
  15 0.0.40.0.0  17 0.0.41.0.0  22 0.0.15.0.4  40 0.0.25.9.0  40 0.1.25.9.0   41 0.0.25.0.0 42 0.0.25.1.0
  45 0.0.25.4.0  47 0.0.25.6.0  64 0.0.43.0.0`;

/** Highest attribute of each class, as the Blue Book has them for the versions that are used here. */
const ATTRIBUTES: Readonly<Record<number, number>> = {
  1: 2, 3: 3, 4: 5, 5: 9, 6: 4, 7: 8, 8: 9, 9: 2, 11: 2, 15: 9, 17: 2, 20: 10, 21: 4, 22: 4, 23: 9, 40: 13, 41: 6, 42: 10, 45: 4,
  47: 8, 64: 5, 70: 4, 71: 11,
};
const WRITE_ONLY = '15 0.0.40.0.0 7';
const METER_SAP = 16 + 5;
const METER_NUMBER = 2 * STATION_METERS + 5;
const words = (text: string): readonly string[] => (text.trim().match(/\S+ \S+/g) ?? []).map(String);
const nameOf = ({ classId, obis }: Listed): string => `${classId} ${obis}`;

describe.each([
  ['meter', METER_SAP, METER],
  ['concentrator', 1, CONCENTRATOR],
] as const)('%s', (_kind, serverSap, expected) => {
  it('lists its objects, with all attributes that their classes have', () => {
    const line = new Line();
    const list = objectList(line.client({ serverSap }).associate());
    expect(list.map(nameOf).toSorted()).toEqual([...words(expected.replaceAll(/\s+/g, ' '))].toSorted());
    for (const { classId, obis, attributes } of list) {
      const ids = Array.from({ length: ATTRIBUTES[classId] ?? 0 }, (_, i) => i + 1);
      expect([obis, [...attributes.keys()]]).toEqual([obis, ids]);
    }
  });

  it('answers every attribute to the manager, and says what can’t be', () => {
    const line = new Line();
    line.site.now = line.site.timeOf(77) + 123;
    const client = line.client({ serverSap }).associate();
    let values = 0;
    for (const { classId, obis, attributes } of objectList(client)) {
      for (const attribute of attributes.keys()) {
        const data = client.get(classId, obis, attribute);
        const name = `${classId} ${obis} ${attribute}`;
        if (name === WRITE_ONLY) expect([name, data]).toEqual([name, 3]);
        else expect([name, typeof data]).toEqual([name, 'object']);
        values++;
      }
      expect(client.get(classId, obis, 99)).toBe(4);
      expect(client.get(classId + 1, obis, 2)).toBe(9);
    }
    expect(values).toBeGreaterThan(100);
    expect(client.get(3, '1.0.99.99.9', 2)).toBe(4);
  });

  it('shows the public what anybody may know, and nothing else', () => {
    const line = new Line();
    const manager = objectList(line.client({ serverSap }).associate());
    const client = line.client({ serverSap, clientSap: 16 }).associate();
    const open = ['15 0.0.40.0.0', '17 0.0.41.0.0', '1 0.0.42.0.0', '1 0.0.43.1.0', '8 0.0.1.0.0'];
    expect(objectList(client).map(nameOf).toSorted()).toEqual(open.toSorted());
    for (const { classId, obis, attributes } of manager) {
      for (const attribute of [...attributes.keys()].slice(1)) {
        const data = client.get(classId, obis, attribute);
        const name = `${classId} ${obis} ${attribute}`;
        if (!open.includes(`${classId} ${obis}`) || name === WRITE_ONLY) expect([name, data]).toEqual([name, 3]);
        else expect([name, typeof data]).toEqual([name, 'object']);
      }
    }
    expect(client.set(8, '0.0.1.0.0', 2, u32(0))).toBe(3);
  });

  it('lets a reader read and nothing else', () => {
    const line = new Line();
    const client = line.client({ serverSap, clientSap: 2 }).associate();
    for (const { classId, obis, attributes } of objectList(client)) {
      for (const [attribute, mode] of attributes) {
        expect([obis, attribute, mode]).toEqual([obis, attribute, mode & 1]);
        if (mode === 1) expect([obis, attribute, typeof client.get(classId, obis, attribute)]).toEqual([obis, attribute, 'object']);
      }
      expect([obis, client.action(classId, obis, 1)]).toEqual([obis, { 1: 4, 3: 4, 4: 4, 5: 4, 6: 4, 17: 4, 21: 4, 22: 4, 23: 4, 41: 4, 42: 4, 45: 4, 47: 4, 71: 4 }[classId] ?? 3]);
    }
    expect(client.set(8, '0.0.1.0.0', 2, u32(0))).toBe(3);
  });
});

describe('addresses of a concentrator', () => {
  it('are its own, and one for each meter', () => {
    const line = new Line();
    const list = line.client().associate().value(17, '0.0.41.0.0') as [number, string][];
    const ascii = (name: string): string => Buffer.from(name, 'hex').toString('latin1');
    expect(list).toHaveLength(1 + STATION_METERS);
    expect([list[0]?.[0], ascii(list[0]?.[1] ?? '')]).toEqual([1, 'MSMDC00000000002']);
    for (const [sap, name] of list) {
      const client = line.client({ serverSap: sap }).associate();
      expect(client.value(1, '0.0.42.0.0')).toBe(name);
      client.get(1, '0.0.96.1.0', 2);
      if (sap > 1) expect(ascii(name)).toBe(`MSMMT${String(2 * STATION_METERS + sap - 16).padStart(11, '0')}`);
    }
    expect(line.client({ serverSap: 16 }).associate().value(17, '0.0.41.0.0')).toEqual([list[1]]);
    for (const serverSap of [0, 2, 15, 16 + STATION_METERS, 127, 0xffff]) {
      expect(line.exchange(Uint8Array.from(Buffer.from('601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0', 'hex')), 16, serverSap)).toHaveLength(0);
    }
    line.dial(0);
    expect(line.client({ serverSap: 16 }).associate().value(1, '0.0.96.1.0')).toBe(Buffer.from(serialOf(0)).toString('hex'));
  });

  it('reach a meter through the gateway by number, serial and name', () => {
    const line = new Line({ firstMeter: 70_000 });
    line.site.now = line.site.timeOf(9);
    const number = 70_000 + METER_NUMBER;
    const gateways: readonly Uint8Array[] = [
      Uint8Array.of(0, 1, 0x11, 0x70 + 29),
      serialOf(number),
      Uint8Array.from(Buffer.from(`MSMMT${String(number).padStart(11, '0')}`, 'latin1')),
    ];
    for (const address of gateways) {
      const client = line.client({ gateway: { networkId: 0, address } }).associate();
      expect(client.value(1, '0.0.96.1.0')).toBe(Buffer.from(serialOf(number)).toString('hex'));
      expect(client.value(3, '1.0.1.8.0')).toBe(line.site.truth.register(number, 0, line.site.now));
      expect(client.value(17, '0.0.41.0.0')).toEqual([[1, Buffer.from(`MSMMT${String(number).padStart(11, '0')}`).toString('hex')]]);
    }
    const aarq = Buffer.from('601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0', 'hex');
    const behind = (network: number, address: readonly number[]): number =>
      line.exchange(Uint8Array.of(0xe6, network, address.length, ...address, ...aarq), 16, 1).length;
    expect(behind(0, [0, 1, 0x11, 0x70])).toBe(0);
    expect(behind(0, [0, 1, 0x11, 0x70 + 24])).toBeGreaterThan(0);
    expect(behind(1, [0, 1, 0x11, 0x70 + 24])).toBe(0);
    expect(behind(0, [0x70 + 24])).toBe(0);
    expect(behind(0, [])).toBe(0);
  });

  it('give one meter from another apart, and keep what was done to it from one association to the next', () => {
    const line = new Line();
    line.site.now = line.site.timeOf(5);
    const one = line.client({ serverSap: 17 }).associate();
    expect(one.action(70, '0.0.96.3.10', 1)).toBe(0);
    expect(line.client({ serverSap: 17, clientSap: 2 }).associate().value(70, '0.0.96.3.10', 3)).toBe(0);
    expect(line.client({ serverSap: 18 }).associate().value(70, '0.0.96.3.10', 3)).toBe(1);
    const address = new Uint8Array(4);
    new DataView(address.buffer).setUint32(0, 2 * STATION_METERS + 1);
    expect(line.client({ gateway: { networkId: 0, address } }).associate().value(70, '0.0.96.3.10', 3)).toBe(0);
    expect(line.hosts.meterKind.changes.size).toBe(1);
  });
});

describe('profiles over a connection', () => {
  it('come in blocks when the client takes little', () => {
    const line = new Line();
    line.site.now = line.site.timeOf(80);
    const small = line.client({ serverSap: METER_SAP, pduBytesMax: 128 }).associate();
    const large = line.client({ serverSap: METER_SAP, clientSap: 2 }).associate();
    expect(plain(small.get(7, '1.0.99.1.0', 2) as Data)).toEqual(plain(large.get(7, '1.0.99.1.0', 2) as Data));
    const part = range(line.site.timeOf(10), line.site.timeOf(12));
    expect(plain(small.get(7, '1.0.99.1.0', 2, part) as Data)).toEqual(plain(large.get(7, '1.0.99.1.0', 2, part) as Data));
    expect(plain(large.get(7, '1.0.99.1.0', 2, part) as Data)).toHaveLength(3);
    const own = line.client({ pduBytesMax: 200 }).associate();
    expect(plain(own.get(7, '1.0.99.1.0', 2, part) as Data)).toHaveLength(3);
  });

  it('refuse a selection that an attribute does not know', () => {
    const client = new Line().client({ serverSap: METER_SAP }).associate();
    expect(client.get(7, '1.0.99.1.0', 3, range(0, 1))).toBe(250);
    expect(client.get(7, '1.0.99.1.0', 2, { selector: 5, parameter: u32(0) })).toBe(250);
  });
});

describe('an installation with security', () => {
  const master = new MasterKey(Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) % 256));
  const other = new MasterKey(Uint8Array.from({ length: 32 }, (_, i) => (i * 41 + 7) % 256));
  const TITLE = Uint8Array.of(0x48, 0x45, 0x53, 0, 0, 0, 0, 1);
  const meterTitle = meterSystemTitle(METER_NUMBER);
  const line = (suite: 0 | 1 | 2 = 0): Line => new Line({}, { masterKey: master, suite, counterStart: 1000 });
  const secured = (keys: SecurityKeys, counter = 1, serverTitle = meterTitle): Partial<ClientOptions> => ({
    mechanism: 5,
    serverSap: METER_SAP,
    security: {
      keys,
      systemTitle: TITLE,
      serverTitle,
      authenticated: true,
      encrypted: true,
      ciphering: 'glo',
      sendCounter: new SendCounter(counter),
      receiveCounter: new ReceiveCounter(),
    },
  });

  it.each([0, 1, 2] as const)('lets a manager with the device’s keys in, suite %i', (suite) => {
    const secure = line(suite);
    const client = secure.client(secured(master.keysOf(meterTitle, suite))).associate();
    expect(client.value(1, '0.0.96.1.0')).toBe(Buffer.from(serialOf(METER_NUMBER)).toString('hex'));
    expect(client.value(64, '0.0.43.0.0', 3)).toBe(suite);
    expect(client.action(70, '0.0.96.3.10', 1)).toBe(0);
    const concentrator = concentratorSystemTitle(2);
    const own = secure.client({ ...secured(master.keysOf(concentrator, suite), 1, concentrator), serverSap: 1 }).associate();
    expect(own.value(17, '0.0.41.0.0')).toHaveLength(1 + STATION_METERS);
  });

  it('keeps everybody else out', () => {
    const refusal = (options: Partial<ClientOptions>): string => line().client({ serverSap: METER_SAP, ...options }).refusal();
    expect(refusal({ mechanism: 0 })).toBe('association-refused');
    expect(refusal({ clientSap: 2, mechanism: 0 })).toBe('association-refused');
    expect(refusal({ clientSap: 3, mechanism: 0 })).toBe('association-refused');
    expect(refusal(secured(other.keysOf(meterTitle, 0)))).not.toBe('none');
    expect(refusal(secured(master.keysOf(meterSystemTitle(METER_NUMBER + 1), 0)))).not.toBe('none');
    expect(refusal({ mechanism: 1, secret: master.passwordOf(meterTitle) })).toBe('association-refused');
    expect(refusal({ clientSap: 2, mechanism: 1, secret: master.passwordOf(meterTitle) })).not.toBe('none');
    expect(refusal({ clientSap: 2, mechanism: 1, secret: new Uint8Array(0) })).not.toBe('none');
    expect(refusal({ clientSap: 2, mechanism: 1, secret: master.passwordOf(meterTitle, 'reader') })).toBe('none');
    expect(refusal({ ...secured(master.keysOf(meterTitle, 0)), mechanism: 1, secret: master.passwordOf(meterTitle) })).toBe('none');
    expect(refusal({ clientSap: 16 })).toBe('none');
  });

  it('tells the public which counter is next to come, and refuses an old one', () => {
    const secure = line();
    const keys = master.keysOf(meterTitle, 0);
    const counter = (): unknown => secure.client({ serverSap: METER_SAP, clientSap: 16 }).associate().value(1, '0.0.43.1.0');
    expect(counter()).toBe(0);
    const client = secure.client(secured(keys, 500)).associate();
    client.get(8, '0.0.1.0.0', 2);
    const last = counter() as number;
    expect(last).toBeGreaterThan(500);
    expect(secure.client(secured(keys, 400)).refusal()).not.toBe('none');
    expect(secure.client(secured(keys, last + 1)).refusal()).toBe('none');
    expect(secure.hosts.meterAccess.size).toBe(1);
  });

  it('takes new keys, wrapped, and knows them from then on; a policy is only raised', () => {
    const secure = line();
    const keys = master.keysOf(meterTitle, 0);
    const client = secure.client(secured(keys)).associate();
    const encryption = Uint8Array.from({ length: 16 }, (_, i) => 200 - i);
    const transfer = array([structure([enumeration(0), octets(wrapKey(keys.master, encryption))])]);
    expect(client.action(64, '0.0.43.0.0', 2, transfer)).toBe(0);
    expect(secure.client(secured(keys, 900)).refusal()).not.toBe('none');
    const renewed = secure.client(secured({ ...keys, encryption })).associate();
    expect(renewed.value(64, '0.0.43.0.0', 2)).toBe(3);
    expect(renewed.action(64, '0.0.43.0.0', 1, enumeration(1))).toBe(250);
    expect(renewed.action(64, '0.0.43.0.0', 2, array([structure([enumeration(0), octets(encryption)])]))).not.toBe(0);
    // Another meter still has its own.
    const neighbour = meterSystemTitle(METER_NUMBER + 1);
    expect(secure.client({ ...secured(master.keysOf(neighbour, 0), 1, neighbour), serverSap: METER_SAP + 1 }).refusal()).toBe('none');
  });

  it('takes another password of whoever knows the old one', () => {
    const secure = line();
    let counter = 1;
    const withPassword = (secret: Uint8Array): Client =>
      secure.client({ ...secured(master.keysOf(meterTitle, 0), (counter += 1000)), mechanism: 1, secret });
    const manager = withPassword(master.passwordOf(meterTitle)).associate();
    expect(manager.set(15, '0.0.40.0.0', 7, octets(Buffer.from('a new password')))).toBe(0);
    expect(withPassword(master.passwordOf(meterTitle)).refusal()).not.toBe('none');
    expect(withPassword(Buffer.from('a new password')).refusal()).toBe('none');
    expect(withPassword(Buffer.from('a new password')).associate().set(15, '0.0.40.0.0', 7, octets(new Uint8Array(65)))).not.toBe(0);
    // There is no secret of HLS: GMAC proves itself with keys, before and after.
    secure.client(secured(master.keysOf(meterTitle, 0), 100_000)).associate().set(15, '0.0.40.0.0', 7, octets(Buffer.from('another one')));
    expect(withPassword(Buffer.from('another one')).refusal()).not.toBe('none');
    expect(secure.client(secured(master.keysOf(meterTitle, 0), 200_000)).refusal()).toBe('none');
  });
});
