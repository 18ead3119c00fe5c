/** What a user wants watched beside our own processes, as written on the command line. */

export type WatchTarget =
  /** A process and its children. */
  | { readonly name: string; readonly kind: 'pid'; readonly pid: number }
  /** A control group (version 2), by its path from the root of the hierarchy. */
  | { readonly name: string; readonly kind: 'cgroup'; readonly path: string }
  /** All of this machine. */
  | { readonly name: string; readonly kind: 'host' };

/** Names that our own groups have. */
const TAKEN: ReadonlySet<string> = new Set(['simulator', 'headend', 'runner']);

/** `db=pid:4711`, `db=cgroup:/system.slice/postgresql.service`, `host`; otherwise what is wrong, as the end of a sentence. */
export function parseWatchTarget(text: string): WatchTarget | { readonly error: string } {
  const [, given, what = ''] = /^(?:([^=]*)=)?(.*)$/.exec(text) ?? [];
  const name = given ?? (what === 'host' ? 'host' : '');
  if (!/^\w[\w.-]{0,39}$/.test(name)) {
    return { error: `${quoted(text)} has no name; write e.g. db=pid:4711, db=cgroup:/system.slice/postgresql.service or host` };
  }
  if (TAKEN.has(name)) return { error: `${quoted(name)} is what a group of Meterstorm's own is called; take another name` };
  if (what === 'host') return { name, kind: 'host' };
  const pid = /^pid:(\d{1,10})$/.exec(what)?.[1];
  if (pid !== undefined && Number(pid) > 0) return { name, kind: 'pid', pid: Number(pid) };
  const path = /^cgroup:(\/.*)$/.exec(what)?.[1];
  if (path !== undefined && !path.split('/').includes('..')) return { name, kind: 'cgroup', path: path.replace(/(?<=.)\/+$/, '') };
  return { error: `${quoted(what)} is neither pid:NUMBER nor cgroup:/PATH nor host` };
}

/** In words: `process 4711 and its children`. */
export function targetText(target: WatchTarget): string {
  if (target.kind === 'pid') return `process ${target.pid} and its children`;
  return target.kind === 'cgroup' ? `control group ${target.path}` : 'all of this machine';
}

function quoted(text: string): string {
  return `"${text.replaceAll(/\p{C}/gu, '\uFFFD')}"`;
}
