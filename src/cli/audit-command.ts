/** `meterstorm audit`: audits the store of a finished run again, or that of somebody else, and writes its report anew. */

import { systemClock } from '../base/clock.ts';
import { writeReport } from '../report/write-report.ts';
import { auditAgain } from '../run/audit-again.ts';
import { foreignSource, type SourceFlags } from '../run/audit-source.ts';
import { type CiFlags, ciOutput, writeCiOutput } from './ci-output.ts';
import { exitCodeOf, printReport } from './print-report.ts';
import { readReport } from './read-report.ts';

export async function auditCommand(directory: string, flags: SourceFlags & CiFlags & { readonly json: boolean }): Promise<void> {
  const output = ciOutput(flags);
  const foreign = foreignSource(flags);
  const report = await auditAgain({ clock: systemClock, directory, report: readReport(directory), foreign });
  writeReport(directory, report);
  printReport(report, { directory, json: flags.json });
  writeCiOutput(output, report);
  process.exitCode = exitCodeOf(report);
}
