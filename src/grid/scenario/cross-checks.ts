/**
 * What several values must agree on: shares, names, the total of meters, the end of the run, the spread, the steps of a blackout. Each check runs
 * whenever the values that it needs are right, no matter what else is wrong. It is reported at the value that overrides the
 * others: what the command line or an extending file changed, else the one that the check is about.
 */

import type { z } from 'zod';
import { largestRemainder } from '../../base/random.ts';
import { blackoutSteps } from './scenario.ts';
import { quoted, type Problem } from './scenario-error.ts';
import { checked, METERS_MAX } from './schema.ts';
import { find, keyPosition, plain, type ListTree, type Path, type Tree } from './tree.ts';

export function crossChecks(tree: Tree): readonly Problem[] {
  const problems: Problem[] = [];
  for (const path of LISTS) {
    const list = find(tree, path);
    if (list?.kind !== 'list') continue;
    problems.push(...sharesProblem(tree, path, list), ...nameProblems(path, list));
  }
  return [...problems, ...metersProblem(tree), ...spreadProblem(tree), ...endProblem(tree), ...blackoutProblems(tree), ...securityProblem(tree), ...onDemandProblem(tree)];
}

const SIZES: Path = ['grid', 'station-sizes'];
const LISTS: readonly Path[] = [
  SIZES,
  ['grid', 'consumption'],
  ['grid', 'tariffs'],
  ['grid', 'links'],
  ['behaviour', 'concentrator-accessibility'],
  ['behaviour', 'meter-accessibility'],
];
const UNIX_SECONDS_MAX = 2 ** 32 - 1;

function sharesProblem(tree: Tree, path: Path, list: ListTree): readonly Problem[] {
  const shares = sharesOf(tree, path, list);
  if (shares === null || shares.length === 0 || addUpTo1(shares)) return [];
  const percent = Number((sum(shares) * 100).toPrecision(12));
  const { at } = overriding(tree, [path, ...list.items.map((_, i) => path.concat(i, 'share'))]);
  return [{ at, path, found: `shares that add up to ${percent}%`, allowed: '100% in all' }];
}

function nameProblems(path: Path, list: ListTree): readonly Problem[] {
  const seen = new Set<string>();
  return list.items.flatMap((item, i): readonly Problem[] => {
    const name = find(item, ['name']);
    if (name?.kind !== 'scalar' || typeof name.value !== 'string') return [];
    if (!seen.has(name.value)) {
      seen.add(name.value);
      return [];
    }
    const found = `${quoted(name.value)} a second time`;
    return [{ at: name.at, path: [...path, i, 'name'], found, allowed: 'each name once in a list' }];
  });
}

/** The total must lie between what the categories give at least and at most. */
function metersProblem(tree: Tree): readonly Problem[] {
  const stations = valueAt(tree, ['grid', 'stations'], checked.stations);
  const sizes = find(tree, SIZES);
  const bounds = metersBounds(tree);
  if (stations === null || sizes?.kind !== 'list' || bounds === null) return [];
  const { least, most } = bounds;
  const path = ['grid', 'meters'];
  const meters = valueAt(tree, path, checked.meters);
  const wrong = meters === null ? most > METERS_MAX && isAbsent(tree, path) : meters < least || meters > most;
  if (!wrong) return [];
  const parts = sizes.items.flatMap((_, i) => ['share', 'meters'].map((key) => SIZES.concat(i, key)));
  const involved = overriding(tree, [path, ['grid', 'stations'], SIZES, ...parts]);
  if (meters === null) {
    const found = `${counted(stations, 'station')} with up to ${most} meters in all`;
    return [{ ...involved, found, allowed: `at most ${METERS_MAX}; fewer or smaller stations, or \`grid.meters\`` }];
  }
  const allowed = `${least} to ${most}, which is what ${counted(stations, 'station')} of these sizes can have`;
  return [{ ...involved, found: `a total of ${counted(meters, 'meter')}`, allowed }];
}

/** What the stations can have by their size categories; null: stations or sizes are wrong. */
export function metersBounds(tree: Tree): { readonly least: number; readonly most: number } | null {
  const stations = valueAt(tree, ['grid', 'stations'], checked.stations);
  const sizes = find(tree, SIZES);
  if (stations === null || sizes?.kind !== 'list' || sizes.items.length === 0) return null;
  const shares = sharesOf(tree, SIZES, sizes);
  const ranges = sizes.items.map((_, i) => valueAt(tree, [...SIZES, i, 'meters'], checked.stationMeters));
  if (shares === null || !addUpTo1(shares) || ranges.includes(null)) return null;
  const counts = largestRemainder(stations, shares);
  return {
    least: sum(ranges.map((range, i) => (range?.min ?? 0) * (counts[i] ?? 0))),
    most: sum(ranges.map((range, i) => (range?.max ?? 0) * (counts[i] ?? 0))),
  };
}

function spreadProblem(tree: Tree): readonly Problem[] {
  const paths = { spread: ['behaviour', 'spread'], interval: ['behaviour', 'interval'] };
  const spread = valueAt(tree, paths.spread, checked.spread);
  const interval = valueAt(tree, paths.interval, checked.interval);
  if (spread === null || interval === null || spread * 2 <= interval) return [];
  const involved = overriding(tree, [paths.spread, paths.interval]);
  const found = `a spread of ${spread} s in an interval of ${interval} s`;
  return [{ ...involved, found, allowed: `a spread of at most half the interval, ${interval / 2} s` }];
}

function endProblem(tree: Tree): readonly Problem[] {
  const paths = { steps: ['behaviour', 'steps'], start: ['behaviour', 'start'], interval: ['behaviour', 'interval'] };
  const steps = valueAt(tree, paths.steps, checked.steps);
  const start = valueAt(tree, paths.start, checked.start);
  const interval = valueAt(tree, paths.interval, checked.interval);
  if (steps === null || start === null || interval === null) return [];
  const most = Math.floor((UNIX_SECONDS_MAX - start.unixSeconds) / interval);
  if (steps <= most) return [];
  const involved = overriding(tree, [paths.steps, paths.start, paths.interval]);
  const found = `${counted(steps, 'step')} with an end after 2106-02-07T06:28:15Z`;
  return [{ ...involved, found, allowed: `at most ${counted(most, 'step')} of this interval from this start` }];
}

/** A blackout that no step of the run lies in would be played by nobody. */
function blackoutProblems(tree: Tree): readonly Problem[] {
  const list = find(tree, ['network', 'blackouts']);
  const paths = { steps: ['behaviour', 'steps'], interval: ['behaviour', 'interval'] };
  const steps = valueAt(tree, paths.steps, checked.steps);
  const interval = valueAt(tree, paths.interval, checked.interval);
  if (list?.kind !== 'list' || steps === null || interval === null) return [];
  return list.items.flatMap((_, i): readonly Problem[] => {
    const [at, lasts] = ['at', 'lasts'].map((key): Path => ['network', 'blackouts', i, key]) as [Path, Path];
    const fromSeconds = valueAt(tree, at, checked.blackoutAt);
    const seconds = valueAt(tree, lasts, checked.blackoutLasts);
    if (fromSeconds === null || seconds === null) return [];
    const { firstStep, endStep } = blackoutSteps({ fromSeconds, seconds }, interval);
    if (firstStep < Math.min(endStep, steps)) return [];
    const involved = overriding(tree, [at, lasts, paths.steps, paths.interval]);
    const found = `a blackout of ${seconds} s from ${fromSeconds} s on, in which no step lies`;
    return [{ ...involved, found, allowed: `one with a step in it; they are every ${interval} s from 0 s to ${(steps - 1) * interval} s` }];
  });
}

/** The shares of all entries, or null when one of them is wrong. */
function sharesOf(tree: Tree, path: Path, list: ListTree): readonly number[] | null {
  const shares = list.items.map((_, i) => valueAt(tree, [...path, i, 'share'], checked.share));
  return shares.every((share) => share !== null) ? shares : null;
}

function addUpTo1(shares: readonly number[]): boolean {
  return Math.abs(sum(shares) - 1) < 1e-9;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The value as the schema reads it, or null when it is missing or wrong. */
export function valueAt<Kind extends z.ZodType>(tree: Tree, path: Path, kind: Kind): z.output<Kind> | null {
  const parsed = kind.safeParse(plain(find(tree, path)));
  return parsed.success ? parsed.data : null;
}

function isAbsent(tree: Tree, path: Path): boolean {
  return (plain(find(tree, path)) ?? null) === null;
}

/** Of the values at `paths`, the one that overrides the others; the first one of equals. Lists and maps count by their key. */
function overriding(tree: Tree, paths: readonly Path[]): Pick<Problem, 'at' | 'path'> {
  const values = paths.flatMap((path) => {
    const node = find(tree, path);
    if (node === undefined) return [];
    return [{ path, at: node.kind === 'scalar' ? node.at : keyPosition(tree, path) }];
  });
  const [first = { path: [], at: tree.at }, ...others] = values;
  return others.reduce((best, value) => (value.at.layer > best.at.layer ? value : best), first);
}

/** Nobody reads a grid that pushes. */
function onDemandProblem(tree: Tree): readonly Problem[] {
  const path: Path = ['behaviour', 'on-demand'];
  const communication = find(tree, ['behaviour', 'communication']);
  if (find(tree, path) === undefined || communication?.kind !== 'scalar' || communication.value !== 'push') return [];
  const involved = overriding(tree, [path, ['behaviour', 'communication']]);
  return [{ ...involved, found: 'reads on demand with communication: push', allowed: 'communication: pull, or no `on-demand`' }];
}

/** Pushes travel in plain. */
function securityProblem(tree: Tree): readonly Problem[] {
  const path: Path = ['security'];
  const security = find(tree, path);
  const communication = find(tree, ['behaviour', 'communication']);
  if (security?.kind !== 'scalar' || security.value === 'none') return [];
  if (communication?.kind !== 'scalar' || communication.value !== 'push') return [];
  const found = `${quoted(String(security.value))} with communication: push`;
  return [{ at: security.at, path, found, allowed: 'none, or communication: pull' }];
}
