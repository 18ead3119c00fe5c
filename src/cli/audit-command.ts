/** `meterstorm audit`: audits the store of a finished run again, and writes its report anew. */

import { systemClock } from '../base/clock.ts';
import { writeReport } from '../report/write-report.ts';
import { auditAgain } from '../run/audit-again.ts';
import { exitCodeOf, printReport } from './print-report.ts';
import { readReport } from './read-report.ts';

export async function auditCommand(directory: string, flags: { readonly json: boolean }): Promise<void> {
  const report = await auditAgain({ clock: systemClock, directory, report: readReport(directory) });
  writeReport(directory, report);
  printReport(report, { directory, json: flags.json });
  process.exitCode = exitCodeOf(report);
}
