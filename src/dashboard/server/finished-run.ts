/** A run that is over, from the files that it left. */

import type { RunReport } from '../../report/run-report.ts';
import type { GridView, MonitorView, RunState, RunView } from './run-view.ts';

export class FinishedRun implements RunView {
  readonly progress = null;
  readonly id: string;
  readonly name: string;
  readonly report: RunReport;
  readonly grid: GridView | null;
  readonly monitor: MonitorView | null;

  constructor(options: {
    readonly id: string;
    readonly name: string;
    readonly report: RunReport;
    readonly grid: GridView | null;
    readonly monitor: MonitorView | null;
  }) {
    this.id = options.id;
    this.name = options.name;
    this.report = options.report;
    this.grid = options.grid;
    this.monitor = options.monitor;
  }

  get state(): RunState {
    return this.report.run.complete ? 'finished' : 'interrupted';
  }

  close(): void {
    this.grid?.close();
    this.monitor?.close();
  }
}
