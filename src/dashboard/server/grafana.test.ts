/** The dashboard file for Grafana asks for what `/metrics` has. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import { metricsText } from './metrics.ts';
import { smallRun } from './small-run.fixture.ts';

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
}

test('every metric that it names is there, and all panels have a place of their own', () => {
  const file = JSON.parse(readFileSync(packageFile('data', 'grafana', 'meterstorm.json'), 'utf8')) as { readonly panels: readonly Panel[]; readonly templating: { readonly list: readonly unknown[] } };
  const text = metricsText([smallRun()]);
  const names = file.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(/meterstorm_\w+/g) ?? []));
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(text).toContain(`\n${name}{`);
  expect(JSON.stringify(file.templating)).toContain('label_values(meterstorm_steps, run)');
  const cells = file.panels.flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`));
  expect(new Set(cells).size).toBe(cells.length);
});
