/**
 * What a machine allows: limits of descriptors, connections and memory, read from /proc and /sys (proc(5), ip-sysctl,
 * nf_conntrack-sysctl, cgroups(7)) through a `ReadSystem`. What a system does not tell is null. Nothing is judged here.
 */

import type { DiskFacts, ReadSystem } from './read-system.ts';

export interface SystemFacts {
  readonly platform: string;
  readonly node: string;
  readonly cores: number;
  readonly loadAverage1: number;
  /** Descriptors that a process may be given (the hard limit); null: not told. 2^20 where there is no limit. */
  readonly descriptorsMax: number | null;
  /** The same of the whole machine, and how many of them are in use. */
  readonly machineDescriptors: { readonly used: number; readonly max: number } | null;
  /** Those of the addresses that were asked for that nobody can listen at. */
  readonly unusableAddresses: readonly { readonly address: string; readonly error: string }[];
  /** Of connections that were tried on loopback. */
  readonly loopback: { readonly tried: number; readonly opened: number };
  readonly localPorts: { readonly first: number; readonly last: number } | null;
  /** Longest queue of connections that wait to be accepted. */
  readonly acceptQueueMax: number | null;
  readonly synQueueMax: number | null;
  /** Whether the kernel answers with cookies when that queue is full. */
  readonly synCookies: boolean | null;
  /** Null: the kernel tracks no connections. `loopback`: those on loopback are tracked, as trying has shown. */
  readonly conntrack: { readonly count: number; readonly max: number; readonly loopback: boolean } | null;
  /** Pages that all TCP sockets may hold. */
  readonly tcpPages: { readonly used: number; readonly pressure: number; readonly max: number } | null;
  readonly memory: { readonly availableBytes: number; readonly totalBytes: number } | null;
  /** What the control groups of this process allow; null: no limit. `memoryBytes`: what is left of it. */
  readonly group: { readonly cores: number | null; readonly memoryBytes: number | null };
  readonly disk: DiskFacts | null;
  readonly clock: { readonly current: string; readonly available: readonly string[] } | null;
  /** Why the module that was asked for can't be loaded; null: it can, or none was asked for. */
  readonly moduleFailure: string | null;
}

export interface FactsAsked {
  readonly addresses: readonly string[];
  /** Null: nothing is written. */
  readonly directory: string | null;
  /** Null: none. */
  readonly module: string | null;
}

const TRIED = 8;
const UNLIMITED_DESCRIPTORS = 2 ** 20;
/** Where the first version of control groups says "no limit". */
const NO_LIMIT_BYTES = 2 ** 60;

export async function readSystemFacts(system: ReadSystem, asked: FactsAsked): Promise<SystemFacts> {
  const sysctl = (name: string): readonly number[] => numbers(system.text(`/proc/sys/${name}`));
  const one = (name: string): number | null => sysctl(name)[0] ?? null;
  const [first, last] = sysctl('net/ipv4/ip_local_port_range');
  const [used, , max] = sysctl('fs/file-nr');
  const cookies = one('net/ipv4/tcp_syncookies');
  const { conntrack, opened } = await readConntrack(system);
  return {
    platform: system.platform,
    node: system.node,
    cores: system.cores(),
    loadAverage1: system.loadAverage1(),
    descriptorsMax: descriptorsMax(system),
    machineDescriptors: used === undefined || max === undefined ? null : { used, max },
    unusableAddresses: await unusable(system, asked.addresses),
    loopback: { tried: TRIED, opened },
    localPorts: first === undefined || last === undefined ? null : { first, last },
    acceptQueueMax: one('net/core/somaxconn'),
    synQueueMax: one('net/ipv4/tcp_max_syn_backlog'),
    synCookies: cookies === null ? null : cookies > 0,
    conntrack,
    tcpPages: tcpPages(sysctl('net/ipv4/tcp_mem'), system.text('/proc/net/sockstat')),
    memory: memory(system.text('/proc/meminfo')),
    group: groupLimits(system),
    disk: asked.directory === null ? null : system.disk(asked.directory),
    clock: clock(system),
    moduleFailure: asked.module === null ? null : await system.load(asked.module),
  };
}

/** Whether loopback is tracked depends on rules that only root can list; so connections are opened, and counted. */
async function readConntrack(system: ReadSystem): Promise<{ readonly conntrack: SystemFacts['conntrack']; readonly opened: number }> {
  const read = (name: string): number | null => numbers(system.text(`/proc/sys/net/netfilter/${name}`))[0] ?? null;
  const [before, max] = [read('nf_conntrack_count'), read('nf_conntrack_max')];
  const { opened, seen } = await system.whileConnected(TRIED, () => read('nf_conntrack_count'));
  if (before === null || seen === null || max === null) return { conntrack: null, opened };
  // Others come and go meanwhile. Where none could be opened, a full table may be the reason.
  const loopback = opened === 0 ? before > 0 : seen - before >= opened / 2;
  return { conntrack: { count: before, max, loopback }, opened };
}

async function unusable(system: ReadSystem, addresses: readonly string[]): Promise<SystemFacts['unusableAddresses']> {
  const errors = await Promise.all(addresses.map((address) => system.listen(address)));
  return addresses.flatMap((address, i) => {
    const error = errors[i] ?? null;
    return error === null ? [] : [{ address, error }];
  });
}

/** As in `SystemFacts`. */
export function descriptorsMax(system: ReadSystem): number | null {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(system.text('/proc/self/limits') ?? '')?.[1];
  if (hard === undefined) return null;
  return hard === 'unlimited' ? UNLIMITED_DESCRIPTORS : Number(hard);
}

function tcpPages(limits: readonly number[], sockstat: string | null): SystemFacts['tcpPages'] {
  const [, pressure, max] = limits;
  if (pressure === undefined || max === undefined) return null;
  return { used: Number(/^TCP:.*\bmem (\d+)/m.exec(sockstat ?? '')?.[1] ?? 0), pressure, max };
}

function memory(meminfo: string | null): SystemFacts['memory'] {
  const bytes = (field: string): number | null => {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(meminfo ?? '');
    return found === null ? null : Number(found[1]) * 1024;
  };
  const [availableBytes, totalBytes] = [bytes('MemAvailable'), bytes('MemTotal')];
  return availableBytes === null || totalBytes === null ? null : { availableBytes, totalBytes };
}

function clock(system: ReadSystem): SystemFacts['clock'] {
  const read = (name: string): string | null => system.text(`/sys/devices/system/clocksource/clocksource0/${name}`)?.trim() ?? null;
  const current = read('current_clocksource');
  return current === null ? null : { current, available: (read('available_clocksource') ?? '').split(/\s+/).filter(Boolean) };
}

/** The tightest limits from the group of this process up to the root of what it sees, in both versions of control groups. */
function groupLimits(system: ReadSystem): SystemFacts['group'] {
  const groups = (system.text('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return path === '' ? [] : [{ controllers: controllers.split(','), path }];
  });
  const folders = (controller: string): readonly string[] =>
    groups
      .filter(({ controllers }) => controllers.includes(controller))
      .flatMap(({ path }) => upward(path).map((each) => `/sys/fs/cgroup${controller === '' ? '' : `/${controller}`}${each}`));
  const read = (folder: string, name: string): number | null => numbers(system.text(`${folder}/${name}`))[0] ?? null;
  const left = (folder: string, [limit, usage, stat]: readonly [string, string, string]): number | null => {
    const [most, held] = [read(folder, limit), read(folder, usage)];
    if (most === null || held === null || most >= NO_LIMIT_BYTES) return null;
    const cache = Number(new RegExp(`^${stat} (\\d+)$`, 'm').exec(system.text(`${folder}/memory.stat`) ?? '')?.[1] ?? 0);
    return Math.max(0, most - Math.max(0, held - cache));
  };
  return {
    cores: least([
      ...folders('').map((folder) => {
        const [quota, period] = (system.text(`${folder}/cpu.max`) ?? '').trim().split(' ');
        return share(whole(quota), whole(period));
      }),
      ...folders('cpu').map((folder) => share(read(folder, 'cpu.cfs_quota_us'), read(folder, 'cpu.cfs_period_us'))),
    ]),
    memoryBytes: least([
      ...folders('').map((folder) => left(folder, ['memory.max', 'memory.current', 'inactive_file'])),
      ...folders('memory').map((folder) => left(folder, ['memory.limit_in_bytes', 'memory.usage_in_bytes', 'total_inactive_file'])),
    ]),
  };
}

/** `/a/b`, `/a`, and nothing. */
function upward(path: string): readonly string[] {
  const parts = path.split('/').filter(Boolean);
  return Array.from({ length: parts.length + 1 }, (_, i) => parts.slice(0, parts.length - i).map((part) => `/${part}`).join(''));
}

/** Cores; a quota of -1 is none. */
function share(quota: number | null, period: number | null): number | null {
  return quota === null || period === null || quota <= 0 || period <= 0 ? null : quota / period;
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function whole(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

/** The whole numbers at the beginning of a text, between blanks. */
function numbers(text: string | null): readonly number[] {
  const words = (text ?? '').trim().split(/\s+/);
  const end = words.findIndex((word) => !/^-?\d+$/.test(word));
  return (end < 0 ? words : words.slice(0, end)).map(Number);
}
