/** A machine in memory on which nothing is wrong, to be changed by tests: eight cores, 16 GiB, Debian's own settings. */

import type { ReadSystem } from './read-system.ts';

export interface SampleSystem extends Partial<Omit<ReadSystem, 'text' | 'listen' | 'whileConnected'>> {
  /** Contents by path, on top of the usual ones; null: not there. */
  readonly texts?: Readonly<Record<string, string | null>>;
  /** Error codes by address. */
  readonly unusable?: Readonly<Record<string, string>>;
  readonly opened?: number;
  /** Entries that connections on loopback add to nf_conntrack_count. */
  readonly tracked?: number;
}

const COUNT = '/proc/sys/net/netfilter/nf_conntrack_count';

const USUAL: Readonly<Record<string, string>> = {
  '/proc/self/limits': limits('1048576'),
  '/proc/self/cgroup': '0::/user.slice/session-1.scope\n',
  '/proc/sys/fs/file-nr': '1504\t0\t9223372036854775807\n',
  '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
  '/proc/sys/net/core/somaxconn': '4096\n',
  '/proc/sys/net/ipv4/tcp_max_syn_backlog': '2048\n',
  '/proc/sys/net/ipv4/tcp_syncookies': '1\n',
  '/proc/sys/net/ipv4/tcp_mem': '189417\t252559\t378834\n',
  '/proc/net/sockstat': 'sockets: used 160\nTCP: inuse 8 orphan 0 tw 0 alloc 10 mem 3\nUDP: inuse 4 mem 2\n',
  '/proc/meminfo': 'MemTotal:       16777216 kB\nMemFree:        12000000 kB\nMemAvailable:   15000000 kB\n',
  '/sys/devices/system/clocksource/clocksource0/current_clocksource': 'tsc\n',
  '/sys/devices/system/clocksource/clocksource0/available_clocksource': 'tsc hpet acpi_pm \n',
};

/** /proc/self/limits with this hard limit of descriptors. */
export function limits(hard: string): string {
  return (
    'Limit                     Soft Limit           Hard Limit           Units     \n' +
    'Max processes             63432                63432                processes \n' +
    `Max open files            1024                 ${hard}              files     \n`
  );
}

export function sampleSystem(sample: SampleSystem = {}): ReadSystem {
  const { texts = {}, unusable = {}, opened, tracked = 0 } = sample;
  let open = 0;
  return {
    platform: 'linux',
    node: 'v20.19.0',
    cores: () => 8,
    loadAverage1: () => 0.2,
    disk: (directory) => ({ directory, freeBytes: 100e9, writable: true, inMemory: false }),
    load: async () => null,
    ...sample,
    text(path) {
      const text = texts[path] === undefined ? (USUAL[path] ?? null) : texts[path];
      return path === COUNT && text !== null ? `${Number(text) + open}\n` : text;
    },
    listen: async (address) => unusable[address] ?? null,
    whileConnected: async (count, look) => {
      open = tracked;
      const seen = look();
      open = 0;
      return { opened: opened ?? count, seen };
    },
  };
}
