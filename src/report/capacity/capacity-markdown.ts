/** A capacity report as Markdown. */

import { bytes } from '../../base/format.ts';
import { costText, fullFirst, headline, loadText, proofText, sizingCells, sizingColumns, TRIAL_COLUMNS, trialCells, why } from './capacity-content.ts';
import type { CapacityReport } from './capacity-report.ts';

export function capacityMarkdown(report: CapacityReport): string {
  const { sizing, proof, trials, machine } = report;
  const lines = [
    `# Capacity: ${headline(report)}`,
    '',
    `${cell(report.scenario)}, head-end ${headendText(report)}. ${why(report)}`,
    '',
    fullFirst(report),
    '',
    `${proofText(report)}${proof === null ? '' : ` [Its report](${proof.directory}/report.html)`}`,
    '',
    '## What it costs',
    ...table(sizingColumns(report), sizing.figures.map(sizingCells), 1),
    '',
    ...(sizing.cpu === null ? [] : [costText(report), '']),
    ...sizing.caveats.map((caveat) => `- ${caveat}`),
    '',
    '## Trials',
    loadText(report),
    '',
    ...table(TRIAL_COLUMNS, trials.map(trialCells), 0),
    '',
    ...trials.flatMap(({ number, saturation }) => (saturation === null ? [] : [`- trial ${number}: ${cell(saturation.evidence)}`])),
    '',
    `Machine: ${cell(machine.cpu)}, ${machine.cores} cores, ${bytes(machine.memoryBytes)}, ${cell(machine.os)}, Node ${machine.node}. Meterstorm ${report.meterstorm}.`,
  ];
  return `${lines.join('\n')}\n`;
}

export function headendText({ headend, alternative }: CapacityReport): string {
  return alternative === null ? headend : `in the box (${alternative.intake} intake, ${alternative.store})`;
}

function table(columns: readonly string[], rows: readonly (readonly string[])[], firstNumber: number): readonly string[] {
  const last = columns.length - (firstNumber === 0 ? 1 : 2);
  return [line(columns), `|${columns.map((_, i) => (i >= firstNumber && i < last ? '---:' : '---')).join('|')}|`, ...rows.map(line)];
}

function line(cells: readonly string[]): string {
  return `| ${cells.map(cell).join(' | ')} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
