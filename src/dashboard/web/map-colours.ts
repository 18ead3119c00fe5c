/** What the colours of the map stand for. */

import type { GridFacts } from '../server/run-view.ts';
import type { Places, States } from './api.ts';
import type { Dots } from './map-painter.ts';
import { colour } from './theme.ts';

export const COLOURINGS = ['accessibility', 'backlog', 'link'] as const;
export type Colouring = (typeof COLOURINGS)[number];

export const COLOURING_NAMES: Readonly<Record<Colouring, string>> = { accessibility: 'Accessibility', backlog: 'Backlog', link: 'Link class' };

export interface Colours {
  readonly dots: Dots;
  readonly legend: readonly { readonly label: string; readonly colour: string; readonly count: number }[];
}

interface Bucket {
  readonly label: string;
  readonly colour: string;
}

/** From what is as it should be to what is not, so that the latter lies on top. */
const REACHED: readonly (Bucket & { readonly from: number })[] = [
  { label: 'all meters', colour: '--m0', from: 100 },
  { label: '90 % and more', colour: '--m1', from: 90 },
  { label: '50 % and more', colour: '--m2', from: 50 },
  { label: 'fewer', colour: '--m3', from: 1 },
  { label: 'none: line down or all meters away', colour: '--m4', from: 0 },
];

const BEHIND: readonly (Bucket & { readonly from: number })[] = [
  { label: 'none', colour: '--m0', from: 0 },
  { label: '1 step', colour: '--m1', from: 1 },
  { label: '2 to 4 steps', colour: '--m2', from: 2 },
  { label: '5 to 16 steps', colour: '--m3', from: 5 },
  { label: '17 to 96 steps', colour: '--m4', from: 17 },
  { label: 'more', colour: '--m5', from: 97 },
];

const NO_METERS = 255;
const LINK_COLOURS = ['--c0', '--c2', '--c4', '--c1', '--c3', '--c5'];

/** By index of a value: its bucket. */
const reachedBucket = (percent: number): number => (percent === NO_METERS ? 0 : REACHED.findIndex(({ from }) => percent >= from));
const behindBucket = (steps: number): number => BEHIND.findLastIndex(({ from }) => steps >= from);

const REACHED_BY_VALUE = Uint8Array.from({ length: 256 }, (_, value) => reachedBucket(value));
const BEHIND_BY_VALUE = Uint8Array.from({ length: 256 }, (_, value) => behindBucket(value));

export function coloursOf(by: Colouring, of: { readonly facts: GridFacts; readonly places: Places; readonly states: States | null }): Colours | null {
  const { facts, places, states } = of;
  if (by === 'link') {
    const buckets = facts.links.map((label, i) => ({ label, colour: LINK_COLOURS[i % LINK_COLOURS.length] ?? '--c0' }));
    return finished(places.link, buckets);
  }
  if (states === null) return null;
  if (by === 'accessibility') return finished(states.reachedPercent.map((value) => REACHED_BY_VALUE[value]!), REACHED);
  return finished(states.behindSteps.map((value) => BEHIND_BY_VALUE[value]!), BEHIND);
}

function finished(bucket: Uint8Array, buckets: readonly Bucket[]): Colours {
  const counts = buckets.map(() => 0);
  for (const b of bucket) counts[b]! += 1;
  const colours = buckets.map(({ colour: name }) => colour(name));
  return {
    dots: { bucket, colours },
    legend: buckets.map(({ label }, i) => ({ label, colour: colours[i] ?? '', count: counts[i] ?? 0 })),
  };
}
