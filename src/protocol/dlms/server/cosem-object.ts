/**
 * COSEM objects as a server offers them: what of an object may be read, written and invoked by whom, and the functions that
 * do it. An object belongs to a kind of device and not to a device: its functions get the device (`D`) that is talked to.
 */

import type { ByteWriter } from '../data/byte-writer.ts';
import type { Data } from '../data/data.ts';
import type { SecurityPolicy } from '../security/message-cipher.ts';
import type { SecurityKeys } from '../security/keys.ts';
import type { DeviceSecurity } from './device-security.ts';

/** Ordered: a reader may do what the public may, a manager may do everything that is not `never`. */
export type AccessLevel = 'public' | 'reader' | 'manager';

/** Valid for the duration of one call: the server uses the object again. */
export interface ReadRequest {
  /** Which part of the attribute, with its parameter decoded; null: all of it. */
  readonly selection: DecodedSelection | null;
  readonly clientSap: number;
  readonly level: AccessLevel;
  /** Always there when the server asks; an object that does not look at it can be tried without. */
  readonly association?: AssociationFacts;
}

export type WriteRequest = ReadRequest;
export type InvokeRequest = Omit<ReadRequest, 'selection'>;

export interface DecodedSelection {
  readonly selector: number;
  readonly parameter: Data;
}

export interface CosemAttribute<D> {
  /** 2 .. 127. Attribute 1, the logical name, is answered by the catalogue. */
  readonly id: number;
  readonly read: AccessLevel | 'never';
  readonly write: AccessLevel | 'never';
  /** Selective access that `get` understands. */
  readonly selectors?: readonly number[];
  /** Writes exactly one Data to `out` and answers 0; or any other data-access-result, and what it wrote is dropped. */
  get?(device: D, request: ReadRequest, out: ByteWriter): number;
  /** Answers a data-access-result; 12, type-unmatched, for a value of another type. */
  set?(device: D, value: Data, request: WriteRequest): number;
}

export interface CosemMethod<D> {
  readonly id: number;
  readonly access: AccessLevel | 'never';
  /**
   * `parameter`: null when there is none, null-data included. Answers an action-result; writes one Data to `out`, or nothing
   * when it returns nothing. What it wrote is dropped when the result is not 0.
   */
  invoke(device: D, parameter: Data | null, request: InvokeRequest, out: ByteWriter): number;
}

export interface CosemObject<D> {
  readonly classId: number;
  readonly version: number;
  /** 6 bytes; no other object of the device has the same. */
  readonly logicalName: Uint8Array;
  readonly attributes: readonly CosemAttribute<D>[];
  readonly methods: readonly CosemMethod<D>[];
}

// ---- What the standard objects (association, security setup, ..) ask ----

/** An association, or one that a client might have. */
export interface PartnerFacts {
  readonly clientSap: number;
  readonly serverSap: number;
  readonly level: AccessLevel;
  /** Application context: 1 plain, 3 ciphered. */
  readonly context: number;
  readonly mechanism: number;
  readonly conformance: number;
  /** Longest APDU that the server takes, and that it sends; 0: no limit. */
  readonly receiveBytesMax: number;
  readonly sendBytesMax: number;
  /** 0 non-associated, 1 pending, 2 associated. */
  readonly status: 0 | 1 | 2;
}

/** The association in which a request came. */
export interface AssociationFacts extends PartnerFacts {
  readonly systemTitle: Uint8Array;
  /** Null: the client did not say. */
  readonly clientTitle: Uint8Array | null;
  readonly policy: SecurityPolicy;
  readonly security: DeviceSecurity | null;
  /** What client `clientSap` has or might have on this connection; null: not known here. */
  partner(clientSap: number): PartnerFacts | null;
  /** Null: this client has none. */
  securityOf(clientSap: number): DeviceSecurity | null;
  /** The object_list of that level, one encoded Data. */
  objectList(level: AccessLevel): Uint8Array;
  /** Writes the SAP_assignment_list. */
  putSapList(out: ByteWriter): void;
  /** Another password or secret of HLS for a client; false: it has none that can be changed. */
  changeSecret(clientSap: number, secret: Uint8Array, kind: 'password' | 'hls'): boolean;
  /** These apply when the answer has been sent with the old ones. */
  transferKeys(keys: SecurityKeys): void;
  /** The same for a stricter policy; false: the device can't. */
  activatePolicy(policy: SecurityPolicy): boolean;
}
