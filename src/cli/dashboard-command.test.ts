/** What is wrong with a dashboard's arguments is one line, and leaves nothing behind. Needs `npm run build`. */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { packageFile } from '../base/package-root.ts';

vi.setConfig({ testTimeout: 30_000 });

const MAIN = packageFile('dist', 'cli', 'main.js');
const SMALL = packageFile('scenarios', 'small-grid.yaml');

describe('the command line', () => {
  const run = (args: readonly string[]): { readonly status: number | null; readonly stderr: string } =>
    spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 20_000 });

  test.each([
    [['dashboard', '/nowhere/at-all'], 'holds no report.json; allowed: the directory of a run'],
    [['dashboard', '/nowhere/at-all', '--port', 'x'], '--port: found `x`, allowed is a port from 0'],
    [['dashboard', '/nowhere/at-all', '--port', '65536'], '--port: found `65536`'],
    [['dashboard'], "missing required argument 'dir'"],
    [['run', SMALL, '--stations', '5', '--serve', 'nonsense'], '--serve: found `nonsense`, allowed is a port'],
  ])('%j: one line, exit code 2', (args, words) => {
    const { status, stderr } = run(args);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(words);
    expect(status).toBe(2);
  });

  test('where the dashboard of a run can\'t listen, nothing of the run is made', async () => {
    const work = mkdtempSync(join(tmpdir(), 'meterstorm-dashboard-'));
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { status, stderr } = run(['run', SMALL, '--stations', '5', '--steps', '2', '--out', join(work, 'run'), '--serve', String(port)]);
    other.close();
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `meterstorm: the dashboard can't listen at 127.0.0.1:${port}: another program does; name another port, or 0 for any free one\n`,
    });
    expect(readdirSync(work)).toEqual([]);
    rmSync(work, { recursive: true });
  });

  test('a run that can\'t begin ends its dashboard, too', () => {
    const work = mkdtempSync(join(tmpdir(), 'meterstorm-dashboard-'));
    writeFileSync(join(work, 'report.json'), '{}');
    const { status, stderr } = run(['run', SMALL, '--stations', '5', '--steps', '2', '--out', work, '--serve', '0']);
    expect({ status, stderr }).toEqual({ status: 2, stderr: `meterstorm: --out: ${work} already holds a run; name another directory\n` });
    rmSync(work, { recursive: true });
  });
});
