/** The server as somebody sees it who wants more than it gives. Needs `npm run build`, for the page. */

import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { makeToken } from './access.ts';
import type { DashboardServer } from './dashboard-server.ts';
import { LiveRun } from './live-run.ts';
import { WATCHERS_MAX } from './live-events.ts';
import { smallRun, startedServer } from './small-run.fixture.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

function ask(port: number, path: string, options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const all = Buffer.concat(parts);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: all, text: all.toString() });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** What a browser that watches a run gets first; the connection stays until `end`. */
function watch(port: number, path: string): Promise<{ readonly status: number; readonly text: string; end(): void }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      response.once('data', (part: Buffer) => resolve({ status: response.statusCode ?? 0, text: part.toString(), end: () => sent.destroy() }));
      response.on('error', () => {});
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** One line, and nothing of our insides. */
function expectLine({ text, headers }: Answer): void {
  expect(text.trimEnd().split('\n')).toHaveLength(1);
  expect(headers['content-type']).toContain('text/plain');
  expect(text).not.toMatch(/\bat .*\.[jt]s|node_modules|Error:/);
}

describe('on loopback', () => {
  let server: DashboardServer;
  let port = 0;
  beforeAll(async () => {
    ({ server, port } = await startedServer());
  });
  afterAll(() => server.close());

  test('serves the page and what it needs, and nothing from elsewhere', async () => {
    const page = await ask(port, '/');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const needed = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(needed.length).toBeGreaterThanOrEqual(3);
    for (const address of needed) {
      expect(address).toMatch(/^\.?\//);
      const file = await ask(port, address.replace(/^\./, ''));
      expect(file.status, address).toBe(200);
      expect(file.text).not.toMatch(/@import|url\(["']?https?:|src=["']https?:/);
    }
  });

  test('every answer has the headers that bind a browser', async () => {
    for (const path of ['/', '/api/runs', '/nothing', '/api/runs/town/state?step=x', '/%zz', '/metrics']) {
      const { headers } = await ask(port, path);
      expect(headers['content-security-policy'], path).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
    const asked = await ask(port, '/api/runs', { headers: { origin: 'http://evil.example' } });
    expect(Object.keys(asked.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test.each(['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.5', 'a b', 'testhost', '[::2]', '0.0.0.0'])(
    'refuses a request that names %j',
    async (host) => {
      const answer = await ask(port, '/api/runs', { headers: { host } });
      expect([400, 421]).toContain(answer.status);
      expect(answer.text).not.toContain('town');
    },
  );

  test.each(['localhost', 'LOCALHOST:1234', '127.0.0.1', '127.9.9.9:80', '[::1]:8080'])('knows itself as %s', async (host) => {
    expect((await ask(port, '/api/runs', { headers: { host } })).status).toBe(200);
  });

  test('gives nothing to pages of other sites, but can be linked to', async () => {
    expect((await ask(port, '/api/runs', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } })).status).toBe(403);
    expect((await ask(port, '/api/runs', { headers: { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' } })).status).toBe(403);
    expect((await ask(port, '/', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } })).status).toBe(200);
    expect((await ask(port, '/api/runs', { headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s changes nothing', async (method) => {
    const answer = await ask(port, '/api/runs', { method, ...(method.startsWith('P') ? { body: '{}' } : {}) });
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET, HEAD');
    expectLine(answer);
  });

  test.each([
    '/../package.json',
    '/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/package.json',
    '/assets/../../package.json',
    '/assets/..%5c..%5cpackage.json',
    '//etc/passwd',
    '/index.html%00.js',
    '/api/runs/..%2f..%2f/report',
  ])('%s leads nowhere', async (path) => {
    const answer = await ask(port, path);
    expect([400, 404]).toContain(answer.status);
    expectLine(answer);
  });

  test.each([
    ['/api/runs?x=1', 400],
    ['/api/runs/none/report', 404],
    ['/api/runs/town/report?a=b', 400],
    ['/api/runs/town/state', 400],
    ['/api/runs/town/state?step=', 400],
    ['/api/runs/town/state?step=-1', 400],
    ['/api/runs/town/state?step=96', 400],
    ['/api/runs/town/state?step=1e3', 400],
    ['/api/runs/town/state?step=1&step=2', 400],
    ['/api/runs/town/state?step=99999999999999999999', 400],
    ['/api/runs/town/state?step=1;DROP%20TABLE%20readings', 400],
    ['/api/runs/town/stations/20', 400],
    ['/api/runs/town/stations/-1', 400],
    ['/api/runs/town/stations/0x1', 400],
    ["/api/runs/town/meters/1'%20OR%201=1", 400],
    ['/api/runs/town/meters/1400', 400],
    ['/api/runs/town/meters/1?day=1', 400],
    ['/api/runs/town/meters/%E0%A4%A', 400],
    [`/api/runs/town/meters/${'9'.repeat(300)}`, 404],
    ['/api/runs/town/meters/1/stored?day=7', 400],
    ['/api/runs/town/stations/20/stored', 400],
    ['/api/runs/town/monitor/series?ids=1&from=0&to=1', 404],
    ['/api/runs/town/live', 404],
    ['/api/nothing', 404],
  ])('%s: %i, in one line', async (path, status) => {
    const answer = await ask(port, path);
    expect(answer.status).toBe(status);
    expectLine(answer);
  });

  test('answers with what was asked for', async () => {
    const list = JSON.parse((await ask(port, '/api/runs')).text) as { readonly runs: readonly Record<string, unknown>[] };
    expect(list.runs).toMatchObject([{ id: 'town', state: 'finished', able: false, hasGrid: true }]);
    const report = JSON.parse((await ask(port, '/api/runs/town/report')).text) as { readonly report: { readonly run: object } };
    expect(report.report.run).toMatchObject({ scenario: 'small-grid', steps: 96 });
    const places = await ask(port, '/api/runs/town/places');
    expect(places.body).toHaveLength(20 * (4 + 4 + 2 + 1 + 1));
    const longitude = new Float32Array(new Uint8Array(places.body).buffer, 0, 20);
    expect(longitude.every((degrees) => degrees > 12 && degrees < 19)).toBe(true);
    expect((await ask(port, '/api/runs/town/state?step=95')).body).toHaveLength(40);
    expect(JSON.parse((await ask(port, '/api/runs/town/stations/3')).text)).toMatchObject({ station: 3 });
    expect(JSON.parse((await ask(port, '/api/runs/town/stations/3/stored')).text)).toEqual({ stored: null, note: 'There is no store.' });
    expect(JSON.parse((await ask(port, '/api/runs/town/meters/7')).text)).toMatchObject({ meter: 7, day: 0 });
  });

  test('/metrics are in the format of Prometheus', async () => {
    const answer = await ask(port, '/metrics');
    expect(answer.headers['content-type']).toContain('version=0.0.4');
    const lines = answer.text.trimEnd().split('\n');
    const sample = /^[a-z_]+\{(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)+\} -?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;
    expect(lines.filter((line) => !/^# (?:HELP|TYPE) /.test(line) && !sample.test(line))).toEqual([]);
    const names = new Set(lines.filter((line) => !line.startsWith('#')).map((line) => line.split('{')[0] ?? ''));
    for (const name of names) expect(answer.text).toContain(`# TYPE ${name} `);
    expect(answer.text).toContain('meterstorm_missing_readings{run="town",scenario="small-grid"} 12\n');
  });

  test('all series as CSV and as Parquet', async () => {
    const csv = await ask(port, '/api/runs/town/series.csv');
    expect(csv.headers['content-disposition']).toBe('attachment; filename="town-series.csv"');
    const [head, ...rows] = csv.text.trimEnd().split('\n');
    expect(head).toBe('series,unit,clock,time_seconds,value');
    expect(rows.filter((row) => row.startsWith('communicating_meters,meters,grid,'))).toHaveLength(96);
    expect(rows.every((row) => row.split(',').length === 5)).toBe(true);
    const parquet = await ask(port, '/api/runs/town/series.parquet');
    expect(parquet.status).toBe(200);
    expect(parquet.body.subarray(0, 4).toString()).toBe('PAR1');
  });

  test('bytes that are no HTTP end the connection, not the server', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('\u0016\u0003\u0001 this is not HTTP\r\n\r\n'));
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.resume();
    });
    expect((await ask(port, '/api/runs')).status).toBe(200);
  });
});

describe('with a token', () => {
  const token = makeToken();
  let server: DashboardServer;
  let port = 0;
  let address = '';
  beforeAll(async () => {
    ({ server, port, address } = await startedServer({ token, host: '0.0.0.0' }));
  });
  afterAll(() => server.close());

  test('is never made without one off loopback', async () => {
    await expect(startedServer({ host: '0.0.0.0' })).rejects.toThrow('wants a token');
    await expect(startedServer({ host: '192.168.1.4' })).rejects.toThrow('wants a token');
  });

  test('tokens are long, and no two are the same', () => {
    const tokens = new Set(Array.from({ length: 100 }, makeToken));
    expect(tokens.size).toBe(100);
    expect([...tokens].every((text) => /^[\w-]{32}$/.test(text))).toBe(true);
    expect(address).toContain(`testhost:${port}/?token=${token}`);
  });

  test.each([
    ['nothing', {}],
    ['another one', { authorization: `Bearer ${makeToken()}` }],
    ['a part of it', { authorization: `Bearer ${token.slice(0, -1)}` }],
    ['more than it', { authorization: `Bearer ${token}x` }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['a password', { authorization: `Basic ${Buffer.from(`admin:${token}`).toString('base64')}` }],
    ['a cookie of another name', { cookie: `meterstorm=${token}` }],
    ['an empty cookie', { cookie: 'meterstorm-1=' }],
  ])('%s opens nothing', async (_what, headers: Record<string, string>) => {
    for (const path of ['/', '/api/runs', '/metrics', '/nothing', '/api/runs/town/series.csv']) {
      const answer = await ask(port, path, { headers });
      expect(answer.status, path).toBe(401);
      expectLine(answer);
      expect(answer.text).not.toContain(token);
    }
  });

  test('as Bearer it opens', async () => {
    expect((await ask(port, '/api/runs', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  });

  test('in the address it becomes a cookie, and leaves the address', async () => {
    const answer = await ask(port, `/?token=${token}`);
    expect(answer.status).toBe(303);
    expect(answer.headers['location']).toBe('/');
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    expect((await ask(port, '/api/runs', { headers: { cookie: cookie.split(';')[0] ?? '' } })).status).toBe(200);
    const wrong = await ask(port, `/?token=${makeToken()}`);
    expect(wrong.status).toBe(401);
    expect(wrong.headers['set-cookie']).toBeUndefined();
    expect((await ask(port, `/?token=${token}&token=${token}`)).status).toBe(400);
    expect((await ask(port, `/?token=${'x'.repeat(1000)}`)).status).toBe(400);
  });

  test('also a known asker must name this machine', async () => {
    const headers = { authorization: `Bearer ${token}` };
    expect((await ask(port, '/api/runs', { headers: { ...headers, host: 'evil.example' } })).status).toBe(421);
    for (const host of ['testhost', 'TESTHOST.lan:80', '10.0.0.5', '[fd00::1]:80']) {
      expect((await ask(port, '/api/runs', { headers: { ...headers, host } })).status, host).toBe(200);
    }
  });
});

describe('a run that goes on', () => {
  let server: DashboardServer;
  let port = 0;
  let run: LiveRun;
  beforeAll(async () => {
    const { report } = smallRun();
    const { run: facts, machine, meterstorm } = report;
    run = new LiveRun({ id: 'run', outline: facts, machine, version: meterstorm, grid: null });
    ({ server, port } = await startedServer({ runs: [run] }));
  });
  afterAll(() => server.close());

  const progress = (step: number) => ({
    phase: 'playing' as const,
    step,
    steps: 96,
    elapsedMs: step * 200,
    gridUnixSeconds: 0,
    connected: 20,
    sentReadings: step * 1400,
    confirmedReadings: step * 1400,
    storedReadings: step * 1300,
    readingsPerSecond: 7000,
    backlogReadings: step * 100,
    etaMs: 1000,
    restarts: 0,
  });

  test('is told as it goes', async () => {
    const { status, text, end } = await watch(port, '/api/runs/run/live');
    expect(status).toBe(200);
    expect(text).toContain('event: progress\ndata: {"run":"run","state":"preparing"');
    end();
    for (let step = 1; step <= 10; step++) run.take(progress(step));
    const { report } = JSON.parse((await ask(port, '/api/runs/run/report')).text) as { readonly report: typeof run.report };
    expect(report.verdict).toMatchObject({ able: null, problems: [] });
    expect(report.series.sentReadings).toEqual(Array.from({ length: 10 }, (_, i) => (i + 1) * 1400));
    expect((await ask(port, '/metrics')).text).toContain('meterstorm_backlog_readings{run="run",scenario="small-grid"} 1000\n');
    expect((await ask(port, '/api/runs/run/grid')).status).toBe(404);
  });

  test('series of a long run stay short and keep their ends', () => {
    const { run: facts, machine } = smallRun().report;
    const long = new LiveRun({ id: 'long', outline: facts, machine, version: '0', grid: null });
    for (let step = 1; step <= 50_000; step++) long.take(progress(step));
    const { wallMs, sentReadings, settledSteps, connections } = long.report.series;
    expect(wallMs.length).toBeGreaterThan(500);
    expect(wallMs.length).toBeLessThanOrEqual(1200);
    for (const column of [sentReadings, settledSteps, connections]) expect(column).toHaveLength(wallMs.length);
    expect(wallMs.at(-1)).toBeGreaterThan(50_000 * 200 * 0.99);
    expect(wallMs.every((ms, i) => i === 0 || ms > (wallMs[i - 1] ?? 0))).toBe(true);
  });

  test('so many may watch, and one more may not', async () => {
    const watchers = await Promise.all(Array.from({ length: WATCHERS_MAX }, () => watch(port, '/api/runs/run/live')));
    const one = await ask(port, '/api/runs/run/live');
    expect(one.status).toBe(503);
    expectLine(one);
    for (const watcher of watchers) watcher.end();
    await until(() => server.watchers === 0);
    (await watch(port, '/api/runs/run/live')).end();
  });

  test('one that does not read is let go', async () => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /api/runs/run/live HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    socket.on('error', () => {});
    socket.pause();
    await until(() => server.watchers === 1);
    // More than sockets and kernel keep for it.
    await until(() => {
      for (let i = 0; i < 1000; i++) server.tell(run);
      return server.watchers === 0;
    });
    socket.destroy();
  });

  test('when it is over it is a finished run', async () => {
    run.finish(smallRun().report, smallRun());
    expect((await ask(port, '/api/runs/run/live')).status).toBe(404);
    expect((await ask(port, '/api/runs/run/grid')).status).toBe(200);
    expect(JSON.parse((await ask(port, '/api/runs')).text)).toMatchObject({ runs: [{ state: 'finished', progress: null, able: false }] });
  });
});

async function until(condition: () => boolean): Promise<void> {
  const limit = systemClock.nowMs() + 20_000;
  while (!condition()) {
    if (systemClock.nowMs() > limit) throw new Error('the condition never held');
    await new Promise<void>((resolve) => systemClock.schedule(5, resolve));
  }
}
