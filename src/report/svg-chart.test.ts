import { describe, expect, test } from 'vitest';
import { chartFigure, extent, type Chart } from './svg-chart.ts';

const CHART: Chart = {
  id: 'x',
  title: 'Title & more',
  caption: 'Caption',
  unit: 'meters',
  physical: false,
  whole: true,
  axis: { kind: 'wall', from: 0, to: 4 },
  x: [1, 2, 3, 4],
  series: [
    { name: 'a', colour: 0, values: [0, 10, 20, 40] },
    { name: 'b', colour: 1, values: [40, 30, 0, 0] },
  ],
  stacked: false,
  steps: false,
  reference: null,
  fromLowest: false,
  wide: 'half',
};

/** Numbers of the paths of one drawing: [x, y] pairs as far as the path has them. */
function paths(chart: Chart, variant: 'wide' | 'narrow'): readonly string[] {
  const drawing = new RegExp(`<svg class="${variant}".*?</svg>`).exec(chartFigure(chart))?.[0] ?? '';
  return [...drawing.matchAll(/ d="([^"]*)"/g)].map((match) => match[1] ?? '');
}

describe('a chart', () => {
  test('draws each series from left to right, zero at the bottom, the highest at the top', () => {
    const [a, b] = paths(CHART, 'wide');
    expect(a).toBe('M166,226L278,176L390,126L502,26');
    expect(b).toBe('M166,26L278,76L390,226L502,226');
    expect(paths(CHART, 'narrow')).toHaveLength(2);
  });

  test('stacks one series on the other', () => {
    const [below, above] = paths({ ...CHART, stacked: true }, 'wide');
    expect(below).toMatch(/^M166,226L278,176L390,126L502,26L502,226L/);
    expect(above).toMatch(/^M166,26L278,26L390,126L502,26L502,26L390,126L278,176L166,226Z$/);
  });

  test('of steps begins at the left edge', () => {
    expect(paths({ ...CHART, steps: true }, 'wide')[0]).toMatch(/^M54,226L54,226L166,226L166,176L278,176/);
  });

  test('of one point is a short line', () => {
    const one = { ...CHART, x: [2], series: [{ name: 'a', colour: 0, values: [3] }] };
    expect(paths(one, 'wide')[0]).toMatch(/^M274,([\d.]+)L282,\1$/);
  });

  test('keeps the peak of many points', () => {
    const x = Array.from({ length: 5000 }, (_, i) => (i * 4) / 4999);
    const values = x.map((_, i) => (i === 3333 ? 100 : 0));
    for (const variant of ['wide', 'narrow'] as const) {
      const [path = ''] = paths({ ...CHART, x, series: [{ name: 'a', colour: 0, values }] }, variant);
      expect(path).toMatch(/,26L/);
      expect(path.length).toBeLessThan(8000);
    }
  });

  test('may begin above zero, and says so', () => {
    const series = [{ name: 'a', colour: 0, values: [970, 980, 975, 990] }];
    const far = { ...CHART, series, fromLowest: true, reference: { value: 1000, label: 'all <1000>' } };
    const figure = chartFigure(far);
    expect(figure).toContain('the axis does not begin at 0');
    expect(figure).toContain('all &lt;1000&gt;');
    expect(chartFigure({ ...far, series: [{ name: 'a', colour: 0, values: [100, 980, 975, 990] }] })).not.toContain('does not begin');
    expect(chartFigure({ ...far, fromLowest: false })).not.toContain('does not begin');
  });

  test('without samples says so', () => {
    expect(chartFigure({ ...CHART, x: [], series: [] })).toContain('There are no samples');
    expect(chartFigure({ ...CHART, x: [], series: [] })).not.toContain('<svg');
  });

  test('escapes its texts', () => {
    expect(chartFigure(CHART)).toContain('<h3>Title &amp; more</h3>');
  });
});

test('an extent of nothing is 0', () => {
  expect(extent([])).toEqual({ lowest: 0, highest: 0 });
  expect(extent([[3, -1], [7]])).toEqual({ lowest: -1, highest: 7 });
});
