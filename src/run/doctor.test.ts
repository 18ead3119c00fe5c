/** Every situation that the doctor knows, on a machine in memory. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import { parseScenario } from '../grid/scenario/parse.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { limits, sampleSystem, type SampleSystem } from '../monitor/sample-system.fixture.ts';
import { type Finding, findingText, NODE_MIN, obstacles } from './doctor.ts';
import { examine, type Examination } from './examine.ts';

interface Situation extends SampleSystem, Partial<Omit<Examination, 'scenario'>> {
  readonly scenario?: string;
  readonly sets?: readonly string[];
}

function scenarioOf(name: string, sets: readonly string[]): Scenario {
  const parsed = parseScenario({ file: packageFile('scenarios', `${name}.yaml`), sets });
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  return parsed.scenario;
}

async function findings(situation: Situation = {}): Promise<readonly Finding[]> {
  const { scenario = 'small-grid', sets = [], target = null, simulators = null, intakes = null, directory = 'runs', ...sample } = situation;
  return (await examine({ scenario: scenarioOf(scenario, sets), target, simulators, intakes, directory }, sampleSystem(sample))).findings;
}

async function finding(check: string, situation: Situation = {}): Promise<Finding | null> {
  return (await findings(situation)).find((each) => each.check === check) ?? null;
}

/** Files of connection tracking with so many entries and room. */
const table = (count: number, max: number): Readonly<Record<string, string>> => ({
  '/proc/sys/net/netfilter/nf_conntrack_max': `${max}\n`,
  '/proc/sys/net/netfilter/nf_conntrack_count': `${count}\n`,
});

const at = (path: string, text: string | null): Situation => ({ texts: { [path]: text } });
const descriptors = (hard: string): Situation => at('/proc/self/limits', limits(hard));
const meminfo = (kB: number): Readonly<Record<string, string>> => ({ '/proc/meminfo': `MemTotal:       99999999 kB\nMemAvailable:   ${kB} kB\n` });
const group = (name: string, text: string): Readonly<Record<string, string>> => ({ [`/sys/fs/cgroup/${name}`]: text });
const clock = (current: string, available: string): Situation => ({
  texts: {
    '/sys/devices/system/clocksource/clocksource0/current_clocksource': `${current}\n`,
    '/sys/devices/system/clocksource/clocksource0/available_clocksource': `${available}\n`,
  },
});

describe('a machine on which nothing is wrong', () => {
  test.each(['small-grid', 'large-grid', 'stress', 'blackout'])('%s', async (scenario) => {
    const all = await findings({ scenario });
    expect(all.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(all.map(({ check }) => check)).toEqual([
      'node',
      'database',
      'descriptors',
      'addresses',
      'conntrack',
      'local ports',
      'accept queue',
      'SYN queue',
      'TCP memory',
      'memory',
      'disk',
      'cores',
      'load',
      'clock',
    ]);
    expect(all.every(({ mend }) => mend === null)).toBe(true);
  });

  test('a system that tells nothing has nothing bad', async () => {
    const all = await findings({ ...sampleSystem({ platform: 'darwin', disk: () => null }), texts: Object.fromEntries(SILENT.map((path) => [path, null])) });
    expect(all.map(({ check }) => check)).toEqual(['node', 'database', 'addresses', 'cores', 'load']);
    expect(all.filter(({ level }) => level === 'bad')).toEqual([]);
  });
});

const SILENT = [
  '/proc/self/limits',
  '/proc/sys/net/ipv4/ip_local_port_range',
  '/proc/sys/net/core/somaxconn',
  '/proc/sys/net/ipv4/tcp_max_syn_backlog',
  '/proc/sys/net/ipv4/tcp_mem',
  '/proc/meminfo',
  '/sys/devices/system/clocksource/clocksource0/current_clocksource',
];

const LARGE: Situation = { scenario: 'large-grid' };
const REMOTE: Situation = { target: '10.0.0.5' };
const TWO: Situation = { cores: () => 2 };

/** What is wrong, how bad it is, and the command. */
const CASES: readonly (readonly [string, Situation, Finding['level'], string | null])[] = [
  ['node', { node: 'v20.18.3' }, 'bad', 'nvm install 20'],
  ['node', { node: 'v18.99.0' }, 'bad', 'nvm install 20'],
  ['node', { node: 'v20.19.1' }, 'ok', null],
  ['node', { node: 'v24.0.0' }, 'ok', null],
  ['database', { load: async () => 'Cannot find module x.node\nRequire stack' }, 'bad', 'npm ci'],

  ['descriptors', { ...LARGE, ...descriptors('20000') }, 'ok', null],
  ['descriptors', { ...LARGE, ...descriptors('4096'), cores: () => 2 }, 'warn', 'sudo prlimit --pid $$ --nofile=65536:65536'],
  ['descriptors', { ...LARGE, ...descriptors('4096'), cores: () => 32 }, 'ok', null],
  ['descriptors', { ...LARGE, ...descriptors('20000'), simulators: 2 }, 'bad', 'sudo prlimit --pid $$ --nofile=65536:65536'],
  ['descriptors', { ...LARGE, ...descriptors('20000'), intakes: 1 }, 'bad', 'sudo prlimit --pid $$ --nofile=65536:65536'],
  ['descriptors', { ...LARGE, ...descriptors('20000'), intakes: 1, ...REMOTE }, 'ok', null],
  ['descriptors', descriptors('256'), 'bad', 'sudo prlimit --pid $$ --nofile=2048:2048'],
  ['descriptors', { ...LARGE, ...at('/proc/sys/fs/file-nr', '1000\t0\t100999\n') }, 'bad', 'sudo sysctl -w fs.file-max=262144'],
  ['descriptors', { ...LARGE, ...at('/proc/sys/fs/file-nr', '1000\t0\t101000\n') }, 'ok', null],

  ['addresses', { unusable: { '127.64.0.1': 'EADDRNOTAVAIL' } }, 'bad', 'sudo ip link set lo up; sudo ip addr add 127.0.0.1/8 dev lo'],
  ['addresses', { unusable: { '127.64.5.150': 'EADDRNOTAVAIL' }, platform: 'darwin' }, 'bad', null],
  ['addresses', { opened: 3 }, 'bad', 'sudo ip link set lo up; and what drops them: sudo nft list ruleset'],
  ['addresses', { target: '127.0.0.1', unusable: { '127.64.0.1': 'EACCES' } }, 'bad', 'sudo ip link set lo up; sudo ip addr add 127.0.0.1/8 dev lo'],

  ['conntrack', {}, 'ok', null],
  ['conntrack', { ...LARGE, texts: table(0, 1000) }, 'ok', null],
  ['conntrack', { ...LARGE, texts: table(40, 262_144), tracked: 8 }, 'ok', null],
  ['conntrack', { ...LARGE, texts: table(0, 65_536), tracked: 8 }, 'warn', 'sudo sysctl -w net.netfilter.nf_conntrack_max=131072'],
  ['conntrack', { ...LARGE, texts: table(20_000, 65_536), tracked: 8 }, 'bad', 'sudo sysctl -w net.netfilter.nf_conntrack_max=262144'],
  ['conntrack', { texts: table(65_536, 65_536), opened: 0 }, 'bad', 'sudo sysctl -w net.netfilter.nf_conntrack_max=131072'],
  ['conntrack', { ...LARGE, ...REMOTE, texts: table(0, 32_768) }, 'ok', null],
  ['conntrack', { ...LARGE, ...REMOTE, texts: table(7, 32_768) }, 'bad', 'sudo sysctl -w net.netfilter.nf_conntrack_max=131072'],

  ['local ports', LARGE, 'ok', null],
  ['local ports', at('/proc/sys/net/ipv4/ip_local_port_range', '60000\t60009'), 'warn', 'sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"'],
  ['local ports', REMOTE, 'ok', null],
  ['local ports', { ...REMOTE, sets: ['grid.stations=20000', 'grid.meters=null'] }, 'warn', 'sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"'],
  ['local ports', { ...LARGE, ...REMOTE }, 'bad', 'sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"'],
  ['local ports', { ...REMOTE, sets: ['grid.stations=150000', 'grid.meters=null'] }, 'bad', 'meterstorm simulate with 3 --target'],
  ['local ports', { ...LARGE, target: '127.0.0.1' }, 'ok', null],
  ['local ports', { ...LARGE, ...REMOTE, sets: ['behaviour.communication=pull'] }, 'ok', null],

  ['accept queue', { ...TWO, ...at('/proc/sys/net/core/somaxconn', '1430') }, 'ok', null],
  ['accept queue', { ...TWO, ...at('/proc/sys/net/core/somaxconn', '128') }, 'warn', 'sudo sysctl -w net.core.somaxconn=2048'],
  ['accept queue', { ...at('/proc/sys/net/core/somaxconn', '4095'), ...LARGE }, 'warn', 'sudo sysctl -w net.core.somaxconn=4096'],
  ['accept queue', { ...at('/proc/sys/net/core/somaxconn', '256'), sets: ['behaviour.communication=pull'], intakes: 1 }, 'ok', null],
  ['SYN queue', at('/proc/sys/net/ipv4/tcp_max_syn_backlog', '128'), 'ok', null],
  ['SYN queue', { texts: { '/proc/sys/net/ipv4/tcp_max_syn_backlog': '128', '/proc/sys/net/ipv4/tcp_syncookies': '0' } }, 'warn', 'sudo sysctl -w net.ipv4.tcp_max_syn_backlog=512'],

  ['TCP memory', at('/proc/sys/net/ipv4/tcp_mem', '1000 5722 8000'), 'warn', 'sudo sysctl -w net.ipv4.tcp_mem="5723 8585 11446"'],
  ['TCP memory', at('/proc/sys/net/ipv4/tcp_mem', '1000 5723 8000'), 'ok', null],
  ['TCP memory', at('/proc/sys/net/ipv4/tcp_mem', '1000 2000 3000'), 'bad', 'sudo sysctl -w net.ipv4.tcp_mem="5723 8585 11446"'],

  ['memory', { ...TWO, texts: meminfo(1_000_000) }, 'ok', null],
  ['memory', { ...TWO, texts: meminfo(900_000) }, 'warn', 'a smaller grid: --stations 378'],
  ['memory', { ...TWO, texts: meminfo(700_000) }, 'bad', null],
  ['memory', { ...TWO, ...LARGE, texts: meminfo(3_000_000) }, 'bad', 'a smaller grid: --stations 24238'],
  ['memory', { ...TWO, texts: { ...group('memory.max', '900000000\n'), ...group('memory.current', '100000000\n') } }, 'bad', null],
  ['memory', { ...TWO, ...REMOTE, texts: meminfo(500_000) }, 'ok', null],

  ['disk', { disk: (directory) => ({ directory, freeBytes: 600e6, writable: true, inMemory: false }) }, 'bad', '--out with a directory on another disk'],
  ['disk', { disk: (directory) => ({ directory, freeBytes: 700e6, writable: true, inMemory: false }) }, 'ok', null],
  ['disk', { disk: (directory) => ({ directory, freeBytes: 10e9, writable: true, inMemory: false }), ...LARGE }, 'bad', '--out with a directory on another disk'],
  ['disk', { disk: (directory) => ({ directory, freeBytes: 900e9, writable: false, inMemory: false }) }, 'bad', '--out with a directory on another disk'],
  ['disk', { disk: (directory) => ({ directory, freeBytes: 900e9, writable: true, inMemory: true }) }, 'warn', '--out with a directory on another disk'],

  ['cores', { cores: () => 1 }, 'warn', null],
  ['cores', { cores: () => 2, texts: group('cpu.max', '200000 100000\n') }, 'ok', null],
  ['cores', { cores: () => 64, texts: group('cpu.max', '250000 100000\n') }, 'warn', 'taskset -c 0-1 meterstorm run ...'],
  ['cores', { cores: () => 64, texts: group('cpu.max', '50000 100000\n') }, 'warn', 'taskset -c 0 meterstorm run ...'],
  ['load', { cores: () => 2, loadAverage1: () => 0.6 }, 'ok', null],
  ['load', { cores: () => 2, loadAverage1: () => 0.61 }, 'warn', 'ps -eo pcpu,etime,args --sort=-pcpu | head'],
  ['clock', clock('hpet', 'tsc hpet'), 'warn', 'echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource'],
  ['clock', clock('acpi_pm', 'acpi_pm'), 'warn', null],
  ['clock', clock('kvm-clock', 'kvm-clock tsc'), 'ok', null],
];

describe('what is wrong is said', () => {
  test.each(CASES.map(([check, situation, level, mend], i) => ({ i, check, situation, level, mend })))('$i: $check is $level', async ({ check, situation, level, mend }) => {
    const found = await finding(check, situation);
    expect(found).toMatchObject({ check, level, mend });
    expect(JSON.stringify(found)).not.toMatch(/NaN|undefined|Infinity/);
    if (found !== null) expect(findingText(found)).not.toContain('\n');
  });

  test('as what was found, what is needed, why, and what mends it', async () => {
    const found = await finding('conntrack', { ...LARGE, texts: table(20_000, 65_536), tracked: 8 });
    expect(found === null ? '' : findingText(found)).toBe(
      'room for 65,536, 20,000 in use, needed 100,000 entries (each connection, and once more for those just closed): ' +
        'when the table is full, new connections are dropped without a word; mend: sudo sysctl -w net.netfilter.nf_conntrack_max=262144',
    );
  });

  test('a head-end elsewhere has its own database, addresses, queues and disk', async () => {
    const checks = (await findings({ ...LARGE, ...REMOTE })).map(({ check }) => check);
    expect(checks).toEqual(['node', 'descriptors', 'conntrack', 'local ports', 'TCP memory', 'memory', 'cores', 'load', 'clock']);
    expect((await findings({ ...LARGE, target: '127.0.0.1' })).map(({ check }) => check)).toContain('addresses');
  });

  test('lines that get new addresses need their block, too', async () => {
    const session = 'grid.links.0.session={ up: 6 h }';
    const far = { unusable: { '127.112.5.150': 'EADDRNOTAVAIL' } };
    expect(await finding('addresses', far)).toMatchObject({ level: 'ok' });
    expect(await finding('addresses', { ...far, sets: [session] })).toMatchObject({ level: 'bad' });
    expect(await finding('addresses', { ...far, sets: [session, 'network.links=ignored'] })).toMatchObject({ level: 'ok' });
  });
});

test('before a run only what stops it is said', async () => {
  const all = await findings({ ...LARGE, ...descriptors('20000'), intakes: 1, simulators: 1, texts: { '/proc/self/limits': limits('20000'), ...table(60_000, 65_536) }, tracked: 8, unusable: { '127.64.0.1': 'E' }, node: 'v18.0.0', directory: null });
  expect(obstacles(all).map(({ check }) => check)).toEqual(['descriptors', 'addresses', 'conntrack']);
  expect(obstacles(await findings({ node: 'v18.0.0' }))).toEqual([]);
  expect(all.map(({ check }) => check)).not.toContain('disk');
});

test('the oldest Node is the one of the manifest', () => {
  const { engines } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { engines: { node: string } };
  expect(NODE_MIN.startsWith(engines.node.replace('>=', ''))).toBe(true);
});
