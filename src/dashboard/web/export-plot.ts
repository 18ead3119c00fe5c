/** What is seen as a file: a picture (PNG) or the values behind it (CSV). Made in the page; nothing is asked for. */

import type { Chart } from './plot-painter.ts';
import { colour } from './theme.ts';

function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** One column for the time, one for each series; of the grid also as ISO 8601. */
function chartCsv({ axis, x, series, dots = [], unit }: Chart): string {
  const grid = axis.kind === 'grid';
  const head = [...(grid ? ['time', 'unix_seconds'] : ['seconds']), ...[...series, ...dots].map(({ name }) => `${name} [${unit}]`)];
  const rows = x.map((at, i) => [...(grid ? [new Date(at * 1000).toISOString(), at] : [at]), ...[...series, ...dots].map(({ values }) => known(values[i]))]);
  return `${[head, ...rows].map((row) => row.map((value) => cell(String(value))).join(',')).join('\n')}\n`;
}

export function saveCsv(chart: Chart, run: string): void {
  save(`${run}-${chart.id}.csv`, new Blob([chartCsv(chart)], { type: 'text/csv' }));
}

const PAD = 16;

/** The drawing with its title, legend and where it is from. */
export function savePng(chart: Chart, of: { readonly canvas: HTMLCanvasElement; readonly run: string; readonly scenario: string }): void {
  const { canvas, run, scenario } = of;
  const pixel = devicePixelRatio;
  const [pad, top, foot] = [PAD * pixel, (chart.series.length > 1 ? 54 : 34) * pixel, 26 * pixel];
  const picture = document.createElement('canvas');
  picture.width = canvas.width + 2 * pad;
  picture.height = canvas.height + top + foot + pad;
  const ctx = picture.getContext('2d');
  if (ctx === null) return;
  const font = (size: number, weight = 400): string => `${weight} ${size * pixel}px system-ui, "Liberation Sans", Arial, sans-serif`;
  ctx.fillStyle = colour('--paper');
  ctx.fillRect(0, 0, picture.width, picture.height);
  ctx.fillStyle = colour('--ink');
  ctx.font = font(15, 650);
  ctx.fillText(chart.title, pad, 24 * pixel);
  let left = pad;
  ctx.font = font(12);
  for (const { name, colour: number } of chart.series.length > 1 ? chart.series : []) {
    ctx.fillStyle = colour(`--c${number}`);
    ctx.fillRect(left, 36 * pixel, 10 * pixel, 10 * pixel);
    ctx.fillStyle = colour('--soft');
    ctx.fillText(name, left + 15 * pixel, 45 * pixel);
    left += ctx.measureText(name).width + 34 * pixel;
  }
  ctx.drawImage(canvas, pad, top);
  ctx.fillStyle = colour('--soft');
  ctx.fillText(`${scenario} · Meterstorm`, pad, picture.height - 12 * pixel);
  picture.toBlob((blob) => {
    if (blob !== null) save(`${run}-${chart.id}.png`, blob);
  }, 'image/png');
}

/** Empty where it is not known. */
function known(value: number | null | undefined): number | string {
  return value === null || value === undefined || Number.isNaN(value) ? '' : value;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
