/** Test equipment: Debian's munin-node with a few of its plugins, on loopback, with a configuration of a test's own. */

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = '/usr/sbin/munin-node';
const PLUGINS = ['cpu', 'memory', 'load', 'netstat'] as const;

export interface MuninNode {
  readonly port: number;
  stop(): Promise<void>;
}

/** False: tests that need a node are to be skipped. */
export function muninNodeInstalled(): boolean {
  return existsSync(PROGRAM) && PLUGINS.every((name) => existsSync(join('/etc/munin/plugins', name)));
}

/** `port`: null takes a free one. */
export async function startMuninNode(port: number | null = null): Promise<MuninNode> {
  const directory = mkdtempSync(join(tmpdir(), 'meterstorm-munin-'));
  const chosen = port ?? (await freePort());
  const user = process.getuid?.() ?? 0;
  const lines = [
    `log_file ${join(directory, 'log')}`,
    `pid_file ${join(directory, 'pid')}`,
    'background 0',
    'setsid 0',
    `user ${user}`,
    `group ${process.getgid?.() ?? 0}`,
    'host_name node.example',
    'allow ^127\\.0\\.0\\.1$',
    'host 127.0.0.1',
    `port ${chosen}`,
    `ignore_file ^(?!(${PLUGINS.join('|')})$)`,
  ];
  writeFileSync(join(directory, 'munin-node.conf'), `${lines.join('\n')}\n`);
  const child = spawn(PROGRAM, ['--config', join(directory, 'munin-node.conf'), '--foreground'], { stdio: 'ignore' });
  const leave = (): void => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', leave);
  while (!(await answers(chosen))) {
    if (child.exitCode !== null) throw new Error(`munin-node ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    port: chosen,
    async stop() {
      process.off('exit', leave);
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => socket.end(() => resolve(true)));
    socket.once('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
