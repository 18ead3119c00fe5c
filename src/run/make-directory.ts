/** Makes a directory and those above it, or says in one line why not. */

import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UserError } from './errors.ts';

/** `flag`: what the user named it with. (Node's own `recursive` never returns where a file system answers ENOENT, as /proc does.) */
export function makeDirectory(path: string, flag: string): void {
  if (path === '') throw new UserError(`meterstorm: ${flag}: found nothing; allowed: a directory`);
  const missing: string[] = [];
  let folder = resolve(path);
  try {
    while (statSync(folder, { throwIfNoEntry: false }) === undefined && folder !== dirname(folder)) {
      missing.unshift(folder);
      folder = dirname(folder);
    }
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is not a directory`);
    for (const each of missing) mkdirSync(each);
  } catch (error) {
    throw new UserError(`meterstorm: ${flag}: ${path} can't be used: ${(error as Error).message}`, { cause: error });
  }
}
