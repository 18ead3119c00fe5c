/**
 * Outages that many links have in common, and how long it took until their connections were there again. Pure.
 *
 * A storm is a step in which at least STORM_SHARE of all links (and STORM_LINKS_MIN) lost their connection. It is over with the first step
 * at whose end about as many are connected as before it: single links come and go all the time, so one in a hundred may be away.
 */

import type { LinkFacts } from './link-facts.ts';

export interface LinkStorm {
  /** In which they were lost. */
  readonly step: number;
  readonly lost: number;
  /** How many more are connected than right after the storm, at its end or at that of the run; at most `lost`. */
  readonly back: number;
  /** 0: within the step itself; null: it was not over when the run was. */
  readonly backAfterSteps: number | null;
}

const STORM_SHARE = 0.05;
const STORM_LINKS_MIN = 10;
const AWAY_SHARE = 0.01;

export function linkStorms({ categories, connectionsLost, connectionsMade }: LinkFacts): readonly LinkStorm[] {
  const links = categories.reduce((sum, category) => sum + category.links, 0);
  const lostMin = Math.max(STORM_LINKS_MIN, links * STORM_SHARE);
  const awayMax = Math.floor(links * AWAY_SHARE);
  const steps = [...connectionsLost.keys()].filter((step) => (connectionsLost[step] ?? 0) >= lostMin);
  return steps.map((step) => stormAt(step, { connectionsLost, connectionsMade, awayMax }));
}

function stormAt(
  step: number,
  of: { readonly connectionsLost: readonly number[]; readonly connectionsMade: readonly number[]; readonly awayMax: number },
): LinkStorm {
  const { connectionsLost, connectionsMade, awayMax } = of;
  const lost = connectionsLost[step] ?? 0;
  // Fewer connections than before the storm.
  let away = 0;
  for (let at = step; at < connectionsLost.length; at++) {
    away += (connectionsLost[at] ?? 0) - (connectionsMade[at] ?? 0);
    if (away <= awayMax) return { step, lost, back: lost - Math.max(0, away), backAfterSteps: at - step };
  }
  return { step, lost, back: Math.max(0, lost - away), backAfterSteps: null };
}
