/** `--audit-sql`, `--audit-csv` and what belongs to them: where a run finds what somebody else's head-end stored. */

import { counted } from '../base/format.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { parseDuration } from '../grid/scenario/units.ts';
import { checkForeignSource, countRows, foreignSource, type SourceFlags } from '../run/audit-source.ts';
import { UserError } from '../run/errors.ts';
import type { ForeignAudit } from '../run/foreign-audit.ts';

export interface ForeignFlags extends SourceFlags {
  readonly auditWait?: string;
}

const WAIT_SECONDS = 10;
const WAIT_SECONDS_MAX = 86_400;

/** null: no flag names one. `scenario`: what is going to be played. Throws UserError. */
export async function foreignAudit(flags: ForeignFlags, scenario: Scenario, builtin: boolean): Promise<ForeignAudit | null> {
  const source = foreignSource(flags);
  if (source === null) {
    if (flags.auditWait !== undefined) throw new UserError('meterstorm: --audit-wait: for what? Name the readings with --audit-sql and --audit-query, or with --audit-csv');
    return null;
  }
  const flag = source.kind === 'csv' ? '--audit-csv' : '--audit-sql';
  if (builtin) throw new UserError(`meterstorm: ${flag}: the store of the built-in head-end is audited by itself; leave it out, or name yours with --headend`);
  const waitSeconds = waitOf(flags.auditWait);
  await checkForeignSource(source, scenario, true);
  const rows = await countRows(source);
  if (rows > 0) process.stderr.write(`meterstorm: ${flag}: ${counted(rows, 'row')} ${rows === 1 ? 'is' : 'are'} there before the run, and will be taken for its own; leave them out, or remove them\n`);
  return { source, waitSeconds };
}

function waitOf(text: string | undefined): number {
  if (text === undefined) return WAIT_SECONDS;
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : parseDuration(text);
  if (seconds === null || seconds > WAIT_SECONDS_MAX) throw new UserError(`meterstorm: --audit-wait: found \`${text}\`, allowed is a duration from 0 s to 1 d, such as 30 s`);
  return seconds;
}
