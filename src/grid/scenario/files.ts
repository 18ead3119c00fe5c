/** Where scenario texts come from: the file system, or texts in memory. Paths are as the user wrote them. */

import { readFileSync, statSync } from 'node:fs';

export interface ScenarioFiles {
  /** The text, or in words what is there instead of one. */
  read(path: string): { readonly text: string } | { readonly found: string };
  /** True for an existing file that is no directory. */
  isFile(path: string): boolean;
}

/** A scenario is a page or two; more than this is some other file. */
export const SCENARIO_BYTES_MAX = 1_000_000;

export const systemFiles: ScenarioFiles = {
  read(path) {
    try {
      const facts = statSync(path);
      if (facts.isDirectory()) return { found: 'a directory' };
      if (!facts.isFile()) return { found: 'what is no regular file' };
      if (facts.size > SCENARIO_BYTES_MAX) return { found: `a file of ${facts.size} bytes` };
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
    } catch (error) {
      return { found: problemOf(error) };
    }
  },
  isFile(path) {
    try {
      return statSync(path).isFile();
    } catch {
      return false;
    }
  },
};

function problemOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'a file that may not be read';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'a file that is no UTF-8 text';
  return `a file that cannot be read (${String(code ?? error)})`;
}
