/** `meterstorm dashboard`: shows finished runs in a browser, until Ctrl-C. */

import { systemClock } from '../base/clock.ts';
import { UserError } from '../run/errors.ts';
import { readReport } from './read-report.ts';
import { untilInterrupted } from './interrupt.ts';

export interface DashboardFlags {
  readonly port: string;
  readonly host: string;
  readonly token: boolean;
}

export async function dashboardCommand(directories: readonly string[], flags: DashboardFlags): Promise<void> {
  const port = portOf(flags.port, '--port');
  const runs = directories.map((directory) => ({ directory, report: readReport(directory) }));
  // Loaded where it is used: other commands need no server.
  const { finishedRuns, openDashboard } = await import('../run/open-dashboard.ts');
  const { server, address } = await openDashboard({
    clock: systemClock,
    runs: finishedRuns(systemClock, runs),
    place: { host: flags.host, port, wantToken: flags.token },
    onFault: (message) => process.stderr.write(`meterstorm: dashboard: ${message}\n`),
  });
  process.stdout.write(`dashboard: ${address}\n`);
  process.stderr.write('press Ctrl-C to end\n');
  await untilInterrupted();
  await server.close();
}

/** 0: any free one. */
export function portOf(text: string, flag: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port >= 0 && port <= 65_535) return port;
  throw new UserError(`meterstorm: ${flag}: found \`${text}\`, allowed is a port from 0 (any free one) to 65535`);
}
