/** Main of an audit process: compares one segment's part of the store with plan and truth. */

import { Auditor } from '../audit/auditor.ts';
import type { FromAudit, ToAudit } from './audit-messages.ts';
import { openSource } from './audit-source.ts';
import { gridLoad } from './grid-load.ts';
import { leaveSignalsToRunner } from './leave-signals.ts';
import { buildSegment } from './segment.ts';

process.on('message', (message) => {
  audit(message as ToAudit).then(tell, (error: unknown) => {
    tell({ type: 'failed', why: error instanceof Error ? error.message : String(error) });
  });
});
process.on('disconnect', () => process.exit());
leaveSignalsToRunner();

async function audit(message: ToAudit): Promise<FromAudit> {
  const { scenario, segment, ledger, source } = message;
  const grid = buildSegment(scenario, segment);
  const { meters } = grid;
  // The first and the last segment also look at rows of meters that no segment has.
  const range = {
    fromMeter: segment.index === 0 ? 0 : meters.first,
    toMeter: segment.index === segment.count - 1 ? 2 ** 32 : meters.first + meters.count,
  };
  const result = await new Auditor({ ...grid, ledger }).run(source === null ? null : openSource(source, range));
  return { type: 'result', result, energyWh: gridLoad(grid) };
}

function tell(message: FromAudit): void {
  process.send?.(message, () => process.disconnect());
}
