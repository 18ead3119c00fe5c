/** `meterstorm report`: writes the pages of a finished run again from its report.json. */

import { writeReport } from '../report/write-report.ts';
import { type CiFlags, namedOutput, writeCiOutput } from './ci-output.ts';
import { printReport } from './print-report.ts';
import { readReport } from './read-report.ts';

export function reportCommand(directory: string, flags: CiFlags): void {
  const output = namedOutput(flags);
  const report = readReport(directory);
  writeReport(directory, report);
  printReport(report, { directory, json: false });
  writeCiOutput(output, report);
}
