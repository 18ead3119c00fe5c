/** What comes out of a comparison, in a few sentences: who holds, who does not and why, and what the others differ by. */

import { PROBLEM_KINDS, type ProblemId } from '../../monitor/problem-kinds.ts';
import { digits3, milliseconds, whole } from '../../base/format.ts';
import type { Problem, RunReport } from '../run-report.ts';
import type { ComparedAlternative, ComparedLoad, ComparedMeasure } from './comparison.ts';

export interface Compared {
  readonly load: ComparedLoad;
  readonly alternatives: readonly ComparedAlternative[];
  readonly measures: readonly ComparedMeasure[];
  /** By alternative, of the runs that came to their end. */
  readonly reports: readonly (readonly RunReport[])[];
}

export function conclusionOf(compared: Compared): string {
  const { alternatives } = compared;
  const named = (able: boolean | null): readonly string[] => alternatives.filter((each) => each.able === able).map(({ name }) => name);
  const [holding, failing, unknown] = [named(true), named(false), named(null)];
  const who = [
    holding.length === 0 ? '' : `${list(holding)} ${holding.length === 1 ? 'holds' : 'hold'}`,
    failing.length === 0 ? '' : `${list(failing)} ${failing.length === 1 ? 'does' : 'do'} not`,
    unknown.length === 0 ? '' : `of ${list(unknown)} it could not be known`,
  ].filter((part) => part !== '');
  const load = atLoad(compared);
  // Names stay as they are written.
  const verdict = `${load}${load === '' ? who.join('; ').replace(/^of /, 'Of ') : who.join('; ')}.`;
  return [verdict, ...causes(compared), ...fastest(compared), ...thresholds(compared)].join(' ');
}

/** `At 96 times real time, 1,240 readings in 18 messages a second: ` */
function atLoad({ load, reports }: Compared): string {
  const [report] = reports.flat();
  if (load.run === null || report === undefined) return '';
  const { speed, steps, intervalSeconds } = load.run;
  if (speed === 'max') return 'As fast as each takes it: ';
  const seconds = (steps * intervalSeconds) / speed;
  const readings = Math.max(report.audit.planned, report.audit.sent);
  const messages = report.run.messages - report.run.resentMessages;
  return `At ${digits3(speed)} times real time, ${digits3(readings / seconds)} readings in ${digits3(messages / seconds)} messages a second: `;
}

function causes({ alternatives, reports }: Compared): readonly string[] {
  const alone = alternatives.filter(({ able }) => able === false).length === 1;
  return alternatives.flatMap((alternative, i) => {
    const { name, able, why, runs } = alternative;
    if (able === null && runs.some(({ state }) => state === 'ran')) return [`${name}: ${why}`];
    if (able !== false) return [];
    const who = alone ? 'Why' : name;
    const failed = runs.find(({ state }) => state === 'failed');
    if (failed !== undefined) return [`${who}: ${failed.why}.`];
    const unable = (reports[i] ?? []).filter(({ verdict }) => verdict.able === false);
    const cause = causeOf(unable);
    return [`${who}: ${cause === null ? why : cause}`];
  });
}

/**
 * Problems that say why a head-end does not hold, the most telling first. The others say that it does not, or what followed.
 */
const TELLING: readonly ProblemId[] = [
  'descriptors-near-limit',
  'conntrack-near-full',
  'disk-full-soon',
  'process-restarted',
  'accept-queue-full',
  'refused-connections',
  'event-loop-delay',
  'backlog-growth',
  'slow-store',
  'backpressure',
  'nothing-confirmed',
  'malformed-messages',
  'connections-not-back',
];

function causeOf(reports: readonly RunReport[]): string | null {
  const stored = reports.map(transactionsBehind).find((cause) => cause !== null);
  if (stored !== undefined) return stored;
  const problems = reports.flatMap(({ verdict }) => verdict.problems);
  const told = TELLING.map((id) => problems.find((problem) => problem.id === id)).find((problem) => problem !== undefined);
  const found = problems.find(({ severity, id }) => severity === 'critical' && PROBLEM_KINDS[id].decides);
  const texts = [found, told].filter((problem): problem is Problem => problem !== undefined).map(({ evidence }) => evidence);
  return texts.length === 0 ? null : texts.join(' ');
}

/** Messages came this much faster than transactions were made: then these are the cause. */
const BEHIND = 1.1;

/** Of a direct intake: it can take no more messages than its store makes transactions. */
function transactionsBehind({ run, store }: RunReport): string | null {
  if (store?.intake !== 'direct' || run.speed === 'max' || store.transactions === 0) return null;
  const dueSeconds = (run.steps * run.intervalSeconds) / run.speed;
  const [came, made] = [(run.messages - run.resentMessages) / dueSeconds, store.transactions / run.wallSeconds];
  if (came < made * BEHIND) return null;
  const { mean, p99 } = store.transactionMs;
  const name = store.kind === 'postgres' ? 'PostgreSQL' : 'DuckDB';
  const waited = store.queueReadingsPeak === null ? '' : `, so that ${whole(store.queueReadingsPeak)} readings waited for it at most`;
  return (
    `each message is a transaction of its own in ${name}, which takes ${milliseconds(mean)} on average (99 % ${milliseconds(p99)}); ` +
    `${digits3(came)} messages a second came and ${digits3(made)} could be stored${waited}.`
  );
}

/** At `max` the pace is what they differ by. */
function fastest({ load, measures, alternatives }: Compared): readonly string[] {
  if (load.run?.speed !== 'max') return [];
  const rate = measures.find(({ id }) => id === 'run.readingsPerSecond');
  if (rate === undefined) return [];
  const able = alternatives.flatMap(({ name, able: holds }, i) => {
    const cell = rate.cells[i];
    return holds === false || cell === undefined || cell.median === null ? [] : [{ name, rate: cell.median, mark: cell.mark }];
  });
  const [best, ...others] = able.toSorted((a, b) => b.rate - a.rate);
  if (best === undefined || others.length === 0) return [];
  const parts = others.map(({ name, rate: each, mark }) => `${name} ${whole(each)}${mark === 'noise' ? ' (no more apart than runs of the same)' : ''}`);
  return [`${best.name} took ${whole(best.rate)} readings/s, ${list(parts)}.`];
}

/** Of those that hold: what the scenario asks for beyond. */
function thresholds({ alternatives }: Compared): readonly string[] {
  const broken = alternatives.filter(({ able, brokenThresholds }) => able !== false && brokenThresholds.length > 0).map(({ name }) => name);
  return broken.length === 0 ? [] : [`Thresholds of the scenario are broken by ${list(broken)}.`];
}

/** `a, b and c` */
export function list(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length <= 1 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}
