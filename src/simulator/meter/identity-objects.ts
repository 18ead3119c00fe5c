/** Who a device is: names, numbers, firmware (class 1). */

import {
  LOGICAL_DEVICE_NAME_BYTES,
  putConcentratorName,
  putMeterName,
  serialOf,
} from '../../protocol/dlms/push/logical-device-name.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { computed, constant, cosemObject } from './cosem-builder.ts';
import { ascii, octets, text } from './data-values.ts';
import type { Device } from './device.ts';

/** The name by which a device is known in SAP assignment and pushes. */
export function logicalDeviceName(kind: 'meter' | 'concentrator', number: number): Uint8Array {
  const bytes = new Uint8Array(LOGICAL_DEVICE_NAME_BYTES);
  if (kind === 'meter') putMeterName(bytes, 0, number);
  else putConcentratorName(bytes, 0, number);
  return bytes;
}

export function identityObjects<D extends Device>(kind: 'meter' | 'concentrator'): readonly CosemObject<D>[] {
  const own = (logicalName: string, of: (number: number) => Uint8Array, read: 'public' | 'reader' = 'reader'): CosemObject<D> =>
    cosemObject<D>(1, 0, logicalName, [computed(2, (device) => octets(of(device.number)), { read, mirrored: true })]);
  const model = kind === 'meter' ? 'MSM-MT3' : 'MSM-DC1';
  return [
    own('0.0.42.0.0.255', (number) => logicalDeviceName(kind, number), 'public'),
    own('0.0.96.1.0.255', serialOf),
    cosemObject<D>(1, 0, '0.0.96.1.1.255', [constant(2, text(model))]),
    own('0.0.96.1.10.255', (number) => joined(kind === 'meter' ? 'POD' : 'STN', serialOf(number))),
    cosemObject<D>(1, 0, '1.0.0.2.0.255', [constant(2, text(`${model}-1.0`))]),
    cosemObject<D>(1, 0, '1.0.0.2.8.255', [constant(2, octets(SIGNATURE))]),
  ];
}

/** Of the firmware; any. */
const SIGNATURE = Uint8Array.of(0x4d, 0x53, 0x4d, 0x00, 0x00, 0x01, 0x00, 0x00);

function joined(prefix: string, serial: Uint8Array): Uint8Array {
  return Uint8Array.of(...ascii(prefix), ...serial);
}
