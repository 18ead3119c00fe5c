/**
 * Objects that every server has and that the server itself answers for: the association (class 15), SAP assignment (17),
 * security setup (64), and the invocation counters (class 1) that a client reads before it associates.
 */

import { MECHANISM_LLS } from '../acse/names.ts';
import { ActionResult, DataAccessResult } from '../apdu/results.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { Data } from '../data/data.ts';
import { DataTag } from '../data/data-tag.ts';
import { assert } from '../../../base/assert.ts';
import { unwrapKey } from '../security/key-wrap.ts';
import type { SecurityKeys } from '../security/keys.ts';
import { keyBytes } from '../security/suite.ts';
import type { AssociationFacts, CosemAttribute, CosemObject, InvokeRequest } from './cosem-object.ts';

const DLMS_VERSION = 6;

/**
 * Association LN, version 1: 0.0.40.0.e.255. Whatever `e` is, it shows the association that the request comes in.
 */
export function associationObject<D>(e = 0): CosemObject<D> {
  return {
    classId: 15,
    version: 1,
    logicalName: Uint8Array.of(0, 0, 40, 0, e, 255),
    attributes: [
      shown(2, (association, out) => out.put(association.objectList(association.level))),
      shown(3, ({ clientSap, serverSap }, out) => {
        out.structure(2);
        out.integer(clientSap);
        out.longUnsigned(serverSap);
      }),
      shown(4, ({ context }, out) => putName(out, 1, context)),
      shown(5, putContextInfo),
      shown(6, ({ mechanism }, out) => putName(out, 2, mechanism)),
      {
        id: 7,
        read: 'never',
        write: 'manager',
        set: (_device, value, request) => {
          if (value.type !== 'octet-string') return DataAccessResult.typeUnmatched;
          return changeSecret(factsOf(request), value.value) ? DataAccessResult.success : DataAccessResult.readWriteDenied;
        },
      },
      shown(8, ({ status }, out) => out.enumeration(status)),
      shown(9, (_association, out) => out.octetString(SECURITY_SETUP)),
    ],
    methods: [
      // Pass 3 of HLS is answered before there is an association; afterwards there is nothing to prove.
      { id: 1, access: 'public', invoke: () => ActionResult.otherReason },
      {
        id: 2,
        access: 'manager',
        invoke: (_device, parameter, request) => {
          if (parameter?.type !== 'octet-string') return ActionResult.typeUnmatched;
          return changeSecret(factsOf(request), parameter.value) ? ActionResult.success : ActionResult.readWriteDenied;
        },
      },
    ],
  };
}

/** SAP assignment, 0.0.41.0.0.255: what `putList` appends, or else what the host says. */
export function sapAssignmentObject<D>(putList?: (device: D, out: ByteWriter) => void): CosemObject<D> {
  return {
    classId: 17,
    version: 0,
    logicalName: Uint8Array.of(0, 0, 41, 0, 0, 255),
    attributes: [
      {
        id: 2,
        read: 'public',
        write: 'never',
        get: (device, request, out) => {
          if (putList === undefined) factsOf(request).putSapList(out);
          else putList(device, out);
          return DataAccessResult.success;
        },
      },
    ],
    methods: [],
  };
}

/** Security setup, version 0: 0.0.43.0.0.255. */
export function securitySetupObject<D>(): CosemObject<D> {
  return {
    classId: 64,
    version: 0,
    logicalName: SECURITY_SETUP,
    attributes: [
      shown(2, ({ policy }, out) => out.enumeration(policy), 'reader'),
      shown(3, ({ security }, out) => out.enumeration(security?.keys.suite ?? 0), 'reader'),
      shown(4, ({ clientTitle }, out) => out.octetString(clientTitle ?? new Uint8Array(0)), 'reader'),
      shown(5, ({ systemTitle }, out) => out.octetString(systemTitle), 'reader'),
    ],
    methods: [
      {
        id: 1,
        access: 'manager',
        invoke: (_device, parameter, request) => {
          if (parameter?.type !== 'enum') return ActionResult.typeUnmatched;
          const { value } = parameter;
          const association = factsOf(request);
          // A policy is only ever raised.
          if (value !== 0 && value !== 1 && value !== 2 && value !== 3) return ActionResult.otherReason;
          if ((value & association.policy) !== association.policy) return ActionResult.otherReason;
          return association.activatePolicy(value) ? ActionResult.success : ActionResult.readWriteDenied;
        },
      },
      {
        id: 2,
        access: 'manager',
        invoke: (_device, parameter, request) => {
          const association = factsOf(request);
          const wrapped = wrappedKeys(parameter);
          if (wrapped === null) return ActionResult.typeUnmatched;
          const keys = association.security === null ? null : unwrapped(association.security.keys, wrapped);
          if (keys === null) return ActionResult.otherReason;
          association.transferKeys(keys);
          return ActionResult.success;
        },
      },
    ],
  };
}

/** Invocation counter of client `clientSap`: 0.0.43.1.e.255, the last number accepted; 0 before the first. */
export function invocationCounterObject<D>(options: { readonly e: number; readonly clientSap: number }): CosemObject<D> {
  return {
    classId: 1,
    version: 0,
    logicalName: Uint8Array.of(0, 0, 43, 1, options.e, 255),
    attributes: [shown(2, (association, out) => out.doubleLongUnsigned(Math.max(0, association.securityOf(options.clientSap)?.receiveCounter(options.clientSap, 'unicast').last ?? 0)))],
    methods: [],
  };
}

const SECURITY_SETUP = Uint8Array.of(0, 0, 43, 0, 0, 255);

/** An attribute that says something of the association, and never fails. */
function shown<D>(id: number, put: (association: AssociationFacts, out: ByteWriter) => void, read: 'public' | 'reader' = 'public'): CosemAttribute<D> {
  return {
    id,
    read,
    write: 'never',
    get: (_device, request, out) => {
      put(factsOf(request), out);
      return DataAccessResult.success;
    },
  };
}

/** The object identifier 2.16.756.5.8.kind.number as a structure: what Blue Book calls the structured form. */
function putName(out: ByteWriter, kind: number, number: number): void {
  out.structure(7);
  out.unsigned(2);
  out.unsigned(16);
  out.longUnsigned(756);
  out.unsigned(5);
  out.unsigned(8);
  out.unsigned(kind);
  out.unsigned(number);
}

function putContextInfo(association: AssociationFacts, out: ByteWriter): void {
  out.structure(6);
  out.u8(DataTag.bitString);
  out.length(24);
  out.u8(association.conformance >>> 16);
  out.u16(association.conformance & 0xffff);
  out.longUnsigned(association.receiveBytesMax);
  out.longUnsigned(association.sendBytesMax);
  out.unsigned(DLMS_VERSION);
  out.integer(0);
  out.octetString(new Uint8Array(0));
}

function wrappedKeys(parameter: Data | null): readonly { readonly id: number; readonly wrapped: Uint8Array }[] | null {
  if (parameter?.type !== 'array') return null;
  const keys: { readonly id: number; readonly wrapped: Uint8Array }[] = [];
  for (const element of parameter.value) {
    if (element.type !== 'structure') return null;
    const [id, wrapped] = element.value;
    if (id?.type !== 'enum' || wrapped?.type !== 'octet-string') return null;
    keys.push({ id: id.value, wrapped: wrapped.value });
  }
  return keys;
}

/** Key ids of the key transfer. */
const UNICAST = 0;
const BROADCAST = 1;
const AUTHENTICATION = 2;
const MASTER = 3;

/** The keys after a transfer; null: one of them does not unwrap, or nobody knows what it is for. */
function unwrapped(keys: SecurityKeys, wrapped: readonly { readonly id: number; readonly wrapped: Uint8Array }[]): SecurityKeys | null {
  const changed: { -readonly [K in keyof SecurityKeys]: SecurityKeys[K] } = { ...keys };
  for (const { id, wrapped: bytes } of wrapped) {
    const key = unwrapKey(keys.master, bytes);
    if (key === null || key.length !== keyBytes(keys.suite)) return null;
    if (id === UNICAST) changed.encryption = key;
    else if (id === BROADCAST) changed.broadcast = key;
    else if (id === AUTHENTICATION) changed.authentication = key;
    else if (id === MASTER) changed.master = key;
    else return null;
  }
  return changed;
}

const SECRET_BYTES_MAX = 64;

/** A password of an association with LLS, else a secret of HLS. */
function changeSecret(association: AssociationFacts, secret: Uint8Array): boolean {
  if (secret.length === 0 || secret.length > SECRET_BYTES_MAX) return false;
  return association.changeSecret(association.clientSap, secret, association.mechanism === MECHANISM_LLS ? 'password' : 'hls');
}

function factsOf(request: InvokeRequest): AssociationFacts {
  const { association } = request;
  assert(association !== undefined, 'a server asks within an association');
  return association;
}
