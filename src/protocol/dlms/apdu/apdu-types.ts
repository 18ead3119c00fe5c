/**
 * The plain xDLMS APDUs with LN referencing (IEC 62056-5-3, DLMS UA 1000-2 clause 9), as objects. `invoke` is the
 * invoke-id-and-priority byte as it stands on the wire: bits 0-3 id, 6 confirmed, 7 priority. Data inside is kept encoded: a
 * `Uint8Array` of exactly one well-formed Data, a view of the input. `raw` is a piece of a block transfer, cut anywhere.
 */

import type { AttributeDescriptor, MethodDescriptor, Selection } from './descriptors.ts';
import type { GetResult } from './results.ts';

export interface GetReference {
  readonly attribute: AttributeDescriptor;
  readonly selection: Selection | null;
}

export interface Block {
  readonly last: boolean;
  /** Counts from 1. */
  readonly block: number;
  readonly raw: Uint8Array;
}

/** `data`: what the method answered; null: nothing. */
export interface ActionReply {
  readonly result: number;
  readonly data: GetResult | null;
}

interface Service<Name extends string, Kind extends string> {
  readonly service: Name;
  readonly kind: Kind;
  readonly invoke: number;
}

export type GetRequest =
  | (Service<'get-request', 'normal'> & GetReference)
  | (Service<'get-request', 'next'> & { readonly block: number })
  | (Service<'get-request', 'list'> & { readonly items: readonly GetReference[] });

export type GetResponse =
  | (Service<'get-response', 'normal'> & { readonly result: GetResult })
  | (Service<'get-response', 'block'> & {
      readonly last: boolean;
      readonly block: number;
      readonly result: { readonly raw: Uint8Array } | { readonly error: number };
    })
  | (Service<'get-response', 'list'> & { readonly results: readonly GetResult[] });

export type SetRequest =
  | (Service<'set-request', 'normal'> & GetReference & { readonly value: Uint8Array })
  | (Service<'set-request', 'first-block'> & GetReference & Block)
  | (Service<'set-request', 'block'> & Block)
  | (Service<'set-request', 'list'> & { readonly items: readonly GetReference[]; readonly values: readonly Uint8Array[] })
  | (Service<'set-request', 'list-first-block'> & { readonly items: readonly GetReference[] } & Block);

export type SetResponse =
  | (Service<'set-response', 'normal'> & { readonly result: number })
  | (Service<'set-response', 'block'> & { readonly block: number })
  | (Service<'set-response', 'last-block'> & { readonly result: number; readonly block: number })
  | (Service<'set-response', 'last-block-list'> & { readonly results: readonly number[]; readonly block: number })
  | (Service<'set-response', 'list'> & { readonly results: readonly number[] });

export type ActionRequest =
  | (Service<'action-request', 'normal'> & { readonly method: MethodDescriptor; readonly parameter: Uint8Array | null })
  | (Service<'action-request', 'next-block'> & { readonly block: number })
  | (Service<'action-request', 'list'> & { readonly items: readonly MethodDescriptor[]; readonly parameters: readonly Uint8Array[] })
  | (Service<'action-request', 'first-block'> & { readonly method: MethodDescriptor } & Block)
  | (Service<'action-request', 'list-first-block'> & { readonly items: readonly MethodDescriptor[] } & Block)
  | (Service<'action-request', 'block'> & Block);

export type ActionResponse =
  | (Service<'action-response', 'normal'> & ActionReply)
  | (Service<'action-response', 'block'> & Block)
  | (Service<'action-response', 'list'> & { readonly results: readonly ActionReply[] })
  | (Service<'action-response', 'next-block'> & { readonly block: number });

export type AccessSpecification =
  | { readonly kind: 'get' | 'set'; readonly attribute: AttributeDescriptor; readonly selection: Selection | null }
  | { readonly kind: 'action'; readonly method: MethodDescriptor };

/** `longInvoke`: u32 as on the wire. `time`: COSEM date-time of 12 bytes, or null. */
interface LongService<Name extends string> {
  readonly service: Name;
  readonly longInvoke: number;
  readonly time: Uint8Array | null;
}

/** One Data for each specification; null-data for those that need none. */
export type AccessRequest = LongService<'access-request'> & {
  readonly specifications: readonly AccessSpecification[];
  readonly data: readonly Uint8Array[];
};

export interface AccessResult {
  readonly kind: 'get' | 'set' | 'action';
  readonly result: number;
}

export type AccessResponse = LongService<'access-response'> & {
  /** Those of the request again; null: left out. */
  readonly specifications: readonly AccessSpecification[] | null;
  readonly data: readonly Uint8Array[];
  readonly results: readonly AccessResult[];
};

export type DataNotification = LongService<'data-notification'> & { readonly body: Uint8Array };

export interface EventNotification {
  readonly service: 'event-notification';
  readonly time: Uint8Array | null;
  readonly attribute: AttributeDescriptor;
  readonly value: Uint8Array;
}

/** `state`: 1 service not allowed, 2 unknown. `reason`: 1 .. 6; `counter` comes with 6, invocation-counter-error. */
export interface ExceptionResponse {
  readonly service: 'exception-response';
  readonly state: number;
  readonly reason: number;
  readonly counter: number | null;
}

export interface ConfirmedServiceError {
  readonly service: 'confirmed-service-error';
  /** 1 initiate, 5 read, 6 write. */
  readonly of: number;
  readonly error: number;
  readonly code: number;
}

export interface GeneralBlock {
  readonly service: 'general-block-transfer';
  readonly last: boolean;
  readonly streaming: boolean;
  /** 0 .. 63 */
  readonly window: number;
  readonly block: number;
  readonly acknowledged: number;
  readonly raw: Uint8Array;
}

export type Apdu =
  | GetRequest
  | GetResponse
  | SetRequest
  | SetResponse
  | ActionRequest
  | ActionResponse
  | AccessRequest
  | AccessResponse
  | DataNotification
  | EventNotification
  | ExceptionResponse
  | ConfirmedServiceError
  | GeneralBlock;
