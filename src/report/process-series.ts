/** Samples of many processes, taken at different moments, put on common moments and added up. */

import { assert } from '../base/assert.ts';
import type { ProcessUse } from '../monitor/process-use.ts';

export interface Moments {
  /** Ends of the stretches, ms since the run began, evenly apart. */
  readonly endsMs: readonly number[];
  readonly stretchMs: number;
}

/** As many stretches as the longest series has samples, within `countMax`; none when there are no samples. */
export function momentsOf(processes: readonly Pick<ProcessUse, 'wallMs'>[], countMax: number): Moments {
  let lastMs = 0;
  let count = 0;
  for (const { wallMs } of processes) {
    lastMs = Math.max(lastMs, wallMs.at(-1) ?? 0);
    count = Math.max(count, wallMs.length);
  }
  count = Math.min(count, countMax);
  if (count === 0 || lastMs === 0) return { endsMs: [], stretchMs: 0 };
  const stretchMs = lastMs / count;
  return { endsMs: Array.from({ length: count }, (_, i) => (i + 1) * stretchMs), stretchMs };
}

/** Mean cores that the processes took together in each stretch. Nothing gets lost: the area is their processor time. */
export function coresIn(processes: readonly Pick<ProcessUse, 'fromMs' | 'wallMs' | 'cpuCores'>[], moments: Moments): readonly number[] {
  const cores = moments.endsMs.map(() => 0);
  for (const { fromMs = 0, wallMs, cpuCores } of processes) {
    let from = fromMs;
    for (let i = 0; i < wallMs.length; i++) {
      const to = wallMs[i]!;
      spread(cores, { from, to, level: cpuCores[i] ?? 0 }, moments.stretchMs);
      from = to;
    }
  }
  return cores;
}

function spread(
  cores: number[],
  sample: { readonly from: number; readonly to: number; readonly level: number },
  stretchMs: number,
): void {
  assert(stretchMs > 0, 'samples need stretches to go to');
  const first = Math.floor(sample.from / stretchMs);
  for (let i = first; i < cores.length && i * stretchMs < sample.to; i++) {
    const overlap = Math.min(sample.to, (i + 1) * stretchMs) - Math.max(sample.from, i * stretchMs);
    if (overlap > 0) cores[i]! += (sample.level * overlap) / stretchMs;
  }
}

/** Memory of the processes together at the end of each stretch: of each its last sample before; 0 when it has ended. */
export function memoryAt(processes: readonly Pick<ProcessUse, 'wallMs' | 'rssBytes'>[], moments: Moments): readonly number[] {
  const memory = moments.endsMs.map(() => 0);
  for (const { wallMs, rssBytes } of processes) {
    const lastMs = wallMs.at(-1) ?? 0;
    let next = 0;
    for (let i = 0; i < memory.length; i++) {
      const end = moments.endsMs[i]!;
      while (next < wallMs.length && wallMs[next]! <= end + 1e-6) next++;
      if (end > lastMs + moments.stretchMs) break;
      const sample = Math.max(0, next - 1);
      if (next > 0 || (wallMs[0] ?? Infinity) < end + moments.stretchMs) memory[i]! += rssBytes[sample] ?? 0;
    }
  }
  return memory;
}
