/** A control group of version 2 (cgroup-v2 of the kernel's guide): `cpu.stat`, `memory.current`, `memory.stat`, `io.stat`, `cgroup.procs`. */

import type { GroupSample, GroupSampler } from './group-sample.ts';
import type { ProcFiles } from './proc-file.ts';

/** Where the hierarchy is mounted: alone, or beside version 1. */
const ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'] as const;

/** The directory of a group; null: there is none of version 2 with this path. */
export function findControlGroup(path: string, files: ProcFiles): string | null {
  const inside = path === '/' ? '' : path;
  return ROOTS.map((root) => `${root}${inside}`).find((directory) => files.text(`${directory}/cpu.stat`)?.includes('usage_usec') === true) ?? null;
}

export class ControlGroup implements GroupSampler {
  readonly #directory: string;
  readonly #files: ProcFiles;

  constructor(directory: string, files: ProcFiles) {
    this.#directory = directory;
    this.#files = files;
  }

  sample(): GroupSample | null {
    const read = (name: string): string | null => this.#files.text(`${this.#directory}/${name}`);
    const cpu = read('cpu.stat');
    if (cpu === null) return null;
    const current = read('memory.current');
    const io = read('io.stat');
    const procs = read('cgroup.procs') ?? '';
    const processes = read('pids.current');
    return {
      userSeconds: field(cpu, 'user_usec') / 1e6,
      systemSeconds: field(cpu, 'system_usec') / 1e6,
      diskReadBytes: io === null ? null : total(io, 'rbytes'),
      diskWrittenBytes: io === null ? null : total(io, 'wbytes'),
      networkBytes: null,
      // Without the file pages that the kernel would give up first: what is left is what the group needs.
      memoryBytes: current === null ? null : Math.max(0, Number(current) - field(read('memory.stat') ?? '', 'inactive_file')),
      pssBytes: null,
      descriptors: null,
      connections: null,
      processes: processes === null ? procs.split('\n').filter(Boolean).length : Number(processes),
      fullest: null,
    };
  }
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

/** Over all devices: `8:0 rbytes=4096 wbytes=0 ..` */
function total(text: string, name: string): number {
  return [...text.matchAll(new RegExp(`\\b${name}=(\\d+)`, 'g'))].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}
