/**
 * What a pipeline reads of a run beside its exit code: a JUnit file, and for GitHub Actions a summary of the job and
 * annotations. The one place that looks into the environment: GitHub says there where its summary goes.
 */

import { accessSync, appendFileSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { githubAnnotations } from '../report/github-annotations.ts';
import { junitXml } from '../report/junit.ts';
import { markdownSummary } from '../report/markdown-report.ts';
import type { RunReport } from '../report/run-report.ts';
import { UserError } from '../run/errors.ts';

export interface CiFlags {
  readonly junit?: string;
  readonly summary?: string;
}

/** Where it goes; null: nowhere. */
export interface CiOutput {
  readonly junit: string | null;
  readonly summary: string | null;
  readonly annotations: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Checked before a run begins, which may last for days. Throws a UserError for a file that can't be written. */
export function ciOutput(flags: CiFlags, environment: Environment = process.env): CiOutput {
  const { GITHUB_STEP_SUMMARY: given = '', GITHUB_ACTIONS: actions } = environment;
  const { junit = null, summary = given === '' ? null : given } = flags;
  if (junit !== null) checkFile(junit, '--junit');
  if (summary !== null) checkFile(summary, flags.summary === undefined ? 'GITHUB_STEP_SUMMARY' : '--summary');
  return { junit, summary, annotations: actions === 'true' };
}

/** Only what the flags name: for a command that says what was said before. */
export function namedOutput(flags: CiFlags): CiOutput {
  return ciOutput(flags, {});
}

/** Annotations go to stderr, where GitHub looks as well: stdout may be JSON. */
export function writeCiOutput({ junit, summary, annotations }: CiOutput, report: RunReport, auditFailure: string | null = null): void {
  if (junit !== null) writeFileSync(junit, junitXml(report, auditFailure));
  // Steps of a job share the file.
  if (summary !== null) appendFileSync(summary, markdownSummary(report));
  if (annotations) for (const line of githubAnnotations(report, auditFailure)) process.stderr.write(`${line}\n`);
}

function checkFile(file: string, flag: string): void {
  const problem = problemOf(file);
  if (problem !== null) throw new UserError(`meterstorm: ${flag}: ${file} can't be written: ${problem}`);
}

function problemOf(file: string): string | null {
  try {
    const facts = statSync(file, { throwIfNoEntry: false });
    if (facts?.isDirectory() === true) return 'it is a directory';
    accessSync(facts === undefined ? dirname(file) : file, constants.W_OK);
    return facts === undefined && !statSync(dirname(file)).isDirectory() ? `${dirname(file)} is no directory` : null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? `there is no directory ${dirname(file)}` : (error as Error).message;
  }
}
