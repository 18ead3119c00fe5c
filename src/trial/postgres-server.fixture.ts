/** Test equipment: a PostgreSQL server of a test's own, in a directory of its own. See `scripts/postgres.sh`. */

import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
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
  const url = await start();
  let running = true;
  // Not even a test that breaks off leaves a server behind.
  const leave = (): void => {
    if (running) execFileSync('sh', [SCRIPT, 'kill', directory]);
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', leave);
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
      process.off('exit', leave);
      // In order it would write out what is removed then.
      if (running) await run('sh', [SCRIPT, 'kill', directory]);
      running = false;
      rmSync(directory, { recursive: true, force: true });
    },
  };
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
