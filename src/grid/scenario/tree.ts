/**
 * A scenario file as a tree in which every value knows where it was written. Trees of several files and of `--set` are
 * merged into one, and each error still points to the place that the wrong value came from. Never changed, only copied.
 */

import { quoted, type Position } from './scenario-error.ts';

export type Path = readonly PropertyKey[];
export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  readonly kind: 'map';
  readonly at: Position;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly keyAt: Position;
  readonly tree: Tree;
}

export interface ListTree {
  readonly kind: 'list';
  readonly at: Position;
  readonly items: readonly Tree[];
}

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly at: Position;
  readonly value: string | number | boolean | null;
  /** As it was written, without quotes. */
  readonly source: string;
}

/** `over` on top of `base`: maps are merged key by key, anything else of `over` takes the place of what was there. */
export function merge(base: Tree, over: Tree): Tree {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = base.entries.get(key);
    entries.set(key, below === undefined ? entry : { keyAt: entry.keyAt, tree: merge(below.tree, entry.tree) });
  }
  return { kind: 'map', at: over.at, entries };
}

/** The map without one of its keys. */
export function without(tree: MapTree, key: string): MapTree {
  const entries = new Map(tree.entries);
  entries.delete(key);
  return { ...tree, entries };
}

export function find(tree: Tree, path: Path): Tree | undefined {
  let node: Tree | undefined = tree;
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.tree;
    else node = node?.kind === 'list' && typeof step === 'number' ? node.items[step] : undefined;
  }
  return node;
}

/** Where the key at the end of `path` stands; for an entry of a list, or for what doesn't exist, the nearest thing above. */
export function keyPosition(tree: Tree, path: Path): Position {
  const last = path.at(-1);
  if (last === undefined) return tree.at;
  const above = find(tree, path.slice(0, -1));
  if (above?.kind === 'map') {
    const entry = above.entries.get(String(last));
    if (entry !== undefined) return entry.keyAt;
  }
  if (above?.kind === 'list' && typeof last === 'number') {
    const item = above.items[last];
    if (item !== undefined) return item.at;
  }
  return keyPosition(tree, path.slice(0, -1));
}

/** The tree as maps without prototype, arrays and scalars. */
export function plain(tree: Tree | undefined): unknown {
  if (tree === undefined) return undefined;
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(plain);
  const map = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of tree.entries) map[key] = plain(entry.tree);
  return map;
}

/** What stands there, in words for a message. */
export function describe(tree: Tree | undefined): string {
  if (tree === undefined) return 'nothing';
  if (tree.kind === 'map') return 'a map';
  if (tree.kind === 'list') return tree.items.length === 1 ? 'a list of 1 entry' : `a list of ${tree.items.length} entries`;
  if (tree.value === null && tree.source === '') return 'nothing';
  if (tree.value === '') return 'an empty text';
  const looksOther = typeof tree.value === 'string' && /^(?:[-+.\d]+|true|false|null|~)$/.test(tree.value);
  return looksOther ? `the text ${quoted(tree.source)}` : quoted(tree.source);
}
