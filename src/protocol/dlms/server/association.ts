/**
 * One association between a client and a logical device: what was agreed, who may do what, and the transfer that runs, if one
 * does. At rest it holds numbers and a few short arrays; bytes of requests and answers only while a transfer lasts.
 */

import { assert, present } from '../../../base/assert.ts';
import type { GbtReceiver, GbtSender } from '../apdu/gbt.ts';
import { gatewayHeadBytes } from '../apdu/gateway.ts';
import type { GeneralBlock } from '../apdu/apdu-types.ts';
import { DataAccessResult } from '../apdu/results.ts';
import { isCipheredContext } from '../acse/names.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { ReceiveCounter, SendCounter } from '../security/counters.ts';
import type { KeySet, OpenContext, SecurityPolicy } from '../security/message-cipher.ts';
import type { SecurityKeys } from '../security/keys.ts';
import type { AccessLevel, AssociationFacts, PartnerFacts } from './cosem-object.ts';
import type { ClientRights, DeviceHost, LogicalDevice } from './device-host.ts';
import type { DeviceSecurity } from './device-security.ts';
import { rankOf } from './object-catalogue.ts';
import type { ServerScratch } from './server-scratch.ts';
import { APDU_BYTES_MAX, type ServerSettings } from './server-settings.ts';
import type { ServerStats } from './server-stats.ts';
import type { Transfer } from './transfers.ts';

/** The device behind a gateway. */
export interface GatewayPeer {
  readonly networkId: number;
  readonly address: Uint8Array;
}

/** Who talks to whom. */
export interface Station {
  readonly clientSap: number;
  readonly serverSap: number;
  /** Null: the server itself is talked to. */
  readonly gateway: GatewayPeer | null;
}

/** What an association needs of the connection that it lives on. */
export interface AssociationOwner<D> {
  readonly host: DeviceHost<D>;
  readonly settings: ServerSettings;
  readonly stats: ServerStats;
  readonly scratch: ServerScratch;
  find(station: Station): Association<D> | null;
}

export interface Agreement {
  readonly context: number;
  readonly mechanism: number;
  readonly conformance: number;
  /** Longest APDU that the client takes; 0: no limit. */
  readonly pduBytesMax: number;
  /** 8 bytes; null: not said. */
  readonly clientTitle: Uint8Array | null;
  /** Null: none. */
  readonly dedicatedKey: Uint8Array | null;
  /** HLS: what both sides sent; the client has to prove itself. Null: nothing to prove. */
  readonly challenges: Challenges | null;
  readonly preEstablished: boolean;
}

export interface Challenges {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** General-block-transfer of one association. */
export interface GeneralTransfer {
  /** Null: the request came in one piece. */
  readonly receiver: GbtReceiver | null;
  /** Number of the client's last acknowledgement in order, where the request came in one piece. Some clients want it back. */
  heard: number;
  /** Null: the request is not whole yet. */
  sender: GbtSender | null;
  /** Blocks of the burst that goes, not yet handed over. */
  burst: GeneralBlock[];
}

export class Association<D> implements AssociationFacts, OpenContext {
  readonly owner: AssociationOwner<D>;
  readonly clientSap: number;
  readonly serverSap: number;
  readonly gateway: GatewayPeer | null;
  readonly logical: LogicalDevice<D>;
  readonly rights: ClientRights;
  readonly rank: number;
  readonly context: number;
  readonly mechanism: number;
  readonly conformance: number;
  readonly sendBytesMax: number;
  /** Longest APDU behind a gateway's prefix. */
  readonly apduBytesMax: number;
  readonly ciphered: boolean;
  readonly clientTitle: Uint8Array | null;
  readonly dedicatedKey: Uint8Array | null;
  readonly preEstablished: boolean;
  policy: SecurityPolicy;
  challenges: Challenges | null;
  transfer: Transfer | null = null;
  general: GeneralTransfer | null = null;
  /** The client failed to prove itself: the association ends when it was told so. */
  failed = false;
  /** What the invocation counter of a message must be at least, when one was refused for it. */
  expectedCounter = 0;
  #nextKeys: SecurityKeys | null = null;
  #nextPolicy: SecurityPolicy | null = null;
  #dedicatedReceive: ReceiveCounter | null = null;
  #dedicatedSend: SendCounter | null = null;

  constructor(
    owner: AssociationOwner<D>,
    who: Station & { readonly logical: LogicalDevice<D>; readonly rights: ClientRights },
    agreement: Agreement,
  ) {
    this.owner = owner;
    this.clientSap = who.clientSap;
    this.serverSap = who.serverSap;
    this.gateway = who.gateway;
    this.logical = who.logical;
    this.rights = who.rights;
    this.rank = rankOf(who.rights.level);
    this.context = agreement.context;
    this.mechanism = agreement.mechanism;
    this.conformance = agreement.conformance;
    this.sendBytesMax = agreement.pduBytesMax;
    const prefixBytes = who.gateway === null ? 0 : gatewayHeadBytes(who.gateway.address.length);
    this.apduBytesMax = (agreement.pduBytesMax === 0 ? APDU_BYTES_MAX : agreement.pduBytesMax) - prefixBytes;
    this.ciphered = isCipheredContext(agreement.context);
    this.clientTitle = agreement.clientTitle;
    this.dedicatedKey = agreement.dedicatedKey;
    this.preEstablished = agreement.preEstablished;
    this.policy = this.ciphered ? who.rights.policy : 0;
    this.challenges = agreement.challenges;
    assert(!this.ciphered || who.rights.security !== null, 'a ciphered association has keys');
  }

  has(conformance: number): boolean {
    return (this.conformance & conformance) !== 0;
  }

  isWith(clientSap: number, serverSap: number, gateway: GatewayPeer | null): boolean {
    return this.clientSap === clientSap && this.serverSap === serverSap && isSamePeer(this.gateway, gateway);
  }

  /** What a service that is not a part of it ends. */
  dropTransfer(): void {
    if (this.transfer === null) return;
    this.transfer = null;
    this.owner.stats.transfersAborted++;
  }

  dropGeneral(): void {
    if (this.general === null) return;
    this.general = null;
    this.owner.stats.transfersAborted++;
  }

  /** What an answer changes when it has been sent. */
  settle(): void {
    if (this.#nextKeys !== null) {
      present(this.security, 'keys were transferred to somebody who has keys').transfer(this.#nextKeys);
      this.owner.stats.keyTransfers++;
      this.#nextKeys = null;
    }
    if (this.#nextPolicy !== null) {
      this.rights.activatePolicy?.(this.#nextPolicy);
      if (this.ciphered) this.policy = this.#nextPolicy;
      this.#nextPolicy = null;
    }
  }

  // ---- What the cipher asks ----

  get keys(): SecurityKeys {
    return present(this.rights.security, 'only where there are keys a message is opened').keys;
  }

  get peerTitle(): Uint8Array | null {
    return this.clientTitle;
  }

  get ownTitle(): Uint8Array {
    return this.logical.systemTitle;
  }

  receiveCounter(keySet: KeySet): ReceiveCounter {
    if (keySet === 'dedicated') return (this.#dedicatedReceive ??= new ReceiveCounter());
    return present(this.rights.security, 'only where there are keys there are counters').receiveCounter(this.clientSap, keySet);
  }

  sendCounter(keySet: KeySet): SendCounter {
    if (keySet === 'dedicated') return (this.#dedicatedSend ??= new SendCounter());
    return present(this.rights.security, 'only where there are keys there are counters').sendCounter;
  }

  // ---- What the standard objects ask ----

  get level(): AccessLevel {
    return this.rights.level;
  }

  get status(): 1 | 2 {
    return this.challenges === null ? 2 : 1;
  }

  get receiveBytesMax(): number {
    return this.owner.settings.pduBytesMax;
  }

  get systemTitle(): Uint8Array {
    return this.logical.systemTitle;
  }

  get security(): DeviceSecurity | null {
    return this.rights.security;
  }

  partner(clientSap: number): PartnerFacts | null {
    const { serverSap, gateway, owner } = this;
    const live = owner.find({ clientSap, serverSap, gateway });
    if (live !== null) return live;
    const rights = this.logical.client(clientSap);
    if (rights === null) return null;
    return {
      clientSap,
      serverSap,
      level: rights.level,
      context: Math.max(...rights.contexts),
      mechanism: Math.max(...rights.mechanisms),
      conformance: owner.settings.conformance,
      receiveBytesMax: owner.settings.pduBytesMax,
      sendBytesMax: 0,
      status: 0,
    };
  }

  securityOf(clientSap: number): DeviceSecurity | null {
    return this.logical.client(clientSap)?.security ?? null;
  }

  objectList(level: AccessLevel): Uint8Array {
    return this.logical.catalogue.objectList(level);
  }

  putSapList(out: ByteWriter): void {
    const { owner, gateway } = this;
    // Behind a gateway there is one logical device for each address.
    if (gateway === null && owner.host.putSapList !== undefined) owner.host.putSapList(out);
    else putOwnSap(this, out);
  }

  changeSecret(clientSap: number, secret: Uint8Array, kind: 'password' | 'hls'): boolean {
    const rights = clientSap === this.clientSap ? this.rights : this.logical.client(clientSap);
    if (rights?.changeSecret === undefined) return false;
    rights.changeSecret(Uint8Array.from(secret), kind);
    return true;
  }

  transferKeys(keys: SecurityKeys): void {
    assert(this.security !== null, 'keys are transferred to somebody who has keys');
    this.#nextKeys = keys;
  }

  activatePolicy(policy: SecurityPolicy): boolean {
    if (this.rights.activatePolicy === undefined) return false;
    this.#nextPolicy = policy;
    return true;
  }
}

export function isSamePeer(one: GatewayPeer | null, other: GatewayPeer | null): boolean {
  if (one === null || other === null) return one === other;
  return one.networkId === other.networkId && Buffer.compare(one.address, other.address) === 0;
}

/** Logical device name: class 1, attribute 2. */
const DEVICE_NAME = Uint8Array.of(0, 0, 42, 0, 0, 255);
const NOTHING = new Uint8Array(0);

/** The device that is talked to as the only one, by the name that its own object has. */
function putOwnSap<D>(association: Association<D>, out: ByteWriter): void {
  const { logical, serverSap, owner } = association;
  out.array(1);
  out.structure(2);
  out.longUnsigned(serverSap);
  const name = logical.catalogue.find(DEVICE_NAME, 0)?.attributes[2] ?? null;
  const from = out.at;
  const request = owner.scratch.request.set(association, null);
  if (name?.get?.(logical.device, request, out) === DataAccessResult.success) return;
  out.at = from;
  out.octetString(NOTHING);
}
