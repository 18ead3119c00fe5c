/** `meterstorm capacity`: the largest grid that a head-end holds, and what it costs. */

import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { parseDuration, parsePercent } from '../grid/scenario/units.ts';
import { growthText, lagText, resultText, rounded } from '../report/capacity/capacity-content.ts';
import type { CapacityReport, TrialFacts } from '../report/capacity/capacity-report.ts';
import { capacitySummary } from '../report/capacity/capacity-terminal.ts';
import { capacityJson, writeCapacity } from '../report/capacity/write-capacity.ts';
import { writeReport } from '../report/write-report.ts';
import { findCapacity } from '../run/capacity/find-capacity.ts';
import { chooseHeadend, type HeadendFlags } from '../run/choose-headend.ts';
import { findingText, obstacles } from '../run/doctor.ts';
import { UserError } from '../run/errors.ts';
import { examine } from '../run/examine.ts';
import { watchTargets } from '../run/run-probe.ts';
import { Interrupt } from './interrupt.ts';
import { outDirectory } from './out-directory.ts';
import { endpointOf, readScenario } from './scenario-argument.ts';

export interface CapacityFlags extends HeadendFlags {
  readonly set: readonly string[];
  readonly stations?: string;
  readonly out?: string;
  readonly json: boolean;
  readonly headend: string;
  readonly unconfirmed: boolean;
  readonly watch: readonly string[];
  readonly simulators?: number;
  readonly for: string;
  readonly budget: string;
  readonly window: string;
  readonly precision: string;
}

const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;

export async function capacityCommand(file: string, flags: CapacityFlags): Promise<void> {
  const scenario = readScenario(file, flags);
  if (scenario.behaviour.communication === 'pull') {
    throw new UserError('meterstorm: capacity: only pushes can be played in open loop; set behaviour.communication=push');
  }
  const target = flags.headend === 'builtin' ? null : endpointOf(flags.headend, '--headend');
  if (target === null && flags.unconfirmed) {
    throw new UserError('meterstorm: --unconfirmed: the built-in head-end always confirms; leave the flag out');
  }
  if (target !== null && (flags.store !== 'duckdb' || flags.intake !== 'buffered')) {
    throw new UserError('meterstorm: --store and --intake are of the built-in head-end; leave them out with --headend');
  }
  chooseHeadend(flags, { directory: '', schema: 'a' });
  const limits = limitsOf(flags);
  const watch = watchTargets(flags.watch);
  const { simulators = null } = flags;
  // A file has one writer.
  const intakes = flags.intakes ?? (flags.intake === 'direct' && flags.store === 'duckdb' ? 1 : null);
  const { findings } = await examine({ scenario, simulators, intakes, target: target?.address ?? null, directory: null });
  for (const finding of obstacles(findings)) process.stderr.write(`meterstorm: ${finding.check}: ${findingText(finding)}\n`);
  const directory = outDirectory(flags.out, `capacity-${scenario.name}`);
  const display = new TrialDisplay();
  const interrupt = new Interrupt(() => {
    display.end();
    process.stderr.write('interrupted: ending with what is known; press Ctrl-C again to stop at once\n');
  });
  try {
    const report = await findCapacity({
      clock: systemClock,
      scenario,
      directory,
      target,
      headend: flags,
      confirmed: !flags.unconfirmed,
      simulators,
      intakes,
      watch,
      ...limits,
      interrupt: interrupt.signal,
      onBegin: (trial) => display.began(trial),
      onTrial: (trial) => display.ended(trial),
      onProof: writeReport,
    });
    display.end();
    writeCapacity(directory, report);
    print(report, { directory, json: flags.json });
  } finally {
    display.end();
    interrupt.release();
  }
}

function print(report: CapacityReport, { directory, json }: { readonly directory: string; readonly json: boolean }): void {
  const { stdout } = process;
  if (json) stdout.write(capacityJson(report));
  else stdout.write(`${capacitySummary(report, { width: stdout.columns ?? 100, colour: stdout.isTTY && stdout.hasColors() })}\nReport: ${join(directory, 'capacity.html')}\n`);
  if (!report.complete) process.exitCode = EXIT_INTERRUPTED;
  else if (report.proof?.exact === false || (report.proof?.auditFailure ?? null) !== null) process.exitCode = EXIT_FAILED;
}

function limitsOf(flags: CapacityFlags): { readonly forMeters: number; readonly budgetMs: number; readonly windowMs: number; readonly precision: number } {
  return {
    forMeters: metersOf(flags.for),
    budgetMs: 1000 * within(parseDuration(flags.budget), { flag: '--budget', text: flags.budget, least: 10, most: 86_400, allowed: 'a duration from 10 s to 1 d, such as 3 min' }),
    windowMs: 1000 * within(parseDuration(flags.window), { flag: '--window', text: flags.window, least: 2, most: 3600, allowed: 'a duration from 2 s to 1 h, such as 5 s' }),
    precision: within(parsePercent(flags.precision), { flag: '--precision', text: flags.precision, least: 0.01, most: 0.5, allowed: 'a share from 1% to 50%, such as 5%' }),
  };
}

function within(
  value: number | null,
  of: { readonly flag: string; readonly text: string; readonly least: number; readonly most: number; readonly allowed: string },
): number {
  if (value !== null && value >= of.least && value <= of.most) return value;
  throw new UserError(`meterstorm: ${of.flag}: found \`${of.text}\`, allowed is ${of.allowed}`);
}

const PREFIXES: Readonly<Record<string, number>> = { '': 1, 'k': 1e3, 'M': 1e6, 'G': 1e9 };

/** `3.5M`, `250k`, `3500000`. */
function metersOf(text: string): number {
  const [, digits = '', prefix = ''] = /^(\d{1,15}(?:\.\d{1,6})?) ?([kMG]?)$/.exec(text.trim()) ?? [];
  const value = Number(digits) * (PREFIXES[prefix] ?? 1);
  return within(digits === '' ? null : value, { flag: '--for', text, least: 1000, most: 1e12, allowed: 'a number of meters from 1000 on, such as 3.5M' });
}

interface TrialBegin {
  readonly number: number;
  readonly meters: number;
  readonly readingsPerSecond: number;
  readonly toTheEnd: boolean;
}

/** A line for each trial on stderr; on a terminal it is there as soon as the trial begins. */
class TrialDisplay {
  #open = false;
  #begun = '';

  began({ number, meters, readingsPerSecond, toTheEnd }: TrialBegin): void {
    const what = toTheEnd ? 'to its end' : `trial ${number}`;
    this.#begun = `${what.padEnd(10)}  ${rounded(meters).padStart(7)} meters  ${rounded(readingsPerSecond).padStart(7)} readings/s`;
    if (process.stderr.isTTY) process.stderr.write(`${this.#begun}  ...`);
    this.#open = true;
  }

  ended(trial: TrialFacts): void {
    const { growth, lagSeconds, saturation } = trial;
    const seen = growth === null || lagSeconds === null ? '' : `  backlog ${growthText(growth).padStart(12)}  lag ${lagText(lagSeconds).padStart(6)}`;
    const evidence = saturation === null ? '' : `: ${saturation.evidence}`;
    process.stderr.write(`${process.stderr.isTTY ? '\r\u001b[2K' : ''}${this.#begun}${seen}  ${resultText(trial)}${evidence}\n`);
    this.#open = false;
  }

  end(): void {
    if (this.#open && process.stderr.isTTY) process.stderr.write('\r\u001b[2K');
    this.#open = false;
  }
}
