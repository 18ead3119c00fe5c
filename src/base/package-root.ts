/** Where the package lives, so that bundled data is found from the sources, from `dist/` and from an installed copy. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert } from './assert.ts';

/** Absolute path of a file that ships with the package, e.g. `packageFile('data', 'geo', 'x.csv')`. */
export function packageFile(...parts: readonly string[]): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    assert(folder !== dirname(folder), 'no package.json above this file');
    folder = dirname(folder);
  }
  return join(folder, ...parts);
}
