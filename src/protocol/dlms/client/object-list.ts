/**
 * What a server has: the object_list of its association (class 15, attribute 2).
 *
 *   array { structure { class u16, version u8, logical name,
 *                       structure { array { structure { attribute i8, mode, null or array of selectors } },
 *                                   array { structure { method i8, mode } } } } }
 */

import type { Data } from '../data/data.ts';
import { formatObis } from '../data/obis.ts';
import { CURRENT_ASSOCIATION_NAME } from './association-name.ts';
import type { ClientAssociation } from './client-association.ts';
import type { Exchange } from './client-options.ts';
import { CLASS_ASSOCIATION, readData } from './client-reader.ts';
import { elementsIn, logicalNameIn, numberIn, structureIn } from './data-shape.ts';

export interface AttributeAccess {
  readonly attribute: number;
  /** As the server says it. Versions 0 to 2: 0 none, 1 R, 2 W, 3 RW, 4 to 6 the same when authenticated. Version 3: bits. */
  readonly mode: number;
  readonly selectors: readonly number[];
}

export interface MethodAccess {
  readonly method: number;
  /** 0 barred. */
  readonly mode: number;
}

export interface ObjectListEntry {
  readonly classId: number;
  readonly version: number;
  readonly logicalName: Uint8Array;
  /** `1-0:1.8.0*255` */
  readonly obis: string;
  readonly attributes: readonly AttributeAccess[];
  readonly methods: readonly MethodAccess[];
}

/** Errors: data-access, data. */
export function* readObjectList(association: ClientAssociation): Exchange<readonly ObjectListEntry[]> {
  const data = yield* readData(association, { classId: CLASS_ASSOCIATION, logicalName: CURRENT_ASSOCIATION_NAME, attribute: 2 });
  return elementsIn(data, 'an object list').map(entryOf);
}

function entryOf(data: Data): ObjectListEntry {
  const [classId, version, name, rights] = structureIn(data, 3, 'an entry of an object list');
  const logicalName = logicalNameIn(name, 'a name in an object list');
  const [attributes, methods] = rights === undefined ? [] : elementsIn(rights, 'access rights');
  return {
    classId: numberIn(classId, 'a class in an object list'),
    version: numberIn(version, 'a version in an object list'),
    logicalName,
    obis: formatObis(logicalName),
    attributes: listIn(attributes).map(attributeOf),
    methods: listIn(methods).map(methodOf),
  };
}

function attributeOf(data: Data): AttributeAccess {
  const [attribute, mode, selectors] = structureIn(data, 2, 'an attribute access');
  return {
    attribute: numberIn(attribute, 'an attribute number'),
    mode: numberIn(mode, 'an access mode'),
    selectors: listIn(selectors).map((selector) => numberIn(selector, 'a selector')),
  };
}

function methodOf(data: Data): MethodAccess {
  const [method, mode] = structureIn(data, 2, 'a method access');
  return { method: numberIn(method, 'a method number'), mode: numberIn(mode, 'an access mode') };
}

/** Null-data, or nothing, is an empty list. */
function listIn(data: Data | undefined): readonly Data[] {
  return data === undefined || data.type === 'null-data' ? [] : elementsIn(data, 'a list of access rights');
}
