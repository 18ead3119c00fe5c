import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import { parseScenario } from '../grid/scenario/parse.ts';
import { ReadingBatch, type Reading } from '../reading/batch.ts';
import type { ReadingSource } from '../reading/source.ts';
import { buildSegment, type SegmentGrid } from '../run/segment.ts';
import { Auditor, type AuditResult, type SentLedger } from './auditor.ts';
import { mergeAudits } from './merge.ts';

function gridOf(segment: { index: number; count: number }, ...more: readonly string[]): SegmentGrid {
  const sets = ['grid.stations=9', 'grid.meters=500', 'behaviour.steps=40', ...more];
  const parsed = parseScenario({ file: packageFile('scenarios', 'stress.yaml'), sets });
  if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
  return buildSegment(parsed.scenario, segment);
}

const WHOLE = { index: 0, count: 1 };

interface SentReading extends Reading {
  readonly station: number;
  readonly sentAt: number;
}

/** All readings that the plan sends, in the order of stations and steps. */
function sentReadings(grid: SegmentGrid): SentReading[] {
  const { plan, truth, scenario } = grid;
  const { steps, intervalSeconds, start, registers } = scenario.behaviour;
  const channels = registers === 'total' ? 1 : 3;
  const sent: SentReading[] = [];
  for (let station = plan.fromStation; station < plan.toStation; station++) {
    plan.seek(station, 0);
    for (let sentAt = 0; sentAt < steps; sentAt++) {
      plan.step(station);
      const { rows } = plan;
      const list: [number, number][] = [];
      for (let i = 0; i < rows.currentCount; i++) list.push([rows.current[i] ?? 0, sentAt]);
      for (let i = 0; i < rows.lateCount; i++) list.push([rows.lateMeter[i] ?? 0, rows.lateStep[i] ?? 0]);
      for (const [meter, step] of list) {
        const time = start.unixSeconds + step * intervalSeconds;
        for (let channel = 0; channel < channels; channel++) {
          const value = truth.register(meter, channel, time);
          sent.push({ meter, channel, time, value, status: truth.status(meter, time), station, sentAt });
        }
      }
    }
  }
  return sent;
}

function sourceOf(readings: readonly Reading[], batchRows = 700): ReadingSource {
  return {
    async *batches() {
      const batch = new ReadingBatch(batchRows);
      for (const reading of readings) {
        batch.push(reading);
        if (batch.room > 0) continue;
        yield batch;
        batch.length = 0;
      }
      if (batch.length > 0) yield batch;
    },
  };
}

function ledgerOf(grid: SegmentGrid, changes: Partial<SentLedger> = {}): SentLedger {
  const all = new Uint32Array(grid.stations.count).fill(grid.scenario.behaviour.steps);
  return { sent: all, confirmed: all, complete: true, confirms: true, ...changes };
}

function audit(grid: SegmentGrid, readings: readonly Reading[], ledger = ledgerOf(grid)): Promise<AuditResult> {
  return new Auditor({ ...grid, ledger }).run(sourceOf(readings));
}

const NONE_WRONG = { status: 0, none: 0, rounded: 0, scaled: 0, shifted: 0, swapped: 0, other: 0 };
const NOTHING = { missing: 0, duplicate: 0, wrong: 0, unexpected: 0 };

describe('audit', () => {
  const grid = gridOf(WHOLE);
  const sent = sentReadings(grid);
  const { meters, scenario } = grid;
  const { start, intervalSeconds } = scenario.behaviour;

  it('finds nothing in what is right, in any order', async () => {
    const shuffled = sent.toSorted((a, b) => ((a.meter * 7919 + a.time) % 1013) - ((b.meter * 7919 + b.time) % 1013));
    for (const readings of [sent, sent.toReversed(), shuffled]) {
      const { findings } = await audit(grid, readings);
      expect(findings).toMatchObject({ ...NOTHING, planned: sent.length, stored: sent.length, sent: sent.length });
      expect(findings.planned + findings.neverAvailable + findings.lostByPlan).toBe(meters.count * 40);
      const late = sent.filter((r) => r.time < start.unixSeconds + r.sentAt * intervalSeconds).length;
      expect(findings.late).toBe(late);
    }
  });

  it('with three registers too, and with memories that lose rows', async () => {
    const small = gridOf(WHOLE, 'behaviour.registers=per-tariff', 'behaviour.meter-memory=4', 'behaviour.concentrator-memory=7');
    const readings = sentReadings(small);
    const { findings } = await audit(small, readings);
    expect(findings).toMatchObject({ ...NOTHING, planned: readings.length });
    expect(findings.lostByPlan).toBeGreaterThan(0);
    expect(findings.planned + findings.neverAvailable + findings.lostByPlan).toBe(meters.count * 40 * 3);
  });

  it('counts by step what the plan sends then', async () => {
    const { series } = await audit(grid, sent);
    for (const step of [0, 1, 17, 39]) {
      const then = sent.filter((r) => r.sentAt === step);
      expect(series.meters[step]).toBe(new Set(then.map((r) => r.meter)).size);
      expect(series.concentrators[step]).toBe(new Set(then.map((r) => r.station)).size);
      const current = then.filter((r) => r.time === start.unixSeconds + step * intervalSeconds).length;
      expect([series.inTime[step], series.late[step]]).toEqual([current, then.length - current]);
    }
  });

  it('finds each single change of a single reading', async () => {
    for (const i of [0, 1, 777, 5000, sent.length - 1]) {
      const one = sent[i] ?? sent[0];
      if (one === undefined) throw new Error('no reading');
      const rest = sent.filter((_, k) => k !== i);
      const cases: [string, Reading[], object][] = [
        ['value', [...rest, { ...one, value: one.value + 1 }], { wrong: 1 }],
        ['status', [...rest, { ...one, status: one.status ^ 8 }], { wrong: 1, wrongBy: { ...NONE_WRONG, status: 1 } }],
        ['unit', [...rest, { ...one, value: one.value * 1000 }], { wrong: 1, wrongBy: { ...NONE_WRONG, scaled: 1 } }],
        ['dropped', rest, { missing: 1 }],
        ['doubled', [...sent, one], { duplicate: 1 }],
        ['other channel', [...sent, { ...one, channel: 1 }], { unexpected: 1 }],
        ['between steps', [...sent, { ...one, time: one.time + 1 }], { unexpected: 1 }],
        ['before the run', [...sent, { ...one, time: start.unixSeconds - 900 }], { unexpected: 1 }],
        ['after the run', [...sent, { ...one, time: start.unixSeconds + 40 * 900 }], { unexpected: 1 }],
        ['no such meter', [...sent, { ...one, meter: meters.count }], { unexpected: 1 }],
      ];
      for (const [name, readings, found] of cases) {
        const { findings, examples } = await audit(grid, readings);
        expect({ name, ...findings }).toMatchObject({ name, ...NOTHING, ...found });
        expect(examples.length).toBe(1);
        expect(examples[0]?.meter).toBe(name === 'no such meter' ? meters.count : one.meter);
      }
    }
  });

  it('finds a reading that the plan withholds', async () => {
    const withheld = Array.from({ length: meters.count }, (_, meter) => meter).find(
      (meter) => !sent.some((r) => r.meter === meter && r.time === start.unixSeconds + 39 * 900),
    );
    if (withheld === undefined) throw new Error('every meter is heard at the last step');
    const time = start.unixSeconds + 39 * 900;
    const extra = { meter: withheld, channel: 0, time, value: grid.truth.register(withheld, 0, time), status: 0 };
    const { findings } = await audit(grid, [...sent, extra]);
    expect(findings).toMatchObject({ ...NOTHING, unexpected: 1 });
  });

  it('puts a missing reading down to who lost it', async () => {
    const station = 4;
    const lost = sent.filter((r) => r.station === station && r.sentAt >= 10);
    const kept = sent.filter((r) => !lost.includes(r));
    const steps = (step: number): Uint32Array => new Uint32Array(grid.stations.count).fill(40).fill(step, station, station + 1);
    const cases: [Partial<SentLedger>, object][] = [
      [{ sent: steps(10), confirmed: steps(10) }, { simulator: lost.length, network: 0, headend: 0 }],
      [{ sent: steps(40), confirmed: steps(10) }, { simulator: 0, network: lost.length, headend: 0 }],
      [{ sent: steps(40), confirmed: steps(40) }, { simulator: 0, network: 0, headend: lost.length }],
      [{ sent: steps(40), confirmed: steps(40), confirms: false }, { simulator: 0, network: lost.length, headend: 0 }],
      // A head-end that was cut off: what it had and did not confirm is its fault, and what waited behind that.
      [{ sent: steps(40), confirmed: steps(40), cutOff: true }, { simulator: 0, network: 0, headend: lost.length }],
      [{ sent: steps(40), confirmed: steps(10), cutOff: true }, { simulator: 0, network: 0, headend: lost.length }],
      [{ sent: steps(12), confirmed: steps(10), cutOff: true }, { simulator: 0, network: 0, headend: lost.length }],
      [{ sent: steps(10), confirmed: steps(10), cutOff: true }, { simulator: lost.length, network: 0, headend: 0 }],
      [{ sent: steps(40), confirmed: steps(40), confirms: false, cutOff: true }, { simulator: 0, network: lost.length, headend: 0 }],
    ];
    for (const [changes, attribution] of cases) {
      const { findings, examples, series } = await audit(grid, kept, ledgerOf(grid, changes));
      expect(findings).toMatchObject({ ...NOTHING, missing: lost.length, attribution });
      expect(examples.length).toBe(10);
      expect(series.inTime.reduce((a, b) => a + b) + series.late.reduce((a, b) => a + b)).toBe(kept.length);
      expect(series.meters[20]).toBe(new Set(kept.filter((r) => r.sentAt === 20).map((r) => r.meter)).size);
    }
  });

  it('of a run that was cut short expects what was confirmed, and takes what was under way', async () => {
    const confirmed = new Uint32Array(grid.stations.count).map((_, station) => station * 3);
    const cut = ledgerOf(grid, { sent: confirmed.map((step) => step + 2), confirmed, complete: false });
    const safe = sent.filter((r) => r.sentAt < (confirmed[r.station] ?? 0));
    const underWay = sent.filter((r) => r.sentAt === confirmed[r.station]);
    const exact = await audit(grid, [...underWay, ...safe], cut);
    expect(exact.findings).toMatchObject({ ...NOTHING, planned: safe.length, inFlight: underWay.length });
    const lost = await audit(grid, safe.slice(5), cut);
    expect(lost.findings).toMatchObject({ ...NOTHING, missing: 5, attribution: { headend: 5 } });
    const [one] = underWay;
    if (one === undefined) throw new Error('nothing is under way');
    const wrong = await audit(grid, [...safe, { ...one, value: one.value + 1 }], cut);
    expect(wrong.findings).toMatchObject({ ...NOTHING, wrong: 1 });
  });

  it('without a source says what was planned and sent, and nothing else', async () => {
    const sentTo = new Uint32Array(grid.stations.count).fill(20);
    const { findings } = await new Auditor({ ...grid, ledger: ledgerOf(grid, { sent: sentTo }) }).run(null);
    expect(findings).toMatchObject({ ...NOTHING, planned: sent.length, stored: 0 });
    expect(findings.sent).toBe(sent.filter((r) => r.sentAt < 20).length);
  });

  it('counts rows that are no reading, and keeps a few as examples', async () => {
    const unreadable = { count: 12, examples: ['column serial says `ABC`: no number of a meter'] };
    const { findings, examples } = await new Auditor({ ...grid, ledger: ledgerOf(grid) }).run({ ...sourceOf(sent), unreadable });
    expect(findings).toMatchObject({ ...NOTHING, unexpected: 12, unreadable: 12, stored: sent.length + 12, attribution: { headend: 12 } });
    expect(examples.map((e) => e.text)).toEqual(['unexpected: a row that is no reading: column serial says `ABC`: no number of a meter']);
  });

  it('does not compare a status that the source does not keep', async () => {
    const bare = sent.map((reading) => ({ ...reading, status: 0 }));
    const adjusted = sent.filter(({ status }) => status !== 0).length;
    expect(adjusted).toBeGreaterThan(0);
    expect((await audit(grid, bare)).findings).toMatchObject({ ...NOTHING, wrong: adjusted });
    const [first, ...rest] = bare;
    if (first === undefined) throw new Error('nothing is sent');
    const source = { ...sourceOf([{ ...first, value: first.value + 1 }, ...rest]), keepsStatus: false };
    const { findings, examples } = await new Auditor({ ...grid, ledger: ledgerOf(grid) }).run(source);
    expect(findings).toMatchObject({ ...NOTHING, wrong: 1 });
    expect(examples[0]).toMatchObject({ kind: 'wrong', foundWh: first.value + 1, foundStatus: null });
  });

  it('by segments is the same as of the whole', async () => {
    const damaged = [...sent.slice(3), ...sent.slice(500, 505), { ...sent[0], meter: 10_000 } as Reading];
    const whole = await audit(grid, damaged);
    const parts = [0, 1, 2].map((index) => {
      const part = gridOf({ index, count: 3 });
      const from = index === 0 ? 0 : part.meters.first;
      const to = index === 2 ? Infinity : part.meters.first + part.meters.count;
      return audit(part, damaged.filter((r) => r.meter >= from && r.meter < to));
    });
    const merged = mergeAudits(await Promise.all(parts));
    expect(merged.findings).toEqual(whole.findings);
    expect(merged.series).toEqual(whole.series);
    expect(merged.examples.map((e) => e.text).toSorted()).toEqual(whole.examples.map((e) => e.text).toSorted());
  });
});
