/** `--serve` of `meterstorm run`: the dashboard of a run that goes on. It stays after the end as long as somebody looks at it. */

import { systemClock } from '../base/clock.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import type { RunReport } from '../report/run-report.ts';
import { UserError } from '../run/errors.ts';
import type { Progress } from '../run/progress.ts';
import type { MeasuredSoFar } from '../run/run-facts.ts';
import type { Monitoring } from '../run/monitoring/run-watch.ts';
import { portOf } from './dashboard-command.ts';
import { untilInterrupted } from './interrupt.ts';

export interface ServedRun {
  /** For a browser. */
  readonly address: string;
  begin(measured: MeasuredSoFar): void;
  readonly monitoredBy: NonNullable<Monitoring['onSource']>;
  take(progress: Progress): void;
  /** Shows the finished run, which left its files in `directory`; resolves at once when nobody looks, and otherwise at Ctrl-C. */
  finish(report: RunReport, directory: string): Promise<void>;
  /** Closes the dashboard. */
  end(): Promise<void>;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8080;

export interface ServePlace {
  readonly host: string;
  readonly port: number;
}

/** Listens, before anything of the run is made. Throws UserError when it can't. */
export async function servedRun(options: { readonly place: ServePlace; readonly scenario: Scenario; readonly headend: string }): Promise<ServedRun> {
  const { place, scenario, headend } = options;
  // Loaded where it is used: a run that nobody watches needs no server.
  const { gridOfDirectory, liveRun, openDashboard } = await import('../run/open-dashboard.ts');
  const { liveMonitor, monitorOfDirectory } = await import('../run/monitor-view.ts');
  const run = liveRun({ clock: systemClock, id: 'run', scenario, headend });
  const { server, address } = await openDashboard({
    clock: systemClock,
    runs: [run],
    place: { ...place, wantToken: false },
    onFault: (message) => process.stderr.write(`meterstorm: dashboard: ${message}\n`),
  });
  return {
    address,
    begin: (measured) => run.begin(measured),
    monitoredBy: (source) => run.watchedBy(liveMonitor(source)),
    take(progress) {
      run.take(progress);
      server.tell(run);
    },
    async finish(report, directory) {
      const watched = server.watchers > 0;
      run.finish(report, { grid: gridOfDirectory(systemClock, directory, report), monitor: monitorOfDirectory(directory) });
      server.tell(run);
      if (watched) {
        process.stderr.write(`the dashboard stays at ${address}; press Ctrl-C to end\n`);
        await untilInterrupted();
      }
    },
    end: () => server.close(),
  };
}

/** `PORT` or `ADDRESS:PORT`; true: the flag without a value. Throws UserError. */
export function servePlace(text: string | true): ServePlace {
  if (text === true) return { host: DEFAULT_HOST, port: DEFAULT_PORT };
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[\w.-]+):)?(\d{1,5})$/.exec(text);
  if (match === null) throw new UserError(`meterstorm: --serve: found \`${text}\`, allowed is a port, or address and port such as 127.0.0.1:8080`);
  return { host: (match[1] ?? DEFAULT_HOST).replaceAll(/[[\]]/g, ''), port: portOf(match[2] ?? '', '--serve') };
}
