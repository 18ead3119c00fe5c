import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import { parseScenario } from '../grid/scenario/parse.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { runTrial } from './trial.ts';

function scenarioOf(...sets: readonly string[]): Scenario {
  const parsed = parseScenario({ file: packageFile('scenarios', 'stress.yaml'), sets });
  if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
  return parsed.scenario;
}

/** 1,000 meters, a day. */
const TOWN = ['grid.stations=16', 'grid.meters=1000', 'behaviour.steps=96'];
const EXACT = { missing: 0, duplicate: 0, wrong: 0, unexpected: 0 };

describe('the whole system on a virtual clock', () => {
  it('without faults: exact, nothing sent twice', async () => {
    const trial = await runTrial({ scenario: scenarioOf(...TOWN), seed: 1, simulators: 2, intakes: 2, faultsPerSecond: 0 });
    expect(trial.audit.findings).toMatchObject(EXACT);
    expect(trial.audit.findings.stored).toBeGreaterThan(50_000);
    expect(trial.duplicatesDropped).toBe(0);
    expect(trial.resentMessages).toBe(0);
  });

  const seeds = Array.from({ length: 5 }, (_, i) => i + 100);
  it.each(seeds)('seed %i: connections break, head-end and simulators crash and come back; exact, in under 2 s', async (seed) => {
    const began = performance.now();
    const sets = seed % 2 === 0 ? TOWN : [...TOWN, 'behaviour.registers=per-tariff'];
    const trial = await runTrial({ scenario: scenarioOf(...sets), seed, simulators: 2, intakes: 2, faultsPerSecond: 50 });
    const { findings } = trial.audit;
    expect({ seed, ...findings }).toMatchObject({ seed, ...EXACT });
    expect(findings.stored).toBe(findings.planned);
    const { connections, intake, store, simulator } = trial.faults;
    expect(connections + intake + store + simulator).toBeGreaterThan(2);
    if (seed % 2 === 0) expect(performance.now() - began).toBeLessThan(2000);
  });

  it.each([300, 301, 302, 303, 304])('direct intake, seed %i: it crashes, its store fails, connections and simulators break; exact', async (seed) => {
    const sets = ['grid.stations=12', 'grid.meters=500', 'behaviour.steps=32', ...(seed % 2 === 0 ? [] : ['behaviour.registers=per-tariff'])];
    const trial = await runTrial({ scenario: scenarioOf(...sets), seed, simulators: 2, intakes: 1, direct: true, faultsPerSecond: 10 });
    const { findings } = trial.audit;
    expect({ seed, ...findings }).toMatchObject({ seed, ...EXACT });
    expect(findings.stored).toBe(findings.planned);
    const { connections, intake, store, simulator } = trial.faults;
    expect(connections + intake + store + simulator).toBeGreaterThan(10);
    expect(intake).toBeGreaterThan(0);
    expect(store).toBeGreaterThan(0);
    expect(trial.duplicatesDropped).toBeGreaterThan(0);
  });

  it('pull without faults: exact, nothing stored twice, and the very rows that a push stores', async () => {
    const sets = [...TOWN, 'behaviour.communication=pull'];
    const trial = await runTrial({ scenario: scenarioOf(...sets), seed: 1, simulators: 2, intakes: 2, faultsPerSecond: 0 });
    expect(trial.audit.findings).toMatchObject(EXACT);
    expect(trial.duplicatesDropped).toBe(0);
    const push = await runTrial({ scenario: scenarioOf(...TOWN), seed: 1, simulators: 2, intakes: 2, faultsPerSecond: 0 });
    expect(trial.audit.findings.stored).toBe(push.audit.findings.stored);
    expect(trial.audit.series).toEqual(push.audit.series);
  });

  it.each([200, 201, 202, 203, 204])('pull, seed %i: pollers, simulators, store and connections break; exact', async (seed) => {
    const more = [[], ['behaviour.registers=per-tariff'], ['security=suite-0'], ['security=suite-2'], ['behaviour.meter-memory=5']][seed % 5] ?? [];
    const sets = ['grid.stations=12', 'grid.meters=500', 'behaviour.steps=64', 'behaviour.communication=pull', ...more];
    const trial = await runTrial({ scenario: scenarioOf(...sets), seed, simulators: 2, intakes: 2, faultsPerSecond: 40 });
    const { findings } = trial.audit;
    expect({ seed, ...findings }).toMatchObject({ seed, ...EXACT });
    expect(findings.stored).toBe(findings.planned);
    const { connections, intake, store, simulator } = trial.faults;
    expect(connections + intake + store + simulator).toBeGreaterThan(2);
  });

  it('outages in common, while everything breaks: push and pull are exact, and store the very same rows', async () => {
    const network =
      'network={ cells: { stations: 3, accessible: 90%, outage: 1 h }, regions: { stations: 5, accessible: 90%, outage: 2 h }, ' +
      'blackouts: [{ at: 4 h, lasts: 2 h }, { at: 9 h, lasts: 3 h, share: 40% }] }';
    const sets = ['grid.stations=12', 'grid.meters=500', 'behaviour.steps=64', network];
    const play = (communication: string, faultsPerSecond: number) => {
      const scenario = scenarioOf(...sets, `behaviour.communication=${communication}`);
      return runTrial({ scenario, seed: 300, simulators: 2, intakes: 2, faultsPerSecond });
    };
    const [push, pull] = [await play('push', 50), await play('pull', 5)];
    for (const { audit } of [push, pull]) expect(audit.findings).toMatchObject({ ...EXACT, stored: push.audit.findings.planned });
    const alone = await runTrial({ scenario: scenarioOf(...sets.slice(0, 3)), seed: 300, simulators: 2, intakes: 2, faultsPerSecond: 0 });
    expect(alone.audit.findings.planned).toBeGreaterThan(push.audit.findings.planned);
    // At 5 h nobody sends.
    expect(push.audit.series.meters[20]).toBe(0);
    expect(push.audit.series.meters[15]).toBeGreaterThan(0);
  });

  it.each([
    ['push', 400],
    ['push', 401],
    ['push', 402],
    ['pull', 403],
    ['pull', 404],
  ])('%s over bad lines, seed %i: they drop, silently too, are forgotten and come back, while processes crash; exact', async (communication, seed) => {
    const session = '{ up: 40 min, reattach: 20 s..90 s, silent: 50%, idle: 20 min, daily: 50% }';
    const links = [
      `{ name: a, share: 60%, latency: 600 ms +- 200 ms, loss: 2%, rate: 15 packets/s, burst: 5, session: ${session} }`,
      `{ name: b, share: 40%, latency: 1400 ms +- 600 ms, loss: 0%, loss-bursts: { enter: 1%, leave: 10% }, rate: 5 packets/s, burst: 2, excess: police, session: ${session} }`,
    ];
    const scenario = scenarioOf(
      'grid.stations=12',
      'grid.meters=500',
      'behaviour.steps=48',
      'behaviour.spread=5 min',
      'speed=600',
      'network.blackouts=[{ at: 4 h, lasts: 1 h }]',
      `grid.links=[${links.join(', ')}]`,
      `behaviour.communication=${communication}`,
    );
    const trial = await runTrial({ scenario, seed, simulators: 2, intakes: 2, faultsPerSecond: 0.2 });
    const { findings } = trial.audit;
    expect({ seed, ...findings }).toMatchObject({ seed, ...EXACT });
    if (communication === 'push') expect(findings.stored).toBe(findings.planned);
  });

  it('is the same every time for one seed', async () => {
    const small = scenarioOf('grid.stations=8', 'grid.meters=400', 'behaviour.steps=48');
    const twice = [1, 2].map(() => runTrial({ scenario: small, seed: 7, simulators: 1, intakes: 1, faultsPerSecond: 100 }));
    const [a, b] = await Promise.all(twice);
    expect(a).toEqual(b);
    const c = await runTrial({ scenario: small, seed: 8, simulators: 1, intakes: 1, faultsPerSecond: 100 });
    expect(c.clockMs).not.toBe(a?.clockMs);
  });
});
