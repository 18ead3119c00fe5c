/** Reads on demand beside the mass reading of real simulated concentrators, on a virtual clock. */

import { describe, expect, it } from 'vitest';
import { OnDemandReads, type OnDemandPlan } from './on-demand-reads.ts';
import { VirtualSite } from './pull-site.fixture.ts';
import type { Poller } from './poller.ts';

const STATIONS = 40;

type Asked = Parameters<Poller['request']>[0];

/** The site, its reads, and who was asked when. */
function playing(plan: Partial<OnDemandPlan>, sets: readonly string[] = ['speed=90']): { readonly site: VirtualSite; readonly reads: OnDemandReads; readonly asked: (Asked & { readonly atMs: number })[] } {
  const site = new VirtualSite({ sets });
  const asked: (Asked & { readonly atMs: number })[] = [];
  const poller: Pick<Poller, 'request'> = {
    request: (target, operation, done) => {
      asked.push(Object.assign({ atMs: site.clock.nowMs() }, target));
      site.poller.request(target, operation, done);
    },
  };
  const devices = Array.from({ length: STATIONS }, (_, station) => ({ concentrator: station, firstMeter: site.meterOf(station, 'first'), meters: site.metersOf(station) }));
  const reads = new OnDemandReads({ everyMs: 100, fromUnixMs: site.clock.unixMs() + 10_000, toUnixMs: site.clock.unixMs() + 110_000, limitMs: 5000, seed: 7, ...plan, clock: site.clock, poller, devices });
  return { site, reads, asked };
}

describe('reads on demand', () => {
  it('come at the rate that was asked for, of all meters alike, and are answered beside the mass reading', () => {
    const { site, reads, asked } = playing({});
    site.start();
    reads.start();
    site.rest(9990);
    expect(asked).toHaveLength(0);
    site.rest(105_000);
    const ended = asked.length;
    // A Poisson number of mean 1000.
    expect(Math.abs(asked.length - 1000)).toBeLessThan(4 * Math.sqrt(1000));
    site.rest(5000);
    expect(asked).toHaveLength(ended);
    expect([reads.answered, reads.failed]).toEqual([asked.length, 0]);
    expect(reads.delays.totalCount).toBe(asked.length);
    // Association, read and release over a wire of 5 ms each way.
    expect(reads.delays.minNonZeroValue).toBeGreaterThanOrEqual(20);
    expect(reads.delays.getValueAtPercentile(95)).toBeLessThan(500);
    const meters = site.grid.meters.count;
    const early = asked.filter(({ meter }) => (meter ?? 0) < meters / 2).length;
    expect(Math.abs(early - asked.length / 2)).toBeLessThan(4 * Math.sqrt(asked.length / 4));
    expect(new Set(asked.map(({ concentrator }) => concentrator)).size).toBe(STATIONS);
    for (const { concentrator, meter } of asked) {
      expect(meter).toBeGreaterThanOrEqual(site.meterOf(concentrator, 'first'));
      expect(meter).toBeLessThanOrEqual(site.meterOf(concentrator));
    }
    expect(site.run(() => site.finished)).toBe(true);
    expect(site.poller.stats()).toMatchObject({ readings: meters * 12, demands: asked.length, gaps: 0 });
  });

  it('are the same ones again from the same seed, and others from another', () => {
    const moments = (seed: number): readonly unknown[] => {
      const { site, reads, asked } = playing({ seed });
      site.start();
      reads.start();
      site.rest(15_000);
      return asked.map(({ atMs, meter }) => [atMs, meter]);
    };
    expect(moments(7)).toEqual(moments(7));
    expect(moments(7)).not.toEqual(moments(8));
  });

  it('that nobody answers in time have failed, and hold no other up', () => {
    const { site, reads, asked } = playing({ limitMs: 2000 });
    site.startPoller();
    reads.start();
    // No concentrator listens yet.
    site.rest(20_000);
    reads.stop();
    site.rest(10_000);
    expect(asked.length).toBeGreaterThan(60);
    expect([reads.answered, reads.failed, reads.delays.totalCount]).toEqual([0, asked.length, 0]);
  });

  it('end with the poller without being called failed', () => {
    const { site, reads, asked } = playing({ everyMs: 50 });
    // No concentrator listens yet: all wait.
    site.startPoller();
    reads.start();
    site.run(() => asked.length >= 30);
    reads.stop();
    let stopped = false;
    site.poller.stop(() => (stopped = true));
    expect(site.run(() => stopped)).toBe(true);
    site.rest(1000);
    expect(asked).toHaveLength(30);
    expect([reads.answered, reads.failed]).toEqual([0, 0]);
  });
});
