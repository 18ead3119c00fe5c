/**
 * One attribute read or written, one method invoked, with everything that may forbid it. In this order: is there such an
 * object, of this class, with such an attribute; may this client; does it understand the selection; then the object itself.
 */

import { DataAccessResult, ActionResult } from '../apdu/results.ts';
import type { AttributeDescriptor, MethodDescriptor, Selection } from '../apdu/descriptors.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { Data } from '../data/data.ts';
import { decodeData } from '../data/data-codec.ts';
import { Conformance } from '../acse/conformance.ts';
import type { AccessLevel, CosemAttribute, ReadRequest } from './cosem-object.ts';
import { type CatalogueEntry, rankOf } from './object-catalogue.ts';
import type { ServerAssociation } from './server-association.ts';

/** Appends the Data and answers 0, or appends nothing and answers a data-access-result. */
export function readAttribute<D>(
  association: ServerAssociation<D>,
  descriptor: AttributeDescriptor,
  selection: Selection | null,
  out: ByteWriter,
): number {
  const entry = association.logical.catalogue.find(descriptor.logicalName, 0);
  if (entry === null) return DataAccessResult.objectUndefined;
  if (entry.classId !== descriptor.classId) return DataAccessResult.objectClassInconsistent;
  if (descriptor.attribute === 1 && selection === null) {
    out.octetString(entry.logicalName);
    return DataAccessResult.success;
  }
  if (descriptor.attribute === 0) return readAll(association, entry, out);
  const attribute = entry.attribute(descriptor.attribute);
  if (attribute === null) return DataAccessResult.objectUndefined;
  return readOne(association, attribute, selection, out);
}

function readOne<D>(association: ServerAssociation<D>, attribute: CosemAttribute<D>, selection: Selection | null, out: ByteWriter): number {
  if (attribute.get === undefined || !levelAllows(association.level, attribute.read)) return DataAccessResult.readWriteDenied;
  const request = requestOf(association, attribute, selection);
  if (typeof request === 'number') return request;
  const from = out.at;
  const result = attribute.get(association.logical.device, request, out);
  if (result !== DataAccessResult.success) out.at = from;
  return result;
}

/** Attribute 0: all of them as one structure, null-data for those that this client may not read. */
function readAll<D>(association: ServerAssociation<D>, entry: CatalogueEntry<D>, out: ByteWriter): number {
  if (!association.has(Conformance.attribute0WithGet)) return DataAccessResult.readWriteDenied;
  const { object } = entry;
  out.structure(object.attributes.length + 1);
  out.octetString(object.logicalName);
  for (const attribute of object.attributes) {
    if (readOne(association, attribute, null, out) !== DataAccessResult.success) out.nullData();
  }
  return DataAccessResult.success;
}

/** `value`: one encoded Data. */
export function writeAttribute<D>(
  association: ServerAssociation<D>,
  descriptor: AttributeDescriptor,
  selection: Selection | null,
  value: Uint8Array,
): number {
  const entry = association.logical.catalogue.find(descriptor.logicalName, 0);
  if (entry === null) return DataAccessResult.objectUndefined;
  if (entry.classId !== descriptor.classId) return DataAccessResult.objectClassInconsistent;
  const attribute = entry.attribute(descriptor.attribute);
  if (attribute === null) {
    return descriptor.attribute === 1 || descriptor.attribute === 0 ? DataAccessResult.readWriteDenied : DataAccessResult.objectUndefined;
  }
  if (attribute.set === undefined || !levelAllows(association.level, attribute.write)) return DataAccessResult.readWriteDenied;
  const request = requestOf(association, attribute, selection);
  if (typeof request === 'number') return request;
  const decoded = decodeData(value);
  if (decoded.status !== 'frame') return DataAccessResult.typeUnmatched;
  return attribute.set(association.logical.device, decoded.value, request);
}

/** Answers an action-result; what the method answers is appended. */
export function invokeMethod<D>(
  association: ServerAssociation<D>,
  descriptor: MethodDescriptor,
  parameter: Uint8Array | null,
  out: ByteWriter,
): number {
  const entry = association.logical.catalogue.find(descriptor.logicalName, 0);
  if (entry === null) return ActionResult.objectUndefined;
  if (entry.classId !== descriptor.classId) return ActionResult.objectClassInconsistent;
  const method = entry.method(descriptor.method);
  if (method === null) return ActionResult.objectUndefined;
  if (!levelAllows(association.level, method.access)) return ActionResult.readWriteDenied;
  let data: Data | null = null;
  if (parameter !== null) {
    const decoded = decodeData(parameter);
    if (decoded.status !== 'frame') return ActionResult.typeUnmatched;
    data = decoded.value;
  }
  const { clientSap, level } = association;
  return method.invoke(association.logical.device, data, { clientSap, level, association }, out);
}

function requestOf<D>(association: ServerAssociation<D>, attribute: CosemAttribute<D>, selection: Selection | null): ReadRequest | number {
  const { clientSap, level } = association;
  if (selection === null) return { selection: null, clientSap, level, association };
  if (!association.has(Conformance.selectiveAccess)) return DataAccessResult.scopeOfAccessViolated;
  if (attribute.selectors?.includes(selection.selector) !== true) return DataAccessResult.otherReason;
  const decoded = decodeData(selection.parameter);
  if (decoded.status !== 'frame') return DataAccessResult.typeUnmatched;
  return { selection: { selector: selection.selector, parameter: decoded.value }, clientSap, level, association };
}

function levelAllows(level: AccessLevel, wanted: AccessLevel | 'never'): boolean {
  return wanted !== 'never' && rankOf(level) >= rankOf(wanted);
}
