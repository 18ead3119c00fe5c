/**
 * YAML text to a tree with positions. YAML 1.2 core schema, one document, text keys, aliases but no merge keys. What the
 * YAML library would take long for is bounded here: size, depth, aliases that unfold (`billion laughs`).
 */

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type YAMLError } from 'yaml';
import { quoted, type Position, type Problem } from './scenario-error.ts';
import type { Entry, Path, Tree } from './tree.ts';

export interface YamlText {
  readonly text: string;
  /** Where the text begins. With line 0 it has no lines of its own, and everything in it stands there. */
  readonly at: Position;
}

export interface YamlTree {
  /** Null: the text is no YAML, or says nothing, and `problems` says why. */
  readonly tree: Tree | null;
  readonly problems: readonly Problem[];
}

/** Never throws on any text. */
export function yamlTree(source: YamlText): YamlTree {
  const lines = new LineCounter();
  // Unique keys are checked below: the library compares each key with each other one.
  const document = parseDocument(source.text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false });
  // What follows the first mistake is mostly its consequence.
  const wrong = document.errors[0] ?? document.warnings[0];
  if (wrong !== undefined) return { tree: null, problems: [syntaxProblem(wrong, position(source, lines, wrong.pos[0]))] };
  if (document.contents === null) {
    const at = position(source, lines, 0);
    return { tree: null, problems: [{ at, path: [], found: 'nothing', allowed: 'a map of keys and values' }] };
  }
  return new Converter(source, lines).result(document.contents);
}

const DEPTH_MAX = 32;
const VALUES_MAX = 100_000;

function position(source: YamlText, lines: LineCounter, offset: number): Position {
  if (source.at.line === 0) return source.at;
  const { line, col } = lines.linePos(offset);
  return { ...source.at, line: Math.max(1, line), column: Math.max(1, col) };
}

function syntaxProblem(wrong: YAMLError, at: Position): Problem {
  const [why = ''] = wrong.message.split('\n');
  if (wrong.code === 'MULTIPLE_DOCS') {
    return { at, path: [], found: 'a second YAML document', allowed: 'one document in a file' };
  }
  if (wrong.code === 'RESOURCE_EXHAUSTION') {
    return { at, path: [], found: 'values nested too deep', allowed: `${DEPTH_MAX} levels` };
  }
  const found = `broken YAML (${why.replace(/ at line \d+, column \d+:?$/, '')})`;
  return { at, path: [], found, allowed: 'YAML 1.2' };
}

/** Walks the nodes in the order of the text, so that an alias always finds its anchor passed already. */
class Converter {
  readonly #source: YamlText;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, Node>();
  readonly #problems: Problem[] = [];
  #values = 0;
  #broken = false;

  constructor(source: YamlText, lines: LineCounter) {
    this.#source = source;
    this.#lines = lines;
  }

  result(contents: Node): YamlTree {
    const tree = this.#convert(contents, [], this.#at(contents));
    return { tree: this.#broken ? null : tree, problems: this.#problems };
  }

  #at(node: Node): Position {
    return position(this.#source, this.#lines, node.range?.[0] ?? 0);
  }

  /** `keyAt`: where a value that takes no room in the text is said to stand. */
  #convert(node: Node, path: Path, keyAt: Position): Tree {
    if (this.#broken) return nothing(keyAt);
    const excess = this.#excess(node, path);
    if (excess !== null) return this.#break(excess);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target !== undefined) return this.#convert(target, path, keyAt);
      const found = quoted(`*${node.source}`);
      return this.#break({ at: this.#at(node), path, found, allowed: 'an alias whose anchor stands before it' });
    }
    if ('anchor' in node && typeof node.anchor === 'string') this.#anchors.set(node.anchor, node);
    if (isMap(node)) return { kind: 'map', at: this.#at(node), entries: this.#entries(node.items, path) };
    if (isSeq(node)) {
      const items = node.items.map((item, i) => this.#convert(item as Node, [...path, i], this.#at(node)));
      return { kind: 'list', at: this.#at(node), items };
    }
    return isScalar(node) ? this.#scalar(node.value, node.source, { node, keyAt }) : nothing(keyAt);
  }

  #entries(pairs: readonly { readonly key: unknown; readonly value: unknown }[], path: Path): ReadonlyMap<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const { key, value } of pairs) {
      const node = key as Node;
      const keyAt = this.#at(node);
      const name = isScalar(node) && node.value !== null ? (node.source ?? String(node.value)) : null;
      if (name === null) {
        this.#problems.push({ at: keyAt, path, found: 'a key that is no text', allowed: 'text as a key' });
        continue;
      }
      const first = entries.get(name);
      if (first !== undefined) {
        const where = keyAt.line === 0 ? '' : `, it stands in line ${first.keyAt.line} already`;
        const found = `the key ${quoted(name)} a second time`;
        this.#problems.push({ at: keyAt, path: [...path, name], found, allowed: `each key once${where}` });
      }
      const tree = value === null ? nothing(keyAt) : this.#convert(value as Node, [...path, name], keyAt);
      entries.set(name, { keyAt, tree });
    }
    return entries;
  }

  #scalar(value: unknown, source: string | undefined, where: { readonly node: Node; readonly keyAt: Position }): Tree {
    const at = this.#at(where.node);
    if (value === null) return source === undefined || source === '' ? nothing(where.keyAt) : { kind: 'scalar', at, value, source };
    if (typeof value === 'string') return { kind: 'scalar', at, value, source: value };
    if (typeof value === 'number' || typeof value === 'boolean') {
      return { kind: 'scalar', at, value, source: source ?? String(value) };
    }
    return nothing(where.keyAt);
  }

  /** What is too deep or too much. */
  #excess(node: Node, path: Path): Problem | null {
    this.#values++;
    const at = this.#at(node);
    if (path.length > DEPTH_MAX) return { at, path: [], found: 'values nested too deep', allowed: `${DEPTH_MAX} levels` };
    if (this.#values <= VALUES_MAX) return null;
    return { at, path: [], found: 'too many values, aliases unfolded', allowed: `${VALUES_MAX} values` };
  }

  /** Gives the text up, for the first reason alone. */
  #break(problem: Problem): Tree {
    if (!this.#broken) this.#problems.push(problem);
    this.#broken = true;
    return nothing(problem.at);
  }
}

function nothing(at: Position): Tree {
  return { kind: 'scalar', at, value: null, source: '' };
}
