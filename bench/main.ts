/**
 * `npm run bench`: what each part costs on this machine, as JSON on stdout. Rates are per second of one core; the medians of
 * several rounds, because machines are noisy. The generator into a null sink shows what the simulator could do at best; end
 * to end is the product as its user runs it.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageFile } from '../src/base/package-root.ts';
import { parseScenario } from '../src/grid/scenario/parse.ts';
import type { Scenario } from '../src/grid/scenario/scenario.ts';
import { TURN_STEPS } from '../src/simulator/schedule.ts';
import { machineFacts } from '../src/monitor/machine-facts.ts';
import { benchCodec } from './codec.ts';
import { benchDlms } from './dlms.ts';
import { benchFloor } from './floor.ts';
import { benchGrid } from './grid.ts';
import { benchLinks } from './links.ts';
import { benchNullSink } from './null-sink.ts';

const SMALL_GRID = packageFile('scenarios', 'small-grid.yaml');

function scenarioOf(sets: readonly string[]): Scenario {
  const parsed = parseScenario({ file: SMALL_GRID, sets });
  if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
  return parsed.scenario;
}

const END_TO_END_ROUNDS = 3;

/** The run of median length. */
async function endToEnd(): Promise<EndToEnd> {
  const rounds: EndToEnd[] = [];
  for (let round = 0; round < END_TO_END_ROUNDS; round++) rounds.push(await runProduct());
  rounds.sort((a, b) => a.wallSeconds - b.wallSeconds);
  const median = rounds[END_TO_END_ROUNDS >> 1];
  if (median === undefined) throw new Error('no round');
  return median;
}

interface EndToEnd {
  readonly wallSeconds: number;
  readonly [fact: string]: unknown;
}

function largeGrid(): unknown {
  const module = fileURLToPath(new URL('./large-grid-process.js', import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [module], { encoding: 'utf8' }));
}

/** The product itself, in processes of its own; and right after it what it could not do without. */
async function runProduct(): Promise<EndToEnd> {
  const directory = mkdtempSync(join(tmpdir(), 'meterstorm-bench-'));
  try {
    const out = join(directory, 'run');
    execFileSync(process.execPath, [packageFile('dist', 'cli', 'main.js'), 'run', SMALL_GRID, '--out', out, '--json'], {
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as {
      run: Record<string, unknown> & EndToEnd;
      audit: Record<string, unknown>;
      verdict: { resources: unknown };
    };
    const { wallSeconds, readingsPerSecond, realTimeFactor, peakRssBytes, storeBytes } = report.run;
    const { planned, stored, exact, wallSeconds: auditSeconds } = report.audit;
    const { resources } = report.verdict;
    const size = { planned, stored, exact, auditSeconds, peakRssBytes, storeBytes };
    const floor = await benchFloor({
      database: join(out, 'readings.duckdb'),
      bytes: Number(report.run['bytesSent']),
      connections: Number(report.run['concentrators']),
      writes: Math.ceil(Number(report.run['steps']) / TURN_STEPS),
    });
    const share = { ...floor, floorShare: (floor.socketSeconds + floor.appendSeconds) / wallSeconds };
    return { wallSeconds, readingsPerSecond, realTimeFactor, ...size, ...share, resources };
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
  largeGrid: largeGrid(),
  links: benchLinks(scenario),
  dlms: await benchDlms(),
  nullSink: await benchNullSink(scenario),
  endToEnd: await endToEnd(),
  loadAverage1After: machineFacts().loadAverage1,
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
