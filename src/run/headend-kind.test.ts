import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { storeBytes } from './headend-kind.ts';

test('the size of a store in a database that takes connections and never answers is not waited for', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await storeBytes({ kind: 'postgres', url: `postgres://user@127.0.0.1:${port}/db`, schema: 'a' })).toBe(0);
  for (const socket of sockets) socket.destroy();
  server.close();
}, 30_000);
