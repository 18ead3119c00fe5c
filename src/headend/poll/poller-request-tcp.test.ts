/** Reads on demand and commands through the running poller over the kernel's TCP, at real simulated concentrators. */

import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { TcpWire } from '../../network/wire/tcp-wire.ts';
import type { ClientAssociation } from '../../protocol/dlms/client/client-association.ts';
import type { Exchange } from '../../protocol/dlms/client/client-options.ts';
import { ALWAYS_UP, disconnect, PullSite, readImport, scenarioOf, supplyState } from './pull-site.fixture.ts';
import type { PollAnswer } from './request-desk.ts';

const DISCONNECTED = 0;

describe('a request on loopback TCP', () => {
  let stop: () => Promise<void> = () => Promise.resolve();
  afterEach(async () => {
    const end = stop;
    stop = () => Promise.resolve();
    await end();
  });

  it('a register, a relay and a refusal, while the mass reading runs', async () => {
    const scenario = scenarioOf('grid.stations=60', 'grid.meters=2000', 'behaviour.steps=96', ...ALWAYS_UP);
    const port = 20_000 + (process.pid % 10_000);
    const site = new PullSite({ scenario, clock: systemClock, wire: new TcpWire(), listen: { address: '0.0.0.0', port } });
    stop = async () => {
      await new Promise<void>((resolve) => site.poller.stop(resolve));
      site.simulator.end();
    };
    await new Promise<void>((resolve) => site.start(resolve));
    const ask = <T>(station: number, priority: 'command' | 'on-demand', operation: (association: ClientAssociation) => Exchange<T>): Promise<{ readonly answer: PollAnswer<T>; readonly truth: number }> => {
      const meter = site.meterOf(station);
      return new Promise((resolve) => {
        site.poller.request({ concentrator: station, meter, priority }, operation, (answer) => resolve({ answer, truth: site.truthOf(station, meter) }));
      });
    };
    const stations = Array.from({ length: 60 }, (_, i) => i);
    const reads = await Promise.all(stations.map((station) => ask(station, 'on-demand', readImport)));
    for (const { answer, truth } of reads) expect(answer).toEqual({ value: truth });
    const commands = await Promise.all([3, 30, 59].map((station) => ask(station, 'command', disconnect)));
    for (const { answer } of commands) expect(answer).toEqual({ value: null });
    const states = await Promise.all([3, 30, 58, 59].map((station) => ask(station, 'on-demand', supplyState)));
    expect(states.map(({ answer }) => 'value' in answer && answer.value === DISCONNECTED)).toEqual([true, true, false, true]);
    expect(site.finished).toBe(false);
    expect([site.wire.calledMax, site.wire.servedMax]).toEqual([1, 1]);
    expect(site.poller.stats()).toMatchObject({ demands: 67, demandsFailed: 0, disconnects: 0, connections: 60 });
  });

  it('a device that nobody is behind', async () => {
    const scenario = scenarioOf('grid.stations=10', 'grid.meters=300', 'behaviour.steps=4', ...ALWAYS_UP);
    const port = 30_000 + (process.pid % 2000);
    const site = new PullSite({ scenario, clock: systemClock, wire: new TcpWire(), listen: { address: '0.0.0.0', port } });
    stop = () => new Promise<void>((resolve) => site.poller.stop(resolve));
    await new Promise<void>((resolve) => site.startPoller(resolve));
    const answer = await new Promise<PollAnswer<number>>((resolve) => {
      site.poller.request({ concentrator: 2, meter: site.meterOf(2), priority: 'on-demand' }, readImport, resolve);
    });
    expect(answer).toMatchObject({ error: { code: 'unreachable', message: expect.stringContaining('connection refused; given up after 3 tries') } });
  });
});
