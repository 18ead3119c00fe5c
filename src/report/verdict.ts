/**
 * From the facts of a run to its verdict. Pure.
 *
 * Able: the run came to its end, every planned reading is stored exactly once and right, and it took no longer than the
 * grid itself would have. Not able: one of these failed. Neither: the run was interrupted without a finding, or nobody
 * could look at what is stored.
 */

import type { Finding } from '../monitor/detect/signals.ts';
import { PROBLEM_KINDS, type ProblemId } from '../monitor/problem-kinds.ts';
import type { ProcessUse } from '../monitor/process-use.ts';
import { counted, dateTime, digits3, duration, milliseconds, percent, whole } from '../base/format.ts';
import { WRONG_KINDS, type WrongKind } from '../audit/wrong-value.ts';
import type { LinkFacts } from './link-facts.ts';
import { linkStorms } from './link-storms.ts';
import { DATABASE_GROUP, type ResourceFacts } from './resource-facts.ts';
import type { AuditFacts, Delays, Problem, Resources, RunFacts, RunReport, Verdict } from './run-report.ts';
import type { StoreFacts } from './store-facts.ts';

export interface VerdictFacts {
  readonly run: RunFacts;
  readonly audit: AuditFacts;
  readonly delays: Delays;
  /** Null: the scenario ignores its links. */
  readonly links: LinkFacts | null;
  readonly processes: readonly ProcessUse[];
  /** Left out where nobody measures; null: a report of an earlier version. */
  readonly resources?: ResourceFacts | null;
  /** Left out: the store is somebody else's. */
  readonly store?: StoreFacts;
  /** Messages of either side that could not be understood. */
  readonly malformed: number;
  /** Writes after which a connection took no more for a while. */
  readonly backpressure: number;
  /** What the detectors found. */
  readonly findings?: readonly Finding[];
}

export function verdictOf(facts: VerdictFacts): Verdict {
  return { ...judge(facts), resources: resourcesOf(facts), problems: problemsOf(facts) };
}

/** The verdict of a finished run after another audit of its store; what was seen while it ran stays. */
export function revisedVerdict(report: RunReport, audit: AuditFacts): Verdict {
  const { run, delays, links, processes, resources = null, verdict } = report;
  const facts: VerdictFacts = { run, audit, delays, links, processes, resources, malformed: 0, backpressure: 0, findings: verdict.problems };
  const seen = verdict.problems.filter(({ id }) => EXAMPLE_KINDS[id] === undefined || !wasAudited(report.audit));
  return { ...judge(facts), resources: resourcesOf(facts), problems: [...told(facts, auditProblems(facts)), ...seen] };
}

/** False when nobody could look at what is stored: then all counts of the audit but `sent` are 0, and it is not exact. */
export function wasAudited(audit: AuditFacts): boolean {
  return audit.exact || audit.planned > 0 || audit.stored > 0;
}

/** Whether the series of stored readings says something: nobody watches the store of another head-end while the run goes on. */
export function sawStoring({ audit, series }: Pick<RunReport, 'audit' | 'series'>): boolean {
  return audit.source === undefined && (wasAudited(audit) || series.storedReadings.some((count) => count > 0));
}

function judge(facts: VerdictFacts): { readonly able: boolean | null; readonly why: string } {
  const { run, audit } = facts;
  if (!wasAudited(audit)) {
    const silent = unconfirmedAtCutOff(facts);
    if (silent > 0 && generatorLate(facts, run.cutOffAfterSeconds)) return { able: null, why: `${GENERATOR_LATE}; ${whole(silent)} of ${counted(audit.sent, 'reading')} were not confirmed ${cutOffTime(run)}.` };
    if (silent > 0) return { able: false, why: `Of ${counted(audit.sent, 'reading')} that were sent, ${whole(silent)} were not confirmed ${cutOffTime(run)}.` };
    const why = `What the head-end stored could not be looked at; ${counted(audit.sent, 'reading')} were sent to it.`;
    return { able: null, why };
  }
  if (!audit.exact && onlyGeneratorsFault(facts)) {
    return { able: null, why: whyNeverSent(facts) };
  }
  if (!audit.exact) return { able: false, why: whyNotExact(run, audit) };
  if (!run.complete) {
    const why = `The run was interrupted; the ${whole(audit.stored)} readings that were stored until then are right.`;
    return { able: null, why };
  }
  const open = unconfirmedAtCutOff(facts);
  if (open > 0 && generatorLate(facts, run.cutOffAfterSeconds)) return { able: null, why: `${GENERATOR_LATE}: every reading is stored in the end, but ${whole(open)} of ${whole(audit.sent)} were not confirmed ${cutOffTime(run)}.` };
  if (open > 0) {
    const why = `Every reading is stored in the end, but ${whole(open)} of ${whole(audit.sent)} were not confirmed ${cutOffTime(run)}.`;
    return { able: false, why };
  }
  if (audit.planned === 0) return { able: null, why: 'The plan has no reading that is available within the run.' };
  const overrun = overrunSeconds(run);
  if (overrun > 0 && generatorLate(facts, overrun)) {
    return { able: null, why: `${GENERATOR_LATE}: every reading is stored, but the run took ${duration(overrun)} longer than the grid itself takes.` };
  }
  if (overrun > 0) {
    const why = `Every reading is stored, but the run took ${duration(overrun)} longer than the grid itself takes.`;
    return { able: false, why };
  }
  const behind = behindSeconds(facts);
  if (behind > 0 && generatorLate(facts, behind)) {
    return { able: null, why: `${GENERATOR_LATE}: every reading is stored, but ${duration(behind)} after the end of the grid's time at this speed.` };
  }
  if (behind > 0) return { able: false, why: whyBehind(run, behind) };
  return { able: true, why: whyAble(run, audit) };
}

const GENERATOR_LATE = 'The simulator itself was too slow to tell';

const LATE_PART = 0.5;

/**
 * At a speed: the generator did not keep its own schedule, by so much that it explains a run that ended `seconds` too late, or that was cut off
 * `seconds` after its end: then nobody knows whether the head-end would have held.
 */
function generatorLate({ findings = [], run, delays }: VerdictFacts, seconds: number | null): boolean {
  if (run.speed === 'max' || seconds === null || !findings.some(({ id }) => id === 'generator-saturated')) return false;
  return (delays.intendedToSendingMs?.p99 ?? 0) / 1000 >= LATE_PART * seconds;
}

/** Readings are missing and nothing else is wrong, and they never left, or left too late for the head-end to have them in time. */
function onlyGeneratorsFault(facts: VerdictFacts): boolean {
  const { missing, wrong, duplicate, unexpected, attribution } = facts.audit;
  if (missing === 0 || wrong + duplicate + unexpected > 0) return false;
  return attribution.simulator === missing || generatorLate(facts, facts.run.cutOffAfterSeconds);
}

/** Not only a slow generator keeps readings from leaving: so does a line on which no connection comes about. */
function whyNeverSent({ findings = [], audit }: VerdictFacts): string {
  const late = findings.some(({ id }) => id === 'generator-saturated');
  if (late) return `${GENERATOR_LATE}; of ${whole(audit.planned)} planned readings ${whole(audit.missing)} are not stored for it. All others are right.`;
  return `Of ${whole(audit.planned)} planned readings ${whole(audit.missing)} never left their concentrators, so the head-end could not store them. All others are right.`;
}

function whyAble(run: RunFacts, audit: AuditFacts): string {
  const all = `All ${whole(audit.planned)} planned readings are stored, each once and with the right value`;
  return run.speed === 'max'
    ? `${all}; they were taken ${digits3(run.realTimeFactor)} times faster than the grid makes them.`
    : `${all}, at ${digits3(run.speed)} times real time.`;
}

function whyNotExact(run: RunFacts, audit: AuditFacts): string {
  const counts = [
    audit.missing > 0 ? (run.cutOffAfterSeconds === null ? `${whole(audit.missing)} lost` : `${whole(audit.missing)} not stored ${cutOffTime(run)}`) : '',
    audit.wrong > 0 ? `${whole(audit.wrong)} wrong` : '',
    audit.duplicate > 0 ? `${whole(audit.duplicate)} stored twice` : '',
    audit.unexpected > 0 ? `${whole(audit.unexpected)} that no plan has` : '',
  ];
  const what = list(counts) || 'The audit is not exact';
  const causes = causesOf(audit);
  const cause = causes === '' ? '' : `; put down to ${causes}`;
  const end = run.complete ? '' : ' The run was interrupted.';
  return `Of ${whole(audit.planned)} planned readings: ${what}${cause}.${end}`;
}

/** `30 s after the last step, when the run was cut off` */
function cutOffTime({ cutOffAfterSeconds }: RunFacts): string {
  return `${duration(cutOffAfterSeconds ?? 0)} after the last step, when the run was cut off`;
}

/** 0 also when the head-end was not asked to confirm. */
function unconfirmedAtCutOff({ run, audit }: VerdictFacts): number {
  const { cutOffAfterSeconds, confirmedReadings } = run;
  return cutOffAfterSeconds === null || confirmedReadings === null ? 0 : Math.max(0, audit.sent - confirmedReadings);
}

/** `the head-end (12) and the network (3)`; empty when no finding has a cause. */
function causesOf(audit: AuditFacts): string {
  const { headend, network, simulator } = audit.attribution;
  return list([
    headend > 0 ? `the head-end (${whole(headend)})` : '',
    network > 0 ? `the network (${whole(network)})` : '',
    simulator > 0 ? `the simulator (${whole(simulator)})` : '',
  ]);
}

/** How much longer the run took than the grid's own time at its speed, beyond one interval for the ends; 0: it kept up. */
function overrunSeconds(run: RunFacts): number {
  const slowdown = run.speed === 'max' ? 1 : Math.min(1, run.speed);
  const gridSeconds = run.steps * run.intervalSeconds;
  const allowed = (gridSeconds + run.intervalSeconds) / slowdown;
  return run.wallSeconds > allowed ? run.wallSeconds - gridSeconds / slowdown : 0;
}

/** Seconds, share of the run. */
const BEHIND_MIN = { seconds: 2, share: 0.1 } as const;

/**
 * At a speed above real time: how much later than its time the run ended, when the backlog grew for as long as readings came; 0: it held the load.
 * Ends alone (the last step, the last transaction) make no run late.
 */
function behindSeconds({ run, findings = [] }: VerdictFacts): number {
  if (run.speed === 'max' || run.speed <= 1 || !findings.some(({ id }) => id === 'backlog-growth')) return 0;
  const dueSeconds = (run.steps * run.intervalSeconds) / run.speed;
  const late = run.wallSeconds - dueSeconds;
  const borne = Math.max(BEHIND_MIN.seconds, BEHIND_MIN.share * dueSeconds, run.intervalSeconds / run.speed);
  return late > borne ? late : 0;
}

/** What was asked is the load of this speed; the pace that it had is told, because the grid itself may need less. */
function whyBehind(run: RunFacts, behind: number): string {
  const pace = run.realTimeFactor > 0 ? ` It took them at the pace of ${digits3(run.realTimeFactor)} times real time.` : '';
  const speed = run.speed === 'max' ? '' : digits3(run.speed);
  return `Every reading is stored in the end, but the backlog grew for as long as readings came, and the last was stored ${duration(behind)} late at ${speed} times real time.${pace}`;
}

function resourcesOf(facts: VerdictFacts): Resources {
  const { run, audit, processes } = facts;
  const headend = processes.filter((process) => process.group === 'headend');
  const simulator = processes.filter((process) => process.group === 'simulator');
  // What it stores in is part of it.
  const database = facts.resources?.groups.find(({ name }) => name === DATABASE_GROUP) ?? null;
  const databaseCpuSeconds = database === null ? 0 : database.cpuUserSeconds + database.cpuSystemSeconds;
  const headendCpuSeconds = headend.length === 0 ? null : sum(headend.map((process) => process.cpuSeconds)) + databaseCpuSeconds;
  const known = headendCpuSeconds !== null;
  return {
    cpuSecondsPerMillionReadings: known && audit.stored > 0 ? (headendCpuSeconds * 1e6) / audit.stored : null,
    coresUsed: known && run.wallSeconds > 0 ? headendCpuSeconds / run.wallSeconds : null,
    peakRssBytes: known ? sum(headend.map((process) => process.peakRssBytes)) + (database?.peakPssBytes ?? database?.peakMemoryBytes ?? 0) : null,
    storeBytesPerReading: run.storeBytes > 0 && audit.stored > 0 ? run.storeBytes / audit.stored : null,
    headendCpuSeconds,
    simulatorCpuSeconds: simulator.length === 0 ? null : sum(simulator.map((process) => process.cpuSeconds)),
  };
}

function problemsOf(facts: VerdictFacts): readonly Problem[] {
  return told(facts, [...auditProblems(facts), ...runProblems(facts), ...(facts.findings ?? [])]);
}

/** Not said when the generator was late: they would blame the head-end for it. */
const PUT_DOWN_TO_HEADEND: ReadonlySet<ProblemId> = new Set(['slower-than-real-time', 'not-in-time']);

/** The grave ones first. */
function told(facts: VerdictFacts, problems: readonly Problem[]): readonly Problem[] {
  const { run } = facts;
  const late = generatorLate(facts, run.cutOffAfterSeconds ?? overrunSeconds(run));
  const fair = late ? problems.filter(({ id }) => !PUT_DOWN_TO_HEADEND.has(id)) : problems;
  const said = fair.map(({ id, title, from, to, evidence, severity }) => {
    const kind = PROBLEM_KINDS[id];
    return { id, title, from, to, evidence, severity: severity ?? kind.severity, remedy: kind.remedy };
  });
  return [...said.filter(({ severity }) => severity === 'critical'), ...said.filter(({ severity }) => severity !== 'critical')];
}

function auditProblems({ run, audit }: VerdictFacts): readonly Problem[] {
  const during = wholeRun(run);
  const problems: Problem[] = [];
  const add = (id: ProblemId, count: number, title: string, evidence: string): void => {
    if (count > 0) problems.push({ id, title, ...during, evidence: `${evidence}${firstExample(audit, id)}` });
  };
  const { missing, wrong, duplicate, unexpected, planned } = audit;
  const share = planned > 0 ? ` (${percent(missing / planned)})` : '';
  if (run.cutOffAfterSeconds !== null) {
    add('not-in-time', missing, `${counted(missing, 'reading')} not stored in time`, `${whole(missing)} of ${whole(planned)} planned readings${share} were not in the store ${cutOffTime(run)}.`);
  } else add('lost-readings', missing, `${counted(missing, 'reading')} lost`, `${whole(missing)} of ${whole(planned)} planned readings${share} are not in the store.`);
  add('wrong-values', wrong, `${counted(wrong, 'wrong reading')}`, `In ${counted(wrong, 'stored reading')} value or status differ from the truth${wrongText(audit)}.`);
  add('stored-twice', duplicate, `${counted(duplicate, 'reading')} stored twice`, `Rows whose meter, channel and time are stored already: ${whole(duplicate)}.`);
  add('unplanned-readings', unexpected, `${counted(unexpected, 'reading')} that no plan has`, `Stored rows that belong to no planned reading: ${whole(unexpected)}.`);
  return problems;
}

/** What was done to them, where it can be told: `: 12 as if rounded, 3 otherwise`. */
function wrongText({ wrong, wrongBy }: AuditFacts): string {
  if (wrongBy === undefined || wrongBy.other === wrong) return '';
  const kinds = WRONG_KINDS.filter((kind) => wrongBy[kind] > 0);
  return `: ${kinds.map((kind) => `${whole(wrongBy[kind])} ${WRONG_NAMES[kind]}`).join(', ')}`;
}

const WRONG_NAMES: Readonly<Record<WrongKind, string>> = {
  status: 'in their status only',
  none: 'without a value',
  rounded: 'as if rounded',
  scaled: 'as if in another unit',
  shifted: 'with the value of one or two hours before or after',
  swapped: 'with the value of another register',
  other: 'otherwise',
};

/** Problems that an audit finds, and the kind of their examples. */
const EXAMPLE_KINDS: Partial<Record<ProblemId, string>> = {
  'lost-readings': 'missing',
  'not-in-time': 'missing',
  'wrong-values': 'wrong',
  'stored-twice': 'duplicate',
  'unplanned-readings': 'unexpected',
};

function firstExample(audit: AuditFacts, id: ProblemId): string {
  const example = audit.examples.find(({ kind }) => kind === EXAMPLE_KINDS[id]);
  return example === undefined ? '' : ` E.g. ${example.text}${example.text.endsWith('?') ? '' : '.'}`;
}

/** Above these a thing that happens in every run is worth a line. */
const BACKPRESSURE_SHARE = 0.1;
const SLOW_STORE_MS = 10_000;
const RESTARTS_NAMED = 3;

function runProblems(facts: VerdictFacts): readonly Problem[] {
  const found = [slower(facts), restarted(facts), resent(facts), broken(facts), unheard(facts), unconfirmed(facts), malformed(facts), pushedBack(facts), slowStore(facts), storeFailed(facts), notBack(facts)];
  return found.filter((problem) => problem !== null);
}

function wholeRun(run: RunFacts): { readonly from: number; readonly to: number } {
  return { from: 0, to: Math.round(run.wallSeconds * 1000) };
}

function slower({ run }: VerdictFacts): Problem | null {
  const overrun = overrunSeconds(run);
  if (overrun === 0 || !run.complete) return null;
  const grid = duration(run.steps * run.intervalSeconds);
  const evidence = `${grid} of the grid took ${duration(run.wallSeconds)}: readings come faster than they are taken.`;
  return { id: 'slower-than-real-time', title: 'Slower than the grid', ...wholeRun(run), evidence };
}

function restarted({ run }: VerdictFacts): Problem | null {
  const { restarts } = run;
  if (restarts.length === 0) return null;
  const named = restarts.slice(0, RESTARTS_NAMED).map(({ process, atMs, why }) => `${process} at ${milliseconds(atMs)} (${why})`);
  const more = restarts.length > RESTARTS_NAMED ? `, and ${whole(restarts.length - RESTARTS_NAMED)} more` : '';
  const times = restarts.map(({ atMs }) => atMs);
  return {
    id: 'process-restarted',
    title: `${counted(restarts.length, 'restart')} of a process`,
    from: times.reduce((a, b) => Math.min(a, b)),
    to: times.reduce((a, b) => Math.max(a, b)),
    evidence: `Ended unasked and started again: ${named.join(', ')}${more}.`,
  };
}

function resent({ run, audit }: VerdictFacts): Problem | null {
  const { resentMessages, messages, reconnects } = run;
  if (resentMessages === 0) return null;
  const known = wasAudited(audit) && audit.source === undefined ? `; second copies of readings that the head-end dropped: ${whole(audit.duplicatesDropped)}` : '';
  return {
    id: 'resent-messages',
    title: `${counted(resentMessages, 'message')} sent again`,
    ...wholeRun(run),
    evidence: `Unconfirmed when a connection ended: ${whole(resentMessages)} of ${counted(messages, 'message')}; ${counted(reconnects, 'reconnect')}${known}.`,
  };
}

/** Without confirmations nobody knows what a broken connection took with it. */
function broken({ run }: VerdictFacts): Problem | null {
  if (run.reconnects === 0 || run.confirmedReadings !== null) return null;
  return {
    id: 'connections-broken',
    title: `${counted(run.reconnects, 'connection')} broke`,
    ...wholeRun(run),
    evidence: 'What was handed to a connection before it broke may be lost: this head-end confirms nothing.',
  };
}

function unheard({ run, audit }: VerdictFacts): Problem | null {
  if (run.confirmedReadings !== 0 || audit.sent === 0) return null;
  return {
    id: 'nothing-confirmed',
    title: 'Nothing was confirmed',
    ...wholeRun(run),
    evidence: `${counted(audit.sent, 'reading')} were sent and none was confirmed; for a head-end that does not confirm, say --unconfirmed.`,
  };
}

/** Where the audit can't say what is missing. */
function unconfirmed(facts: VerdictFacts): Problem | null {
  const { run, audit } = facts;
  const count = unconfirmedAtCutOff(facts);
  if (count === 0 || audit.missing > 0) return null;
  return {
    id: 'not-in-time',
    title: `${counted(count, 'reading')} not confirmed in time`,
    ...wholeRun(run),
    evidence: `${whole(count)} of ${counted(audit.sent, 'reading')} that were sent (${percent(count / audit.sent)}) were not confirmed ${cutOffTime(run)}.`,
  };
}

function malformed(facts: VerdictFacts): Problem | null {
  if (facts.malformed === 0) return null;
  return {
    id: 'malformed-messages',
    title: counted(facts.malformed, 'malformed message'),
    ...wholeRun(facts.run),
    evidence: `${counted(facts.malformed, 'message')} could not be understood by the side that received them; each cost its connection.`,
  };
}

/** At `max` the head-end sets the pace by pushing back, so that only much of it says something. */
function pushedBack({ run, backpressure }: VerdictFacts): Problem | null {
  const share = run.messages > 0 ? backpressure / run.messages : 0;
  if (backpressure === 0 || (run.speed === 'max' && share < BACKPRESSURE_SHARE)) return null;
  return {
    id: 'backpressure',
    title: 'The head-end pushed back',
    ...wholeRun(run),
    evidence: `After ${whole(backpressure)} of ${counted(run.messages, 'message')} (${percent(Math.min(1, share))}) a connection took no more for a while.`,
  };
}

function storeFailed({ run, store }: VerdictFacts): Problem | null {
  if (store === undefined || store.faults === 0) return null;
  const said = store.lastFault === null ? '' : `; it said last: ${store.lastFault}`;
  return { id: 'store-failed', title: 'The store failed', ...wholeRun(run), evidence: `${counted(store.faults, 'fault')}${said}.` };
}

function slowStore({ run, delays }: VerdictFacts): Problem | null {
  const { count, p99, max } = delays.arrivalToStoreMs;
  const limitMs = run.speed === 'max' ? SLOW_STORE_MS : (run.intervalSeconds * 1000) / run.speed;
  if (count === 0 || p99 <= limitMs) return null;
  return {
    id: 'slow-store',
    title: 'Readings are late in the store',
    ...wholeRun(run),
    evidence: `One reading in 100 could be queried only ${milliseconds(p99)} after its arrival or later (longest ${milliseconds(max)}); ${run.speed === 'max' ? 'the mark is' : 'one interval of this run takes'} ${milliseconds(limitMs)}.`,
  };
}

/** An outage that was absorbed is none. Nor are lines that are still down at the end: nothing that the plan has is missing because of them. */
function notBack({ run, audit, links }: VerdictFacts): Problem | null {
  if (links === null || !run.complete || audit.missing === 0) return null;
  const storm = linkStorms(links).find(({ step, backAfterSteps }) => backAfterSteps === null && step < run.steps - 1);
  if (storm === undefined) return null;
  const away = storm.lost - storm.back;
  const atSeconds = storm.step * run.intervalSeconds;
  const { to } = wholeRun(run);
  return {
    id: 'connections-not-back',
    title: `${counted(away, 'connection')} did not come back`,
    from: run.speed === 'max' ? 0 : Math.min(to, Math.round((atSeconds * 1000) / run.speed)),
    to,
    evidence: `Of ${counted(storm.lost, 'connection')} that were lost at one time (${dateTime(run.startUnixSeconds + atSeconds, run.offsetMinutes)} of the grid), ${whole(away)} were not made again by the end of the run, and ${counted(audit.missing, 'planned reading')} are not in the store.`,
  };
}

/** `a, b and c`; empty texts are left out. */
function list(parts: readonly string[]): string {
  const some = parts.filter((part) => part !== '');
  const last = some.at(-1) ?? '';
  return some.length <= 1 ? last : `${some.slice(0, -1).join(', ')} and ${last}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
