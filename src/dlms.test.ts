/** The page about the library keeps its word: every program on it runs, here, against our own server and client. */

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { packageFile } from './base/package-root.ts';
import * as dlms from './dlms.ts';
import { ROWS, smallMeter } from './protocol/dlms/client/small-meter.fixture.ts';
import { ByteWriter } from './protocol/dlms/data/byte-writer.ts';

const PAGE = readFileSync(packageFile('docs', 'dlms-library.md'), 'utf8');
const PROGRAMS = [...PAGE.matchAll(/```js\n([\s\S]*?)```/g)].map(([, program]) => program ?? '');

type Link = (apdu: Uint8Array) => Promise<Uint8Array>;
interface Ran {
  readonly printed: string[];
  /** What a program left behind. */
  readonly server: dlms.DlmsServer | undefined;
}

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (...parts: readonly string[]) => (...values: readonly unknown[]) => Promise<dlms.DlmsServer | undefined>;

/** Runs a program of the page; its host and port are on this machine. */
async function run(program: string, port: number, yourLink?: Link): Promise<Ran> {
  const body = program
    .replace(/^import (\{[^}]*\}) from 'meterstorm\/dlms';$/m, 'const $1 = dlms;')
    .replaceAll("host: '192.0.2.10'", `host: '127.0.0.1', port: ${port}`)
    .replaceAll('port: 4059', `port: ${port}`);
  expect(body).not.toContain('import ');
  const printed: string[] = [];
  const console = { log: (...values: readonly unknown[]) => printed.push(values.map(String).join(' ')) };
  const returned = new AsyncFunction('dlms', 'console', 'yourLink', `${body}; return typeof server === 'undefined' ? undefined : server;`);
  return { printed, server: await returned(dlms, console, yourLink) };
}

const servers: dlms.DlmsServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function meterAt(): Promise<number> {
  const { core, host } = smallMeter();
  const server = await dlms.DlmsServer.listen({
    wire: new dlms.TcpWire(),
    clock: dlms.systemClock,
    at: { address: '127.0.0.1', port: 0 },
    serve: () => new dlms.ServerConnection(core, host),
  });
  servers.push(server);
  return server.endpoint.port;
}

const lines = (program: string): number => program.trim().split('\n').length;

describe('the page about the library', () => {
  it('has four programs', () => expect(PROGRAMS.map((program) => program.startsWith('import'))).toEqual([true, true, true, true]));

  it('reads a meter with HLS 5 in ten lines or so', async () => {
    const program = PROGRAMS[0] ?? '';
    const { printed } = await run(program, await meterAt());
    expect(printed).toEqual([`12345.6 Wh at 2024-11-21T09:30:15.000Z; ${ROWS} rows`]);
    expect(lines(program)).toBeLessThanOrEqual(12);
  });

  it('reads a meter over HDLC in ten lines or so', async () => {
    const program = PROGRAMS[1] ?? '';
    const { printed } = await run(program, await meterAt());
    expect(printed).toContain('3 1-0:1.8.0*255');
    expect(printed.at(-1)).toBe('null 123456');
    expect(lines(program)).toBeLessThanOrEqual(12);
  });

  it('is a meter', async () => {
    const { printed, server } = await run(PROGRAMS[2] ?? '', 0);
    if (server === undefined) throw new Error('no server');
    servers.push(server);
    expect(printed).toEqual([`a meter at port ${server.endpoint.port}`]);
    const client = await dlms.connect({ host: '127.0.0.1', port: server.endpoint.port });
    expect(await client.register('1-0:1.8.0*255')).toMatchObject({ value: 123_456, unitName: 'Wh' });
    expect((await client.objects()).map(({ obis }) => obis)).toEqual(['0-0:40.0.0*255', '1-0:1.8.0*255']);
    await client.close();
  });

  it('drives an association by hand', async () => {
    const meter = smallMeter();
    const connection = meter.open();
    const link: Link = (apdu) => {
      const out = new ByteWriter();
      connection.receive(apdu, 16, 1, out);
      return Promise.resolve(out.copy());
    };
    // The public client may not read it; the error says so, encoded Data would be in its place.
    const { printed } = await run(`${PROGRAMS[3] ?? ''}; console.log(result.error);`, 0, link);
    expect(printed).toEqual(['undefined', '3']);
  });

  it('names every error code, and no other', () => {
    const source = readFileSync(packageFile('src', 'protocol', 'dlms', 'client', 'dlms-error.ts'), 'utf8');
    const codes = [...(source.split('export type DlmsErrorCode')[1]?.split(';')[0] ?? '').matchAll(/'([a-z-]+)'/g)].map(([, code]) => code ?? '');
    const table = PAGE.split('## Errors')[1]?.split('## What is supported')[0] ?? '';
    const named = [...table.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) => [...(cell ?? '').matchAll(/`([a-z-]+)`/g)].map(([, code]) => code ?? ''));
    expect(named.sort()).toEqual(codes.sort());
    expect(codes.length).toBeGreaterThan(15);
  });
});

describe('the short ways', () => {
  it('refuse options that can not be, in words', async () => {
    const keys = { systemTitle: '4D53540000000001', encryptionKey: '00'.repeat(16), authenticationKey: '00'.repeat(16) };
    const wrong: readonly (readonly [Partial<dlms.ConnectOptions>, string])[] = [
      [{ security: keys }, 'counterName'],
      [{ security: { ...keys, encryptionKey: '00' }, counterName: '0-0:43.1.0*255' }, '`encryptionKey` has 1 bytes, not 16'],
      [{ security: { ...keys, systemTitle: 'MST00001' }, counterName: '0-0:43.1.0*255' }, 'hexadecimal'],
      [{ mechanism: 1 }, 'password'],
      [{ mechanism: 3 }, 'secret'],
      [{ mechanism: 5 }, 'security'],
      [{ transport: 'udp', framing: 'hdlc' }, 'UDP'],
    ];
    for (const [options, words] of wrong) {
      await expect(dlms.connect({ host: '127.0.0.1', port: 1, ...options })).rejects.toThrow(TypeError);
      await expect(dlms.connect({ host: '127.0.0.1', port: 1, ...options })).rejects.toThrow(words);
    }
    await expect(dlms.listen({ transport: 'tls', host: { open: () => null } })).rejects.toThrow('identity');
  });

  it('reject a name that is none', async () => {
    const client = await dlms.connect({ host: '127.0.0.1', port: await meterAt() });
    await expect(client.get('1.8.0', { classId: 3, attribute: 2 })).rejects.toThrow(TypeError);
    await expect(client.register(new Uint8Array(5))).rejects.toThrow(TypeError);
    // It goes on all the same.
    expect((await client.clock()).offsetMinutes).toBe(60);
    await client.close();
  });

  it('listen on any transport, and say why they can not', async () => {
    const { host } = smallMeter();
    const server = await dlms.listen({ port: 0, transport: 'udp', host });
    servers.push(server);
    const client = await dlms.connect({ host: '127.0.0.1', port: server.endpoint.port, transport: 'udp' });
    expect((await client.clock()).offsetMinutes).toBe(60);
    await client.close();
    const tcp = await dlms.listen({ port: 0, host: () => host });
    servers.push(tcp);
    await expect(dlms.listen({ port: tcp.endpoint.port, host })).rejects.toThrow('EADDRINUSE');
    const nobody = await dlms.listen({ port: 0, host: () => null });
    servers.push(nobody);
    await expect(dlms.connect({ host: '127.0.0.1', port: nobody.endpoint.port })).rejects.toMatchObject({ code: 'closed' });
  });
});
