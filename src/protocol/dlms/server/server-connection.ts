/**
 * The server's side of one connection, sans-IO: one APDU in, the APDU that answers it out. It holds the associations of the
 * connection, by client and server address and, behind a gateway, by the device's address; it knows nothing of sockets.
 *
 *   wrapper or HDLC -> [gateway prefix] -> AARQ | RLRQ | [general block] -> [ciphering] -> service
 *
 * Whatever a peer sends is answered or dropped, and counted; nothing throws. What a peer can make it remember is bounded:
 * a number of associations, and in each at most one request and one answer in blocks.
 */

import { Conformance } from '../acse/conformance.ts';
import { AARE } from '../acse/aare.ts';
import { AARQ, decodeAarq } from '../acse/aarq.ts';
import { RLRE, RLRQ } from '../acse/release.ts';
import { ApduTag } from '../apdu/apdu-tag.ts';
import { GATEWAY_REQUEST, GATEWAY_RESPONSE, putGatewayHead, readGateway } from '../apdu/gateway.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { associate } from './associate.ts';
import { Association, type AssociationOwner, type Station } from './association.ts';
import type { DeviceHost, LogicalDevice } from './device-host.ts';
import { type ExceptionReason, putException } from './exceptions.ts';
import { putNextOfBurst, sendInBlocks, takeGeneralBlock } from './general-blocks.ts';
import { serveMessage } from './message.ts';
import { release } from './release.ts';
import type { ServerCore } from './server-core.ts';
import type { ServerScratch } from './server-scratch.ts';
import type { ServerSettings } from './server-settings.ts';
import type { ServerStats } from './server-stats.ts';

/** All stations, of the wrapper and of HDLC with long addresses: what comes there is served and never answered. */
const ALL_STATIONS = 0x7f;
const ALL_STATIONS_LONG = 0x3fff;

const GATEWAY_ADDRESS_BYTES_MAX = 64;

export class ServerConnection<D> implements AssociationOwner<D> {
  readonly host: DeviceHost<D>;
  readonly #core: ServerCore;
  /** Few, and mostly the same one is asked: searched from the front. */
  readonly #associations: Association<D>[] = [];
  /** That of the last request; null: none, or it is gone. */
  #last: Association<D> | null = null;

  constructor(core: ServerCore, host: DeviceHost<D>) {
    this.#core = core;
    this.host = host;
  }

  get settings(): ServerSettings {
    return this.#core.settings;
  }

  get stats(): ServerStats {
    return this.#core.stats;
  }

  get scratch(): ServerScratch {
    return this.#core.scratch;
  }

  /** Associations that live. */
  get associations(): number {
    return this.#associations.length;
  }

  /** One APDU. What answers it is appended to `out`; answers how many bytes that was, 0: nothing. */
  receive(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): number {
    const { stats } = this.#core;
    stats.requests++;
    const from = out.at;
    if (apdu.length === 0) stats.silences.empty++;
    else if (apdu[0] === GATEWAY_REQUEST && this.host.openGateway !== undefined) this.#receiveForGateway(apdu, clientSap, serverSap, out);
    else this.#receiveFor(this.#station(clientSap, serverSap), apdu, out);
    if (isAllStations(serverSap)) {
      out.at = from;
      stats.silences.broadcast++;
    }
    return this.#answered(from, out);
  }

  /** Appends the next APDU of the same answer, when it goes in a burst of general blocks; 0: there is none. */
  more(clientSap: number, serverSap: number, out: ByteWriter): number {
    const last = this.#last;
    if (last === null || last.clientSap !== clientSap || last.serverSap !== serverSap || isAllStations(serverSap)) return 0;
    const from = out.at;
    if (last.gateway !== null) putGatewayHead(out, { response: true, ...last.gateway });
    const contentAt = out.at;
    putNextOfBurst(last, out);
    if (out.at === contentAt) out.at = from;
    return this.#answered(from, out);
  }

  /** The data link between these two is gone, and their associations with it. */
  leave(clientSap: number, serverSap: number): void {
    for (const association of this.#associations.filter((one) => one.clientSap === clientSap && one.serverSap === serverSap)) this.#drop(association);
  }

  /** The connection is gone. */
  close(): void {
    for (let last = this.#associations.at(-1); last !== undefined; last = this.#associations.at(-1)) this.#drop(last);
  }

  find({ clientSap, serverSap, gateway }: Station): Association<D> | null {
    const last = this.#last;
    if (last !== null && last.isWith(clientSap, serverSap, gateway)) return last;
    return this.#associations.find((association) => association.isWith(clientSap, serverSap, gateway)) ?? null;
  }

  #answered(from: number, out: ByteWriter): number {
    const bytes = out.at - from;
    if (bytes > 0) this.stats.answers++;
    return bytes;
  }

  /** The association of the last request stands for its own station: most requests need no new object. */
  #station(clientSap: number, serverSap: number): Station {
    const last = this.#last;
    if (last !== null && last.clientSap === clientSap && last.serverSap === serverSap && last.gateway === null) return last;
    return { clientSap, serverSap, gateway: null };
  }

  #receiveForGateway(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): void {
    const head = readGateway(apdu);
    if (head === null || head.address.length > GATEWAY_ADDRESS_BYTES_MAX || head.apdu.length === 0) {
      this.stats.malformed++;
      putException(out, 'malformed', 0);
      this.stats.exceptions.malformed++;
      return;
    }
    const { networkId, address } = head;
    const from = out.at;
    putGatewayHead(out, { response: true, networkId, address });
    const contentAt = out.at;
    const known = this.find({ clientSap, serverSap, gateway: { networkId, address } });
    // What an association remembers must outlive the request's bytes.
    const station = known ?? { clientSap, serverSap, gateway: { networkId, address: address.slice() } };
    this.#receiveFor(station, head.apdu, out);
    if (out.at === contentAt) out.at = from;
  }

  #receiveFor(station: Station, apdu: Uint8Array, out: ByteWriter): void {
    const tag = apdu[0]!;
    if (isAnswer(tag)) {
      this.stats.silences['no-request']++;
      return;
    }
    const from = out.at;
    const association = this.find(station);
    let reason: ExceptionReason | null;
    if (tag === AARQ) reason = this.#associate(station, apdu, out);
    else if (association !== null) reason = this.#serve(association, apdu, out);
    else reason = this.#serveStranger(station, apdu, out);
    if (reason !== null) this.#except(reason, association, from, out);
  }

  /** Replaces what was appended from `from` on by an exception-response. */
  #except(reason: ExceptionReason, association: Association<D> | null, from: number, out: ByteWriter): void {
    out.at = from;
    this.stats.exceptions[reason]++;
    if (reason === 'malformed') this.stats.malformed++;
    putException(out, reason, association?.expectedCounter ?? 0);
  }

  #associate(station: Station, apdu: Uint8Array, out: ByteWriter): ExceptionReason | null {
    const { clientSap, serverSap, gateway } = station;
    const logical = this.#open(station);
    if (logical === null) return this.#nobody();
    const decoded = decodeAarq(apdu);
    if (decoded.status !== 'frame') {
      this.stats.associationsRefused.malformed++;
      logical.release?.();
      return 'malformed';
    }
    const before = this.find(station);
    if (before !== null) {
      this.stats.replaced++;
      this.#drop(before);
    }
    const full = this.#associations.length >= this.settings.associationsMax;
    const { random } = this.#core;
    const association = associate({ owner: this, clientSap, serverSap, gateway, aarq: decoded.value, logical, full, random }, out);
    if (association === null) logical.release?.();
    else this.#keep(association);
    return null;
  }

  /** A request without association: there may be one by agreement. */
  #serveStranger(station: Station, apdu: Uint8Array, out: ByteWriter): ExceptionReason | null {
    const logical = this.#open(station);
    if (logical === null) return this.#nobody();
    const association = apdu[0] === RLRQ ? null : this.#preEstablish(station, logical);
    if (association === null) {
      logical.release?.();
      return 'no-association';
    }
    const from = out.at;
    const reason = this.#serve(association, apdu, out);
    if (reason !== null) this.#except(reason, association, from, out);
    return null;
  }

  #preEstablish(station: Station, logical: LogicalDevice<D>): Association<D> | null {
    const rights = logical.client(station.clientSap);
    const agreed = rights?.preEstablished;
    if (rights === null || agreed === undefined || this.#associations.length >= this.settings.associationsMax) return null;
    const isCiphered = agreed.context === 3;
    if (isCiphered ? rights.security === null || agreed.clientTitle === null : rights.policy !== 0) return null;
    const { clientSap, serverSap, gateway } = station;
    const association = new Association<D>(this, { clientSap, serverSap, gateway, logical, rights }, {
      context: agreed.context,
      mechanism: 0,
      conformance: agreed.conformance & this.settings.conformance,
      pduBytesMax: agreed.pduBytesMax,
      clientTitle: agreed.clientTitle,
      dedicatedKey: null,
      challenges: null,
      preEstablished: true,
    });
    this.stats.associations++;
    this.stats.preEstablished++;
    this.#keep(association);
    return association;
  }

  #serve(association: Association<D>, apdu: Uint8Array, out: ByteWriter): ExceptionReason | null {
    this.#last = association;
    if (apdu.length > this.settings.pduBytesMax) return 'too-long';
    const tag = apdu[0];
    if (tag === RLRQ) return this.#release(association, apdu, out);
    if (tag === ApduTag.generalBlockTransfer) return this.#takeBlock(association, apdu, out);
    if (association.general !== null) association.dropGeneral();
    const from = out.at;
    const room = association.apduBytesMax;
    const reason = serveMessage(association, apdu, room, out);
    if (association.failed) this.#drop(association);
    if (reason !== null || out.at - from <= room) return reason;
    if (!association.has(Conformance.generalBlockTransfer) || association.failed) {
      association.dropTransfer();
      return 'too-long';
    }
    const whole = out.copy(from);
    out.at = from;
    return sendInBlocks(association, whole, out);
  }

  #release(association: Association<D>, apdu: Uint8Array, out: ByteWriter): ExceptionReason | null {
    const released = release(association, apdu, out);
    if (released === 'kept') return null;
    if (released !== 'released') return released;
    this.stats.released++;
    this.#drop(association);
    return null;
  }

  #takeBlock(association: Association<D>, apdu: Uint8Array, out: ByteWriter): ExceptionReason | null {
    if (association.challenges !== null) return 'pending';
    if (!association.has(Conformance.generalBlockTransfer)) return 'not-agreed';
    return takeGeneralBlock(association, apdu, (whole, to) => this.#serveWhole(association, whole, to), out);
  }

  /** A request that came in general blocks; its answer, exceptions included, goes in such blocks. */
  #serveWhole(association: Association<D>, apdu: Uint8Array, out: ByteWriter): void {
    const from = out.at;
    const reason = isAnswer(apdu[0] ?? -1) ? 'unknown' : serveMessage(association, apdu, Infinity, out);
    if (reason !== null) this.#except(reason, association, from, out);
  }

  #open({ serverSap, gateway }: Station): LogicalDevice<D> | null {
    if (gateway === null) return this.host.open(serverSap);
    return this.host.openGateway?.(gateway.networkId, gateway.address) ?? null;
  }

  #nobody(): null {
    this.stats.silences.nobody++;
    return null;
  }

  #keep(association: Association<D>): void {
    this.#associations.push(association);
    this.#last = association;
    this.stats.open++;
  }

  #drop(association: Association<D>): void {
    const at = this.#associations.indexOf(association);
    if (at < 0) return;
    association.dropTransfer();
    association.dropGeneral();
    this.#associations.splice(at, 1);
    if (this.#last === association) this.#last = null;
    this.stats.open--;
    association.logical.release?.();
  }
}

function isAllStations(serverSap: number): boolean {
  return serverSap === ALL_STATIONS || serverSap === ALL_STATIONS_LONG;
}

/** What only servers say. Answered, two servers that talk to each other would never end. */
function isAnswer(tag: number): boolean {
  return ANSWERS.has(tag);
}

const ANSWERS: ReadonlySet<number> = new Set([
  AARE,
  RLRE,
  GATEWAY_RESPONSE,
  ApduTag.initiateResponse,
  ApduTag.readResponse,
  ApduTag.writeResponse,
  ApduTag.confirmedServiceError,
  ApduTag.dataNotification,
  ApduTag.informationReportRequest,
  ApduTag.eventNotification,
  ApduTag.getResponse,
  ApduTag.setResponse,
  ApduTag.actionResponse,
  ApduTag.exceptionResponse,
  ApduTag.accessResponse,
]);
