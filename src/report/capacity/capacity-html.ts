/** A capacity report as one HTML file that needs nothing else. */

import { bytes, digits3, duration } from '../../base/format.ts';
import { htmlTable } from '../html-table.ts';
import { escapeHtml } from '../html-text.ts';
import { PAGE_STYLE } from '../page-style.ts';
import { capacityCharts } from './capacity-chart.ts';
import { costText, fullFirst, headline, loadText, proofText, sizingCells, sizingColumns, TRIAL_COLUMNS, trialCells, why } from './capacity-content.ts';
import { headendText } from './capacity-markdown.ts';
import type { CapacityReport } from './capacity-report.ts';

const STYLE = `${PAGE_STYLE}
.f0{fill:var(--c0)}.ring{fill:var(--paper);stroke-width:1.8}.chart svg{display:block!important}
.caveats code{white-space:nowrap}.caveats{margin:14px 0 0 1.2em;color:var(--soft);font-size:15px;max-width:60em}`;

export function capacityHtml(report: CapacityReport): string {
  const title = `${headline(report)}: capacity, ${report.scenario} – Meterstorm`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title><link rel="icon" href="data:,">`,
    `<style>${STYLE}</style></head><body>`,
    `<header><span><b>Meterstorm</b> · capacity · ${escapeHtml(report.scenario)}</span><span>head-end ${escapeHtml(headendText(report))}</span></header>`,
    '<main>',
    answer(report),
    `<section><h2>Load and backlog</h2><p class="lead">${escapeHtml(loadText(report))}</p>${capacityCharts(report)}</section>`,
    costs(report),
    trials(report),
    about(report),
    '</main>',
    `<footer>Meterstorm ${escapeHtml(report.meterstorm)}. The numbers behind this page are in capacity.json.</footer>`,
    '</body></html>\n',
  ].join('\n');
}

const KINDS = { 'value': 'able', 'at-least': 'unknown', 'at-most': 'unable', 'unknown': 'unknown' } as const;

function answer(report: CapacityReport): string {
  const { proof } = report;
  const link = proof === null ? '' : ` <a href="${escapeHtml(proof.directory)}/report.html">Its report.</a>`;
  return [
    `<div class="verdict ${KINDS[report.answer.kind]}"><p class="question">How large a grid does it hold?</p>`,
    `<h1>${escapeHtml(headline(report))}</h1><p class="why">${escapeHtml(why(report))}</p></div>`,
    `<section><h2>What was full first</h2><p class="result">${escapeHtml(fullFirst(report))}</p>`,
    `<p>${escapeHtml(proofText(report))}${link}</p></section>`,
  ].join('\n');
}

function costs(report: CapacityReport): string {
  const { figures, caveats } = report.sizing;
  const columns = sizingColumns(report).map((name, i) => ({ name, number: i === 1 || i === 2, text: i === 4 }));
  return [
    '<section><h2>What it costs</h2>',
    htmlTable({ columns, rows: figures.map((figure) => ({ cells: sizingCells(figure) })), label: 'What it costs', className: '' }),
    `<p>${escapeHtml(costText(report))}</p>`,
    `<ul class="caveats">${caveats.map((caveat) => `<li>${withCode(caveat)}</li>`).join('')}</ul></section>`,
  ].join('\n');
}

function trials({ trials: all }: CapacityReport): string {
  const columns = TRIAL_COLUMNS.map((name, i) => ({ name, number: i > 0 && i < TRIAL_COLUMNS.length - 1 }));
  const rows = all.map((trial) => ({ cells: trialCells(trial), className: trial.judgement === 'holds' ? '' : 'fault' }));
  const reasons = all.flatMap(({ number, saturation }) => (saturation === null ? [] : [`<li>Trial ${number}: ${escapeHtml(saturation.evidence)}.</li>`]));
  return `<section><h2>Trials</h2>${htmlTable({ columns, rows, label: 'Trials', className: '' })}<ul class="caveats">${reasons.join('')}</ul></section>`;
}

function about({ machine, windowSeconds, budgetSeconds, wallSeconds }: CapacityReport): string {
  const rows: readonly (readonly [string, string])[] = [
    ['processor', `${machine.cpu}, ${machine.cores} cores`],
    ['memory', bytes(machine.memoryBytes)],
    ['system', `${machine.os}, Node ${machine.node}`],
    ['load before', `${digits3(machine.loadAverage1)} runnable processes over the last minute`],
    ['time', `${duration(wallSeconds)} of ${duration(budgetSeconds)}; each trial was measured over ${duration(windowSeconds)} or more`],
  ];
  const items = rows.map(([name, text]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd></div>`);
  return `<section><h2>This machine</h2><dl class="rows">${items.join('')}</dl></section>`;
}

/** What stands in backticks is code. */
function withCode(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}
