/**
 * `npm run bench`: what each part costs on this machine, as JSON on stdout. Rates are per second of one core; the medians of
 * several rounds, because machines are noisy. The generator into a null sink shows what the simulator could do at best; end
 * to end is the product as its user runs it.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFile } from '../src/base/package-root.ts';
import { parseScenario } from '../src/grid/scenario/parse.ts';
import type { Scenario } from '../src/grid/scenario/scenario.ts';
import { machineFacts } from '../src/monitor/machine-facts.ts';
import { benchCodec } from './codec.ts';
import { benchGrid } from './grid.ts';
import { benchNullSink } from './null-sink.ts';

const SMALL_GRID = packageFile('scenarios', 'small-grid.yaml');

function scenarioOf(sets: readonly string[]): Scenario {
  const parsed = parseScenario({ file: SMALL_GRID, sets });
  if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
  return parsed.scenario;
}

/** The product itself, in a process of its own. */
function endToEnd(): unknown {
  const directory = mkdtempSync(join(tmpdir(), 'meterstorm-bench-'));
  try {
    const out = join(directory, 'run');
    execFileSync(process.execPath, [packageFile('dist', 'cli', 'main.js'), 'run', SMALL_GRID, '--out', out, '--json'], {
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as {
      run: Record<string, unknown>;
      audit: Record<string, unknown>;
      verdict: { resources: unknown };
    };
    const { wallSeconds, readingsPerSecond, realTimeFactor, peakRssBytes, storeBytes } = report.run;
    const { planned, stored, exact, wallSeconds: auditSeconds } = report.audit;
    const { resources } = report.verdict;
    return { wallSeconds, readingsPerSecond, realTimeFactor, peakRssBytes, storeBytes, planned, stored, exact, auditSeconds, resources };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const before = machineFacts();
const scenario = scenarioOf([]);
const result = {
  machine: before,
  codec: benchCodec(),
  grid: benchGrid(scenario),
  nullSink: await benchNullSink(scenario),
  endToEnd: endToEnd(),
  loadAverage1After: machineFacts().loadAverage1,
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
