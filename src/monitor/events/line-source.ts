/** What gives lines to rules: files, the journal, a command. */

import type { MonitorEvent } from '../store/monitor-source.ts';
import type { FoundLine } from './rule-watch.ts';

export interface LineSink {
  line(line: FoundLine): void;
  /** What happens to the source itself. */
  event(event: Pick<MonitorEvent, 'rule' | 'severity' | 'text' | 'fields'>): void;
  /** How far the source has come, kept with the events of all lines that it has given. */
  note(text: string): void;
}

export interface LineSource {
  /** `noted`: what the source said last of how far it came; null: it is looked at for the first time. */
  start(sink: LineSink, noted: string | null): void;
  stop(): void;
}
