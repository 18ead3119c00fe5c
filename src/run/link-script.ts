/** The lines of a scenario outside a run: how many stations have which, and the script that puts them into the kernel. */

import { readFileSync } from 'node:fs';
import { packageFile } from '../base/package-root.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { generateStations } from '../grid/topology/stations.ts';
import { tcScript, warnings } from '../network/link/tc-script.ts';
import { AddressBlock } from './concentrator-address.ts';
import { UserError } from './errors.ts';

export type Limiter = 'nft' | 'hashlimit';

export interface LinkScript {
  readonly text: string;
  /** What the kernel can't do of what the scenario says; a line each. */
  readonly warnings: readonly string[];
}

/** Throws UserError when the stations have no room in the block. */
export function linkScript(scenario: Scenario, options: { readonly firstAddress: string; readonly limiter: Limiter }): LinkScript {
  const stations = generateStations(scenario);
  checkBlock(options.firstAddress, stations.count);
  const block = new AddressBlock(options.firstAddress);
  const text = tcScript({
    scenario: scenario.name,
    categories: scenario.grid.links,
    categoryOf: stations.link,
    addressOf: (station) => block.addressOf(station),
    direction: scenario.network.direction,
    limiter: options.limiter,
    body: readFileSync(packageFile('data', 'link', 'kernel-links.sh'), 'utf8'),
  });
  return { text, warnings: warnings(scenario.grid.links) };
}

/** Of each category of links. */
export function stationsOfLinks(scenario: Scenario): readonly number[] {
  const counts = scenario.grid.links.map(() => 0);
  for (const link of generateStations(scenario).link) counts[link]!++;
  return counts;
}

const ADDRESS = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
/** From here on addresses are no hosts'. */
const MULTICAST = 224;

function checkBlock(first: string, stations: number): void {
  if (!ADDRESS.test(first)) {
    throw new UserError(`meterstorm: --first-address: found \`${first}\`, allowed is an IPv4 address such as 10.64.0.1`);
  }
  const byte = Number(first.split('.')[0]);
  const last = first.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) + stations - 1;
  const lastByte = Math.floor(last / 2 ** 24);
  if (byte === 0 || lastByte >= MULTICAST || (byte === 127) !== (lastByte === 127)) {
    throw new UserError(`meterstorm: --first-address: found \`${first}\`, after which ${stations} stations have no addresses of hosts; allowed is a lower one`);
  }
}
