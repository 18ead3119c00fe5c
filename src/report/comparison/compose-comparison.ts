/** From the runs of all alternatives and their reports to a comparison. Pure. */

import { counted, whole } from '../../base/format.ts';
import type { RunReport } from '../run-report.ts';
import { failedThresholds } from '../thresholds.ts';
import type { ComparedAlternative, ComparedLoad, ComparedProblem, ComparedRun, Comparison, ReportedRun } from './comparison.ts';
import { conclusionOf } from './conclusion.ts';
import { comparedMeasures, medianOf } from './measures.ts';
import { comparedSeries } from './compared-series.ts';

export interface ComparisonFacts {
  readonly meterstorm: string;
  readonly repeat: number;
  readonly complete: boolean;
  readonly alternatives: readonly { readonly name: string; readonly description: string; readonly runs: readonly ReportedRun[] }[];
}

export function composeComparison(facts: ComparisonFacts): Comparison {
  const { meterstorm, repeat, complete } = facts;
  const reports = facts.alternatives.map(({ runs }) => reportsOf(runs));
  const load = loadOf(facts);
  const alternatives = facts.alternatives.map((alternative, i) => alternativeOf(alternative, reports[i] ?? []));
  const measures = comparedMeasures(reports, load.run?.speed ?? 'max');
  const problems = problemsOf(reports);
  const medians = reports.map(medianRun);
  return {
    meterstorm,
    load,
    repeat,
    complete,
    conclusion: conclusionOf({ load, alternatives, measures, reports }),
    alternatives,
    measures,
    problems,
    series: comparedSeries(facts.alternatives.map(({ name }, i) => ({ name, report: medians[i] ?? null }))),
    machine: medians.find((report) => report !== undefined)?.machine ?? null,
  };
}

/** Of the runs that came to their end. */
function reportsOf(runs: readonly ReportedRun[]): readonly RunReport[] {
  return runs.flatMap(({ state, report }) => (state === 'ran' && report !== null ? [report] : []));
}

/** The run whose length is the median, or next below it. */
function medianRun(reports: readonly RunReport[]): RunReport | undefined {
  const median = medianOf(reports.map(({ run }) => run.wallSeconds)) ?? 0;
  const sorted = reports.toSorted((a, b) => b.run.wallSeconds - a.run.wallSeconds);
  return sorted.find(({ run }) => run.wallSeconds <= median);
}

function alternativeOf(
  { name, description, runs }: ComparisonFacts['alternatives'][number],
  reports: readonly RunReport[],
): ComparedAlternative {
  const plain = runs.map(({ folder, state, why, note, load }): ComparedRun => ({ folder, state, why, note, load }));
  const broken = reports.flatMap((report) => failedThresholds(report).map((threshold) => threshold.text));
  return { name, description, ...judged(runs, reports), brokenThresholds: [...new Set(broken)], runs: plain };
}

/** An alternative must hold each time; of one that did not run at all nothing good can be said. */
function judged(runs: readonly ReportedRun[], reports: readonly RunReport[]): Pick<ComparedAlternative, 'able' | 'why'> {
  const failed = runs.filter(({ state }) => state === 'failed');
  const unable = reports.filter(({ verdict }) => verdict.able === false);
  const not = failed.length + unable.length;
  const tried = failed.length + reports.length;
  const often = not === tried || tried < 2 ? '' : `In ${whole(not)} of ${counted(tried, 'run')}: `;
  const [firstFailed] = failed;
  if (firstFailed !== undefined) return { able: false, why: `${often}${sentence(firstFailed.why)}` };
  const [firstUnable] = unable;
  if (firstUnable !== undefined) return { able: false, why: `${often}${firstUnable.verdict.why}` };
  const unknown = reports.find(({ verdict }) => verdict.able === null);
  if (unknown !== undefined) return { able: null, why: unknown.verdict.why };
  const [first] = reports;
  if (first !== undefined) return { able: true, why: first.verdict.why };
  return { able: null, why: runs.some(({ state }) => state === 'interrupted') ? 'It was interrupted.' : 'It did not get its turn.' };
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function loadOf({ alternatives }: ComparisonFacts): ComparedLoad {
  const all = alternatives.flatMap(({ name, runs }) => runs.map((run) => ({ ...run, name })));
  const first = all.find(({ report }) => report !== null)?.report ?? null;
  if (first === null) return { run: null, same: null, text: 'Nothing was sent.' };
  const { scenario, seed, meters, concentrators, steps, intervalSeconds, startUnixSeconds, offsetMinutes, mode, protocol, speed } = first.run;
  const run = { scenario, seed, meters, concentrators, steps, intervalSeconds, startUnixSeconds, offsetMinutes, mode, protocol, speed };
  return { run, ...sameness(all.filter(({ state, load }) => state === 'ran' && load !== null)) };
}

function sameness(ran: readonly (ReportedRun & { readonly name: string })[]): Pick<ComparedLoad, 'same' | 'text'> {
  const [first, ...others] = ran;
  if (first === undefined || first.report === null || first.load === null) return { same: null, text: 'No run came to its end.' };
  const { load, report } = first;
  const { speed } = report.run;
  const size = counted(report.audit.sent, 'reading');
  const digest = `scenario ${load.scenarioDigest.slice(0, 12)}, sent ${load.sentDigest.slice(0, 12)}`;
  if (others.length === 0) return { same: null, text: `${size} were sent (${digest}).` };
  if (others.some((other) => other.load?.scenarioDigest !== load.scenarioDigest)) {
    return { same: false, text: 'The runs are not of the same scenario: their figures can’t be compared.' };
  }
  const most = ran.reduce((sent, { report: each }) => Math.max(sent, each?.audit.sent ?? 0), 0);
  const less = ran.filter(({ load: each }) => each?.sentDigest !== load.sentDigest).length > 0 ? ran.filter(({ report: each }) => (each?.audit.sent ?? 0) < most) : [];
  const times = speed === 'max' ? 'in the same order, each at the pace that it took' : 'at the same intended times';
  if (less.length === 0) return { same: true, text: `All were sent the same ${size}, byte for byte, ${times} (${digest}).` };
  const who = less.map(({ name, report: each }) => `${name} (${whole(each?.audit.sent ?? 0)})`);
  const text = `All were offered the same load ${times}, but not all took it: of ${whole(most)} readings, less could be sent to ${[...new Set(who)].join(', ')}.`;
  return { same: false, text };
}

function problemsOf(reports: readonly (readonly RunReport[])[]): readonly ComparedProblem[] {
  const all = reports.flat().flatMap(({ verdict }) => verdict.problems);
  const kinds = new Map(all.map(({ id, severity }) => [id, severity]));
  return [...kinds]
    .map(([id, severity]): ComparedProblem => {
      const cells = reports.map((runs) => {
        const seen = runs.flatMap(({ verdict }) => verdict.problems.find((problem) => problem.id === id) ?? []);
        const [first] = seen;
        return first === undefined ? null : { title: first.title, evidence: first.evidence, runs: seen.length };
      });
      return { id, severity, cells };
    })
    .toSorted((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical'));
}
