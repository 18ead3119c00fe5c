/** What the whole machine did over a run: everybody's use of it, and what the kernel says of connections. */

import type { GroupSample } from './group-sample.ts';
import type { HostSample, TcpCounters } from './host-file.ts';
import { SampleColumns } from './sample-columns.ts';

export interface HostUse {
  readonly cores: number;
  readonly memoryBytes: number;
  /** Since the run began. */
  readonly tcp: TcpCounters;
  /** Highest share of the table of tracked connections that was full, 0 .. 1; null: none are tracked. */
  readonly conntrack: { readonly peak: number; readonly max: number } | null;
  readonly series: HostSeries;
}

/** Columns of one length, or empty: not known. */
export interface HostSeries {
  readonly wallMs: readonly number[];
  /** Busy with anything; taken by the hypervisor for others. */
  readonly cpuCores: readonly number[];
  readonly stolenCores: readonly number[];
  readonly memoryUsedBytes: readonly number[];
  readonly diskReadBytesPerSecond: readonly number[];
  readonly diskWrittenBytesPerSecond: readonly number[];
  readonly loopbackBytesPerSecond: readonly number[];
  readonly networkBytesPerSecond: readonly number[];
  readonly connections: readonly number[];
  readonly timeWait: readonly number[];
  readonly descriptors: readonly number[];
  readonly conntrack: readonly number[];
  /** Of the directory that the run writes to. */
  readonly diskFreeBytes: readonly number[];
  /** Counts since the sample before. */
  readonly segments: readonly number[];
  readonly retransmissions: readonly number[];
  readonly timeouts: readonly number[];
  readonly failedOpens: readonly number[];
  readonly resets: readonly number[];
  readonly listenOverflows: readonly number[];
  readonly listenDrops: readonly number[];
}

const COLUMNS = {
  cpuCores: 'mean',
  stolenCores: 'mean',
  memoryUsedBytes: 'highest',
  diskReadBytesPerSecond: 'mean',
  diskWrittenBytesPerSecond: 'mean',
  loopbackBytesPerSecond: 'mean',
  networkBytesPerSecond: 'mean',
  connections: 'highest',
  timeWait: 'highest',
  descriptors: 'highest',
  conntrack: 'highest',
  diskFreeBytes: 'last',
  segments: 'sum',
  retransmissions: 'sum',
  timeouts: 'sum',
  failedOpens: 'sum',
  resets: 'sum',
  listenOverflows: 'sum',
  listenDrops: 'sum',
} as const;

const PER_THOUSANDTH: ReadonlySet<string> = new Set(['cpuCores', 'stolenCores']);

/** Gathers a `HostUse`. */
export class HostLog {
  readonly #columns = new SampleColumns(COLUMNS);
  #first: HostSample | null = null;
  #last: HostSample | null = null;
  #lastMs = 0;
  #conntrackMax = 0;

  get length(): number {
    return this.#columns.length;
  }

  begin(sample: HostSample | null, nowMs: number): void {
    this.#first = sample;
    this.#last = sample;
    this.#lastMs = nowMs;
  }

  add(sample: HostSample | null, nowMs: number, diskFreeBytes: number | null): void {
    const last = this.#last;
    const coveredMs = nowMs - this.#lastMs;
    if (sample === null || last === null || coveredMs <= 0) return;
    const rate = (now: number, before: number): number => (Math.max(0, now - before) * 1000) / coveredMs;
    const { tcp, conntrack } = sample;
    this.#conntrackMax = conntrack?.max ?? this.#conntrackMax;
    this.#columns.add(nowMs, coveredMs, {
      cpuCores: rate(sample.userSeconds + sample.systemSeconds, last.userSeconds + last.systemSeconds),
      stolenCores: rate(sample.stolenSeconds, last.stolenSeconds),
      memoryUsedBytes: sample.memoryUsedBytes,
      diskReadBytesPerSecond: rate(sample.diskReadBytes, last.diskReadBytes),
      diskWrittenBytesPerSecond: rate(sample.diskWrittenBytes, last.diskWrittenBytes),
      loopbackBytesPerSecond: rate(sample.loopbackBytes, last.loopbackBytes),
      networkBytesPerSecond: rate(sample.networkBytes, last.networkBytes),
      connections: sample.connections,
      timeWait: sample.timeWait,
      descriptors: sample.descriptors,
      conntrack: conntrack?.count ?? null,
      diskFreeBytes,
      ...tcpSince(last.tcp, tcp),
    });
    this.#last = sample;
    this.#lastMs = nowMs;
  }

  halve(): void {
    this.#columns.halve();
  }

  /** Null where the system tells nothing. */
  use(machine: { readonly cores: number; readonly memoryBytes: number }): HostUse | null {
    const [first, last] = [this.#first, this.#last];
    if (first === null || last === null) return null;
    const columns = this.#columns;
    const names = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
    const series = Object.fromEntries(names.map((name) => [name, columns.column(name, PER_THOUSANDTH.has(name) ? 1000 : 1)]));
    const peak = columns.highest('conntrack');
    return {
      ...machine,
      tcp: tcpSince(first.tcp, last.tcp),
      conntrack: peak === null || this.#conntrackMax === 0 ? null : { peak, max: this.#conntrackMax },
      series: { wallMs: columns.wallMs, ...(series as unknown as Omit<HostSeries, 'wallMs'>) },
    };
  }
}

function tcpSince(before: TcpCounters, now: TcpCounters): TcpCounters {
  const since = (name: keyof TcpCounters): number => Math.max(0, now[name] - before[name]);
  return {
    segments: since('segments'),
    retransmissions: since('retransmissions'),
    timeouts: since('timeouts'),
    failedOpens: since('failedOpens'),
    resets: since('resets'),
    listenOverflows: since('listenOverflows'),
    listenDrops: since('listenDrops'),
  };
}

/** The machine as a group among others. */
export function hostAsGroup(sample: HostSample): GroupSample {
  return {
    userSeconds: sample.userSeconds,
    systemSeconds: sample.systemSeconds,
    diskReadBytes: sample.diskReadBytes,
    diskWrittenBytes: sample.diskWrittenBytes,
    networkBytes: sample.loopbackBytes + sample.networkBytes,
    memoryBytes: sample.memoryUsedBytes,
    pssBytes: null,
    descriptors: sample.descriptors,
    connections: sample.connections,
    processes: 0,
    fullest: null,
  };
}
