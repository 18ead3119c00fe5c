/** Security setup (class 64 version 0), 0.0.43.0.0.255: the policy and the keys of the association that asks. */

import { ActionResult } from '../apdu/results.ts';
import type { Data } from '../data/data.ts';
import { unwrapKey } from '../security/key-wrap.ts';
import type { SecurityKeys } from '../security/keys.ts';
import { keyBytes } from '../security/suite.ts';
import type { CosemObject } from './cosem-object.ts';
import { factsOf, shown } from './facts.ts';

export const SECURITY_SETUP = Uint8Array.of(0, 0, 43, 0, 0, 255);

const NOTHING = new Uint8Array(0);

export function securitySetupObject<D>(): CosemObject<D> {
  return {
    classId: 64,
    version: 0,
    logicalName: SECURITY_SETUP,
    attributes: [
      shown(2, ({ policy }, out) => out.enumeration(policy), 'reader'),
      shown(3, ({ security }, out) => out.enumeration(security?.keys.suite ?? 0), 'reader'),
      shown(4, ({ clientTitle }, out) => out.octetString(clientTitle ?? NOTHING), 'reader'),
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
          if (value !== 0 && value !== 1 && value !== 2 && value !== 3) return ActionResult.otherReason;
          // A policy is only ever raised; and one that nobody could keep would shut everybody out.
          if ((value & association.policy) !== association.policy || association.security === null) return ActionResult.otherReason;
          return association.activatePolicy(value) ? ActionResult.success : ActionResult.readWriteDenied;
        },
      },
      {
        id: 2,
        access: 'manager',
        invoke: (_device, parameter, request) => {
          const association = factsOf(request);
          const { security } = association;
          const transferred = transferredKeys(parameter);
          if (transferred === null) return ActionResult.typeUnmatched;
          const keys = security === null ? null : keysAfter(security.keys, transferred);
          if (keys === null) return ActionResult.otherReason;
          association.transferKeys(keys);
          return ActionResult.success;
        },
      },
    ],
  };
}

interface TransferredKey {
  readonly id: number;
  readonly wrapped: Uint8Array;
}

/** array { structure { key-id enum, wrapped key octet-string } }; null: it is none. */
function transferredKeys(parameter: Data | null): readonly TransferredKey[] | null {
  if (parameter?.type !== 'array') return null;
  const keys: TransferredKey[] = [];
  for (const element of parameter.value) {
    if (element.type !== 'structure' || element.value.length !== 2) return null;
    const [id, wrapped] = element.value;
    if (id?.type !== 'enum' || wrapped?.type !== 'octet-string') return null;
    keys.push({ id: id.value, wrapped: wrapped.value });
  }
  return keys;
}

/** By key-id. */
const KEY_NAMES = ['encryption', 'broadcast', 'authentication', 'master'] as const;

/** All of them together; null: none is to be transferred, or one does not unwrap, is too long, or of a kind that nobody has. */
function keysAfter(keys: SecurityKeys, transferred: readonly TransferredKey[]): SecurityKeys | null {
  if (transferred.length === 0) return null;
  const after: { -readonly [K in keyof SecurityKeys]: SecurityKeys[K] } = { ...keys };
  for (const { id, wrapped } of transferred) {
    const key = unwrapKey(keys.master, wrapped);
    const name = KEY_NAMES[id];
    if (key === null || name === undefined || key.length !== keyBytes(keys.suite)) return null;
    after[name] = key;
  }
  return Object.freeze(after);
}
