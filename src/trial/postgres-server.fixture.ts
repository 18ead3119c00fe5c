/** Test equipment: a PostgreSQL server of a test's own, in a directory of its own. See `scripts/postgres.sh`. */

import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageFile } from '../base/package-root.ts';

export interface PostgresServer {
  /** The same through all lives: `postgres://meterstorm@127.0.0.1:PORT/postgres`. */
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  readonly logFile: string;
  /** Of the postmaster, at present. */
  readonly pid: number;
  /** Ends it at once, as in a crash; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again, after ending it at once if it runs; resolves when it takes connections. */
  restart(): Promise<void>;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

const SCRIPT = packageFile('scripts', 'postgres.sh');
const run = promisify(execFile);

/** False: tests that need a server are to be skipped. */
export function postgresInstalled(): boolean {
  return spawnSync('sh', [SCRIPT, 'installed']).status === 0;
}

/** `settings`: PostgreSQL's own, e.g. `{ shared_buffers: '256MB' }`; without any it is as durable as it comes. */
export async function startPostgres(
  options: { readonly settings?: Readonly<Record<string, string | number>> } = {},
): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'meterstorm-postgres-'));
  const settings = Object.entries(options.settings ?? {}).map(([name, value]) => `${name}=${value}`);
  const port = await freePort();
  const start = async (): Promise<string> => {
    const { stdout } = await run('sh', [SCRIPT, 'start', directory, String(port), ...settings]);
    return stdout.trim();
  };
  const dismiss = guard(directory);
  const url = await start();
  let running = true;
  return {
    url,
    port,
    directory,
    logFile: join(directory, 'log'),
    get pid() {
      return Number(readFileSync(join(directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
    },
    async kill() {
      running = false;
      await run('sh', [SCRIPT, 'kill', directory]);
    },
    async restart() {
      if (running) await run('sh', [SCRIPT, 'kill', directory]);
      await start();
      running = true;
    },
    async stop() {
      // In order it would write out what is removed then.
      if (running) await run('sh', [SCRIPT, 'kill', directory]);
      running = false;
      rmSync(directory, { recursive: true, force: true });
      dismiss();
    },
  };
}

/** However this process ends, kill -9 included, the server goes with it: a shell waits for the end of a pipe. Answers what sends the shell away. */
function guard(directory: string): () => void {
  const work = 'read -r _ && exit; sh "$1" kill "$2"; rm -rf "$2"';
  const shell = spawn('sh', ['-c', work, 'guard', SCRIPT, directory], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  shell.unref();
  (shell.stdin as Socket).unref();
  return () => shell.stdin.end('go\n');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
