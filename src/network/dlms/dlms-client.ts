/**
 * A DLMS client on a wire: link, association and operations with promises. One request at a time goes over the link; more
 * wait in its queue. Notifications that come in between go to a callback.
 *
 * Everything is driven from the sans-IO core (`protocol/dlms/client`); `run` drives an operation of one's own. A name that is
 * no OBIS code rejects with TypeError.
 */

import type { AttributeDescriptor, MethodDescriptor, Selection } from '../../protocol/dlms/apdu/descriptors.ts';
import { ClientAssociation } from '../../protocol/dlms/client/client-association.ts';
import type { ClientOptions, Exchange, GetItem, Negotiated } from '../../protocol/dlms/client/client-options.ts';
import {
  invokeMethod,
  readClock,
  readData,
  readDataList,
  readInvocationCounter,
  readRegister,
  type RegisterReading,
  writeClock,
  writeData,
} from '../../protocol/dlms/client/client-reader.ts';
import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import type { Instant } from '../../protocol/dlms/client/instant.ts';
import type { Notification } from '../../protocol/dlms/client/notification.ts';
import { type ObjectListEntry, readObjectList } from '../../protocol/dlms/client/object-list.ts';
import { type Profile, type ProfileQuirks, type ProfileRequest, readProfile } from '../../protocol/dlms/client/profile-reader.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { OBIS_BYTES, obisOf } from '../../protocol/dlms/data/obis.ts';
import type { SendCounter } from '../../protocol/dlms/security/counters.ts';
import { DlmsLink, type LinkOptions } from './dlms-link.ts';
import type { Station } from './framing.ts';

/** A logical name: `1-0:1.8.0*255`, `1.0.1.8.0.255`, or its 6 bytes. */
export type Name = string | Uint8Array;

export interface DlmsClientOptions extends Omit<LinkOptions, 'onUnasked'> {
  readonly association: ClientOptions;
  /**
   * Where the server says which invocation counter it has seen last (0.0.43.1.0.255): read by the public client, without
   * security, before the association is made; the send counter is moved behind it. Not read when it is not given.
   */
  readonly counterName?: Name;
  /** What the device wants otherwise than the standard has it. */
  readonly quirks?: ProfileQuirks;
  /** Notifications, whenever they come. */
  readonly onNotification?: (notification: Notification) => void;
}

const PUBLIC_CLIENT_SAP = 16;
const COUNTER_JUMP_MAX = 2 ** 30;

export class DlmsClient {
  readonly link: DlmsLink;
  readonly association: ClientAssociation;
  readonly #options: DlmsClientOptions;
  readonly #station: Station;

  /**
   * Connects, makes the data link, reads the counter where it is asked to, and associates. On any failure the link is closed
   * again. Errors: unreachable, timeout, link, closed, and those of `ClientAssociation.associate`.
   */
  static async connect(options: DlmsClientOptions): Promise<DlmsClient> {
    let client: DlmsClient | null = null;
    const link = await DlmsLink.open({
      ...options,
      onUnasked: (apdu, station) => {
        if (client !== null) client.#onUnasked(apdu, station);
      },
    });
    try {
      if (options.counterName !== undefined) await moveCounter(link, options, nameOf(options.counterName));
      client = new DlmsClient(link, options);
      await link.join(client.#station);
      await client.#associate();
      return client;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  private constructor(link: DlmsLink, options: DlmsClientOptions) {
    const { association, onNotification } = options;
    this.link = link;
    this.#options = options;
    this.association = new ClientAssociation(onNotification === undefined ? association : { ...association, onNotification });
    this.#station = { clientSap: association.clientSap, serverSap: association.serverSap };
  }

  /** What was agreed; null: the association is over. */
  get negotiated(): Negotiated | null {
    return this.association.negotiated;
  }

  /** Drives any operation of the association: `client.run((association) => association.getList(items))`. */
  run<T>(operation: (association: ClientAssociation) => Exchange<T>): Promise<T> {
    return this.link.run(this.#station, () => operation(this.association));
  }

  /** Value of an attribute. Errors: data-access when the server refuses, beside those of the link and the association. */
  get(name: Name, of: { readonly classId: number; readonly attribute: number; readonly selection?: Selection | null }): Promise<Data> {
    return this.run((association) => readData(association, attributeOf(name, of), of.selection ?? null));
  }

  /** Several attributes in one request; what the server refuses is null in its place. */
  getList(items: readonly { readonly name: Name; readonly classId: number; readonly attribute: number }[]): Promise<readonly (Data | null)[]> {
    return this.run((association) => readDataList(association, items.map((item): GetItem => ({ attribute: attributeOf(item.name, item) }))));
  }

  set(name: Name, of: { readonly classId: number; readonly attribute: number; readonly selection?: Selection | null }, value: Data): Promise<void> {
    return this.run((association) => writeData(association, attributeOf(name, of), value, of.selection ?? null));
  }

  /** Invokes a method; answers what it returns, null: nothing. Errors: action when it fails. */
  action(name: Name, of: { readonly classId: number; readonly method: number }, parameter: Data | null = null): Promise<Data | null> {
    return this.run((association) => {
      const method: MethodDescriptor = { classId: of.classId, logicalName: nameOf(name), method: of.method };
      return invokeMethod(association, method, parameter);
    });
  }

  /** Value and unit of a register; `classId` 3, 4 or 5, default 3. */
  register(name: Name, classId = 3): Promise<RegisterReading> {
    return this.run((association) => readRegister(association, { classId, logicalName: nameOf(name) }));
  }

  clock(): Promise<Instant> {
    return this.run((association) => readClock(association, this.#options.quirks));
  }

  /** Sets the clock of the meter. */
  setClock(instant: { readonly unixSeconds: number; readonly offsetMinutes: number }): Promise<void> {
    return this.run((association) => writeClock(association, instant, this.#options.quirks));
  }

  /** All objects of the logical device and what this client may do with them. */
  objects(): Promise<readonly ObjectListEntry[]> {
    return this.run((association) => readObjectList(association));
  }

  /** Rows of a profile, by time, by number, or all; what the meter left out of them is put back. */
  profile(name: Name, request: Omit<ProfileRequest, 'logicalName'> = {}): Promise<Profile> {
    const quirks = request.quirks ?? this.#options.quirks ?? {};
    return this.run((association) => readProfile(association, { ...request, logicalName: nameOf(name), quirks }));
  }

  /** Releases the association, ends the data link and closes the connection. Does not throw: it is over in any case. */
  async close(): Promise<void> {
    if (!this.link.closed) {
      try {
        if (this.negotiated !== null) await this.run((association) => association.release());
        await this.link.leave(this.#station);
      } catch (error) {
        // A server that does not answer any more has nothing to be told.
        if (!(error instanceof DlmsError)) throw error;
      }
    }
    this.association.reset();
    await this.link.close();
  }

  /** A server that has seen a higher counter says which one it wants; then it gets that one, once. */
  async #associate(): Promise<void> {
    try {
      await this.run((association) => association.associate());
    } catch (error) {
      const { security } = this.#options.association;
      const wanted = error instanceof DlmsError ? (error.details.exception?.counter ?? null) : null;
      if (wanted === null || security === null || security === undefined || wanted <= security.sendCounter.next) throw error;
      moveBehind(security.sendCounter, wanted - 1);
      await this.run((association) => association.associate());
    }
  }

  #onUnasked(apdu: Uint8Array, station: Station): void {
    const { onNotification } = this.#options;
    if (onNotification === undefined || station.serverSap !== this.#station.serverSap) return;
    const notification = this.association.notification(new Uint8Array(apdu));
    if (notification !== null) onNotification(notification);
  }
}

/** The bytes of a logical name. Throws TypeError when it is none. */
function nameOf(name: Name): Uint8Array {
  const bytes = typeof name === 'string' ? obisOf(name) : name;
  if (bytes?.length !== OBIS_BYTES) throw new TypeError('a logical name is written 1-0:1.8.0*255 or 1.0.1.8.0.255, or has 6 bytes');
  return bytes;
}

function attributeOf(name: Name, of: { readonly classId: number; readonly attribute: number }): AttributeDescriptor {
  return { classId: of.classId, logicalName: nameOf(name), attribute: of.attribute };
}

/** Asks as the public client which counter was seen last and moves ours behind it. */
async function moveCounter(link: DlmsLink, options: DlmsClientOptions, logicalName: Uint8Array): Promise<void> {
  const { security, serverSap, gateway, random } = options.association;
  if (security === null || security === undefined) return;
  const station = { clientSap: PUBLIC_CLIENT_SAP, serverSap };
  const association = new ClientAssociation({ ...station, random, ...(gateway === undefined ? {} : { gateway }) });
  await link.join(station);
  await link.run(station, () => association.associate());
  const last = await link.run(station, () => readInvocationCounter(association, logicalName));
  await link.run(station, () => association.release());
  await link.leave(station);
  moveBehind(security.sendCounter, last);
}

/**
 * Nobody vouches for `last`: it comes in clear. So the counter never goes back, and never so far ahead that its end is near.
 */
function moveBehind(counter: SendCounter, last: number): void {
  const jump = last + 1 - counter.next;
  if (jump > COUNTER_JUMP_MAX) throw new DlmsError('security', `the server says that it has seen the invocation counter ${last}, which is too far ahead`);
  if (jump > 0) counter.reserve(jump);
}
