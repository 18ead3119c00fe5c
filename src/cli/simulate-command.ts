/** `meterstorm simulate`: the simulators alone, against any head-end. */

import { systemClock } from '../base/clock.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { writeReport } from '../report/write-report.ts';
import { UserError } from '../run/errors.ts';
import { readMasterKey } from '../run/master-key-file.ts';
import { simulate, type SimulateOptions } from '../run/simulate.ts';
import { outDirectory } from './out-directory.ts';
import { Interrupt } from './interrupt.ts';
import { compact, ProgressDisplay } from './progress-display.ts';
import { DEFAULT_LISTEN, endpointOf, readScenario } from './scenario-argument.ts';

export interface SimulateFlags {
  readonly target?: readonly string[];
  readonly listen?: string;
  readonly keys?: string;
  readonly set: readonly string[];
  readonly steps?: string;
  readonly stations?: string;
  readonly speed?: string;
  readonly segment: string;
  readonly unconfirmed: boolean;
  readonly out?: string;
  readonly json: boolean;
  readonly simulators?: number;
}

const EXIT_INTERRUPTED = 130;

export async function simulateCommand(file: string, flags: SimulateFlags): Promise<void> {
  const scenario = readScenario(file, flags);
  const way = wayOf(scenario, flags);
  const directory = flags.out === undefined ? null : recordDirectory(flags.out, flags.segment);
  const display = new ProgressDisplay(process.stderr, scenario.behaviour.start);
  const interrupt = new Interrupt(() => display.end());
  let told = false;
  try {
    const { stats, wallMs, settledStep, report } = await simulate({
      clock: systemClock,
      scenario,
      segment: segmentOf(flags.segment),
      ...way,
      confirmed: !flags.unconfirmed,
      directory,
      simulators: flags.simulators ?? null,
      onProgress: (progress) => {
        if (!told && way.listen !== null) process.stderr.write(`concentrators listen at addresses from ${way.listen.address} on, port ${way.listen.port}; \`meterstorm export ... devices\` lists them\n`);
        told = true;
        display.show(progress);
      },
      interrupt: interrupt.signal,
    });
    display.end();
    const wallSeconds = wallMs / 1000;
    if (flags.json) {
      process.stdout.write(`${JSON.stringify({ ...stats, settledStep, wallSeconds }, null, 2)}\n`);
    } else {
      const rate = compact(stats.readings / Math.max(wallSeconds, 0.001));
      process.stdout.write(
        `sent ${stats.readings} readings in ${stats.messages} messages in ${wallSeconds.toFixed(1)} s (${rate}/s), ` +
          `${stats.confirmedReadings} confirmed, ${stats.resentMessages} messages sent again, ${stats.disconnects} disconnects\n`,
      );
    }
    if (report !== null && directory !== null) {
      writeReport(directory, report);
      if (!flags.json) process.stdout.write(`audit what your head-end stored: meterstorm audit ${directory} --audit-sql URL --audit-query SQL, or --audit-csv FILE\n`);
    }
    if (interrupt.signal.aborted) process.exitCode = EXIT_INTERRUPTED;
  } finally {
    display.end();
    interrupt.release();
  }
}

/** Of a record that an audit can be made from. */
function recordDirectory(chosen: string, segment: string): string {
  if (segmentOf(segment).count > 1) throw new UserError('meterstorm: --out: a segment is a part of a grid, and an audit is of the whole; leave it or --segment out');
  return outDirectory(chosen, '');
}

/** Where the simulators send, or where they listen. */
function wayOf(scenario: Scenario, flags: SimulateFlags): Pick<SimulateOptions, 'targets' | 'listen' | 'masterKey'> {
  const { target = [], listen, keys } = flags;
  if (scenario.behaviour.communication === 'push') {
    if (target.length === 0) throw new UserError('meterstorm: --target: concentrators push, so it must say where your head-end listens: HOST:PORT');
    if (listen !== undefined) throw new UserError('meterstorm: --listen: concentrators push and listen nowhere; leave it out, or set behaviour.communication=pull');
    return { targets: target.map((text) => endpointOf(text, '--target')), listen: null, masterKey: null };
  }
  if (target.length > 0) throw new UserError('meterstorm: --target: your head-end pulls, so it connects to the concentrators; say with --listen where they are');
  if (scenario.security !== null && keys === undefined) {
    throw new UserError('meterstorm: --keys: the scenario has security, so name the file with the master key; `meterstorm export ... devices` makes one');
  }
  return {
    targets: [],
    listen: endpointOf(listen ?? DEFAULT_LISTEN, '--listen'),
    masterKey: scenario.security === null || keys === undefined ? null : readMasterKey(keys, '--keys'),
  };
}

function segmentOf(text: string): { readonly index: number; readonly count: number } {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || count < 1 || index >= count) {
    throw new UserError(`meterstorm: --segment: found \`${text}\`, allowed is i/n with 0 <= i < n, such as 0/4`);
  }
  return { index, count };
}
