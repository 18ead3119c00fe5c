import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { PrometheusProbe, SERIES_PER_TARGET_MAX } from './prometheus-probe.ts';

const never = new AbortController().signal;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://me:secret@127.0.0.1:${(server.address() as AddressInfo).port}/metrics?x=1`;
}

const text = (body: () => string): RequestListener => (_, response) => void response.end(body());

describe('an endpoint', () => {
  test('is read over HTTP: gauges as they are, counters to be made rates', async () => {
    let asked = '';
    const url = await served((request, response) => {
      asked = `${request.method} ${request.url} ${request.headers.accept} ${request.headers.authorization}`;
      response.end('# TYPE a_bytes gauge\na_bytes 5\n# TYPE b_seconds_total counter\nb_seconds_total{x="y"} 7 1000\n# TYPE h histogram\nh_bucket{le="1"} 3\n');
    });
    const { values, faults } = await new PrometheusProbe({ url, only: null }).read(never);
    expect(asked).toBe(`GET /metrics?x=1 text/plain;version=0.0.4 Basic ${Buffer.from('me:secret').toString('base64')}`);
    expect(faults).toEqual([]);
    expect(values).toEqual([
      { name: 'a_bytes', unit: 'bytes', type: 'gauge', timeMs: null, value: 5 },
      { name: 'b_seconds_total{x="y"}', unit: 'seconds/s', type: 'counter', resets: true, timeMs: 1000, value: 7 },
      { name: 'h_bucket{le="1"}', unit: '1/s', type: 'counter', resets: true, timeMs: null, value: 3 },
    ]);
  });

  test('may have more than is wanted', async () => {
    const url = await served(text(() => 'node_cpu 1\nnode_load1 2\ngo_info 3\n'));
    const { values } = await new PrometheusProbe({ url, only: ['node_l', 'go_'] }).read(never);
    expect(values.map(({ name }) => name)).toEqual(['node_load1', 'go_info']);
  });

  test('has too many series: the first ones stay, and it is said', async () => {
    let first = 0;
    const url = await served(text(() => Array.from({ length: SERIES_PER_TARGET_MAX + 10 }, (_, i) => `a{i="${first + i}"} 1`).join('\n')));
    const probe = new PrometheusProbe({ url, only: null });
    const names = (await probe.read(never)).values.map(({ name }) => name);
    expect(names).toHaveLength(SERIES_PER_TARGET_MAX);
    first = 20;
    const { values, faults } = await probe.read(never);
    expect(values.map(({ name }) => name)).toEqual(names.slice(20));
    expect(faults).toEqual([{ part: 'series', why: expect.stringMatching(/^30 are left out.*`only`$/) }]);
  });

  test('has lines that can’t be read: a fault of that part', async () => {
    const url = await served(text(() => 'a 1\nwhat is this\n'));
    expect((await new PrometheusProbe({ url, only: null }).read(never)).faults).toEqual([{ part: 'exposition', why: '1 lines can’t be read' }]);
  });
});

describe('an endpoint that is none', () => {
  const reading = async (listener: RequestListener, signal = never): Promise<unknown> => new PrometheusProbe({ url: await served(listener), only: null }).read(signal);

  test.each([[404], [302], [500]])('answers with %d', async (status) => {
    await expect(reading((_, response) => void response.writeHead(status).end())).rejects.toThrow(new RegExp(`^http://127.0.0.1:\\d+/metrics answers with status ${status}$`));
  });

  test('is a page', async () => {
    await expect(reading(text(() => '<html>\n<body>hello</body>\n</html>'))).rejects.toThrow(/answers with no values/);
  });

  test('is silent', async () => {
    const abort = new AbortController();
    const told = reading(() => abort.abort(new Error('patience')), abort.signal);
    await expect(told).rejects.toThrow(/abort/);
  });

  test('never ends', async () => {
    await expect(
      reading((_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write('x'.repeat(1 << 20)));
        };
        response.on('drain', more);
        more();
      }),
    ).rejects.toThrow(/more than \d+ bytes/);
  });
});
