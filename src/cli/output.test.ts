/** A command whose output goes nowhere: a reader that left, a full disk, a terminal that closed. Needs `npm run build`. */

import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, reportOf, SMALL, started } from './meterstorm.fixture.ts';

let work = '';
let run = 0;

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'meterstorm-output-'));
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('output that nobody takes', () => {
  const tiny = [SMALL, '--stations', '3', '--steps', '6'];

  it('a run without a terminal goes on when one closes, as under nohup', async () => {
    const child = spawn(process.execPath, [MAIN, 'run', ...tiny, '--speed', '1800', '--set', 'network.links=ignored', '--out', newDirectory()], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stderr.once('data', () => process.kill(-(child.pid ?? 0), 'SIGHUP'));
    expect(await ended).toBe(0);
  }, 60_000);

  it('a reader of stderr that goes away ends no run', async () => {
    const out = newDirectory();
    const { child, ended } = started(['run', ...tiny, '--speed', '1800', '--set', 'network.links=ignored', '--out', out]);
    child.stderr?.once('data', () => child.stderr?.destroy());
    expect((await ended).code).toBe(0);
    expect(reportOf(out).audit.exact).toBe(true);
  }, 60_000);

  it('a reader of stdout that goes away does not make a broken run a good one', async () => {
    const { child, ended } = started(['run', ...tiny, '--set', 'thresholds=audit.missing > 0', '--out', newDirectory()]);
    child.stdout?.destroy();
    expect((await ended).code).toBe(1);
  }, 60_000);

  it.skipIf(!existsSync('/dev/full'))('a full disk is one line', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [MAIN, 'indicators'], { stdio: ['ignore', full, 'pipe'] });
    let stderr = '';
    child.stderr?.on('data', (piece: Buffer) => (stderr += piece.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    closeSync(full);
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'meterstorm: ENOSPC: no space left on device, write\n' });
  });
});

function newDirectory(): string {
  return join(work, `run-${run++}`);
}
