/**
 * What an audit needs to know of a run beside its store: the scenario as it was played, and how far each concentrator came.
 * Kept in the run's directory, so that a store can be audited again at any time.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SentLedger } from '../audit/auditor.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import type { StorageDelays } from './compose-kpi.ts';
import { Distribution } from './distribution.ts';
import { withoutPassword } from '../headend/store/postgres-config.ts';
import { UserError } from './errors.ts';
import type { StorePlace } from './headend-kind.ts';

export interface RunRecord {
  readonly scenario: Scenario;
  readonly ledger: SentLedger;
  /** Null: a record of an earlier version. */
  readonly delays: StorageDelays | null;
  /** Without a password; null: not ours. Undefined: a record of an earlier version, which has a DuckDB file. */
  readonly store?: StorePlace | null;
}

const FILE = 'run-record.json';

interface PlainRecord extends Pick<RunRecord, 'ledger' | 'store'> {
  readonly scenario: Omit<Scenario, 'thresholds'> & Partial<Pick<Scenario, 'thresholds'>>;
  readonly delays?: { readonly way: PlainDistribution; readonly whole: PlainDistribution | null } | null;
}

interface PlainDistribution {
  readonly values: readonly number[];
  readonly weights: readonly number[];
}

export function writeRunRecord(directory: string, record: RunRecord): void {
  const { scenario, ledger, delays, store } = record;
  const plain = {
    scenario,
    store: store?.kind === 'postgres' ? { ...store, url: withoutPassword(store.url) } : store,
    ledger: { ...ledger, sent: Array.from(ledger.sent), confirmed: Array.from(ledger.confirmed) },
    delays: delays === null ? null : { way: plainOf(delays.way), whole: delays.whole === null ? null : plainOf(delays.whole) },
  };
  writeFileSync(join(directory, FILE), `${JSON.stringify(plain)}\n`);
}

export function readRunRecord(directory: string): RunRecord {
  const file = join(directory, FILE);
  try {
    const plain = JSON.parse(readFileSync(file, 'utf8')) as PlainRecord;
    const { ledger, delays = null, store } = plain;
    return {
      // Scenarios of earlier versions have no thresholds.
      scenario: { ...plain.scenario, thresholds: plain.scenario.thresholds ?? [] },
      ...(store === undefined ? {} : { store }),
      ledger: { ...ledger, sent: Uint32Array.from(ledger.sent), confirmed: Uint32Array.from(ledger.confirmed) },
      delays: delays === null ? null : { way: distributionOf(delays.way), whole: delays.whole === null ? null : distributionOf(delays.whole) },
    };
  } catch (error) {
    throw new UserError(`meterstorm: ${file} can't be read: ${(error as Error).message}`);
  }
}

function plainOf({ values, weights }: Distribution): PlainDistribution {
  return { values, weights };
}

function distributionOf({ values, weights }: PlainDistribution): Distribution {
  return new Distribution(values, weights);
}
