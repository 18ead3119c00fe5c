/**
 * One head-end a directory: two would seal, load and remove each other's buffer files. The lock is a file with the pid of
 * its holder; one whose process is gone is taken over.
 */

import { openSync, readFileSync, rmSync, writeSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from './errors.ts';

const FILE = 'headend.lock';

export class DirectoryLock {
  readonly #file: string;
  #held = false;

  constructor(directory: string) {
    this.#file = join(directory, FILE);
  }

  /** Throws UserError when a living process holds it. */
  take(): void {
    for (let tries = 0; tries < 3 && !this.#held; tries++) {
      if (this.#create()) return;
      const holder = this.#holder();
      if (holder !== null && isAlive(holder)) {
        const directory = this.#file.slice(0, -FILE.length - 1);
        throw new UserError(`meterstorm: --out: ${directory} is in use by process ${holder}; name another directory`);
      }
      rmSync(this.#file, { force: true });
    }
    if (!this.#held) throw new UserError(`meterstorm: --out: ${this.#file} can't be had`);
  }

  release(): void {
    if (this.#held) rmSync(this.#file, { force: true });
    this.#held = false;
  }

  #create(): boolean {
    try {
      const descriptor = openSync(this.#file, 'wx');
      writeSync(descriptor, `${process.pid}\n`);
      closeSync(descriptor);
      this.#held = true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new UserError(`meterstorm: --out: ${(error as Error).message}`, { cause: error });
      }
    }
    return this.#held;
  }

  #holder(): number | null {
    try {
      const pid = Number(readFileSync(this.#file, 'utf8').trim());
      return Number.isInteger(pid) && pid > 0 ? pid : null;
    } catch {
      return null;
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
