/**
 * What the report says about the links, apart from how it looks. Texts are plain; whoever prints them escapes them. Times are of the grid.
 */

import { bytes, counted, dateTime, digits3, duration, milliseconds, percent, short, whole } from '../base/format.ts';
import type { LinkCategoryFacts, LinkDirectionFacts, LinkFacts } from './link-facts.ts';
import { linkStorms, type LinkStorm } from './link-storms.ts';
import { DELAY_COLUMNS, delayValues } from './report-content.ts';
import type { RunReport } from './run-report.ts';
import { wasAudited } from './verdict.ts';

/** In how far links were played, in a few words. */
export function linkMode({ mode }: LinkFacts): string {
  return mode === 'carried' ? 'messages waited as long as their links took' : 'no message waited for its link; delays are computed';
}

/** How to read the tables. */
export function linkLead({ mode, direction, tcp }: LinkFacts): string {
  const played =
    mode === 'carried'
      ? 'Messages waited as long as their links took.'
      : 'No message waited for its link: the run went as fast as it could, and what the link of each message would have taken was computed.';
  const halves = direction === 'each' ? 'The scenario’s delays hold in each direction' : 'The scenario’s delays are those of a round trip, half of it in each direction';
  const age = tcp === 'today' ? 'TCP is today’s' : 'TCP is that of 2013';
  return `${played} Up is from concentrator to head-end, down is back. ${halves}; ${age}. Times are of the grid.`;
}

function linkCount({ categories }: LinkFacts): number {
  return sum(categories, ({ links }) => links);
}

export interface LinkTable {
  readonly title: string;
  /** The first cell of a row names its category. */
  readonly columns: readonly { readonly name: string; readonly number: boolean }[];
  readonly rows: readonly (readonly string[])[];
}

/** Those that have something to say. */
export function linkTables(links: LinkFacts): readonly LinkTable[] {
  const moved = links.categories.some(({ up, down }) => up.messages + down.messages > 0);
  const connected = links.categories.some((category) => connectionCounts(category).some((count) => count > 0));
  return [...(moved ? [delayTable(links), packetTable(links)] : []), ...(connected ? [connectionTable(links)] : [])];
}

interface Way {
  readonly category: LinkCategoryFacts;
  readonly way: 'up' | 'down';
  readonly facts: LinkDirectionFacts;
}

/** Up always; down where there was any traffic. */
function ways({ categories }: LinkFacts): readonly Way[] {
  return categories.flatMap((category) => [
    { category, way: 'up', facts: category.up } as const,
    ...(category.down.messages > 0 ? [{ category, way: 'down', facts: category.down } as const] : []),
  ]);
}

function delayTable(links: LinkFacts): LinkTable {
  const scenario = links.direction === 'each' ? 'scenario, one way' : 'scenario, round trip';
  return {
    title: 'Delay of messages',
    columns: [textColumn('category'), numberColumn('links'), textColumn('way'), ...[scenario, 'messages', ...DELAY_COLUMNS].map(numberColumn)],
    rows: ways(links).map(({ category, way, facts }) =>
      [category.name, whole(category.links), way, scenarioDelay(category), short(facts.messages)].concat(delayValues(facts.delayMs, milliseconds)),
    ),
  };
}

const PACKET_COLUMNS = [
  'packets',
  'scenario, loss',
  'lost',
  'over the rate',
  'sent again, fast',
  'after time-outs',
  'scenario, rate',
  'throughput while busy',
] as const;

function packetTable(links: LinkFacts): LinkTable {
  return {
    title: 'Packets',
    columns: [textColumn('category'), textColumn('way'), ...PACKET_COLUMNS.map(numberColumn)],
    rows: ways(links).map(({ category, way, facts }) => [
      category.name,
      way,
      short(packetsOf(facts)),
      percent(category.loss),
      lossShare(facts),
      whole(facts.policed),
      whole(facts.fastRetransmissions),
      whole(facts.timeouts),
      `${digits3(category.ratePacketsPerSecond)}/s`,
      facts.bytesPerBusySecond === null ? '–' : `${bytes(facts.bytesPerBusySecond)}/s`,
    ]),
  };
}

const CONNECTION_COLUMNS = [
  'made',
  'given up',
  'handshake, mean',
  '99 %',
  'longest',
  'line dropped',
  'silently',
  'by the operator',
  'forgotten',
  'ended by outages',
  'lines away, in all',
] as const;

function connectionTable(links: LinkFacts): LinkTable {
  return {
    title: 'Connections',
    columns: [textColumn('category'), ...CONNECTION_COLUMNS.map(numberColumn)],
    rows: links.categories.map((category) => {
      const [mean = '', , , most = '', , longest = ''] = delayValues(category.handshakeMs, milliseconds);
      const { connects, connectsFailed, drops, silentDrops, daily, forgotten, outages, detachedSeconds } = category;
      const ends = [drops, silentDrops, daily, forgotten, outages].map(whole);
      return [category.name, whole(connects), whole(connectsFailed), mean, most, longest].concat(ends, duration(detachedSeconds));
    }),
  };
}

type Column = LinkTable['columns'][number];

function textColumn(name: string): Column {
  return { name, number: false };
}

function numberColumn(name: string): Column {
  return { name, number: true };
}

function scenarioDelay({ latencyMs, jitterMs }: LinkCategoryFacts): string {
  return jitterMs === 0 ? milliseconds(latencyMs) : `${milliseconds(latencyMs)} ± ${milliseconds(jitterMs)}`;
}

/** What was sent again among them. */
function packetsOf({ segments, fastRetransmissions, timeouts }: LinkDirectionFacts): number {
  return segments + fastRetransmissions + timeouts;
}

function lossShare(facts: LinkDirectionFacts): string {
  const packets = packetsOf(facts);
  return packets === 0 ? '–' : percent(Math.min(1, facts.lost / packets));
}

/** Of each category that the grid has: its name, how many links, and a line for the terminal. */
export function linkLines({ categories }: LinkFacts): readonly { readonly name: string; readonly links: string; readonly text: string }[] {
  return categories
    .filter(({ links }) => links > 0)
    .map(({ name, links, up, down }) => ({ name, links: counted(links, 'link'), text: up.messages === 0 && down.messages > 0 ? wayLine('down', down) : wayLine('up', up) }));
}

function wayLine(way: string, facts: LinkDirectionFacts): string {
  const { count, mean, p99 } = facts.delayMs;
  if (count === 0) return 'nothing was sent';
  const again = facts.fastRetransmissions + facts.timeouts;
  return `${way}: mean ${milliseconds(mean)}, 99 % ${milliseconds(p99)}; ${lossShare(facts)} of packets lost, ${whole(again)} sent again`;
}

/** How lines and connections ended; null: none did. */
export function sessionText({ categories }: LinkFacts): string | null {
  const drops = sum(categories, (category) => category.drops);
  const silent = sum(categories, (category) => category.silentDrops);
  const daily = sum(categories, (category) => category.daily);
  const forgotten = sum(categories, (category) => category.forgotten);
  const outages = sum(categories, (category) => category.outages);
  const lines = [
    ...(drops > 0 ? [`lines dropped ${counted(drops, 'time')} (${whole(silent)} silently)`] : []),
    ...(daily > 0 ? [`${counted(daily, 'disconnect')} by the operator`] : []),
    ...(forgotten > 0 ? [`${counted(forgotten, 'connection')} forgotten by the network`] : []),
  ].join(', ');
  const plan = outages > 0 ? `${counted(outages, 'connection')} ended in outages of the plan` : '';
  return [lines, plan].filter((text) => text !== '').join('; ') || null;
}

/** The same as a sentence; null: there is nothing to say. */
export function sessionSentence(links: LinkFacts): string | null {
  const text = sessionText(links);
  return text === null ? null : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Lost and made connections by step are known, and there were some. */
export function hasConnectionSeries({ mode, connectionsLost, connectionsMade }: LinkFacts): boolean {
  return mode === 'carried' && [...connectionsLost, ...connectionsMade].some((count) => count > 0);
}

const STORMS_SHOWN = 8;

/** Outages in common: a sentence for each, and what is to be said of them together. Empty: there were none. */
export function stormTexts(report: RunReport): { readonly storms: readonly string[]; readonly together: string } {
  const { links, audit } = report;
  const storms = links === null ? [] : linkStorms(links);
  if (links === null || storms.length === 0) return { storms: [], together: '' };
  const more = storms.length - STORMS_SHOWN;
  const peak = links.peakConnectsPerSecond;
  const shown = storms.slice(0, STORMS_SHOWN).map((storm) => `${stormText(storm, report)}.`);
  return {
    storms: more > 0 ? shown.concat(`And ${whole(more)} more such ${more === 1 ? 'step' : 'steps'}.`) : shown,
    together: [
      ...(peak > 0 ? [`At the busiest, one simulator process made ${counted(peak, 'connection')} within a second of this machine’s time.`] : []),
      ...(wasAudited(audit) && audit.missing === 0 ? ['No reading was lost.'] : []),
    ].join(' '),
  };
}

/** The worst one, for the terminal; null: there was none. */
export function worstStormText(report: RunReport): string | null {
  const { links, audit } = report;
  const [first, ...others] = links === null ? [] : linkStorms(links);
  if (first === undefined) return null;
  const worst = others.reduce((a, b) => (b.lost > a.lost ? b : a), first);
  const kept = wasAudited(audit) && audit.missing === 0 ? '; no reading was lost' : '';
  const more = others.length > 0 ? `; ${whole(others.length)} more such ${others.length === 1 ? 'step' : 'steps'}` : '';
  return `${stormText(worst, report)}${kept}${more}`;
}

function stormText(storm: LinkStorm, { run, links }: RunReport): string {
  const { step, lost } = storm;
  const at = dateTime(run.startUnixSeconds + step * run.intervalSeconds, run.offsetMinutes);
  const of = links === null ? 0 : linkCount(links);
  return `${at}: ${whole(lost)} of ${counted(of, 'link')} lost their connection, ${backText(storm, run.intervalSeconds)}`;
}

function backText({ lost, back, backAfterSteps }: LinkStorm, intervalSeconds: number): string {
  const away = lost - back;
  if (backAfterSteps === null) return `${away === lost ? 'none' : whole(back)} of them back by the end of the run`;
  const all = away === 0 ? 'all' : `all but ${whole(away)}`;
  if (backAfterSteps === 0) return `${all} back within the step`;
  return `${all} back ${counted(backAfterSteps, 'step')} later (${duration(backAfterSteps * intervalSeconds)})`;
}

/** Of the table of connections: everything that is counted. */
function connectionCounts({ connects, connectsFailed, drops, daily, forgotten, outages }: LinkCategoryFacts): readonly number[] {
  return [connects, connectsFailed, drops, daily, forgotten, outages];
}

function sum(categories: readonly LinkCategoryFacts[], of: (category: LinkCategoryFacts) => number): number {
  return categories.reduce((total, category) => total + of(category), 0);
}
