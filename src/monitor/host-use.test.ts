import { describe, expect, test } from 'vitest';
import { namedCounters, readHost } from './host-file.ts';
import { ProcMachine } from './proc-machine.fixture.ts';
import { ProcessProbe } from './process-probe.ts';

/** As a machine with two disks, one of them in partitions and under LVM, wrote them. */
const RECORDED: Readonly<Record<string, string>> = {
  '/proc/stat': 'cpu  1000 200 300 9000 50 10 40 60 0 0\ncpu0 500 100 150 4500 25 5 20 30 0 0\n',
  '/proc/meminfo': 'MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:   12000000 kB\n',
  '/proc/diskstats': [
    '   7       0 loop0 9 9 9999 9 9 9 9999 9 0 9 9 9 9 9 9 0 0',
    ' 253       0 zram0 9 9 9999 9 9 9 9999 9 0 9 9 9 9 9 9 0 0',
    ' 259       0 nvme0n1 1 0 100 1 1 0 200 1 0 1 1 0 0 0 0 0 0',
    ' 259       1 nvme0n1p1 1 0 100 1 1 0 200 1 0 1 1 0 0 0 0 0 0',
    '   8       0 sda 1 0 10 1 1 0 20 1 0 1 1 0 0 0 0 0 0',
    '   8       1 sda1 1 0 10 1 1 0 20 1 0 1 1 0 0 0 0 0 0',
    ' 254       0 dm-0 1 0 10 1 1 0 20 1 0 1 1 0 0 0 0 0 0',
    '',
  ].join('\n'),
  '/proc/net/dev': [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    '    lo: 5000       10    0    0    0     0          0         0     5000       10    0    0    0     0       0          0',
    '  eth0: 700        10    0    0    0     0          0         0      300       10    0    0    0     0       0          0',
    'wlan0:1 10    0    0    0     0          0         0      2       10    0    0    0     0       0          0',
    '',
  ].join('\n'),
  '/proc/net/sockstat': 'sockets: used 160\nTCP: inuse 8 orphan 0 tw 5 alloc 10 mem 3\nUDP: inuse 4 mem 2\n',
  '/proc/net/snmp': 'Ip: Forwarding\nIp: 1\nTcp: RtoAlgorithm AttemptFails EstabResets OutSegs RetransSegs\nTcp: 1 3 4 5000 25\n',
  '/proc/net/netstat': 'TcpExt: ListenOverflows ListenDrops TCPTimeouts NewInThisKernel\nTcpExt: 7 8 9 1\nIpExt: InOctets\nIpExt: 1\n',
  '/proc/sys/fs/file-nr': '1504\t0\t9223372036854775807\n',
  '/proc/sys/net/netfilter/nf_conntrack_count': '120\n',
  '/proc/sys/net/netfilter/nf_conntrack_max': '1000\n',
};

function recorded(): ProcMachine {
  const machine = new ProcMachine();
  for (const [path, text] of Object.entries(RECORDED)) machine.texts.set(path, text);
  return machine;
}

describe('the whole machine', () => {
  test('is read from its files', () => {
    expect(readHost(recorded())).toEqual({
      userSeconds: 12,
      systemSeconds: 3.5,
      stolenSeconds: 0.6,
      memoryUsedBytes: 4_096_000_000,
      diskReadBytes: 110 * 512,
      diskWrittenBytes: 220 * 512,
      loopbackBytes: 5000,
      networkBytes: 1003,
      connections: 8,
      timeWait: 5,
      descriptors: 1504,
      conntrack: { count: 120, max: 1000 },
      tcp: { segments: 5000, retransmissions: 25, timeouts: 9, failedOpens: 3, resets: 4, listenOverflows: 7, listenDrops: 8 },
    });
  });

  test('that is no Linux tells nothing, and one without connection tracking no table', () => {
    expect(readHost(new ProcMachine())).toBeNull();
    const machine = recorded();
    machine.texts.delete('/proc/sys/net/netfilter/nf_conntrack_count');
    expect(readHost(machine)?.conntrack).toBeNull();
    expect(namedCounters('', 'Tcp').size).toBe(0);
  });

  test('is watched as rates and counts since the begin', () => {
    const machine = recorded();
    const free = [900, 800, 700];
    const probe = new ProcessProbe({
      clock: machine.clock,
      files: machine,
      intervalMs: 1000,
      targets: [{ name: 'host', kind: 'host' }],
      diskFreeBytes: () => free.shift() ?? null,
    });
    probe.start();
    machine.texts.set('/proc/stat', 'cpu  1100 200 350 9000 50 10 40 80 0 0\n');
    machine.texts.set('/proc/net/snmp', 'Tcp: OutSegs RetransSegs\nTcp: 5100 27\n');
    machine.texts.set('/proc/net/netstat', 'TcpExt: ListenOverflows ListenDrops TCPTimeouts\nTcpExt: 8 8 9\n');
    machine.texts.set('/proc/net/dev', '    lo: 7000 0 0 0 0 0 0 0 7000\n  eth0: 700 0 0 0 0 0 0 0 300\n');
    machine.runTo(1000);
    machine.texts.set('/proc/sys/net/netfilter/nf_conntrack_count', '950\n');
    machine.runTo(2000);
    machine.texts.set('/proc/sys/net/netfilter/nf_conntrack_count', '10\n');
    machine.runTo(3000);
    probe.stop();
    const { host, groups } = probe.resources({ cores: 4, memoryBytes: 16e9 });
    expect(host).toMatchObject({
      cores: 4,
      tcp: { segments: 100, retransmissions: 2, listenOverflows: 1, listenDrops: 0, timeouts: 0 },
      conntrack: { peak: 950, max: 1000 },
      series: {
        wallMs: [1000, 2000, 3000],
        cpuCores: [1.5, 0, 0],
        stolenCores: [0.2, 0, 0],
        loopbackBytesPerSecond: [2000, 0, 0],
        retransmissions: [2, 0, 0],
        listenOverflows: [1, 0, 0],
        diskFreeBytes: [900, 800, 700],
        conntrack: [120, 950, 10],
      },
    });
    expect(groups).toHaveLength(1);
    expect(groups[0]).toMatchObject({ name: 'host', kind: 'host', cpuUserSeconds: 1, cpuSystemSeconds: 0.5, peakMemoryBytes: 4_096_000_000 });
  });
});
