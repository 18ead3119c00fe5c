/**
 * Follows log files by a path whose last part may hold `*`. Looked at for the first time, a file is read from its end; one
 * that comes later from its begin.
 *
 *   renamed        read on to its end, until nothing has come for RENAMED_KEPT_MS; the new file of the name beside it
 *   cut off        (copytruncate) read from its begin
 *   an open line   waits for its end; of a renamed file it is taken as it is in the end
 *
 * How far each file was read is noted with the events of what was read, so that whoever goes on after a crash reads no line
 * twice and none not at all, also of a file that was renamed meanwhile.
 */

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Line } from '../lines/line-splitter.ts';
import { reason } from '../value/probe-runner.ts';
import type { LineSink, LineSource } from './line-source.ts';
import { OpenLog, type LogPosition } from './open-log.ts';

export interface LogFilesOptions {
  readonly clock: Clock;
  /** `/var/log/postgresql/*.log` */
  readonly path: string;
}

const LOOK_MS = 500;
const RENAMED_KEPT_MS = 10_000;
const FILES_MAX = 100;
/** At the end, of a file that grows faster than it is read. */
const LAST_LOOKS_MAX = 64;

interface Followed {
  readonly log: OpenLog;
  /** Clock time of the last growth, or of the loss of its name. */
  lastMs: number;
  named: boolean;
}

export class LogFiles implements LineSource {
  readonly #options: LogFilesOptions;
  readonly #files = new Map<string, Followed>();
  /** Files that were left, so that they are not read again under another name. */
  readonly #left = new Map<string, LogPosition>();
  #sink: LineSink | null = null;
  #timer: Timer | null = null;
  #first = true;
  /** Paths that can't be read, with the reason. */
  readonly #unreadable = new Map<string, string>();
  #note = '';

  constructor(options: LogFilesOptions) {
    this.#options = options;
  }

  start(sink: LineSink, noted: string | null): void {
    this.#sink = sink;
    if (noted !== null) this.#resume(JSON.parse(noted) as readonly LogPosition[]);
    this.#look();
  }

  /** What is there by then is still read. */
  stop(): void {
    this.#timer?.cancel();
    for (let looks = 0; looks < LAST_LOOKS_MAX && this.#sink !== null && this.#lookOnce(); looks++);
    for (const { log } of this.#files.values()) log.close();
    this.#files.clear();
  }

  /** Finds the files again, whatever they are called by now. */
  #resume(positions: readonly LogPosition[]): void {
    this.#first = false;
    const directory = dirname(this.#options.path);
    const all = new Map<string, string>();
    for (const name of namesIn(directory)) {
      const path = join(directory, name);
      const key = keyOf(path);
      if (key !== null) all.set(key, path);
    }
    for (const position of positions) {
      const key = `${position.device}:${position.inode}`;
      const path = all.get(key);
      if (path !== undefined) this.#open(path, position);
      else this.#left.set(key, position);
    }
  }

  #look(): void {
    const more = this.#lookOnce();
    this.#timer = this.#options.clock.schedule(more ? 0 : LOOK_MS, () => this.#look());
  }

  /** True: there is more at once. */
  #lookOnce(): boolean {
    const { clock, path } = this.#options;
    const named = this.#named(path);
    let more = false;
    for (const [key, followed] of this.#files) {
      const now = named.get(key);
      if (now !== undefined) followed.log.path = now;
      // From now on it has some time left.
      if (followed.named && now === undefined) followed.lastMs = clock.nowMs();
      followed.named = now !== undefined;
      more = this.#read(key, followed) || more;
    }
    for (const [key, name] of named) {
      if (this.#files.has(key) || this.#files.size >= FILES_MAX) continue;
      const left = this.#left.get(key);
      this.#left.delete(key);
      const followed = this.#open(name, left ?? (this.#first ? 'end' : 'begin'));
      if (followed !== null) more = this.#read(key, followed) || more;
    }
    if (this.#first && this.#files.size === 0 && this.#unreadable.size === 0) this.#tellMissing();
    this.#first = false;
    this.#tellPositions();
    return more;
  }

  /** Files of the path, by what they are. */
  #named(path: string): ReadonlyMap<string, string> {
    const form = formOf(basename(path));
    const directory = dirname(path);
    const names = form === null ? [basename(path)] : namesIn(directory).filter((name) => form.test(name));
    const found = new Map<string, string>();
    for (const name of names) {
      const key = keyOf(join(directory, name), (error) => this.#tellUnreadable(join(directory, name), error));
      if (key !== null) found.set(key, join(directory, name));
    }
    return found;
  }

  #open(path: string, from: 'begin' | 'end' | LogPosition): Followed | null {
    try {
      const followed = { log: OpenLog.open(path, from), lastMs: this.#options.clock.nowMs(), named: true };
      this.#files.set(followed.log.key, followed);
      this.#unreadable.delete(path);
      return followed;
    } catch (error) {
      this.#tellUnreadable(path, error);
      return null;
    }
  }

  /** True: there is more at once. */
  #read(key: string, followed: Followed): boolean {
    const { clock } = this.#options;
    const { log } = followed;
    try {
      const { lines, truncated, more } = log.next();
      if (truncated) this.#tellTruncated(log.path);
      for (const line of lines) this.#give(log.path, line);
      if (lines.length > 0 || more) followed.lastMs = clock.nowMs();
      if (!more && !followed.named && clock.nowMs() - followed.lastMs >= RENAMED_KEPT_MS) this.#leave(key, log);
      return more;
    } catch (error) {
      this.#tellUnreadable(log.path, error);
      this.#leave(key, log);
      return false;
    }
  }

  #leave(key: string, log: OpenLog): void {
    const rest = log.rest();
    if (rest !== null) this.#give(log.path, rest);
    this.#left.set(key, log.position);
    for (const oldest of this.#left.keys()) {
      if (this.#left.size <= FILES_MAX) break;
      this.#left.delete(oldest);
    }
    this.#files.delete(key);
    log.close();
  }

  #give(path: string, { text, from }: Line): void {
    if (text !== '') this.#sink?.line({ text, timeMs: null, fields: { file: path, offset: String(from) } });
  }

  #tellPositions(): void {
    const note = JSON.stringify([...this.#left.values(), ...[...this.#files.values()].map(({ log }) => log.position)]);
    if (note === this.#note) return;
    this.#note = note;
    this.#sink?.note(note);
  }

  #tellMissing(): void {
    const { path } = this.#options;
    this.#sink?.event({ rule: 'source-missing', severity: 'warning', text: `there is no file ${path} yet`, fields: { file: path } });
  }

  #tellTruncated(path: string): void {
    this.#sink?.event({ rule: 'log-truncated', severity: 'info', text: `${path} was cut off; it is read from its begin`, fields: { file: path } });
  }

  #tellUnreadable(path: string, error: unknown): void {
    const why = reason(error);
    if (this.#unreadable.get(path) === why) return;
    this.#unreadable.set(path, why);
    this.#sink?.event({ rule: 'source-failed', severity: 'error', text: `${path} can't be read: ${why}`, fields: { file: path, why } });
  }
}

/** null: there is no regular file, or none that may be looked at. */
function keyOf(path: string, onFault: (error: unknown) => void = () => {}): string | null {
  try {
    const facts = statSync(path, { throwIfNoEntry: false });
    return facts?.isFile() === true ? `${facts.dev}:${facts.ino}` : null;
  } catch (error) {
    onFault(error);
    return null;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** null: it is a name as it stands. */
function formOf(name: string): RegExp | null {
  if (!name.includes('*')) return null;
  return new RegExp(`^${name.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 'u');
}
