/** The head-end's processes, real ones. Needs `npm run build`. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { packageFile } from '../base/package-root.ts';
import type { HeadendProcesses as Headend } from './headend-processes.ts';

// Its processes are modules of the built program.
const built = pathToFileURL(packageFile('dist', 'run', 'headend-processes.js')).href;
const { HeadendProcesses } = (await import(built)) as { readonly HeadendProcesses: typeof Headend };

const work = mkdtempSync(join(tmpdir(), 'meterstorm-headend-'));
afterAll(() => rmSync(work, { recursive: true }));

describe('a head-end whose store can’t be opened', () => {
  const headendOf = (startWithinMs: number): Headend => {
    const directory = join(work, String(startWithinMs));
    const file = join(directory, 'readings.duckdb');
    mkdirSync(file, { recursive: true });
    return new HeadendProcesses({
      clock: systemClock,
      directory,
      takers: [{ kind: 'intake', listen: { address: '127.0.0.1', port: 0 } }],
      kind: { store: { kind: 'duckdb', file }, intake: 'buffered', connections: 1 },
      intervalSeconds: 900,
      onProcess: () => {},
      onRestart: () => {},
      startWithinMs,
    });
  };

  test('is given up, with what the store says', async () => {
    await expect(headendOf(1000).start()).rejects.toThrow(/^the store of the head-end does not open: .*readings\.duckdb/);
  }, 60_000);

  test('is waited for by nobody once it was ended', async () => {
    const headend = headendOf(600_000);
    const started = headend.start();
    headend.kill();
    await expect(started).rejects.toThrow('the head-end was ended');
  }, 60_000);
});
