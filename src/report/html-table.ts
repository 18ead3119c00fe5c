/** A table for the report: a head, a label in front of each row, room to scroll on a narrow page. */

import { escapeHtml } from './html-text.ts';

export interface HtmlTable {
  readonly columns: readonly { readonly name: string; readonly number?: boolean; readonly text?: boolean }[];
  readonly rows: readonly { readonly cells: readonly string[]; readonly className?: string }[];
  /** For those who hear the page. */
  readonly label: string;
  readonly className: string;
}

/** The first cell of each row is its head. */
export function htmlTable({ columns, rows, label, className }: HtmlTable): string {
  const head = columns.map(({ name, number }) => `<th scope="col"${number === true ? ' class="n"' : ''}>${escapeHtml(name)}</th>`);
  const body = rows.map(({ cells, className: kind = '' }) => {
    const inner = cells.map((cell, i) => {
      if (i === 0) return `<th scope="row">${escapeHtml(cell)}</th>`;
      const column = columns[i];
      const style = column?.number === true ? ' class="n"' : column?.text === true ? ' class="text"' : '';
      return `<td${style}>${escapeHtml(cell)}</td>`;
    });
    return `<tr${kind === '' ? '' : ` class="${kind}"`}>${inner.join('')}</tr>`;
  });
  return [
    `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(label)}"><table${className === '' ? '' : ` class="${className}"`}>`,
    `<thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`,
  ].join('');
}
