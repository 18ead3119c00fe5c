/** Real commands, real ports. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { ForeignHeadend } from './alternatives.ts';
import { HeadendService } from './headend-service.ts';

/** Says who it is, then listens at PORT until it is ended; as `node -e`, so that it is no code of ours. */
const LISTENER = `console.log('up '+process.pid);require('net').createServer().listen(PORT,'127.0.0.1')`;

let directory = '';
let port = 0;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'meterstorm-service-'));
  port = await freePort();
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function service(headend: Partial<ForeignHeadend>, interrupt: AbortSignal = new AbortController().signal): HeadendService {
  const common = { address: '127.0.0.1', port, start: null, stop: null, ready: null, startWithinMs: 20_000, stopWithinMs: 20_000 };
  return new HeadendService({ clock: systemClock, headend: { ...common, ...headend }, directory, log: join(directory, 'log'), interrupt });
}

const listener = (): string => `'${process.execPath}' -e "${LISTENER.replace('PORT', String(port))}"`;
const log = (): string => readFileSync(join(directory, 'log'), 'utf8');

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const pidOf = (): number => Number(/up (\d+)/.exec(log())?.[1]);

describe('a head-end of somebody else', () => {
  it('that stays is ready when its port answers, and is gone after stop', async () => {
    const headend = service({ start: listener() });
    await headend.start();
    const pid = pidOf();
    expect(isAlive(pid)).toBe(true);
    expect(await headend.stop()).toBeNull();
    expect(isAlive(pid)).toBe(false);
  });

  it('that is left running by a command that ends is gone after stop, too', async () => {
    const headend = service({ start: `${listener()} & sleep 0.1` });
    await headend.start();
    const pid = pidOf();
    expect(await headend.stop()).toBeNull();
    expect(isAlive(pid)).toBe(false);
  });

  it('can say that it is ready, and be stopped by a command of its own, in the directory of its file', async () => {
    const headend = service({ start: 'echo warming up; sleep 0.3; echo now ready; exec sleep 60', ready: /^now ready$/m, stop: 'touch stopped' });
    await headend.start();
    expect(log()).toContain('now ready');
    expect(await headend.stop()).toBeNull();
    expect(existsSync(join(directory, 'stopped'))).toBe(true);
  });

  it('that ends with a fault says its last words', async () => {
    await expect(service({ start: 'echo hello; echo no licence >&2; exit 7' }).start()).rejects.toThrow('the start command ended with exit code 7: no licence');
  });

  it('that never answers is given up in time', async () => {
    const headend = service({ start: 'echo thinking; exec sleep 60', startWithinMs: 300 });
    await expect(headend.start()).rejects.toThrow(`nothing answers at 127.0.0.1:${port} 0.3 s after it was started: thinking`);
    expect(await headend.stop()).toBeNull();
  });

  it('that never says that it is ready is given up in time', async () => {
    const headend = service({ start: 'exec sleep 60', ready: /^ready/m, startWithinMs: 300 });
    await expect(headend.start()).rejects.toThrow('it printed nothing that matches /^ready/');
    await headend.stop();
  });

  it('is not started where something answers already', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await expect(service({ start: 'touch started' }).start()).rejects.toThrow(/something answers at 127\.0\.0\.1:\d+ before it was started/);
    server.close();
    expect(existsSync(join(directory, 'started'))).toBe(false);
  });

  it('that does not end is killed', async () => {
    const headend = service({ start: `trap '' TERM; echo up $$; while true; do sleep 0.1; done`, ready: /up/, stopWithinMs: 500 });
    await headend.start();
    const pid = pidOf();
    expect(await headend.stop()).toBe('it did not end within 0.5 s and was killed');
    expect(isAlive(pid)).toBe(false);
  });

  it('whose stop command fails or hangs is stopped all the same', async () => {
    const failing = service({ start: 'echo up $$; exec sleep 60', ready: /up/, stop: 'echo what; exit 3' });
    await failing.start();
    const pid = pidOf();
    expect(await failing.stop()).toBe('the stop command ended with exit code 3: what');
    expect(isAlive(pid)).toBe(false);
    expect(await service({ stop: 'sleep 60', stopWithinMs: 300 }).stop()).toBe('the stop command took more than 0.3 s and was killed');
  });

  it('may print more than a text can hold', async () => {
    const headend = service({ start: 'truncate -s 600M log; echo up $$; exec sleep 60', ready: /up/, stop: 'echo what; exit 3' });
    await headend.start();
    expect(await headend.stop()).toBe('the stop command ended with exit code 3: what');
  });

  it('is not waited for when the user interrupts', async () => {
    const controller = new AbortController();
    const headend = service({ start: 'exec sleep 60' }, controller.signal);
    const started = headend.start();
    controller.abort();
    await expect(started).rejects.toThrow('interrupted');
    expect(await headend.stop()).toBeNull();
  });
});
