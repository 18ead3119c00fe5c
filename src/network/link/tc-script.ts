/**
 * A shell script that puts lines into the kernel: netem for delay and loss, nft or hashlimit for the rate in packets. Here is
 * what depends on the scenario; what every such script has in common is `data/link/kernel-links.sh`, which comes as `body`.
 *
 * An HTB tree has one class for each category. nft looks up the class of an address in a map and writes it as the packet's
 * priority, and HTB takes that without any filter, so 50,000 addresses cost one look-up. Packets over the rate go to a class
 * that loses everything: netem tells the sender nothing, whereas a firewall would report the drop to the local TCP.
 * Own addresses only: everything else on the interface passes at once.
 */

import { createHash } from 'node:crypto';
import { DELAY_MAX_MS, netemLimit, netemLine, printable, rateWords, spokenCategory } from './tc-category.ts';
import type { LinkParameters } from './link-parameters.ts';

export interface TcLinks {
  /** Name of the scenario. */
  readonly scenario: string;
  readonly categories: readonly LinkParameters[];
  /** Of each station the index of its category. */
  readonly categoryOf: Uint8Array;
  /** IPv4 in dotted form; the addresses of successive stations follow each other. */
  readonly addressOf: (station: number) => string;
  /** `split`: the delays are those of a round trip. */
  readonly direction: 'each' | 'split';
  readonly limiter: 'nft' | 'hashlimit';
  /** The part that all scripts have in common. */
  readonly body: string;
}

/** Handle of the class trees, as in the body. Class c + 1 is category c, ffff what is over the rate. */
const HANDLE = '4d53';

/** POSIX sh. Ends with a newline. */
export function tcScript(links: TcLinks): string {
  const parts = [constants(links), tree(links), groups(links), elements(links)].join('\n');
  const fingerprint = createHash('sha256').update(parts).update(links.body).digest('hex').slice(0, 12);
  return `#!/bin/sh\n${heading(links)}set -eu\n\nFINGERPRINT=${fingerprint}\n${parts}\n${links.body}`;
}

function heading({ scenario, categories, categoryOf, addressOf, direction, limiter }: TcLinks): string {
  const stations = stationsOf(categories.length, categoryOf);
  const lines = [
    `The lines of the scenario ${printable(scenario)} as the kernel plays them. Made by \`meterstorm link\`.`,
    '  sh SCRIPT start --dev IFACE    sh SCRIPT check --dev IFACE    sh SCRIPT undo',
    '',
    ...categories.map((category, c) => `class ${HANDLE}:${(c + 1).toString(16)}  ${spokenCategory(category, stations[c] ?? 0)}`),
    '',
    `Addresses ${addressOf(0)} to ${addressOf(categoryOf.length - 1)}, a station each. The rate holds for each address and direction (${limiter}).`,
    direction === 'each' ? 'Delays hold in each direction.' : 'Delays are those of a round trip: half of them in each direction, deviation by the root of 2.',
    ...warnings(categories),
    'netem delays in real time: play at speed 1, and with network.links ignored, or lines are played twice.',
    'Chains of delay (correlation) and of bursts of loss go over all packets of a class, not over those of one line.',
  ];
  return lines.map((line) => `# ${line}`.trimEnd() + '\n').join('');
}

/** What the kernel can't do of what the categories say; a line each. */
export function warnings(categories: readonly LinkParameters[]): readonly string[] {
  const names = (which: (category: LinkParameters) => boolean): string => categories.filter(which).map(({ name }) => printable(name)).join(', ');
  const shaped = names(({ excess }) => excess === 'shape');
  const slow = names(({ latencyMs, jitterMs }) => Math.max(latencyMs, jitterMs) > DELAY_MAX_MS);
  const dropping = names(({ session }) => session !== null);
  return [
    ...(slow === '' ? [] : [`tc takes no delay above ${DELAY_MAX_MS / 1000} s, so that is what they get (latency of ${slow})`]),
    ...(shaped === '' ? [] : [`the kernel has no queue by packets for each address: what is over the rate is lost instead of waiting (excess: shape of ${shaped})`]),
    ...(dropping === '' ? [] : [`lines that drop are not played: tc knows packets, not sessions (session of ${dropping})`]),
  ];
}

function constants({ scenario, categories, categoryOf, addressOf, limiter }: TcLinks): string {
  const [first, last] = [addressOf(0), addressOf(categoryOf.length - 1)];
  return [
    `SCENARIO='${printable(scenario).replaceAll("'", '')}'`,
    `STATIONS=${categoryOf.length}`,
    `CLASSES=${categories.length}`,
    `RUNS=${runs(categoryOf).length}`,
    `BLOCK=${first === last ? first : `${first}-${last}`}`,
    `LOOPBACK_BLOCK=${first.startsWith('127.') ? 'yes' : 'no'}`,
    `LIMITER=${limiter}`,
    '',
  ].join('\n');
}

/** Lines for `tc -batch`. On lo both directions are in one tree, so twice as many packets are under way in it. */
function tree({ categories, categoryOf, direction }: TcLinks): string {
  const stations = stationsOf(categories.length, categoryOf);
  const leaf = (minor: string, netem: string): string =>
    `class add dev $1 parent ${HANDLE}: classid ${HANDLE}:${minor} htb rate 10gbit burst 1mb cburst 1mb quantum 60000\n` +
    `qdisc add dev $1 parent ${HANDLE}:${minor} netem ${netem}\n`;
  const leaves = categories.map((category, c) => {
    const limit = netemLimit(category, { stations: stations[c] ?? 0, direction });
    return leaf((c + 1).toString(16), netemLine(category, { limit: `$((${limit} * $2))`, direction }));
  });
  return (
    '# Device, and how many directions cross it. limit: stations x (burst + rate x the longest delay), all that can be under way.\n' +
    `tree() {\n  cat <<TREE\nqdisc replace dev $1 root handle ${HANDLE}: htb default 0\n${leaves.join('')}${leaf('ffff', 'limit 1000 loss random 100%')}TREE\n}\n`
  );
}

/** Categories with the same limit share a rule. */
function groups({ categories, categoryOf, limiter }: TcLinks): string {
  const stations = stationsOf(categories.length, categoryOf);
  const found = new Map<string, { stations: number; readonly words: string; readonly classes: string[] }>();
  categories.forEach((category, c) => {
    if (stations[c] === 0) return;
    const expireMs = Math.max(10_000, Math.ceil((1000 * category.burstPackets) / category.ratePacketsPerSecond));
    const words = `${rateWords(category.ratePacketsPerSecond, limiter)} ${category.burstPackets} ${expireMs}`;
    const group = found.get(words) ?? { stations: 0, words, classes: [] };
    found.set(words, group);
    group.stations += stations[c] ?? 0;
    group.classes.push(`${HANDLE}:${(c + 1).toString(16)}`);
  });
  const lines = [...found.values()].map((group, g) => `${g + 1} ${group.stations} ${group.words} ${group.classes.join(',')}\n`);
  return `# Number, stations, rate, burst, milliseconds after which an idle bucket is full again, classes.\ngroups() {\n  cat <<'GROUPS'\n${lines.join('')}GROUPS\n}\n`;
}

/** Elements of an nft map from addresses to classes, neighbours of one category in one. */
function elements({ categoryOf, addressOf }: TcLinks): string {
  const lines = runs(categoryOf).map(({ from, to, category }) => {
    const range = from === to ? addressOf(from) : `${addressOf(from)}-${addressOf(to)}`;
    return `${range} : ${HANDLE}:${(category + 1).toString(16)},\n`;
  });
  return `elements() {\n  cat <<'ELEMENTS'\n${lines.join('')}ELEMENTS\n}\n`;
}

/** `to` is the last one. */
function runs(categoryOf: Uint8Array): readonly { readonly from: number; readonly to: number; readonly category: number }[] {
  const found: { readonly from: number; readonly to: number; readonly category: number }[] = [];
  let from = 0;
  for (let s = 1; s <= categoryOf.length; s++) {
    if (s < categoryOf.length && categoryOf[s] === categoryOf[from]) continue;
    found.push({ from, to: s - 1, category: categoryOf[from]! });
    from = s;
  }
  return found;
}

function stationsOf(categories: number, categoryOf: Uint8Array): Uint32Array {
  const stations = new Uint32Array(categories);
  for (const category of categoryOf) stations[category]!++;
  return stations;
}
