/**
 * From what the user wrote to a `Scenario`: YAML files that extend one another, then the command line, then checks. All mistakes are
 * found in one go; the user's input never makes this throw.
 */

import { basename, resolve } from 'node:path';
import { crossChecks } from './cross-checks.ts';
import { applyCut, NO_CUT, type Cut } from './cut.ts';
import { systemFiles, type ScenarioFiles } from './files.ts';
import { issueProblems } from './issues.ts';
import { loadLayers, relativeTo } from './layers.ts';
import { quoted, scenarioErrors, SET_FILE, type Problem, type ScenarioError } from './scenario-error.ts';
import type { Scenario } from './scenario.ts';
import { hasEnding } from './fields.ts';
import { AREA_ENDINGS, PATTERN_ENDINGS, scenarioSchema } from './schema.ts';
import { applySets } from './set-argument.ts';
import { parseThresholds, type KnownIndicators } from './thresholds.ts';
import { find, plain, type Path, type Tree } from './tree.ts';

export type ParsedScenario =
  | {
      readonly ok: true;
      readonly scenario: Scenario;
      /** What was left out on the way, a line each, for the user to see. */
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly errors: readonly ScenarioError[] };

export interface ScenarioSource {
  /** Path of the YAML file. */
  readonly file: string;
  /** `path=value`, later ones on top of earlier ones. */
  readonly sets: readonly string[];
  /** Below `sets`. */
  readonly cut?: Cut;
  /** What its thresholds may name. Without: it may have none. */
  readonly indicators?: KnownIndicators;
}

/** Reads from the file system. */
export function parseScenario(source: ScenarioSource): ParsedScenario {
  return parseScenarioFrom(systemFiles, source);
}

/** Reads through `files` alone. */
export function parseScenarioFrom(files: ScenarioFiles, source: ScenarioSource): ParsedScenario {
  const layers = loadLayers(files, source.file);
  if (layers.tree === null) return failed(layers.problems);
  const { tree: set, problems } = applySets(layers.tree, source.sets);
  const { tree, notes } = applyCut(set, source.cut ?? NO_CUT);
  const { thresholds, problems: thresholdProblems } = parseThresholds(tree, source.indicators ?? new Map());
  const references = fileReferences(tree);
  const checked = scenarioSchema.safeParse(plain(tree));
  const all = [
    ...layers.problems,
    ...problems,
    ...(checked.success ? [] : issueProblems({ tree, schema: scenarioSchema }, checked.error.issues)),
    ...crossChecks(tree),
    ...thresholdProblems,
    ...references.flatMap((reference) => referenceProblem(files, reference)),
  ];
  if (!checked.success || all.length > 0) return failed(all);
  const { extends: _, name = nameOf(source.file), ...rest } = checked.data;
  return { ok: true, scenario: deepFreeze({ name, ...rest, grid: withAbsolutePaths(rest.grid, references), thresholds }), notes };
}

interface FileReference {
  readonly path: Path;
  readonly node: Tree;
  readonly text: string;
  readonly absolute: string;
}

function failed(problems: readonly Problem[]): ParsedScenario {
  return { ok: false, errors: scenarioErrors(problems) };
}

/** The values that name a file, each relative to the file that it stands in. */
function fileReferences(tree: Tree): readonly FileReference[] {
  const patterns = find(tree, ['grid', 'consumption']);
  const count = patterns?.kind === 'list' ? patterns.items.length : 0;
  const paths = Array.from({ length: count }, (_, i): Path => ['grid', 'consumption', i, 'pattern']);
  return [
    ...referencesAt(tree, [['grid', 'area']], AREA_ENDINGS),
    ...referencesAt(tree, paths, PATTERN_ENDINGS),
  ];
}

function referencesAt(tree: Tree, paths: readonly Path[], endings: readonly string[]): readonly FileReference[] {
  return paths.flatMap((path) => {
    const node = find(tree, path);
    if (node?.kind !== 'scalar' || typeof node.value !== 'string' || !hasEnding(node.value, endings)) return [];
    const text = node.value;
    const absolute = resolve(node.at.file === SET_FILE ? text : relativeTo(node.at.file, text));
    return [{ path, node, text, absolute }];
  });
}

function referenceProblem(files: ScenarioFiles, reference: FileReference): readonly Problem[] {
  const { path, node, text, absolute } = reference;
  if (files.isFile(absolute)) return [];
  const base = node.at.file === SET_FILE ? 'the current directory' : 'this one';
  return [{ at: node.at, path, found: `${quoted(text)}, no such file`, allowed: `a file that exists, relative to ${base}` }];
}

function withAbsolutePaths(grid: Scenario['grid'], references: readonly FileReference[]): Scenario['grid'] {
  const absolute = new Map(references.map((reference) => [reference.path.join('.'), reference.absolute]));
  return {
    ...grid,
    area: absolute.get('grid.area') ?? grid.area,
    consumption: grid.consumption.map((entry, i) => {
      return { ...entry, pattern: absolute.get(`grid.consumption.${i}.pattern`) ?? entry.pattern };
    }),
  };
}

/** The file's name without its ending, fit for a directory. */
function nameOf(file: string): string {
  const name = basename(file)
    .replace(/\.ya?ml$/i, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  return name === '' ? 'scenario' : name;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
