/** Where a run writes to. */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { UserError } from '../run/errors.ts';
import { makeDirectory } from '../run/make-directory.ts';

/** A directory for the files of a run, made if need be, that no other one has used. `chosen`: by `--out`. */
export function outDirectory(chosen: string | undefined, name: string): string {
  if (chosen !== undefined) {
    if (chosen !== '' && isUsed(chosen)) throw new UserError(`meterstorm: --out: ${chosen} already holds a run; name another directory`);
    makeDirectory(chosen, '--out');
    return chosen;
  }
  const stamp = new Date(systemClock.unixMs()).toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  const base = join('runs', `${name.replaceAll(/[^\w.-]+/g, '-')}-${stamp}`);
  makeDirectory('runs', '--out');
  for (let number = 1; ; number++) {
    const directory = number === 1 ? base : `${base}-${number}`;
    try {
      mkdirSync(directory);
      return directory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw new UserError(`meterstorm: --out: ${directory} can't be used: ${(error as Error).message}`, { cause: error });
    }
  }
}

function isUsed(directory: string): boolean {
  return ['readings.duckdb', 'report.json', 'run-record.json', 'monitor.duckdb', 'capacity.json'].some((file) => existsSync(join(directory, file)));
}
