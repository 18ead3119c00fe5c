/** One association between a client and a logical device: what was agreed, and the transfer that runs, if one does. */

import type { GbtReceiver, GbtSender } from '../apdu/gbt.ts';
import type { ActionReply, GetReference } from '../apdu/apdu-types.ts';
import type { MethodDescriptor } from '../apdu/descriptors.ts';
import { ReceiveCounter, SendCounter } from '../security/counters.ts';
import type { KeySet, SecurityPolicy } from '../security/message-cipher.ts';
import { ActionResult, DataAccessResult } from '../apdu/results.ts';
import type { SecurityKeys } from '../security/keys.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { AccessLevel, AssociationFacts, PartnerFacts } from './cosem-object.ts';
import type { ClientRights, DeviceHost, LogicalDevice } from './device-host.ts';
import type { DeviceSecurity } from './device-security.ts';

/** An answer that goes in blocks. `list`: it answers a request with a list. */
export interface OutgoingBlocks {
  readonly service: 'get' | 'action';
  readonly bytes: Uint8Array;
  at: number;
  /** Number of the block sent last. */
  block: number;
}

/** A request that comes in blocks. */
export interface IncomingBlocks {
  readonly service: 'set' | 'action';
  readonly list: boolean;
  readonly items: readonly GetReference[];
  readonly methods: readonly MethodDescriptor[];
  readonly parts: Uint8Array[];
  bytes: number;
  block: number;
}

export interface Agreement {
  readonly context: 1 | 3;
  readonly mechanism: number;
  readonly conformance: number;
  readonly clientPduBytesMax: number;
  readonly serverPduBytesMax: number;
  readonly clientTitle: Uint8Array | null;
  readonly dedicatedKey: Uint8Array | null;
  readonly host: Pick<DeviceHost<unknown>, 'putSapList'> | null;
}

const LLS = 1;

export class ServerAssociation<D> implements AssociationFacts {
  readonly clientSap: number;
  readonly serverSap: number;
  readonly logical: LogicalDevice<D>;
  readonly rights: ClientRights;
  readonly context: 1 | 3;
  readonly mechanism: number;
  readonly conformance: number;
  readonly clientPduBytesMax: number;
  readonly serverPduBytesMax: number;
  readonly clientTitle: Uint8Array | null;
  readonly dedicatedKey: Uint8Array | null;
  readonly #host: Pick<DeviceHost<unknown>, 'putSapList'> | null;
  /** HLS: what both sides sent, until the client has proved itself. */
  challenges: { readonly client: Uint8Array; readonly server: Uint8Array } | null = null;
  outgoing: OutgoingBlocks | null = null;
  incoming: IncomingBlocks | null = null;
  /** General-block-transfer: what comes, and what goes. */
  generalIn: GbtReceiver | null = null;
  generalOut: GbtSender | null = null;
  /** Blocks of the burst that were not handed over yet. */
  burst: readonly Uint8Array[] = [];
  /** Keys that apply once the answer is sent. */
  nextKeys: SecurityKeys | null = null;
  #dedicatedSend: SendCounter | null = null;
  #dedicatedReceive: ReceiveCounter | null = null;

  constructor(
    ports: { readonly clientSap: number; readonly serverSap: number },
    logical: LogicalDevice<D>,
    rights: ClientRights,
    agreement: Agreement,
  ) {
    this.clientSap = ports.clientSap;
    this.serverSap = ports.serverSap;
    this.logical = logical;
    this.rights = rights;
    this.context = agreement.context;
    this.mechanism = agreement.mechanism;
    this.conformance = agreement.conformance;
    this.clientPduBytesMax = agreement.clientPduBytesMax;
    this.serverPduBytesMax = agreement.serverPduBytesMax;
    this.clientTitle = agreement.clientTitle;
    this.dedicatedKey = agreement.dedicatedKey;
    this.#host = agreement.host;
  }

  get level(): AccessLevel {
    return this.rights.level;
  }

  get status(): 0 | 1 | 2 {
    return this.challenges === null ? 2 : 1;
  }

  get systemTitle(): Uint8Array {
    return this.logical.systemTitle;
  }

  get security(): DeviceSecurity | null {
    return this.rights.security;
  }

  get policy(): SecurityPolicy {
    return this.rights.policy;
  }

  get receiveBytesMax(): number {
    return this.serverPduBytesMax;
  }

  get sendBytesMax(): number {
    return this.clientPduBytesMax;
  }

  has(conformance: number): boolean {
    return (this.conformance & conformance) !== 0;
  }

  /** Counter of this client's messages. Only with security. */
  receiveCounter(keySet: KeySet): ReceiveCounter {
    if (keySet === 'dedicated') return (this.#dedicatedReceive ??= new ReceiveCounter());
    return this.rights.security!.receiveCounter(this.clientSap, keySet);
  }

  sendCounter(dedicated: boolean): SendCounter {
    if (dedicated) return (this.#dedicatedSend ??= new SendCounter());
    return this.rights.security!.sendCounter;
  }

  partner(clientSap: number): PartnerFacts | null {
    if (clientSap === this.clientSap) return this;
    const rights = this.logical.client(clientSap);
    if (rights === null) return null;
    return {
      clientSap,
      serverSap: this.serverSap,
      level: rights.level,
      context: rights.contexts.at(-1) ?? 1,
      mechanism: rights.mechanisms.at(-1) ?? 0,
      conformance: this.conformance,
      receiveBytesMax: this.receiveBytesMax,
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
    if (this.#host?.putSapList === undefined) out.array(0);
    else this.#host.putSapList(out);
  }

  /** Pass 3 is answered before there is an association; afterwards there is nothing to prove. */
  replyToHls(): number {
    return ActionResult.otherReason;
  }

  changeSecret(secret: Uint8Array): number {
    const kind = this.mechanism === LLS ? 'password' : 'hls';
    const kept = this.logical.changeSecret?.(this.clientSap, kind, secret) ?? false;
    return kept ? DataAccessResult.success : DataAccessResult.readWriteDenied;
  }

  transferKeys(keys: SecurityKeys): void {
    this.nextKeys = keys;
  }

  activatePolicy(policy: SecurityPolicy): boolean {
    return this.rights.security?.activate?.(policy) ?? false;
  }

  /** A new request ends what ran before it. */
  dropTransfers(): void {
    this.outgoing = null;
    this.incoming = null;
  }
}

/** An answer of a method that did nothing. */
export function emptyReply(result: number): ActionReply {
  return { result, data: null };
}
