/** What runner and audit process tell each other. */

import type { AuditResult, SentLedger } from '../audit/auditor.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import type { Segment } from './segment.ts';

export interface ToAudit {
  readonly scenario: Scenario;
  readonly segment: Segment;
  readonly ledger: SentLedger;
  /** DuckDB file with the readings; null: there is none to look at. */
  readonly database: string | null;
}

export type FromAudit =
  | { readonly type: 'result'; readonly result: AuditResult; readonly energyWh: Float64Array }
  | { readonly type: 'failed'; readonly why: string };
