/** A machine whose /proc is made up by a test: processes that work, fork, end and are waited for, on a virtual clock. */

import { VirtualClock } from '../base/clock.ts';
import type { ProcFiles } from './proc-file.ts';

interface Process {
  readonly parent: number;
  readonly startTicks: number;
  /** Busy cores. */
  cores: number;
  sinceMs: number;
  ticks: number;
  childTicks: number;
  rssKilobytes: number;
  writtenBytes: number;
  descriptors: number;
}

export class ProcMachine implements ProcFiles {
  readonly clock = new VirtualClock();
  /** Contents by path that go before the made-up ones. */
  readonly texts = new Map<string, string>();
  readonly links = new Map<string, string>();
  /** What reading `smaps_rollup` says; null: forbidden. */
  pssKilobytes: number | null = 50;
  descriptorsMax = 1000;
  /** Whether this kernel has `task/<tid>/children`. */
  namesChildren = true;
  reads = 0;
  readonly #processes = new Map<number, Process>();

  /** A process that has `cores` busy from now on. */
  begin(pid: number, options: { readonly parent?: number; readonly cores?: number; readonly rssBytes?: number; readonly usedSeconds?: number } = {}): void {
    this.#processes.set(pid, {
      parent: options.parent ?? 1,
      startTicks: this.clock.nowMs() / 10 + pid,
      cores: options.cores ?? 0,
      sinceMs: this.clock.nowMs(),
      ticks: (options.usedSeconds ?? 0) * 100,
      childTicks: 0,
      rssKilobytes: (options.rssBytes ?? 1024) / 1024,
      writtenBytes: 0,
      descriptors: 10,
    });
  }

  change(pid: number, change: { readonly cores?: number; readonly rssBytes?: number; readonly descriptors?: number; readonly writes?: number }): void {
    const process = this.#of(pid);
    process.ticks = this.#ticks(process);
    process.sinceMs = this.clock.nowMs();
    process.cores = change.cores ?? process.cores;
    process.rssKilobytes = (change.rssBytes ?? process.rssKilobytes * 1024) / 1024;
    process.descriptors = change.descriptors ?? process.descriptors;
    process.writtenBytes += change.writes ?? 0;
  }

  /** `waited`: its parent gets what it took, as from wait(2). */
  end(pid: number, waited = true): void {
    const process = this.#of(pid);
    const parent = this.#processes.get(process.parent);
    if (waited && parent !== undefined) {
      parent.childTicks += this.#ticks(process) + process.childTicks;
      parent.writtenBytes += process.writtenBytes;
    }
    this.#processes.delete(pid);
  }

  /** Everything that is due at `ms` has run afterwards. */
  runTo(ms: number): void {
    let reached = false;
    this.clock.schedule(ms - this.clock.nowMs(), () => this.clock.schedule(0, () => (reached = true)));
    this.clock.run(() => reached);
  }

  text(path: string): string | null {
    this.reads++;
    const text = this.texts.get(path);
    if (text !== undefined) return text;
    const parent = /^\/proc\/(\d+)\/task\/\1\/children$/.exec(path)?.[1];
    if (parent !== undefined) return this.#children(Number(parent));
    const [, pid, name] = /^\/proc\/(\d+)\/(\w+)$/.exec(path) ?? [];
    const process = this.#processes.get(Number(pid));
    if (process === undefined) return null;
    const ticks = Math.floor(this.#ticks(process));
    const rss = process.rssKilobytes;
    switch (name) {
      case 'stat':
        return `${pid} (a (b) c) S ${process.parent} 1 1 0 -1 0 0 0 0 0 ${ticks} 0 ${Math.floor(process.childTicks)} 0 20 0 1 0 ${process.startTicks} 1 1 1\n`;
      case 'status':
        return `Name:\ta\nVmHWM:\t${rss * 2} kB\nVmRSS:\t${rss} kB\n`;
      case 'io':
        return `rchar: 1\nwchar: 1\nsyscr: 1\nsyscw: 1\nread_bytes: 0\nwrite_bytes: ${process.writtenBytes}\ncancelled_write_bytes: 0\n`;
      case 'limits':
        return `Limit Soft Hard Units\nMax open files            ${this.descriptorsMax}                 ${this.descriptorsMax}                files     \n`;
      case 'smaps_rollup':
        return this.pssKilobytes === null ? null : `Rss: 1 kB\nPss:        ${this.pssKilobytes} kB\n`;
      default:
        return null;
    }
  }

  list(directory: string): readonly string[] {
    if (directory === '/proc') return [...this.#processes.keys(), 'self', 'net'].map(String);
    const pid = /^\/proc\/(\d+)\/task$/.exec(directory)?.[1];
    if (pid !== undefined) return [pid];
    return [...this.links.keys()].filter((path) => path.startsWith(`${directory}/`)).map((path) => path.slice(directory.length + 1));
  }

  link(path: string): string | null {
    return this.links.get(path) ?? null;
  }

  size(path: string): number {
    const pid = /^\/proc\/(\d+)\/fd$/.exec(path)?.[1];
    return this.#processes.get(Number(pid))?.descriptors ?? 0;
  }

  #children(parent: number): string | null {
    if (!this.namesChildren || !this.#processes.has(parent)) return null;
    return [...this.#processes].filter(([, process]) => process.parent === parent).map(([pid]) => `${pid} `).join('');
  }

  #ticks({ ticks, cores, sinceMs }: Process): number {
    return ticks + (cores * (this.clock.nowMs() - sinceMs)) / 10;
  }

  #of(pid: number): Process {
    const process = this.#processes.get(pid);
    if (process === undefined) throw new Error(`no process ${pid}`);
    return process;
  }
}
