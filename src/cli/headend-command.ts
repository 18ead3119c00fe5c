/** `meterstorm headend`: the reference data centre alone. */

import { systemClock } from '../base/clock.ts';
import { parseDuration } from '../grid/scenario/units.ts';
import { UserError } from '../run/errors.ts';
import { HeadendProcesses } from '../run/headend-processes.ts';
import { Interrupt } from './interrupt.ts';
import { endpointOf } from './scenario-argument.ts';

export interface HeadendFlags {
  readonly listen: string;
  readonly out: string;
  readonly intakes: number;
  readonly interval: string;
}

const REPORT_MS = 5000;

export async function headendCommand(flags: HeadendFlags): Promise<void> {
  const { stderr } = process;
  const interrupt = new Interrupt(() => stderr.write('stopping: taking what has arrived, storing what is buffered\n'));
  const intervalSeconds = parseDuration(flags.interval);
  if (intervalSeconds === null || intervalSeconds < 1) {
    throw new UserError(`meterstorm: --interval: found \`${flags.interval}\`, allowed is a duration such as 15 min`);
  }
  const headend = new HeadendProcesses({
    clock: systemClock,
    directory: flags.out,
    listen: endpointOf(flags.listen, '--listen'),
    intakes: flags.intakes,
    intervalSeconds,
    onRestart: (name, why) => stderr.write(`${name} died (${why}) and is started again\n`),
    onProcess: () => {},
  });
  await headend.start();
  const where = headend.endpoints.map((endpoint) => `${endpoint.address}:${endpoint.port}`).join(', ');
  stderr.write(`listening on ${where}; readings go to ${headend.database}\n`);
  const stopped = new Promise<void>((resolve, reject) => {
    interrupt.signal.addEventListener('abort', () => headend.stop().then(resolve, reject), { once: true });
    headend.failed.catch(reject);
  });
  const regularly = (): void => {
    if (interrupt.signal.aborted) return;
    const { connections, storedReadings, duplicatesDropped, malformedMessages } = headend.stats();
    stderr.write(
      `${connections} connections, ${storedReadings} readings stored, ${duplicatesDropped} duplicates dropped, ` +
        `${malformedMessages} malformed messages\n`,
    );
    systemClock.schedule(REPORT_MS, regularly);
  };
  systemClock.schedule(REPORT_MS, regularly);
  await stopped;
  const { storedReadings, duplicatesDropped } = headend.stats();
  stderr.write(`stopped: ${storedReadings} readings stored, ${duplicatesDropped} duplicates dropped\n`);
  interrupt.release();
  // A pending timer must not keep a stopped head-end alive.
  process.exit(0);
}
