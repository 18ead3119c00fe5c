/** Files that are there whole or not at all, and JSON that people can look at. */

import { renameSync, writeFileSync } from 'node:fs';

/** Pretty, with each list of numbers on a line of its own. */
export function prettyJson(value: unknown): string {
  const pretty = JSON.stringify(value, null, 2);
  // A line break within JSON is never part of a text, so that only lists are found.
  return `${pretty.replaceAll(/\[\n[-+.\deE,\s]+\]/g, (list) => list.replaceAll(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'))}\n`;
}

/** Throws what the file system throws. */
export function replaceFile(file: string, text: string): void {
  const beside = `${file}.new`;
  writeFileSync(beside, text);
  renameSync(beside, file);
}
