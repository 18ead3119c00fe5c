/**
 * Recorded and constructed frames of data/dlms-vectors.json (provenance in the file), and bytes written as hex.
 */

import { readFileSync } from 'node:fs';
import { packageFile } from '../../base/package-root.ts';

export interface HdlcVector {
  readonly id: string;
  readonly kind: string;
  /** One frame with both flags, upper case, no blanks. */
  readonly hex: string;
}

export const HDLC_VECTORS: readonly HdlcVector[] = (
  JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as HdlcVector[]
).filter(({ kind }) => kind === 'hdlc');

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

/** Blanks are allowed. */
export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}
