import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageFile } from '../../base/package-root.ts';
import { scenarioJsonSchema, scenarioJsonSchemaText } from './json-schema.ts';

type Json = Readonly<Record<string, unknown>>;

const schema = scenarioJsonSchema();

test('the committed file is current (written by `npm run build`)', () => {
  expect(readFileSync(packageFile('schema', 'scenario.schema.json'), 'utf8')).toBe(scenarioJsonSchemaText());
});

test('every key says what it means', () => {
  const missing: string[] = [];
  const visit = (part: unknown, path: string): void => {
    if (!isMap(part)) return;
    for (const [key, value] of Object.entries(isMap(part['properties']) ? part['properties'] : {})) {
      if (!isMap(value) || typeof value['description'] !== 'string') missing.push(`${path}.${key}`);
      visit(value, `${path}.${key}`);
    }
    visit(part['items'], `${path}[]`);
  };
  visit(schema, '');
  expect(missing).toEqual([]);
});

test.each(['small-grid', 'large-grid', 'stress', 'blackout', 'ci'])('%s.yaml is right for an editor, and names the schema', (name) => {
  const text = readFileSync(packageFile('scenarios', `${name}.yaml`), 'utf8');
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../schema/scenario.schema.json');
  expect(wrongPaths(schema, parse(text))).toEqual([]);
});

test('what an editor can see is wrong for it too', () => {
  expect(seen('unknown-key-near-miss')).toEqual(['behaviour.intervall']);
  expect(seen('missing-most')).toEqual([
    'grid',
    'behaviour.steps',
    'behaviour.concentrator-accessibility',
    'behaviour.meter-accessibility',
  ]);
  expect(seen('missing-in-entry')).toEqual(['grid.links.0.loss', 'grid.links.0.burst']);
  expect(seen('share-without-sign')).toEqual(['grid.tariffs.0.share', 'grid.tariffs.1.share']);
  expect(seen('duration-without-unit')).toEqual(['behaviour.interval']);
  expect(seen('pattern-near-miss')).toEqual(['grid.consumption.0.pattern']);
  expect(seen('list-empty')).toEqual(['grid.links']);
  expect(seen('range-with-dash')).toEqual(['grid.station-sizes.0.meters']);
  expect(seen('speed-zero')).toEqual(['speed']);
  expect(seen('thresholds-no-expression')).toEqual(['thresholds']);
  expect(seen('thresholds-map')).toEqual(['thresholds']);
  expect(seen('communication-near-miss')).toEqual(['behaviour.communication']);
});

/** What an editor marks in a file of `wrong/`. */
function seen(name: string): readonly string[] {
  return wrongPaths(schema, parse(readFileSync(packageFile('src', 'grid', 'scenario', 'wrong', `${name}.yaml`), 'utf8')));
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Paths at which `value` is wrong for `part`: a validator for as much of JSON Schema as ours uses; throws on other keywords. */
function wrongPaths(part: unknown, value: unknown, path = ''): readonly string[] {
  if (!isMap(part)) throw new Error(`no schema at ${path}`);
  return Object.keys(part).flatMap((keyword): readonly string[] => {
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`unknown keyword ${keyword} at ${path}`);
    return check(part, value, path);
  });
}

type Check = (part: Json, value: unknown, path: string) => readonly string[];

const silent: Check = () => [];
const when =
  (holds: (part: Json, value: unknown) => boolean): Check =>
  (part, value, path) =>
    holds(part, value) ? [] : [path];
const ifNumber = (value: unknown, holds: (value: number) => boolean): boolean => typeof value !== 'number' || holds(value);

const KEYWORDS: Readonly<Record<string, Check>> = {
  $schema: silent,
  title: silent,
  description: silent,
  default: silent,
  // Checked together with `if`.
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: silent,
  type: when(({ type }, value) => {
    if (type === 'object') return isMap(value);
    if (type === 'array') return Array.isArray(value);
    if (type === 'null') return value === null;
    return type === 'integer' ? Number.isInteger(value) : typeof value === type;
  }),
  enum: when((part, value) => Array.isArray(part['enum']) && part['enum'].includes(value)),
  const: when((part, value) => part['const'] === value),
  pattern: when((part, value) => typeof value !== 'string' || new RegExp(String(part['pattern']), 'u').test(value)),
  minimum: when((part, value) => ifNumber(value, (number) => number >= Number(part['minimum']))),
  maximum: when((part, value) => ifNumber(value, (number) => number <= Number(part['maximum']))),
  exclusiveMinimum: when((part, value) => ifNumber(value, (number) => number > Number(part['exclusiveMinimum']))),
  minItems: when((part, value) => !Array.isArray(value) || value.length >= Number(part['minItems'])),
  maxItems: when((part, value) => !Array.isArray(value) || value.length <= Number(part['maxItems'])),
  anyOf: when((part, value) => Array.isArray(part['anyOf']) && part['anyOf'].some((one) => wrongPaths(one, value).length === 0)),
  not: when((part, value) => wrongPaths(part['not'], value).length > 0),
  if: (part, value, path) => (wrongPaths(part['if'], value).length === 0 ? wrongPaths(part['then'], value, path) : []),
  required: (part, value, path) => {
    const keys: readonly unknown[] = Array.isArray(part['required']) ? part['required'] : [];
    return isMap(value) ? keys.flatMap((key) => (String(key) in value ? [] : [join(path, String(key))])) : [];
  },
  properties: (part, value, path) => {
    if (!isMap(value) || !isMap(part['properties'])) return [];
    return Object.entries(part['properties']).flatMap(([key, inner]) => {
      return key in value ? wrongPaths(inner, value[key], join(path, key)) : [];
    });
  },
  additionalProperties: (part, value, path) => {
    if (!isMap(value) || part['additionalProperties'] !== false) return [];
    const known = isMap(part['properties']) ? part['properties'] : {};
    return Object.keys(value).flatMap((key) => (key in known ? [] : [join(path, key)]));
  },
  items: (part, value, path) => {
    return Array.isArray(value) ? value.flatMap((item, i) => wrongPaths(part['items'], item, join(path, String(i)))) : [];
  },
};

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
