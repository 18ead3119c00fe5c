/** `meterstorm headend`: the reference data centre alone. */

import { systemClock, type Timer } from '../base/clock.ts';
import { parseDuration } from '../grid/scenario/units.ts';
import { chooseHeadend, type HeadendFlags } from '../run/choose-headend.ts';
import { UserError } from '../run/errors.ts';
import { shownPlace } from '../run/headend-kind.ts';
import { HeadendProcesses, intakePlans } from '../run/headend-processes.ts';
import { prepareStore } from '../run/prepare-store.ts';
import { Interrupt } from './interrupt.ts';
import { endpointOf } from './scenario-argument.ts';

export interface HeadendCommandFlags extends HeadendFlags {
  readonly listen: string;
  readonly out: string;
  readonly intakes: number;
  readonly interval: string;
}

const REPORT_MS = 5000;

export async function headendCommand(flags: HeadendCommandFlags): Promise<void> {
  const { stderr } = process;
  const intervalSeconds = parseDuration(flags.interval);
  if (intervalSeconds === null || intervalSeconds < 1) {
    throw new UserError(`meterstorm: --interval: found \`${flags.interval}\`, allowed is a duration such as 15 min`);
  }
  const kind = chooseHeadend(flags, { directory: flags.out, schema: 'meterstorm' });
  await prepareStore(kind, { fresh: false });
  const interrupt = new Interrupt(() => stderr.write('stopping: taking what has arrived, storing what is buffered\n'));
  const headend = new HeadendProcesses({
    clock: systemClock,
    directory: flags.out,
    takers: intakePlans(endpointOf(flags.listen, '--listen'), flags.intakes),
    kind,
    intervalSeconds,
    onRestart: (name, why) => stderr.write(`${name} died (${why}) and is started again\n`),
    onProcess: () => {},
  });
  let timer: Timer | null = null;
  const regularly = (): void => {
    stderr.write(`${statusLine(headend)}\n`);
    timer = systemClock.schedule(REPORT_MS, regularly);
  };
  try {
    const starting = headend.start();
    await Promise.race([starting, aborted(interrupt.signal)]);
    if (interrupt.signal.aborted) {
      starting.catch(() => {});
      headend.kill();
      return;
    }
    const where = headend.endpoints.map((endpoint) => `${endpoint.address}:${endpoint.port}`).join(', ');
    stderr.write(`listening on ${where}; readings go to ${shownPlace(kind.store)}\n`);
    timer = systemClock.schedule(REPORT_MS, regularly);
    await Promise.race([aborted(interrupt.signal), headend.failed]);
    await headend.stop();
    stderr.write(`stopped: ${statusLine(headend)}\n`);
  } catch (error) {
    headend.kill();
    throw error;
  } finally {
    timer?.cancel();
    interrupt.release();
  }
}

function statusLine(headend: HeadendProcesses): string {
  const { connections, storedReadings, duplicatesDropped, malformedMessages, malformed, lastFault } = headend.stats();
  const reasons = Object.entries(malformed).map(([reason, count]) => `${reason} ${count}`);
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  const fault = lastFault === null ? '' : `; last fault: ${lastFault}`;
  return (
    `${connections} connections, ${storedReadings} readings stored, ${duplicatesDropped} duplicates dropped, ` +
    `${malformedMessages} malformed messages${why}${fault}`
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
