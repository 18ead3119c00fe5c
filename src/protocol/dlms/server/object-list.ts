/**
 * The object_list of an association (class 15 version 1, attribute 2): what there is, and what may be done with it.
 *
 *   array { structure { class u16, version u8, logical name,
 *     structure { array { structure { attribute i8, mode enum, selectors: null or array of i8 } },
 *                 array { structure { method i8, mode enum } } } } }
 *   mode of an attribute: 0 none, 1 read, 2 write, 3 both; of a method: 0 none, 1 access
 */

import type { ByteWriter } from '../data/byte-writer.ts';
import type { AccessLevel, CosemObject } from './cosem-object.ts';

const ORDER: readonly (AccessLevel | 'never')[] = ['public', 'reader', 'manager', 'never'];

/** One Data. */
export function putObjectList(out: ByteWriter, objects: readonly CosemObject<never>[], level: AccessLevel): void {
  const isAllowed = (right: AccessLevel | 'never'): boolean => ORDER.indexOf(right) <= ORDER.indexOf(level);
  out.array(objects.length);
  for (const { classId, version, logicalName, attributes, methods } of objects) {
    out.structure(4);
    out.longUnsigned(classId);
    out.unsigned(version);
    out.octetString(logicalName);
    out.structure(2);
    out.array(attributes.length + 1);
    putAttribute(out, 1, 1, []);
    for (const { id, read, write, selectors = [] } of attributes.toSorted((one, other) => one.id - other.id)) {
      putAttribute(out, id, (isAllowed(read) ? 1 : 0) + (isAllowed(write) ? 2 : 0), selectors);
    }
    out.array(methods.length);
    for (const { id, access } of methods.toSorted((one, other) => one.id - other.id)) {
      out.structure(2);
      out.integer(id);
      out.enumeration(isAllowed(access) ? 1 : 0);
    }
  }
}

function putAttribute(out: ByteWriter, id: number, mode: number, selectors: readonly number[]): void {
  out.structure(3);
  out.integer(id);
  out.enumeration(mode);
  if (selectors.length === 0) {
    out.nullData();
    return;
  }
  out.array(selectors.length);
  for (const selector of selectors) out.integer(selector);
}
