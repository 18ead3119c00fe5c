/**
 * A server's side of one connection, sans-IO: an APDU in, the APDU of the answer out. It holds the associations of the
 * connection, by client and server address (and, behind a gateway, by the device's), and knows nothing of sockets.
 *
 * Whatever a peer sends is answered, or dropped, and counted; nothing throws. At most `associationsMax` associations live at
 * once. An association takes part in one transfer at a time, whose memory is bounded; without one it holds a few objects.
 */

import { encodeApdu } from '../apdu/apdu.ts';
import type { Apdu, GeneralBlock } from '../apdu/apdu-types.ts';
import { readApdu } from '../apdu/apdu-decode.ts';
import { putApdu } from '../apdu/apdu-encode.ts';
import { ApduTag } from '../apdu/apdu-tag.ts';
import { GBT_HEAD_BYTES, GbtReceiver, GbtSender, isAcknowledgement } from '../apdu/gbt.ts';
import { type Gateway, gatewayHeadBytes, GATEWAY_REQUEST, putGatewayHead, readGateway } from '../apdu/gateway.ts';
import { AARQ } from '../acse/aarq.ts';
import { CONTEXT_LN_CIPHERED } from '../acse/names.ts';
import { Conformance } from '../acse/conformance.ts';
import { RLRQ } from '../acse/release.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import { familyOfTag } from '../security/ciphered-apdu.ts';
import { hlsToken, hlsTokenIsRight, type HlsExchange, isHlsMechanism } from '../security/hls.ts';
import { MessageCipher, type OpenedMessage, replyFields, type SealContext, sealedBytes } from '../security/message-cipher.ts';
import { Refusals } from '../security/refusals.ts';
import { AssociationService, counterException, openContext } from './association-service.ts';
import type { DeviceHost, LogicalDevice } from './device-host.ts';
import { ServerAssociation } from './server-association.ts';
import type { ServerStats } from './server-stats.ts';
import { REQUEST_BYTES_MAX, type Served, Services } from './services.ts';

export interface ServerCoreOptions {
  readonly stats: ServerStats;
  /** Bytes that nobody can guess: challenges. */
  readonly random: (bytes: number) => Uint8Array;
  /** Longest APDU that this server says it takes; default 65535. */
  readonly pduBytesMax?: number;
  /** What it offers; default all that is here. */
  readonly conformance?: number;
  /** Of one connection; default 64. */
  readonly associationsMax?: number;
  readonly challengeBytes?: number;
  /** Blocks that a client may send in one go with general-block-transfer, 1 .. 63; default 8. */
  readonly generalBlockWindow?: number;
}

/** All services with logical names that are here. */
export const SERVER_CONFORMANCE =
  Conformance.generalProtection |
  Conformance.generalBlockTransfer |
  Conformance.attribute0WithGet |
  Conformance.priority |
  Conformance.blockTransferWithGet |
  Conformance.blockTransferWithSet |
  Conformance.blockTransferWithAction |
  Conformance.multipleReferences |
  Conformance.dataNotification |
  Conformance.access |
  Conformance.get |
  Conformance.set |
  Conformance.selectiveAccess |
  Conformance.eventNotification |
  Conformance.action;

const DEFAULTS = {
  pduBytesMax: 0xffff,
  conformance: SERVER_CONFORMANCE,
  associationsMax: 64,
  challengeBytes: 16,
  generalBlockWindow: 8,
} as const;

/** What all connections of a server share: options, counts, scratch memory. */
export class ServerCore<D> {
  readonly options: Required<ServerCoreOptions>;
  readonly stats: ServerStats;
  readonly refusals = new Refusals();
  readonly cipher: MessageCipher;
  readonly associations: AssociationService<D>;
  readonly services = new Services<D>();
  /** An answer before it is ciphered. */
  readonly plain = new ByteWriter(1024);

  constructor(options: ServerCoreOptions) {
    this.options = { ...DEFAULTS, ...options };
    this.stats = options.stats;
    this.cipher = new MessageCipher(this.refusals);
    const { random, conformance, pduBytesMax, challengeBytes } = this.options;
    this.associations = new AssociationService<D>({ cipher: this.cipher, stats: this.stats, random, conformance, pduBytesMax, challengeBytes });
  }
}

/** All stations: whatever is asked of it is never answered. */
const BROADCAST_SAP = 0x7f;
const REPLY_TO_HLS = Object.freeze({ classId: 15, method: 1 });
const CURRENT_ASSOCIATION = Uint8Array.of(0, 0, 40, 0, 0, 255);
const NOTHING = new Uint8Array(0);

interface Station {
  readonly clientSap: number;
  readonly serverSap: number;
  readonly gateway: Gateway | null;
}

interface Held<D> {
  readonly clientSap: number;
  readonly serverSap: number;
  readonly networkId: number;
  readonly address: Uint8Array;
  readonly association: ServerAssociation<D>;
}

export class ServerConnection<D> {
  readonly #core: ServerCore<D>;
  readonly #host: DeviceHost<D>;
  /** Few: searched from the front. */
  #held: Held<D>[] = [];

  constructor(core: ServerCore<D>, host: DeviceHost<D>) {
    this.#core = core;
    this.#host = host;
  }

  get associations(): number {
    return this.#held.length;
  }

  /** One APDU. What answers it is appended to `out`; answers how many bytes that was, 0: nothing. */
  receive(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): number {
    const { stats } = this.#core;
    stats.apdus++;
    const from = out.at;
    if (apdu.length === 0) {
      stats.malformed++;
      return 0;
    }
    if (apdu[0] === GATEWAY_REQUEST) this.#receiveForGateway(apdu, clientSap, serverSap, out);
    else this.#receiveFor({ clientSap, serverSap, gateway: null }, apdu, out);
    if (serverSap === BROADCAST_SAP) out.at = from;
    const bytes = out.at - from;
    if (bytes > 0) stats.answers++;
    return bytes;
  }

  /**
   * A further APDU of the same answer: the next block of a burst of general blocks. Appended to `out` as in `receive`; to be
   * asked for until it answers 0.
   */
  more(clientSap: number, serverSap: number, out: ByteWriter): number {
    for (const held of this.#held) {
      const { association } = held;
      if (held.clientSap !== clientSap || held.serverSap !== serverSap || association.burst.length === 0) continue;
      const from = out.at;
      if (held.networkId >= 0) putGatewayHead(out, { networkId: held.networkId, address: held.address, response: true });
      out.put(association.burst[0] ?? NOTHING);
      association.burst = association.burst.slice(1);
      return out.at - from;
    }
    return 0;
  }

  /** The data link between these two is gone, and their associations with it. */
  leave(clientSap: number, serverSap: number): void {
    this.#held = this.#held.filter((held) => held.clientSap !== clientSap || held.serverSap !== serverSap);
  }

  close(): void {
    this.#held = [];
  }

  #receiveForGateway(bytes: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): void {
    const { stats } = this.#core;
    const gateway = readGateway(bytes);
    if (gateway === null || gateway.apdu.length === 0) {
      stats.malformed++;
      return;
    }
    const from = out.at;
    putGatewayHead(out, { networkId: gateway.networkId, address: gateway.address, response: true });
    const head = out.at;
    this.#receiveFor({ clientSap, serverSap, gateway }, gateway.apdu, out);
    if (out.at === head) out.at = from;
  }

  #receiveFor(station: Station, apdu: Uint8Array, out: ByteWriter): void {
    if (apdu[0] === AARQ) {
      this.#associate(station, apdu, out);
      return;
    }
    const association = this.#find(station) ?? this.#preEstablished(station);
    if (association === null) this.#withoutAssociation(station, apdu, out);
    else if (apdu[0] === RLRQ) {
      out.put(this.#core.associations.release(apdu, association));
      this.#forget(station);
    } else if (apdu[0] === ApduTag.generalBlockTransfer) this.#generalBlock(association, station, apdu, out);
    else {
      association.generalIn = null;
      association.generalOut = null;
      association.burst = [];
      this.#serve(association, { apdu, bytesMax: answerBytesMax(association, station), inBlocks: false }, out);
    }
  }

  // ---- Associations ----

  #associate(station: Station, apdu: Uint8Array, out: ByteWriter): void {
    const { stats, options, associations } = this.#core;
    const logical = this.#open(station);
    if (logical === null) {
      stats.unaddressed++;
      return;
    }
    this.#forget(station);
    if (this.#held.length >= options.associationsMax) {
      stats.overLimit++;
      putException(out, 1, 3, stats);
      return;
    }
    const { answer, association } = associations.associate(apdu, station, { logical, host: this.#host });
    if (association !== null) this.#hold(station, association);
    if (answer !== null) out.put(answer);
  }

  /** Whoever asks without an association is told so, if anybody is there. */
  #withoutAssociation(station: Station, apdu: Uint8Array, out: ByteWriter): void {
    const { stats } = this.#core;
    if (apdu[0] === RLRQ) {
      stats.malformed++;
      return;
    }
    if (this.#open(station) === null) stats.unaddressed++;
    else putException(out, 1, 1, stats);
  }

  #preEstablished(station: Station): ServerAssociation<D> | null {
    const logical = this.#open(station);
    const rights = logical?.client(station.clientSap) ?? null;
    if (logical === null || rights === null || rights.preEstablished === undefined) return null;
    if (this.#held.length >= this.#core.options.associationsMax) return null;
    const association = new ServerAssociation(station, logical, rights, {
      context: rights.preEstablished.context,
      mechanism: 0,
      conformance: rights.preEstablished.conformance & this.#core.options.conformance,
      clientPduBytesMax: rights.preEstablished.pduBytesMax,
      serverPduBytesMax: this.#core.options.pduBytesMax,
      clientTitle: rights.preEstablished.clientTitle,
      dedicatedKey: null,
      host: this.#host,
    });
    this.#hold(station, association);
    return association;
  }

  #open(station: Station): LogicalDevice<D> | null {
    const { gateway, serverSap } = station;
    if (gateway === null) return this.#host.open(serverSap);
    return this.#host.openGateway?.(gateway.networkId, gateway.address) ?? null;
  }

  #find(station: Station): ServerAssociation<D> | null {
    for (const held of this.#held) if (isAt(held, station)) return held.association;
    return null;
  }

  #forget(station: Station): void {
    const index = this.#held.findIndex((held) => isAt(held, station));
    if (index >= 0) this.#held.splice(index, 1);
  }

  #hold(station: Station, association: ServerAssociation<D>): void {
    const { clientSap, serverSap, gateway } = station;
    this.#held.push({ clientSap, serverSap, networkId: gateway?.networkId ?? -1, address: gateway?.address.slice() ?? NOTHING, association });
  }

  // ---- Services ----

  /** `bytesMax`: of the answer, ciphered. `inBlocks`: it will be cut into general blocks, so its length does not matter. */
  #serve(
    association: ServerAssociation<D>,
    request: { readonly apdu: Uint8Array; readonly bytesMax: number; readonly inBlocks: boolean },
    out: ByteWriter,
  ): void {
    const { apdu, bytesMax, inBlocks } = request;
    const { stats, plain } = this.#core;
    const family = familyOfTag(apdu[0] ?? 0);
    if (family === null) {
      if (association.context === CONTEXT_LN_CIPHERED && association.rights.policy !== 0) putException(out, 1, 1, stats);
      else this.#dispatch(association, { apdu, bytesMax, inBlocks }, out);
      return;
    }
    const opened = this.#openMessage(association, apdu, out);
    if (opened === null) return;
    plain.reset();
    const sealing = sealingOf(association, opened);
    const plainMax = inBlocks ? bytesMax : bytesMax - (sealedBytes(bytesMax, sealing(0)) - bytesMax);
    this.#dispatch(association, { apdu: opened.plaintext, bytesMax: plainMax, inBlocks }, plain);
    if (plain.at > 0 && opened.keySet !== 'broadcast') this.#seal(association, sealing, out);
    if (association.nextKeys === null) return;
    association.rights.security?.transfer(association.nextKeys);
    association.nextKeys = null;
  }

  #openMessage(association: ServerAssociation<D>, apdu: Uint8Array, out: ByteWriter): OpenedMessage | null {
    const { cipher, stats } = this.#core;
    const { security } = association.rights;
    if (security === null || association.context !== CONTEXT_LN_CIPHERED) {
      putException(out, 1, 1, stats);
      return null;
    }
    const opened = cipher.openBytes(apdu, openContext(association, security));
    if (opened.status === 'plain') return opened;
    if (opened.reason === 'replayed') {
      const dedicated = familyOfTag(apdu[0] ?? 0)?.endsWith('ded') === true;
      stats.exceptions++;
      out.put(counterException(association.receiveCounter(dedicated ? 'dedicated' : 'unicast').next));
    } else putException(out, opened.reason === 'policy' ? 1 : 2, opened.reason === 'policy' ? 1 : 5, stats);
    return null;
  }

  #seal(association: ServerAssociation<D>, sealing: (counter: number) => SealContext, out: ByteWriter): void {
    const { cipher, plain, stats } = this.#core;
    const tag = plain.bytes[0]!;
    // These have no ciphered form of their own.
    if (tag === ApduTag.exceptionResponse) {
      out.put(plain.view());
      return;
    }
    const context = sealing(0);
    const counter = association.sendCounter(context.keySet === 'dedicated').take();
    if (counter < 0) putException(out, 1, 3, stats);
    else cipher.seal(out, plain.view(), sealing(counter));
  }

  /** A request in plain; the answer in plain. */
  #dispatch(
    association: ServerAssociation<D>,
    request: { readonly apdu: Uint8Array; readonly bytesMax: number; readonly inBlocks: boolean },
    out: ByteWriter,
  ): void {
    const { stats } = this.#core;
    const decoded = readApdu(request.apdu);
    if (decoded.status !== 'frame') {
      stats.malformed++;
      const unknown = decoded.status === 'malformed' && (decoded.reason === 'service-unknown' || decoded.reason === 'short-name-service');
      putException(out, unknown ? 2 : 1, unknown ? 2 : 3, stats);
      return;
    }
    const apdu = decoded.value;
    if (association.challenges !== null) {
      this.#proveClient(association, apdu, out);
      return;
    }
    const from = out.at;
    const bytesMax = request.inBlocks ? Infinity : request.bytesMax;
    const served = this.#handle(association, apdu, out, bytesMax);
    if (served === 'unsupported') putException(out, 2, 2, stats);
    else if (served === 'too-long' || (served === 'answered' && out.at - from > bytesMax)) {
      out.at = from;
      putException(out, 1, 4, stats);
    }
  }

  #handle(association: ServerAssociation<D>, apdu: Apdu, out: ByteWriter, bytesMax: number): Served {
    const { stats, services } = this.#core;
    switch (apdu.service) {
      case 'get-request':
        stats.gets++;
        return services.get(association, apdu, out, bytesMax);
      case 'set-request':
        stats.sets++;
        return services.set(association, apdu, out);
      case 'action-request':
        stats.actions++;
        return services.action(association, apdu, out, bytesMax);
      case 'access-request':
        stats.accesses++;
        return services.access(association, apdu, out);
      default:
        // Answers and notifications: nobody asks a server that.
        stats.malformed++;
        return 'unsupported';
    }
  }

  // ---- HLS, pass 3 and 4 ----

  #proveClient(association: ServerAssociation<D>, apdu: Apdu, out: ByteWriter): void {
    const { stats, cipher } = this.#core;
    const { challenges, logical, rights, mechanism } = association;
    const isReply =
      apdu.service === 'action-request' &&
      apdu.kind === 'normal' &&
      apdu.method.classId === REPLY_TO_HLS.classId &&
      apdu.method.method === REPLY_TO_HLS.method &&
      Buffer.compare(apdu.method.logicalName, CURRENT_ASSOCIATION) === 0;
    if (!isReply || challenges === null || !isHlsMechanism(mechanism)) {
      putException(out, 1, 1, stats);
      return;
    }
    const exchange: HlsExchange = {
      mechanism,
      secret: rights.hlsSecret,
      key: rights.security?.keys ?? null,
      ownTitle: logical.systemTitle,
      peerTitle: association.clientTitle ?? NOTHING,
      ownChallenge: challenges.server,
      peerChallenge: challenges.client,
    };
    const token = octetsOf(apdu.parameter);
    const counter = mechanism === 5 ? association.sendCounter(false).take() : 0;
    const { invoke } = apdu;
    if (token === null || counter < 0 || !hlsTokenIsRight(cipher.frames, exchange, token)) {
      stats.failedAuthentications++;
      putApdu(out, { service: 'action-response', kind: 'normal', invoke, result: 3, data: null });
      this.#held = this.#held.filter((held) => held.association !== association);
      return;
    }
    const proof = new ByteWriter(64);
    proof.octetString(hlsToken(cipher.frames, exchange, counter));
    association.challenges = null;
    putApdu(out, { service: 'action-response', kind: 'normal', invoke, result: 0, data: { data: proof.copy() } });
  }

  // ---- General blocks ----

  #generalBlock(association: ServerAssociation<D>, station: Station, bytes: Uint8Array, out: ByteWriter): void {
    const { stats, options } = this.#core;
    const decoded = readApdu(bytes);
    if (decoded.status !== 'frame' || decoded.value.service !== 'general-block-transfer') {
      stats.malformed++;
      putException(out, 1, 3, stats);
      return;
    }
    if (!association.has(Conformance.generalBlockTransfer)) {
      putException(out, 2, 2, stats);
      return;
    }
    const block = decoded.value;
    const { generalOut } = association;
    if (isAcknowledgement(block) || (generalOut !== null && association.generalIn === null)) {
      this.#acknowledged(association, block, station, out);
      return;
    }
    // A first block begins anew, whatever ran before.
    if (association.generalIn === null || (block.block === 1 && association.generalIn.acknowledged > 1)) {
      association.generalIn = new GbtReceiver({ bytesMax: REQUEST_BYTES_MAX });
    }
    const incoming = association.generalIn;
    const taken = incoming.take(block);
    if (taken === 'part') return;
    if (taken === 'too-long' || taken === 'lost') {
      association.generalIn = null;
      putException(out, 1, 4, stats);
      return;
    }
    if (taken === 'answer') {
      putApdu(out, incoming.acknowledgement({ window: options.generalBlockWindow, ownBlocks: 0 }));
      return;
    }
    this.#answerInBlocks(association, { request: incoming.apdu(), received: incoming.acknowledged, window: block.window, station }, out);
  }

  #answerInBlocks(
    association: ServerAssociation<D>,
    of: { readonly request: Uint8Array; readonly received: number; readonly window: number; readonly station: Station },
    out: ByteWriter,
  ): void {
    const { options } = this.#core;
    const answer = new ByteWriter(256);
    const bytesMax = answerBytesMax(association, of.station);
    association.generalIn = null;
    this.#serve(association, { apdu: of.request, bytesMax, inBlocks: true }, answer);
    if (answer.at === 0) return;
    const sender = new GbtSender(answer.copy(), {
      blockBytes: Math.max(1, Math.min(bytesMax, 0xffff) - GBT_HEAD_BYTES),
      window: Math.max(1, of.window),
      ownWindow: options.generalBlockWindow,
    });
    association.generalOut = sender;
    this.#putBurst(association, sender.burst(of.received), out);
  }

  #acknowledged(association: ServerAssociation<D>, block: GeneralBlock, station: Station, out: ByteWriter): void {
    const { generalOut } = association;
    if (generalOut === null) {
      // Nothing is under way: what could it acknowledge.
      this.#core.stats.malformed++;
      return;
    }
    generalOut.peerHas(block.acknowledged, block.window);
    if (generalOut.isDone) {
      association.generalOut = null;
      // The next request may come along with the last acknowledgement.
      if (!isAcknowledgement(block)) this.#generalBlock(association, station, encodeApdu(block), out);
      return;
    }
    this.#putBurst(association, generalOut.burst(0), out);
  }

  /** The first block now, the others through `more`. */
  #putBurst(association: ServerAssociation<D>, blocks: readonly GeneralBlock[], out: ByteWriter): void {
    const [first, ...rest] = blocks.map((block) => encodeApdu(block));
    if (first !== undefined) out.put(first);
    association.burst = rest;
  }
}

function isAt<D>(held: Held<D>, { clientSap, serverSap, gateway }: Station): boolean {
  if (held.clientSap !== clientSap || held.serverSap !== serverSap) return false;
  if (gateway === null) return held.networkId < 0;
  return held.networkId === gateway.networkId && Buffer.compare(held.address, gateway.address) === 0;
}

/** Longest APDU that the client takes, without the prefix of a gateway. */
function answerBytesMax<D>(association: ServerAssociation<D>, { gateway }: Station): number {
  const { clientPduBytesMax } = association;
  const limit = clientPduBytesMax === 0 ? 0xffff : clientPduBytesMax;
  return gateway === null ? limit : limit - gatewayHeadBytes(gateway.address.length);
}

/** The answer is protected as the request was. */
function sealingOf<D>(association: ServerAssociation<D>, opened: OpenedMessage): (counter: number) => SealContext {
  const { family, protection, general } = opened;
  const { keys } = association.rights.security!;
  const dedicated = opened.keySet === 'dedicated';
  const common = {
    family,
    keySet: dedicated ? ('dedicated' as const) : ('unicast' as const),
    keys,
    sessionKey: dedicated ? association.dedicatedKey : null,
    authenticated: protection.authenticated,
    encrypted: protection.encrypted,
    systemTitle: association.logical.systemTitle,
    general: general === null ? null : replyFields(general),
  };
  return (counter) => ({ ...common, counter });
}

function putException(out: ByteWriter, state: number, reason: number, stats: ServerStats): void {
  stats.exceptions++;
  putApdu(out, { service: 'exception-response', state, reason, counter: null });
}

/** The octets of an encoded octet-string; null: it is none. */
function octetsOf(data: Uint8Array | null): Uint8Array | null {
  if (data === null || data[0] !== 9) return null;
  const length = data[1] ?? 0;
  return length < 0x80 && data.length === 2 + length ? data.subarray(2) : null;
}
