/** What a server sends unasked: data-notification (a push) and event-notification. */

import { ApduTag } from '../apdu/apdu-tag.ts';
import { decodeApdu } from '../apdu/apdu.ts';
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

/** The notification that a plain APDU is; null: it is none, or is malformed. */
export function notificationOf(plain: Uint8Array, authentic: boolean): Notification | null {
  if (plain[0] !== ApduTag.dataNotification && plain[0] !== ApduTag.eventNotification) return null;
  const decoded = decodeApdu(plain);
  if (decoded.status !== 'frame') return null;
  const apdu = decoded.value;
  if (apdu.service === 'data-notification') {
    const { longInvoke, time, body } = apdu;
    return { kind: 'data', longInvoke, time, body, authentic };
  }
  if (apdu.service !== 'event-notification') return null;
  const { time, attribute, value } = apdu;
  return { kind: 'event', time, attribute, value, authentic };
}
