import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { below, draw } from '../../base/random.ts';
import { BOILER, CUT, DAY, HOME, NIGHT, PATTERNS, SINGLE, smallScenario, someMeters, START, truthOf } from './small-truth.fixture.ts';
import { Truth } from './truth.ts';

const METERS = 48;
const YEARS_2011_TO_2020 = { from: Date.UTC(2010, 11, 31, 23) / 1000, to: Date.UTC(2020, 5, 1) / 1000 };

/** Whole seconds between the earliest that is known and 2020, the same in each run. */
function randomTime(i: number): number {
  const { from, to } = YEARS_2011_TO_2020;
  return from + below(99, i, to - from);
}

/** Midnights with something to get wrong: start, new year, leap days, the switch to another curve, a far year. */
const MIDNIGHTS = [
  START,
  START + DAY,
  ...['2011-01-02', '2012-01-01', '2012-02-29', '2012-03-01', '2013-01-01', '2013-01-19', '2014-01-01'].map(midnight),
  ...['2016-12-31', '2017-01-01', '2040-07-01'].map(midnight),
];

describe('registers', () => {
  it('are whole and never fall, from the first day that is known on', () => {
    const truth = truthOf(someMeters(METERS));
    const times = Array.from({ length: 400 }, (_, i) => randomTime(i)).sort((a, b) => a - b);
    times.unshift(YEARS_2011_TO_2020.from);
    for (let meter = 0; meter < METERS; meter++) {
      for (let channel = 0; channel < 3; channel++) {
        let before = 0;
        for (const time of times) {
          const wh = truth.register(meter, channel, time);
          if (!Number.isInteger(wh) || wh < before) expect.fail(`meter ${meter} channel ${channel} at ${time}: ${wh} after ${before}`);
          before = wh;
        }
      }
    }
  });

  it('go on without a jump over every boundary of quarter hour, block, day and year', () => {
    const truth = truthOf(someMeters(METERS));
    let counted = 0;
    for (const day of MIDNIGHTS) {
      for (let slot = -95; slot <= 96; slot++) {
        const at = day + slot * 900;
        for (let meter = slot & 3; meter < METERS; meter += 4) {
          const end = truth.register(meter, 1, at);
          const slotWh = end - truth.register(meter, 1, at - 900);
          const lastMinuteWh = end - truth.register(meter, 1, at - 60);
          // The tariff CUT leaves 2 minutes of one quarter hour to the high rate.
          const share = meter % 3 === CUT ? 2 : 15;
          if (lastMinuteWh < 0 || lastMinuteWh > slotWh / share + 1) expect.fail(`meter ${meter} at ${at}: ${lastMinuteWh} of ${slotWh}`);
          counted += slotWh;
        }
      }
    }
    expect(counted).toBeGreaterThan(0);
  });

  it('of a day add up to the same from quarter hours, minutes and the day as a whole', () => {
    const truth = truthOf(someMeters(METERS));
    for (const day of MIDNIGHTS) {
      for (let meter = 0; meter < METERS; meter += 5) {
        const quarters = energies(truth, { meter, from: day, step: 900, count: 96 });
        const minutes = energies(truth, { meter, from: day, step: 60, count: 1440 });
        const dayWh = truth.energy(meter, { fromUnixSeconds: day, toUnixSeconds: day + DAY });
        expect(sum(quarters)).toBe(dayWh);
        expect(sum(minutes)).toBe(dayWh);
        for (const [slot, wh] of quarters.entries()) expect(sum(minutes.slice(slot * 15, slot * 15 + 15))).toBe(wh);
      }
    }
  });

  it('run evenly within a quarter hour, whatever the interval', () => {
    const truth = truthOf(someMeters(METERS, { consumption: HOME, tariff: SINGLE }));
    for (let meter = 0; meter < METERS; meter++) {
      const at = START + 900 * (meter + 40);
      const wh = truth.energy(meter, { fromUnixSeconds: at, toUnixSeconds: at + 900 });
      const fives = energies(truth, { meter, from: at, step: 300, count: 3 });
      for (const five of fives) expect(Math.abs(five - wh / 3)).toBeLessThan(1);
      expect(truth.energy(meter, { fromUnixSeconds: at, toUnixSeconds: at + 450 })).toBe(Math.floor(wh / 2));
    }
  });

  it('of the rates add up to the total at any second', () => {
    const truth = truthOf(someMeters(METERS));
    for (let i = 0; i < 20_000; i++) {
      const meter = i % METERS;
      const time = randomTime(i);
      const rates = truth.register(meter, 1, time) + truth.register(meter, 2, time);
      if (truth.register(meter, 0, time) !== rates) expect.fail(`meter ${meter} at ${time}`);
    }
  });

  it('of a meter with one rate stay at 0 in channel 2', () => {
    const truth = truthOf(someMeters(METERS, { tariff: SINGLE }));
    for (let i = 0; i < 1000; i++) {
      expect(truth.register(i % METERS, 2, randomTime(i))).toBe(0);
      expect(truth.register(i % METERS, 1, randomTime(i))).toBe(truth.register(i % METERS, 0, randomTime(i)));
    }
  });

  it('of a meter that uses nothing stand still', () => {
    const truth = truthOf(someMeters(3, { annualWh: 0 }));
    expect(truth.register(2, 0, START)).toBe(0);
    expect(truth.register(2, 0, START + 400 * DAY)).toBe(0);
  });

  it('hold a meter of 4 GWh exactly', () => {
    const truth = truthOf(someMeters(3, { annualWh: 4_000_000_000, consumption: BOILER }));
    for (let meter = 0; meter < 3; meter++) {
      const quarters = energies(truth, { meter, from: START, step: 900, count: 96 });
      expect(sum(quarters)).toBe(truth.energy(meter, { fromUnixSeconds: START, toUnixSeconds: START + DAY }));
    }
  });

  it('are refused before the years that are known, between seconds, and of strangers', () => {
    const truth = truthOf(someMeters(10, { first: 100 }));
    expect(truth.register(100, 0, YEARS_2011_TO_2020.from)).toBeGreaterThan(0);
    expect(() => truth.register(100, 0, YEARS_2011_TO_2020.from - 1)).toThrow('from two years before the scenario on');
    expect(() => truth.register(100, 0, START + 0.5)).toThrow('whole seconds');
    expect(() => truth.register(99, 0, START)).toThrow('those of this truth');
    expect(() => truth.register(110, 0, START)).toThrow('those of this truth');
    expect(() => truth.register(100, 3, START)).toThrow('channels 0, 1 and 2');
    expect(() => truth.registers(100, 5, 0, START, new Float64Array(9), 1, 2)).toThrow('room');
  });
});

describe('low windows', () => {
  /** Minutes of the day in the low windows of the tariff CUT, and of NIGHT. */
  const inWindow = {
    [CUT]: (minute: number): boolean => (minute >= 100 && minute < 313) || (minute >= 722 && minute < 726),
    [NIGHT]: (minute: number): boolean => minute < 360 || minute >= 1320,
  };

  it.each([CUT, NIGHT] as const)('hold all energy of the low rate, and none of the high rate (tariff %i)', (tariff) => {
    const truth = truthOf(someMeters(6, { tariff, consumption: HOME }));
    const inside = [0, 0, 0];
    const outside = [0, 0, 0];
    for (let minute = 0; minute < 1440; minute++) {
      const low = inWindow[tariff](minute);
      for (let meter = 0; meter < 6; meter++) {
        for (const channel of [1, 2]) {
          const at = START + minute * 60;
          const wh = truth.register(meter, channel, at + 60) - truth.register(meter, channel, at);
          (low ? inside : outside)[channel]! += wh;
        }
      }
    }
    expect(inside[1]).toBe(0);
    expect(outside[2]).toBe(0);
    expect(inside[2]).toBeGreaterThan(0);
    expect(outside[1]).toBeGreaterThan(0);
  });

  it('take what the pattern has in them', () => {
    const truth = truthOf(someMeters(400, { tariff: NIGHT, consumption: BOILER, annualWh: 3_000_000 }));
    let high = 0;
    let low = 0;
    for (let meter = 0; meter < 400; meter++) {
      high += truth.register(meter, 1, START + 365 * DAY) - truth.register(meter, 1, START);
      low += truth.register(meter, 2, START + 365 * DAY) - truth.register(meter, 2, START);
    }
    // The boiler runs from 22:30 to 05:00, all of it in the windows.
    expect(high).toBe(0);
    expect(low / 400 / 3_000_000).toBeCloseTo(1, 2);
  });
});

describe('the day cache', () => {
  it('never changes a result: any order of times and calls gives what a fresh truth gives', () => {
    const meters = someMeters(300);
    const used = truthOf(meters);
    const out = new Float64Array(300);
    for (let i = 0; i < 60; i++) {
      const channel = draw(5, i) % 3;
      const first = below(6, i, 250);
      const count = 1 + below(7, i, 300 - first);
      const time = i % 3 === 0 ? randomTime(i) : START + below(8, i, 3 * DAY);
      used.registers(first, count, channel, time, out);
      const fresh = truthOf(meters);
      for (let k = 0; k < count; k++) {
        if (fresh.register(first + k, channel, time) !== out[k]) expect.fail(`meter ${first + k} channel ${channel} at ${time}`);
      }
    }
  });

  it('follows a reader who goes back for good', () => {
    const truth = truthOf(someMeters(20));
    const fresh = truthOf(someMeters(20));
    const later = new Float64Array(20);
    const out = new Float64Array(20);
    truth.registers(0, 20, 0, START + 2 * DAY, later);
    for (let step = 0; step < 96; step++) {
      truth.registers(0, 20, 0, START + step * 900, out);
      for (let meter = 0; meter < 20; meter++) expect(out[meter]).toBe(fresh.register(meter, 0, START + step * 900));
    }
    truth.registers(0, 20, 0, START + 2 * DAY, out);
    expect(out).toEqual(later);
  });
});

describe('columns', () => {
  it('are filled from an offset with a stride, and not between', () => {
    const truth = truthOf(someMeters(700));
    for (let channel = 0; channel < 3; channel++) {
      const out = new Float64Array(3 * 600).fill(-1);
      truth.registers(50, 600, channel, START + 4567, out, 1, 3);
      for (let k = 0; k < 600; k++) {
        expect(out[1 + 3 * k]).toBe(truth.register(50 + k, channel, START + 4567));
        expect([out[3 * k], out[3 * k + 2]]).toEqual([-1, -1]);
      }
    }
  });

  it('may be empty', () => {
    expect(() => truthOf(someMeters(0)).registers(0, 0, 0, START, new Float64Array(0))).not.toThrow();
  });

  it('of a part of the meters are a part of the columns of all', () => {
    const all = new Float64Array(900);
    const part = new Float64Array(311);
    for (const time of [START, START + 12_345, START + 5 * DAY]) {
      for (let channel = 0; channel < 3; channel++) {
        truthOf(someMeters(900)).registers(0, 900, channel, time, all);
        truthOf(someMeters(311, { first: 400 })).registers(400, 311, channel, time, part);
        expect(part).toEqual(all.slice(400, 711));
      }
    }
  });
});

describe('seeds', () => {
  const hashOf = (seed: number): string => {
    const truth = truthOf(someMeters(500), seed);
    const hash = createHash('sha256');
    const out = new Float64Array(500);
    const status = new Uint8Array(500);
    for (const time of [START - 400 * DAY, START, START + 900, START + 77_777, START + DAY, START + 800 * DAY]) {
      for (let channel = 0; channel < 3; channel++) {
        truth.registers(0, 500, channel, time, out);
        hash.update(out);
      }
      truth.statuses(0, 500, time, status);
      hash.update(status);
    }
    return hash.digest('hex').slice(0, 16);
  };

  it('fix every bit, on every machine', () => {
    expect(hashOf(7)).toBe('acf4062e0437876a');
  });

  it('make another truth each', () => {
    expect(hashOf(8)).not.toBe(hashOf(7));
  });
});

describe('status', () => {
  it('says "clock adjusted" in one row of 2,000, and nothing else', () => {
    const truth = truthOf(someMeters(1000));
    const status = new Uint8Array(1000);
    let adjusted = 0;
    for (let step = 0; step < 1000; step++) {
      truth.statuses(0, 1000, START + step * 900, status);
      for (const byte of status) {
        if (byte !== 0 && byte !== 0x20) expect.fail(`status ${byte}`);
        if (byte === 0x20) adjusted++;
      }
    }
    // 500 expected, with a standard deviation of 22.
    expect(adjusted).toBeGreaterThan(400);
    expect(adjusted).toBeLessThan(600);
  });

  it('is the same by row and by column', () => {
    const truth = truthOf(someMeters(5000, { first: 70 }));
    const status = new Uint8Array(5010);
    truth.statuses(70, 5000, START, status, 10);
    for (let k = 0; k < 5000; k++) expect(status[10 + k]).toBe(truth.status(70 + k, START));
    expect(status.includes(0x20)).toBe(true);
  });
});

it('wants a pattern for each consumption category', () => {
  expect(() => new Truth({ scenario: smallScenario(), meters: someMeters(1), patterns: PATTERNS.slice(1) })).toThrow('a pattern for each');
});

function midnight(date: string): number {
  return Date.parse(`${date}T00:00:00+01:00`) / 1000;
}

function energies(truth: Truth, of: { meter: number; from: number; step: number; count: number }): number[] {
  return Array.from({ length: of.count }, (_, i) => {
    const fromUnixSeconds = of.from + i * of.step;
    return truth.energy(of.meter, { fromUnixSeconds, toUnixSeconds: fromUnixSeconds + of.step });
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
