/** The links of all stations from the definition, step by step and blackout by blackout, sharing only the two-state chains. */

import { below, streamKey } from '../../base/random.ts';
import { PLAIN_NETWORK } from '../scenario/plain-network.fixture.ts';
import type { NetworkParameters, Scenario } from '../scenario/scenario.ts';
import type { Stations } from '../topology/topology.ts';
import { Outages } from './outages.ts';

/** Everything that lines can have in common, at once: sizes that don't divide each other, blackouts over each other. */
export const MUCH_IN_COMMON: NetworkParameters = {
  ...PLAIN_NETWORK,
  cells: { stations: 3, accessible: 0.8, outageSeconds: 3600 },
  regions: { stations: 7, accessible: 0.85, outageSeconds: 2 * 3600 },
  blackouts: [
    { fromSeconds: 5 * 3600, seconds: 2 * 3600, share: 0.5 },
    { fromSeconds: 6 * 3600, seconds: 4 * 3600 + 1, share: 0.3 },
    { fromSeconds: 15 * 3600 - 600, seconds: 1200, share: 1 },
    { fromSeconds: 0, seconds: 900, share: 0.25 },
  ],
};

/** By station and step: is the link up. */
export function linksByDefinition(scenario: Scenario, stations: Stations): readonly (readonly boolean[])[] {
  const { seed, behaviour, network } = scenario;
  const { intervalSeconds, steps } = behaviour;
  const chain = (stream: string, categories: ConstructorParameters<typeof Outages>[0]['categories']) => {
    const outages = new Outages({ seed, stream, categories, intervalSeconds });
    return (device: number, category: number, step: number): boolean =>
      (outages.advance(outages.initial(device, category), device, category, step) & 1) === 0;
  };
  const own = chain('link-outages', behaviour.concentratorAccessibility);
  const cell = network.cells === null ? null : chain('cell-outages', [network.cells]);
  const region = network.regions === null ? null : chain('region-outages', [network.regions]);
  const dark = network.blackouts.map(({ share }, index) => {
    const first = below(streamKey(seed, 'blackouts'), index, stations.count);
    return new Set(Array.from({ length: Math.round(share * stations.count) }, (_, i) => (first + i) % stations.count));
  });
  return Array.from({ length: stations.count }, (_row, station) =>
    Array.from({ length: steps }, (_, step) => {
      if (!own(station, stations.accessibility[station] ?? 0, step)) return false;
      if (cell?.(Math.floor(station / (network.cells?.stations ?? 1)), 0, step) === false) return false;
      if (region?.(Math.floor(station / (network.regions?.stations ?? 1)), 0, step) === false) return false;
      const at = step * intervalSeconds;
      return !network.blackouts.some(
        ({ fromSeconds, seconds }, i) => at >= fromSeconds && at < fromSeconds + seconds && dark[i]?.has(station) === true,
      );
    }),
  );
}
