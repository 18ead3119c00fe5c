/** Writes `schema/scenario.schema.json` for editors; part of the build. The file is touched only when it changes. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { packageFile } from '../base/package-root.ts';
import { scenarioJsonSchemaText } from '../grid/scenario/json-schema.ts';

const file = packageFile('schema', 'scenario.schema.json');
const text = scenarioJsonSchemaText();

if (current() !== text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function current(): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
