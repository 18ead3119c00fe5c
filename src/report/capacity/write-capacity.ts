/** Writes a capacity report into its directory: `capacity.json`, `capacity.md`, `capacity.html`. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capacityHtml } from './capacity-html.ts';
import { capacityMarkdown } from './capacity-markdown.ts';
import type { CapacityReport } from './capacity-report.ts';

/** Throws what the file system throws. */
export function writeCapacity(directory: string, report: CapacityReport): void {
  writeFileSync(join(directory, 'capacity.json'), capacityJson(report));
  writeFileSync(join(directory, 'capacity.md'), capacityMarkdown(report));
  writeFileSync(join(directory, 'capacity.html'), capacityHtml(report));
}

export function capacityJson(report: CapacityReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
