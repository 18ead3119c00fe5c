/**
 * The server's side of one connection, sans-IO: one APDU in, the APDU that answers it out. It holds the associations of the
 * connection, by client and server address and, behind a gateway, by the device's address; it knows nothing of sockets.
 *
 *   wrapper or HDLC -> [gateway prefix] -> AARQ | RLRQ | [general block] -> [ciphering] -> service
 *
 * Whatever a peer sends is answered or dropped, and counted; nothing throws. What a peer can make it remember is bounded:
 * a number of associations, and in each at most one request and one answer in blocks.
 */

import { AARQ, decodeAarq } from '../acse/aarq.ts';
import { Conformance } from '../acse/conformance.ts';
import { RLRQ } from '../acse/release.ts';
import { ApduTag, SHORT_NAME_TAGS } from '../apdu/apdu-tag.ts';
import { GATEWAY_REQUEST, putGatewayHead, readGateway } from '../apdu/gateway.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { type CipherFamily, familyOfTag } from '../security/ciphered-apdu.ts';
import type { Refusals } from '../security/refusals.ts';
import { Association, type AssociationOwner, type Station } from './association.ts';
import { associate } from './associate.ts';
import type { DeviceHost, LogicalDevice } from './device-host.ts';
import { type ExceptionReason, putException } from './exceptions.ts';
import { putNextOfBurst, sendInBlocks, takeGeneralBlock } from './general-blocks.ts';
import { release } from './release.ts';
import { byPolicy, mirrored, plainRoom, seal, type Sealing } from './sealing.ts';
import { ServerScratch } from './server-scratch.ts';
import { checkSettings, SERVER_DEFAULTS, type ServerSettings } from './server-settings.ts';
import type { ServerStats, Silence } from './server-stats.ts';
import { serveService } from './service.ts';

export interface ServerCoreOptions extends Partial<ServerSettings> {
  readonly stats: ServerStats;
  /** Bytes that nobody can guess: challenges. */
  readonly random: (bytes: number) => Uint8Array;
}

/** What all connections of a process share: settings, counts, scratch space. `D`: see DeviceHost. */
export class ServerCore<D> {
  readonly settings: ServerSettings;
  readonly stats: ServerStats;
  readonly scratch: ServerScratch;
  readonly random: (bytes: number) => Uint8Array;

  constructor(options: ServerCoreOptions) {
    const { stats, random, ...settings } = options;
    this.settings = Object.freeze({ ...SERVER_DEFAULTS, ...settings });
    checkSettings(this.settings);
    this.stats = stats;
    this.random = random;
    this.scratch = new ServerScratch(stats);
  }

  /** A connection on which `host` is talked to. */
  connect(host: DeviceHost<D>): ServerConnection<D> {
    return new ServerConnection(this, host);
  }

  /** Ciphered messages that were refused, by reason. */
  get refusals(): Refusals {
    return this.stats.refusals;
  }
}

/** Whatever is asked of all stations is never answered. */
const ALL_STATIONS = 0x7f;
/** Answers and notifications: what a server sends and never gets. */
const NO_REQUESTS: ReadonlySet<number> = new Set<number>([
  ApduTag.initiateRequest,
  ApduTag.initiateResponse,
  ApduTag.confirmedServiceError,
  ApduTag.dataNotification,
  ApduTag.eventNotification,
  ApduTag.getResponse,
  ApduTag.setResponse,
  ApduTag.actionResponse,
  ApduTag.exceptionResponse,
  ApduTag.accessResponse,
  0x61,
  0x63,
]);

export class ServerConnection<D> implements AssociationOwner<D> {
  readonly host: DeviceHost<D>;
  readonly settings: ServerSettings;
  readonly stats: ServerStats;
  readonly scratch: ServerScratch;
  readonly #random: (bytes: number) => Uint8Array;
  /** Few: searched from the front. */
  #associations: Association<D>[] = [];
  /** Whose burst of general blocks `more` goes on with. */
  #bursting: Association<D> | null = null;

  constructor(core: ServerCore<D>, host: DeviceHost<D>) {
    this.host = host;
    this.settings = core.settings;
    this.stats = core.stats;
    this.scratch = core.scratch;
    this.#random = core.random;
  }

  /** Associations that live. */
  get associations(): number {
    return this.#associations.length;
  }

  /** One APDU. What answers it is appended to `out`; answers how many bytes that was, 0: nothing. */
  receive(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): number {
    const { stats } = this;
    const from = out.at;
    this.#bursting = null;
    stats.requests++;
    if (apdu.length === 0) return this.#silent('empty');
    if (apdu[0] === GATEWAY_REQUEST) this.#receiveForGateway(apdu, { clientSap, serverSap }, out);
    else this.#receive({ clientSap, serverSap, gateway: null }, apdu, out);
    if (serverSap === ALL_STATIONS && out.at > from) {
      out.at = from;
      this.#bursting = null;
      return this.#silent('broadcast');
    }
    if (out.at > from) stats.answers++;
    return out.at - from;
  }

  /** A further APDU of the answer that `receive` began: the next block of a burst. Asked for until it answers 0. */
  more(clientSap: number, serverSap: number, out: ByteWriter): number {
    const association = this.#bursting;
    if (association === null || association.clientSap !== clientSap || association.serverSap !== serverSap) return 0;
    const from = out.at;
    const { gateway } = association;
    if (gateway !== null) putGatewayHead(out, { ...gateway, response: true });
    const head = out.at;
    putNextOfBurst(association, out);
    if (out.at > head) return out.at - from;
    out.at = from;
    this.#bursting = null;
    return 0;
  }

  /** The data link between these two is gone, and their associations with it. */
  leave(clientSap: number, serverSap: number): void {
    for (const association of this.#associations) {
      if (association.clientSap === clientSap && association.serverSap === serverSap) this.#end(association);
    }
  }

  /** The connection is gone. */
  close(): void {
    for (const association of this.#associations) this.#end(association);
  }

  find({ clientSap, serverSap, gateway }: Station): Association<D> | null {
    for (const association of this.#associations) if (association.isWith(clientSap, serverSap, gateway)) return association;
    return null;
  }

  #receiveForGateway(bytes: Uint8Array, ports: { readonly clientSap: number; readonly serverSap: number }, out: ByteWriter): void {
    const gateway = readGateway(bytes);
    if (gateway === null || gateway.apdu.length === 0) {
      this.#silent('empty');
      return;
    }
    const from = out.at;
    putGatewayHead(out, { networkId: gateway.networkId, address: gateway.address, response: true });
    const head = out.at;
    this.#receive({ ...ports, gateway }, gateway.apdu, out);
    if (out.at === head) out.at = from;
  }

  #receive(station: Station, apdu: Uint8Array, out: ByteWriter): void {
    const tag = apdu[0]!;
    if (tag === AARQ) {
      this.#associate(station, apdu, out);
      return;
    }
    const association = this.find(station) ?? this.#preEstablished(station);
    if (association === null) this.#withoutAssociation(station, tag, out);
    else if (tag === RLRQ) this.#release(association, apdu, out);
    else if (NO_REQUESTS.has(tag)) this.#silent('no-request');
    else if (tag === ApduTag.generalBlockTransfer) this.#serveBlock(association, apdu, out);
    else {
      association.dropGeneral();
      this.#serve(association, apdu, association.apduBytesMax, out);
      this.#settle(association);
    }
  }

  // ---- Associations ----

  #associate(station: Station, apdu: Uint8Array, out: ByteWriter): void {
    const { stats } = this;
    const logical = this.#open(station);
    if (logical === null) {
      this.#silent('nobody');
      return;
    }
    const decoded = decodeAarq(apdu);
    if (decoded.status !== 'frame') {
      stats.associationsRefused.malformed++;
      this.#except('malformed', 0, out);
      return;
    }
    // Whatever becomes of it, the one before is over.
    const before = this.find(station);
    if (before !== null) {
      stats.replaced++;
      this.#end(before);
    }
    const full = this.#associations.length >= this.settings.associationsMax;
    const gateway = station.gateway === null ? null : { networkId: station.gateway.networkId, address: station.gateway.address.slice() };
    const made = associate({ ...station, gateway, owner: this, aarq: decoded.value, logical, full, random: this.#random }, out);
    if (made !== null) this.#hold(made);
    else logical.release?.();
  }

  #release(association: Association<D>, apdu: Uint8Array, out: ByteWriter): void {
    release(association, apdu, out);
    this.stats.released++;
    if (!association.preEstablished) this.#end(association);
  }

  #preEstablished(station: Station): Association<D> | null {
    const logical = this.#open(station);
    const rights = logical?.client(station.clientSap) ?? null;
    const terms = rights?.preEstablished;
    if (logical === null || rights === null || terms === undefined || this.#associations.length >= this.settings.associationsMax) {
      logical?.release?.();
      return null;
    }
    const association = new Association(this, { ...station, logical, rights }, {
      context: terms.context,
      mechanism: 0,
      conformance: terms.conformance & this.settings.conformance,
      pduBytesMax: terms.pduBytesMax,
      clientTitle: terms.clientTitle,
      dedicatedKey: null,
      challenges: null,
      preEstablished: true,
    });
    this.stats.preEstablished++;
    this.#hold(association);
    return association;
  }

  /** Who asks without an association is told so, if anybody is there. */
  #withoutAssociation(station: Station, tag: number, out: ByteWriter): void {
    const logical = tag === RLRQ || NO_REQUESTS.has(tag) ? null : this.#open(station);
    logical?.release?.();
    if (logical !== null) this.#except('no-association', 0, out);
    else this.#silent(tag === RLRQ || NO_REQUESTS.has(tag) ? 'no-request' : 'nobody');
  }

  #open({ serverSap, gateway }: Station): LogicalDevice<D> | null {
    if (gateway === null) return this.host.open(serverSap);
    return this.host.openGateway?.(gateway.networkId, gateway.address) ?? null;
  }

  #hold(association: Association<D>): void {
    this.#associations.push(association);
    this.stats.open++;
  }

  #end(association: Association<D>): void {
    this.#associations = this.#associations.filter((other) => other !== association);
    if (this.#bursting === association) this.#bursting = null;
    association.dropTransfer();
    association.dropGeneral();
    this.stats.open--;
    association.logical.release?.();
  }

  /** The answer is written: what it changes holds from now on. */
  #settle(association: Association<D>): void {
    association.settle();
    if (association.failed) this.#end(association);
  }

  // ---- Services ----

  /** Serves one APDU, ciphered or not, that is no block. `room`: bytes that the answer may take, Infinity where it is cut. */
  #serve(association: Association<D>, apdu: Uint8Array, room: number, out: ByteWriter): void {
    const family = familyOfTag(apdu[0]!);
    const { plain } = this.scratch;
    if (family === null) {
      const sealing = byPolicy(association);
      if (sealing !== null) this.#except('unprotected', 0, out);
      else this.#servePlain(association, { apdu, room, sealing: null }, out);
      return;
    }
    const opened = association.ciphered && association.security !== null ? this.scratch.cipher.openBytes(apdu, association) : null;
    if (opened === null) {
      this.#except('not-agreed', 0, out);
      return;
    }
    if (opened.status === 'refused') {
      this.#refused(association, { reason: opened.reason, family }, out);
      return;
    }
    plain.reset();
    this.#servePlain(association, { apdu: opened.plaintext, room, sealing: mirrored(opened) }, out);
  }

  #refused(association: Association<D>, refusal: { readonly reason: string; readonly family: CipherFamily }, out: ByteWriter): void {
    const { reason, family } = refusal;
    if (reason === 'replayed') {
      const dedicated = family === 'ded' || family === 'general-ded';
      this.#except('counter', association.receiveCounter(dedicated ? 'dedicated' : 'unicast').next, out);
    } else this.#except(reason === 'policy' ? 'unprotected' : 'deciphering', 0, out);
  }

  #servePlain(
    association: Association<D>,
    request: { readonly apdu: Uint8Array; readonly room: number; readonly sealing: Sealing | null },
    out: ByteWriter,
  ): void {
    const { apdu, room, sealing } = request;
    const tag = apdu[0]!;
    if (NO_REQUESTS.has(tag)) {
      this.#silent('no-request');
      return;
    }
    const { plain } = this.scratch;
    const target = sealing === null ? out : plain;
    const from = target.at;
    const most = sealing === null || room === Infinity ? room : plainRoom(association, sealing, room);
    const refusal = SHORT_NAME_TAGS.has(tag) ? 'unknown' : serveService(association, apdu, most, target);
    if (refusal !== null) {
      target.at = from;
      this.#except(refusal, 0, out);
      return;
    }
    if (target.at === from) {
      this.stats.silences.unconfirmed++;
      return;
    }
    if (target.at - from > most && !association.has(Conformance.generalBlockTransfer)) {
      target.at = from;
      this.#except('too-long', 0, out);
      return;
    }
    if (sealing !== null) this.#putSealed(association, sealing, out);
    if (out.at - from > room && sealing === null) this.#cut(association, from, out);
  }

  #putSealed(association: Association<D>, sealing: Sealing, out: ByteWriter): void {
    const { plain } = this.scratch;
    const from = out.at;
    const sealed = seal(association, sealing, plain.view(), out);
    if (sealed === 'used-up') this.#except('used-up', 0, out);
    // Without a tag of its own in the family, as exceptions are.
    else if (sealed === 'no-tag') out.put(plain.view());
    else if (out.at - from > association.apduBytesMax && association.general === null) this.#cut(association, from, out);
  }

  /** What stands from `from` on is too long for the client: in general blocks, then, if it has them. */
  #cut(association: Association<D>, from: number, out: ByteWriter): void {
    const apdu = out.copy(from);
    out.at = from;
    const refusal = association.has(Conformance.generalBlockTransfer) ? sendInBlocks(association, apdu, out) : 'too-long';
    if (refusal !== null) this.#except(refusal, 0, out);
    else this.#bursting = association;
  }

  // ---- General blocks ----

  #serveBlock(association: Association<D>, apdu: Uint8Array, out: ByteWriter): void {
    if (!association.has(Conformance.generalBlockTransfer)) {
      this.#except('not-agreed', 0, out);
      return;
    }
    const from = out.at;
    const refusal = takeGeneralBlock(association, apdu, (whole, answer) => this.#serveWhole(association, whole, answer), out);
    this.#settle(association);
    if (refusal !== null) this.#except(refusal, 0, out);
    else if (out.at > from) this.#bursting = association;
  }

  /** A request that came in blocks; blocks within blocks are none. */
  #serveWhole(association: Association<D>, apdu: Uint8Array, out: ByteWriter): void {
    const tag = apdu[0] ?? ApduTag.generalBlockTransfer;
    if (tag === ApduTag.generalBlockTransfer || NO_REQUESTS.has(tag) || tag === AARQ || tag === RLRQ) this.#except('unknown', 0, out);
    else this.#serve(association, apdu, Infinity, out);
  }

  #except(reason: ExceptionReason, nextCounter: number, out: ByteWriter): void {
    this.stats.exceptions[reason]++;
    putException(out, reason, nextCounter);
  }

  #silent(why: Silence): 0 {
    this.stats.silences[why]++;
    return 0;
  }
}
