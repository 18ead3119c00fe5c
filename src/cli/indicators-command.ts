/** `meterstorm indicators`: the catalogue, a line each; with a finished run, what each was in it. */

import { INDICATORS, indicatorText, UNIT_WORDS } from '../report/indicators.ts';
import type { RunReport } from '../report/run-report.ts';
import { readReport } from './read-report.ts';

export function indicatorsCommand(directory: string | undefined, flags: { readonly json: boolean }): void {
  const report = directory === undefined ? null : readReport(directory);
  process.stdout.write(flags.json ? `${JSON.stringify(indicatorList(report), null, 2)}\n` : indicatorTable(report));
}

/** Shares are 0 .. 1; null: that run does not tell. Without a run there are no values. */
function indicatorList(report: RunReport | null): readonly object[] {
  return INDICATORS.map(({ name, unit, meaning, read }) => ({ name, unit, meaning, ...(report === null ? {} : { value: read(report) }) }));
}

export function indicatorTable(report: RunReport | null): string {
  const rows = INDICATORS.map(({ name, unit, meaning, read }) => {
    const value = report === null ? null : read(report);
    const second = report === null ? UNIT_WORDS[unit] : value === null ? 'unknown' : indicatorText(unit, value);
    return { name, second, meaning };
  });
  const [first, second] = [Math.max(...rows.map(({ name }) => name.length)), Math.max(...rows.map((row) => row.second.length))];
  return `${rows.map((row) => `${row.name.padEnd(first)}  ${row.second.padStart(second)}  ${row.meaning}`).join('\n')}\n`;
}
