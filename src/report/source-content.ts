/** What a report says of the store of somebody else's head-end: how it was looked at, and what is not known when nobody did. */

import { counted, digits3, whole } from '../base/format.ts';
import type { RunReport } from './run-report.ts';

/** null: the store is ours, or nobody looked. */
export function sourceText({ audit }: RunReport): string | null {
  const { source } = audit;
  if (source === undefined) return null;
  const status = source.comparesStatus ? '' : '; status was not compared, because no column of it was named';
  return `Read from ${source.name}${status}. ${waitText(source)}`.trim();
}

function waitText({ waitedSeconds, queryableSeconds }: NonNullable<RunReport['audit']['source']>): string {
  if (queryableSeconds !== null) return `All rows could be queried ${queryableSeconds < AT_ONCE_SECONDS ? 'at once' : seconds(queryableSeconds)} after the last message.`;
  return waitedSeconds === 0 ? '' : `It was watched for ${seconds(waitedSeconds)} after the last message and did not get as many rows as readings were sent.`;
}

const AT_ONCE_SECONDS = 0.1;

function seconds(value: number): string {
  return `${digits3(value)} s`;
}

/** Of a run whose store nobody could look at. */
export function notAuditedText({ run, audit }: RunReport): string {
  const confirmed = run.confirmedReadings === null ? '' : `, and it confirmed ${whole(run.confirmedReadings)}`;
  const where = run.headend === 'builtin' ? '' : ' with `--audit-sql` or `--audit-csv`';
  return (
    `Not audited: nobody could look at what the head-end stored. ${counted(audit.sent, 'reading')} were sent to it${confirmed}; ` +
    `whether they are stored, once and right, is not known. \`meterstorm audit DIR\`${where} finds it out, also later.`
  );
}
