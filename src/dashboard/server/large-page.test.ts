/** The page with the large grid: how fast it is there, and how smoothly its map moves. Needs `npm run build`, and Chromium. */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { sampleReport } from '../../report/sample-report.fixture.ts';
import { RunGrid } from '../../run/grid-view.ts';
import { CHROMIUM, openPage, startBrowser } from './browser.fixture.ts';
import type { DashboardServer } from './dashboard-server.ts';
import { FinishedRun } from './finished-run.ts';
import { smallScenario, startedServer } from './small-run.fixture.ts';

const STATIONS = 50_000;
/** On a machine that others use as well: the best of so many tries counts. */
const TRIES = 4;

describe.runIf(CHROMIUM !== null)('3,500,000 meters, 50,000 stations', () => {
  let browser: Browser;
  let server: DashboardServer;
  let address = '';

  beforeAll(async () => {
    const scenario = smallScenario('large-grid.yaml', []);
    const grid = new RunGrid({ clock: systemClock, scenario, ledger: null, store: null, storeNote: 'There is no store.' });
    const report = sampleReport({ steps: 288, meters: 3_500_000, processes: 9, scenario: 'large-grid' });
    const run = new FinishedRun({ id: 'large', name: 'large', report: withLongSeries(report), grid, monitor: null });
    ({ server, address } = await startedServer({ runs: [run] }));
    browser = await startBrowser();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('the overview is there within a second', async () => {
    const taken: number[] = [];
    for (let i = 0; i < TRIES && Math.min(...taken, Infinity) >= 1000; i++) {
      const { page, faults, close } = await openPage(browser, new URL(address).origin);
      await page.goto(address);
      await page.locator('#progress canvas').waitFor();
      // From asking for the page until its last picture is drawn.
      taken.push(Number(await page.evaluate('performance.now()')));
      expect(faults).toEqual([]);
      await close();
    }
    expect(Math.min(...taken)).toBeLessThan(1000);
  });

  test('the map shows each station, and pans and zooms at 30 frames a second or more', async () => {
    const { page, faults, close } = await openPage(browser, new URL(address).origin, { viewport: { width: 1360, height: 900 } });
    await page.goto(`${address}#/large/map?step=100`);
    await page.locator('.map-legend').waitFor({ timeout: 30_000 });
    const counts = await page.locator('.map-legend .n').allInnerTexts();
    expect(counts.reduce((sum, text) => sum + Number(text.replaceAll(',', '')), 0)).toBe(STATIONS);
    const found: { readonly framesPerSecond: number; readonly drawMs: number }[] = [];
    const best = (): number => Math.max(0, ...found.map(({ framesPerSecond }) => framesPerSecond));
    for (let i = 0; i < TRIES && best() < 30; i++) found.push(await moved(page));
    process.stdout.write(`map of ${STATIONS} stations: ${JSON.stringify(found)}\n`);
    expect(best()).toBeGreaterThanOrEqual(30);
    // A wheel and a drag of a real mouse move it as well.
    const before = await camera(page);
    await page.mouse.move(700, 500);
    await page.mouse.wheel(0, -400);
    await page.mouse.down();
    await page.mouse.move(760, 540, { steps: 5 });
    await page.mouse.up();
    const after = await camera(page);
    expect(after.scale).toBeGreaterThan(before.scale);
    expect(after.x).not.toBe(before.x);
    expect(faults).toEqual([]);
    await close();
  }, 120_000);
});

/** Pans and zooms for two seconds, a step for each picture that the browser shows. */
function moved(page: Page): Promise<{ readonly framesPerSecond: number; readonly drawMs: number }> {
  return page.evaluate(`new Promise((resolve) => {
    const { painter } = document.querySelector('.map canvas');
    painter.showAll();
    painter.drawMs.length = 0;
    const began = performance.now();
    const next = (now) => {
      const seconds = (now - began) / 1000;
      if (seconds >= 2) {
        const sorted = [...painter.drawMs].sort((a, b) => a - b);
        resolve({ framesPerSecond: Math.round((10 * painter.drawMs.length) / seconds) / 10, drawMs: sorted[sorted.length >> 1] });
        return;
      }
      painter.pan(12 * Math.sin(seconds * 3), 6 * Math.cos(seconds * 3));
      painter.zoomAt(seconds < 1 ? 1.02 : 0.98, 600, 350);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  })`);
}

function camera(page: Page): Promise<{ readonly x: number; readonly scale: number }> {
  return page.evaluate("document.querySelector('.map canvas').painter.camera");
}

/** As many samples as a run of minutes leaves. */
function withLongSeries(report: ReturnType<typeof sampleReport>): ReturnType<typeof sampleReport> {
  const { series } = report;
  const long = (values: readonly number[]): number[] => Array.from({ length: 1500 }, (_, i) => values[Math.floor((i * values.length) / 1500)] ?? 0);
  const wallMs = Array.from({ length: 1500 }, (_, i) => (i + 1) * 140);
  const columns = { wallMs, sentReadings: long(series.sentReadings), confirmedReadings: long(series.confirmedReadings), storedReadings: long(series.storedReadings) };
  return { ...report, series: { ...series, ...columns, settledSteps: long(series.settledSteps), connections: long(series.connections) } };
}
