/** `path=value` of the command line, put into the tree: dots in the words of the file, list entries by index from 0. */

import { quoted, SET_FILE, type Position, type Problem } from './scenario-error.ts';
import type { MapTree, Tree } from './tree.ts';
import { yamlTree } from './yaml-tree.ts';

/** `tree` with the values of `sets`, in order; what can't be put in is a problem and left out. */
export function applySets(tree: MapTree, sets: readonly string[]): { readonly tree: MapTree; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  let whole = tree;
  for (const [i, text] of sets.entries()) {
    const at: Position = { file: SET_FILE, layer: 2, line: 0, column: i + 1 };
    const setting = parseSet(text, at);
    if ('found' in setting) {
      problems.push(setting);
      continue;
    }
    problems.push(...setting.problems);
    if (setting.value === null) continue;
    const result = put(whole, setting.value, { path: setting.path, depth: 0, at });
    if ('found' in result) problems.push(result);
    else if (result.kind === 'map') whole = result;
  }
  return { tree: whole, problems };
}

interface Setting {
  readonly path: readonly string[];
  readonly value: Tree | null;
  readonly problems: readonly Problem[];
}

function parseSet(text: string, at: Position): Setting | Problem {
  const equals = text.indexOf('=');
  const words = text.slice(0, Math.max(0, equals)).trim();
  const path = words.split('.');
  if (equals < 0 || path.includes('')) {
    return { at, path: [text], found: quoted(text), allowed: '`path=value`, such as `behaviour.steps=96`' };
  }
  if (path[0] === 'extends') {
    return { at, path, found: quoted(words), allowed: '`extends` only within a file' };
  }
  const value = text.slice(equals + 1);
  if (/^\s*(?:#.*)?$/.test(value)) return { at, path, found: 'nothing', allowed: 'a value after `=`' };
  const parsed = yamlTree({ text: value, at });
  const problems = parsed.problems.map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
  return { path, value: parsed.tree, problems };
}

interface Target {
  readonly path: readonly string[];
  /** Words of the path that are behind already. */
  readonly depth: number;
  readonly at: Position;
}

/** A copy of `tree` with `value` at the end of the path. */
function put(tree: Tree, value: Tree, to: Target): Tree | Problem {
  const word = to.path[to.depth];
  if (word === undefined) return value;
  const below = { ...to, depth: to.depth + 1 };
  if (tree.kind === 'list') {
    const index = /^\d{1,9}$/.test(word) ? Number(word) : -1;
    const item = tree.items[index];
    if (item === undefined) return badIndex(tree.items.length, below);
    const inner = put(item, value, below);
    return 'found' in inner ? inner : { ...tree, items: tree.items.with(index, inner) };
  }
  if (tree.kind === 'scalar' && tree.value !== null) {
    const path = to.path.slice(0, below.depth);
    const parent = to.path.slice(0, to.depth).join('.');
    return { at: to.at, path, found: quoted(path.join('.')), allowed: `${quoted(parent)} itself, it has no keys` };
  }
  const entries = new Map(tree.kind === 'map' ? tree.entries : []);
  const entry = entries.get(word);
  const inner = put(entry?.tree ?? { kind: 'map', at: to.at, entries: new Map() }, value, below);
  if ('found' in inner) return inner;
  entries.set(word, { keyAt: entry?.keyAt ?? to.at, tree: inner });
  return { kind: 'map', at: tree.at, entries };
}

function badIndex(count: number, to: Target): Problem {
  const path = to.path.slice(0, to.depth);
  const list = path.slice(0, -1).join('.');
  const allowed = count === 0 ? `no index, ${quoted(list)} is empty` : `an index from 0 to ${count - 1} of ${quoted(list)}`;
  return { at: to.at, path, found: quoted(path.at(-1) ?? ''), allowed };
}
