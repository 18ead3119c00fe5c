/**
 * A concentrator with 60 meters, as the product simulates it, in a process of its own. Tells its
 * parent the port on which it listens; ends with it. METERSTORM_BENCH_KEY: the master key, 32 bytes in hexadecimal.
 */

import { packageFile } from '../src/base/package-root.ts';
import { parseScenario } from '../src/grid/scenario/parse.ts';
import { PullSegment } from '../src/run/pull-segment.ts';
import { buildSegment } from '../src/run/segment.ts';

/** Of an installation that lives as long as the bench. */
const MASTER_KEY = Buffer.from(process.env['METERSTORM_BENCH_KEY'] ?? '', 'hex');

const parsed = parseScenario({
  file: packageFile('scenarios', 'small-grid.yaml'),
  sets: ['grid.stations=1', 'grid.meters=60', 'behaviour.communication=pull', 'security=suite-0', 'speed=1', 'network.links=ignored'],
});
if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
const { behaviour } = parsed.scenario;
const always = (share: number): readonly { name: string; share: number; accessible: number; outageSeconds: number }[] => [
  { name: 'always', share, accessible: 1, outageSeconds: 1200 },
];
const scenario = {
  ...parsed.scenario,
  behaviour: { ...behaviour, concentratorAccessibility: always(1), meterAccessibility: always(1) },
};
const segment = new PullSegment({
  prepare: { scenario, fromStep: 0, masterKey: MASTER_KEY, firstAddress: '127.64.0.1' },
  grid: buildSegment(scenario, { index: 0, count: 1 }),
  listen: { address: '127.64.0.1', port: 0 },
  onFinished: () => {},
});
segment.listen((result) => {
  if ('error' in result) throw new Error(result.error);
  segment.play(Date.now()).start();
  process.send?.(result);
});
process.on('disconnect', () => process.exit(0));
