/** The end of `meterstorm capacity` in a terminal. */

import { costText, fullFirst, headline, proofText, sizingCells, sizingColumns, why } from './capacity-content.ts';
import type { CapacityReport } from './capacity-report.ts';

/** Text is wrapped at `width`. */
export function capacitySummary(report: CapacityReport, options: { readonly width: number; readonly colour: boolean }): string {
  const { width, colour } = options;
  const bold = (text: string): string => (colour ? `\u001b[1m${text}\u001b[0m` : text);
  const { figures, cpu, caveats } = report.sizing;
  const rows = [sizingColumns(report), ...figures.map(sizingCells)].map((cells) => cells.slice(0, 4));
  const lines = [
    bold(headline(report)),
    ...wrapped(why(report), width),
    '',
    ...wrapped(fullFirst(report), width),
    ...wrapped(proofText(report), width),
    '',
    ...aligned(rows),
    '',
    ...(cpu === null ? [] : wrapped(costText(report), width)),
    ...caveats.flatMap((caveat) => wrapped(caveat, width - 2).map((line, i) => `${i === 0 ? '-' : ' '} ${line}`)),
  ];
  return `${lines.join('\n')}\n`;
}

/** The second and third column have numbers. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const padded = (cell: string, i: number): string => (i === 1 || i === 2 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0));
  return rows.map((row) => row.map(padded).join('  ').trimEnd());
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
