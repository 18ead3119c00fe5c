/** How large a file is. */

import { statSync } from 'node:fs';

/** Bytes; 0 when there is none. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
