/**
 * `npm run fuzz -- [--count N] [--seed S]`: ten million inputs by default for the decoders and the server; see
 * `src/trial/dlms-fuzz.ts` for what must hold. JSON on stdout; exit code 1 when an input broke something, or memory grew.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseArgs } from 'node:util';
import { packageFile } from '../src/base/package-root.ts';
import { parseScenario } from '../src/grid/scenario/parse.ts';
import { buildSegment } from '../src/run/segment.ts';
import { DlmsFuzz } from '../src/trial/dlms-fuzz.ts';
import { fuzzCorpus } from '../src/trial/fuzz-corpus.fixture.ts';

const PIECE = 50_000;
/** An input that takes longer than this hangs; a piece is this long at most. */
const PIECE_MS_MAX = 60_000;
const GROWTH_BYTES_MAX = 30 * 2 ** 20;

const { values } = parseArgs({ options: { count: { type: 'string', default: '10000000' }, seed: { type: 'string', default: '1' } } });
const count = Number(values.count);
const seed = Number(values.seed);
const parsed = parseScenario({
  file: packageFile('scenarios', 'small-grid.yaml'),
  sets: ['grid.stations=4', 'grid.meters=200', 'behaviour.steps=96'],
});
if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const fuzz = new DlmsFuzz({ seed, grid: buildSegment(parsed.scenario, { index: 0, count: 1 }), corpus: fuzzCorpus() });
const began = performance.now();
let slowestPieceMs = 0;
let atHalf = 0;
for (let done = 0; done < count; done += PIECE) {
  const from = performance.now();
  fuzz.run(Math.min(PIECE, count - done));
  slowestPieceMs = Math.max(slowestPieceMs, performance.now() - from);
  if (atHalf === 0 && done + PIECE >= count / 2) atHalf = heapBytes();
}
const seconds = (performance.now() - began) / 1000;
const grown = heapBytes() - atHalf;
const { inputs, outcomes } = fuzz.counts;
const result = {
  seed,
  inputs,
  seconds: Math.round(seconds),
  inputsPerSecond: Math.round(inputs / seconds),
  slowestPieceMs: Math.round(slowestPieceMs),
  heapGrowthInSecondHalfBytes: grown,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
  outcomes,
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
if (grown > GROWTH_BYTES_MAX || slowestPieceMs > PIECE_MS_MAX) process.exitCode = 1;
