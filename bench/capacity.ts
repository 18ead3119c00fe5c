/**
 * `npm run bench:capacity -- [--repeat N] [arguments of meterstorm capacity]`: how well `meterstorm capacity` repeats itself. Runs it N times, 5 if not
 * given, one after the other, and prints as JSON on stdout what each found, and how far the worst is from the median. Without arguments: the small grid
 * against the head-end in the box. Trials are told on stderr. Nothing else should run on the machine.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFile } from '../src/base/package-root.ts';
import type { CapacityReport } from '../src/report/capacity/capacity-report.ts';

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

const given = process.argv.slice(2);
const repeat = given[0] === '--repeat' ? Number(given[1]) : REPETITIONS;
const rest = given[0] === '--repeat' ? given.slice(2) : given;
const args = rest.length > 0 ? rest : [packageFile('scenarios', 'small-grid.yaml')];
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
