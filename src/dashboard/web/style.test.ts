/** The page and the report have the same colours, and none that can't be read. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import { PAGE_STYLE } from '../../report/page-style.ts';

const STYLE = readFileSync(packageFile('src', 'dashboard', 'web', 'style.css'), 'utf8');

/** By name, those of the first block after `where`. */
function palette(style: string, where: string): ReadonlyMap<string, string> {
  const block = style.slice(style.indexOf(where)).split('}')[0] ?? '';
  return new Map([...block.matchAll(/(--[a-z]+\d?):(#[0-9a-f]{3,6})/g)].map(([, name = '', value = '']) => [name, value]));
}

function luminance(colour: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2.1. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const THEMES = [
  ['light', ':root{', ':root{'],
  ['dark', ':root[data-theme=dark]{', '(prefers-color-scheme:dark){:root{'],
] as const;

test.each(THEMES)('%s: the colours of the report', (_theme, ours, theirs) => {
  const own = palette(STYLE, ours);
  const report = palette(PAGE_STYLE, theirs);
  expect(report.size).toBeGreaterThan(12);
  for (const [name, value] of report) expect(own.get(name), name).toBe(value);
});

test.each(THEMES)('%s: texts stand out from what is behind them', (_theme, ours) => {
  const own = palette(STYLE, ours);
  const paper = own.get('--paper') ?? '';
  for (const name of ['--ink', '--soft', '--good', '--bad', '--open', '--c0']) expect(contrast(own.get(name) ?? '', paper), name).toBeGreaterThanOrEqual(4.5);
  // What stands on tinted ground, and marks on the map.
  expect(contrast(own.get('--soft') ?? '', own.get('--tint') ?? '')).toBeGreaterThanOrEqual(4.5);
  for (const name of ['--m0', '--m3', '--m4', '--m5']) expect(contrast(own.get(name) ?? '', own.get('--sea') ?? ''), name).toBeGreaterThanOrEqual(2.5);
});
