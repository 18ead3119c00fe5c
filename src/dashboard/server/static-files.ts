/** The built web page: few files, read once at the start, so that no address can lead anywhere else on the disk. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
  /** Its name changes with its content. */
  readonly immutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** By address; `/` is the page itself. Throws when the page was not built. */
export function readStaticFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(name)];
    const path = join(folder, name);
    if (type === undefined || !statSync(path).isFile()) continue;
    const address = `/${name.replaceAll('\\', '/')}`;
    files.set(address === '/index.html' ? '/' : address, { type, body: readFileSync(path), immutable: address.startsWith('/assets/') });
  }
  if (!files.has('/')) throw new Error(`${folder} has no page`);
  return files;
}
