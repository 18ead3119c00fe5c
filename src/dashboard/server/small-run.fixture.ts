/** A small grid's run for tests of the dashboard: a real grid, a made-up report. */

import { systemClock } from '../../base/clock.ts';
import { packageFile } from '../../base/package-root.ts';
import { parseScenario } from '../../grid/scenario/parse.ts';
import type { Scenario } from '../../grid/scenario/scenario.ts';
import { sampleReport } from '../../report/sample-report.fixture.ts';
import { csvToParquet } from '../../run/export.ts';
import { RunGrid } from '../../run/grid-view.ts';
import { DashboardServer, type DashboardOptions } from './dashboard-server.ts';
import { FinishedRun } from './finished-run.ts';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function smallScenario(file: 'small-grid.yaml' | 'large-grid.yaml', sets: readonly string[]): Scenario {
  const parsed = parseScenario({ file: packageFile('scenarios', file), sets, cut: { steps: null, stations: null } });
  if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
  return parsed.scenario;
}

export function smallRun(id = 'town'): FinishedRun {
  const scenario = smallScenario('small-grid.yaml', ['grid.stations=20', 'grid.meters=1400', 'behaviour.steps=96']);
  const grid = new RunGrid({ clock: systemClock, scenario, ledger: null, store: null, storeNote: 'There is no store.' });
  return new FinishedRun({ id, name: id, report: sampleReport({ steps: 96, meters: 1400, faulty: true }), grid, monitor: null });
}

/** On loopback, any free port; closed by whoever asked for it. */
export async function startedServer(options: Partial<DashboardOptions> = {}): Promise<{ readonly server: DashboardServer; readonly port: number; readonly address: string }> {
  const server = new DashboardServer({
    clock: systemClock,
    runs: [smallRun()],
    host: '127.0.0.1',
    port: 0,
    token: null,
    machineName: 'testhost',
    pageFolder: packageFile('dist', 'web'),
    version: '0.0.0',
    parquetOf: async (csv) => {
      const folder = mkdtempSync(join(tmpdir(), 'meterstorm-parquet-'));
      try {
        writeFileSync(join(folder, 'a.csv'), csv);
        await csvToParquet(join(folder, 'a.csv'), join(folder, 'a.parquet'));
        return readFileSync(join(folder, 'a.parquet'));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    onFault: (message) => {
      throw new Error(message);
    },
    ...options,
  });
  const address = await server.listen();
  return { server, address, port: Number(new URL(address).port) };
}
