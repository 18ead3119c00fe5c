/** `meterstorm doctor`: what on this machine would spoil a run, a line each. */

import { packageFile } from '../base/package-root.ts';
import { short, whole } from '../base/format.ts';
import { type Finding, findingText } from '../run/doctor.ts';
import { examine } from '../run/examine.ts';
import type { RunNeeds } from '../run/run-needs.ts';
import { endpointOf, readScenario } from './scenario-argument.ts';

export interface DoctorFlags {
  readonly set: readonly string[];
  readonly steps?: string;
  readonly stations?: string;
  readonly headend: string;
  readonly out: string;
  readonly json: boolean;
}

const EXIT_BAD = 1;

export async function doctorCommand(file: string | undefined, flags: DoctorFlags): Promise<void> {
  const scenario = readScenario(file ?? packageFile('scenarios', 'small-grid.yaml'), flags);
  const target = flags.headend === 'builtin' ? null : endpointOf(flags.headend, '--headend').address;
  const { needs, findings } = await examine({ scenario, target, simulators: null, intakes: null, directory: flags.out });
  const bad = findings.filter(({ level }) => level === 'bad').length;
  process.stdout.write(flags.json ? `${JSON.stringify({ able: bad === 0, needs, findings }, null, 2)}\n` : doctorText(needs, findings));
  if (bad > 0) process.exitCode = EXIT_BAD;
}

/** What the run is, the findings, and what they come to. */
export function doctorText(needs: RunNeeds, findings: readonly Finding[]): string {
  const { scenario, stations, meters, readings } = needs;
  const size = `${scenario}: ${whole(stations)} connections, ${whole(meters)} meters, up to ${short(readings)} readings`;
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map((finding) => `${finding.level.padEnd(4)}  ${finding.check.padEnd(width)}  ${findingText(finding)}`);
  const [bad, warnings] = ['bad', 'warn'].map((level) => findings.filter((finding) => finding.level === level).length) as [number, number];
  const counts = `${bad} bad, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
  const end = bad > 0 ? `${counts}: the run would break` : warnings > 0 ? `${counts}: it runs, and its figures will be worse` : 'nothing stands in its way';
  return `${size}\n\n${lines.join('\n')}\n\n${end}\n`;
}
