/** Reads the report.json of a finished run. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunReport } from '../report/run-report.ts';
import { UserError } from '../run/errors.ts';

const PARTS = ['run', 'audit', 'verdict', 'series', 'delays', 'processes', 'machine'];

type Later = 'links' | 'kpi' | 'resources' | 'thresholds';

export function readReport(directory: string): RunReport {
  const file = join(directory, 'report.json');
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UserError(`meterstorm: ${directory} holds no report.json; allowed: the directory of a run that has ended`);
    throw new UserError(`meterstorm: ${file} can't be read: ${(error as Error).message}`);
  }
  const complete = typeof value === 'object' && value !== null && PARTS.every((part) => part in value);
  if (!complete) throw new UserError(`meterstorm: ${file} is not the report of a run (it lacks one of ${PARTS.join(', ')})`);
  // Reports of earlier versions lack some parts.
  const { links = null, kpi = null, resources = null, thresholds = [], ...report } = value as Omit<RunReport, Later> & Partial<Pick<RunReport, Later>>;
  const cutOffAfterSeconds = report.run.cutOffAfterSeconds ?? null;
  const { settledSteps = [], connections = [] } = report.series as Partial<RunReport['series']>;
  const series = { ...report.series, settledSteps, connections };
  return { ...report, run: { ...report.run, cutOffAfterSeconds }, series, links, kpi, resources, thresholds };
}
