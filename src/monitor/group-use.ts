/** What a group of processes took of the machine over a run: totals, peaks, and samples over time. */

import type { Fullest, GroupSample } from './group-sample.ts';
import { addKnown, fuller } from './group-sample.ts';
import { SampleColumns } from './sample-columns.ts';

/** Known of a group; null: this system does not tell, or not for this kind of group. */
export interface GroupUse {
  readonly name: string;
  readonly kind: 'own' | 'pid' | 'cgroup' | 'host';
  /** In words: which processes these are. */
  readonly what: string;
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  /**
   * Most at one time. Sum of resident sets, in which a page that processes share counts for each; of a control group without what the kernel
   * would give up first; of the machine all that is not available.
   */
  readonly peakMemoryBytes: number | null;
  /** Most at one time; a page that n processes share counts 1/n. Sampled less often. */
  readonly peakPssBytes: number | null;
  readonly diskReadBytes: number | null;
  readonly diskWrittenBytes: number | null;
  /** Sent and received: of our own as they count it (payload), of the machine over all interfaces. */
  readonly networkBytes: number | null;
  readonly peakDescriptors: number | null;
  /** The process that came nearest to its limit of descriptors. */
  readonly fullest: Fullest | null;
  /** TCP, established. */
  readonly peakConnections: number | null;
  readonly peakProcesses: number;
  /** When its last process was seen to have ended, ms since the begin; null: it was there to the end. */
  readonly endedAtMs: number | null;
  readonly series: GroupSeries;
}

/** Columns of one length, or empty: not known. */
export interface GroupSeries {
  readonly wallMs: readonly number[];
  readonly cpuCores: readonly number[];
  readonly memoryBytes: readonly number[];
  readonly diskReadBytesPerSecond: readonly number[];
  readonly diskWrittenBytesPerSecond: readonly number[];
  readonly networkBytesPerSecond: readonly number[];
  readonly descriptors: readonly number[];
  readonly connections: readonly number[];
}

export type GroupName = Pick<GroupUse, 'name' | 'kind' | 'what'>;

const COLUMNS = {
  cpuCores: 'mean',
  memoryBytes: 'highest',
  pssBytes: 'highest',
  diskReadBytesPerSecond: 'mean',
  diskWrittenBytesPerSecond: 'mean',
  networkBytesPerSecond: 'mean',
  descriptors: 'highest',
  connections: 'highest',
  processes: 'highest',
} as const;

/** Gathers a `GroupUse`. */
export class GroupLog {
  readonly #group: GroupName;
  readonly #columns = new SampleColumns(COLUMNS);
  #first: GroupSample | null = null;
  #last: GroupSample | null = null;
  #lastMs = 0;
  #total = { userSeconds: 0, systemSeconds: 0, read: null as number | null, written: null as number | null, network: null as number | null };
  #fullest: Fullest | null = null;
  #endedAtMs: number | null = null;

  constructor(group: GroupName) {
    this.#group = group;
  }

  get length(): number {
    return this.#columns.length;
  }

  /** What was taken before does not count. */
  begin(sample: GroupSample | null, nowMs: number): void {
    this.#first = sample;
    this.#last = sample;
    this.#lastMs = nowMs;
  }

  add(sample: GroupSample | null, nowMs: number): void {
    if (sample === null) {
      if (this.#first !== null) this.#endedAtMs ??= Math.round(nowMs);
      return;
    }
    this.#first ??= sample;
    this.#fullest = fuller(this.#fullest, sample.fullest);
    const coveredMs = nowMs - this.#lastMs;
    if (coveredMs <= 0) return;
    const last = this.#last;
    const since = (name: Counter): number | null => rise(last?.[name] ?? null, sample[name]);
    const [user, system] = [since('userSeconds') ?? 0, since('systemSeconds') ?? 0];
    const [read, written, network] = [since('diskReadBytes'), since('diskWrittenBytes'), since('networkBytes')];
    const total = this.#total;
    total.userSeconds += user;
    total.systemSeconds += system;
    total.read = addKnown(total.read, read);
    total.written = addKnown(total.written, written);
    total.network = addKnown(total.network, network);
    const rate = (amount: number | null): number | null => (amount === null ? null : (amount * 1000) / coveredMs);
    this.#columns.add(nowMs, coveredMs, {
      cpuCores: ((user + system) * 1000) / coveredMs,
      memoryBytes: sample.memoryBytes,
      pssBytes: sample.pssBytes,
      diskReadBytesPerSecond: rate(read),
      diskWrittenBytesPerSecond: rate(written),
      networkBytesPerSecond: rate(network),
      descriptors: sample.descriptors,
      connections: sample.connections,
      processes: sample.processes,
    });
    this.#last = sample;
    this.#lastMs = nowMs;
  }

  halve(): void {
    this.#columns.halve();
  }

  /** Null: nothing was ever seen of it. */
  use(): GroupUse | null {
    if (this.#first === null) return null;
    const columns = this.#columns;
    const total = this.#total;
    return {
      ...this.#group,
      cpuUserSeconds: hundredths(total.userSeconds),
      cpuSystemSeconds: hundredths(total.systemSeconds),
      peakMemoryBytes: highest(this.#first.memoryBytes, columns.highest('memoryBytes')),
      peakPssBytes: columns.highest('pssBytes'),
      diskReadBytes: total.read,
      diskWrittenBytes: total.written,
      networkBytes: total.network,
      peakDescriptors: columns.highest('descriptors'),
      fullest: this.#fullest,
      peakConnections: columns.highest('connections'),
      peakProcesses: Math.max(this.#first.processes, columns.highest('processes') ?? 0),
      endedAtMs: this.#endedAtMs,
      series: {
        wallMs: columns.wallMs,
        cpuCores: columns.column('cpuCores', 1000),
        memoryBytes: columns.column('memoryBytes'),
        diskReadBytesPerSecond: columns.column('diskReadBytesPerSecond'),
        diskWrittenBytesPerSecond: columns.column('diskWrittenBytesPerSecond'),
        networkBytesPerSecond: columns.column('networkBytesPerSecond'),
        descriptors: columns.column('descriptors'),
        connections: columns.column('connections'),
      },
    };
  }
}

type Counter = 'userSeconds' | 'systemSeconds' | 'diskReadBytes' | 'diskWrittenBytes' | 'networkBytes';

/** A counter that begins again has risen by what it shows. */
function rise(before: number | null, now: number | null): number | null {
  if (now === null) return null;
  return before === null ? 0 : now >= before ? now - before : now;
}

function highest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function hundredths(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
