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
  const connected = connectedAfter({ links, lost: connectionsLost, made: connectionsMade });
  const steps = [...connectionsLost.keys()].filter((step) => (connectionsLost[step] ?? 0) >= lostMin);
  return steps.map((step) => stormAt({ step, lost: connectionsLost[step] ?? 0 }, connected, awayMax));
}

/**
 * By step: links that are connected at its end. Between none and all, whatever the counts add up to: connections that the head-end ended are
 * made again without having been lost, and one that was lost need not have been ready.
 */
function connectedAfter(of: { readonly links: number; readonly lost: readonly number[]; readonly made: readonly number[] }): readonly number[] {
  let connected = 0;
  return of.lost.map((lost, step) => (connected = Math.min(of.links, Math.max(0, connected - lost) + (of.made[step] ?? 0))));
}

function stormAt({ step, lost }: { readonly step: number; readonly lost: number }, connected: readonly number[], awayMax: number): LinkStorm {
  const before = connected[step - 1] ?? 0;
  for (let at = step; at < connected.length; at++) {
    const away = Math.max(0, before - (connected[at] ?? 0));
    if (away <= awayMax) return { step, lost, back: Math.max(0, lost - away), backAfterSteps: at - step };
  }
  return { step, lost, back: Math.max(0, lost - (before - (connected.at(-1) ?? 0))), backAfterSteps: null };
}
