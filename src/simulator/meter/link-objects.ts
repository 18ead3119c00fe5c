/** How a device is reached: TCP-UDP setup (class 41), and HDLC at the optical port (class 23). */

import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { constant, cosemObject, stored, StoredValue } from './cosem-builder.ts';
import { aLongUnsigned } from './data-checks.ts';
import { enumeration, longUnsigned, name, unsigned } from './data-values.ts';
import type { Device } from './device.ts';

const DLMS_PORT = 4059;
/** Fits a datagram that no network cuts. */
const SEGMENT_BYTES_MAX = 576;
const INACTIVITY_SECONDS = 180;

export function tcpSetup<D extends Device>(connections: number): CosemObject<D> {
  return cosemObject<D>(41, 0, '0.0.25.0.0.255', [
    constant(2, longUnsigned(DLMS_PORT)),
    constant(3, name('0.0.25.1.0.255')),
    constant(4, longUnsigned(SEGMENT_BYTES_MAX)),
    constant(5, unsigned(connections)),
    stored(6, new StoredValue<D>('tcp/inactivity', longUnsigned(INACTIVITY_SECONDS)), { check: aLongUnsigned }),
  ]);
}

const BAUD_9600 = 5;

export function hdlcSetup<D extends Device>(): CosemObject<D> {
  return cosemObject<D>(23, 1, '0.0.22.0.0.255', [
    constant(2, enumeration(BAUD_9600)),
    constant(3, unsigned(1)),
    constant(4, unsigned(1)),
    constant(5, longUnsigned(128)),
    constant(6, longUnsigned(128)),
    constant(7, longUnsigned(30)),
    constant(8, longUnsigned(120)),
    constant(9, longUnsigned(16)),
  ]);
}
