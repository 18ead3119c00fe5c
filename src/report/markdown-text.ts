/** Text on its way into Markdown. */

/** Text in which nothing is taken for Markdown or HTML, on one line. */
export function escapedMarkdown(text: string): string {
  return text
    .replaceAll(/\p{C}+/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*_{}[\]>#|~]/g, String.raw`\$&`)
    .trim();
}

/** Lines of a table. Cells are Markdown already. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [tableRow(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(tableRow)];
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
