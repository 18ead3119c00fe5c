/** The report's facts about the links, from what the simulator processes tell at their end. */

import { build, decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { type DirectionCounts, emptyCounts, emptyLines, LINK_DELAY_RANGE, type LineCounts } from '../network/link/link-stats.ts';
import type { LinkCategoryFacts, LinkDirectionFacts, LinkFacts } from '../report/link-facts.ts';
import { histogramPercentiles } from './distribution.ts';
import type { EncodedDirection, EncodedLinks } from './segment-links.ts';

/** `linksOf`: how many links a category has, by its index. Null: links are not played. */
export function linkFacts(scenario: Scenario, linksOf: readonly number[], processes: readonly EncodedLinks[]): LinkFacts | null {
  const { network, grid, speed } = scenario;
  if (network.links === 'ignored' || processes.length === 0) return null;
  return {
    mode: speed === 'max' ? 'stamped' : 'carried',
    direction: network.direction,
    tcp: network.tcp,
    categories: grid.links.map((_, i) => categoryFacts(scenario, i, { links: linksOf[i] ?? 0, processes })),
    connectionsLost: sumByStep(processes.map(({ lost }) => lost)),
    connectionsMade: sumByStep(processes.map(({ made }) => made)),
    peakConnectsPerSecond: Math.max(...processes.map(({ peakConnectsPerSecond }) => peakConnectsPerSecond)),
  };
}

function categoryFacts(
  scenario: Scenario,
  index: number,
  of: { readonly links: number; readonly processes: readonly EncodedLinks[] },
): LinkCategoryFacts {
  const { name = '', latencyMs = 0, jitterMs = 0, loss = 0, ratePacketsPerSecond = 0 } = scenario.grid.links[index] ?? {};
  const parts = of.processes.flatMap(({ categories }) => categories[index] ?? []);
  const lines = emptyLines();
  const handshake = build(LINK_DELAY_RANGE);
  for (const part of parts) {
    addCounts(lines, part.lines);
    handshake.add(decodeFromCompressedBase64(part.handshake));
  }
  const { detachedMs, ...counts } = lines;
  return {
    name,
    links: of.links,
    latencyMs,
    jitterMs,
    loss,
    ratePacketsPerSecond,
    up: directionFacts(parts.map(({ up }) => up)),
    down: directionFacts(parts.map(({ down }) => down)),
    ...counts,
    handshakeMs: histogramPercentiles(handshake, 1),
    detachedSeconds: detachedMs / 1000,
  };
}

function directionFacts(parts: readonly EncodedDirection[]): LinkDirectionFacts {
  const counts = emptyCounts();
  const delay: Histogram = build(LINK_DELAY_RANGE);
  for (const part of parts) {
    addCounts(counts, part.counts);
    delay.add(decodeFromCompressedBase64(part.delay));
  }
  const { busyMs, delaySumMs, ...rest } = counts;
  const percentiles = histogramPercentiles(delay, 1);
  return {
    ...rest,
    // The mean is counted apart: the histogram has three digits.
    delayMs: counts.messages === 0 ? percentiles : { ...percentiles, mean: delaySumMs / counts.messages },
    bytesPerBusySecond: busyMs === 0 ? null : Math.round((counts.bytes * 1000) / busyMs),
  };
}

function addCounts<T extends DirectionCounts | LineCounts>(sum: T, part: T): void {
  for (const key of Object.keys(sum) as (keyof T)[]) sum[key] = ((sum[key] as number) + (part[key] as number)) as T[keyof T];
}

function sumByStep(series: readonly (readonly number[])[]): readonly number[] {
  return Array.from({ length: Math.max(...series.map(({ length }) => length)) }, (_, step) =>
    series.reduce((sum, one) => sum + (one[step] ?? 0), 0),
  );
}
