/** What runner and audit process tell each other. */

import type { AuditResult, SentLedger } from '../audit/auditor.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import type { AuditSource } from './audit-source.ts';
import type { Segment } from './segment.ts';

export interface ToAudit {
  readonly scenario: Scenario;
  readonly segment: Segment;
  readonly ledger: SentLedger;
  /** null: nobody can look at what is stored. */
  readonly source: AuditSource | null;
}

export type FromAudit =
  | { readonly type: 'result'; readonly result: AuditResult; readonly energyWh: Float64Array }
  | { readonly type: 'failed'; readonly why: string };
