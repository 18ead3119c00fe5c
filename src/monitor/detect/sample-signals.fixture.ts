/** Signals of a healthy run at a speed, to be changed by tests: 100 concentrators, 20 intervals of 10 s, 1,000 readings each. */

import type { GroupUse } from '../group-use.ts';
import type { HostSeries, HostUse } from '../host-use.ts';
import type { ProcessUse } from '../process-use.ts';
import type { TrafficSeries } from '../traffic-log.ts';
import type { Signals } from './signals.ts';

const SAMPLES = 400;
const SAMPLE_MS = 500;
const WINDOW_MS = 10_000;
const PER_WINDOW = 1000;

export const WALL_MS = Array.from({ length: SAMPLES }, (_, i) => (i + 1) * SAMPLE_MS);

/** Readings come in the first half of each interval; `share` of them are taken in it, and the backlog of before with them up to that share. */
export function progressOf(share: number): Signals['progress'] {
  let [sent, stored] = [0, 0];
  const series = { sent: [] as number[], confirmed: [] as number[], stored: [] as number[] };
  for (const ms of WALL_MS) {
    const into = (ms - SAMPLE_MS) % WINDOW_MS;
    if (into < WINDOW_MS / 2) sent += (PER_WINDOW * SAMPLE_MS * 2) / WINDOW_MS;
    stored = Math.min(sent, stored + (share * PER_WINDOW * SAMPLE_MS) / WINDOW_MS);
    series.sent.push(sent);
    series.confirmed.push(sent);
    series.stored.push(Math.round(stored));
  }
  return { wallMs: WALL_MS, ...series };
}

export function sampleSignals(change: Partial<Omit<Signals, 'counts' | 'host'>> & { readonly counts?: Partial<Signals['counts']>; readonly host?: HostUse | null } = {}): Signals {
  const { counts = {}, ...rest } = change;
  return {
    mode: 'push',
    speed: 90,
    wallMs: SAMPLES * SAMPLE_MS,
    intervalSeconds: 900,
    stations: 100,
    progress: progressOf(2),
    traffic: sampleTraffic({ connects: [[0, 100]] }),
    lateness: { count: 2000, p50: 2, p99: 12 },
    simulatorLoops: [{ process: 'simulator 1', p99Ms: 4, maxMs: 60 }],
    takerLoops: [{ process: 'intake 1', p99Ms: 3, maxMs: 80 }],
    groups: [sampleGroup({})],
    processes: [sampleProcess('simulator', 0.3), sampleProcess('headend', 0.4)],
    host: sampleHost({}),
    events: { seen: [], total: 0 },
    ...rest,
    counts: {
      messages: 2000,
      readings: 20_000,
      firstMinuteReadings: 4000,
      backpressure: 0,
      duplicatesDropped: 0,
      storedReadings: 20_000,
      lateReadings: 200,
      ...counts,
    },
  };
}

type Places = readonly (readonly [sample: number, count: number])[];

function at(places: Places = []): readonly number[] {
  const column = WALL_MS.map(() => 0);
  for (const [sample, count] of places) column[sample]! += count;
  return column;
}

/** So many in every sample. */
export function samplePlaces(samples: number, count: number): Places {
  return Array.from({ length: samples }, (_, sample) => [sample, count] as const);
}

export function sampleTraffic(some: { readonly [Name in Exclude<keyof TrafficSeries, 'wallMs'>]?: Places }): TrafficSeries {
  return { wallMs: WALL_MS, connects: at(some.connects), disconnects: at(some.disconnects), refused: at(some.refused), withoutDescriptor: at(some.withoutDescriptor) };
}

export function sampleProcess(group: ProcessUse['group'], cores: number): ProcessUse {
  const cpuCores = WALL_MS.map(() => cores);
  return { name: `${group} 1`, group, pid: 1, cpuSeconds: (cores * SAMPLES * SAMPLE_MS) / 1000, peakRssBytes: 1e8, wallMs: WALL_MS, cpuCores, rssBytes: WALL_MS.map(() => 1e8) };
}

export function sampleGroup(change: Partial<GroupUse>): GroupUse {
  return {
    name: 'headend',
    kind: 'own',
    what: 'the built-in head-end',
    cpuUserSeconds: 70,
    cpuSystemSeconds: 10,
    peakMemoryBytes: 3e8,
    peakPssBytes: 2e8,
    diskReadBytes: 0,
    diskWrittenBytes: 1e7,
    networkBytes: 1e7,
    peakDescriptors: 130,
    fullest: { process: 'intake 1', descriptors: 120, descriptorsMax: 20_000 },
    peakConnections: 100,
    peakProcesses: 2,
    endedAtMs: null,
    series: {
      wallMs: [],
      cpuCores: [],
      memoryBytes: [],
      diskReadBytesPerSecond: [],
      diskWrittenBytesPerSecond: [],
      networkBytesPerSecond: [],
      descriptors: [],
      connections: [],
    },
    ...change,
  };
}

export function sampleHost(change: {
  readonly tcp?: Partial<HostUse['tcp']>;
  readonly conntrack?: HostUse['conntrack'];
  readonly retransmissions?: Places;
  readonly listenOverflows?: Places;
  readonly series?: Partial<HostSeries>;
}): HostUse {
  const flat = (value: number): readonly number[] => WALL_MS.map(() => value);
  const none = flat(0);
  return {
    cores: 2,
    memoryBytes: 8e9,
    tcp: { segments: 100_000, retransmissions: 3, timeouts: 1, failedOpens: 0, resets: 0, listenOverflows: 0, listenDrops: 0, ...change.tcp },
    conntrack: change.conntrack ?? { peak: 300, max: 1000 },
    series: {
      wallMs: WALL_MS,
      cpuCores: flat(1),
      stolenCores: none,
      memoryUsedBytes: flat(2e9),
      diskReadBytesPerSecond: none,
      diskWrittenBytesPerSecond: none,
      loopbackBytesPerSecond: none,
      networkBytesPerSecond: none,
      connections: flat(200),
      timeWait: none,
      descriptors: flat(2000),
      conntrack: flat(300),
      diskFreeBytes: WALL_MS.map((_, i) => 50e9 - i * 1e6),
      segments: flat(250),
      retransmissions: at(change.retransmissions),
      timeouts: none,
      failedOpens: none,
      resets: none,
      listenOverflows: at(change.listenOverflows),
      listenDrops: none,
      ...change.series,
    },
  };
}
