import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { thisSystem } from './read-system.ts';
import { limits, sampleSystem, type SampleSystem } from './sample-system.fixture.ts';
import { type FactsAsked, readSystemFacts, type SystemFacts } from './system-facts.ts';

const NOTHING: FactsAsked = { addresses: [], directory: null, module: null };

function facts(sample: SampleSystem, asked: Partial<FactsAsked> = {}): Promise<SystemFacts> {
  return readSystemFacts(sampleSystem(sample), { ...NOTHING, ...asked });
}

const TABLE = { '/proc/sys/net/netfilter/nf_conntrack_max': '65536\n', '/proc/sys/net/netfilter/nf_conntrack_count': '100' };

describe('facts of a system', () => {
  test('are read from files and by trying', async () => {
    expect(await facts({ unusable: { '127.64.0.9': 'EADDRNOTAVAIL' } }, { addresses: ['127.64.0.1', '127.64.0.9'], directory: 'runs', module: 'x' })).toEqual({
      platform: 'linux',
      node: 'v20.19.0',
      cores: 8,
      loadAverage1: 0.2,
      descriptorsMax: 1_048_576,
      machineDescriptors: { used: 1504, max: 2 ** 63 },
      unusableAddresses: [{ address: '127.64.0.9', error: 'EADDRNOTAVAIL' }],
      loopback: { tried: 8, opened: 8 },
      localPorts: { first: 32_768, last: 60_999 },
      acceptQueueMax: 4096,
      synQueueMax: 2048,
      synCookies: true,
      conntrack: null,
      tcpPages: { used: 3, pressure: 252_559, max: 378_834 },
      memory: { availableBytes: 15_360_000_000, totalBytes: 17_179_869_184 },
      group: { cores: null, memoryBytes: null },
      disk: { directory: 'runs', freeBytes: 100e9, writable: true, inMemory: false },
      clock: { current: 'tsc', available: ['tsc', 'hpet', 'acpi_pm'] },
      moduleFailure: null,
    });
  });

  test('what a system does not tell is null', async () => {
    const silent = { ...sampleSystem(), platform: 'darwin', text: () => null };
    expect(await readSystemFacts(silent, NOTHING)).toMatchObject({
      descriptorsMax: null,
      machineDescriptors: null,
      localPorts: null,
      acceptQueueMax: null,
      synQueueMax: null,
      synCookies: null,
      conntrack: null,
      tcpPages: null,
      memory: null,
      group: { cores: null, memoryBytes: null },
      disk: null,
      clock: null,
    });
    const odd = { ...sampleSystem(), text: () => 'what is this\n' };
    expect(await readSystemFacts(odd, NOTHING)).toMatchObject({ descriptorsMax: null, localPorts: null, conntrack: null, tcpPages: null, memory: null });
  });

  test('no limit of descriptors is a million', async () => {
    expect(await facts({ texts: { '/proc/self/limits': limits('unlimited') } })).toMatchObject({ descriptorsMax: 2 ** 20 });
  });

  test('nothing is loaded that nobody asked for', async () => {
    const load = async (): Promise<string> => 'broken';
    expect(await facts({ load })).toMatchObject({ moduleFailure: null });
    expect(await facts({ load }, { module: 'x' })).toMatchObject({ moduleFailure: 'broken' });
  });
});

describe('connection tracking', () => {
  test.each([
    ['no connection adds an entry', 0, undefined, false],
    ['each adds one', 8, undefined, true],
    ['each adds one while others go', 5, undefined, true],
    ['others come meanwhile', 3, undefined, false],
    ['none could be opened', 0, 0, true],
  ])('%s', async (_, tracked, opened, loopback) => {
    const sample = { texts: TABLE, tracked, ...(opened === undefined ? {} : { opened }) };
    expect((await facts(sample)).conntrack).toEqual({ count: 100, max: 65_536, loopback });
  });

  test('an empty table of which nothing can be opened is not the reason', async () => {
    const texts = { ...TABLE, '/proc/sys/net/netfilter/nf_conntrack_count': '0' };
    expect((await facts({ texts, opened: 0 })).conntrack?.loopback).toBe(false);
  });
});

describe('control groups', () => {
  const group = async (texts: Readonly<Record<string, string | null>>): Promise<SystemFacts['group']> => (await facts({ texts })).group;

  test('of the second version: the tightest limit from the leaf to the root', async () => {
    expect(
      await group({
        '/sys/fs/cgroup/user.slice/session-1.scope/cpu.max': 'max 100000\n',
        '/sys/fs/cgroup/user.slice/cpu.max': '150000 100000\n',
        '/sys/fs/cgroup/cpu.max': '400000 100000\n',
        '/sys/fs/cgroup/user.slice/memory.max': '2000000000\n',
        '/sys/fs/cgroup/user.slice/memory.current': '900000000\n',
        '/sys/fs/cgroup/user.slice/memory.stat': 'anon 100\ninactive_file 400000000\nactive_file 7\n',
        '/sys/fs/cgroup/memory.max': 'max\n',
        '/sys/fs/cgroup/memory.current': '5\n',
      }),
    ).toEqual({ cores: 1.5, memoryBytes: 1_500_000_000 });
  });

  test('of a container, which sees its own group as the root', async () => {
    const texts = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': '1000\n', '/sys/fs/cgroup/memory.current': '3000\n' };
    expect(await group(texts)).toEqual({ cores: null, memoryBytes: 0 });
  });

  test('of the first version', async () => {
    const unlimited = '9223372036854771712\n';
    expect(
      await group({
        '/proc/self/cgroup': '4:memory:/docker/a\n2:cpu,cpuacct:/docker/a\n0::/\n',
        '/sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes': '1000000000\n',
        '/sys/fs/cgroup/memory/docker/a/memory.usage_in_bytes': '600000000\n',
        '/sys/fs/cgroup/memory/docker/a/memory.stat': 'cache 1\ntotal_inactive_file 100000000\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': unlimited,
        '/sys/fs/cgroup/memory/memory.usage_in_bytes': '1\n',
        '/sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us': '50000\n',
        '/sys/fs/cgroup/cpu/docker/a/cpu.cfs_period_us': '100000\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      }),
    ).toEqual({ cores: 0.5, memoryBytes: 500_000_000 });
  });
});

describe('this system', () => {
  const directory = mkdtempSync(join(tmpdir(), 'meterstorm-system-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  test('listens at its own addresses and at nobody else’s', async () => {
    expect(await thisSystem.listen('127.0.0.1')).toBeNull();
    expect(await thisSystem.listen('192.0.2.1')).toBe('EADDRNOTAVAIL');
  });

  test('opens connections, and looks while they are open', async () => {
    let looked = 0;
    expect(await thisSystem.whileConnected(3, () => ++looked)).toEqual({ opened: 3, seen: 1 });
  });

  test('tells of the disk of a directory that is still to be made', () => {
    const disk = thisSystem.disk(join(directory, 'a', 'b'));
    expect(disk).toMatchObject({ directory, writable: true });
    expect(disk?.freeBytes).toBeGreaterThan(0);
  });

  test('loads what can be loaded', async () => {
    expect(await thisSystem.load('node:fs')).toBeNull();
    expect(await thisSystem.load('no-such-module')).toMatch(/no-such-module/);
  });

  test('tells something', async () => {
    const { cores, node } = await readSystemFacts(thisSystem, { ...NOTHING, addresses: ['127.0.0.1'] });
    expect(cores).toBeGreaterThan(0);
    expect(node).toBe(process.version);
  });
});
