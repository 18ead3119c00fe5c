/** What a run was sent, in two digests: every byte follows from the scenario, and from how far each concentrator came. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SentLoad } from '../../report/comparison/comparison.ts';
import { readRunRecord } from '../run-record.ts';

/** null: the run left no record. */
export function sentLoad(directory: string): SentLoad | null {
  if (!existsSync(join(directory, 'run-record.json'))) return null;
  const { scenario, ledger } = readRunRecord(directory);
  return { scenarioDigest: digest(JSON.stringify(scenario)), sentDigest: digest(ledger.sent.join(',')) };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
