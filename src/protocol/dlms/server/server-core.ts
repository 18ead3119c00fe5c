/** What all connections of a server share: what it offers, its limits, its counts, its scratch space. */

import { ServerScratch } from './server-scratch.ts';
import { checkSettings, SERVER_DEFAULTS, type ServerSettings } from './server-settings.ts';
import type { ServerStats } from './server-stats.ts';

export interface ServerCoreOptions extends Partial<ServerSettings> {
  readonly stats: ServerStats;
  /** Bytes that nobody can guess: challenges. */
  readonly random: (bytes: number) => Uint8Array;
}

export class ServerCore {
  readonly stats: ServerStats;
  readonly random: (bytes: number) => Uint8Array;
  readonly settings: ServerSettings;
  readonly scratch: ServerScratch;

  constructor(options: ServerCoreOptions) {
    const { stats, random, ...settings } = options;
    this.stats = stats;
    this.random = random;
    this.settings = Object.freeze({ ...SERVER_DEFAULTS, ...settings });
    checkSettings(this.settings);
    this.scratch = new ServerScratch(stats);
  }
}
