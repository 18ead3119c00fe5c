/**
 * A scenario file with everything that it extends, merged into one tree. A file's `extends` is relative to that file; maps
 * are merged key by key, lists and single values of the extending file take the place of those of the extended one.
 */

import { dirname, isAbsolute, join, resolve } from 'node:path';
import { SCENARIO_BYTES_MAX, type ScenarioFiles } from './files.ts';
import { quoted, type Position, type Problem } from './scenario-error.ts';
import { describe, merge, without, type MapTree, type ScalarTree } from './tree.ts';
import { yamlTree } from './yaml-tree.ts';

export interface Layers {
  /** Without `extends`. Null: a file of the chain could not be used, `problems` says why. */
  readonly tree: MapTree | null;
  readonly problems: readonly Problem[];
}

const FILES_MAX = 32;

export function loadLayers(files: ScenarioFiles, file: string): Layers {
  const problems: Problem[] = [];
  const chain: string[] = [];
  let merged: MapTree | null = null;
  let next: Extended | null = { file, namedBy: null };
  while (next !== null) {
    const wrong = chainProblem(chain, next);
    if (wrong !== null) return { tree: null, problems: [...problems, wrong] };
    const layer: Layer = loadLayer(files, next, -chain.length);
    problems.push(...layer.problems);
    if (layer.tree === null) return { tree: null, problems };
    merged = merged === null ? layer.tree : mergeMaps(layer.tree, merged);
    chain.push(next.file);
    next = layer.next;
  }
  return { tree: merged, problems };
}

/** `text` of the file `from` as a path from where the program runs. */
export function relativeTo(from: string, text: string): string {
  return isAbsolute(text) ? text : join(dirname(from), text);
}

interface Extended {
  readonly file: string;
  /** The value of `extends`; null for the file that was asked for. */
  readonly namedBy: ScalarTree | null;
}

interface Layer {
  readonly tree: MapTree | null;
  readonly problems: readonly Problem[];
  readonly next: Extended | null;
}

function chainProblem(chain: readonly string[], next: Extended): Problem | null {
  const { file, namedBy } = next;
  if (namedBy === null) return null;
  const at = { at: namedBy.at, path: ['extends'] };
  if (chain.some((earlier) => resolve(earlier) === resolve(file))) {
    const circle = [...chain.slice(chain.findIndex((earlier) => resolve(earlier) === resolve(file))), file].join(' -> ');
    return { ...at, found: `a circle: ${circle}`, allowed: 'a file that does not extend this one' };
  }
  if (chain.length < FILES_MAX) return null;
  return { ...at, found: `a chain of more than ${FILES_MAX} files`, allowed: `${FILES_MAX} files` };
}

function loadLayer(files: ScenarioFiles, { file, namedBy }: Extended, layer: number): Layer {
  const content = files.read(file);
  const whole: Position = { file, layer, line: 0, column: 0 };
  if ('found' in content) {
    const allowed = `a scenario file (YAML) of at most ${SCENARIO_BYTES_MAX} bytes`;
    if (namedBy === null) return unusable([{ at: whole, path: [], found: content.found, allowed }]);
    const tried = file === namedBy.source ? '' : ` (${file})`;
    const found = `${quoted(namedBy.source)}, ${content.found}${tried}`;
    return unusable([{ at: namedBy.at, path: ['extends'], found, allowed }]);
  }
  const { tree, problems } = yamlTree({ text: content.text, at: { file, layer, line: 1, column: 1 } });
  if (tree === null) return unusable(problems);
  if (tree.kind !== 'map') {
    const problem = { at: tree.at, path: [], found: describe(tree), allowed: 'a map of keys and values' };
    return unusable([...problems, problem]);
  }
  return extendedBy(tree, file, problems);
}

function extendedBy(tree: MapTree, file: string, before: readonly Problem[]): Layer {
  const rest = without(tree, 'extends');
  const value = tree.entries.get('extends')?.tree;
  if (value === undefined) return { tree: rest, problems: before, next: null };
  if (value.kind === 'scalar' && typeof value.value === 'string' && value.value !== '') {
    return { tree: rest, problems: before, next: { file: relativeTo(file, value.value), namedBy: value } };
  }
  const problem = { at: value.at, path: ['extends'], found: describe(value), allowed: 'the path of a scenario file' };
  return unusable([...before, problem]);
}

function unusable(problems: readonly Problem[]): Layer {
  return { tree: null, problems, next: null };
}

/** A name belongs to the file that was asked for: what extends `small` is not `small`. */
function mergeMaps(base: MapTree, over: MapTree): MapTree {
  const merged = merge(without(base, 'name'), over);
  return merged.kind === 'map' ? merged : over;
}
