import { describe, expect, test } from 'vitest';
import { hasConnectionSeries, linkLead, linkLines, linkTables, sessionSentence, sessionText, stormTexts, worstStormText } from './link-content.ts';
import type { LinkFacts } from './link-facts.ts';
import type { RunReport } from './run-report.ts';
import { sampleLinks } from './sample-links.fixture.ts';
import { sampleReport } from './sample-report.fixture.ts';

const STAMPED = sampleLinks({ mode: 'stamped', links: 1000, steps: 100 });
const CARRIED = sampleLinks({ mode: 'carried', links: 1000, steps: 288 });
const SILENT = sampleLinks({ mode: 'stamped', links: 0, steps: 100 });

function cells(links: LinkFacts, title: string): readonly (readonly string[])[] {
  return linkTables(links).find((table) => table.title === title)?.rows ?? [];
}

describe('tables of links', () => {
  test('show the way back only where something went', () => {
    expect(cells(STAMPED, 'Delay of messages').map(([name, , way]) => `${name} ${way}`)).toEqual(['gprs-1 up', 'gprs-2 up', 'gprs-3 up']);
    expect(cells(CARRIED, 'Delay of messages').map(([, , way]) => way)).toEqual(['up', 'down', 'up', 'down', 'up', 'down']);
    expect(cells(CARRIED, 'Packets')).toHaveLength(6);
  });

  test('have as many cells as columns', () => {
    for (const { columns, rows } of linkTables(CARRIED)) for (const row of rows) expect(row).toHaveLength(columns.length);
  });

  test('of connections are left out where none was counted, and of messages where none was sent', () => {
    expect(linkTables(STAMPED).map(({ title }) => title)).toEqual(['Delay of messages', 'Packets']);
    expect(linkTables(CARRIED).map(({ title }) => title)).toEqual(['Delay of messages', 'Packets', 'Connections']);
    expect(linkTables(SILENT)).toEqual([]);
  });

  test('say whose delay the scenario’s is', () => {
    expect(linkTables(STAMPED)[0]?.columns[3]?.name).toBe('scenario, one way');
    expect(linkTables({ ...STAMPED, direction: 'split' })[0]?.columns[3]?.name).toBe('scenario, round trip');
    expect(linkLead({ ...STAMPED, direction: 'split', tcp: 'in-2013' })).toMatch(/round trip, half of it in each direction; TCP is that of 2013/);
    expect(cells(STAMPED, 'Delay of messages')[2]?.[3]).toBe('1 s ± 500 ms');
  });

  test('count what was sent again among the packets', () => {
    const [first] = STAMPED.categories;
    if (first === undefined) throw new Error('the sample has links');
    const up = { ...first.up, segments: 90, lost: 10, fastRetransmissions: 4, timeouts: 6, policed: 3, bytesPerBusySecond: null };
    const [row] = cells({ ...STAMPED, categories: [{ ...first, up, jitterMs: 0 }] }, 'Packets');
    expect(row).toEqual(['gprs-1', 'up', '100', '0.1 %', '10 %', '3', '4', '6', '15/s', '–']);
  });

  test('have dashes for a category without traffic', () => {
    const [first, second] = STAMPED.categories;
    if (first === undefined || second === undefined) throw new Error('the sample has links');
    const links = { ...STAMPED, categories: [first, { ...second, up: second.down }] };
    expect(cells(links, 'Delay of messages')[1]).toEqual(['gprs-2', '300', 'up', '800 ms ± 400 ms', '0', '–', '–', '–', '–', '–', '–']);
    expect(cells(links, 'Packets')[1]?.slice(2, 5)).toEqual(['0', '0.2 %', '–']);
    expect(linkLines(links)[1]?.text).toBe('nothing was sent');
    expect(linkLines({ ...links, categories: [{ ...second, up: second.down, down: first.up }] })[0]?.text).toMatch(/^down: mean /);
  });
});

describe('how lines and connections ended', () => {
  test('is said where they did', () => {
    expect(sessionText(STAMPED)).toBeNull();
    expect(sessionSentence(STAMPED)).toBeNull();
    const [first] = CARRIED.categories;
    if (first === undefined) throw new Error('the sample has links');
    const none = { ...first, drops: 0, silentDrops: 0, daily: 0, forgotten: 0, outages: 0 };
    const of = (change: Partial<typeof none>): string | null => sessionText({ ...CARRIED, categories: [{ ...none, ...change }] });
    expect(of({})).toBeNull();
    expect(of({ drops: 1 })).toBe('lines dropped 1 time (0 silently)');
    expect(of({ outages: 7 })).toBe('7 connections ended in outages of the plan');
    expect(of({ daily: 2, forgotten: 1, outages: 1 })).toBe(
      '2 disconnects by the operator, 1 connection forgotten by the network; 1 connection ended in outages of the plan',
    );
    expect(sessionSentence({ ...CARRIED, categories: [{ ...none, drops: 3, silentDrops: 2 }] })).toBe('Lines dropped 3 times (2 silently).');
  });

  test('by step is drawn when something happened', () => {
    expect(hasConnectionSeries(CARRIED)).toBe(true);
    expect(hasConnectionSeries({ ...CARRIED, mode: 'stamped' })).toBe(false);
    expect(hasConnectionSeries({ ...CARRIED, connectionsLost: [0, 0], connectionsMade: [0, 0] })).toBe(false);
    expect(hasConnectionSeries({ ...CARRIED, connectionsLost: [], connectionsMade: [] })).toBe(false);
  });
});

describe('outages in common', () => {
  const sample = sampleReport({ steps: 20, links: 'carried' });
  const storms = (lost: readonly number[], made: readonly number[], peakConnectsPerSecond = 0): RunReport => ({
    ...sample,
    links: { ...CARRIED, connectionsLost: lost, connectionsMade: made, peakConnectsPerSecond },
  });

  test.each([
    [[0, 900], [1000, 900], 'Tue 15 Jan 2013, 00:15: 900 of 1,000 links lost their connection, all back within the step'],
    [[0, 900, 0], [1000, 0, 900], 'Tue 15 Jan 2013, 00:15: 900 of 1,000 links lost their connection, all back 1 step later (15 min)'],
    [[0, 900, 0], [1000, 0, 891], 'Tue 15 Jan 2013, 00:15: 900 of 1,000 links lost their connection, all but 9 back 1 step later (15 min)'],
    [[0, 900, 0], [1000, 0, 800], 'Tue 15 Jan 2013, 00:15: 900 of 1,000 links lost their connection, 800 of them back by the end of the run'],
    [[0, 900, 0], [1000, 0, 0], 'Tue 15 Jan 2013, 00:15: 900 of 1,000 links lost their connection, none of them back by the end of the run'],
  ])('lost %j, made %j', (lost, made, text) => {
    expect(stormTexts(storms(lost, made))).toEqual({ storms: [`${text}.`], together: 'No reading was lost.' });
    expect(worstStormText(storms(lost, made))).toBe(`${text}; no reading was lost`);
  });

  test('say nothing of readings when some are lost, or nobody could see', () => {
    const report = storms([0, 900], [1000, 900], 1);
    const lost = { ...report, audit: { ...report.audit, exact: false, missing: 1 } };
    const unseen = { ...report, audit: { ...report.audit, exact: false, planned: 0, stored: 0 } };
    for (const each of [lost, unseen]) {
      expect(stormTexts(each).together).toBe('At the busiest, one simulator process made 1 connection within a second of this machine’s time.');
      expect(worstStormText(each)).toMatch(/within the step$/);
    }
  });

  test('are named up to a number; the terminal has the worst', () => {
    const lost = Array.from({ length: 11 }, (_, step) => (step === 7 ? 600 : 500));
    const { storms: texts } = stormTexts(storms(lost, lost));
    expect(texts).toHaveLength(9);
    expect(texts.at(-1)).toBe('And 3 more such steps.');
    expect(worstStormText(storms(lost, lost))).toMatch(/01:45: 600 of .*; 10 more such steps$/);
  });

  test('are none where nothing is played, or nothing was lost', () => {
    for (const report of [{ ...sample, links: null }, { ...sample, links: STAMPED }, storms([0, 0], [1000, 0])]) {
      expect(stormTexts(report)).toEqual({ storms: [], together: '' });
      expect(worstStormText(report)).toBeNull();
    }
  });
});
