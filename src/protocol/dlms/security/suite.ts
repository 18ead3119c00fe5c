/**
 * Security suites of DLMS/COSEM, as far as symmetric services go: 0 and 1 cipher with AES-GCM-128, 2 with
 * AES-GCM-256. The asymmetric half of suites 1 and 2 (signatures, key agreement) is not here.
 */

export type SecuritySuite = 0 | 1 | 2;

/** Of a system title: three letters of the maker, five bytes of its own. */
export const SYSTEM_TITLE_BYTES = 8;

/** Bytes of every key of the suite: encryption, authentication, master. */
export function keyBytes(suite: SecuritySuite): 16 | 32 {
  return suite === 2 ? 32 : 16;
}
