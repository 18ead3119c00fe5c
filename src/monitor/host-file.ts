/**
 * What /proc says of the whole machine (proc(5)), and of the network that this process sees: `stat`, `meminfo`, `diskstats`, `net/dev`,
 * `net/sockstat`, `net/snmp`, `net/netstat`, connection tracking. Counters count since the machine began.
 */

import type { ProcFiles } from './proc-file.ts';

export interface HostSample {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** What a hypervisor gave to others while something here wanted to run. */
  readonly stolenSeconds: number;
  readonly memoryUsedBytes: number;
  /** To and from whole disks. */
  readonly diskReadBytes: number;
  readonly diskWrittenBytes: number;
  /** Over loopback, each byte counted once; over all other interfaces, received and sent. */
  readonly loopbackBytes: number;
  readonly networkBytes: number;
  /** TCP sockets in use, both ends where both are here; those that wait in TIME_WAIT. */
  readonly connections: number;
  readonly timeWait: number;
  readonly descriptors: number;
  /** Null: the kernel tracks none. */
  readonly conntrack: { readonly count: number; readonly max: number } | null;
  readonly tcp: TcpCounters;
}

export interface TcpCounters {
  /** Sent; of these sent again. */
  readonly segments: number;
  readonly retransmissions: number;
  /** Retransmissions because nothing was heard in time; of these, of the first packet of a connection. */
  readonly timeouts: number;
  /** Connections that could not be opened, or were reset before they were. */
  readonly failedOpens: number;
  readonly resets: number;
  /** A connection found the accept queue of its listener full; found no room for any reason. */
  readonly listenOverflows: number;
  readonly listenDrops: number;
}

/** Null where there is no /proc. */
export function readHost(files: ProcFiles): HostSample | null {
  const cpu = /^cpu +(.*)$/m.exec(files.text('/proc/stat') ?? '')?.[1]?.split(' ').map(Number);
  if (cpu === undefined) return null;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = cpu;
  const memory = files.text('/proc/meminfo') ?? '';
  const sockets = files.text('/proc/net/sockstat') ?? '';
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(memory)?.[1] ?? 0);
  const socketCount = (name: string): number => Number(new RegExp(`^TCP:.*\\b${name} (\\d+)`, 'm').exec(sockets)?.[1] ?? 0);
  return {
    userSeconds: (user + nice) / TICKS_PER_SECOND,
    systemSeconds: (system + irq + softIrq) / TICKS_PER_SECOND,
    stolenSeconds: steal / TICKS_PER_SECOND,
    memoryUsedBytes: (kilobytes('MemTotal') - kilobytes('MemAvailable')) * 1024,
    ...disks(files.text('/proc/diskstats') ?? ''),
    ...interfaces(files.text('/proc/net/dev') ?? ''),
    connections: socketCount('inuse'),
    timeWait: socketCount('tw'),
    descriptors: Number(files.text('/proc/sys/fs/file-nr')?.trim().split(/\s+/)[0] ?? 0),
    conntrack: conntrack(files),
    tcp: tcp(files),
  };
}

const TICKS_PER_SECOND = 100;
/** A sector of diskstats, whatever that of the disk is. */
const SECTOR_BYTES = 512;
/** Whole disks: not their partitions, nor what stands on them and would count twice. */
const WHOLE_DISK = /^(?:[shv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/;

function disks(text: string): Pick<HostSample, 'diskReadBytes' | 'diskWrittenBytes'> {
  let [read, written] = [0, 0];
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    if (!WHOLE_DISK.test(words[2] ?? '')) continue;
    read += Number(words[5] ?? 0);
    written += Number(words[9] ?? 0);
  }
  return { diskReadBytes: read * SECTOR_BYTES, diskWrittenBytes: written * SECTOR_BYTES };
}

function interfaces(text: string): Pick<HostSample, 'loopbackBytes' | 'networkBytes'> {
  let [loopback, network] = [0, 0];
  for (const line of text.split('\n')) {
    const [, name, rest] = /^\s*(\S+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) continue;
    const words = rest.split(/\s+/).map(Number);
    if (name === 'lo') loopback += words[0] ?? 0;
    else network += (words[0] ?? 0) + (words[8] ?? 0);
  }
  return { loopbackBytes: loopback, networkBytes: network };
}

function conntrack(files: ProcFiles): HostSample['conntrack'] {
  const read = (name: string): number => Number(files.text(`/proc/sys/net/netfilter/nf_conntrack_${name}`) ?? Number.NaN);
  const [count, max] = [read('count'), read('max')];
  return Number.isFinite(count) && max > 0 ? { count, max } : null;
}

function tcp(files: ProcFiles): TcpCounters {
  const basic = namedCounters(files.text('/proc/net/snmp') ?? '', 'Tcp');
  const more = namedCounters(files.text('/proc/net/netstat') ?? '', 'TcpExt');
  return {
    segments: basic.get('OutSegs') ?? 0,
    retransmissions: basic.get('RetransSegs') ?? 0,
    timeouts: more.get('TCPTimeouts') ?? 0,
    failedOpens: basic.get('AttemptFails') ?? 0,
    resets: basic.get('EstabResets') ?? 0,
    listenOverflows: more.get('ListenOverflows') ?? 0,
    listenDrops: more.get('ListenDrops') ?? 0,
  };
}

/** Two lines, `Tcp: NAME NAME ..` and `Tcp: 1 2 ..`. */
export function namedCounters(text: string, section: string): ReadonlyMap<string, number> {
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith(`${section}: `))
    .map((line) => line.split(' ').slice(1));
  return new Map(names.map((name, i) => [name, Number(values[i])]));
}
