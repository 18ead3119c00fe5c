/** `meterstorm compare`: alternatives of a data centre on the same load, side by side. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import { systemFiles } from '../grid/scenario/files.ts';
import { composeComparison } from '../report/comparison/compose-comparison.ts';
import type { ComparedRun, Comparison, ReportedRun } from '../report/comparison/comparison.ts';
import { comparisonSummary } from '../report/comparison/comparison-terminal.ts';
import { writeComparison } from '../report/comparison/write-comparison.ts';
import { prettyJson } from '../report/whole-file.ts';
import { type Alternative, parseAlternatives } from '../run/compare/alternatives.ts';
import { Comparing, type ComparisonProgress } from '../run/compare/compare.ts';
import { version } from '../run/compose-report.ts';
import { UserError } from '../run/errors.ts';
import { makeDirectory } from '../run/make-directory.ts';
import { drainSeconds } from './drain-argument.ts';
import { Interrupt } from './interrupt.ts';
import { readReport } from './read-report.ts';
import { readScenario, type ScenarioFlags } from './scenario-argument.ts';

export interface CompareFlags extends ScenarioFlags {
  readonly alternatives?: string;
  readonly out?: string;
  readonly repeat: number;
  readonly drain?: string;
  readonly json: boolean;
  /** Directory of a comparison that was made. */
  readonly report?: string;
}

const EXIT_NOTHING = 1;
const EXIT_INTERRUPTED = 130;

export async function compareCommand(file: string | undefined, flags: CompareFlags): Promise<void> {
  if (flags.report !== undefined) {
    if (file !== undefined) throw new UserError('meterstorm: --report: shows a comparison that was made; leave the scenario out');
    show(flags.report, reported(flags.report), flags.json);
    return;
  }
  const { alternatives, load, directory } = prepared(file, flags);
  const display = new LineDisplay(process.stderr);
  const interrupt = new Interrupt(() => {
    display.end();
    process.stderr.write('interrupted: ending the present run cleanly; press Ctrl-C again to stop at once\n');
  });
  const comparing = new Comparing({
    clock: systemClock,
    alternatives,
    repeat: flags.repeat,
    directory,
    main: fileURLToPath(new URL('./main.js', import.meta.url)),
    load,
    onLine: (at, line) => display.show(at, line),
    interrupt: interrupt.signal,
  });
  const end = (): void => comparing.kill();
  process.once('exit', end);
  let runs: readonly (readonly ComparedRun[])[];
  try {
    runs = await comparing.run();
  } finally {
    process.off('exit', end);
    display.end();
    interrupt.release();
  }
  const comparison = composeComparison({
    meterstorm: version(),
    repeat: flags.repeat,
    complete: !interrupt.signal.aborted,
    alternatives: alternatives.map(({ name, description }, i) => ({ name, description, runs: (runs[i] ?? []).map((run) => withReport(directory, run)) })),
  });
  show(directory, comparison, flags.json);
  if (!comparison.complete) process.exitCode = EXIT_INTERRUPTED;
  else if (comparison.load.run === null) process.exitCode = EXIT_NOTHING;
}

/** All that can be wrong is said before anything starts. */
function prepared(
  file: string | undefined,
  flags: CompareFlags,
): { readonly alternatives: readonly Alternative[]; readonly load: readonly string[]; readonly directory: string } {
  if (file === undefined) throw new UserError("meterstorm: missing required argument 'scenario'");
  const { alternatives: list, out: directory } = flags;
  if (list === undefined) throw new UserError('meterstorm: --alternatives: name the file that says what is compared (docs/compare.md)');
  if (directory === undefined) throw new UserError('meterstorm: --out: name a directory for the comparison');
  const scenario = readScenario(file, flags);
  drainSeconds(flags.drain, scenario);
  const parsed = parseAlternatives(systemFiles, list);
  if (!parsed.ok) throw new UserError(parsed.errors.map(String).join('\n'));
  const { alternatives } = parsed;
  const pulling = scenario.behaviour.communication === 'pull' ? alternatives.find(({ foreign }) => foreign !== null) : undefined;
  if (pulling !== undefined) {
    throw new UserError(`meterstorm: --alternatives: ${pulling.name}: a head-end that pulls can't be compared, only one that is pushed to; change behaviour.communication`);
  }
  makeDirectory(directory, '--out');
  const used = ['compare.json', ...alternatives.map(({ folder }) => folder)].find((name) => existsSync(join(directory, name)));
  if (used !== undefined) throw new UserError(`meterstorm: --out: ${directory} already holds ${used}; name another directory`);
  const given = (name: 'steps' | 'stations' | 'speed' | 'drain'): readonly string[] => (flags[name] === undefined ? [] : [`--${name}`, flags[name]]);
  const load = [file, ...flags.set.flatMap((set) => ['--set', set]), ...given('steps'), ...given('stations'), ...given('speed'), ...given('drain')];
  return { alternatives, load, directory };
}

/** The comparison again from what lies in its directory: reports that were audited anew count as they are now. */
function reported(directory: string): Comparison {
  const file = join(directory, 'compare.json');
  let made: Partial<Comparison> | null;
  try {
    made = JSON.parse(readFileSync(file, 'utf8')) as Partial<Comparison> | null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UserError(`meterstorm: --report: ${directory} holds no compare.json; allowed: the directory of a comparison`);
    throw new UserError(`meterstorm: --report: ${file} can't be read: ${(error as Error).message}`);
  }
  const { meterstorm, repeat, complete, alternatives: compared } = made ?? {};
  if (meterstorm === undefined || repeat === undefined || complete === undefined || compared === undefined) {
    throw new UserError(`meterstorm: --report: ${file} is not a comparison`);
  }
  const alternatives = compared.map(({ name, description, runs }) => ({ name, description, runs: runs.map((run) => withReport(directory, run)) }));
  return composeComparison({ meterstorm, repeat, complete, alternatives });
}

function withReport(directory: string, run: ComparedRun): ReportedRun {
  const folder = join(directory, run.folder);
  return { ...run, report: existsSync(join(folder, 'report.json')) ? readReport(folder) : null };
}

function show(directory: string, comparison: Comparison, json: boolean): void {
  const { stdout } = process;
  writeComparison(directory, comparison);
  if (json) {
    stdout.write(prettyJson(comparison));
    return;
  }
  stdout.write(comparisonSummary(comparison, { width: stdout.columns ?? 100, colour: stdout.isTTY && stdout.hasColors() }));
  stdout.write(`\nReport: ${join(directory, 'compare.html')}\n`);
}

/** What the present run says, with who runs: one line that is rewritten on a terminal, a line each elsewhere. */
class LineDisplay {
  readonly #out: NodeJS.WriteStream;
  #drawn = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show({ run, runs, name }: ComparisonProgress, line: string): void {
    const text = `[${run}/${runs} ${name}] ${line}`.replaceAll(/\p{Cc}/gu, ' ');
    if (!this.#out.isTTY) {
      this.#out.write(`${text}\n`);
      return;
    }
    this.#out.write(`\r\u001b[2K${text.slice(0, Math.max(20, (this.#out.columns ?? 100) - 1))}`);
    this.#drawn = true;
  }

  /** Leaves the terminal as it was. */
  end(): void {
    if (this.#drawn) this.#out.write('\r\u001b[2K');
    this.#drawn = false;
  }
}
