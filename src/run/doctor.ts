/**
 * What on this machine would spoil a run, and the command that mends it: facts of the machine against the needs of a scenario.
 * Pure. `bad`: the run would break, or lose what it is there to measure. `warn`: it works, and its figures will be worse.
 */

import type { SystemFacts } from '../monitor/system-facts.ts';
import { bytes, digits3, percent, short, whole } from '../base/format.ts';
import type { RunNeeds } from './run-needs.ts';
import { DESCRIPTORS_SPARE } from './sizing.ts';

export type Level = 'ok' | 'warn' | 'bad';

export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly found: string;
  readonly needed: string;
  readonly why: string;
  /** A command, or null: none mends it, or nothing is to be mended. */
  readonly mend: string | null;
}

/** The oldest Node that the package allows. */
export const NODE_MIN = '20.19.0';

/** Of the limit. */
const CONNTRACK_BAD = 0.9;
const CONNTRACK_WARN = 0.8;
/** Pages of a socket that has bytes in flight; half of one was measured on average. */
const PAGES_OF_SOCKET = 2;
/** Of what is free. */
const MEMORY_WARN = 0.8;
/** Of the cores. */
const LOAD_WARN = 0.3;
/** More processes of a kind for each core than this, and switching costs more than it brings. */
const PROCESSES_OF_CORE = 2;
const PORTS_MIN = 100;
/** 1024 to 65535 */
const PORTS_MAX = 64_512;
const CORES_MIN = 2;
const SLOW_CLOCKS: ReadonlySet<string> = new Set(['hpet', 'acpi_pm', 'jiffies', 'refined-jiffies', 'pit', 'xen']);
const FASTEST_CLOCK = 'tsc';

type Judgement = Omit<Finding, 'check'>;
type Check = (facts: SystemFacts, needs: RunNeeds) => Judgement | null;

/** In the order of what a user can't do without. */
const CHECKS: Readonly<Record<string, Check>> = {
  'node': nodeVersion,
  'database': database,
  'descriptors': descriptors,
  'addresses': addresses,
  'conntrack': conntrack,
  'local ports': localPorts,
  'accept queue': acceptQueue,
  'SYN queue': synQueue,
  'TCP memory': tcpMemory,
  'memory': memory,
  'disk': disk,
  'cores': cores,
  'load': load,
  'clock': clock,
};

/** Without these nobody connects, whatever else is right. */
const BEFORE_A_RUN: ReadonlySet<string> = new Set(['descriptors', 'addresses', 'conntrack']);

/** A finding for each check; those that don't concern the run, or that this system doesn't tell, are left out. */
export function findingsOf(facts: SystemFacts, needs: RunNeeds): readonly Finding[] {
  return Object.entries(CHECKS).flatMap(([check, judge]) => {
    const finding = judge(facts, needs);
    return finding === null ? [] : [{ check, ...finding, mend: finding.level === 'ok' ? null : finding.mend }];
  });
}

/** Those that a run says before it starts. */
export function obstacles(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ check, level }) => level === 'bad' && BEFORE_A_RUN.has(check));
}

/** `1,024 a process, needed 50,256: each connection is one; mend: ...` */
export function findingText({ found, needed, why, mend }: Finding): string {
  const repair = mend === null ? '' : `; mend: ${mend}`;
  return `${found}, needed ${needed}: ${why}${repair}`;
}

function nodeVersion(facts: SystemFacts): Judgement {
  return {
    level: isOld(facts.node) ? 'bad' : 'ok',
    found: facts.node,
    needed: `v${NODE_MIN} or newer`,
    why: 'older ones were never tried',
    mend: 'nvm install 20',
  };
}

function database({ moduleFailure }: SystemFacts, { headend }: RunNeeds): Judgement | null {
  if (headend !== 'builtin') return null;
  return {
    level: moduleFailure === null ? 'ok' : 'bad',
    found: moduleFailure === null ? 'DuckDB loads' : `DuckDB does not load (${moduleFailure.split('\n')[0] ?? ''})`,
    needed: 'its library for this system',
    why: 'the store and the audit are made of it',
    mend: 'npm ci',
  };
}

function descriptors(facts: SystemFacts, needs: RunNeeds): Judgement | null {
  const { descriptorsMax: limit, machineDescriptors: machine } = facts;
  if (limit === null) return null;
  const { stations, counts, connectionsOfProcess } = needs;
  const needed = connectionsOfProcess + DESCRIPTORS_SPARE;
  const wanted = powerOfTwo(needs.stations + DESCRIPTORS_SPARE);
  const common = {
    found: `${whole(limit)} a process`,
    needed: `${whole(needed)} in the largest of ${spokenCounts(needs)}`,
    why: 'each connection is one',
    mend: `sudo prlimit --pid $$ --nofile=${wanted}:${wanted}`,
  };
  if (needed > limit) return { ...common, level: 'bad' };
  const ofMachine = machine === null ? 0 : machine.used + needs.sockets;
  if (machine !== null && ofMachine > machine.max) {
    return {
      level: 'bad',
      found: `${whole(machine.max)} in the whole machine, ${whole(machine.used)} of them in use`,
      needed: `${whole(needs.sockets)} more`,
      why: 'each end of a connection is one',
      mend: `sudo sysctl -w fs.file-max=${powerOfTwo(ofMachine * 2)}`,
    };
  }
  const forced = Math.ceil(stations / Math.max(1, limit - DESCRIPTORS_SPARE));
  if (forced <= PROCESSES_OF_CORE * facts.cores || forced < counts.simulators) return { ...common, level: 'ok' };
  return { ...common, level: 'warn', why: `each connection is one, and so few make ${forced} processes of a kind on ${spokenCores(facts.cores)}` };
}

function addresses(facts: SystemFacts, { addresses: asked }: RunNeeds): Judgement | null {
  const { unusableAddresses, loopback, platform } = facts;
  if (asked.length === 0) return null;
  const common = {
    needed: `${asked[0]} to ${asked.at(-1)} on loopback`,
    why: 'each concentrator has an address of its own',
    mend: platform === 'linux' ? 'sudo ip link set lo up; sudo ip addr add 127.0.0.1/8 dev lo' : null,
  };
  const [first] = unusableAddresses;
  if (first !== undefined) return { ...common, level: 'bad', found: `nobody can listen at ${first.address} (${first.error})` };
  if (loopback.opened === loopback.tried) return { ...common, level: 'ok', found: 'they can be used' };
  const found = `${loopback.opened} of ${loopback.tried} connections on loopback could be opened`;
  return { ...common, level: 'bad', found, mend: 'sudo ip link set lo up; and what drops them: sudo nft list ruleset' };
}

/** The fault that stopped the authors of the idea: the table is full, and new connections are dropped without a word. */
function conntrack(facts: SystemFacts, needs: RunNeeds): Judgement | null {
  const { conntrack: table, platform } = facts;
  if (platform !== 'linux') return null;
  const { stations } = needs;
  const remote = needs.headend === 'remote';
  // An entry holds both directions, also on loopback. Those that are closed stay for two minutes, while others come.
  const common = { needed: `${whole(2 * stations)} entries (each connection, and once more for those just closed)`, mend: null };
  if (table === null) return { ...common, level: 'ok', found: 'the kernel tracks no connections', needed: 'nothing', why: 'no table can be full' };
  const { count, max } = table;
  if (!(remote ? table.loopback || count > 0 : table.loopback)) {
    const where = remote ? 'connections are' : 'loopback is';
    return { ...common, level: 'ok', found: `${where} not tracked (tried), room for ${whole(max)}`, needed: 'nothing', why: 'no packet filter asks for it' };
  }
  const level = count + stations > max * CONNTRACK_BAD ? 'bad' : count + 2 * stations > max * CONNTRACK_WARN ? 'warn' : 'ok';
  return {
    ...common,
    level,
    found: `room for ${whole(max)}, ${whole(count)} in use`,
    why: 'when the table is full, new connections are dropped without a word',
    mend: `sudo sysctl -w net.netfilter.nf_conntrack_max=${powerOfTwo((count + 2 * stations) / CONNTRACK_WARN)}`,
  };
}

function localPorts({ localPorts: range }: SystemFacts, needs: RunNeeds): Judgement | null {
  if (range === null) return null;
  const { stations, headend, communication } = needs;
  const ports = range.last - range.first + 1;
  const shared = headend === 'remote' && communication === 'push';
  const common = {
    found: `${whole(ports)} (${range.first} to ${range.last})`,
    mend: 'sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"',
  };
  if (!shared) {
    const why = 'each connection has an address of its own on one side';
    return { ...common, level: ports < PORTS_MIN ? 'warn' : 'ok', needed: `a few (${PORTS_MIN})`, why };
  }
  return {
    ...common,
    level: stations > ports ? 'bad' : 2 * stations > ports ? 'warn' : 'ok',
    needed: `${whole(stations)}, and as many again for those closed within a minute`,
    why: 'towards one port of your head-end all connections leave from one address',
    mend: stations <= PORTS_MAX ? common.mend : `meterstorm simulate with ${Math.ceil(stations / PORTS_MAX)} --target`,
  };
}

function acceptQueue({ acceptQueueMax: max }: SystemFacts, { arrivals, headend }: RunNeeds): Judgement | null {
  if (max === null || headend !== 'builtin') return null;
  return {
    level: max < arrivals ? 'warn' : 'ok',
    found: `${whole(max)} places`,
    needed: whole(arrivals),
    why: 'when all connect at once, who finds no place tries again a second later',
    mend: `sudo sysctl -w net.core.somaxconn=${powerOfTwo(arrivals)}`,
  };
}

function synQueue({ synQueueMax: max, synCookies }: SystemFacts, { arrivals, headend }: RunNeeds): Judgement | null {
  if (max === null || headend !== 'builtin') return null;
  const cookies = synCookies === true;
  return {
    level: !cookies && max < arrivals ? 'warn' : 'ok',
    found: cookies ? `cookies when its ${whole(max)} places are taken` : `${whole(max)} places, no cookies`,
    needed: `${whole(arrivals)} places, or cookies`,
    why: 'when all connect at once, a full queue drops them',
    mend: `sudo sysctl -w net.ipv4.tcp_max_syn_backlog=${powerOfTwo(arrivals)}`,
  };
}

function tcpMemory({ tcpPages: pages }: SystemFacts, { sockets }: RunNeeds): Judgement | null {
  if (pages === null) return null;
  const needed = pages.used + PAGES_OF_SOCKET * sockets;
  return {
    level: needed > pages.max ? 'bad' : needed > pages.pressure ? 'warn' : 'ok',
    found: `${whole(pages.pressure)} pages until the kernel saves, ${whole(pages.max)} at most`,
    needed: `${whole(needed)} for ${whole(sockets)} sockets`,
    why: 'above it buffers shrink, then segments are dropped',
    mend: `sudo sysctl -w net.ipv4.tcp_mem="${needed} ${Math.ceil(needed * 1.5)} ${needed * 2}"`,
  };
}

function memory({ memory: machine, group }: SystemFacts, needs: RunNeeds): Judgement | null {
  if (machine === null) return null;
  const limited = group.memoryBytes !== null && group.memoryBytes < machine.availableBytes;
  const available = limited ? (group.memoryBytes ?? 0) : machine.availableBytes;
  const { memoryBytes, memoryFixedBytes, stations } = needs;
  const fitting = Math.floor((stations * (available * MEMORY_WARN - memoryFixedBytes)) / (memoryBytes - memoryFixedBytes));
  return {
    level: memoryBytes > available ? 'bad' : memoryBytes > MEMORY_WARN * available ? 'warn' : 'ok',
    found: `${bytes(available)} free${limited ? ' of what the control group allows' : ''}`,
    needed: `about ${bytes(memoryBytes)}`,
    why: `${whole(needs.meters)} meters, ${spokenCounts(needs)}, ${needs.headend === 'builtin' ? 'and the store' : 'no store'}`,
    mend: fitting < 1 ? null : `a smaller grid: --stations ${fitting}`,
  };
}

function disk({ disk: facts }: SystemFacts, { diskBytes, readings }: RunNeeds): Judgement | null {
  if (facts === null) return null;
  const common = {
    found: `${bytes(facts.freeBytes)} free in ${facts.directory}`,
    needed: `up to ${bytes(diskBytes)}`,
    why: `${short(readings)} readings in the store, and those that wait for it`,
    mend: '--out with a directory on another disk',
  };
  if (!facts.writable) return { ...common, level: 'bad', found: `${facts.directory} can't be written to` };
  if (diskBytes > facts.freeBytes) return { ...common, level: 'bad' };
  if (facts.inMemory) return { ...common, level: 'warn', why: 'that disk is memory, so nothing is durable there and it takes from what processes need' };
  return { ...common, level: 'ok' };
}

function cores({ cores: count, group }: SystemFacts): Judgement {
  const quota = group.cores;
  if (quota !== null && quota < count) {
    const usable = Math.max(1, Math.floor(quota));
    return {
      level: 'warn',
      found: `${spokenCores(count)}, of which the control group gives the time of ${digits3(quota)}`,
      needed: `at least ${CORES_MIN}, all of them usable`,
      why: 'processes are started for each core, and then wait for their turn',
      mend: `taskset -c 0${usable > 1 ? `-${usable - 1}` : ''} meterstorm run ...`,
    };
  }
  return {
    level: count < CORES_MIN ? 'warn' : 'ok',
    found: spokenCores(count),
    needed: `at least ${CORES_MIN}`,
    why: 'on one core the simulators and the head-end wait for each other',
    mend: null,
  };
}

function load({ loadAverage1, cores: count }: SystemFacts): Judgement {
  return {
    level: loadAverage1 > LOAD_WARN * count ? 'warn' : 'ok',
    found: `${loadAverage1.toFixed(2)} processes ran in the last minute`,
    needed: `at most ${digits3(LOAD_WARN * count)}, ${percent(LOAD_WARN)} of ${spokenCores(count)}`,
    why: 'what others take is missing in every figure',
    mend: 'ps -eo pcpu,etime,args --sort=-pcpu | head',
  };
}

function clock({ clock: source }: SystemFacts): Judgement | null {
  if (source === null) return null;
  return {
    level: SLOW_CLOCKS.has(source.current) ? 'warn' : 'ok',
    found: source.current,
    needed: 'one that is read without the kernel',
    why: 'the time is asked for millions of times',
    mend: source.available.includes(FASTEST_CLOCK)
      ? `echo ${FASTEST_CLOCK} | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource`
      : null,
  };
}

function spokenCounts({ counts, headend, communication }: RunNeeds): string {
  const simulators = counted(counts.simulators, 'simulator');
  return headend !== 'builtin' ? simulators : `${simulators} and ${counted(counts.intakes, communication === 'push' ? 'intake' : 'poller')}`;
}

function spokenCores(count: number): string {
  return counted(count, 'core');
}

function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, atLeast)));
}

/** `v20.19.0` */
function isOld(node: string): boolean {
  const [have, want] = [node.replace(/^v/, ''), NODE_MIN].map((text) => text.split('.').map((part) => Number.parseInt(part, 10))) as [number[], number[]];
  const place = want.findIndex((part, i) => part !== (have[i] ?? 0));
  return place >= 0 && (have[place] ?? 0) < (want[place] ?? 0);
}
