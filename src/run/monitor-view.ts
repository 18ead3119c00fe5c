/** What monitoring gathered of a run, for the dashboard: from the file that a finished one left, or from a run that goes on. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MonitorView } from '../dashboard/server/run-view.ts';
import { MONITOR_FILE, MonitorFile } from '../monitor/store/monitor-file.ts';
import type { MonitorSource } from '../monitor/store/monitor-source.ts';
import { cannotBeRead } from './stored-readings.ts';

/** When the run began: its monitoring says so by an event. */
async function beganUnixMs(source: MonitorSource): Promise<number | null> {
  const range = await source.timeRange();
  if (range === null) return null;
  const { events } = await source.queryEvents({ from: range.from, to: range.to + 1, rules: ['phase'], limit: 100 });
  return events.find(({ fields }) => fields['phase'] === 'playing')?.timeMs ?? null;
}

/** Opened at the first question, for reading alone. */
class FiledMonitor implements MonitorView {
  readonly #path: string;
  #file: Promise<MonitorFile> | null = null;
  #began: Promise<number | null> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  source(): Promise<MonitorFile> {
    this.#file ??= MonitorFile.open(this.#path).catch((error: unknown) => {
      // Asked again, it may be there.
      this.#file = null;
      return cannotBeRead(error);
    });
    return this.#file;
  }

  beganUnixMs(): Promise<number | null> {
    this.#began ??= this.source().then(beganUnixMs);
    this.#began.catch(() => (this.#began = null));
    return this.#began;
  }

  close(): void {
    void this.#file?.then((file) => file.close(), () => {});
    this.#file = null;
  }
}

/** Null: nothing was monitored. */
export function monitorOfDirectory(directory: string): MonitorView | null {
  const path = join(directory, MONITOR_FILE);
  return existsSync(path) ? new FiledMonitor(path) : null;
}

export function liveMonitor(source: MonitorSource): MonitorView {
  return { source: async () => source, beganUnixMs: () => beganUnixMs(source), close: () => {} };
}
