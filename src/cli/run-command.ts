/** `meterstorm run`. */

import { readdirSync, rmdirSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import { writeReport } from '../report/write-report.ts';
import { chooseHeadend, type HeadendFlags, schemaOfRun } from '../run/choose-headend.ts';
import { UserError } from '../run/errors.ts';
import type { HeadendKind } from '../run/headend-kind.ts';
import { findingText, obstacles } from '../run/doctor.ts';
import { examine } from '../run/examine.ts';
import { dropStore, prepareStore } from '../run/prepare-store.ts';
import { watchTargets, withDatabase } from '../run/run-probe.ts';
import { type RunOptions, type RunResult, runScenario } from '../run/run-scenario.ts';
import { type CiFlags, ciOutput, writeCiOutput } from './ci-output.ts';
import { drainSeconds } from './drain-argument.ts';
import { foreignAudit, type ForeignFlags } from './foreign-argument.ts';
import { Interrupt } from './interrupt.ts';
import { outDirectory } from './out-directory.ts';
import { exitCodeOf, printReport } from './print-report.ts';
import { readMonitorPlan } from './monitor-argument.ts';
import { ProgressDisplay } from './progress-display.ts';
import { type ServedRun, servedRun, servePlace } from './served-run.ts';
import { endpointOf, readScenario } from './scenario-argument.ts';

export interface RunFlags extends HeadendFlags, ForeignFlags, CiFlags {
  readonly set: readonly string[];
  readonly steps?: string;
  readonly stations?: string;
  readonly speed?: string;
  readonly out?: string;
  readonly json: boolean;
  readonly headend: string;
  readonly unconfirmed: boolean;
  readonly watch: readonly string[];
  readonly simulators?: number;
  readonly drain?: string;
  readonly dropSchema: boolean;
  /** A file of what is watched; false: `--no-monitor`. */
  readonly monitor?: string | false;
  /** `true`: without a value. */
  readonly serve?: string | true;
}

const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;

export async function runCommand(file: string, flags: RunFlags): Promise<void> {
  const scenario = readScenario(file, flags);
  const target = flags.headend === 'builtin' ? null : endpointOf(flags.headend, '--headend');
  if (target !== null && scenario.behaviour.communication === 'pull') {
    throw new UserError(
      'meterstorm: --headend: a head-end that pulls connects to the concentrators; start them with `meterstorm simulate` and --listen',
    );
  }
  if (target === null && flags.unconfirmed) {
    throw new UserError('meterstorm: --unconfirmed: the built-in head-end always confirms; leave the flag out');
  }
  checkHeadend(flags, { target, pull: scenario.behaviour.communication === 'pull' });
  const named = watchTargets(flags.watch);
  const output = ciOutput(flags);
  const plan = readMonitorPlan(flags.monitor);
  const drain = drainSeconds(flags.drain, scenario);
  const { simulators = null } = flags;
  // A file has one writer.
  const intakes = flags.intakes ?? (flags.intake === 'direct' && flags.store === 'duckdb' ? 1 : null);
  const { findings } = await examine({ scenario, simulators, intakes, target: target?.address ?? null, directory: null });
  for (const finding of obstacles(findings)) process.stderr.write(`meterstorm: ${finding.check}: ${findingText(finding)}\n`);
  const foreign = await foreignAudit(flags, scenario, target === null);
  const serveAt = flags.serve === undefined ? null : servePlace(flags.serve);
  // Listening comes first: where it can't, nothing of the run is there yet.
  const served = serveAt === null ? null : await servedRun({ place: serveAt, scenario, headend: flags.headend });
  try {
    const directory = outDirectory(flags.out, scenario.name);
    const headend = chooseHeadend(flags, { directory, schema: schemaOfRun(scenario.name, systemClock.unixMs()) });
    if (target === null) await prepared(headend, directory);
    const watch = target === null ? await withDatabase(named, headend.store) : named;
    if (served !== null) process.stderr.write(`dashboard: ${served.address}\n`);
    const { report, auditFailure } = await played({
      scenario,
      directory,
      target,
      foreign,
      headend,
      dropStore: flags.dropSchema,
      confirmed: !flags.unconfirmed,
      simulators,
      intakes,
      drainSeconds: drain,
      watch,
      ...(flags.monitor === false ? {} : { monitoring: { plan, onSource: (source) => served?.monitoredBy(source) } }),
    }, served);
    writeReport(directory, report);
    printReport(report, { directory, json: flags.json });
    writeCiOutput(output, report, auditFailure);
    if (auditFailure !== null) process.stderr.write(`meterstorm: ${auditFailure}\n`);
    if (!report.run.complete) process.exitCode = EXIT_INTERRUPTED;
    else process.exitCode = auditFailure === null ? exitCodeOf(report) : EXIT_FAILED;
    await served?.finish(report, directory);
  } finally {
    await served?.end();
  }
}

/** The run itself, with its progress shown; Ctrl-C ends it cleanly. */
async function played(what: Omit<RunOptions, 'clock' | 'onProgress' | 'onBegin' | 'interrupt'>, served: ServedRun | null): Promise<RunResult> {
  const display = new ProgressDisplay(process.stderr, what.scenario.behaviour.start);
  const interrupt = new Interrupt(() => {
    display.end();
    process.stderr.write('interrupted: ending cleanly; press Ctrl-C again to stop at once\n');
  });
  try {
    return await runScenario({
      ...what,
      clock: systemClock,
      onProgress: (progress) => {
        display.show(progress);
        served?.take(progress);
      },
      onBegin: (measured) => served?.begin(measured),
      interrupt: interrupt.signal,
    });
  } finally {
    display.end();
    interrupt.release();
    if (what.dropStore) await dropStore(what.headend.store);
  }
}

/** What can be known to be wrong before anything is made. */
function checkHeadend(flags: RunFlags, { target, pull }: { readonly target: unknown; readonly pull: boolean }): void {
  if (target !== null && (flags.store !== 'duckdb' || flags.intake !== 'buffered')) {
    throw new UserError('meterstorm: --store and --intake are of the built-in head-end; leave them out with --headend');
  }
  if (pull && flags.intake === 'direct') throw new UserError('meterstorm: --intake: direct takes pushes; a head-end that pulls has a buffer');
  if (flags.dropSchema && flags.store === 'duckdb') throw new UserError('meterstorm: --drop-schema: a DuckDB file has none; it goes with --store postgres://..');
  chooseHeadend(flags, { directory: '', schema: 'a' });
}

/** Without a database there is no run, nor its directory. */
async function prepared(headend: HeadendKind, directory: string): Promise<void> {
  try {
    await prepareStore(headend, { fresh: true });
  } catch (error) {
    // As long as it is empty.
    if (readdirSync(directory).length === 0) rmdirSync(directory);
    throw error;
  }
}
