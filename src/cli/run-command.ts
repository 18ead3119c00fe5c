/** `meterstorm run`. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import type { RunReport } from '../report/run-report.ts';
import { writeReport } from '../report/write-report.ts';
import { UserError } from '../run/errors.ts';
import { makeDirectory } from '../run/make-directory.ts';
import { runScenario } from '../run/run-scenario.ts';
import { Interrupt } from './interrupt.ts';
import { exitCodeOf, printReport } from './print-report.ts';
import { ProgressDisplay } from './progress-display.ts';
import { endpointOf, readScenario } from './scenario-argument.ts';

export interface RunFlags {
  readonly set: readonly string[];
  readonly speed?: string;
  readonly out?: string;
  readonly json: boolean;
  readonly headend: string;
  readonly unconfirmed: boolean;
  readonly simulators?: number;
  readonly intakes?: number;
}

const EXIT_INTERRUPTED = 130;

export async function runCommand(file: string, flags: RunFlags): Promise<void> {
  const scenario = readScenario(file, flags);
  requirePush(scenario);
  const target = flags.headend === 'builtin' ? null : endpointOf(flags.headend, '--headend');
  if (target === null && flags.unconfirmed) {
    throw new UserError('meterstorm: --unconfirmed: the built-in head-end always confirms; leave the flag out');
  }
  const directory = outDirectory(flags.out, scenario.name);
  const display = new ProgressDisplay(process.stderr, scenario.behaviour.start);
  const interrupt = new Interrupt(() => {
    display.end();
    process.stderr.write('interrupted: ending cleanly; press Ctrl-C again to stop at once\n');
  });
  let report: RunReport;
  try {
    report = await runScenario({
      clock: systemClock,
      scenario,
      directory,
      target,
      confirmed: !flags.unconfirmed,
      simulators: flags.simulators ?? null,
      intakes: flags.intakes ?? null,
      onProgress: (progress) => display.show(progress),
      interrupt: interrupt.signal,
    });
  } finally {
    display.end();
    interrupt.release();
  }
  writeReport(directory, report);
  printReport(report, { directory, json: flags.json });
  process.exitCode = interrupt.signal.aborted ? EXIT_INTERRUPTED : exitCodeOf(report);
}

export function requirePush(scenario: Scenario): void {
  if (scenario.behaviour.communication === 'push') return;
  throw new UserError(
    'meterstorm: behaviour.communication: found `pull`; this version plays `push` only (the plan can be exported)',
  );
}

/** An empty directory for this run's files, made if need be. */
function outDirectory(chosen: string | undefined, name: string): string {
  const stamp = new Date(systemClock.unixMs()).toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  const directory = chosen ?? join('runs', `${name.replaceAll(/[^\w.-]+/g, '-')}-${stamp}`);
  if (existsSync(join(directory, 'readings.duckdb'))) {
    throw new UserError(`meterstorm: --out: ${directory} already holds a run; name another directory`);
  }
  makeDirectory(directory, '--out');
  return directory;
}
