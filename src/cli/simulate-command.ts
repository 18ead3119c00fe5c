/** `meterstorm simulate`: the simulators alone, against any head-end. */

import { systemClock } from '../base/clock.ts';
import { UserError } from '../run/errors.ts';
import { simulate } from '../run/simulate.ts';
import { Interrupt } from './interrupt.ts';
import { compact, ProgressDisplay } from './progress-display.ts';
import { requirePush } from './run-command.ts';
import { endpointOf, readScenario } from './scenario-argument.ts';

export interface SimulateFlags {
  readonly target: readonly string[];
  readonly set: readonly string[];
  readonly speed?: string;
  readonly segment: string;
  readonly unconfirmed: boolean;
  readonly json: boolean;
  readonly simulators?: number;
}

const EXIT_INTERRUPTED = 130;

export async function simulateCommand(file: string, flags: SimulateFlags): Promise<void> {
  const scenario = readScenario(file, flags);
  requirePush(scenario);
  const display = new ProgressDisplay(process.stderr, scenario.behaviour.start);
  const interrupt = new Interrupt(() => display.end());
  try {
    const { stats, wallMs, settledStep } = await simulate({
      clock: systemClock,
      scenario,
      segment: segmentOf(flags.segment),
      targets: flags.target.map((target) => endpointOf(target, '--target')),
      confirmed: !flags.unconfirmed,
      simulators: flags.simulators ?? null,
      onProgress: (progress) => display.show(progress),
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
    if (interrupt.signal.aborted) process.exitCode = EXIT_INTERRUPTED;
  } finally {
    display.end();
    interrupt.release();
  }
}

function segmentOf(text: string): { readonly index: number; readonly count: number } {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || count < 1 || index >= count) {
    throw new UserError(`meterstorm: --segment: found \`${text}\`, allowed is i/n with 0 <= i < n, such as 0/4`);
  }
  return { index, count };
}
