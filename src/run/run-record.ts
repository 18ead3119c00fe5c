/**
 * What an audit needs to know of a run beside its store: the scenario as it was played, and how far each concentrator came.
 * Kept in the run's directory, so that a store can be audited again at any time.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SentLedger } from '../audit/auditor.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { UserError } from './errors.ts';

export interface RunRecord {
  readonly scenario: Scenario;
  readonly ledger: SentLedger;
}

const FILE = 'run-record.json';

export function writeRunRecord(directory: string, record: RunRecord): void {
  const { scenario, ledger } = record;
  const plain = { scenario, ledger: { ...ledger, sent: Array.from(ledger.sent), confirmed: Array.from(ledger.confirmed) } };
  writeFileSync(join(directory, FILE), `${JSON.stringify(plain)}\n`);
}

export function readRunRecord(directory: string): RunRecord {
  const file = join(directory, FILE);
  try {
    const plain = JSON.parse(readFileSync(file, 'utf8')) as RunRecord;
    const { ledger } = plain;
    return {
      scenario: plain.scenario,
      ledger: { ...ledger, sent: Uint32Array.from(ledger.sent), confirmed: Uint32Array.from(ledger.confirmed) },
    };
  } catch (error) {
    throw new UserError(`meterstorm: ${file} can't be read: ${(error as Error).message}`);
  }
}
