/**
 * Whatever a peer sends: inputs made from a seed by mutating right ones (recorded sessions of other makers' clients, vectors,
 * services of every kind), given to the decoders and to the whole server with its real meters and concentrators.
 *
 * What must hold: nothing throws; a decoder that says `frame` has a value that is written and read back as the same bytes; the
 * server answers or is silent, and keeps no more associations than allowed. Inputs that reach behind the ciphering are sealed
 * after they were mutated, with the right key and counter.
 */

import { draw, streamKey } from '../base/random.ts';
import { Presence } from '../grid/plan/presence.ts';
import { DatagramServerFraming, type ServerFraming, WrapperServerFraming } from '../network/dlms/server-framing.ts';
import { HdlcServerFraming } from '../network/dlms/hdlc-server-framing.ts';
import { decodeAarq, encodeAarq } from '../protocol/dlms/acse/aarq.ts';
import { decodeAare } from '../protocol/dlms/acse/aare.ts';
import { decodeRlrq } from '../protocol/dlms/acse/release.ts';
import { decodeInitiateRequest, encodeInitiateRequest } from '../protocol/dlms/acse/initiate.ts';
import { decodeApdu, encodeApdu } from '../protocol/dlms/apdu/apdu.ts';
import { readGateway } from '../protocol/dlms/apdu/gateway.ts';
import { AxdrReader } from '../protocol/dlms/data/axdr-reader.ts';
import { ByteWriter } from '../protocol/dlms/data/byte-writer.ts';
import { decodeData, encodeData, skipData } from '../protocol/dlms/data/data-codec.ts';
import { PushDecoder } from '../protocol/dlms/push/push-decode.ts';
import { meterSystemTitle } from '../protocol/dlms/push/logical-device-name.ts';
import { decodeCiphered } from '../protocol/dlms/security/ciphered-apdu.ts';
import { MasterKey, type SecurityKeys } from '../protocol/dlms/security/keys.ts';
import { MessageCipher } from '../protocol/dlms/security/message-cipher.ts';
import { Refusals } from '../protocol/dlms/security/refusals.ts';
import { ServerConnection } from '../protocol/dlms/server/server-connection.ts';
import { ServerCore } from '../protocol/dlms/server/server-core.ts';
import { SERVER_CONFORMANCE } from '../protocol/dlms/server/server-settings.ts';
import { emptyServerStats } from '../protocol/dlms/server/server-stats.ts';
import { ReadingBatch } from '../reading/batch.ts';
import type { SegmentGrid } from '../run/segment.ts';
import { ConcentratorHosts } from '../simulator/concentrator/concentrator-host.ts';
import { concentratorKind } from '../simulator/concentrator/concentrator-view.ts';
import type { Device } from '../simulator/meter/device.ts';
import { meterKind } from '../simulator/meter/meter-view.ts';

/** Right bytes to begin from: APDUs, and streams as they lie in a connection. */
export interface FuzzCorpus {
  readonly apdus: readonly Uint8Array[];
  /** One Data each. */
  readonly data: readonly Uint8Array[];
  readonly streams: readonly Uint8Array[];
}

export interface FuzzCounts {
  inputs: number;
  /** By target and outcome, `apdu frame`, `server answered`. */
  readonly outcomes: Record<string, number>;
}

/** An input that did what no input may do. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';

  constructor(target: string, input: Uint8Array, cause: unknown) {
    super(`${target}: ${(cause as Error).message}; input ${Buffer.from(input).toString('hex')}`, { cause });
  }
}

const METER_SAP = 16;
const MANAGER = 1;
const INPUT_BYTES_MAX = 4096;
/** Inputs after which a connection is given up and another one made. */
const CONNECTION_INPUTS = 60;
const CLIENT_TITLE = Uint8Array.of(0x4d, 0x53, 0x4d, 0x48, 0x45, 0x53, 0, 9);
const REQUEST_TAGS = [0xc0, 0xc1, 0xc3, 0xd9] as const;
const PLAIN_TAGS = [...REQUEST_TAGS, 0xc4, 0xc5, 0xc7, 0x0f, 0xc2, 0xd8, 0xda, 0x0e, 0xe0] as const;
const INTERESTING = [0, 1, 2, 6, 9, 0x0c, 0x13, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xfe, 0xff, 0xc0, 0xc1, 0xc3, 0xd9, 0xe0, 0xe6, 0x60, 0x62];

export class DlmsFuzz {
  readonly counts: FuzzCounts = { inputs: 0, outcomes: {} };
  readonly #corpus: FuzzCorpus;
  readonly #byTag = new Map<number, readonly Uint8Array[]>();
  readonly #key: number;
  #draws = 0;
  readonly #out = new ByteWriter(4096);
  readonly #reader = new AxdrReader();
  readonly #push = new PushDecoder();
  readonly #batch = new ReadingBatch(10_000);
  readonly #cipher = new MessageCipher(new Refusals());
  readonly #keys: SecurityKeys;
  readonly #password: Uint8Array;
  readonly #open: Server;
  readonly #secured: Server;
  readonly #targets: readonly (readonly [name: string, run: (target: string) => void])[];

  constructor(options: { readonly seed: number; readonly grid: SegmentGrid; readonly corpus: FuzzCorpus }) {
    const { seed, grid, corpus } = options;
    this.#corpus = corpus;
    this.#key = streamKey(seed, 'dlms-fuzz');
    const master = new MasterKey(Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 0xff));
    this.#keys = master.keysOf(meterSystemTitle(grid.stations.firstMeter[grid.plan.fromStation]!), 0);
    this.#password = master.passwordOf(meterSystemTitle(grid.stations.firstMeter[grid.plan.fromStation]!), 'manager');
    this.#open = new Server(grid, null);
    this.#secured = new Server(grid, master);
    this.#associate(this.#open);
    this.#associate(this.#secured);
    for (const apdu of corpus.apdus) {
      const tag = apdu[0] ?? 0;
      this.#byTag.set(tag, [...(this.#byTag.get(tag) ?? []), apdu]);
    }
    const decoder = (decode: (bytes: Uint8Array) => string, ...tags: readonly number[]) => (target: string) =>
      this.#decode(target, this.#apdu(tags), decode);
    this.#targets = [
      ['data', (target) => this.#decode(target, this.#mutated(this.#pick(this.#corpus.data)), (bytes) => this.#data(bytes))],
      ['apdu', decoder(roundTrip, ...PLAIN_TAGS)],
      ['apdu', decoder(roundTrip)],
      ['aarq', decoder((bytes) => decodeAarq(bytes).status, 0x60)],
      ['aare', decoder((bytes) => decodeAare(bytes).status, 0x61)],
      ['rlrq', decoder((bytes) => decodeRlrq(bytes).status, 0x62)],
      ['initiate', decoder((bytes) => decodeInitiateRequest(bytes).status, 0x01)],
      ['gateway', decoder((bytes) => (readGateway(bytes) === null ? 'none' : 'frame'), 0xe6, 0xe7)],
      ['ciphered', decoder((bytes) => decodeCiphered(this.#reader, bytes).status, 0xdb, 0xc8, 0xcb)],
      ['push', decoder((bytes) => this.#pushed(bytes), 0x0f)],
      ['server', (target) => this.#serve(target, this.#open, this.#apdu(REQUEST_TAGS))],
      ['server', (target) => this.#serve(target, this.#open, this.#apdu(PLAIN_TAGS))],
      ['server', (target) => this.#serve(target, this.#open, this.#apdu([]))],
      ['server ciphered', (target) => this.#serve(target, this.#secured, this.#sealed())],
      ['server secured', (target) => this.#serve(target, this.#secured, this.#apdu([]))],
      ['stream', (target) => this.#stream(target)],
    ];
  }

  /** `count` inputs. Throws FuzzFailure for one that breaks what must hold. */
  run(count: number): void {
    for (let i = 0; i < count; i++) {
      const [name, target] = this.#targets[this.#below(this.#targets.length)]!;
      target(name);
      this.counts.inputs++;
    }
  }

  // ---- Targets ----

  #decode(target: string, input: Uint8Array, decode: (bytes: Uint8Array) => string): void {
    try {
      this.#count(target, decode(input));
    } catch (error) {
      throw new FuzzFailure(target, input, error);
    }
  }

  #data(bytes: Uint8Array): string {
    this.#reader.reset(bytes, 0, bytes.length);
    skipData(this.#reader);
    const skipped = this.#reader.failure === null && this.#reader.left === 0;
    const decoded = decodeData(bytes);
    if (skipped !== (decoded.status === 'frame')) throw new Error('passing over and reading disagree');
    if (decoded.status !== 'frame') return decoded.status;
    const again = encodeData(decoded.value);
    const twice = decodeData(again);
    if (twice.status !== 'frame' || Buffer.compare(encodeData(twice.value), again) !== 0) throw new Error('it is not written as it was read');
    return 'frame';
  }

  #pushed(bytes: Uint8Array): string {
    this.#batch.length = 0;
    return this.#push.decode(bytes, 0, bytes.length, this.#batch).status;
  }

  #serve(target: string, server: Server, input: Uint8Array): void {
    try {
      const sap = this.#below(8) === 0 ? this.#below(130) : METER_SAP;
      this.#out.reset();
      const bytes = server.connection.receive(input, this.#below(6) === 0 ? 16 : MANAGER, sap, this.#out);
      for (let more = 0; more < 64 && server.connection.more(MANAGER, sap, this.#out) > 0; more++);
      if (bytes !== 0 && this.#out.at < bytes) throw new Error('it says that it answered, and did not');
      if (server.connection.associations > server.core.settings.associationsMax) throw new Error('too many associations');
      this.#count(target, bytes === 0 ? 'silent' : this.#out.bytes[0] === 0xd8 ? 'exception' : 'answered');
    } catch (error) {
      throw new FuzzFailure(target, input, error);
    }
    const lost = server.connection.associations === 0 && this.#below(2) === 0;
    if (++server.used < CONNECTION_INPUTS && !lost) return;
    server.renew();
    this.#associate(server);
  }

  /** So that what follows is within an association, until some input ends it. */
  #associate(server: Server): void {
    const secured = server === this.#secured;
    const initiate = encodeInitiateRequest({
      dedicatedKey: null,
      responseAllowed: true,
      quality: null,
      version: 6,
      conformance: SERVER_CONFORMANCE,
      pduBytesMax: 200 + this.#below(2000),
    });
    const aarq = encodeAarq({
      context: secured ? 3 : 1,
      callingTitle: secured ? CLIENT_TITLE : null,
      mechanism: secured ? 1 : null,
      authentication: secured ? this.#password : null,
      userInformation: secured ? this.#seal(initiate, 'glo') : initiate,
    });
    this.#out.reset();
    server.connection.receive(aarq, MANAGER, METER_SAP, this.#out);
    this.#count(secured ? 'secured association' : 'association', server.connection.associations > 0 ? 'made' : 'refused');
  }

  #stream(target: string): void {
    const input = this.#mutated(this.#pick(this.#corpus.streams));
    const framing = this.#framing(input[0] ?? 0);
    try {
      for (let from = 0; from < input.length; ) {
        const to = Math.min(input.length, from + 1 + this.#below(64));
        this.#out.reset();
        const broken = framing.receive(input.subarray(from, to), this.#out);
        if (broken !== null) {
          this.#count(target, broken);
          return;
        }
        from = to;
      }
      this.#count(target, 'followed');
    } catch (error) {
      throw new FuzzFailure(target, input, error);
    }
  }

  #framing(first: number): ServerFraming {
    const handler = this.#open.connect();
    if (first === 0x7e || this.#below(8) === 0) return new HdlcServerFraming(handler, { apduBytesMax: 0xffff });
    if (this.#below(8) === 0) return new DatagramServerFraming(handler, { apduBytesMax: 0xffff, onDropped: () => {} });
    return new WrapperServerFraming(handler, { apduBytesMax: 0xffff });
  }

  // ---- Inputs ----

  /** Mostly of these tags, each alike, however seldom it is in the corpus; none: of any. */
  #apdu(tags: readonly number[]): Uint8Array {
    const known = tags.length === 0 || this.#below(8) === 0 ? [...this.#byTag.keys()] : tags;
    const tag = known[this.#below(known.length)] ?? 0;
    return this.#mutated(this.#pick(this.#byTag.get(tag) ?? this.#corpus.apdus));
  }

  /** A service that is mutated first and sealed then, as the manager would. */
  #sealed(): Uint8Array {
    const plain = this.#apdu(REQUEST_TAGS);
    const family = [0xc0, 0xc1, 0xc3].includes(plain[0] ?? 0) && this.#below(2) === 0 ? 'glo' : 'general-glo';
    return this.#seal(plain.length === 0 ? Uint8Array.of(0) : plain, family);
  }

  #seal(plain: Uint8Array, family: 'glo' | 'general-glo'): Uint8Array {
    const out = new ByteWriter(256);
    this.#cipher.seal(out, plain, {
      family,
      keySet: 'unicast',
      keys: this.#keys,
      sessionKey: null,
      authenticated: true,
      encrypted: true,
      systemTitle: CLIENT_TITLE,
      counter: this.#secured.counter++,
      general: null,
    });
    return out.copy();
  }

  #pick(list: readonly Uint8Array[]): Uint8Array {
    return list[this.#below(list.length)] ?? new Uint8Array(0);
  }

  #mutated(right: Uint8Array): Uint8Array {
    let bytes: Uint8Array = right.slice(0, INPUT_BYTES_MAX);
    for (let times = this.#below(4); times > 0; times--) bytes = this.#mutate(bytes);
    return bytes;
  }

  #mutate(bytes: Uint8Array): Uint8Array {
    const at = this.#below(Math.max(1, bytes.length));
    switch (this.#below(8)) {
      case 0:
        if (bytes.length > 0) bytes[at]! ^= 1 << this.#below(8);
        return bytes;
      case 1:
        return bytes.slice(0, at);
      case 2:
        if (bytes.length > 0) bytes[at] = INTERESTING[this.#below(INTERESTING.length)]!;
        return bytes;
      case 3:
        return joined(bytes.subarray(0, at), Uint8Array.of(INTERESTING[this.#below(INTERESTING.length)]!), bytes.subarray(at));
      case 4: {
        const other = this.#pick(this.#corpus.apdus);
        const from = this.#below(Math.max(1, other.length));
        return joined(bytes.subarray(0, at), other.subarray(from, from + this.#below(64)), bytes.subarray(at));
      }
      case 5:
        return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + this.#below(8)));
      case 6: {
        // Nested ever deeper, or counted beyond all measure.
        const nest = Uint8Array.from({ length: 2 * (1 + this.#below(60)) }, (_, i) => (i % 2 === 0 ? 1 + (at % 2) : 1));
        return joined(bytes.subarray(0, at), nest, Uint8Array.of(1, 0x84, 0xff, 0xff, 0xff, 0xff), bytes.subarray(at));
      }
      default:
        for (let i = 0; i < 4 && at + i < bytes.length; i++) bytes[at + i] = this.#below(256);
        return bytes;
    }
  }

  #count(target: string, outcome: string): void {
    const { outcomes } = this.counts;
    const name = `${target} ${outcome}`;
    outcomes[name] = (outcomes[name] ?? 0) + 1;
  }

  #below(count: number): number {
    return draw(this.#key, this.#draws++ >>> 0) % count;
  }
}

/** A server that is talked to on one connection after the other. */
class Server {
  readonly core = new ServerCore({ stats: emptyServerStats(), random: (bytes) => Uint8Array.from({ length: bytes }, (_, i) => (i * 17 + 3) & 0xff) });
  connection: ServerConnection<Device>;
  used = 0;
  /** Next invocation counter of the client. */
  counter = 1;
  readonly #hosts: ConcentratorHosts;
  readonly #station: number;

  constructor(grid: SegmentGrid, masterKey: MasterKey | null) {
    const { scenario, stations, meters, truth } = grid;
    const { fromStation, toStation, steps } = grid.plan;
    const rows = new Presence({ scenario, stations, meters, fromStation, toStation });
    const { start, intervalSeconds } = scenario.behaviour;
    const nowUnixSeconds = (): number => start.unixSeconds + (steps - 1) * intervalSeconds;
    this.#station = fromStation;
    this.#hosts = new ConcentratorHosts({
      meterKind: meterKind({ scenario, meters, truth, rows, nowUnixSeconds }),
      concentratorKind: concentratorKind({ scenario, stations, fromStation, toStation, truth, rows, nowUnixSeconds }),
      security: masterKey === null ? null : { masterKey, suite: 0, counterStart: 1 },
    });
    this.connection = this.connect();
    this.renew();
  }

  connect(): ServerConnection<Device> {
    return new ServerConnection(this.core, this.#hosts.of(this.#station));
  }

  renew(): void {
    this.connection.close();
    this.connection = this.connect();
    this.used = 0;
  }
}

function roundTrip(bytes: Uint8Array): string {
  const decoded = decodeApdu(bytes);
  if (decoded.status !== 'frame') return decoded.status;
  const again = encodeApdu(decoded.value);
  const twice = decodeApdu(again);
  if (twice.status !== 'frame' || Buffer.compare(encodeApdu(twice.value), again) !== 0) throw new Error('it is not written as it was read');
  return 'frame';
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
