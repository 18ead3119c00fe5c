/** Puts a dashboard together: the runs that it shows, their grids and stores, its server. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join, resolve, sep } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { packageFile } from '../base/package-root.ts';
import { isLoopback, makeToken } from '../dashboard/server/access.ts';
import { DashboardServer } from '../dashboard/server/dashboard-server.ts';
import { FinishedRun } from '../dashboard/server/finished-run.ts';
import { LiveRun } from '../dashboard/server/live-run.ts';
import type { GridView, RunView } from '../dashboard/server/run-view.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { generateStations } from '../grid/topology/stations.ts';
import { machineFacts } from '../monitor/machine-facts.ts';
import type { RunReport } from '../report/run-report.ts';
import { version } from './compose-report.ts';
import { UserError } from './errors.ts';
import { csvToParquet } from './export.ts';
import { RunGrid } from './grid-view.ts';
import { monitorOfDirectory } from './monitor-view.ts';
import { loadOf } from './run-facts.ts';
import { readRunRecord } from './run-record.ts';
import { StoredReadings } from './stored-readings.ts';

export interface DashboardPlace {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Also on loopback; elsewhere there always is one. */
  readonly wantToken: boolean;
}

export interface OpenedDashboard {
  readonly server: DashboardServer;
  /** For a browser; with the token when there is one. */
  readonly address: string;
}

export async function openDashboard(options: {
  readonly clock: Clock;
  readonly runs: readonly RunView[];
  readonly place: DashboardPlace;
  readonly onFault: (message: string) => void;
}): Promise<OpenedDashboard> {
  const { clock, runs, place, onFault } = options;
  const pageFolder = packageFile('dist', 'web');
  if (!existsSync(join(pageFolder, 'index.html'))) throw new UserError('meterstorm: the page of the dashboard is not built; `npm run build` does it');
  const server = new DashboardServer({
    clock,
    runs,
    host: place.host,
    port: place.port,
    token: place.wantToken || !isLoopback(place.host) ? makeToken() : null,
    machineName: hostname(),
    pageFolder,
    version: version(),
    parquetOf,
    onFault,
  });
  try {
    return { server, address: await server.listen() };
  } catch (error) {
    await server.close();
    throw new UserError(`meterstorm: the dashboard can't listen at ${place.host}:${place.port}: ${whyNot(error as NodeJS.ErrnoException)}`, { cause: error });
  }
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'another program does; name another port, or 0 for any free one';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address';
  if (code === 'EACCES') return 'this user may not; name a port above 1023';
  return message;
}

/** The runs of some directories; ids are made from their names. */
export function finishedRuns(clock: Clock, runs: readonly { readonly directory: string; readonly report: RunReport }[]): readonly FinishedRun[] {
  const taken = new Set<string>();
  const names = namesOf(runs.map(({ directory }) => directory));
  return runs.map(({ directory, report }, i) => {
    const name = names[i] ?? '';
    const base = basename(name).replaceAll(/[^A-Za-z0-9-]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 40) || 'run';
    let id = base;
    for (let number = 2; taken.has(id); number++) id = `${base}-${number}`;
    taken.add(id);
    return new FinishedRun({ id, name, report, grid: gridOfDirectory(clock, directory, report), monitor: monitorOfDirectory(directory) });
  });
}

const ending = (path: readonly string[], parts: number): string => path.slice(-parts).join('/');

/** As much of the end of each path as tells them apart: mostly its last part. */
export function namesOf(directories: readonly string[]): readonly string[] {
  const paths = directories.map((directory) => resolve(directory).split(sep).filter((part) => part !== ''));
  const whole = paths.map((path) => path.join('/'));
  return paths.map((path, i) => {
    const others = paths.filter((_, j) => whole[j] !== whole[i]);
    let parts = 1;
    while (parts < path.length && others.some((other) => ending(other, parts) === ending(path, parts))) parts++;
    // The same directory once more.
    const before = whole.slice(0, i).filter((other) => other === whole[i]).length;
    return before === 0 ? ending(path, parts) : `${ending(path, parts)} (${before + 1})`;
  });
}

/** Null: the run left no record of its scenario, or an area that it names is not there any more. */
export function gridOfDirectory(clock: Clock, directory: string, report: RunReport): GridView | null {
  if (!existsSync(join(directory, 'run-record.json'))) return null;
  const { scenario, ledger } = readRunRecord(directory);
  const store = new StoredReadings({ clock, file: join(directory, 'readings.duckdb') });
  const { headend } = report.run;
  const elsewhere = headend === 'builtin' ? 'The readings are in no file of this directory.' : `The readings went to ${headend}; nobody can look at them here.`;
  try {
    return new RunGrid({ clock, scenario, ledger, store: store.exists ? store : null, storeNote: store.exists ? '' : elsewhere });
  } catch {
    return null;
  }
}

export function liveRun(options: { readonly clock: Clock; readonly id: string; readonly scenario: Scenario; readonly headend: string }): LiveRun {
  const { clock, id, scenario, headend } = options;
  const stations = generateStations(scenario);
  return new LiveRun({
    id,
    version: version(),
    machine: machineFacts(),
    outline: { ...loadOf(scenario, { meters: stations.meters, stations: stations.count }), headend },
    grid: new RunGrid({ clock, scenario, ledger: null, store: null, storeNote: 'The store can be looked at when the run is over.' }),
  });
}

async function parquetOf(csv: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'meterstorm-series-'));
  try {
    const [from, to] = [join(folder, 'series.csv'), join(folder, 'series.parquet')];
    await writeFile(from, csv);
    await csvToParquet(from, to);
    return await readFile(to);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
