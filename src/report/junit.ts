/**
 * A run as a JUnit file, which every build server reads: one suite, with a case each for the end of the run, the verdict, the
 * audit and every threshold. A problem that makes the verdict is a failed case of its own; the others are properties of the
 * suite. No case fails unless the command fails, and the other way round. Form: the schema that Jenkins and GitLab follow.
 */

import { counted, whole } from '../base/format.ts';
import { auditRows, makesVerdict, runFigures } from './report-content.ts';
import type { Problem, RunReport } from './run-report.ts';
import { type ThresholdRow, thresholdRows } from './thresholds.ts';
import { wasAudited } from './verdict.ts';

interface Case {
  readonly name: string;
  /** Of what the case is about; 0: it has none. */
  readonly seconds: number;
  readonly result: 'passed' | 'skipped' | 'failure' | 'error';
  readonly message: string;
  readonly text: string;
}

/** `auditFailure`: why the store could not be audited, which fails the command as well. */
export function junitXml(report: RunReport, auditFailure: string | null = null): string {
  const { run } = report;
  const cases = casesOf(report, auditFailure);
  const count = (result: Case['result']): number => cases.filter((each) => each.result === result).length;
  const seconds = cases.reduce((sum, each) => sum + each.seconds, 0);
  const totals = `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}" time="${time(seconds)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="meterstorm" ${totals}>`,
    `  <testsuite name="${attribute(`meterstorm ${run.scenario}`)}" ${totals}>`,
    '    <properties>',
    ...propertiesOf(report).map(([name, value]) => `      <property name="${attribute(name)}" value="${attribute(value)}"/>`),
    '    </properties>',
    ...cases.flatMap((each) => caseLines(each, run.scenario)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function casesOf(report: RunReport, auditFailure: string | null): readonly Case[] {
  const thresholds = thresholdRows(report).map(thresholdCase);
  const problems = report.verdict.problems.filter((problem) => makesVerdict(problem, report)).map(problemCase);
  return [runCase(report), verdictCase(report), auditCase(report, auditFailure), ...thresholds, ...problems];
}

const PASSED = { seconds: 0, result: 'passed', message: '', text: '' } as const;

function runCase({ run }: RunReport): Case {
  const name = 'the run came to its end';
  const seconds = run.wallSeconds;
  return run.complete ? { ...PASSED, name, seconds } : { name, seconds, result: 'error', message: 'interrupted', text: 'The report covers what happened until then.' };
}

function verdictCase({ verdict }: RunReport): Case {
  const { able, why } = verdict;
  const name = 'the head-end is able to process this grid';
  if (able === true) return { ...PASSED, name };
  return { ...PASSED, name, result: able === null ? 'skipped' : 'failure', message: why, text: '' };
}

function auditCase(report: RunReport, auditFailure: string | null): Case {
  const { audit } = report;
  const name = 'every planned reading is stored once, with the right value';
  const seconds = audit.wallSeconds;
  if (auditFailure !== null) return { ...PASSED, name, result: 'error', message: 'the audit failed', text: auditFailure };
  if (!wasAudited(audit)) return { ...PASSED, name, result: 'skipped', message: `Not audited; ${counted(audit.sent, 'reading')} were sent.` };
  if (audit.exact) return { ...PASSED, name, seconds };
  const counts = auditRows(report).map(({ label, count }) => `${label} ${whole(count)}`);
  const findings = auditRows(report).filter(({ finding, count }) => finding && count > 0);
  const message = findings.map(({ label, count }) => `${label} ${whole(count)}`).join(', ');
  return { name, seconds, result: 'failure', message, text: [...counts, ...audit.examples.map(({ text }) => text)].join('\n') };
}

function thresholdCase({ text, value, result, held }: ThresholdRow): Case {
  if (held) return { ...PASSED, name: text };
  return { ...PASSED, name: text, result: 'failure', message: value === 'unknown' ? result : `${result}, ${value}`, text };
}

function problemCase({ id, title, evidence, remedy = '' }: Problem): Case {
  return { ...PASSED, name: `no problem: ${id}`, result: 'failure', message: title, text: `${evidence}\n${remedy}`.trim() };
}

function propertiesOf(report: RunReport): readonly (readonly [string, string])[] {
  const problems = report.verdict.problems.filter((problem) => !makesVerdict(problem, report));
  return [...runFigures(report), ['Meterstorm', report.meterstorm], ...problems.map(({ id, title, evidence }) => [`problem ${id}`, `${title}. ${evidence}`] as const)];
}

function caseLines({ name, seconds, result, message, text }: Case, scenario: string): readonly string[] {
  const start = `    <testcase classname="${attribute(`meterstorm.${scenario}`)}" name="${attribute(name)}" time="${time(seconds)}"`;
  if (result === 'passed') return [`${start}/>`];
  if (result === 'skipped') return [`${start}>`, `      <skipped message="${attribute(message)}"/>`, '    </testcase>'];
  return [`${start}>`, `      <${result} message="${attribute(message)}" type="${result}">${content(text)}</${result}>`, '    </testcase>'];
}

function time(seconds: number): string {
  return seconds.toFixed(3);
}

/** For an attribute in double quotes: line breaks as references, since a parser makes blanks of them. */
function attribute(text: string): string {
  return content(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}

/** What XML 1.0 forbids (control characters, half surrogate pairs) becomes U+FFFD: no reference can stand for it. */
function content(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(/(?![\n\t])\p{Cc}|\p{Cs}|[\uFFFE\uFFFF]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
