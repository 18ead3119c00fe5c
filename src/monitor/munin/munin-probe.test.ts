import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { namedCounters } from '../host-file.ts';
import type { ReadValue } from '../value/value-probe.ts';
import { MuninProbe } from './munin-probe.ts';
import { muninNodeInstalled, startMuninNode, type MuninNode } from './munin-node.fixture.ts';

const now = (): number => performance.now();
const never = new AbortController().signal;

function byName(values: readonly ReadValue[]): ReadonlyMap<string, number> {
  return new Map(values.map(({ name, value }) => [name, Number(value)]));
}

describe.runIf(muninNodeInstalled())('a real munin-node', () => {
  let node: MuninNode;
  beforeAll(async () => {
    node = await startMuninNode();
  });
  afterAll(async () => node.stop());

  test('says what /proc says', async () => {
    const probe = new MuninProbe({ host: '127.0.0.1', port: node.port, plugins: null }, now);
    const before = ticks();
    const opens = activeOpens();
    const { values, faults } = await probe.read(never);
    const after = ticks();
    expect(faults).toEqual([]);
    const read = byName(values);
    ['user', 'nice', 'system'].forEach((state, i) => {
      expect(read.get(`cpu.${state}`), state).toBeGreaterThanOrEqual(before[i] ?? Infinity);
      expect(read.get(`cpu.${state}`), state).toBeLessThanOrEqual(after[i] ?? 0);
    });
    expect(values.find(({ name }) => name === 'cpu.user')).toMatchObject({ type: 'derive', unit: '%', limits: { min: 0, max: null } });
    const slab = kilobytes('Slab') * 1024;
    expect(Math.abs((read.get('memory.slab') ?? 0) - slab)).toBeLessThan(slab * 0.2);
    // Multigraph: each has its own name.
    expect(read.has('netstat_established.established')).toBe(true);
    expect(read.get('netstat.active')).toBeGreaterThanOrEqual(opens);
    expect(read.get('netstat.active')).toBeLessThanOrEqual(activeOpens());
    expect(values.find(({ name }) => name === 'netstat.active')?.limits).toMatchObject({ min: 0, max: 50_000 });
    expect(read.get('load.load')).toBeGreaterThanOrEqual(0);
  });

  test('is asked for the plugins that are named alone; one that it lacks is a fault', async () => {
    const probe = new MuninProbe({ host: '127.0.0.1', port: node.port, plugins: ['load', 'nosuch'] }, now);
    const { values, faults } = await probe.read(never);
    expect(values.map(({ name }) => name)).toEqual(['load.load']);
    expect(faults).toEqual([{ part: 'nosuch', why: 'the node has no such plugin' }]);
  });
});

describe('a node that does not do as it should', () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  async function reading(behave: (socket: Socket) => void, signal = never): Promise<unknown> {
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      behave(socket);
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new MuninProbe({ host: '127.0.0.1', port, plugins: null }, now).read(signal);
  }

  test('is silent: the signal ends it, and the connection', async () => {
    const abort = new AbortController();
    const told = reading((socket) => void socket.once('data', () => abort.abort(new Error('no answer'))).write('# munin node at x\n'), abort.signal);
    await expect(told).rejects.toThrow('no answer');
    const [socket] = sockets;
    if (socket !== undefined && !socket.closed) await once(socket, 'close');
  });

  test('is something else', async () => {
    await expect(reading((socket) => void socket.write('SSH-2.0-OpenSSH\r\n'))).rejects.toThrow(/is no munin-node, it says `SSH-2.0-OpenSSH`/);
  });

  test('ends the connection', async () => {
    await expect(reading((socket) => void socket.end('# munin node at x\n'))).rejects.toThrow('the node ended the connection');
  });

  test.each([
    ['a.value 1\n'.repeat(1000), /more than 20000 lines/],
    [`a.info ${'x'.repeat(50_000)}\n`, /more than 8388608 characters/],
  ])('never comes to an end', async (line, why) => {
    const behave = (socket: Socket): void => {
      const flood = (): void => {
        while (!socket.destroyed && socket.write(line));
      };
      socket.on('drain', flood);
      socket.once('data', flood).write('# munin node at x\n');
    };
    await expect(reading(behave)).rejects.toThrow(why);
  });

  test('is not there', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    await expect(new MuninProbe({ host: '127.0.0.1', port, plugins: null }, now).read(never)).rejects.toThrow(/ECONNREFUSED/);
  });
});

/** Connections that this machine has opened. */
function activeOpens(): number {
  return namedCounters(readFileSync('/proc/net/snmp', 'utf8'), 'Tcp').get('ActiveOpens') ?? Number.NaN;
}

/** user, nice, system */
function ticks(): readonly number[] {
  const line = readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '';
  return line.trim().split(/\s+/).slice(1, 4).map(Number);
}

function kilobytes(field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0);
}
