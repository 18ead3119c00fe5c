/** What zod finds wrong, as problems with a position, what was found, and what is allowed. */

import { z } from 'zod';
import { nearMiss } from './near-miss.ts';
import { quoted, type Problem } from './scenario-error.ts';
import { describe, find, keyPosition, type Path, type Tree } from './tree.ts';

/** What a text says, and the schema that it is checked with. */
export interface Checked {
  readonly tree: Tree;
  readonly schema: z.core.$ZodType;
}

/** Problems of the tree with the schema; empty when there are none. */
export function issueProblems(checked: Checked, issues: readonly z.core.$ZodIssue[]): readonly Problem[] {
  return issues.flatMap((issue): readonly Problem[] => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(checked, [...issue.path, key]));
    return [wrongValue(checked, issue)];
  });
}

function wrongValue(checked: Checked, issue: z.core.$ZodIssue): Problem {
  const { tree } = checked;
  const { path } = issue;
  const schema = schemaAt(checked.schema, path);
  const isMap = schema instanceof z.ZodObject;
  const allowed = isMap ? `a map with the keys ${keysOf(schema).join(', ')}` : issue.message;
  const node = find(tree, path);
  if (node === undefined) {
    const at = keyPosition(tree, path.slice(0, -1));
    const above = path.slice(0, -1).map(String).join('.');
    const where = above === '' ? '' : ` in ${quoted(above)}`;
    const message = `missing key ${quoted(String(path.at(-1)))}${where}; allowed: ${allowed}`;
    return { at, path, found: 'nothing', allowed, message };
  }
  const hint: unknown = issue.code === 'custom' ? issue.params?.['hint'] : null;
  return { at: node.at, path, found: describe(node), allowed, hint: typeof hint === 'string' ? hint : null };
}

function unknownKey({ tree, schema }: Checked, path: Path): Problem {
  const key = String(path.at(-1));
  const known = keysOf(schemaAt(schema, path.slice(0, -1)));
  const near = nearMiss(key, known);
  const allowed = known.join(', ');
  const hint = near === null ? 'allowed' : `did you mean ${quoted(near)}? Allowed`;
  const message = `unknown key ${quoted(key)}; ${hint} here: ${allowed}`;
  return { at: keyPosition(tree, path), path, found: quoted(key), allowed, hint: near, message };
}

function keysOf(schema: z.core.$ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** The map, list or value that the schema has at `path`, without defaults and conversions around it. */
function schemaAt(whole: z.core.$ZodType, path: Path): z.core.$ZodType {
  let schema = bare(whole);
  for (const step of path) {
    if (schema instanceof z.ZodArray) schema = bare(schema.element);
    else if (schema instanceof z.ZodObject) schema = bare((schema.shape as z.core.$ZodShape)[String(step)] ?? z.never());
  }
  return schema;
}

function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return bare(schema.def.in);
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) return bare(schema.def.innerType);
  return schema;
}
