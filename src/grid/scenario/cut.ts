/**
 * `--steps` and `--stations`: short ways to cut a scenario for a quick look. They go on top of the files and below `--set`.
 *
 * Fewer stations keep the meters a station: a total of meters is scaled to the same share, within what the size categories
 * give. Fewer steps leave out blackouts that would begin after the new end; what `--set` says of them stays, and is checked.
 */

import { checked, METERS_MAX } from './schema.ts';
import { metersBounds, valueAt } from './cross-checks.ts';
import { blackoutSteps } from './scenario.ts';
import { SET_FILE, type Position } from './scenario-error.ts';
import { find, type ListTree, type MapTree, type Path, type ScalarTree, type Tree } from './tree.ts';

/** As the user wrote them; null: not given. */
export interface Cut {
  readonly steps: string | null;
  readonly stations: string | null;
}

export const NO_CUT: Cut = { steps: null, stations: null };

export interface CutTree {
  readonly tree: MapTree;
  /** A line for each thing that the user would miss, without the name of the program. */
  readonly notes: readonly string[];
}

const STATIONS: Path = ['grid', 'stations'];
const METERS: Path = ['grid', 'meters'];
const STEPS: Path = ['behaviour', 'steps'];
const BLACKOUTS: Path = ['network', 'blackouts'];

/** `tree` already has the values of `--set`, which are left as they are. */
export function applyCut(tree: MapTree, cut: Cut): CutTree {
  const fewer = cut.stations === null ? tree : withStations(tree, cut.stations);
  return cut.steps === null ? { tree: fewer, notes: [] } : withSteps(fewer, cut.steps);
}

function withStations(tree: MapTree, text: string): MapTree {
  if (isSet(tree, STATIONS)) return tree;
  const at = position('--stations');
  const cut = put(tree, STATIONS, scalar(text, at));
  const [before, stations] = [tree, cut].map((each) => valueAt(each, STATIONS, checked.stations)) as [number | null, number | null];
  const meters = valueAt(tree, METERS, checked.meters);
  if (before === null || stations === null || meters === null || isSet(tree, METERS)) return cut;
  const scaled = withinBounds(Math.round((meters / before) * stations), metersBounds(cut));
  return put(cut, METERS, { kind: 'scalar', at, value: scaled, source: String(scaled) });
}

/** Null: so many stations have too many meters whatever their total, and without one the check says so. */
function withinBounds(meters: number, bounds: { readonly least: number; readonly most: number } | null): number | null {
  if (bounds === null) return Math.max(1, meters);
  if (bounds.least > METERS_MAX) return null;
  return Math.min(Math.max(meters, bounds.least), bounds.most, METERS_MAX);
}

function withSteps(tree: MapTree, text: string): CutTree {
  if (isSet(tree, STEPS)) return { tree, notes: [] };
  const cut = put(tree, STEPS, scalar(text, position('--steps')));
  const [before, steps] = [tree, cut].map((each) => valueAt(each, STEPS, checked.steps)) as [number | null, number | null];
  const interval = valueAt(tree, ['behaviour', 'interval'], checked.interval);
  const list = find(tree, BLACKOUTS);
  if (before === null || steps === null || interval === null || list?.kind !== 'list') return { tree: cut, notes: [] };
  return withoutBlackouts(cut, list, (item) => {
    const [fromSeconds, seconds] = [valueAt(item, ['at'], checked.blackoutAt), valueAt(item, ['lasts'], checked.blackoutLasts)];
    if (fromSeconds === null || seconds === null || isSet(item, ['at']) || isSet(item, ['lasts'])) return false;
    const { firstStep, endStep } = blackoutSteps({ fromSeconds, seconds }, interval);
    return firstStep >= steps && firstStep < Math.min(endStep, before);
  });
}

function withoutBlackouts(tree: MapTree, list: ListTree, goes: (item: Tree) => boolean): CutTree {
  const gone = list.items.filter(goes);
  if (gone.length === 0) return { tree, notes: [] };
  const begins = gone.map((item) => find(item, ['at'])).map((node) => (node?.kind === 'scalar' ? node.source : ''));
  const items = list.items.filter((item) => !gone.includes(item));
  const [noun, verb] = gone.length === 1 ? ['blackout', 'begins'] : ['blackouts', 'begin'];
  const note = `--steps: left out the ${noun} at ${begins.join(', ')}, which ${verb} after the last step`;
  return { tree: put(tree, BLACKOUTS, { ...list, items }), notes: [note] };
}

function isSet(tree: Tree, path: Path): boolean {
  return find(tree, path)?.at.file === SET_FILE;
}

function position(flag: string): Position {
  return { file: flag, layer: 1, line: 0, column: 0 };
}

function scalar(text: string, at: Position): ScalarTree {
  const source = text.trim();
  return { kind: 'scalar', at, value: /^\d{1,15}$/.test(source) ? Number(source) : source, source };
}

/** A copy with `value` at the path; the same tree where there is no map to put it into, which the schema will say. */
function put(tree: MapTree, path: Path, value: Tree): MapTree {
  const [word, ...rest] = path;
  const key = String(word);
  const entry = tree.entries.get(key);
  const inner = rest.length === 0 ? value : entry?.tree.kind === 'map' ? put(entry.tree, rest, value) : null;
  if (inner === null) return tree;
  return { ...tree, entries: new Map(tree.entries).set(key, { keyAt: entry?.keyAt ?? value.at, tree: inner }) };
}
