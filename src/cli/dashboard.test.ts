/**
 * The dashboard as its user sees it: the built command line, a real run, a real browser. Each view is opened, used and looked
 * at for errors and for requests to elsewhere. Needs `npm run build`; without Chromium it does not run.
 */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import { CHROMIUM, openPage, startBrowser, type WatchedPage } from '../dashboard/server/browser.fixture.ts';

vi.setConfig({ testTimeout: 90_000 });

const MAIN = packageFile('dist', 'cli', 'main.js');
const SMALL = packageFile('scenarios', 'small-grid.yaml');
const TOWN = ['run', SMALL, '--stations', '50', '--steps', '96', '--set', 'network.blackouts=[{ at: 6 h, lasts: 1 h }]'];

/** The machine, and a log that complains once. */
const MONITOR = `
targets: [{ name: machine, host: here, every: 500 ms }]
logs: [{ name: app, command: 'sleep 1; echo "worker 7: queue full"; sleep 99' }]
rules: [{ name: queue-full, pattern: 'worker (?<worker>[0-9]+): queue full', severity: warning }]
`;

interface Started {
  readonly child: ChildProcess;
  readonly address: string;
  /** What it wrote so far. */
  text(): string;
  readonly code: Promise<number | null>;
}

/** Resolves when the command says where its dashboard is. */
function started(args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return new Promise((resolve, reject) => {
    const heard = (piece: Buffer): void => {
      text += piece.toString();
      const address = /dashboard: (http:\S+)/.exec(text)?.[1];
      if (address !== undefined) resolve({ child, address, text: () => text, code });
    };
    child.stdout.on('data', heard);
    child.stderr.on('data', heard);
    void code.then((ended) => reject(new Error(`ended with ${ended}: ${text}`)));
  });
}

describe.runIf(CHROMIUM !== null)('in a browser', () => {
  let work = '';
  let browser: Browser;
  let dashboard: Started;
  let origin = '';
  let opened: WatchedPage[] = [];

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'meterstorm-dashboard-'));
    const plan = join(work, 'monitor.yaml');
    writeFileSync(plan, MONITOR);
    for (const [name, more] of [['first', ['--speed', '14400', '--monitor', plan]], ['second', ['--set', 'behaviour.communication=pull']]] as const) {
      const { status, stderr } = spawnSync(process.execPath, [MAIN, ...TOWN, ...more, '--out', join(work, name)], { encoding: 'utf8' });
      expect({ status, stderr }).toMatchObject({ status: 0 });
    }
    dashboard = await started(['dashboard', join(work, 'first'), join(work, 'second'), '--port', '0']);
    origin = new URL(dashboard.address).origin;
    browser = await startBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    dashboard?.child.kill('SIGTERM');
    expect(await dashboard?.code).toBe(0);
    rmSync(work, { recursive: true, force: true });
  });

  /** No test may leave an error behind, nor have asked anybody else. */
  afterEach(async () => {
    for (const { faults, close } of opened) {
      expect(faults).toEqual([]);
      await close();
    }
    opened = [];
  });

  const open = async (hash: string, options: Parameters<typeof openPage>[2] = {}): Promise<Page> => {
    const watched = await openPage(browser, origin, options);
    opened.push(watched);
    await watched.page.goto(`${origin}/${hash}`);
    return watched.page;
  };
  const drawn = (page: Page): Promise<unknown> => page.locator('canvas').first().waitFor();

  test('overview: the verdict, the figures, the pictures', async () => {
    const page = await open('');
    expect(await page.locator('h1').innerText()).toBe('Able');
    expect(await page.locator('.figures').first().innerText()).toMatch(/of 3[\d,]+ planned/);
    for (const id of ['communicating-meters', 'backlog', 'rate', 'readings-per-step', 'progress']) expect(await page.locator(`#${id} canvas`).count()).toBe(1);
    expect(await page.getByText('Exact: every reading is where it must be.').count()).toBe(1);
    await page.locator('#communicating-meters .plot').hover({ position: { x: 600, y: 120 } });
    expect(await page.locator('#communicating-meters .tip').innerText()).toMatch(/^Tue 15 Jan 2013, \d\d:\d\d\n[\d,]+ meters$/);
  });

  test('overview: no table is cut at the width of a laptop', async () => {
    const page = await open('#/first/overview', { viewport: { width: 1280, height: 720 } });
    await drawn(page);
    expect(await page.locator('.delays').count()).toBe(1);
    expect(await page.evaluate("[...document.querySelectorAll('.scroll')].map((box) => box.scrollWidth - box.clientWidth)")).toEqual([0, 0, 0]);
  });

  test('a plot is zoomed by dragging, and shows all again', async () => {
    const page = await open('#/first/overview');
    await drag(page, '#communicating-meters .plot', [400, 700]);
    await page.locator('#communicating-meters[data-zoomed]').waitFor();
    await page.locator('#communicating-meters').getByText('show all').click();
    await page.locator('#communicating-meters:not([data-zoomed])').waitFor();
  });

  test('a plot is saved as a picture and as values', async () => {
    const page = await open('#/first/overview');
    const save = async (what: 'PNG' | 'CSV'): Promise<Buffer> => {
      const waiting = page.waitForEvent('download');
      await page.locator('#communicating-meters').getByRole('button', { name: what }).click();
      return readFileSync(await (await waiting).path());
    };
    const png = await save('PNG');
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.length).toBeGreaterThan(5000);
    const [head, first, ...rest] = (await save('CSV')).toString().trimEnd().split('\n');
    expect(head).toBe('time,unix_seconds,communicating meters [meters]');
    expect(first).toMatch(/^2013-01-14T23:00:00.000Z,1358204400,\d+$/);
    expect(rest).toHaveLength(95);
  });

  test('all series are had from the overview', async () => {
    const page = await open('#/first/overview');
    const waiting = page.waitForEvent('download');
    await page.locator('.downloads').getByText('CSV').click();
    expect(readFileSync(await (await waiting).path(), 'utf8')).toMatch(/^series,unit,clock,time_seconds,value\ncommunicating_meters,/);
  });

  test('timeline: zoomed, its address leads back there, an event is opened, one cursor for all lanes', async () => {
    const page = await open('#/first/timeline?clock=grid');
    await drawn(page);
    // What was monitored comes later and moves the lanes, which a hand that drags would not follow.
    await page.locator('.lane').getByText('machine: cpu.user').waitFor();
    await page.getByRole('button', { name: 'blackout-began' }).waitFor();
    await drag(page, '#lane-communicating-meters .plot', [300, 500]);
    await arrived(page, /from=\d+&to=\d+/);
    const { hash } = new URL(page.url());
    const again = await open(hash);
    await drawn(again);
    expect(await again.getByRole('button', { name: 'show all' }).isEnabled()).toBe(true);
    // A page behind another one draws nothing, and a pointer that moves there waits for ever.
    await again.close();
    await page.bringToFront();
    await page.keyboard.press('0');
    await page.getByRole('button', { name: 'blackout-began' }).click();
    const evidence = page.getByRole('complementary', { name: 'Evidence' });
    expect(await evidence.innerText()).toMatch(/after the begin; grid: Tue 15 Jan 2013, 06:00\s+planned blackout of 100 % of the stations/);
    expect(page.url()).toContain('event=event-');
    await page.locator('#lane-communicating-meters .plot').hover({ position: { x: 500, y: 40 } });
    expect(await page.locator('#lane-backlog .n').innerText()).toMatch(/^[\d,]+$/);
    expect(await page.locator('.timeline .when').first().innerText()).toMatch(/after the begin · grid Tue 15 Jan 2013/);
    await evidence.getByText('look there').click();
    await arrived(page, /from=/);
  });

  test('timeline: what was watched beside the run has its lanes and events', async () => {
    const page = await open('#/first/timeline');
    await page.locator('.lane').getByText('machine: cpu.user').waitFor();
    await page.getByRole('button', { name: 'queue-full' }).click();
    expect(await page.getByRole('complementary', { name: 'Evidence' }).innerText()).toMatch(/worker 7: queue full\s+worker\s+7/);
  });

  test('what was monitored, for programs: as few points as were asked for, and no extreme lost', async () => {
    const ask = async (path: string): Promise<Response> => fetch(`${origin}/api/runs/first/monitor${path}`);
    const facts = (await (await ask('')).json()) as { readonly series: readonly { readonly id: number; readonly target: string; readonly name: string }[]; readonly range: { readonly from: number; readonly to: number } };
    const stored = facts.series.find(({ target, name }) => target === 'run' && name === 'stored')?.id ?? 0;
    const times = `from=${Math.floor(facts.range.from)}&to=${Math.ceil(facts.range.to) + 1}`;
    const { series } = (await (await ask(`/series?ids=${stored}&${times}&points=3`)).json()) as { readonly series: readonly { readonly max: readonly number[] }[] };
    expect(series[0]?.max.length).toBeLessThanOrEqual(3);
    const report = (await (await fetch(`${origin}/api/runs/first/report`)).json()) as { readonly report: { readonly audit: { readonly stored: number } } };
    expect(series[0]?.max.at(-1)).toBe(report.report.audit.stored);
    const { events } = (await (await ask(`/events?${times}`)).json()) as { readonly events: readonly { readonly rule: string }[] };
    expect(events.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['phase', 'blackout-began', 'queue-full']));
    for (const wrong of ['/series?ids=&from=1&to=2', '/series?ids=1,x&from=1&to=2', '/series?ids=1&from=2&to=1', '/series?ids=1&from=1', `/series?ids=1&${times}&points=0`, `/series?ids=1&${times}&points=1e9`, `/series?ids=${'1,'.repeat(64)}1&${times}`, `/events?${times}&limit=999999`]) {
      const answer = await ask(wrong);
      expect(answer.status, wrong).toBe(400);
      expect((await answer.text()).trimEnd().split('\n')).toHaveLength(1);
    }
  });

  test('all series as files', async () => {
    for (const format of ['csv', 'parquet']) {
      const out = join(work, `series-${format}`);
      expect(spawnSync(process.execPath, [MAIN, 'series', join(work, 'first'), '--format', format, '--out', out]).status).toBe(0);
      expect(readdirSync(out).toSorted()).toEqual([`events.${format}`, `samples.${format}`, `series.${format}`]);
    }
    const samples = readFileSync(join(work, 'series-csv', 'samples.csv'), 'utf8').split('\n');
    expect(samples[0]).toBe('target,name,unit,type,time,value');
    expect(samples.filter((line) => line.startsWith('machine,cpu.user,')).length).toBeGreaterThan(2);
    expect(readFileSync(join(work, 'series-csv', 'events.csv'), 'utf8')).toContain('worker 7: queue full');
  });

  test('map: coloured three ways, a station is found and leads on', async () => {
    const page = await open('#/first/map?step=25');
    await page.locator('.map-legend').waitFor();
    expect(await page.locator('.map-legend').innerText()).toMatch(/none: line down or all meters away\s+50/);
    await page.getByRole('button', { name: 'Backlog' }).click();
    await page.getByText('Steps since the line was up').waitFor();
    expect(await page.locator('.map-legend').innerText()).toMatch(/2 to 4 steps\s+4\d/);
    await page.getByRole('button', { name: 'Link class' }).click();
    await page.locator('.map-legend').getByText('gprs-4').waitFor();
    await page.keyboard.press('.');
    await arrived(page, /step=26/);
    await page.locator('.map canvas').click({ position: await placeOf(page, 7) });
    await arrived(page, /station=7/);
    await page.locator('.station-tip.fixed').getByText('Open').click();
    await page.getByRole('heading', { name: 'Station 7' }).waitFor();
  });

  test.each([[1440, 900], [1280, 720], [390, 844]])('map: the first look shows all of it, %i x %i', async (width, height) => {
    const page = await open('#/first/map', { viewport: { width, height } });
    await page.locator('.map-legend').waitFor();
    await painted(page);
    const edges = await page.evaluate(EDGE_COLOURS);
    expect(edges).toBe(1);
    const { x, y, width: wide, height: high } = await boxOf(page, '.zoom-buttons');
    const map = await boxOf(page, '.map canvas');
    for (let station = 0; station < 50; station++) {
      const place = await placeOf(page, station);
      const [left, top] = [map.x + place.x, map.y + place.y];
      expect(left > x && left < x + wide && top > y && top < y + high, `station ${station} lies under the buttons`).toBe(false);
    }
    // What is said of the lowest and of the highest one is on the map, too.
    const places = await Promise.all(Array.from({ length: 50 }, (_, station) => placeOf(page, station)));
    const byHeight = places.toSorted((a, b) => a.y - b.y);
    for (const place of [byHeight[0], byHeight.at(-1)]) {
      if (place === undefined) throw new Error('there is no station');
      await page.locator('.map canvas').click({ position: place });
      await page.locator('.station-tip.fixed').waitFor();
      const tip = await boxOf(page, '.station-tip');
      expect(tip.y).toBeGreaterThanOrEqual(map.y);
      expect(tip.y + tip.height).toBeLessThanOrEqual(map.y + map.height);
      await page.locator('.station-tip').getByText('close').click();
    }
  });

  test('station and meter: planned, sent and stored agree, found by number', async () => {
    const page = await open('#/first/station/7');
    await drawn(page);
    const figures = page.locator('.figures dd:nth-of-type(1)');
    const [planned, sent, stored] = await figures.allInnerTexts();
    expect(planned).toMatch(/^[\d,]+$/);
    expect(sent).toBe(planned);
    await expect.poll(async () => (await figures.allInnerTexts())[2]).toBe(planned);
    expect(stored).toMatch(/^[\d,…]+$/);
    expect(await page.locator('.meters .fault').count()).toBe(0);
    await page.keyboard.press('/');
    await page.keyboard.type('m 300');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Meter 300' }).waitFor();
    await drawn(page);
    await page.getByText('96 of 96').waitFor();
    expect(await page.locator('table td.after').allInnerTexts()).toEqual(Array.from({ length: 96 }, () => 'right'));
    await page.keyboard.press('/');
    await page.keyboard.type('three');
    await page.keyboard.press('Enter');
    expect(await page.getByText('a whole number, such as 17').count()).toBe(1);
  });

  test('resources by component and by process', async () => {
    const page = await open('#/first/resources');
    await drawn(page);
    expect(await page.locator('table').first().innerText()).toMatch(/head-end.*\n?simulator/s);
    for (const id of ['group-processor', 'group-memory', 'process-processor', 'process-memory']) expect(await page.locator(`#${id} canvas`).count()).toBe(1);
  });

  test('comparison of two runs', async () => {
    const page = await open('#/first/compare');
    await drawn(page);
    expect(await page.locator('.compare thead').innerText()).toMatch(/first\s+second/);
    expect(await page.locator('.compare tbody tr').first().innerText()).toMatch(/verdict\s+Able\s+Able/);
    expect(await page.locator('#compare-stored .legend').innerText()).toMatch(/first\s+second/);
    await page.getByLabel('second').uncheck();
    await expect.poll(() => page.locator('.compare thead a').count()).toBe(1);
  });

  test('keys lead through the views, and a sheet lists them', async () => {
    const page = await open('#/first/overview');
    await drawn(page);
    for (const [key, view] of ['timeline', 'map', 'station', 'resources', 'compare'].map((name, i) => [String(i + 2), name] as const)) {
      await page.keyboard.press(key);
      await arrived(page, new RegExp(`/${view}`));
    }
    await page.keyboard.press('1');
    await page.keyboard.press(']');
    await arrived(page, /#\/second\/overview/);
    await page.keyboard.press('?');
    expect(await page.locator('dialog').innerText()).toContain('go to a station or meter by its number');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  });

  test('dark as the system says, and otherwise when asked for', async () => {
    const paper = (page: Page): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const dark = await open('', { colorScheme: 'dark' });
    await drawn(dark);
    expect(await paper(dark)).toBe('rgb(20, 23, 26)');
    const light = await open('', { colorScheme: 'light' });
    await drawn(light);
    expect(await paper(light)).toBe('rgb(253, 253, 251)');
    await light.keyboard.press('d');
    expect(await paper(light)).toBe('rgb(20, 23, 26)');
    await light.reload();
    await drawn(light);
    expect(await paper(light)).toBe('rgb(20, 23, 26)');
  });

  test.each(['overview', 'timeline', 'map', 'station/7', 'meter/300', 'resources', 'compare'])('%s fits on a phone', async (view) => {
    const page = await open(`#/first/${view}`, { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true });
    await drawn(page);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });

  test('the report on paper: no table is wider than a page', async () => {
    const context = await browser.newContext({ viewport: { width: 718, height: 1000 } });
    const page = await context.newPage();
    await page.goto(`file://${join(work, 'first', 'report.html')}`);
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(718);
    await context.close();
  });

  test('what is not there is said in words', async () => {
    const watched = await openPage(browser, origin);
    await watched.page.goto(`${origin}/#/nowhere/overview`);
    await watched.page.getByText('There is no run nowhere here.').waitFor();
    await watched.page.goto(`${origin}/#/first/station/5000`);
    await watched.page.getByText('station: found 5000, allowed is a whole number from 0 to 49').waitFor();
    // The refusal is one that was asked for.
    expect(watched.faults.filter((fault) => !fault.includes('400'))).toEqual([]);
    await watched.close();
  });

  test('a run that goes on is followed to its end', async () => {
    const live = await started([...TOWN, '--speed', '9600', '--out', join(work, 'live'), '--serve', '127.0.0.1:0']);
    const watched = await openPage(browser, new URL(live.address).origin);
    const { page } = watched;
    await page.goto(live.address);
    await page.getByRole('heading', { name: 'Running' }).waitFor();
    const sent = page.locator('.figures dd').first();
    const before = await sent.innerText();
    await expect.poll(() => sent.innerText(), { timeout: 10_000 }).not.toBe(before);
    for (const id of ['backlog', 'rate', 'connected']) await page.locator(`#${id} canvas`).waitFor();
    for (const view of ['timeline', 'map', 'station/7', 'resources']) {
      await page.goto(`${live.address}#/run/${view}`);
      await drawn(page);
    }
    await page.goto(`${live.address}#/run/overview`);
    await page.getByRole('heading', { name: 'Able', exact: true }).waitFor({ timeout: 60_000 });
    await page.goto(`${live.address}#/run/meter/300`);
    await page.getByText('96 of 96').waitFor();
    expect(live.text()).toContain('press Ctrl-C to end');
    // Events of a run that is over are refused; the page asked once too often.
    expect(watched.faults.filter((fault) => !/404|event/i.test(fault))).toEqual([]);
    await watched.close();
    live.child.kill('SIGINT');
    expect(await live.code).toBe(0);
  }, 120_000);
});

/** The address says so. */
async function arrived(page: Page, where: RegExp): Promise<void> {
  await expect.poll(() => page.url(), { timeout: 15_000 }).toMatch(where);
}

async function drag(page: Page, selector: string, [from, to]: readonly [number, number]): Promise<void> {
  await page.locator(selector).scrollIntoViewIfNeeded();
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`${selector} is not there`);
  const top = box.y + box.height / 2;
  await page.mouse.move(box.x + from, top);
  await page.mouse.down();
  await page.mouse.move(box.x + (from + to) / 2, top, { steps: 4 });
  await page.mouse.move(box.x + to, top, { steps: 4 });
  await page.mouse.up();
}

/** Of a copy of the map, which may be read as often as one likes: how many colours some of its pixels have. */
const MAP_COLOURS = `(...places) => {
  const map = document.querySelector('.map canvas');
  const copy = Object.assign(document.createElement('canvas'), { width: map.width, height: map.height }).getContext('2d', { willReadFrequently: true });
  copy.drawImage(map, 0, 0);
  const pixels = places.map((at) => at(map.width, map.height)).map((at) => [...new Uint32Array(copy.getImageData(...at).data.buffer)]);
  return new Set(pixels.flat()).size;
}`;
/** One, where nothing reaches over the edge. */
const EDGE_COLOURS = `(${MAP_COLOURS})((w, h) => [0, 0, 2, h], (w, h) => [w - 2, 0, 2, h], (w, h) => [0, 0, w, 2], (w, h) => [0, h - 2, w, 2])`;

/** When something was drawn on the map: it is not of one colour. */
async function painted(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(`(${MAP_COLOURS})((w, h) => [0, 0, w, h])`)).toBeGreaterThan(1);
}

async function boxOf(page: Page, selector: string): Promise<{ readonly x: number; readonly y: number; readonly width: number; readonly height: number }> {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`${selector} is not there`);
  return box;
}

/** Where the map has drawn a station. */
function placeOf(page: Page, station: number): Promise<{ readonly x: number; readonly y: number }> {
  return page.evaluate(`(({ left, top }) => ({ x: left, y: top }))(document.querySelector('.map canvas').painter.placeOf(${station}))`);
}
