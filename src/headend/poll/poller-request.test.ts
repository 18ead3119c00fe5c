/** Reads on demand and commands through the running poller, at real simulated concentrators. */

import { describe, expect, it } from 'vitest';
import { below, streamKey } from '../../base/random.ts';
import { readData } from '../../protocol/dlms/client/client-reader.ts';
import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import { type Asked, disconnect, IMPORT_TOTAL, reached, readImport, supplyState, VirtualSite } from './pull-site.fixture.ts';
import type { PollAnswer } from './request-desk.ts';

const STATIONS = 40;
const RLRQ = 0x62;
const ACTION = 0xc3;
const DISCONNECTED = 0;

function valueOf<T>({ answer }: Asked<T>): T {
  if (answer === null || 'error' in answer) throw new Error(`no value: ${String(answer?.error)}`);
  return answer.value;
}

function errorOf(asked: Asked<unknown>): { readonly code: string; readonly message: string; readonly cause: unknown } {
  if (asked.answer === null || !('error' in asked.answer)) throw new Error('no error');
  const { code, message, cause } = asked.answer.error;
  return { code, message, cause };
}

/** Nothing of requests is left, and the mass reading ends with all rows. */
function endsExactly(site: VirtualSite): void {
  expect(site.run(() => site.finished)).toBe(true);
  expect(site.poller.stats()).toMatchObject({ readings: site.grid.meters.count * 12, malformedMessages: 0, strays: 0, gaps: 0 });
  expect([site.wire.calledMax, site.wire.servedMax]).toEqual([1, 1]);
  expect(site.simulator.server.open).toBe(STATIONS);
}

describe('a read on demand', () => {
  it.each([['none'], ['suite-0']])('comes in between the mass reading of many concentrators, and is right (security %s)', (security) => {
    const site = new VirtualSite({ sets: [`security=${security}`] });
    site.start();
    // At once: nobody knows yet who is behind the last concentrator.
    const early = site.askRegister(STATIONS - 1, site.meterOf(STATIONS - 1));
    site.run(() => early.answer !== null);
    // The first concentrators are not even through with their first round, and all others wait.
    expect(site.poller.stats().rounds).toBeLessThan(8);
    expect(valueOf(early)).toBe(early.truth);
    const later = Array.from({ length: 30 }, (_, i) => {
      site.run(() => site.poller.stats().rounds >= 8 * (i + 1));
      return [0, 1, 2].map((j) => {
        const station = (i * 7 + j * 13) % STATIONS;
        return site.askRegister(station, site.meterOf(station, j === 0 ? 'first' : 'last'));
      });
    }).flat();
    expect(site.run(() => later.every(({ answer }) => answer !== null))).toBe(true);
    expect(site.finished).toBe(false);
    for (const asked of later) expect(valueOf(asked)).toBe(asked.truth);
    expect(new Set(later.map(valueOf)).size).toBeGreaterThan(30);
    expect(later.every(({ calls }) => calls === 1)).toBe(true);
    expect(site.poller.stats()).toMatchObject({ demands: 91, demandsFailed: 0, failures: 0 });
    endsExactly(site);
  });

  it('waits for no more than what is under way', () => {
    const site = new VirtualSite({ poller: { activeMax: 1 } });
    site.start();
    site.run(() => site.poller.stats().rounds >= STATIONS);
    const { rounds } = site.poller.stats();
    const asked = site.askRegister(5, site.meterOf(5));
    site.run(() => asked.answer !== null);
    expect(valueOf(asked)).toBe(asked.truth);
    expect(site.poller.stats().rounds - rounds).toBeLessThanOrEqual(2);
  });

  it('of the concentrator itself takes the place of its association, and the round goes on', () => {
    const site = new VirtualSite({});
    site.start();
    const asked = Array.from({ length: 20 }, (_, i) => {
      site.run(() => site.poller.stats().rounds >= 10 * i);
      return site.ask({ concentrator: 3, meter: null, priority: 'on-demand' }, (association) =>
        readData(association, { classId: 1, logicalName: Uint8Array.of(0, 0, 42, 0, 0, 255), attribute: 2 }),
      );
    });
    site.run(() => asked.every(({ answer }) => answer !== null));
    for (const one of asked) expect(valueOf(one)).toMatchObject({ type: 'octet-string', value: new Uint8Array(Buffer.from('MSMDC00000000003')) });
    endsExactly(site);
  });

  it('of the concentrator does not make a round begin again that repairs gaps', () => {
    const sets = ['grid.stations=10', 'grid.meters=300', reached('meter', 50), 'behaviour.steps=24'];
    const read = (asks: boolean): number => {
      const site = new VirtualSite({ sets });
      site.start();
      const again = (): void =>
        site.poller.request({ concentrator: 0, meter: null, priority: 'on-demand' }, (association) => association.get(IMPORT_TOTAL), () => site.clock.schedule(1, again));
      if (asks) again();
      expect(site.run(() => site.finished)).toBe(true);
      expect(site.poller.stats().repairs).toBeGreaterThan(50);
      return site.poller.stats().readings;
    };
    expect(read(true)).toBe(read(false));
  });

  it('is not held up by a store that lags behind', () => {
    const site = new VirtualSite({ poller: { backlogBytesMax: 1000, fileBytesMax: 1000, rollMs: 50 } });
    site.start();
    site.run(() => site.poller.stats().backlogBytes > 1000);
    site.rest(5000);
    const { rounds, active } = site.poller.stats();
    expect(active).toBe(0);
    const asked = site.askRegister(20, site.meterOf(20));
    const command = site.ask({ concentrator: 21, meter: site.meterOf(21), priority: 'command' }, disconnect);
    site.rest(5000);
    expect(valueOf(asked)).toBe(asked.truth);
    expect(valueOf(command)).toBeNull();
    expect(site.poller.stats().rounds).toBe(rounds);
  });
});

describe('a command', () => {
  it('passes reads on demand and the mass reading, of its device and of all others', () => {
    const site = new VirtualSite({ poller: { activeMax: 1 } });
    site.start();
    site.run(() => site.poller.stats().rounds >= STATIONS);
    const order: string[] = [];
    const { rounds } = site.poller.stats();
    const meter = site.meterOf(7);
    const read = (station: number): void =>
      site.poller.request({ concentrator: station, meter: site.meterOf(station), priority: 'on-demand' }, readImport, () => order.push(`read ${station}`));
    for (const station of [7, 1, 2, 7, 3]) read(station);
    site.poller.request({ concentrator: 7, meter, priority: 'command' }, disconnect, () => order.push(`command ${site.poller.stats().rounds - rounds}`));
    site.run(() => order.length === 6);
    expect(order).toHaveLength(6);
    // What was under way ends: one job of the mass reading.
    expect(order[0]).toMatch(/^command [012]$/);
    expect(site.poller.stats().rounds - rounds).toBeLessThanOrEqual(2);
    const [state, register] = [site.ask({ concentrator: 7, meter, priority: 'on-demand' }, supplyState), site.askRegister(7, meter)];
    site.run(() => register.answer !== null);
    expect(valueOf(state)).toBe(DISCONNECTED);
    expect(valueOf(register)).toBe(register.truth);
    expect(valueOf(stateOf(site, 7, site.meterOf(7, 'first')))).not.toBe(DISCONNECTED);
    endsExactly(site);
  });

  it('is not carried out again because the release after it got no answer', () => {
    const site = new VirtualSite({});
    site.start();
    site.run(() => site.poller.stats().rounds >= STATIONS);
    site.wire.loses = (_, tag) => tag === RLRQ;
    const asked = site.ask({ concentrator: 4, meter: site.meterOf(4), priority: 'command' }, disconnect);
    site.run(() => asked.answer !== null);
    expect(valueOf(asked)).toBeNull();
    site.wire.loses = () => false;
    site.rest(1000);
    expect(site.wire.sent.filter(({ tag }) => tag === ACTION)).toHaveLength(1);
    expect(valueOf(stateOf(site, 4, site.meterOf(4)))).toBe(DISCONNECTED);
    endsExactly(site);
  });

  it('is tried as often as it may be, and no more', () => {
    const site = new VirtualSite({});
    site.start();
    site.run(() => site.poller.stats().rounds >= STATIONS);
    let answers = 0;
    site.wire.loses = (_, tag) => tag === ACTION;
    for (const attemptsMax of [1, 2]) {
      site.poller.request({ concentrator: attemptsMax, meter: site.meterOf(attemptsMax), priority: 'command', attemptsMax }, disconnect, () => answers++);
    }
    site.run(() => answers === 2);
    expect(site.wire.sent.filter(({ tag }) => tag === ACTION)).toHaveLength(3);
    expect(site.poller.stats().timeouts).toBe(3);
    endsExactly(site);
  });

  it('to a device that was talked to by an earlier poller learns its counter, in the only try that it has', () => {
    const site = new VirtualSite({ sets: ['security=suite-0'] });
    site.start();
    site.run(() => site.poller.stats().rounds >= STATIONS);
    const meter = site.meterOf(9);
    for (let i = 0; i < 5; i++) valueOf(stateOf(site, 9, meter));
    site.poller.crash();
    const next = site.another();
    next.start(() => {});
    let answer: PollAnswer<null> | null = null;
    next.request({ concentrator: 9, meter, priority: 'command', attemptsMax: 1 }, disconnect, (got) => {
      answer = got;
    });
    site.run(() => answer !== null);
    expect(answer).toEqual({ value: null });
    expect(next.stats().failures).toBeLessThanOrEqual(STATIONS);
  });
});

describe('a request that can not be done', () => {
  it('to a device that refuses connections fails in bounded time, and leaves nothing behind', () => {
    const site = new VirtualSite({});
    // Nobody listens.
    site.startPoller();
    const meter = site.meterOf(6);
    const asked = [site.askRegister(6, meter), site.ask({ concentrator: 6, meter, priority: 'command', attemptsMax: 1 }, disconnect)] as const;
    expect(site.run(() => asked.every(({ answer }) => answer !== null), 5000)).toBe(true);
    expect(errorOf(asked[0])).toMatchObject({ code: 'unreachable', message: `meter ${meter} at concentrator 6: connection refused; given up after 3 tries` });
    expect(errorOf(asked[0]).cause).toBeInstanceOf(DlmsError);
    expect(errorOf(asked[1])).toMatchObject({ code: 'unreachable', message: `meter ${meter} at concentrator 6: connection refused; given up after 1 try` });
    expect(site.poller.stats()).toMatchObject({ demands: 0, demandsFailed: 2, malformedMessages: 0 });
    site.startDevices(() => {});
    const later = site.askRegister(6, meter);
    site.run(() => later.answer !== null);
    expect(valueOf(later)).toBe(later.truth);
    endsExactly(site);
    expect(asked.map(({ calls }) => calls)).toEqual([1, 1]);
  });

  it('to a device that never answers fails in bounded time, while all others are read', () => {
    const site = new VirtualSite({ sets: ['behaviour.steps=12'] });
    const silent = site.endpoints[6]!;
    site.wire.loses = (to) => to === silent || to.address === silent.address;
    site.start();
    const asked = site.askRegister(6, site.meterOf(6));
    const began = site.clock.nowMs();
    expect(site.run(() => asked.answer !== null)).toBe(true);
    expect(errorOf(asked)).toMatchObject({ code: 'timeout', message: expect.stringMatching(/no answer in 10000 ms; given up after 3 tries$/) });
    // The mass reading's own try, then three, each with a rest, and the sweep.
    expect(asked.atMs - began).toBeLessThan(4 * 10_250 + 2 * 2000);
    expect(site.poller.stats().readings).toBe((site.grid.meters.count - site.metersOf(6)) * 12);
    site.run(() => site.wire.openTo(silent) === 0);
    expect(site.wire.openTo(silent)).toBe(0);
    site.wire.loses = () => false;
    endsExactly(site);
  });

  it('is given up when its time is over before its turn comes', () => {
    const site = new VirtualSite({});
    const silent = site.endpoints[6]!;
    site.wire.loses = (to) => to.address === silent.address;
    site.start();
    const many = Array.from({ length: 100 }, () => site.askRegister(6, site.meterOf(6), { limitMs: 60_000 }));
    const began = site.clock.nowMs();
    expect(site.run(() => many.every(({ answer }) => answer !== null))).toBe(true);
    expect(new Set(many.map((asked) => errorOf(asked).code))).toEqual(new Set(['timeout', 'late']));
    expect(errorOf(many[99]!).message).toMatch(/was not asked within 60000 ms$/);
    for (const { atMs, calls } of many) {
      // A try that began in time may take its own time.
      expect(atMs - began).toBeLessThan(60_000 + 10_300);
      expect(calls).toBe(1);
    }
    site.wire.loses = () => false;
    endsExactly(site);
  });

  it('is not tried again when its time was over while it was tried', () => {
    const site = new VirtualSite({ poller: { backOff: { baseMs: 100_000, capMs: 100_000 } } });
    const silent = site.endpoints[6]!;
    site.wire.loses = (to) => to.address === silent.address;
    site.start();
    site.run(() => site.poller.stats().timeouts === 1);
    // The device rests from the mass reading's own try.
    const asked = site.askRegister(6, site.meterOf(6), { limitMs: 5000 });
    const began = site.clock.nowMs();
    site.run(() => asked.answer !== null);
    expect(errorOf(asked)).toMatchObject({ code: 'timeout', message: expect.stringMatching(/given up after 1 try$/) });
    expect(asked.atMs - began).toBeLessThan(10_300);
  });

  it('does not wait for the end of the rest of a device, when it came while a job failed', () => {
    const site = new VirtualSite({ poller: { backOff: { baseMs: 100_000, capMs: 100_000 } } });
    const silent = site.endpoints[0]!;
    site.wire.loses = (to) => to.address === silent.address;
    site.start();
    site.rest(1000);
    const asked = site.askRegister(0, site.meterOf(0));
    site.rest(1000);
    site.wire.loses = () => false;
    site.run(() => asked.answer !== null);
    expect(asked.atMs).toBeLessThan(11_000);
    expect(valueOf(asked)).toBe(asked.truth);
  });

  it('is refused when as many wait as may, and the device is read nevertheless', () => {
    const site = new VirtualSite({});
    site.start();
    // Its own next job waits, too.
    site.run(() => site.poller.stats().rounds >= STATIONS);
    const many = Array.from({ length: 300 }, () => site.askRegister(8, site.meterOf(8)));
    const refused = many.filter(({ answer }) => answer !== null);
    expect(refused).toHaveLength(300 - 256);
    for (const asked of refused) expect(errorOf(asked)).toMatchObject({ code: 'queue-full', message: `meter ${site.meterOf(8)} at concentrator 8: 256 requests wait already` });
    const other = site.askRegister(9, site.meterOf(9));
    site.run(() => many.every(({ answer }) => answer !== null));
    expect(site.finished).toBe(false);
    for (const asked of [...many.filter((one) => !refused.includes(one)), other]) expect(valueOf(asked)).toBe(asked.truth);
    const again = site.askRegister(8, site.meterOf(8));
    site.run(() => again.answer !== null);
    expect(valueOf(again)).toBe(again.truth);
    endsExactly(site);
  });

  it('is refused for who is not there', () => {
    const site = new VirtualSite({});
    site.start();
    // Nobody knows yet that it is behind another concentrator.
    const early = site.askRegister(30, site.meterOf(3));
    site.run(() => early.answer !== null);
    expect(errorOf(early)).toMatchObject({ code: 'device-unknown', message: `meter ${site.meterOf(3)} at concentrator 30: the SAP assignment of the concentrator does not name it` });
    site.run(() => site.poller.stats().rounds >= STATIONS);
    const sent = site.wire.sent.length;
    const [elsewhere, none] = [site.askRegister(30, site.meterOf(3)), site.askRegister(STATIONS, 1)];
    expect(errorOf(elsewhere)).toMatchObject({ code: 'device-unknown' });
    expect(errorOf(none)).toMatchObject({ code: 'device-unknown', message: `meter 1 at concentrator ${STATIONS}: is not polled here` });
    expect(site.wire.sent).toHaveLength(sent);
    endsExactly(site);
  });

  it('is answered at once when the device says no, and leaves no association behind', () => {
    const site = new VirtualSite({});
    site.start();
    site.run(() => site.poller.stats().rounds >= STATIONS);
    const first = site.meterOf(12, 'first');
    const count = site.metersOf(12);
    // More than a connection has room for associations.
    const asked = Array.from({ length: 200 }, (_, i) =>
      site.ask({ concentrator: 12, meter: first + (i % count), priority: 'on-demand' }, (association) => readData(association, { ...IMPORT_TOTAL, logicalName: Uint8Array.of(9, 9, 9, 9, 9, 9) })),
    );
    site.run(() => asked.every(({ answer }) => answer !== null));
    for (const one of asked) expect(errorOf(one)).toMatchObject({ code: 'data-access', message: expect.stringContaining('object') });
    // One try each, and the device does not rest.
    expect(site.poller.stats()).toMatchObject({ failures: 0, malformedMessages: 0, demandsFailed: 200 });
    endsExactly(site);
  });

  it('to a meter out of reach brings the refusal of its concentrator', () => {
    const site = new VirtualSite({ sets: [reached('meter', 0)] });
    site.start();
    const asked = [site.askRegister(2, site.meterOf(2)), site.ask({ concentrator: 2, meter: site.meterOf(2), priority: 'command' }, disconnect)];
    site.run(() => asked.every(({ answer }) => answer !== null));
    expect(asked.map((one) => errorOf(one).code)).toEqual(['data-access', 'action']);
    expect(errorOf(asked[0]!).message).toContain('temporary failure');
  });
});

describe('a poller that ends', () => {
  it('does what it has taken, takes no more, and answers what it can not do', () => {
    const site = new VirtualSite({});
    const silent = site.endpoints[6]!;
    site.wire.loses = (to) => to.address === silent.address;
    site.start();
    site.rest(300);
    const good = [1, 2, 3].map((station) => site.askRegister(station, site.meterOf(station)));
    const bad = [site.askRegister(6, site.meterOf(6)), site.askRegister(6, site.meterOf(6))];
    let stopped = false;
    site.poller.stop(() => {
      stopped = true;
    });
    const late = site.askRegister(1, site.meterOf(1));
    expect(errorOf(late)).toMatchObject({ code: 'stopped', message: `meter ${site.meterOf(1)} at concentrator 1: the poller stops` });
    site.run(() => stopped);
    for (const asked of good) expect(valueOf(asked)).toBe(asked.truth);
    for (const asked of bad) expect(errorOf(asked)).toMatchObject({ code: expect.stringMatching(/stopped|timeout/) });
    expect(site.wire.open).toBe(0);
    site.rest(200_000);
    expect([...good, ...bad, late].every(({ calls }) => calls === 1)).toBe(true);
    expect(site.memory.openEnds).toBe(0);
  });

  it('answers nobody any more when it crashes', () => {
    const site = new VirtualSite({});
    site.start();
    site.rest(300);
    const asked = [1, 2, 3].map((station) => site.askRegister(station, site.meterOf(station)));
    site.rest(10);
    site.poller.crash();
    site.rest(200_000);
    expect(asked.map(({ calls }) => calls)).toEqual([0, 0, 0]);
    expect(site.memory.openEnds).toBe(0);
  });
});

describe('requests in a world that breaks', () => {
  it.each(Array.from({ length: 8 }, (_, i) => i))('seed %i: each is answered once, rightly or with a reason, and the mass reading is whole', (seed) => {
    const security = seed % 3 === 0 ? 'suite-0' : 'none';
    const site = new VirtualSite({ seed, sets: [`security=${security}`], poller: { timeoutMs: 2000 } });
    const key = streamKey(seed, 'broken-world');
    let draws = 0;
    const pick = (count: number): number => below(key, draws++, count);
    site.start();
    const asked: (Asked<unknown> & { truth?: number })[] = [];
    site.wire.loses = () => pick(60) === 0;
    for (let i = 0; i < 150; i++) {
      const station = pick(STATIONS);
      const meter = site.meterOf(station, pick(2) === 0 ? 'first' : 'last');
      const kind = pick(4);
      if (kind === 0) asked.push(site.ask({ concentrator: station, meter, priority: 'command' }, disconnect));
      else if (kind === 1) asked.push(site.ask({ concentrator: station, meter: null, priority: 'on-demand' }, (association) => association.get(IMPORT_TOTAL)));
      else asked.push(site.askRegister(station, meter, { attemptsMax: 1 + pick(3) }));
      site.rest(pick(40));
      if (pick(6) === 0) site.memory.breakConnections(() => pick(30) === 0);
    }
    site.wire.loses = () => false;
    expect(site.run(() => site.finished && asked.every(({ answer }) => answer !== null))).toBe(true);
    site.rest(200_000);
    let values = 0;
    for (const one of asked) {
      expect(one.calls).toBe(1);
      if (one.answer !== null && 'value' in one.answer) {
        values++;
        if (one.truth !== undefined) expect(one.answer.value).toBe(one.truth);
      } else expect(errorOf(one).code).toMatch(/^(?:closed|timeout|unreachable|security|unexpected-answer)$/);
    }
    expect(values).toBeGreaterThan(100);
    expect([site.wire.calledMax, site.wire.servedMax]).toEqual([1, 1]);
    const { demands, demandsFailed, gaps, readings } = site.poller.stats();
    expect([demands + demandsFailed, gaps]).toEqual([150, 0]);
    expect(readings).toBeGreaterThanOrEqual(site.grid.meters.count * 12);
    // Those whose connection broke in their last round have none.
    expect(site.simulator.server.open).toBeLessThanOrEqual(STATIONS);
  });
});

function stateOf(site: VirtualSite, station: number, meter: number): Asked<unknown> {
  const asked = site.ask({ concentrator: station, meter, priority: 'on-demand' }, supplyState);
  site.run(() => asked.answer !== null);
  return asked;
}
