/** Made-up facts about links, for the sample report: three categories of GPRS, and in a run at a speed an outage in common. */

import { entityKey, streamKey, uniform } from '../base/random.ts';
import type { LinkCategoryFacts, LinkDirectionFacts, LinkFacts } from './link-facts.ts';
import type { Percentiles } from './percentiles.ts';

const NOTHING: Percentiles = { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };

const CATEGORIES = [
  { name: 'gprs-1', share: 0.5, latencyMs: 600, jitterMs: 200, loss: 0.001, ratePacketsPerSecond: 15 },
  { name: 'gprs-2', share: 0.3, latencyMs: 800, jitterMs: 400, loss: 0.002, ratePacketsPerSecond: 15 },
  { name: 'gprs-3', share: 0.2, latencyMs: 1000, jitterMs: 500, loss: 0.003, ratePacketsPerSecond: 15 },
] as const;

/** The step in which a third of the links goes, and for how many steps. */
const STORM_STEP = 130;
const STORM_STEPS = 12;
const STORM_SHARE = 0.3;

export function sampleLinks(options: {
  readonly mode: 'stamped' | 'carried';
  readonly links: number;
  readonly steps: number;
  /** Of the links of the storm some never come back. */
  readonly faulty?: boolean;
}): LinkFacts {
  const { mode, links, steps } = options;
  const carried = mode === 'carried';
  const first = Math.round(CATEGORIES[0].share * links);
  const second = Math.round(CATEGORIES[1].share * links);
  const counts = [first, second, links - first - second];
  const connections = carried ? connectionsOf(options) : { lost: [], made: [] };
  return {
    mode,
    direction: 'each',
    tcp: 'today',
    categories: CATEGORIES.map((category, i) => categoryOf(category, { links: counts[i] ?? 0, steps, carried })),
    connectionsLost: connections.lost,
    connectionsMade: connections.made,
    peakConnectsPerSecond: carried ? 212 : 0,
  };
}

function connectionsOf(options: { readonly links: number; readonly steps: number; readonly faulty?: boolean }): { readonly lost: number[]; readonly made: number[] } {
  const { links, steps, faulty = false } = options;
  const key = entityKey(streamKey(2013, 'sample-links'), 0);
  const usual = Array.from({ length: steps }, (_, step) => Math.round(0.008 * links * uniform(key, step)));
  const storm = Math.round(STORM_SHARE * links);
  const late = Math.round(storm * 0.1);
  return {
    lost: usual.map((count, step) => count + (step === STORM_STEP ? storm : 0)),
    made: usual.map((count, step) => {
      if (step === 0) return count + links;
      if (step === STORM_STEP + STORM_STEPS) return count + storm - late;
      return step === STORM_STEP + STORM_STEPS + 1 && !faulty ? count + late : count;
    }),
  };
}

function categoryOf(
  category: (typeof CATEGORIES)[number],
  of: { readonly links: number; readonly steps: number; readonly carried: boolean },
): LinkCategoryFacts {
  const { name, latencyMs, jitterMs, loss, ratePacketsPerSecond } = category;
  const { links, steps, carried } = of;
  const messages = links * steps;
  const connects = carried ? Math.round(links * 2.1) : 0;
  const drops = carried ? Math.round(links * 0.7) : 0;
  return {
    name,
    links,
    latencyMs,
    jitterMs,
    loss,
    ratePacketsPerSecond,
    up: directionOf(category, { messages, messageBytes: 1400 * 1.6 }),
    down: directionOf(category, { messages: carried ? messages : 0, messageBytes: 20 }),
    connects,
    connectsFailed: carried ? Math.round(links * loss) : 0,
    handshakeMs: connects === 0 ? NOTHING : delays(connects, latencyMs * 2),
    drops,
    silentDrops: Math.round(drops / 2),
    daily: carried ? Math.round(links * 0.06) : 0,
    forgotten: carried ? Math.round(links * 0.008) : 0,
    outages: carried ? Math.round(links * 0.34) : 0,
    detachedSeconds: drops * 55.25,
  };
}

function directionOf(
  { latencyMs, loss }: (typeof CATEGORIES)[number],
  of: { readonly messages: number; readonly messageBytes: number },
): LinkDirectionFacts {
  const { messages, messageBytes } = of;
  const segments = messages * Math.ceil(messageBytes / 1400);
  const lost = Math.round(segments * loss);
  const bytes = Math.round(messages * messageBytes);
  const delayMs = messages === 0 ? NOTHING : delays(messages, latencyMs * (messageBytes > 1400 ? 1.2 : 1));
  return {
    messages,
    bytes,
    segments,
    lost,
    policed: 0,
    fastRetransmissions: Math.round(lost * 0.2),
    timeouts: lost - Math.round(lost * 0.2),
    delayMs,
    bytesPerBusySecond: messages === 0 ? null : Math.round(messageBytes / (delayMs.mean / 1000)),
  };
}

function delays(count: number, ms: number): Percentiles {
  return { count, mean: ms * 1.04, p50: Math.round(ms), p90: Math.round(ms * 1.5), p99: Math.round(ms * 1.9), p999: Math.round(ms * 3.3), max: Math.round(ms * 7.1) };
}
