/**
 * `npm run bench:capacity -- [--repeat N] [--slow MS] [arguments of meterstorm capacity]`: how well `meterstorm capacity` repeats itself. Runs it N times,
 * 5 if not given, one after the other, and prints as JSON on stdout what each found, and how far the worst is from the median. Without arguments: the
 * small grid against the head-end in the box; with `--slow` against one that takes so many milliseconds for each message, one after the other. Trials are
 * told on stderr. Nothing else should run on the machine.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFile } from '../src/base/package-root.ts';
import type { CapacityReport } from '../src/report/capacity/capacity-report.ts';
import { slowHeadend } from '../src/run/capacity/slow-headend.fixture.ts';

const REPETITIONS = 5;

function capacity(args: readonly string[]): Promise<CapacityReport> {
  const out = mkdtempSync(join(tmpdir(), 'meterstorm-bench-capacity-'));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [packageFile('dist', 'cli', 'main.js'), 'capacity', ...args, '--out', out], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('close', (code) => {
      try {
        if (code !== 0) throw new Error(`meterstorm capacity ended with ${code}`);
        resolve(JSON.parse(readFileSync(join(out, 'capacity.json'), 'utf8')) as CapacityReport);
      } catch (error) {
        reject(error as Error);
      } finally {
        rmSync(out, { recursive: true, force: true });
      }
    });
  });
}

function spreadOf(values: readonly number[]): { readonly median: number; readonly worstOff: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[sorted.length >> 1] ?? 0;
  return { median, worstOff: Math.max(...values.map((value) => Math.abs(value / median - 1))) };
}

const rest = process.argv.slice(2);

/** The number behind a flag of ours, which is taken out. */
function taken(flag: string): number | null {
  const at = rest.indexOf(flag);
  return at < 0 ? null : Number(rest.splice(at, 2)[1]);
}

const repeat = taken('--repeat') ?? REPETITIONS;
const slow = taken('--slow');
const headend = slow === null ? null : await slowHeadend(slow);
const args = [...(rest.length > 0 ? rest : [packageFile('scenarios', 'small-grid.yaml')]), ...(headend === null ? [] : ['--headend', headend.address])];
const repetitions = [];
for (let i = 0; i < repeat; i++) {
  const { answer, saturation, trials, proof, wallSeconds } = await capacity(args);
  repetitions.push({ ...answer, full: saturation?.what ?? null, trials: trials.length, exact: proof?.exact ?? null, wallSeconds });
}
const summary = {
  args,
  meters: spreadOf(repetitions.map(({ meters }) => meters)),
  metersMiddle: spreadOf(repetitions.map(({ metersMiddle }) => metersMiddle)),
  repetitions,
};
process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
headend?.close();
