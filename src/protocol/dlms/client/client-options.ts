/** What a client is told about itself, its server and their secrets; and what its operations take and answer. */

import type { AttributeDescriptor, MethodDescriptor, Selection } from '../apdu/descriptors.ts';
import type { ReceiveCounter, SendCounter } from '../security/counters.ts';
import type { SecurityKeys } from '../security/keys.ts';
import type { Notification } from './notification.ts';

/**
 * One operation, free of sockets and clocks. It yields an APDU to be sent (with gateway prefix and ciphering, without
 * wrapper or LLC) and is resumed with the APDU that came. An empty APDU: send nothing, hand in the next that comes.
 *
 * Memory: what is yielded is valid until the next resume. What is handed in must stay unchanged until the operation has
 * ended; results may be views into it.
 * Errors: throws DlmsError. Resumed with `throw`, it ends with that error, except that a transfer of general blocks takes a
 * DlmsError `timeout` as a lost block, twice, and asks again.
 */
export type Exchange<T> = Generator<Uint8Array, T, Uint8Array>;

/** 0 none, 1 password (LLS), HLS: 3 MD5, 4 SHA-1, 5 GMAC, 6 SHA-256. */
export type Mechanism = 0 | 1 | 3 | 4 | 5 | 6;

/**
 * How the APDUs of services travel. `glo`, `ded`: own tag for each service. The general ones carry the system title. Those
 * with `ded` use a key that is drawn for each association.
 */
export type CipheringKind = 'glo' | 'ded' | 'general-glo' | 'general-ded';

export interface ClientSecurity {
  /** Suite, global unicast and authentication key of the server; broadcast and master key as far as they are needed. */
  readonly keys: SecurityKeys;
  /** This client's system title, 8 bytes. */
  readonly systemTitle: Uint8Array;
  /** The server's, when it is known; checked against the one in the answer. Null: what the server says is believed. */
  readonly serverTitle: Uint8Array | null;
  /** Whether requests are authenticated, encrypted. Both false: plain APDUs; the keys then serve HLS 5 alone. */
  readonly authenticated: boolean;
  readonly encrypted: boolean;
  readonly ciphering: CipheringKind;
  /** Of this client under the global and the dedicated key; outlives the association, since a number must never be used again. */
  readonly sendCounter: SendCounter;
  /** Of the server under the global key; outlives the association, since it refuses what was sent before. */
  readonly receiveCounter: ReceiveCounter;
  /** The same under the broadcast key; without it broadcasts are neither sent nor taken. */
  readonly broadcastSendCounter?: SendCounter;
  readonly broadcastReceiveCounter?: ReceiveCounter;
}

export interface ClientQuirks {
  /** Accept answers in plain where they should be ciphered. Default false. */
  readonly plainAnswers?: boolean;
  /** Accept any invoke-id in an answer. Default false. */
  readonly anyInvokeId?: boolean;
  /** Send RLRQ without user information in a ciphered association, as some servers want it. Default false. */
  readonly plainRelease?: boolean;
}

export interface ClientOptions {
  /** Wrapper port or HDLC address of this client: 1 management, 16 public. */
  readonly clientSap: number;
  /** Of the logical device: 1 management. */
  readonly serverSap: number;
  /** Default 0. */
  readonly mechanism?: Mechanism;
  /** Password of LLS, secret of HLS 3, 4 and 6. */
  readonly secret?: Uint8Array | null;
  /** Needed for HLS 5 and ciphering; HLS 6 needs its titles. */
  readonly security?: ClientSecurity | null;
  /** 24-bit mask proposed; default everything that this client can do. */
  readonly conformance?: number;
  /** Longest APDU that this client takes, 12 .. 65535, or 0 for no limit of its own; default 65535. */
  readonly pduBytesMax?: number;
  /** Of the reassembled answer of a block transfer; default 16 MiB. */
  readonly answerBytesMax?: number;
  /** Blocks that the peer may send in one go when general blocks are used, 1 .. 63; default 8. */
  readonly generalBlockWindow?: number;
  /** Use general-block-transfer for requests that are too long, instead of the service's own blocks. Default false. */
  readonly preferGeneralBlocks?: boolean;
  /** For a device behind a gateway: in front of each APDU. */
  readonly gateway?: { readonly networkId: number; readonly address: Uint8Array } | null;
  /** No AARQ and RLRQ: the association exists by agreement. */
  readonly preEstablished?: { readonly conformance: number; readonly serverPduBytesMax: number } | null;
  /** CtoS of the AARQ, 8 .. 64; default 16. */
  readonly challengeBytes?: number;
  readonly callingUserId?: number | null;
  readonly quirks?: ClientQuirks;
  /** Bytes that nobody can guess: challenges, dedicated keys. */
  readonly random: (bytes: number) => Uint8Array;
  /** A notification that came while an answer was awaited. Without it they are dropped. */
  readonly onNotification?: (notification: Notification) => void;
}

/** What was agreed. */
export interface Negotiated {
  readonly conformance: number;
  /** Longest APDU that the server takes; 0: no limit. */
  readonly serverPduBytesMax: number;
  /** The server's system title, if it named one or it was known. */
  readonly serverTitle: Uint8Array | null;
}

export interface GetItem {
  readonly attribute: AttributeDescriptor;
  readonly selection?: Selection | null;
}

export interface SetItem {
  readonly attribute: AttributeDescriptor;
  readonly selection?: Selection | null;
  /** One encoded Data. */
  readonly value: Uint8Array;
}

export interface ActionItem {
  readonly method: MethodDescriptor;
  /** One encoded Data; null: without. */
  readonly parameter?: Uint8Array | null;
}


export type AccessItem =
  | { readonly kind: 'get'; readonly attribute: AttributeDescriptor; readonly selection?: Selection | null }
  | { readonly kind: 'set'; readonly attribute: AttributeDescriptor; readonly selection?: Selection | null; readonly value: Uint8Array }
  | { readonly kind: 'action'; readonly method: MethodDescriptor; readonly parameter: Uint8Array | null };

/** `data`: one encoded Data, null-data where there is none. `result`: data-access-result, of an action its action-result. */
export interface AccessReturn {
  readonly data: Uint8Array;
  readonly result: number;
}
