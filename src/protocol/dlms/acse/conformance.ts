/**
 * The conformance block: which services a side offers, 24 bits, bit 0 of the standard is the highest.
 * What an association may use is what both sides have: `proposal & capability`.
 */

export const Conformance = Object.freeze({
  generalProtection: 0x400000,
  generalBlockTransfer: 0x200000,
  read: 0x100000,
  write: 0x080000,
  unconfirmedWrite: 0x040000,
  deltaValueEncoding: 0x020000,
  attribute0WithSet: 0x008000,
  priority: 0x004000,
  attribute0WithGet: 0x002000,
  blockTransferWithGet: 0x001000,
  blockTransferWithSet: 0x000800,
  blockTransferWithAction: 0x000400,
  multipleReferences: 0x000200,
  informationReport: 0x000100,
  dataNotification: 0x000080,
  access: 0x000040,
  parameterizedAccess: 0x000020,
  get: 0x000010,
  set: 0x000008,
  selectiveAccess: 0x000004,
  eventNotification: 0x000002,
  action: 0x000001,
});

export const CONFORMANCE_MASK = 0xffffff;

/** All that has a meaning with logical-name referencing. */
export const LOGICAL_NAME_CONFORMANCE = 0x62fedf;

/** Names for people, in the order of the bits; reserved bits have none. */
export function conformanceNames(mask: number): readonly string[] {
  return Object.entries(Conformance)
    .filter(([, bit]) => (mask & bit) !== 0)
    .map(([name]) => name);
}
