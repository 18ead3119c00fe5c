import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DirectoryLock } from './directory-lock.ts';

it('is held by one process, and taken over from one that is gone', () => {
  const directory = mkdtempSync(join(tmpdir(), 'meterstorm-lock-'));
  try {
    const first = new DirectoryLock(directory);
    first.take();
    expect(() => new DirectoryLock(directory).take()).toThrow(/in use by process \d+/);
    first.release();
    const second = new DirectoryLock(directory);
    second.take();
    second.release();
    for (const left of ['999999999\n', 'nonsense', '']) {
      writeFileSync(join(directory, 'headend.lock'), left);
      const third = new DirectoryLock(directory);
      third.take();
      third.release();
    }
    expect(() => new DirectoryLock(join(directory, 'nowhere')).take()).toThrow(/nowhere/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
