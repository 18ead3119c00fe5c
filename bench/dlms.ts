/**
 * GETs of a register that a concentrator's meters answer, over loopback, and what they cost the server's process: on one
 * connection, where each waits for the one before, and on sixteen; in plain, and authenticated and encrypted under HLS 5.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readProcess } from '../src/monitor/proc-file.ts';
import { connect, formatObis, MasterKey, parseObis } from '../src/dlms.ts';
import { meterSystemTitle } from '../src/protocol/dlms/push/logical-device-name.ts';
import { type GetLoadResult, loadWithGets } from './get-load.ts';

const SECONDS = 3;
const MANY = 16;
const READER_SAP = 2;
const MANAGER_SAP = 1;
const METER_SAP = 16;
const REGISTER = parseObis('1.0.1.8.0.255');
const REGISTER_CLASS = 3;

export async function benchDlms(): Promise<Record<string, unknown>> {
  const masterBytes = randomBytes(32);
  const masterKey = new MasterKey(masterBytes);
  const { child, host, port } = await startServer(masterBytes);
  try {
    const load = {
      host,
      port,
      pid: child.pid ?? 0,
      seconds: SECONDS,
      clientSap: READER_SAP,
      serverSap: METER_SAP,
      classId: REGISTER_CLASS,
      name: REGISTER,
      password: masterKey.passwordOf(meterSystemTitle(0), 'reader'),
    };
    return {
      one: await loadWithGets({ ...load, connections: 1 }),
      many: await loadWithGets({ ...load, connections: MANY }),
      ciphered: await loadCiphered({ ...load, masterKey }),
    };
  } finally {
    child.disconnect();
  }
}

interface Server {
  readonly child: ChildProcess;
  readonly host: string;
  readonly port: number;
}

async function startServer(masterKey: Buffer): Promise<Server> {
  const child = fork(fileURLToPath(new URL('./get-server-process.js', import.meta.url)), {
    env: { ...process.env, METERSTORM_BENCH_KEY: masterKey.toString('hex') },
  });
  const [at] = (await once(child, 'message')) as [{ readonly address: string; readonly port: number }];
  return { child, host: at.address, port: at.port };
}

/** Through the library's own client, which costs more than the server. Each connection talks to a meter of its own. */
async function loadCiphered(load: {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly masterKey: MasterKey;
}): Promise<Omit<GetLoadResult, 'loadCpuSeconds' | 'answerBytes'>> {
  const { host, port, masterKey } = load;
  const clients = await Promise.all(
    Array.from({ length: MANY }, (_, meter) => {
      const { encryption, authentication } = masterKey.keysOf(meterSystemTitle(meter), 0);
      return connect({
        host,
        port,
        clientSap: MANAGER_SAP,
        serverSap: METER_SAP + meter,
        counterName: formatObis(parseObis('0.0.43.1.0.255')),
        security: { systemTitle: '4D53420000000001', encryptionKey: encryption, authenticationKey: authentication },
      });
    }),
  );
  const before = readProcess(load.pid)?.cpuSeconds ?? 0;
  const began = performance.now();
  const asked = await Promise.all(
    clients.map(async (client) => {
      let gets = 0;
      for (; performance.now() - began < SECONDS * 1000; gets++) await client.get(REGISTER, { classId: REGISTER_CLASS, attribute: 2 });
      return gets;
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const serverSeconds = (readProcess(load.pid)?.cpuSeconds ?? 0) - before;
  await Promise.all(clients.map((client) => client.close()));
  const gets = asked.reduce((sum, one) => sum + one, 0);
  return { connections: MANY, getsPerSecond: Math.round(gets / seconds), getsPerServerCpuSecond: Math.round(gets / serverSeconds) };
}
