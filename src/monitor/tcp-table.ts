/**
 * How many TCP connections processes hold: their descriptors that are sockets, matched by inode with the established ones of
 * `/proc/<pid>/net/tcp` and `tcp6` (proc(5)) of the network that they see.
 */

import type { ProcFiles } from './proc-file.ts';

/** Processes of one group share one network. Null: nothing can be read. */
export function establishedOf(pids: readonly number[], files: ProcFiles): number | null {
  const [first] = pids;
  if (first === undefined) return null;
  const tables = ['tcp', 'tcp6'].map((name) => files.text(`/proc/${first}/net/${name}`)).filter((text) => text !== null);
  if (tables.length === 0) return null;
  const established = new Set(tables.flatMap(establishedInodes));
  let count = 0;
  // A socket that was inherited counts once.
  const seen = new Set<string>();
  for (const pid of pids) {
    for (const name of files.list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(files.link(`/proc/${pid}/fd/${name}`) ?? '')?.[1];
      if (inode === undefined || seen.has(inode) || !established.has(inode)) continue;
      seen.add(inode);
      count++;
    }
  }
  return count;
}

const ESTABLISHED = '01';
/** Places in a line of the table, between blanks. */
const STATE = 3;
const INODE = 9;

export function establishedInodes(table: string): readonly string[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const words = line.trim().split(/\s+/);
      const inode = words[INODE];
      return words[STATE] === ESTABLISHED && inode !== undefined && inode !== '0' ? [inode] : [];
    });
}
