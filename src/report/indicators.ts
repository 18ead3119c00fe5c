/**
 * The catalogue of indicators: every number of a run that a threshold, a comparison or a plot can name. A name is the path of
 * the number in `report.json` (`resources` without `groups` or `host` stands in `verdict` there; groups by their name); a few
 * are computed from others, which their meaning says. What is not known is null.
 */

import type { IndicatorUnit } from '../base/threshold.ts';
import { PROBLEM_KINDS } from '../monitor/problem-kinds.ts';
import { bytes, digits3, duration, milliseconds, percent, whole } from '../base/format.ts';
import type { HostUse } from '../monitor/host-use.ts';
import type { Percentiles } from './percentiles.ts';
import type { GroupFacts } from './resource-facts.ts';
import type { AuditFacts, Delays, Kpi, KpiShares, Problem, Resources, RunReport } from './run-report.ts';
import type { StoreFacts } from './store-facts.ts';
import { wasAudited } from './verdict.ts';

export interface Indicator {
  readonly name: string;
  readonly unit: IndicatorUnit;
  /** One line, without a full stop. */
  readonly meaning: string;
  /** null: this run does not tell. */
  readonly read: (report: RunReport) => number | null;
}

type Rows<Part> = readonly (readonly [name: string, unit: IndicatorUnit, meaning: string, read: (part: Part) => number | null])[];

/** Numbers that every run has. */
const RUN: Rows<RunReport['run']> = [
  ['meters', 'count', 'meters of the grid', (run) => run.meters],
  ['concentrators', 'count', 'concentrators of the grid', (run) => run.concentrators],
  ['steps', 'count', 'length of the scenario in intervals', (run) => run.steps],
  ['wallSeconds', 'seconds', 'how long the run took, without start and audit', (run) => run.wallSeconds],
  ['readingsPerSecond', 'per-second', 'stored readings (sent ones, where nobody could look) in a second of the run', (run) => run.readingsPerSecond],
  ['realTimeFactor', 'number', 'times faster than the grid itself', (run) => (run.realTimeFactor > 0 ? run.realTimeFactor : null)],
  ['peakRssBytes', 'bytes', 'sum over all processes of the peak of each', (run) => (run.peakRssBytes > 0 ? run.peakRssBytes : null)],
  ['messages', 'count', 'messages that were sent', (run) => run.messages],
  ['bytesSent', 'bytes', 'bytes of these messages', (run) => run.bytesSent],
  ['reconnects', 'count', 'connections that were made again', (run) => run.reconnects],
  ['resentMessages', 'count', 'messages that left again because a connection ended before they were confirmed', (run) => run.resentMessages],
  ['confirmedReadings', 'count', 'readings that the head-end confirmed', (run) => run.confirmedReadings],
  ['restarts', 'count', 'processes that ended unasked and were started again', (run) => run.restarts.length],
  ['storeBytes', 'bytes', 'size of the store', (run) => (run.storeBytes > 0 ? run.storeBytes : null)],
];

const SENT: Rows<AuditFacts> = [['sent', 'count', 'planned readings that left the simulator at least once', (audit) => audit.sent]];

/** Known where somebody could look at what is stored. */
const AUDIT: Rows<AuditFacts> = [
  ['planned', 'count', 'readings that the plan makes available before the end of the run', (audit) => audit.planned],
  ['stored', 'count', 'rows in the store', (audit) => audit.stored],
  ['missing', 'count', 'planned, but not in the store', (audit) => audit.missing],
  ['missingShare', 'share', 'computed: `missing` by `planned`', (audit) => (audit.planned > 0 ? audit.missing / audit.planned : null)],
  ['duplicate', 'count', 'stored more than once', (audit) => audit.duplicate],
  ['wrong', 'count', 'stored with a value or status that differs from the truth', (audit) => audit.wrong],
  ['wrongBy.status', 'count', 'of the wrong: those whose status alone differs', (audit) => audit.wrongBy?.status ?? null],
  ['wrongBy.none', 'count', 'of the wrong: those without a value', (audit) => audit.wrongBy?.none ?? null],
  ['wrongBy.rounded', 'count', 'of the wrong: those that are as if rounded', (audit) => audit.wrongBy?.rounded ?? null],
  ['wrongBy.scaled', 'count', 'of the wrong: those that are as if in another unit', (audit) => audit.wrongBy?.scaled ?? null],
  ['wrongBy.shifted', 'count', 'of the wrong: those whose value was right one or two hours before or after', (audit) => audit.wrongBy?.shifted ?? null],
  ['wrongBy.swapped', 'count', 'of the wrong: those that are right for another register of the meter', (audit) => audit.wrongBy?.swapped ?? null],
  ['wrongBy.other', 'count', 'of the wrong: all others', (audit) => audit.wrongBy?.other ?? null],
  ['unexpected', 'count', 'stored, but in no plan', (audit) => audit.unexpected],
  ['unreadable', 'count', 'of the unexpected: rows that can\'t be a reading of any meter', (audit) => audit.unreadable],
  ['late', 'count', 'stored rows that could be had only after their own step', (audit) => audit.late],
  ['lostByPlan', 'count', 'overwritten in a memory that was full', (audit) => audit.lostByPlan],
  ['neverAvailable', 'count', 'measured, but within reach only after the end of the run', (audit) => audit.neverAvailable],
  ['inFlight', 'count', 'of an interrupted run: stored rows that were not confirmed yet', (audit) => audit.inFlight],
  ['duplicatesDropped', 'count', 'second copies that the head-end received and recognised', (audit) => audit.duplicatesDropped],
  ['attribution.headend', 'count', 'findings that are put down to the head-end', (audit) => audit.attribution.headend],
  ['attribution.network', 'count', 'findings that are put down to the network', (audit) => audit.attribution.network],
  ['attribution.simulator', 'count', 'findings that are put down to the simulator', (audit) => audit.attribution.simulator],
  ['wallSeconds', 'seconds', 'how long the audit took', (audit) => audit.wallSeconds],
  ['source.waitedSeconds', 'seconds', 'how long the rows of another head-end were watched after the last message', (audit) => audit.source?.waitedSeconds ?? null],
  ['source.queryableSeconds', 'seconds', 'from the last message until another head-end had all rows', (audit) => audit.source?.queryableSeconds ?? null],
];

const KPI_SHARES: readonly (keyof KpiShares)[] = ['storedSameInterval', 'storedWithin1h', 'storedWithin24h', 'storedBy06'];

const KPI: Rows<Kpi> = [
  ['storedSameInterval', 'share', 'of the planned readings, those stored before the next one was due: the same quarter hour', (kpi) => kpi.storedSameInterval],
  ['storedWithin1h', 'share', 'of the planned readings, those stored within an hour', (kpi) => kpi.storedWithin1h],
  ['storedWithin24h', 'share', 'of the planned readings, those stored within 24 hours', (kpi) => kpi.storedWithin24h],
  ['storedBy06', 'share', 'of the planned readings, those stored by 06:00 of the next day', (kpi) => kpi.storedBy06],
  ...KPI_SHARES.map((name) => [`possible.${name}`, 'share', `what the outages and links of the scenario leave possible of \`${name}\``, (kpi: Kpi) => kpi.possible[name]] as const),
  ...KPI_SHARES.map((name) => {
    const read = (kpi: Kpi): number | null => (kpi.possible[name] > 0 ? kpi[name] / kpi.possible[name] : null);
    return [`ofPossible.${name}`, 'share', `computed: \`${name}\` by \`possible.${name}\`: what the head-end alone is responsible for`, read] as const;
  }),
  ['onDemandReadP95Seconds', 'seconds', 'within which 95 % of the answered reads on demand had their answer, in time of the grid', (kpi) => kpi.onDemandReadP95Seconds],
  ['onDemandReads', 'count', 'reads on demand that ended', (kpi) => kpi.onDemandReads],
  ['onDemandFailed', 'count', 'of these, without a value', (kpi) => kpi.onDemandFailed],
];

const PERCENTILES: readonly (readonly [Exclude<keyof Percentiles, 'count'>, string])[] = [
  ['mean', 'mean delay'],
  ['p50', 'median delay'],
  ['p90', 'delay that 90 % stay within,'],
  ['p99', 'delay that 99 % stay within,'],
  ['p999', 'delay that 99.9 % stay within,'],
  ['max', 'longest delay'],
];

const DELAYS: Rows<Delays> = [
  ...percentileRows('measurementToSendingSeconds', 'seconds', 'from measurement to sending, by the plan, in time of the grid'),
  ...percentileRows('sendingToConfirmationMs', 'milliseconds', 'from sending to confirmation, on the clock of the machine'),
  ...percentileRows('arrivalToStoreMs', 'milliseconds', 'from arrival until it can be queried, on the clock of the machine'),
  ...percentileRows('measurementToStorageSeconds', 'seconds', 'from measurement to storage, in time of the grid'),
];

const RESOURCES: Rows<Resources> = [
  ['cpuSecondsPerMillionReadings', 'seconds', 'processor time of the head-end for a million stored readings', (used) => used.cpuSecondsPerMillionReadings],
  ['coresUsed', 'number', 'cores of the head-end, mean over the run', (used) => used.coresUsed],
  ['peakRssBytes', 'bytes', 'sum of the peaks of the head-end’s processes', (used) => used.peakRssBytes],
  ['storeBytesPerReading', 'bytes', 'size of the store by stored readings', (used) => used.storeBytesPerReading],
  ['headendCpuSeconds', 'seconds', 'processor time of the head-end', (used) => used.headendCpuSeconds],
  ['simulatorCpuSeconds', 'seconds', 'processor time of the simulators', (used) => used.simulatorCpuSeconds],
];

/** Of groups that every run has, or a database that is counted with the head-end or watched under this name. */
const GROUPS = ['headend', 'database', 'simulator'] as const;

const GROUP: Rows<GroupFacts> = [
  ['cpuUserSeconds', 'seconds', 'processor time of programs', (use) => use.cpuUserSeconds],
  ['cpuSystemSeconds', 'seconds', 'processor time of the kernel for them', (use) => use.cpuSystemSeconds],
  ['peakMemoryBytes', 'bytes', 'most memory at one time', (use) => use.peakMemoryBytes],
  ['diskReadBytes', 'bytes', 'read from disk', (use) => use.diskReadBytes],
  ['diskWrittenBytes', 'bytes', 'written to disk', (use) => use.diskWrittenBytes],
  ['networkBytes', 'bytes', 'sent and received', (use) => use.networkBytes],
  ['peakDescriptors', 'count', 'most open descriptors at one time', (use) => use.peakDescriptors],
  ['peakConnections', 'count', 'most connections at one time', (use) => use.peakConnections],
  ['perMillionReadings.cpuSeconds', 'seconds', 'processor time for a million readings', (use) => use.perMillionReadings?.cpuSeconds ?? null],
  ['perMillionReadings.diskWrittenBytes', 'bytes', 'written to disk for a million readings', (use) => use.perMillionReadings?.diskWrittenBytes ?? null],
  ['perMillionReadings.networkBytes', 'bytes', 'sent and received for a million readings', (use) => use.perMillionReadings?.networkBytes ?? null],
  ['perMillionMeters.coresAtGridPace', 'number', 'cores for a million meters at the pace of the grid', (use) => use.perMillionMeters?.coresAtGridPace ?? null],
  ['perMillionMeters.peakMemoryBytes', 'bytes', 'most memory at one time, scaled to a million meters', (use) => use.perMillionMeters?.peakMemoryBytes ?? null],
];

const HOST: Rows<HostUse> = [
  ['tcp.segments', 'count', 'TCP segments that this machine sent', (host) => host.tcp.segments],
  ['tcp.retransmissions', 'count', 'of these, sent again', (host) => host.tcp.retransmissions],
  ['tcp.timeouts', 'count', 'time-outs of TCP', (host) => host.tcp.timeouts],
  ['tcp.failedOpens', 'count', 'connections that could not be made', (host) => host.tcp.failedOpens],
  ['tcp.resets', 'count', 'connections that were reset', (host) => host.tcp.resets],
  ['tcp.listenOverflows', 'count', 'connections that found an accept queue full', (host) => host.tcp.listenOverflows],
  ['tcp.listenDrops', 'count', 'connections that were dropped before they were accepted', (host) => host.tcp.listenDrops],
];

const TRANSACTION_TIMES: Rows<StoreFacts> = PERCENTILES.map(([key, word]) => {
  const read = ({ transactionMs }: StoreFacts): number | null => (transactionMs.count === 0 ? null : transactionMs[key]);
  return [`transactionMs.${key}`, 'milliseconds', `${word.replace('delay', 'time')} of a transaction of the store`, read];
});

/** Known of the built-in head-end. */
const STORE: Rows<StoreFacts> = [
  ['transactions', 'count', 'transactions that the store committed', (store) => store.transactions],
  ['readingsPerTransaction', 'number', 'mean size of a transaction', (store) => (store.transactions > 0 ? store.readingsPerTransaction : null)],
  ['transactionMs.count', 'count', 'transactions whose time is known', (store) => store.transactionMs.count],
  ...TRANSACTION_TIMES,
  ['faults', 'count', 'how often the store failed and was tried again', (store) => store.faults],
  ['queueReadingsPeak', 'count', 'readings that waited for the database in direct intakes, at most', (store) => store.queueReadingsPeak],
  ['pausedMs', 'milliseconds', 'how long direct intakes read nothing, because their queue for the database was full', (store) => store.pausedMs],
];

/** Known where links are played. */
const LINKS: Rows<NonNullable<RunReport['links']>> = [
  ['connectionsLost', 'count', 'connections that ended because their line did, in all', (links) => sum(links.connectionsLost)],
  ['connectionsMade', 'count', 'connections that were made, in all', (links) => sum(links.connectionsMade)],
  ['peakConnectsPerSecond', 'per-second', 'most connections that one simulator process made within a second', (links) => links.peakConnectsPerSecond],
];

const PROBLEMS: Rows<readonly Problem[]> = [
  ['count', 'count', 'problems that were seen', (problems) => problems.length],
  ['critical', 'count', 'problems that were seen and are critical', (problems) => problems.filter(({ severity }) => severity === 'critical').length],
  ...Object.entries(PROBLEM_KINDS).map(([kind, { what }]) => {
    const read = (problems: readonly Problem[]): number => problems.filter(({ id }) => id === kind).length;
    return [kind, 'count', `problems seen: ${what}`, read] as const;
  }),
];

/** By group, in the order of `report.json`. */
export const INDICATORS: readonly Indicator[] = [
  ...group('run', RUN, (report) => report.run),
  ...group('audit', SENT, (report) => report.audit),
  ...group('audit', AUDIT, (report) => (wasAudited(report.audit) ? report.audit : null)),
  ...group('kpi', KPI, (report) => report.kpi),
  ...group('delays', DELAYS, (report) => report.delays),
  ...group('resources', RESOURCES, (report) => report.verdict.resources),
  ...GROUPS.flatMap((name) => group(`resources.groups.${name}`, withOwner(GROUP, name), ({ resources }) => resources?.groups.find((one) => one.name === name) ?? null)),
  ...group('resources.host', HOST, (report) => report.resources?.host ?? null),
  ...group('store', STORE, (report) => report.store ?? null),
  ...group('links', LINKS, (report) => report.links),
  ...group('problems', PROBLEMS, (report) => report.verdict.problems),
];

const BY_NAME: ReadonlyMap<string, Indicator> = new Map(INDICATORS.map((indicator) => [indicator.name, indicator]));

/** undefined: there is none of that name. */
export function indicatorOf(name: string): Indicator | undefined {
  return BY_NAME.get(name);
}

/** What a scenario's thresholds can name, for its parser. */
export function indicatorUnits(): ReadonlyMap<string, IndicatorUnit> {
  return new Map(INDICATORS.map(({ name, unit }) => [name, unit]));
}

/** As people read it, in three digits: `1.3 s`, `99.2 %`, `2.61 MB`. */
export function indicatorText(unit: IndicatorUnit, value: number): string {
  return TEXTS[unit](value);
}

const TEXTS: Readonly<Record<IndicatorUnit, (value: number) => string>> = {
  count: whole,
  number: digits3,
  'per-second': (value) => `${whole(value)}/s`,
  seconds: duration,
  milliseconds,
  bytes,
  share: percent,
};

/** The unit as the catalogue shows it, and as a threshold is written with it. */
export const UNIT_WORDS: Readonly<Record<IndicatorUnit, string>> = {
  count: 'count',
  number: 'number',
  'per-second': '1/s',
  seconds: 's',
  milliseconds: 'ms',
  bytes: 'B',
  share: '%',
};

function group<Part>(prefix: string, rows: Rows<Part>, partOf: (report: RunReport) => Part | null): readonly Indicator[] {
  return rows.map(([name, unit, meaning, read]) => ({
    name: `${prefix}.${name}`,
    unit,
    meaning,
    read: (report) => {
      const part = partOf(report);
      return part === null ? null : read(part);
    },
  }));
}

/** The meaning says whose number it is. */
function withOwner<Part>(rows: Rows<Part>, owner: string): Rows<Part> {
  return rows.map(([name, unit, meaning, read]) => [name, unit, `${owner}: ${meaning}`, read] as const);
}

/** Known where something was measured; the number of values always. */
function percentileRows(name: Exclude<keyof Delays, 'intendedToSendingMs'>, unit: IndicatorUnit, meaning: string): Rows<Delays> {
  return [
    [`${name}.count`, 'count', `number of delays ${meaning}`, (delays: Delays) => delays[name].count] as const,
    ...PERCENTILES.map(([key, word]) => {
      const read = (delays: Delays): number | null => (delays[name].count === 0 ? null : delays[name][key]);
      return [`${name}.${key}`, unit, `${word} ${meaning}`, read] as const;
    }),
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
