/**
 * What our client does with servers of other makers, the same on each run: challenges and dedicated keys that count, the
 * invocation counter as the server tells it or from 1. What is sent is a function of the answers alone, so a session that
 * was recorded can be had again without the server.
 */

import { VirtualClock } from '../../base/clock.ts';
import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import { instantOf } from '../../protocol/dlms/client/instant.ts';
import type { ObjectListEntry } from '../../protocol/dlms/client/object-list.ts';
import { type PlainValue, plainValue } from '../../protocol/dlms/client/plain-value.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { SendCounter } from '../../protocol/dlms/security/counters.ts';
import { bytesOf, hexOf } from '../wire/recorded-session.fixture.ts';
import type { Connection, ConnectionHandlers, Wire } from '../wire/wire.ts';
import { connect, type ConnectOptions } from './connect.ts';
import type { DlmsClient } from './dlms-client.ts';

/** `long`: one attribute that only fits in blocks. */
export type Step = 'objects' | 'attributes' | 'list' | 'register' | 'clock' | 'entries' | 'range' | 'relay' | 'long' | 'release';

export interface ClientSession {
  readonly name: string;
  readonly shows: string;
  /** All but where the server is, and how it is reached. */
  readonly options: Omit<ConnectOptions, 'host' | 'port' | 'wire' | 'clock'>;
  readonly steps: readonly Step[];
}

/** What each step brought, `associate` first: for JSON. A failure is `{ error: code }`. */
export type Results = Record<string, unknown>;

const RELAY = '0.0.96.3.10.255';
const PROFILE = '1.0.99.1.0.255';
const LONG = { name: '0.0.96.50.0.255', classId: 1, attribute: 2 };

const KEYS = {
  systemTitle: '4D534D4D00000001',
  encryptionKey: '000102030405060708090A0B0C0D0E0F',
  authenticationKey: 'D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF',
};
const COUNTER = '0.0.43.1.0.255';
const WRAPPER = { framing: 'wrapper' } as const;
const HDLC = { framing: 'hdlc' } as const;
const HDLC_1000 = { framing: 'hdlc', hdlc: { limits: { transmitBytes: 1000, receiveBytes: 1000 } } } as const;
const HDLC_4_BYTES = { framing: 'hdlc', hdlc: { physicalAddress: 4456, addressBytes: 4 } } as const;

const EVERYTHING: readonly Step[] = ['objects', 'attributes', 'list', 'clock', 'entries', 'range', 'relay', 'release'];
const READING: readonly Step[] = ['objects', 'list', 'clock', 'entries', 'range', 'release'];

/** GuruxDLMS.c: none at 16, LLS at 17, HLS 5 at 1; grants the public client neither selective access nor lists. */
export const C_SERVER_SESSIONS: readonly ClientSession[] = [
  { name: 'wrapper-none', shows: 'wrapper, no authentication', options: WRAPPER, steps: ['objects', 'list', 'clock', 'entries', 'release'] },
  { name: 'wrapper-lls', shows: 'wrapper, LLS', options: { ...WRAPPER, clientSap: 17, password: 'Gurux' }, steps: READING },
  { name: 'wrapper-hls5', shows: 'wrapper, HLS 5 (GMAC), ciphered; every attribute', options: { ...WRAPPER, security: KEYS, counterName: COUNTER }, steps: EVERYTHING },
  {
    name: 'wrapper-hls5-pdu300',
    shows: 'wrapper, HLS 5 (GMAC), ciphered; PDU of 300 bytes, so answers come in blocks',
    options: { ...WRAPPER, security: KEYS, counterName: COUNTER, association: { pduBytesMax: 300 } },
    steps: ['objects', 'entries', 'range', 'relay', 'release'],
  },
  {
    name: 'wrapper-hls5-general-glo',
    shows: 'wrapper, HLS 5 (GMAC), general-glo-ciphering',
    options: { ...WRAPPER, security: { ...KEYS, ciphering: 'general-glo' }, counterName: COUNTER },
    steps: READING,
  },
  {
    name: 'wrapper-hls5-dedicated-key',
    shows: 'wrapper, HLS 5 (GMAC), dedicated key',
    options: { ...WRAPPER, security: { ...KEYS, ciphering: 'ded' }, counterName: COUNTER },
    steps: READING,
  },
  { name: 'wrapper-lls-wrong-password', shows: 'wrapper, LLS; wrong password: refused', options: { ...WRAPPER, clientSap: 17, password: 'wrong' }, steps: [] },
  {
    name: 'wrapper-hls5-wrong-key',
    shows: 'wrapper, HLS 5 (GMAC); wrong key: refused',
    options: { ...WRAPPER, security: { ...KEYS, encryptionKey: 'FF'.repeat(16) }, counterName: COUNTER },
    steps: [],
  },
  {
    name: 'wrapper-lls-pdu100',
    shows: 'wrapper, LLS; PDU of 100 bytes, for which the server sends a longer one with another APDU behind it: given up',
    options: { ...WRAPPER, clientSap: 17, password: 'Gurux', association: { pduBytesMax: 100 } },
    steps: ['objects'],
  },
  { name: 'hdlc-none', shows: 'HDLC, no authentication', options: HDLC, steps: ['clock', 'release'] },
  { name: 'hdlc-lls', shows: 'HDLC, LLS', options: { ...HDLC, clientSap: 17, password: 'Gurux' }, steps: READING },
  { name: 'hdlc-hls5', shows: 'HDLC, HLS 5 (GMAC), ciphered', options: { ...HDLC, security: KEYS, counterName: COUNTER }, steps: ['objects', 'list', 'clock', 'entries', 'range', 'relay', 'release'] },
  { name: 'hdlc-4-byte-address', shows: 'HDLC, server address of 4 bytes, LLS', options: { ...HDLC_4_BYTES, clientSap: 17, password: 'Gurux' }, steps: ['clock', 'entries', 'release'] },
];

/** jDLMS: none at 16, LLS at 17, HLS 5 at 1, with counters that begin at 1. No profile, no clock. An SNRM must have parameters. */
export const JDLMS_SERVER_SESSIONS: readonly ClientSession[] = [
  { name: 'wrapper-none', shows: 'wrapper, no authentication', options: WRAPPER, steps: ['objects', 'attributes', 'release'] },
  { name: 'wrapper-lls', shows: 'wrapper, LLS', options: { ...WRAPPER, clientSap: 17, password: '12345678' }, steps: ['objects', 'attributes', 'list', 'long', 'release'] },
  { name: 'wrapper-hls5', shows: 'wrapper, HLS 5 (GMAC), ciphered; every attribute', options: { ...WRAPPER, security: KEYS }, steps: ['objects', 'attributes', 'list', 'relay', 'long', 'release'] },
  {
    name: 'wrapper-hls5-pdu128',
    shows: 'wrapper, HLS 5 (GMAC), ciphered; PDU of 128 bytes, so answers come in blocks',
    options: { ...WRAPPER, security: KEYS, association: { pduBytesMax: 128 } },
    steps: ['objects', 'long', 'relay', 'release'],
  },
  { name: 'wrapper-lls-wrong-password', shows: 'wrapper, LLS; wrong password: refused', options: { ...WRAPPER, clientSap: 17, password: 'wrong' }, steps: [] },
  { name: 'wrapper-hls5-wrong-key', shows: 'wrapper, HLS 5 (GMAC); wrong key: refused', options: { ...WRAPPER, security: { ...KEYS, encryptionKey: 'FF'.repeat(16) } }, steps: [] },
  { name: 'hdlc-lls', shows: 'HDLC, LLS', options: { ...HDLC_1000, clientSap: 17, password: '12345678' }, steps: ['objects', 'list', 'release'] },
  { name: 'hdlc-hls5', shows: 'HDLC, HLS 5 (GMAC), ciphered', options: { ...HDLC_1000, security: KEYS }, steps: ['objects', 'list', 'relay', 'long', 'release'] },
];

/** Does what the session wants over `wire`; never rejects for what a server does. */
export async function runSession(session: ClientSession, to: { readonly wire: Wire; readonly port: number }): Promise<Results> {
  const { options } = session;
  let drawn = 0;
  const random = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, () => ++drawn & 0xff);
  const results: Results = {};
  let client: DlmsClient | null = null;
  await noted(results, 'associate', async () => {
    client = await connect({
      ...options,
      ...(options.security === undefined ? {} : { security: { ...options.security, sendCounter: new SendCounter(1) } }),
      association: { ...options.association, random },
      host: '127.0.0.1',
      port: to.port,
      wire: to.wire,
      // Nobody is waited for: an answer comes, or the link is gone.
      clock: new VirtualClock(),
    });
    const { conformance, serverPduBytesMax } = client.negotiated ?? {};
    return { conformance, serverPduBytesMax };
  });
  if (client === null) return results;
  const run = new StepRun(client);
  for (const step of session.steps) await noted(results, step, () => run.step(step));
  await run.client.link.close();
  return results;
}

class StepRun {
  readonly client: DlmsClient;
  #objects: readonly ObjectListEntry[] = [];

  constructor(client: DlmsClient) {
    this.client = client;
  }

  async step(step: Step): Promise<unknown> {
    const { client } = this;
    switch (step) {
      case 'objects':
        this.#objects = await client.objects();
        return this.#objects.map(({ classId, version, obis }) => `${classId} v${version} ${obis}`);
      case 'attributes':
        return await this.#attributes();
      case 'list':
        return (await client.getList(this.#firstRegisters())).map((data) => (data === null ? null : json(data)));
      case 'register':
        return await client.register('1.0.1.8.0.255');
      case 'clock':
        return await client.clock();
      case 'entries': {
        const { columns, rows } = await client.profile(PROFILE, { entries: { from: 1, to: 3 } });
        return { columns: columns.map(({ obis }) => obis), rows: rows.map((row) => row.map(json)) };
      }
      case 'range':
        return await this.#range();
      case 'relay':
        return await this.#relay();
      case 'long':
        return json(await client.get(LONG.name, LONG));
      case 'release':
        await client.close();
        return { state: client.negotiated === null ? 'released' : 'associated' };
    }
  }

  /** Those that the rights let read. */
  async #attributes(): Promise<Record<string, unknown>> {
    const values: Record<string, unknown> = {};
    for (const { classId, logicalName, obis, attributes } of this.#objects) {
      for (const { attribute, mode } of attributes) {
        if ((mode & 1) === 0) continue;
        await noted(values, `${classId} ${obis} ${attribute}`, async () => json(await this.client.get(logicalName, { classId, attribute })));
      }
    }
    return values;
  }

  #firstRegisters(): readonly { readonly name: Uint8Array; readonly classId: number; readonly attribute: number }[] {
    const registers = this.#objects.filter(({ classId }) => classId === 3 || classId === 1).slice(0, 3);
    return registers.map(({ classId, logicalName }) => ({ name: logicalName, classId, attribute: 2 }));
  }

  /** Two hours from the third row on. */
  async #range(): Promise<unknown> {
    const { rows } = await this.client.profile(PROFILE, { entries: { from: 3, to: 3 } });
    const stamp = rows[0]?.[0];
    const from = stamp === undefined ? null : (instantOf(stamp)?.unixSeconds ?? null);
    if (from === null) return { rows: null };
    const found = await this.client.profile(PROFILE, { range: { from, to: from + 7200 } });
    return { from, rows: found.rows.map((row) => row.map(json)) };
  }

  async #relay(): Promise<unknown> {
    const state = async (): Promise<unknown> => json(await this.client.get(RELAY, { classId: 70, attribute: 3 }));
    const states = [await state()];
    for (const method of [2, 1]) {
      await this.client.action(RELAY, { classId: 70, method }, { type: 'integer', value: 0 });
      states.push(await state());
    }
    return { states };
  }
}

async function noted(into: Record<string, unknown>, name: string, what: () => Promise<unknown>): Promise<void> {
  try {
    into[name] = await what();
  } catch (error) {
    if (!(error instanceof DlmsError)) throw error;
    const { result } = error.details;
    into[name] = { error: error.code, ...(result === undefined ? {} : { result }) };
  }
}

function json(data: Data): unknown {
  return jsonOf(plainValue(data));
}

function jsonOf(value: PlainValue): unknown {
  if (value instanceof Uint8Array) return hexOf(value);
  if (typeof value === 'bigint') return value.toString();
  return Array.isArray(value) ? value.map((element: PlainValue) => jsonOf(element)) : value;
}

type Exchange = readonly [sent: string, answered: string];

/** A server that is not there: it answers what was recorded, as long as it is sent what was recorded. */
export class ReplayWire implements Wire {
  /** What was sent otherwise than recorded, or was not sent any more. Null: nothing. */
  difference: { readonly sent: string; readonly recorded: string } | null = null;
  readonly #connections: readonly (readonly Exchange[])[];
  readonly #pieceBytes: number;
  #dialled = 0;
  #left: Exchange[] = [];

  /** `pieceBytes`: in pieces of how many bytes answers come. */
  constructor(connections: readonly (readonly Exchange[])[], pieceBytes = Infinity) {
    this.#connections = connections;
    this.#pieceBytes = pieceBytes;
  }

  /** Exchanges of the recording that did not happen. */
  get left(): number {
    const rest = this.#connections.slice(this.#dialled).reduce((sum, exchanges) => sum + exchanges.length, 0);
    return rest + this.#left.length;
  }

  listen(): void {
    throw new Error('nobody listens here');
  }

  connect(options: { readonly to: { readonly address: string; readonly port: number } }, handlers: ConnectionHandlers): Connection {
    this.#left = [...(this.#connections[this.#dialled++] ?? [])];
    let sent = '';
    let closed = false;
    const close = (reason: 'local' | 'remote' | 'reset'): void => {
      if (closed) return;
      closed = true;
      queueMicrotask(() => handlers.onClose(reason));
    };
    queueMicrotask(() => handlers.onOpen?.());
    return {
      local: { address: '127.0.0.1', port: 50_000 },
      remote: options.to,
      queuedBytes: 0,
      write: (bytes) => {
        sent += hexOf(bytes);
        const [expected, answered] = this.#left[0] ?? ['', ''];
        if (!expected.startsWith(sent)) {
          this.difference ??= { sent, recorded: expected };
          close('reset');
        } else if (sent === expected) {
          sent = '';
          this.#left.shift();
          // A server that says nothing hangs up.
          if (answered === '') close('remote');
          else queueMicrotask(() => this.#answer(bytesOf(answered), (piece) => !closed && handlers.onData(piece)));
        }
        return true;
      },
      pause: () => {},
      resume: () => {},
      end: () => close('local'),
      destroy: () => close('local'),
    };
  }

  #answer(bytes: Uint8Array, give: (piece: Uint8Array) => void): void {
    for (let at = 0; at < bytes.length; at += this.#pieceBytes) {
      const piece = bytes.slice(at, at + this.#pieceBytes);
      give(piece);
      piece.fill(0xee);
    }
  }
}
