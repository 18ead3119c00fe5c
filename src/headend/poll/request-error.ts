/** Why a read on demand or a command brought nothing. */

import type { DlmsError, DlmsErrorCode } from '../../protocol/dlms/client/dlms-error.ts';
import type { DeviceName } from './credentials.ts';

/**
 * Beside the codes of a DLMS client, which say what the last try failed with or what the device refused:
 *
 * | code | meaning |
 * |---|---|
 * | device-unknown | the inventory has no such concentrator, or its SAP assignment no such meter |
 * | queue-full | the concentrator has as many requests waiting as it may have |
 * | late | it never had its turn within its time |
 * | stopped | the poller stops, or stopped before the request was done; a try of it may have been carried out |
 */
export type RequestErrorCode = DlmsErrorCode | 'device-unknown' | 'late' | 'stopped';

export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: RequestErrorCode;

  /** `cause`: the error of the last try; null: it was never tried. */
  constructor(code: RequestErrorCode, of: { readonly device: DeviceName; readonly why: string; readonly cause: DlmsError | null }) {
    const { device, why, cause } = of;
    const name = device.meter === null ? '' : `meter ${device.meter} at `;
    super(`${name}concentrator ${device.concentrator}: ${why}`, cause === null ? undefined : { cause });
    this.code = code;
  }
}
