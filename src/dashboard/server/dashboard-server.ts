/**
 * The HTTP server of the dashboard: the web page, what it asks for, `/metrics`. It only answers; nothing can be changed by it.
 *
 * Safe by default: see access.ts for who may ask. Every answer carries the headers that keep a browser from doing more with
 * it than showing it; there is no CORS; requests are small, few at a time, and checked before anything is looked up.
 */

import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import type { MonitorSource } from '../../monitor/store/monitor-source.ts';
import { Access, isLoopback } from './access.ts';
import { LiveEvents, WATCHERS_MAX } from './live-events.ts';
import { metricsText } from './metrics.ts';
import { BadRequest, idsOf, NotFound, onlyThese, type Query, textOf, timesOf, wholeOf } from './parameters.ts';
import { BusyError, type GridView, type RunView, TooSlowError } from './run-view.ts';
import { seriesCsv } from './series-table.ts';
import { readStaticFiles, type StaticFile } from './static-files.ts';

export interface DashboardOptions {
  readonly clock: Clock;
  readonly runs: readonly RunView[];
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Must be there when `host` is not on loopback. */
  readonly token: string | null;
  readonly machineName: string;
  /** Where the built page is. */
  readonly pageFolder: string;
  readonly version: string;
  /** Writes CSV text as a Parquet file and answers it. */
  readonly parquetOf: (csv: string) => Promise<Buffer>;
  /** A fault of ours, for the log; the asker is told that there was one. */
  readonly onFault: (message: string) => void;
}

const CONNECTIONS_MAX = 256;
const TOKEN_LETTERS_MAX = 200;
const MONITOR_SERIES_MAX = 64;
const MONITOR_POINTS_MAX = 2000;
const MONITOR_EVENTS_MAX = 5000;

/** `default-src 'self'`: no request leaves the machine. Pictures may also come from the page itself, for what it exports. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'cache-control': 'no-store',
};

interface RunParams {
  readonly run: string;
  readonly number: string;
}

export class DashboardServer {
  readonly #options: DashboardOptions;
  readonly #access: Access;
  readonly #files: ReadonlyMap<string, StaticFile>;
  readonly #server: FastifyInstance;
  readonly #events: LiveEvents;
  #port = 0;

  constructor(options: DashboardOptions) {
    if (options.token === null && !isLoopback(options.host)) throw new Error('a server that is not on loopback wants a token');
    this.#options = options;
    this.#access = new Access(options);
    this.#files = readStaticFiles(options.pageFolder);
    this.#events = new LiveEvents(options.clock);
    this.#server = fastify({
      bodyLimit: 1024,
      requestTimeout: 10_000,
      connectionTimeout: 0,
      keepAliveTimeout: 30_000,
      forceCloseConnections: true,
      routerOptions: { maxParamLength: 64 },
      frameworkErrors: (_error, _request, reply) => {
        void plain(reply.headers(HEADERS), 400, 'the address is malformed');
      },
    });
    this.#server.server.maxConnections = CONNECTIONS_MAX;
    this.#routes();
  }

  /** Answers the address for a browser, with the token when there is one. Throws when the port is taken. */
  async listen(): Promise<string> {
    const { host, port, token } = this.#options;
    await this.#server.listen({ host, port });
    const address = this.#server.server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : port;
    const shown = host === '0.0.0.0' || host === '::' ? this.#options.machineName : host.includes(':') ? `[${host}]` : host;
    return `http://${shown}:${this.#port}/${token === null ? '' : `?token=${token}`}`;
  }

  /** Browsers that watch a run that goes on. */
  get watchers(): number {
    return this.#events.watchers;
  }

  /** Tells them how the run is. */
  tell(run: RunView): void {
    this.#events.send('progress', { run: run.id, state: run.state, progress: run.progress });
  }

  async close(): Promise<void> {
    this.#events.close();
    await this.#server.close();
    for (const run of this.#options.runs) run.close();
  }

  get #cookieName(): string {
    // Browsers keep cookies by host, not by port.
    return `meterstorm-${this.#port}`;
  }

  #routes(): void {
    const server = this.#server;
    server.addHook('onRequest', async (request, reply) => this.#admit(request, reply));
    server.get('/*', (request, reply) => this.#file(request, reply));
    server.setErrorHandler((error, request, reply) => this.#failed(error, request, reply));
    server.get('/api/runs', (request, reply) => {
      onlyThese(request.query as Query, []);
      return json(reply, { version: this.#options.version, runs: this.#options.runs.map(runSummary) });
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/report', (request, reply) => {
      onlyThese(request.query as Query, []);
      const run = this.#run(request);
      return json(reply, { id: run.id, name: run.name, state: run.state, progress: run.progress, report: run.report });
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/live', (request, reply) => this.#live(request, reply));
    server.get<{ Params: RunParams }>('/api/runs/:run/series.csv', (request, reply) => {
      onlyThese(request.query as Query, []);
      const run = this.#run(request);
      return download(reply, { name: `${run.id}-series.csv`, type: 'text/csv; charset=utf-8' }).send(seriesCsv(run.report));
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/series.parquet', async (request, reply) => {
      onlyThese(request.query as Query, []);
      const run = this.#run(request);
      const file = await this.#options.parquetOf(seriesCsv(run.report));
      return download(reply, { name: `${run.id}-series.parquet`, type: 'application/vnd.apache.parquet' }).send(file);
    });
    this.#gridRoutes();
    this.#monitorRoutes();
    server.get('/metrics', (request, reply) => {
      onlyThese(request.query as Query, []);
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(metricsText(this.#options.runs));
    });
  }

  #gridRoutes(): void {
    const server = this.#server;
    server.get<{ Params: RunParams }>('/api/runs/:run/grid', (request, reply) => {
      onlyThese(request.query as Query, []);
      return json(reply, this.#grid(request).facts);
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/places', (request, reply) => {
      onlyThese(request.query as Query, []);
      const { longitude, latitude, link, accessibility, meters } = this.#grid(request).places();
      return binary(reply, [longitude, latitude, meters, link, accessibility]);
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/outline', (request, reply) => {
      onlyThese(request.query as Query, []);
      return json(reply, this.#grid(request).outline());
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/state', async (request, reply) => {
      const query = request.query as Query;
      onlyThese(query, ['step']);
      const grid = this.#grid(request);
      const step = wholeOf(query, 'step', { min: 0, max: grid.facts.steps - 1, fallback: null });
      const { reachedPercent, behindSteps } = await grid.stateAt(step);
      return binary(reply, [reachedPercent, behindSteps]);
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/stations/:number', (request, reply) => {
      const { grid, station } = this.#station(request);
      return json(reply, grid.station(station));
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/stations/:number/stored', async (request, reply) => {
      const { grid, station } = this.#station(request);
      return json(reply, { stored: await grid.stationStored(station), note: grid.storeNote });
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/meters/:number', (request, reply) => {
      const { grid, meter, day } = this.#meter(request);
      return json(reply, grid.meter(meter, day));
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/meters/:number/stored', async (request, reply) => {
      const { grid, meter, day } = this.#meter(request);
      return json(reply, { stored: await grid.meterStored(meter, day), note: grid.storeNote });
    });
  }

  #station(request: FastifyRequest<{ Params: RunParams }>): { readonly grid: GridView; readonly station: number } {
    onlyThese(request.query as Query, []);
    const grid = this.#grid(request);
    return { grid, station: wholeOf({ station: request.params.number }, 'station', { min: 0, max: grid.facts.stations - 1, fallback: null }) };
  }

  #meter(request: FastifyRequest<{ Params: RunParams }>): { readonly grid: GridView; readonly meter: number; readonly day: number } {
    const query = request.query as Query;
    onlyThese(query, ['day']);
    const grid = this.#grid(request);
    const meter = wholeOf({ meter: request.params.number }, 'meter', { min: 0, max: grid.facts.meters - 1, fallback: null });
    return { grid, meter, day: wholeOf(query, 'day', { min: 0, max: grid.facts.days - 1, fallback: 0 }) };
  }

  #monitorRoutes(): void {
    const server = this.#server;
    server.get<{ Params: RunParams }>('/api/runs/:run/monitor', async (request, reply) => {
      onlyThese(request.query as Query, []);
      const { monitor } = this.#run(request);
      if (monitor === null) return json(reply, null);
      const source = await monitor.source();
      return json(reply, { series: await source.listSeries(), range: await source.timeRange(), beganUnixMs: await monitor.beganUnixMs() });
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/monitor/series', async (request, reply) => {
      const query = request.query as Query;
      onlyThese(query, ['ids', 'from', 'to', 'points']);
      const source = await this.#monitored(request);
      const points = wholeOf(query, 'points', { min: 1, max: MONITOR_POINTS_MAX, fallback: MONITOR_POINTS_MAX });
      return json(reply, { series: await source.querySeries({ series: idsOf(query, MONITOR_SERIES_MAX), ...timesOf(query), points }) });
    });
    server.get<{ Params: RunParams }>('/api/runs/:run/monitor/events', async (request, reply) => {
      const query = request.query as Query;
      onlyThese(query, ['from', 'to', 'limit']);
      const source = await this.#monitored(request);
      const limit = wholeOf(query, 'limit', { min: 1, max: MONITOR_EVENTS_MAX, fallback: MONITOR_EVENTS_MAX });
      return json(reply, await source.queryEvents({ ...timesOf(query), limit }));
    });
  }

  async #monitored(request: FastifyRequest<{ Params: RunParams }>): Promise<MonitorSource> {
    const { monitor } = this.#run(request);
    if (monitor === null) throw new NotFound('nothing was monitored in this run');
    return monitor.source();
  }

  /** Before anything else is looked at. */
  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    reply.headers(HEADERS);
    const { headers } = request;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return plain(reply.header('allow', 'GET, HEAD'), 405, 'only GET and HEAD are answered here');
    }
    if (!this.#access.isOurName(headers.host)) return plain(reply, 421, 'Host names another server; ask by address or by the name of this machine');
    const site = headers['sec-fetch-site'];
    const opened = headers['sec-fetch-mode'] === 'navigate';
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && !opened) return plain(reply, 403, 'pages of other sites get nothing here');
    const query = request.query as Query;
    if (query['token'] !== undefined) return this.#exchange(reply, textOf(query, 'token', TOKEN_LETTERS_MAX));
    if (this.#access.isKnown(headers, this.#cookieName)) return undefined;
    return plain(reply.header('www-authenticate', 'Bearer'), 401, 'a token is needed: open the address that was printed at the start');
  }

  /** A token in an address is exchanged for a cookie at once, so that it is neither kept nor shown. */
  #exchange(reply: FastifyReply, token: string): FastifyReply {
    if (!this.#access.isToken(token)) return plain(reply, 401, 'this token is not the one that was printed at the start');
    if (this.#access.needsToken) {
      reply.header('set-cookie', `${this.#cookieName}=${token}; Path=/; HttpOnly; SameSite=Strict`);
    }
    return reply.redirect('/', 303);
  }

  #file(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = request.url.split('?')[0] ?? '';
    const file = this.#files.get(path);
    if (file === undefined) return plain(reply, 404, 'there is nothing at this address');
    if (file.immutable) reply.header('cache-control', 'private, max-age=31536000, immutable');
    return reply.code(200).type(file.type).send(file.body);
  }

  #live(request: FastifyRequest<{ Params: RunParams }>, reply: FastifyReply): FastifyReply {
    onlyThese(request.query as Query, []);
    const run = this.#run(request);
    if (run.progress === null) throw new NotFound('this run is over; nothing more is told of it');
    if (this.#events.full) return plain(reply.header('retry-after', '10'), 503, `${WATCHERS_MAX} browsers watch already`);
    reply.hijack();
    reply.raw.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
    if (request.method === 'HEAD') reply.raw.end();
    else this.#events.add(reply.raw, { event: 'progress', data: { run: run.id, state: run.state, progress: run.progress } });
    return reply;
  }

  #run({ params }: FastifyRequest<{ Params: RunParams }>): RunView {
    const run = this.#options.runs.find(({ id }) => id === params.run);
    if (run === undefined) throw new NotFound('there is no such run here');
    return run;
  }

  #grid(request: FastifyRequest<{ Params: RunParams }>): GridView {
    const { grid } = this.#run(request);
    if (grid === null) throw new NotFound('this run left no record of its scenario, so its grid is not known');
    return grid;
  }

  #failed(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    reply.headers(HEADERS);
    if (error instanceof BadRequest) return plain(reply, 400, error.message);
    if (error instanceof NotFound) return plain(reply, 404, error.message);
    if (error instanceof BusyError) return plain(reply.header('retry-after', '2'), 503, error.message);
    if (error instanceof TooSlowError) return plain(reply, 504, error.message);
    const { statusCode = 500, message } = error as { readonly statusCode?: number; readonly message?: string };
    if (statusCode >= 400 && statusCode < 500) return plain(reply, statusCode, 'the request is malformed');
    this.#options.onFault(`${request.method} ${request.url.split('?')[0] ?? ''}: ${message ?? String(error)}`);
    return plain(reply, 500, 'something went wrong here; the log of the dashboard says more');
  }
}

/** What a list of runs shows. */
function runSummary({ id, name, state, progress, report, grid }: RunView): object {
  const { run, verdict } = report;
  return {
    id,
    name,
    state,
    progress,
    able: verdict.able,
    scenario: run.scenario,
    meters: run.meters,
    concentrators: run.concentrators,
    steps: run.steps,
    hasGrid: grid !== null,
  };
}

function plain(reply: FastifyReply, code: number, line: string): FastifyReply {
  return reply.code(code).type('text/plain; charset=utf-8').send(`${line}\n`);
}

function json(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(value));
}

function download(reply: FastifyReply, file: { readonly name: string; readonly type: string }): FastifyReply {
  return reply.type(file.type).header('content-disposition', `attachment; filename="${file.name}"`);
}

/** Columns one after the other, those with wide elements first, in the byte order of all machines that browsers run on. */
function binary(reply: FastifyReply, columns: readonly (Float32Array | Uint16Array | Uint8Array)[]): FastifyReply {
  const parts = columns.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
  return reply.type('application/octet-stream').send(Buffer.concat(parts));
}
