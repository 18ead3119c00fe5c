/** A network without anything of its own, for scenarios that tests put together. */

import type { NetworkParameters } from './scenario.ts';

export const PLAIN_NETWORK: NetworkParameters = {
  links: 'played',
  direction: 'each',
  tcp: 'today',
  cells: null,
  regions: null,
  blackouts: [],
};
