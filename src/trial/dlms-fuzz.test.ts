import { expect, it } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import { parseScenario } from '../grid/scenario/parse.ts';
import { buildSegment } from '../run/segment.ts';
import { DlmsFuzz } from './dlms-fuzz.ts';
import { fuzzCorpus } from './fuzz-corpus.fixture.ts';

it('nothing that a peer sends makes decoders or the server throw, and all of it is reached', () => {
  const sets = ['grid.stations=4', 'grid.meters=200', 'behaviour.steps=96'];
  const parsed = parseScenario({ file: packageFile('scenarios', 'small-grid.yaml'), sets });
  if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
  const fuzz = new DlmsFuzz({ seed: 7, grid: buildSegment(parsed.scenario, { index: 0, count: 1 }), corpus: fuzzCorpus() });
  fuzz.run(60_000);
  const { outcomes } = fuzz.counts;
  for (const wanted of ['data frame', 'data incomplete', 'data malformed', 'apdu frame', 'apdu malformed', 'aarq frame', 'ciphered frame', 'server answered', 'server exception', 'server silent', 'server ciphered answered', 'server ciphered exception', 'secured association made', 'association made', 'server secured answered', 'stream followed']) {
    expect([wanted, (outcomes[wanted] ?? 0) > 5]).toEqual([wanted, true]);
  }
}, 60_000);
