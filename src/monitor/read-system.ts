/**
 * Where facts of the machine come from: files of /proc and /sys, and a few things that only trying can tell. An interface, so
 * that a test can be any machine. Nothing here changes the machine; what is opened is closed again.
 */

import { accessSync, constants, readFileSync, statfsSync, statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { dirname, resolve } from 'node:path';

export interface ReadSystem {
  /** As Node names it: `linux`, `darwin`, .. */
  readonly platform: string;
  /** `v20.19.0` */
  readonly node: string;
  /** Null: not there, or not for us to read. */
  text(path: string): string | null;
  /** Cores that this process may use. */
  cores(): number;
  loadAverage1(): number;
  /** Listens on a free port of an IPv4 address, for a moment. Null: that went well; otherwise the code of the error. */
  listen(address: string): Promise<string | null>;
  /** Opens so many connections on loopback, and looks while they are open; `opened`: how many went well. */
  whileConnected<T>(count: number, look: () => T): Promise<{ readonly opened: number; readonly seen: T }>;
  /** Of the directory, or of the nearest one above it that exists. */
  disk(directory: string): DiskFacts | null;
  /** Null: the module can be loaded; otherwise why not. */
  load(module: string): Promise<string | null>;
}

export interface DiskFacts {
  /** What is there already of the path. */
  readonly directory: string;
  readonly freeBytes: number;
  readonly writable: boolean;
  /** A file system in memory. */
  readonly inMemory: boolean;
}

const CONNECT_TIMEOUT_MS = 1000;

/** tmpfs and ramfs, statfs(2). */
const MEMORY_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

export const thisSystem: ReadSystem = {
  platform: process.platform,
  node: process.version,
  text(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return null;
    }
  },
  cores: () => availableParallelism(),
  loadAverage1: () => loadavg()[0] ?? 0,
  listen: (address) =>
    new Promise((done) => {
      const server = createServer();
      server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
      server.listen({ host: address, port: 0 }, () => server.close(() => done(null)));
    }),
  whileConnected,
  disk(directory) {
    try {
      const folder = existing(directory);
      const { bavail, bsize, type } = statfsSync(folder);
      return { directory: folder, freeBytes: bavail * bsize, writable: isWritable(folder), inMemory: MEMORY_FILE_SYSTEMS.has(type) };
    } catch {
      return null;
    }
  },
  async load(module) {
    try {
      await import(module);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  },
};

async function whileConnected<T>(count: number, look: () => T): Promise<{ readonly opened: number; readonly seen: T }> {
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    accepted.push(socket);
  });
  const port = await new Promise<number>((done) => {
    server.once('error', () => done(0));
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const bound = server.address();
      done(bound !== null && typeof bound === 'object' ? bound.port : 0);
    });
  });
  if (port === 0) return { opened: 0, seen: look() };
  const sockets = await Promise.all(Array.from({ length: count }, () => connected(port)));
  const seen = look();
  for (const socket of [...sockets, ...accepted]) socket?.destroy();
  server.close();
  return { opened: sockets.filter((socket) => socket !== null).length, seen };
}

/** Null: refused, or no answer in time, as where a packet filter drops it. */
function connected(port: number): Promise<Socket | null> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: CONNECT_TIMEOUT_MS });
    const failed = (): void => {
      socket.destroy();
      done(null);
    };
    socket.once('connect', () => done(socket));
    socket.once('timeout', failed);
    socket.on('error', failed);
  });
}

function existing(directory: string): string {
  let folder = resolve(directory);
  while (statSync(folder, { throwIfNoEntry: false }) === undefined && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}
