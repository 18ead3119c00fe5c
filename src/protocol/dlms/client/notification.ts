/** What a server sends unasked: data-notification (a push) and event-notification. */

import type { AttributeDescriptor } from '../apdu/descriptors.ts';

export type Notification =
  | {
      readonly kind: 'data';
      readonly longInvoke: number;
      /** COSEM date-time of 12 bytes; null: none was sent. */
      readonly time: Uint8Array | null;
      /** One encoded Data. */
      readonly body: Uint8Array;
      /** It was ciphered, and its tag and counter hold. */
      readonly authentic: boolean;
    }
  | {
      readonly kind: 'event';
      readonly time: Uint8Array | null;
      readonly attribute: AttributeDescriptor;
      /** One encoded Data. */
      readonly value: Uint8Array;
      readonly authentic: boolean;
    };
