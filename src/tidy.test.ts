/**
 * What the code promises about itself, held by a test: which room imports which, that nothing runs in a circle, which files
 * touch the clock, randomness, the environment and the console, and the rules of style that a machine can see.
 * Each rule is also shown to find what it looks for.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/**
 * The rooms from top to bottom, and what each may import beside itself. Nothing else: rights are not inherited.
 * The word for it is in the table "Rooms" of the design; ARCHITECTURE.md has the short form.
 */
const GRID = ['grid/scenario', 'grid/topology', 'grid/truth', 'grid/plan'] as const;
const PARTS = ['base', 'reading', ...GRID, 'protocol', 'network', 'simulator', 'headend', 'audit', 'source', 'monitor'] as const;

const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'base': [],
  'reading': ['base'],
  'grid/scenario': ['base'],
  'grid/topology': ['base', 'grid/scenario'],
  'grid/truth': ['base', 'grid/scenario', 'grid/topology'],
  'grid/plan': ['base', 'grid/scenario', 'grid/topology'],
  'protocol': ['base'],
  // The small DLMS client and server stand on the protocol.
  'network': ['base', 'protocol'],
  'simulator': ['base', 'reading', ...GRID, 'protocol', 'network'],
  // Not the grid: a head-end that knew the truth could not be audited against it.
  'headend': ['base', 'reading', 'protocol', 'network'],
  'audit': ['base', 'reading', ...GRID],
  // Whoever checks reads with it, whoever stores does not.
  'source': ['base', 'reading'],
  'monitor': ['base'],
  'report': ['base', 'reading', 'audit', 'monitor'],
  'dashboard/server': ['base', 'monitor', 'report'],
  // Another program, in the browser: what the report says, and the shapes of what the server answers.
  'dashboard/web': ['base', 'monitor', 'report', 'dashboard/server'],
  'cluster': ['base'],
  // "Composition root": all that is above it.
  'run': [...PARTS, 'report', 'dashboard/server', 'cluster'],
  // "All but cluster, dashboard"; `run` among them, for what a run and a trial have in common.
  'trial': [...PARTS, 'report', 'run'],
  // Of the grid only the scenario, to parse it; of base the clock that it hands in.
  'cli': ['base', 'grid/scenario', 'report', 'run', 'trial'],
  // A file is a room of its own when it is what a package export points at; nobody imports it.
  'dlms.ts': ['base', 'protocol', 'network'],
};

/** What package exports point at: lists of what a library's user may touch, and the only files that may be such a list. */
const ENTRIES: ReadonlySet<string> = new Set(['dlms.ts']);

/** Files that may touch time, randomness, the environment, arguments, the console, or end the process; and which of them. */
const OUTSIDE_WORLD: Readonly<Record<string, readonly string[]>> = {
  'base/clock.ts': ['Date.now', 'performance.now', 'setTimeout', 'setImmediate'],
  // Mains of processes: they end themselves.
  'cli/ci-output.ts': ['process.env'],
  'cli/interrupt.ts': ['process.exit'],
  'cli/main.ts': ['process.exit'],
  'run/audit-process.ts': ['process.exit'],
  'run/intake-process.ts': ['process.exit'],
  'run/monitoring/monitor-process.ts': ['process.exit'],
  'run/poll-process.ts': ['process.exit'],
  'run/simulator-process.ts': ['process.exit', 'setTimeout'],
  'run/store-process.ts': ['process.exit'],
};

const LINES_MAX = 450;
/** Files that were asked whether they are two, and are one. */
const LONG_FILES: ReadonlySet<string> = new Set(['headend/store/store-loader.ts', 'protocol/dlms/push/push.test.ts']);

interface SourceFile {
  /** From `src/`, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with comments and the insides of strings and regular expressions blanked out; same length, same lines. */
  readonly code: string;
}

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const FILES = sourceFiles(ROOT);
/** Tests and what only they use. */
const isTest = (path: string): boolean => /\.(?:test|fixture)\.ts$/.test(path);
/** Runs in a browser, whose clock and timers nobody hands in. */
const isPage = (path: string): boolean => path.startsWith('dashboard/web/');

describe('rooms', () => {
  test('are asked only upward', () => {
    const order = Object.keys(ROOMS);
    order.forEach((room, place) => {
      for (const other of ROOMS[room] ?? []) expect(order.slice(0, place), `${room} may import ${other}`).toContain(other);
    });
    expect(ROOMS['simulator']).not.toContain('headend');
    expect(ROOMS['headend']?.filter((room) => room === 'simulator' || room.startsWith('grid'))).toEqual([]);
  });

  test('import what their row allows', () => expect(trespasses(FILES)).toEqual([]));

  test('do not run in a circle, nor do files', () => {
    const files = importGraph(FILES);
    expect(circle(files)).toBeNull();
    const rooms = new Map<string, string[]>();
    for (const [path, targets] of files) {
      // A test may look down: it is not what its room stands on.
      if (isTest(path)) continue;
      const room = roomOf(path) ?? path;
      const others = targets.map((target) => roomOf(target) ?? target).filter((target) => target !== room);
      rooms.set(room, [...(rooms.get(room) ?? []), ...others]);
    }
    expect(circle(rooms)).toBeNull();
  });

  test('import packages that the manifest has', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, '..', 'package.json'), 'utf8')) as Record<string, Record<string, string> | undefined>;
    const shipped = Object.keys(manifest['dependencies'] ?? {});
    const all = [...shipped, ...Object.keys(manifest['devDependencies'] ?? {})];
    const unknown = FILES.flatMap((file) =>
      imports(file)
        .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
        .map((name) => name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/'))
        .filter((name) => !(isTest(file.path) ? all : shipped).includes(name))
        .map((name) => `${file.path} imports ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  test.each([
    ['headend/a.ts', `import { x } from '../grid/truth/truth.ts';`, 'headend/a.ts: headend may not import grid/truth'],
    ['headend/a.ts', `import type { X } from '../simulator/x.ts';`, 'headend/a.ts: headend may not import simulator'],
    ['grid/truth/a.ts', `export const x = await import('../plan/plan.ts');`, 'grid/truth/a.ts: grid/truth may not import grid/plan'],
    ['base/a.ts', `import '../reading/batch.ts';`, 'base/a.ts: base may not import reading'],
    ['cellar/a.ts', `import { x } from '../base/x.ts';`, 'cellar/a.ts: no such room'],
    ['loose.ts', `import { x } from './base/x.ts';`, 'loose.ts: no such room'],
    ['network/a.ts', `import { x } from '../dlms.ts';`, 'network/a.ts: network may not import dlms.ts'],
    ['dlms.ts', `import { x } from './simulator/x.ts';`, 'dlms.ts: dlms.ts may not import simulator'],
    ['base/a.ts', `import { x } from './x.fixture.ts';`, 'base/a.ts: ./x.fixture.ts is for tests'],
    ['base/a.ts', `import { x } from './x.js';`, 'base/a.ts: ./x.js does not end in .ts'],
  ])('a trespass is found: %s %s', (path, text, fault) => expect(trespasses([sourceFile(path, text)])).toEqual([fault]));

  test('a test may import anything, and comments import nothing', () => {
    const text = `import { x } from '../grid/truth/truth.ts';`;
    expect(trespasses([sourceFile('headend/a.test.ts', text)])).toEqual([]);
    expect(trespasses([sourceFile('headend/a.ts', `// ${text}\n/* ${text} */ const a = "${text}"; Buffer.from('../run/x.ts');`)])).toEqual([]);
  });

  test('a circle is found, also by types alone', () => {
    const files = [
      sourceFile('base/a.ts', `import type { B } from './b.ts';`),
      sourceFile('base/b.ts', `import { c } from './c.ts';`),
      sourceFile('base/c.ts', `import { a } from './a.ts';`),
      sourceFile('base/d.ts', `import { a } from './a.ts';`),
    ];
    expect(circle(importGraph(files))).toEqual(['base/a.ts', 'base/b.ts', 'base/c.ts', 'base/a.ts']);
    expect(circle(importGraph(files.slice(1)))).toBeNull();
  });
});

/** A rule finds the lines of a file that break it. `bad` and `good` show that it does. */
interface Rule {
  readonly name: string;
  readonly appliesTo: (path: string) => boolean;
  /** In the code; `inText`: also in comments and strings. */
  readonly pattern: RegExp;
  readonly inText?: boolean;
  readonly bad: readonly string[];
  readonly good: readonly string[];
}

const everywhere = (): boolean => true;

const OUTSIDE =
  /\b(?:Date\.now|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|process\.env|process\.argv|process\.exit|console)\b/g;

const RULES: readonly Rule[] = [
  {
    name: 'no enum',
    appliesTo: everywhere,
    pattern: /\benum\s+\w/g,
    bad: ['enum A { B }', 'export const enum A {}'],
    good: ['const enumeration = 1;', '// enum A'],
  },
  {
    name: 'no any',
    appliesTo: everywhere,
    pattern: /(?<![.\w])any\b(?!\s*[(:])/g,
    bad: ['let a: any;', 'const a = b as any;', 'type A = Map<string, any>;', 'let a: any[];'],
    good: ['const many = 1;', 'expect.any(Number);', 'Promise.any(a);', "const a = 'any';"],
  },
  {
    name: 'no default export',
    appliesTo: everywhere,
    pattern: /\bexport\s+default\b|\bas\s+default\b/g,
    bad: ['export default 1;', 'export { a as default };'],
    good: ['const a = b.default;', '// export default'],
  },
  {
    name: 'no barrel: what is exported is written here',
    appliesTo: (path) => !ENTRIES.has(path),
    pattern: /\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\}\s*from\b)/g,
    bad: [`export * from './a.ts';`, `export { a } from './a.ts';`, `export type {\n A } from './a.ts';`],
    good: ['export { a };', 'export const a = 1;'],
  },
  {
    name: 'nothing left to do',
    appliesTo: (path) => path !== 'tidy.test.ts',
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/g,
    inText: true,
    bad: ['// TODO later', '/* FIXME */'],
    good: ['// all done', 'const todo = 1;'],
  },
  {
    name: 'no test left out or alone',
    appliesTo: isTest,
    pattern: /\b(?:test|it|describe)(?:\.\w+)*\.(?:only|skip|todo|fails)\b/g,
    bad: ['test.only(a);', 'describe.skip(a);', 'it.todo(a);', 'test.concurrent.only(a);'],
    good: ['test.each(a);', 'test.runIf(a)(b);', 'stream.skip(3);'],
  },
  {
    name: 'a non-null mark stands only after an element',
    appliesTo: everywhere,
    pattern: /[\w$)"'`]!(?![=\w])/g,
    bad: ['a!.b;', 'f()!;', 'const c = a.b!;', 'x(a!)'],
    good: ['a[i]!;', 'a[i]! + 1;', 'a !== b;', 'a!==b;', '!a;', "'a!';", '// a!'],
  },
  {
    name: 'no place of somebody’s own machine',
    appliesTo: (path) => path !== 'tidy.test.ts',
    pattern: /(?<![\w.\]})*~-])\/(?:root|work|workspace|tmp\/brief)\/\w/g,
    inText: true,
    bad: ["const a = '/work/x/y';", '// see /root/x', 'file /workspace/me'],
    good: ["const a = '/proc/self/limits';", "const a = './work/x';", '// and/or work'],
  },
];

describe('style', () => {
  test.each(RULES)('$name', (rule) => {
    expect(FILES.filter(({ path }) => rule.appliesTo(path)).flatMap((file) => breaches(rule, file))).toEqual([]);
  });

  test.each(RULES)('$name: the rule finds what it looks for', (rule) => {
    for (const text of rule.bad) expect(breaches(rule, sourceFile('base/x.test.ts', text)), text).toHaveLength(1);
    for (const text of rule.good) expect(breaches(rule, sourceFile('base/x.test.ts', text)), text).toEqual([]);
  });

  test('the outside world is touched only where the list says', () => {
    const touched = new Map<string, Set<string>>();
    for (const { path, code } of FILES) {
      if (isTest(path) || isPage(path)) continue;
      for (const [what] of code.matchAll(OUTSIDE)) touched.set(path, (touched.get(path) ?? new Set()).add(what));
    }
    const found = Object.fromEntries([...touched].map(([path, what]) => [path, [...what].sort()]));
    const allowed = Object.fromEntries(Object.entries(OUTSIDE_WORLD).map(([path, what]) => [path, [...what].sort()]));
    expect(found).toEqual(allowed);
  });

  test.each(['Date.now()', 'Math.random()', 'globalThis.setTimeout(f)', 'process.env["A"]', 'process.exit(1)', 'console.log(1)'])(
    'the outside world is seen in %s',
    (text) => expect([...sourceFile('base/a.ts', text).code.matchAll(OUTSIDE)]).toHaveLength(1),
  );

  test('the outside world is not seen in comments, texts and other words', () => {
    const text = `// Date.now()\nconst a = 'console.log'; process.exitCode = 1; /console/; ${'`Math.random()`'}`;
    expect([...sourceFile('base/a.ts', text).code.matchAll(OUTSIDE)]).toEqual([]);
    expect(sourceFile('base/a.ts', 'const a = `${Math.random()} console`;').code).toContain('${Math.random()}');
  });

  test('names are in kebab-case and none is an index', () => {
    expect(FILES.map(({ path }) => path).filter((path) => !wellNamed(path))).toEqual([]);
    expect(['a/Bc.ts', 'a/b_c.ts', 'a/index.ts', 'aB/c.ts', 'a/b..ts'].filter(wellNamed)).toEqual([]);
    expect(['a/b.ts', 'a/b-c2.test.ts', 'a-b/c.d.ts', 'a/b.fixture.ts'].filter((path) => !wellNamed(path))).toEqual([]);
  });

  test('long files are named', () => {
    const long = FILES.filter(({ text }) => lineCount(text) > LINES_MAX).map(({ path }) => path);
    expect(long.filter((path) => !LONG_FILES.has(path))).toEqual([]);
    expect(lineCount('a\nb\n')).toBe(2);
  });

  test('each file says at its top what it is', () => {
    const silent = FILES.filter(({ path, text }) => !isTest(path) && !hasHeader(text)).map(({ path }) => path);
    expect(silent).toEqual([]);
    expect(hasHeader('import a from "a";\n/** b */')).toBe(false);
    expect(hasHeader('#!/usr/bin/env node\n/** What it is. */')).toBe(true);
  });
});

test('documents name no place of somebody’s own machine', () => {
  const rule = RULES.find(({ name }) => name.startsWith('no place'));
  expect(rule).toBeDefined();
  const documents = [...['docs', 'scenarios', 'bench'].flatMap((folder) => textFiles(join(ROOT, '..', folder))), ...textFiles(join(ROOT, '..'), false)];
  expect(documents.length).toBeGreaterThan(3);
  const faults = documents.flatMap((file) => breaches(rule as Rule, sourceFile(relative(join(ROOT, '..'), file), readFileSync(file, 'utf8'))));
  expect(faults).toEqual([]);
});

function breaches({ pattern, inText }: Rule, { path, text, code }: SourceFile): readonly string[] {
  return [...(inText === true ? text : code).matchAll(pattern)].map(({ index }) => {
    const line = text.slice(0, index).split('\n').length;
    return `${path}:${line}: ${(text.split('\n')[line - 1] ?? '').trim()}`;
  });
}

function trespasses(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path }) => !isTest(path))
    .flatMap((file) => {
      const room = roomOf(file.path);
      if (room === null) return [`${file.path}: no such room`];
      return imports(file)
        .filter((name) => name.startsWith('.'))
        .flatMap((name) => {
          if (!/\.tsx?$/.test(name)) return [`${file.path}: ${name} does not end in .ts`];
          if (isTest(name)) return [`${file.path}: ${name} is for tests`];
          const target = roomOf(resolve(file.path, name));
          if (target === null) return [`${file.path}: ${name} is in no room`];
          return target === room || ROOMS[room]?.includes(target) === true ? [] : [`${file.path}: ${room} may not import ${target}`];
        });
    });
}

/** The room of a path from `src/`; null when it is in none. */
function roomOf(path: string): string | null {
  return Object.keys(ROOMS).find((room) => path === room || path.startsWith(`${room}/`)) ?? null;
}

function resolve(path: string, name: string): string {
  return posix.join(posix.dirname(path), name);
}

/** What a file imports, types included, as written. */
function imports({ text, code }: SourceFile): readonly string[] {
  const places = code.matchAll(/\b(?:from\s*|import\s*(?:\(\s*)?)(['"])( *)\1/g);
  return [...places].map((place) => {
    const end = place.index + place[0].length - 1;
    return text.slice(end - (place[2] ?? '').length, end);
  });
}

function importGraph(files: readonly SourceFile[]): Map<string, readonly string[]> {
  return new Map(
    files.map((file) => [file.path, imports(file).filter((name) => name.startsWith('.')).map((name) => resolve(file.path, name))]),
  );
}

/** A way from a node back to itself, or null. */
function circle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const done = new Set<string>();
  const way: string[] = [];
  const walk = (node: string): readonly string[] | null => {
    const seen = way.indexOf(node);
    if (seen >= 0) return [...way.slice(seen), node];
    if (done.has(node)) return null;
    way.push(node);
    for (const next of graph.get(node) ?? []) {
      const found = walk(next);
      if (found !== null) return found;
    }
    way.pop();
    done.add(node);
    return null;
  };
  for (const node of graph.keys()) {
    const found = walk(node);
    if (found !== null) return found;
  }
  return null;
}

function wellNamed(path: string): boolean {
  return /^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.fixture|\.d)?\.tsx?$/.test(path) && basename(path) !== 'index.ts';
}

function hasHeader(text: string): boolean {
  return /^(?:#![^\n]*\n)?\/\*\*/.test(text);
}

function lineCount(text: string): number {
  return text.trimEnd().split('\n').length;
}

function sourceFiles(root: string): readonly SourceFile[] {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
  const ours = paths.filter((path) => /\.tsx?$/.test(path));
  return ours.sort().map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')));
}

function textFiles(folder: string, deep = true): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: deep, encoding: 'utf8' })
    .filter((name) => /\.(?:md|ya?ml|ts|json|sh)$/.test(name) && !dirname(name).startsWith('node_modules'))
    .map((name) => join(folder, name));
}

function sourceFile(path: string, text: string): SourceFile {
  return { path, text, code: blanked(text) };
}

/** Enough of TypeScript's grammar to tell code from comments, strings, templates and regular expressions. */
function blanked(text: string): string {
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)|(?<=(?:[=(,:[!&|?{};>+]|return|^)\s*)\/(?![/*])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*|[{}]/gy;
  const templates: number[] = [];
  let depth = 0;
  let out = '';
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    let found = token.exec(text)?.[0] ?? null;
    if (found === '{') depth++;
    if (found === '}' && templates.at(-1) === depth) {
      templates.pop();
      const rest = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
      rest.lastIndex = at + 1;
      found = `}${rest.exec(text)?.[0] ?? ''}`;
    } else if (found === '}') depth--;
    if (found?.endsWith('${') === true && /^[`}]/.test(found)) templates.push(depth);
    if (found === null) {
      // Words go as a whole, so that a token never begins inside one.
      found = /^[\w$]+/.exec(text.slice(at, at + 200))?.[0] ?? text[at] ?? '';
      out += found;
    } else out += blank(found);
    at += found.length;
  }
  return out;
}

/** Keeps lines, quotes and the borders of what is put into a template. */
function blank(token: string): string {
  if (token === '{' || token === '}') return token;
  const quoted = /^['"`}]/.test(token);
  const end = token.endsWith('${') ? '${' : quoted ? token.slice(-1) : '';
  const start = quoted ? token.slice(0, 1) : '';
  const inner = token.slice(start.length, token.length - end.length);
  return start + inner.replaceAll(/[^\n]/g, ' ') + end;
}
