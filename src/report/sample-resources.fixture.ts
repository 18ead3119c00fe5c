/** The resources of a made-up report, fitting its processes; with a watched database when asked for. */

import type { GroupUse } from '../monitor/group-use.ts';
import type { HostUse } from '../monitor/host-use.ts';
import type { ProcessUse } from '../monitor/process-use.ts';
import { coresIn, memoryAt, momentsOf } from './process-series.ts';
import { type ResourceFacts, resourceFacts } from './resource-facts.ts';
import type { RunFacts } from './run-report.ts';

export interface SampleResources {
  readonly processes: readonly ProcessUse[];
  readonly run: RunFacts;
  readonly readings: number;
  readonly watched?: boolean;
}

export function sampleResources({ processes, run, readings, watched = false }: SampleResources): ResourceFacts | null {
  if (processes.length === 0) return null;
  const groups = (['headend', 'simulator', 'runner'] as const).flatMap((group) => {
    const members = processes.filter((process) => process.group === group);
    return members.length === 0 ? [] : [groupOf({ name: group, kind: 'own', what: `the ${group}` }, members)];
  });
  const database: GroupUse[] = watched
    ? [{ ...groupOf({ name: 'db', kind: 'pid', what: 'process 4711 and its children' }, processes.slice(0, 1)), networkBytes: null, endedAtMs: 9000 }]
    : [];
  const size = { meters: run.meters, readings, gridSeconds: run.steps * run.intervalSeconds };
  return resourceFacts({ groups: [...groups, ...database], host: hostOf(processes) }, size);
}

function groupOf(name: Pick<GroupUse, 'name' | 'kind' | 'what'>, members: readonly ProcessUse[]): GroupUse {
  const moments = momentsOf(members, 1000);
  const cpuCores = coresIn(members, moments);
  const memoryBytes = memoryAt(members, moments);
  const cpuSeconds = members.reduce((sum, member) => sum + member.cpuSeconds, 0);
  return {
    ...name,
    cpuUserSeconds: cpuSeconds * 0.75,
    cpuSystemSeconds: cpuSeconds * 0.25,
    peakMemoryBytes: Math.max(...memoryBytes),
    peakPssBytes: Math.max(...memoryBytes) * 0.8,
    diskReadBytes: 0,
    diskWrittenBytes: 120_000_000,
    networkBytes: 340_000_000,
    peakDescriptors: 1500,
    fullest: { process: members[0]?.name ?? '', descriptors: 1460, descriptorsMax: 20_000 },
    peakConnections: 1430,
    peakProcesses: members.length,
    endedAtMs: null,
    series: {
      wallMs: moments.endsMs,
      cpuCores,
      memoryBytes,
      diskReadBytesPerSecond: cpuCores.map(() => 0),
      diskWrittenBytesPerSecond: cpuCores.map((cores) => cores * 2e7),
      networkBytesPerSecond: cpuCores.map((cores) => cores * 5e7),
      descriptors: cpuCores.map(() => 1500),
      connections: cpuCores.map(() => 1430),
    },
  };
}

function hostOf(processes: readonly ProcessUse[]): HostUse {
  const moments = momentsOf(processes, 1000);
  const cpuCores = coresIn(processes, moments).map((cores) => cores + 0.1);
  const flat = (value: number): readonly number[] => cpuCores.map(() => value);
  const none = flat(0);
  return {
    cores: 2,
    memoryBytes: 8_300_000_000,
    tcp: { segments: 100_000, retransmissions: 0, timeouts: 0, failedOpens: 0, resets: 0, listenOverflows: 0, listenDrops: 0 },
    conntrack: { peak: 900, max: 262_144 },
    series: {
      wallMs: moments.endsMs,
      cpuCores,
      stolenCores: none,
      memoryUsedBytes: flat(2.5e9),
      diskReadBytesPerSecond: none,
      diskWrittenBytesPerSecond: flat(3e7),
      loopbackBytesPerSecond: flat(8e7),
      networkBytesPerSecond: none,
      connections: flat(2860),
      timeWait: none,
      descriptors: flat(4000),
      conntrack: flat(900),
      diskFreeBytes: flat(50e9),
      segments: flat(1000),
      retransmissions: none,
      timeouts: none,
      failedOpens: none,
      resets: none,
      listenOverflows: none,
      listenDrops: none,
    },
  };
}
