/**
 * What everything that took part used, by group: measured over the run, and the same by readings and by meters. Figures by meters are those of
 * this run multiplied: nobody has measured a grid of that size.
 */

import type { GroupUse } from '../monitor/group-use.ts';
import type { HostUse } from '../monitor/host-use.ts';
import type { ResourceUse } from '../monitor/process-probe.ts';

export interface ResourceFacts {
  readonly groups: readonly GroupFacts[];
  /** Null where the system does not tell. */
  readonly host: HostUse | null;
}

export interface GroupFacts extends GroupUse {
  /** Null: no reading was stored (or sent, where nobody could look). */
  readonly perMillionReadings: PerReadings | null;
  /** This run's figures, scaled to a grid of a million meters. */
  readonly perMillionMeters: PerMeters | null;
}

export interface PerReadings {
  readonly cpuSeconds: number;
  readonly diskReadBytes: number | null;
  readonly diskWrittenBytes: number | null;
  readonly networkBytes: number | null;
}

export interface PerMeters {
  /** Processor time by the time of the grid: the cores that it keeps busy when the grid plays at its own pace. */
  readonly coresAtGridPace: number;
  readonly peakMemoryBytes: number | null;
  readonly diskWrittenBytesPerGridDay: number | null;
  readonly networkBytesPerGridDay: number | null;
  readonly peakConnections: number | null;
}

/** What a run's figures are put in relation to. */
export interface RunSize {
  readonly meters: number;
  /** Stored, or sent where nobody could look. */
  readonly readings: number;
  /** Of the grid's own time; 0: the run did not come to its end. */
  readonly gridSeconds: number;
}

/** The group of the server that the built-in head-end stores in. */
export const DATABASE_GROUP = 'database';

const MILLION = 1e6;
const DAY_SECONDS = 86_400;

export function resourceFacts(use: ResourceUse, size: RunSize): ResourceFacts {
  const groups = use.groups.map((group) => ({ ...group, perMillionReadings: perReadings(group, size), perMillionMeters: perMeters(group, size) }));
  return { groups, host: use.host };
}

function perReadings(group: GroupUse, { readings }: RunSize): PerReadings | null {
  if (readings === 0) return null;
  const scaled = (value: number): number => (value * MILLION) / readings;
  return {
    cpuSeconds: scaled(cpuSecondsOf(group)),
    diskReadBytes: ifKnown(group.diskReadBytes, scaled),
    diskWrittenBytes: ifKnown(group.diskWrittenBytes, scaled),
    networkBytes: ifKnown(group.networkBytes, scaled),
  };
}

function perMeters(group: GroupUse, { meters, gridSeconds }: RunSize): PerMeters | null {
  if (meters === 0 || gridSeconds === 0) return null;
  const scaled = (value: number): number => (value * MILLION) / meters;
  const perDay = (value: number): number => (scaled(value) * DAY_SECONDS) / gridSeconds;
  return {
    coresAtGridPace: scaled(cpuSecondsOf(group)) / gridSeconds,
    peakMemoryBytes: ifKnown(group.peakMemoryBytes, scaled),
    diskWrittenBytesPerGridDay: ifKnown(group.diskWrittenBytes, perDay),
    networkBytesPerGridDay: ifKnown(group.networkBytes, perDay),
    peakConnections: ifKnown(group.peakConnections, scaled),
  };
}

export function cpuSecondsOf({ cpuUserSeconds, cpuSystemSeconds }: GroupUse): number {
  return cpuUserSeconds + cpuSystemSeconds;
}

function ifKnown(value: number | null, of: (value: number) => number): number | null {
  return value === null ? null : of(value);
}
