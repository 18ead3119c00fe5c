/**
 * What the report says, apart from how it looks: the same words and figures on the terminal, in Markdown and in HTML.
 * Texts are plain; whoever prints them escapes them.
 */

import { PROBLEM_KINDS } from '../monitor/problem-kinds.ts';
import type { ProcessGroup, ProcessUse } from '../monitor/process-use.ts';
import { storeFigures } from './store-facts.ts';
import { bytes, counted, dateTime, digits3, duration, milliseconds, offset, percent, short, whole } from '../base/format.ts';
import type { Percentiles } from './percentiles.ts';
import type { Problem, RunReport } from './run-report.ts';
import { wasAudited } from './verdict.ts';

export interface Figure {
  readonly label: string;
  readonly value: string;
  /** More about the value; may be empty. */
  readonly note: string;
}

export function verdictWord(able: boolean | null): 'Able' | 'Not able' | 'Could not be known' {
  if (able === null) return 'Could not be known';
  return able ? 'Able' : 'Not able';
}

/** `100,000 meters behind 1,430 concentrators, 288 steps of 15 min (3 d)` */
export function sizeOfRun({ run }: RunReport): string {
  const size = `${counted(run.meters, 'meter')} behind ${counted(run.concentrators, 'concentrator')}`;
  const length = duration(run.steps * run.intervalSeconds);
  return `${size}, ${counted(run.steps, 'step')} of ${duration(run.intervalSeconds)} (${length})`;
}

/** First and last timestamp of the grid. */
export function spanOfRun({ run }: RunReport): string {
  const last = run.startUnixSeconds + (run.steps - 1) * run.intervalSeconds;
  const zone = offset(run.offsetMinutes);
  const from = dateTime(run.startUnixSeconds, run.offsetMinutes);
  return run.steps <= 1 ? `${from} (${zone})` : `${from} to ${dateTime(last, run.offsetMinutes)} (${zone})`;
}

export function keyFigures(report: RunReport): readonly Figure[] {
  const { run, audit } = report;
  const audited = wasAudited(audit);
  const stored = audited
    ? { label: 'Readings stored', value: short(audit.stored), note: `of ${whole(audit.planned)} planned` }
    : { label: 'Readings sent', value: short(audit.sent), note: 'what is stored is not known' };
  return [
    stored,
    { label: 'Readings per second', value: short(run.readingsPerSecond), note: neededText(report) },
    {
      label: 'Times real time',
      value: run.realTimeFactor > 0 ? digits3(run.realTimeFactor) : 'unknown',
      note: `${duration(run.steps * run.intervalSeconds)} of the grid`,
    },
    { label: 'Run', value: duration(run.wallSeconds), note: audited ? `and ${duration(audit.wallSeconds)} of audit` : 'without an audit' },
  ];
}

/** Time of the grid that the run's figures stand for; null: it did not come to its end, and nobody knows how much of it they cover. */
function gridSecondsOf({ run }: RunReport): number | null {
  const seconds = run.steps * run.intervalSeconds;
  return run.complete && seconds > 0 ? seconds : null;
}

/** Readings that the grid makes in a second of its own time. */
function neededText(report: RunReport): string {
  const { audit } = report;
  return ifKnown(gridSecondsOf(report), (seconds) => `real time needs ${short(Math.round(Math.max(audit.planned, audit.sent) / seconds))}`);
}

/** Answers to "what does it need?". `unknown` stands where nothing could be measured. */
export function needs(report: RunReport): readonly Figure[] {
  const { run, audit, verdict, processes } = report;
  const { resources } = verdict;
  const gridSeconds = gridSecondsOf(report);
  const aDay = ifKnown(gridSeconds, (seconds) => `, ${bytes((run.storeBytes * 86_400) / seconds)} for a day of this grid`);
  return [
    {
      label: 'Processor',
      value: known(resources.cpuSecondsPerMillionReadings, (seconds) => `${duration(seconds)} for a million readings`),
      note: ifKnown(resources.headendCpuSeconds, (seconds) => `${duration(seconds)} in all, ${busyCores(resources.coresUsed)}`),
    },
    {
      label: "At the grid's own pace",
      value: known(resources.headendCpuSeconds, (seconds) => known(gridSeconds, (grid) => `${digits3(seconds / grid)} cores`)),
      note: ifKnown(resources.headendCpuSeconds, () => (gridSeconds === null ? 'only a whole run tells' : `computed: the same processor time spread over ${duration(gridSeconds)}`)),
    },
    {
      label: 'Memory',
      value: known(resources.peakRssBytes, bytes),
      note: ifKnown(resources.peakRssBytes, () => `sum of the peaks of ${countOf(processes, 'headend')}`),
    },
    {
      label: 'Disk',
      value: known(resources.storeBytesPerReading, (size) => `${digits3(size)} B a reading`),
      note: run.storeBytes > 0 ? `${bytes(run.storeBytes)} in all${aDay}` : '',
    },
    {
      label: 'Network',
      value: `${bytes(run.bytesSent)} received`,
      note: audit.sent > 0 ? `${digits3(run.bytesSent / audit.sent)} B a reading in ${counted(run.messages, 'message')}` : counted(run.messages, 'message'),
    },
  ];
}

function known(value: number | null, text: (value: number) => string): string {
  return value === null ? 'unknown' : text(value);
}

function ifKnown(value: number | null, text: (value: number) => string): string {
  return value === null ? '' : text(value);
}

function countOf(processes: readonly ProcessUse[], group: ProcessGroup): string {
  const count = processes.filter((process) => process.group === group).length;
  return `${whole(count)} head-end ${count === 1 ? 'process' : 'processes'}`;
}

export interface AuditRow {
  readonly label: string;
  readonly count: number;
  readonly meaning: string;
  /** A count of findings: anything but 0 is a fault. */
  readonly finding: boolean;
}

export function auditRows({ audit, run }: RunReport): readonly AuditRow[] {
  const planned = run.complete ? 'readings that the plan makes available before the end of the run' : 'readings that the plan makes available, in the steps that were confirmed before the run was interrupted';
  return [
    auditRow('planned', audit.planned, planned),
    auditRow('sent', audit.sent, 'planned readings that left the simulator at least once'),
    auditRow('stored', audit.stored, 'rows found in the store'),
    ...(run.complete ? [] : [auditRow('not asked for', audit.inFlight, 'stored and right, of steps that were not confirmed yet when the run was interrupted')]),
    auditRow('missing', audit.missing, 'planned, but not in the store', true),
    auditRow('duplicate', audit.duplicate, 'stored more than once', true),
    auditRow('wrong', audit.wrong, 'stored with a value or status that differs from the truth', true),
    auditRow('unexpected', audit.unexpected, 'stored, but in no plan', true),
    auditRow('late', audit.late, 'stored rows that could be had only after their own step: an outage delayed them'),
    auditRow('lost by plan', audit.lostByPlan, 'overwritten in a memory that was full; nobody could have had them'),
    auditRow('never available', audit.neverAvailable, 'measured, but within reach only after the end of the run'),
    // Nobody knows what another head-end recognised.
    ...(audit.source === undefined ? [auditRow('copies dropped', audit.duplicatesDropped, 'second copies that the head-end received and recognised')] : []),
  ];
}

function auditRow(label: string, count: number, meaning: string, finding = false): AuditRow {
  return { label, count, meaning, finding };
}

export interface DelayRow {
  readonly label: string;
  /** Whose clock: the two can't be compared. */
  readonly clock: 'grid time' | 'machine time';
  readonly count: string;
  /** As DELAY_COLUMNS. */
  readonly values: readonly string[];
}

export const DELAY_COLUMNS = ['mean', 'median', '90 %', '99 %', '99.9 %', 'longest'] as const;

export function delayRows({ delays }: RunReport): readonly DelayRow[] {
  return [
    delayRow('measured to sent', 'grid time', 'readings', delays.measurementToSendingSeconds),
    delayRow('sent to confirmed', 'machine time', 'messages', delays.sendingToConfirmationMs),
    delayRow('arrived to queryable', 'machine time', 'readings', delays.arrivalToStoreMs),
    delayRow('measured to stored', 'grid time', 'readings', delays.measurementToStorageSeconds),
  ];
}

function delayRow(label: string, clock: DelayRow['clock'], noun: string, delays: Percentiles): DelayRow {
  const text = clock === 'grid time' ? duration : milliseconds;
  const { count } = delays;
  return { label, clock, count: count === 0 ? 'none' : `${short(count)} ${noun}`, values: delayValues(delays, text) };
}

/** As DELAY_COLUMNS; dashes where nothing was measured. */
export function delayValues({ count, mean, p50, p90, p99, p999, max }: Percentiles, text: (value: number) => string): readonly string[] {
  return [mean, p50, p90, p99, p999, max].map((value) => (count === 0 ? '–' : text(value)));
}

/** The head-end is not able because of it, among others. */
export function makesVerdict({ id }: Problem, { verdict }: RunReport): boolean {
  return verdict.able === false && Object.hasOwn(PROBLEM_KINDS, id) && PROBLEM_KINDS[id].decides;
}

/** A problem of a report of an earlier version has no severity of its own. */
export function isGrave({ id, severity }: Problem): boolean {
  return (severity ?? PROBLEM_KINDS[id].severity) === 'critical';
}

/** `throughout the run`, or when in it. */
export function whenOf({ from, to }: Problem, { run }: RunReport): string {
  if (from === 0 && to >= Math.round(run.wallSeconds * 1000)) return 'throughout the run';
  return from === to ? `${milliseconds(from)} after its begin` : `${milliseconds(from)} to ${milliseconds(to)} after its begin`;
}

export const GROUP_NAMES: Readonly<Record<ProcessGroup, string>> = {
  headend: 'head-end',
  simulator: 'simulator',
  runner: 'runner',
};

export interface GroupRow {
  readonly group: ProcessGroup;
  readonly processes: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

/** Totals of the groups that have a process. */
export function groupRows({ processes }: RunReport): readonly GroupRow[] {
  const groups = ['headend', 'simulator', 'runner'] as const;
  return groups
    .map((group) => {
      const members = processes.filter((process) => process.group === group);
      return {
        group,
        processes: members.length,
        cpuSeconds: members.reduce((sum, process) => sum + process.cpuSeconds, 0),
        peakRssBytes: members.reduce((sum, process) => sum + process.peakRssBytes, 0),
      };
    })
    .filter((row) => row.processes > 0);
}

/** How the run was made: enough to make it again. */
export function runFigures(report: RunReport): readonly (readonly [string, string])[] {
  const { run } = report;
  return [
    ['scenario', run.scenario],
    ['seed', String(run.seed)],
    ['grid', sizeOfRun(report)],
    ['time of the grid', spanOfRun(report)],
    ['communication', `${run.mode}, ${run.protocol}`],
    ['speed', run.speed === 'max' ? 'max: as fast as the head-end takes it' : `${digits3(run.speed)} times real time`],
    ['head-end', run.headend === 'builtin' ? 'the reference head-end in the box' : run.headend],
    ...storeFigures(report.store),
    ['processes', `${counted(run.simulatorProcesses, 'simulator')}, ${counted(run.intakeProcesses, 'intake')}`],
    ['messages', `${whole(run.messages)} (${whole(run.resentMessages)} sent again), ${bytes(run.bytesSent)}`],
    ['reconnects', whole(run.reconnects)],
    ['ended', endOf(run)],
  ];
}

export function machineFigures({ machine, meterstorm, run }: RunReport): readonly (readonly [string, string])[] {
  return [
    ['processor', machine.cpu],
    ['cores', whole(machine.cores)],
    ['memory', bytes(machine.memoryBytes)],
    ['peak of all processes', run.peakRssBytes > 0 ? bytes(run.peakRssBytes) : 'unknown'],
    ['load average (1 min)', digits3(machine.loadAverage1)],
    ['system', machine.os],
    ['Node.js', machine.node],
    ['Meterstorm', meterstorm],
  ];
}

function endOf({ complete, cutOffAfterSeconds }: RunReport['run']): string {
  if (!complete) return 'interrupted';
  if (cutOffAfterSeconds === null) return 'at the end of the scenario';
  return `cut off ${duration(cutOffAfterSeconds)} after the last step, without waiting for the head-end any longer`;
}

/** `99.2 % in time` of what is stored. */
export function inTimeShare({ audit }: RunReport): string {
  return audit.stored > 0 ? `${percent((audit.stored - audit.late) / audit.stored)} in time` : 'none stored';
}

function busyCores(cores: number | null): string {
  const text = known(cores, digits3);
  return text === '1' ? '1 core busy' : `${text} cores busy`;
}
