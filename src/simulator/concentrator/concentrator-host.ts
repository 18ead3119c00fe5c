/**
 * What answers on a connection to a concentrator:
 *
 *   address 1             the concentrator's own logical device
 *   16, 17, ..            its meters, in the order of their numbers; 127, all stations, is left out. The SAP assignment of
 *                         address 1 lists them
 *   gateway, network 0    a meter by its number (u32) or by its serial or logical device name (ASCII), at its address 1
 *
 * The object catalogues are made once for all concentrators of a process, and a host is made for each connection. A logical
 * device is made when an association is asked for; a meter that nobody talks to costs no more than the grid's columns.
 */

import type { DeviceHost, LogicalDevice } from '../../protocol/dlms/server/device-host.ts';
import { ObjectCatalogue } from '../../protocol/dlms/server/object-catalogue.ts';
import type { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import {
  concentratorSystemTitle,
  LOGICAL_DEVICE_NAME_BYTES,
  meterNumber,
  meterOfSerial,
  meterSystemTitle,
} from '../../protocol/dlms/push/logical-device-name.ts';
import type { Device } from '../meter/device.ts';
import { logicalDeviceName } from '../meter/identity-objects.ts';
import { meterObjects } from '../meter/meter-objects.ts';
import { type MeterKind, MeterView } from '../meter/meter-view.ts';
import { concentratorObjects } from './concentrator-objects.ts';
import { type ConcentratorKind, CONCENTRATOR_SAP, ConcentratorView, meterIndexAt, meterSap } from './concentrator-view.ts';
import { DeviceAccess, type InstallationSecurity } from './device-access.ts';
import { concentratorStandardObjects, meterStandardObjects, putSap } from './standard-parts.ts';

/** All concentrators of a process, as far as connections are concerned. */
export class ConcentratorHosts {
  readonly meterKind: MeterKind;
  readonly concentratorKind: ConcentratorKind;
  readonly meterCatalogue: ObjectCatalogue<MeterView>;
  readonly concentratorCatalogue: ObjectCatalogue<ConcentratorView>;
  readonly meterAccess: DeviceAccess;
  readonly concentratorAccess: DeviceAccess;

  /** `security`: null is an installation without. */
  constructor(options: {
    readonly meterKind: MeterKind;
    readonly concentratorKind: ConcentratorKind;
    readonly security: InstallationSecurity | null;
  }) {
    const { meterKind, concentratorKind, security } = options;
    this.meterKind = meterKind;
    this.concentratorKind = concentratorKind;
    this.meterCatalogue = new ObjectCatalogue([...meterStandardObjects(), ...meterObjects(meterKind)]);
    this.concentratorCatalogue = new ObjectCatalogue([
      ...concentratorStandardObjects(),
      ...concentratorObjects(concentratorKind),
    ]);
    this.meterAccess = new DeviceAccess(security);
    this.concentratorAccess = new DeviceAccess(security);
  }

  /** For one connection to the concentrator of a station of this process. */
  of(station: number): DeviceHost<Device> {
    return new ConcentratorHost(this, station);
  }
}

const NETWORK = 0;
const NUMBER_BYTES = 4;

class ConcentratorHost implements DeviceHost<Device> {
  readonly #hosts: ConcentratorHosts;
  readonly #station: number;

  constructor(hosts: ConcentratorHosts, station: number) {
    this.#hosts = hosts;
    this.#station = station;
  }

  open(serverSap: number): LogicalDevice<Device> | null {
    const { concentratorKind } = this.#hosts;
    if (serverSap === CONCENTRATOR_SAP) return concentratorDevice(this.#hosts, this.#station);
    const { firstMeter } = concentratorKind.stations;
    const index = meterIndexAt(serverSap);
    const meter = firstMeter[this.#station]! + index;
    if (index < 0 || meter >= firstMeter[this.#station + 1]!) return null;
    return this.#meter(meter, serverSap);
  }

  openGateway(networkId: number, address: Uint8Array): LogicalDevice<Device> | null {
    if (networkId !== NETWORK) return null;
    const meter = meterAt(address);
    const { firstMeter } = this.#hosts.concentratorKind.stations;
    if (meter === null || meter < firstMeter[this.#station]! || meter >= firstMeter[this.#station + 1]!) return null;
    return this.#meter(meter, CONCENTRATOR_SAP);
  }

  /** Array of structure { SAP, logical device name }: the concentrator and its meters. */
  putSapList(out: ByteWriter): void {
    const { firstMeter } = this.#hosts.concentratorKind.stations;
    const first = firstMeter[this.#station]!;
    const count = firstMeter[this.#station + 1]! - first;
    out.array(1 + count);
    putSap(out, CONCENTRATOR_SAP, logicalDeviceName('concentrator', this.#station));
    for (let i = 0; i < count; i++) putSap(out, meterSap(i), logicalDeviceName('meter', first + i));
  }

  #meter(meter: number, sap: number): LogicalDevice<Device> {
    const { meterKind: kind, meterCatalogue: catalogue, meterAccess: access } = this.#hosts;
    const device = new MeterView({ meter, station: this.#station, sap, kind });
    return logicalDevice({ device, catalogue, access, systemTitle: meterSystemTitle(meter) });
  }
}

function concentratorDevice(hosts: ConcentratorHosts, station: number): LogicalDevice<Device> {
  const { concentratorKind: kind, concentratorCatalogue: catalogue, concentratorAccess: access } = hosts;
  const device = new ConcentratorView({ station, kind });
  return logicalDevice({ device, catalogue, access, systemTitle: concentratorSystemTitle(station) });
}

function logicalDevice<D extends Device>(of: {
  readonly device: D;
  readonly catalogue: ObjectCatalogue<D>;
  readonly access: DeviceAccess;
  readonly systemTitle: Uint8Array;
}): LogicalDevice<D> {
  const { device, catalogue, access, systemTitle } = of;
  return {
    device,
    catalogue,
    systemTitle,
    client: (clientSap) => access.rights(device.number, systemTitle, clientSap),
  };
}

/** The meter that an address behind the gateway names, whether it is here or not; null: none. */
function meterAt(address: Uint8Array): number | null {
  if (address.length === NUMBER_BYTES) return address.reduce((number, byte) => number * 256 + byte, 0);
  if (address.length === LOGICAL_DEVICE_NAME_BYTES) return meterNumber(address, 0, LOGICAL_DEVICE_NAME_BYTES);
  return meterOfSerial(address);
}
