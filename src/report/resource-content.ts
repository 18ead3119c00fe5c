/** What the report says of resources by group: tables, and lines for a terminal. Texts are plain. */

import { bytes, digits3, short, whole } from '../base/format.ts';
import type { GroupUse } from '../monitor/group-use.ts';
import { cpuSecondsOf, type GroupFacts, type PerMeters, type PerReadings, type ResourceFacts } from './resource-facts.ts';
import type { RunReport } from './run-report.ts';

export interface ResourceTable {
  readonly title: string;
  readonly lead: string;
  readonly columns: readonly string[];
  /** The first cell names the group. */
  readonly rows: readonly (readonly string[])[];
}

export const USED_TITLE = 'Resources by group';

/** None without a group. */
export function resourceTables({ resources, run }: RunReport): readonly ResourceTable[] {
  if (resources === null || resources.groups.length === 0) return [];
  return [usedTable(resources, run.wallSeconds), readingsTable(resources), metersTable(resources)].filter(({ rows }) => rows.length > 0);
}

function usedTable({ groups }: ResourceFacts, wallSeconds: number): ResourceTable {
  return {
    title: USED_TITLE,
    lead: 'Memory is the most at one time: in resident sets, where a page that processes share counts for each of them, and with shared pages divided among them. Disk is what went to and came from it, not what the kernel kept in memory.',
    columns: ['group', 'what', 'user', 'system', 'mean cores', 'memory', 'shared out', 'disk read', 'disk written', 'network', 'descriptors', 'connections'],
    rows: groups.map((group) => [
      groupName(group),
      group.endedAtMs === null ? group.what : `${group.what}, ended after ${digits3(group.endedAtMs / 1000)} s`,
      `${digits3(group.cpuUserSeconds)} s`,
      `${digits3(group.cpuSystemSeconds)} s`,
      wallSeconds > 0 ? digits3(cpuSecondsOf(group) / wallSeconds) : '–',
      orDash(group.peakMemoryBytes, bytes),
      orDash(group.peakPssBytes, bytes),
      orDash(group.diskReadBytes, bytes),
      orDash(group.diskWrittenBytes, bytes),
      orDash(group.networkBytes, bytes),
      orDash(group.peakDescriptors, whole),
      orDash(group.peakConnections, whole),
    ]),
  };
}

function readingsTable({ groups }: ResourceFacts): ResourceTable {
  return {
    title: 'For a million readings',
    lead: 'Measured: what the group took, by the readings of this run.',
    columns: ['group', 'processor time', 'disk read', 'disk written', 'network'],
    rows: withPart(groups, (group) => group.perMillionReadings).map(([group, per]) => readingsRow(group, per)),
  };
}

function readingsRow(group: GroupFacts, per: PerReadings): readonly string[] {
  return [groupName(group), `${digits3(per.cpuSeconds)} s`, orDash(per.diskReadBytes, bytes), orDash(per.diskWrittenBytes, bytes), orDash(per.networkBytes, bytes)];
}

function metersTable({ groups }: ResourceFacts): ResourceTable {
  return {
    title: 'For a million meters',
    lead: 'Scaled, not measured: the figures of this run multiplied to a grid of a million meters. What does not grow with the grid, such as the memory of a process at rest, is multiplied too.',
    columns: ['group', 'cores at the grid’s own pace', 'memory', 'disk written a day', 'network a day', 'connections'],
    rows: withPart(groups, (group) => group.perMillionMeters).map(([group, per]) => metersRow(group, per)),
  };
}

function metersRow(group: GroupFacts, per: PerMeters): readonly string[] {
  return [
    groupName(group),
    digits3(per.coresAtGridPace),
    orDash(per.peakMemoryBytes, bytes),
    orDash(per.diskWrittenBytesPerGridDay, bytes),
    orDash(per.networkBytesPerGridDay, bytes),
    orDash(per.peakConnections, short),
  ];
}

function withPart<Part>(groups: readonly GroupFacts[], part: (group: GroupFacts) => Part | null): readonly (readonly [GroupFacts, Part])[] {
  return groups.flatMap((group) => {
    const found = part(group);
    return found === null ? [] : [[group, found] as const];
  });
}

/** What the user named, one line each: `db: process 4711 and its children, 12 s CPU, ..`. */
export function watchedLines({ resources }: RunReport): readonly string[] {
  return watchedGroups(resources).map((group) => {
    const parts = [
      `${digits3(cpuSecondsOf(group))} s CPU`,
      ifKnown(group.peakPssBytes ?? group.peakMemoryBytes, (size) => `${bytes(size)} memory at peak`),
      ifKnown(group.diskWrittenBytes, (size) => `${bytes(size)} to disk`),
      ifKnown(group.peakConnections, (count) => `${whole(count)} connections`),
    ];
    const ended = group.endedAtMs === null ? '' : ` (ended after ${digits3(group.endedAtMs / 1000)} s)`;
    return `${group.name}: ${group.what}${ended}, ${parts.filter((part) => part !== '').join(', ')}`;
  });
}

/** Those that are not our own. */
export function watchedGroups(resources: ResourceFacts | null): readonly GroupFacts[] {
  return (resources?.groups ?? []).filter(({ kind }) => kind !== 'own');
}

export function groupName({ name, kind }: Pick<GroupUse, 'name' | 'kind'>): string {
  return kind === 'own' && name === 'headend' ? 'head-end' : name;
}

function orDash(value: number | null, text: (value: number) => string): string {
  return value === null ? '–' : text(value);
}

function ifKnown(value: number | null, text: (value: number) => string): string {
  return value === null ? '' : text(value);
}
