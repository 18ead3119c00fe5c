/** Reads the file that `--monitor` names; wrong input becomes one UserError with a line for each mistake. */

import { systemFiles } from '../grid/scenario/files.ts';
import { UserError } from '../run/errors.ts';
import type { Monitoring } from '../run/monitoring/run-watch.ts';
import { parsePlan } from '../run/monitoring/plan-file.ts';

/** Null: no file, so that the run alone is watched. */
export function readMonitorPlan(file: string | false | undefined): Monitoring['plan'] {
  if (file === undefined || file === false) return null;
  const parsed = parsePlan(systemFiles, file);
  if (!parsed.ok) throw new UserError(parsed.errors.map((error) => error.toString()).join('\n'));
  return parsed.plan;
}
