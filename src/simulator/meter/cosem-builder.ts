/**
 * Attributes and objects of simulated devices in few words. Three kinds of attribute:
 *
 *   constant   the same in all devices: encoded once
 *   live       computed from the device when it is read
 *   stored     a constant or computed value until an operator writes another
 *
 * What is live or stored is the device's own, and can't be had while the device is out of reach: temporary-failure, for
 * reading, writing and invoking alike. Constants are known to whoever stands in between, and so is what is mirrored.
 */

import { assert } from '../../base/assert.ts';
import { ActionResult, DataAccessResult } from '../../protocol/dlms/apdu/results.ts';
import type { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { decodeData, encodeData, putData } from '../../protocol/dlms/data/data-codec.ts';
import { parseObis } from '../../protocol/dlms/data/obis.ts';
import type { AccessLevel, CosemAttribute, CosemMethod, CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import type { Check } from './data-checks.ts';
import type { Device } from './device.ts';

export function constant(id: number, data: Data, read: AccessLevel = 'reader'): CosemAttribute<unknown> {
  const encoded = encodeData(data);
  return {
    id,
    read,
    write: 'never',
    get: (_device, _request, out) => {
      out.put(encoded);
      return DataAccessResult.success;
    },
  };
}

export function live<D extends Device>(
  id: number,
  put: (device: D, out: ByteWriter) => void,
  options: { readonly read?: AccessLevel; readonly mirrored?: boolean } = {},
): CosemAttribute<D> {
  const { read = 'reader', mirrored = false } = options;
  return {
    id,
    read,
    write: 'never',
    get: (device, _request, out) => {
      if (!mirrored && !device.reachable) return DataAccessResult.temporaryFailure;
      put(device, out);
      return DataAccessResult.success;
    },
  };
}

/** The same with a Data that is made for the occasion; for what is read now and then. */
export function computed<D extends Device>(
  id: number,
  make: (device: D) => Data,
  options: { readonly read?: AccessLevel; readonly mirrored?: boolean } = {},
): CosemAttribute<D> {
  return live(id, (device, out) => putData(out, make(device)), options);
}

/** A value that operators may write. `name`: where it is kept, unique in the device. */
export class StoredValue<D extends Device> {
  readonly name: string;
  readonly #initial: Data | ((device: D) => Data);

  constructor(name: string, initial: Data | ((device: D) => Data)) {
    this.name = name;
    this.#initial = initial;
  }

  /** What was written, or what it is by itself. */
  of(device: D): Data {
    const encoded = device.change?.value(this.name) ?? null;
    if (encoded === null) return typeof this.#initial === 'function' ? this.#initial(device) : this.#initial;
    const decoded = decodeData(encoded);
    assert(decoded.status === 'frame', 'what is stored was well-formed');
    return decoded.value;
  }

  /** A data-access-result; refuses what the bounds of a device don't hold. */
  set(device: D, value: Data): number {
    return device.touch().setValue(this.name, encodeData(value)) ? DataAccessResult.success : DataAccessResult.otherReason;
  }

  /** Back to what it is by itself. */
  clear(device: D): void {
    device.change?.deleteValue(this.name);
  }
}

export interface StoredOptions<D> {
  readonly check: Check;
  readonly read?: AccessLevel;
  readonly write?: AccessLevel | 'never';
  /** Before it is written. */
  readonly changing?: (device: D) => void;
  /** After it was written. */
  readonly changed?: (device: D, value: Data) => void;
}

export function stored<D extends Device>(id: number, value: StoredValue<D>, options: StoredOptions<D>): CosemAttribute<D> {
  const { check, read = 'reader', write = 'manager', changing, changed } = options;
  return {
    id,
    read,
    write,
    get: (device, _request, out) => {
      if (!device.reachable) return DataAccessResult.temporaryFailure;
      const written = device.change?.value(value.name) ?? null;
      if (written !== null) out.put(written);
      else putData(out, value.of(device));
      return DataAccessResult.success;
    },
    set: (device, data) => {
      if (!device.reachable) return DataAccessResult.temporaryFailure;
      const checked = check(data);
      if (checked !== DataAccessResult.success) return checked;
      changing?.(device);
      const result = value.set(device, data);
      if (result === DataAccessResult.success) changed?.(device, data);
      return result;
    },
  };
}

/** A method for the manager. `run` answers an action-result. */
export function method<D extends Device>(id: number, run: (device: D, parameter: Data | null) => number): CosemMethod<D> {
  return {
    id,
    access: 'manager',
    invoke: (device, parameter) => (device.reachable ? run(device, parameter) : ActionResult.temporaryFailure),
  };
}

export function cosemObject<D>(
  classId: number,
  version: number,
  logicalName: string,
  attributes: readonly CosemAttribute<D>[],
  methods: readonly CosemMethod<D>[] = [],
): CosemObject<D> {
  return { classId, version, logicalName: parseObis(logicalName), attributes, methods };
}
