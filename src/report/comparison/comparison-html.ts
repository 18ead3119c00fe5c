/** The comparison as one HTML file that needs nothing else, in the look of the report of a run. */

import { escapeHtml } from '../html-text.ts';
import { htmlTable } from '../html-table.ts';
import { indicatorText } from '../indicators.ts';
import { PAGE_SCRIPT } from '../page-script.ts';
import { PAGE_STYLE } from '../page-style.ts';
import { chartFigure } from '../svg-chart.ts';
import type { ComparedAlternative, ComparedRun, Comparison } from './comparison.ts';
import { answerOf, loadLine, markText, noiseNote, problemRows, problemsOf, rangeText, runNotes, thresholdText, titleOf } from './comparison-content.ts';
import { comparisonCharts } from './comparison-charts.ts';
import { GROUP_TITLES } from './measures.ts';

/** On top of the style of a report. */
const STYLE = `
.alternatives{display:grid;grid-template-columns:repeat(auto-fit,minmax(15em,1fr));gap:26px 32px;margin-top:30px}
.alternative{border-left:6px solid var(--mark);padding-left:16px;min-width:0;overflow-wrap:anywhere}
.alternative h2{margin:0}
.alternative .answer{color:var(--mark);font-weight:650;font-size:22px;line-height:1.3}
.alternative p{color:var(--soft);font-size:14px;margin-top:4px}
.alternative .why{color:var(--ink);font-size:15px}
.conclusion{font-size:21px;line-height:1.45;max-width:46em;margin-top:24px;text-wrap:pretty;overflow-wrap:anywhere}
a{color:inherit}
.compared td{white-space:nowrap}
.compared thead th{white-space:normal}
.compared td.n small{display:block;color:var(--soft);font-size:13px}
.compared td.best{font-weight:650}
.compared td.best small{font-weight:400}.compared td.best small:last-child{color:var(--good)}
@media (max-width:760px){.compared tbody th{white-space:normal;min-width:8.5em}}
.compared tr.group th{color:var(--soft);font-weight:650;font-size:14px;padding-top:18px}
`;

export function comparisonHtml(comparison: Comparison): string {
  const title = `${titleOf(comparison)} – Meterstorm`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title><link rel="icon" href="data:,">`,
    `<style>${PAGE_STYLE}${STYLE}</style></head><body>`,
    `<header><span><b>Meterstorm</b> · ${escapeHtml(titleOf(comparison))}</span><span>${escapeHtml(machineLine(comparison))}</span></header>`,
    '<main>',
    opening(comparison),
    charts(comparison),
    measures(comparison),
    problems(comparison),
    runs(comparison),
    '</main>',
    `<footer>Meterstorm ${escapeHtml(comparison.meterstorm)}. The numbers behind this page are in compare.json; each run has a report of its own.</footer>`,
    `<script>${PAGE_SCRIPT}</script></body></html>\n`,
  ].join('\n');
}

function machineLine({ machine }: Comparison): string {
  return machine === null ? '' : `${machine.cpu}, ${machine.cores} cores`;
}

function opening(comparison: Comparison): string {
  const { conclusion, alternatives, load, complete } = comparison;
  const interrupted = complete ? '' : '<p class="size">The comparison was interrupted; what is there is shown.</p>';
  const size = load.run === null ? '' : `${loadLine(comparison)}. `;
  return [
    `<p class="conclusion">${escapeHtml(conclusion)}</p>${interrupted}`,
    `<div class="alternatives">${alternatives.map(card).join('')}</div>`,
    `<p class="size">${escapeHtml(size + load.text)}</p>`,
  ].join('\n');
}

function card(alternative: ComparedAlternative): string {
  const { name, description, able, why } = alternative;
  const kind = able === null ? 'unknown' : able ? 'able' : 'unable';
  const broken = thresholdText(alternative);
  const thresholds = broken === '' ? '' : `<p class="why bad">${escapeHtml(broken)}</p>`;
  return [
    `<div class="alternative ${kind}"><h2>${escapeHtml(name)}</h2><div class="answer">${escapeHtml(answerOf(alternative))}</div>`,
    `<p class="why">${escapeHtml(why)}</p>${thresholds}<p>${escapeHtml(description)}</p></div>`,
  ].join('');
}

function charts(comparison: Comparison): string {
  const drawn = comparisonCharts(comparison);
  if (drawn.length === 0) return '';
  const lead = comparison.repeat > 1 ? 'Of each alternative the run of median length, in the time of this machine.' : 'In the time of this machine, since the first message.';
  return `<section><h2>How they went</h2><p class="lead">${escapeHtml(lead)}</p><div class="charts">${drawn.map(chartFigure).join('\n')}</div></section>`;
}

function measures(comparison: Comparison): string {
  const { measures: all, alternatives } = comparison;
  if (all.length === 0) return '';
  const head = alternatives.map(({ name }) => `<th scope="col" class="n">${escapeHtml(name)}</th>`).join('');
  let group = '';
  const rows = all.map((measure) => {
    const cells = measure.cells.map(({ median, values, mark, timesBest }) => {
      const below = [rangeText(measure.unit, values), markText({ median, values, mark, timesBest })].filter((text) => text !== '');
      const text = median === null ? '–' : indicatorText(measure.unit, median);
      return `<td class="n${mark === 'best' ? ' best' : ''}">${escapeHtml(text)}${below.map((each) => `<small>${escapeHtml(each)}</small>`).join('')}</td>`;
    });
    const title = measure.group === group ? '' : `<tr class="group"><th colspan="${alternatives.length + 1}">${escapeHtml(GROUP_TITLES[measure.group])}</th></tr>`;
    group = measure.group;
    return `${title}<tr><th scope="row">${escapeHtml(measure.label)}</th>${cells.join('')}</tr>`;
  });
  return [
    `<section><h2>Side by side</h2><p class="lead">${escapeHtml(noiseNote(comparison))}</p>`,
    `<div class="scroll" role="region" tabindex="0" aria-label="Side by side"><table class="compared"><thead><tr><th></th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`,
    '</section>',
  ].join('\n');
}

function problems(comparison: Comparison): string {
  const { alternatives } = comparison;
  const rows = problemRows(comparison).map(({ id, grave, cells }) => ({ cells: [id, ...cells.map((cell) => (cell === '' ? '–' : cell))], className: grave ? 'fault' : '' }));
  if (rows.length === 0) return '<section><h2>Problems</h2><p>None was seen.</p></section>';
  const columns = [{ name: 'problem' }, ...alternatives.map(({ name }) => ({ name, text: true }))];
  const lists = alternatives.map(({ name }, i) => {
    const items = problemsOf(comparison, i).map(({ id, severity, title, evidence }) => {
      return `<li class="${severity === 'critical' ? 'grave' : 'noted'}"><b>${escapeHtml(title)}</b><p>${escapeHtml(evidence)} <code>${escapeHtml(id)}</code></p></li>`;
    });
    return items.length === 0 ? '' : `<div><h3>${escapeHtml(name)}</h3><ul class="problems">${items.join('')}</ul></div>`;
  });
  return [
    '<section><h2>Problems side by side</h2>',
    htmlTable({ columns, rows, label: 'Problems side by side', className: '' }),
    `<div class="columns">${lists.join('')}</div></section>`,
  ].join('\n');
}

function runs({ alternatives }: Comparison): string {
  const rows = alternatives.map((alternative) => {
    const notes = runNotes(alternative).join('. ');
    const text = notes === '' ? '' : `<dd>${escapeHtml(notes)}</dd>`;
    return `<div><dt>${escapeHtml(alternative.name)}</dt><dd>${alternative.runs.map(reportLink).join(', ')}</dd>${text}</div>`;
  });
  return `<section><h2>Runs</h2><p class="lead">Each directory holds the whole report of its run.</p><dl class="rows">${rows.join('')}</dl></section>`;
}

/** Relative, so that the directory can be moved as a whole. */
function reportLink({ folder, state, load }: ComparedRun): string {
  const text = escapeHtml(folder);
  return state === 'ran' || load !== null ? `<a href="${escapeHtml(folder.split('/').map(encodeURIComponent).join('/'))}/report.html">${text}</a>` : text;
}
