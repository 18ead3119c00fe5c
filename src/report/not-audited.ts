/** An audit that there was not; see `wasAudited`. */

import type { AuditFacts } from './run-report.ts';

/** What is said when nobody could look into the store; `verdict.able` is then null. */
export const NOT_AUDITED: AuditFacts = {
  planned: 0,
  sent: 0,
  stored: 0,
  missing: 0,
  duplicate: 0,
  wrong: 0,
  unexpected: 0,
  unreadable: 0,
  late: 0,
  lostByPlan: 0,
  neverAvailable: 0,
  inFlight: 0,
  exact: false,
  wallSeconds: 0,
  duplicatesDropped: 0,
  attribution: { simulator: 0, network: 0, headend: 0 },
  examples: [],
};
