/** What failed, as commands of GitHub Actions that put it beside the change: an error each, a warning for each other problem. */

import { makesVerdict } from './report-content.ts';
import type { RunReport } from './run-report.ts';
import { thresholdRows } from './thresholds.ts';

/** Lines for the log of a step. `auditFailure`: why the store could not be audited. */
export function githubAnnotations(report: RunReport, auditFailure: string | null = null): readonly string[] {
  const { verdict, run } = report;
  const scenario = `meterstorm ${run.scenario}`;
  const broken = thresholdRows(report).filter(({ held }) => !held);
  const noted = verdict.problems.filter((problem) => !makesVerdict(problem, report));
  return [
    ...(verdict.able === false ? [annotation('error', `${scenario}: not able`, verdict.why)] : []),
    ...(auditFailure === null ? [] : [annotation('error', `${scenario}: audit`, auditFailure)]),
    ...broken.map(({ text, value, result }) => annotation('error', `${scenario}: threshold`, `${text}: ${result}${value === 'unknown' ? '' : `, ${value}`}`)),
    ...noted.map(({ id, title, evidence }) => annotation('warning', `${scenario}: ${id}`, `${title}. ${evidence}`)),
  ];
}

function annotation(kind: 'error' | 'warning', title: string, text: string): string {
  return `::${kind} title=${escapedData(title).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${escapedData(text)}`;
}

function escapedData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
