import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Presence } from '../../grid/plan/presence.ts';
import type { Stations } from '../../grid/topology/topology.ts';
import { PATTERNS, smallScenario, someMeters } from '../../grid/truth/small-truth.fixture.ts';
import { Truth } from '../../grid/truth/truth.ts';
import { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import { MasterKey } from '../../protocol/dlms/security/keys.ts';
import { ServerConnection } from '../../protocol/dlms/server/server-connection.ts';
import { ServerCore } from '../../protocol/dlms/server/server-core.ts';
import { emptyServerStats } from '../../protocol/dlms/server/server-stats.ts';
import type { Device } from '../meter/device.ts';
import { meterKind, MeterView } from '../meter/meter-view.ts';
import { operateRelay, SUPPLY } from '../meter/relay-bank.ts';
import { ConcentratorHosts } from './concentrator-host.ts';
import { concentratorKind, ConcentratorView } from './concentrator-view.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const STATION_METERS = 70;

interface Grid {
  readonly hosts: ConcentratorHosts;
  readonly stations: Stations;
  readonly truth: Truth;
}

/** A grid of `count` meters that has been at work: registers asked for, rows looked up, one meter in each station talked to. */
function gridOf(stationCount: number): Grid {
  const scenario = smallScenario();
  const meters = someMeters(stationCount * STATION_METERS);
  const stations: Stations = {
    count: stationCount,
    meters: meters.count,
    firstMeter: Uint32Array.from({ length: stationCount + 1 }, (_, s) => s * STATION_METERS),
    size: new Uint8Array(stationCount),
    link: new Uint8Array(stationCount),
    accessibility: new Uint8Array(stationCount),
    longitude: new Float64Array(stationCount),
    latitude: new Float64Array(stationCount),
  };
  const truth = new Truth({ scenario, meters, patterns: PATTERNS });
  const range = { fromStation: 0, toStation: stationCount };
  const rows = new Presence({ scenario, stations, meters, ...range });
  const nowUnixSeconds = (): number => scenario.behaviour.start.unixSeconds + 100 * 900;
  const hosts = new ConcentratorHosts({
    meterKind: meterKind({ scenario, meters, truth, rows, nowUnixSeconds }),
    concentratorKind: concentratorKind({ scenario, stations, truth, rows, nowUnixSeconds, ...range }),
    security: { masterKey: new MasterKey(Uint8Array.from({ length: 32 }, (_, i) => (i * 7) % 256)), suite: 0, counterStart: 0 },
  });
  const out = new ByteWriter();
  const profile = hosts.concentratorCatalogue.find(Uint8Array.of(0, 128, 96, 1, 0, 255), 0)?.attributes[2];
  const register = hosts.meterCatalogue.find(Uint8Array.of(1, 0, 1, 8, 0, 255), 0)?.attributes[2];
  for (let station = 0; station < stationCount; station++) {
    const concentrator = hosts.of(station).open(1)?.device;
    const meter = hosts.of(station).open(16 + (station % STATION_METERS))?.device;
    if (!(concentrator instanceof ConcentratorView) || !(meter instanceof MeterView)) throw new Error('no such device');
    out.reset();
    profile?.get?.(concentrator, { selection: null, clientSap: 1, level: 'manager' }, out);
    expect(out.at).toBeGreaterThan(40);
    register?.get?.(meter, { selection: null, clientSap: 1, level: 'manager' }, out);
  }
  return { hosts, stations, truth };
}

function bytesNow(): number {
  // Memory of columns is let go of in the collection after that of their owners.
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it('a meter at rest takes fewer than 100 bytes, one whose relay was switched a few hundred', () => {
  // Code, tables and catalogues first: what is there however many meters there are.
  gridOf(100);
  const bytes: number[] = [];
  const grids: Grid[] = [];
  for (const stations of [100, 3100]) {
    const before = bytesNow();
    grids.push(gridOf(stations));
    bytes.push(bytesNow() - before);
  }
  const perMeter = ((bytes[1] ?? 0) - (bytes[0] ?? 0)) / (3000 * STATION_METERS);
  expect(perMeter).toBeGreaterThan(10);
  expect(perMeter).toBeLessThan(100);
  const { hosts } = grids[1] ?? grids[0] ?? gridOf(1);
  expect([hosts.meterKind.changes.size, hosts.meterAccess.size]).toEqual([0, 0]);

  const before = bytesNow();
  const switched = 20_000;
  for (let meter = 0; meter < switched; meter++) {
    operateRelay(new MeterView({ meter, station: Math.floor(meter / STATION_METERS), sap: 16, kind: hosts.meterKind }), SUPPLY, 'remote-disconnect');
  }
  const perSwitched = (bytesNow() - before) / switched;
  expect(hosts.meterKind.changes.size).toBe(switched);
  expect(perSwitched).toBeGreaterThan(30);
  expect(perSwitched).toBeLessThan(400);
});

it('a live association with a meter takes less than 4 kB, and nothing is left of it', () => {
  const { hosts, stations } = gridOf(200);
  const core = new ServerCore({ stats: emptyServerStats(), random: (bytes) => new Uint8Array(bytes) });
  // AARQ without authentication, of the public client (Green Book clause 11).
  const aarq = Uint8Array.from(Buffer.from('601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0', 'hex'));
  const out = new ByteWriter();
  const talk = (): ServerConnection<Device>[] =>
    Array.from({ length: stations.count }, (_, station) => {
      const connection = new ServerConnection(core, hosts.of(station));
      for (let sap = 16; sap < 16 + 20; sap++) {
        out.reset();
        expect(connection.receive(aarq, 16, sap, out)).toBeGreaterThan(20);
      }
      return connection;
    });
  talk().forEach((connection) => connection.close());
  const before = bytesNow();
  const connections = talk();
  const perAssociation = (bytesNow() - before) / (stations.count * 20);
  expect(connections.every(({ associations }) => associations === 20)).toBe(true);
  expect(perAssociation).toBeGreaterThan(50);
  expect(perAssociation).toBeLessThan(4096);
  connections.forEach((connection) => connection.close());
  expect([hosts.meterKind.changes.size, hosts.meterAccess.size]).toEqual([0, 0]);
});
