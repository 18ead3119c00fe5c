/** What the application gives the server: who is at an address, what it is made of, and what each client may do there. */

import type { ByteWriter } from '../data/byte-writer.ts';
import type { SecurityPolicy } from '../security/message-cipher.ts';
import type { AccessLevel } from './cosem-object.ts';
import type { DeviceSecurity } from './device-security.ts';
import type { ObjectCatalogue } from './object-catalogue.ts';

export type { DeviceSecurity };

export interface DeviceHost<D> {
  /**
   * The logical device at `serverSap`; null: nobody is there, and the server is silent. A view is made when an association is
   * asked for, and dropped with it. 127 (all stations) is asked for like any other; it is served and never answered.
   */
  open(serverSap: number): LogicalDevice<D> | null;
  /** The device behind this one; `address` is a view of the request. Absent: this is no gateway. */
  openGateway?(networkId: number, address: Uint8Array): LogicalDevice<D> | null;
  /** Writes the array of {SAP, logical device name} for class 17. Absent: the device asked is the only one. */
  putSapList?(out: ByteWriter): void;
}

export interface LogicalDevice<D> {
  readonly device: D;
  readonly catalogue: ObjectCatalogue<D>;
  /** 8 bytes. */
  readonly systemTitle: Uint8Array;
  /** What client `clientSap` may do; null: not known here. */
  client(clientSap: number): ClientRights | null;
  /** The association is gone. */
  release?(): void;
}

export interface ClientRights {
  readonly level: AccessLevel;
  /** Allowed ones: 0 none, 1 password, 3, 4, 5, 6 HLS. */
  readonly mechanisms: readonly number[];
  /** Allowed application contexts: 1 plain, 3 ciphered. */
  readonly contexts: readonly (1 | 3)[];
  /** For mechanism 1. */
  readonly password: Uint8Array | null;
  /** For mechanisms 3, 4 and 6. */
  readonly hlsSecret: Uint8Array | null;
  /** For context 3 and mechanism 5. */
  readonly security: DeviceSecurity | null;
  /** At least so much protection, in both directions; not 0: context 1 is refused. */
  readonly policy: SecurityPolicy;
  /** Keeps another password or HLS secret, 1 .. 64 bytes, for later associations. Absent: it can't be changed. */
  changeSecret?(secret: Uint8Array, kind: 'password' | 'hls'): void;
  /** Keeps a stricter policy for later associations. Absent: it can't be changed. */
  activatePolicy?(policy: SecurityPolicy): void;
  /** This client needs no AARQ; absent: it does. */
  readonly preEstablished?: PreEstablished;
}

/** What is agreed without a word. */
export interface PreEstablished {
  readonly context: 1 | 3;
  readonly conformance: number;
  /** Longest APDU that the client takes; 0: no limit. */
  readonly pduBytesMax: number;
  /** 8 bytes; for context 3. */
  readonly clientTitle: Uint8Array | null;
}
