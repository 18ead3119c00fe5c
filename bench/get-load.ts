/**
 * GET requests on raw sockets, one outstanding on each connection: what a DLMS server answers, and what that costs it. Bytes
 * are written ready-made and answers only counted, so that the load costs as little as it can. Any server on this machine
 * can be measured:
 *
 *   node dist-bench/bench/get-load.js --at 127.0.0.1:4063 --pid 1234 --client 16 --server 1 --class 3 --name 1.1.21.25.0.255
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { readProcess } from '../src/monitor/proc-file.ts';
import { decodeAare } from '../src/protocol/dlms/acse/aare.ts';
import { encodeAarq } from '../src/protocol/dlms/acse/aarq.ts';
import { Conformance } from '../src/protocol/dlms/acse/conformance.ts';
import { encodeInitiateRequest } from '../src/protocol/dlms/acse/initiate.ts';
import { encodeApdu } from '../src/protocol/dlms/apdu/apdu.ts';
import { parseObis } from '../src/protocol/dlms/data/obis.ts';
import { putWrapperHeader, WRAPPER_HEADER_BYTES } from '../src/protocol/wrapper/wpdu.ts';

export interface GetLoad {
  readonly host: string;
  readonly port: number;
  /** Process of the server. */
  readonly pid: number;
  readonly connections: number;
  readonly seconds: number;
  readonly clientSap: number;
  readonly serverSap: number;
  readonly classId: number;
  readonly name: Uint8Array;
  /** Of LLS; empty: none. */
  readonly password: Uint8Array;
}

export interface GetLoadResult {
  readonly connections: number;
  readonly getsPerSecond: number;
  readonly getsPerServerCpuSecond: number;
  readonly loadCpuSeconds: number;
  readonly answerBytes: number;
}

const ATTRIBUTE = 2;
const GET_INVOKE = 0xc1;
const GET_RESPONSE = 0xc4;
const WARM_UP_SECONDS = 1;

export async function loadWithGets(load: GetLoad): Promise<GetLoadResult> {
  const asking = await Promise.all(Array.from({ length: load.connections }, () => Asking.open(load)));
  for (const one of asking) one.ask();
  await sleep(WARM_UP_SECONDS * 1000);
  const before = cpuSecondsOf(load.pid);
  const ownBefore = process.cpuUsage();
  const began = performance.now();
  const from = total(asking);
  await sleep(load.seconds * 1000);
  const gets = total(asking) - from;
  const seconds = (performance.now() - began) / 1000;
  const own = process.cpuUsage(ownBefore);
  const serverSeconds = cpuSecondsOf(load.pid) - before;
  for (const one of asking) one.close();
  return {
    connections: load.connections,
    getsPerSecond: Math.round(gets / seconds),
    getsPerServerCpuSecond: Math.round(gets / serverSeconds),
    loadCpuSeconds: Number(((own.user + own.system) / 1e6).toFixed(2)),
    answerBytes: asking[0]?.answerBytes ?? 0,
  };
}

class Asking {
  answers = 0;
  answerBytes = 0;
  readonly #socket: Socket;
  readonly #request: Uint8Array;

  /** Connected and associated. */
  static async open(load: GetLoad): Promise<Asking> {
    const socket = connect({ host: load.host, port: load.port, noDelay: true });
    await once(socket, 'connect');
    socket.write(wrapped(associationRequest(load), load));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    const aare = decodeAare(answer.subarray(WRAPPER_HEADER_BYTES));
    if (aare.status !== 'frame' || aare.value.result !== 0) throw new Error(`no association: ${answer.toString('hex')}`);
    return new Asking(socket, load);
  }

  private constructor(socket: Socket, load: GetLoad) {
    this.#socket = socket;
    this.#request = wrapped(getRequest(load), load);
    // An answer is shorter than a segment, and there is one at a time: it comes in one piece.
    socket.on('data', (piece: Buffer) => {
      if (piece[WRAPPER_HEADER_BYTES] !== GET_RESPONSE) throw new Error(`no answer to a GET: ${piece.toString('hex')}`);
      this.answers++;
      this.answerBytes = piece.length;
      this.ask();
    });
  }

  ask(): void {
    this.#socket.write(this.#request);
  }

  close(): void {
    this.#socket.destroy();
  }
}

function associationRequest({ password }: GetLoad): Uint8Array {
  const userInformation = encodeInitiateRequest({
    dedicatedKey: null,
    responseAllowed: true,
    quality: null,
    version: 6,
    conformance: Conformance.get | Conformance.blockTransferWithGet | Conformance.selectiveAccess,
    pduBytesMax: 0xffff,
  });
  return encodeAarq({ context: 1, userInformation, ...(password.length === 0 ? {} : { mechanism: 1, authentication: password }) });
}

function getRequest({ classId, name }: GetLoad): Uint8Array {
  const attribute = { classId, logicalName: name, attribute: ATTRIBUTE };
  return encodeApdu({ service: 'get-request', kind: 'normal', invoke: GET_INVOKE, attribute, selection: null });
}

function wrapped(apdu: Uint8Array, { clientSap, serverSap }: GetLoad): Uint8Array {
  const bytes = new Uint8Array(WRAPPER_HEADER_BYTES + apdu.length);
  bytes.set(apdu, putWrapperHeader(bytes, 0, { source: clientSap, destination: serverSap }, apdu.length));
  return bytes;
}

function total(asking: readonly Asking[]): number {
  return asking.reduce((sum, { answers }) => sum + answers, 0);
}

function cpuSecondsOf(pid: number): number {
  const sample = readProcess(pid);
  if (sample === null) throw new Error(`no process ${pid}`);
  return sample.cpuSeconds;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      at: { type: 'string', default: '127.0.0.1:4059' },
      pid: { type: 'string' },
      connections: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '5' },
      client: { type: 'string', default: '16' },
      server: { type: 'string', default: '1' },
      class: { type: 'string', default: '3' },
      name: { type: 'string', default: '1.0.1.8.0.255' },
      password: { type: 'string', default: '' },
    },
  });
  const [host = '', port = ''] = values.at.split(':');
  const result = await loadWithGets({
    host,
    port: Number(port),
    pid: Number(values.pid),
    connections: Number(values.connections),
    seconds: Number(values.seconds),
    clientSap: Number(values.client),
    serverSap: Number(values.server),
    classId: Number(values.class),
    name: parseObis(values.name),
    password: new TextEncoder().encode(values.password),
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
