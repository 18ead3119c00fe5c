/**
 * When bytes that are handed to a link arrive at its other end: netem's delay and loss, a token bucket in packets, and what TCP
 * makes of them. Of many links at once, in columns; all times are ms of the grid, whatever clock the caller has.
 *
 * A message of n segments that is handed over at t, in its direction:
 *   window   segment i may leave at t while i < initial window, then each acknowledgement frees two (slow start)
 *   bucket   d = max(window, d before, tat - (burst-1) T), tat = max(tat, d) + T with T = 1 / rate (GCRA)
 *            `police` instead: what comes too early is lost
 *   delay    x = max(0, latency + jitter * T[random] / 8192), netem's own table
 *   loss     lost k times. With three or more segments behind it the first recovery is a fast retransmit, after 3 T and two
 *            further delays; else, and for each further loss, a time-out that doubles
 *   order    a segment is handed up when all before it are; its acknowledgement comes one delay of the other direction later
 * When nothing is under way, the window begins anew. Needless retransmissions are not modelled: they delay nothing.
 */

import { assert } from '../../base/assert.ts';
import { draw, entityKey, streamKey, UNIT } from '../../base/random.ts';
import { type Direction, DOWN, type LinkParameters, TCP_AGES, type TcpAge, UP } from './link-parameters.ts';
import { directionOf, type DirectionStats, emptyLinkStats, type LinkCategoryStats } from './link-stats.ts';
import { NORMAL_UNIT, NORMAL_VALUES, normalTable } from './normal-table.ts';

/** TCP payload of a packet. */
export const SEGMENT_BYTES = 1400;
const RTO_MIN_MS = 200;
const RTO_MAX_MS = 120_000;
/** Transmissions after which a sender would give up (tcp_retries2). */
const LOSSES_MAX = 15;
const SYN_LOSSES_MAX = 6;
/** A window is not larger than this; no link with a bucket keeps more under way. */
const WINDOW_MAX = 128;
const FLOW_SEGMENTS_MIN = 16;
const FLOWS_SWEPT_AT = 1024;

/** Transfer under way in one direction of a link. */
class Flow {
  /** Segments since nothing was under way. */
  segments = 0;
  /** When the last one left. */
  leftMs = 0;
  /** When their acknowledgements come, by segment; a ring once it has WINDOW_MAX places. */
  acks = new Float64Array(FLOW_SEGMENTS_MIN);

  ackOf(segment: number): number {
    return this.acks[segment & (WINDOW_MAX - 1)]!;
  }

  add(ackMs: number): void {
    const at = this.segments & (WINDOW_MAX - 1);
    if (at >= this.acks.length) {
      const grown = new Float64Array(this.acks.length * 2);
      grown.set(this.acks);
      this.acks = grown;
    }
    this.acks[at] = ackMs;
    this.segments++;
  }
}

/** A category, ready for the inner loop. */
interface Law {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly correlation: number;
  /** Losses per 2^32. */
  readonly loss: number;
  readonly bursts: { readonly enter: number; readonly leave: number; readonly loss: number } | null;
  /** Between two packets at the rate; ahead of which time a packet conforms. */
  readonly packetMs: number;
  readonly toleranceMs: number;
  readonly police: boolean;
}

export class LinkModel {
  readonly links: number;
  /** By category. */
  readonly stats: readonly LinkCategoryStats[];
  /** When the segments of the last message arrive: `arrivals[0 .. segments-1]`. */
  arrivals = new Float64Array(64);
  readonly #laws: readonly Law[];
  readonly #category: Uint8Array;
  readonly #tcp: TcpAge;
  readonly #table = normalTable();
  readonly #key: number;
  readonly #first: number;
  /** By link and direction, 2 * link + direction. */
  readonly #tat: Float64Array;
  readonly #lastArrival: Float64Array;
  /** To some 16 ms after days; only asked whether anything is under way. */
  readonly #lastAck: Float32Array;
  readonly #draws: Uint32Array;
  /** Empty where no category has correlation, or bursts. */
  readonly #lastUniform: Uint32Array;
  readonly #bad: Uint8Array;
  /** By link: round trip as it is measured, and its mean deviation. */
  readonly #srtt: Float32Array;
  readonly #deviation: Float32Array;
  readonly #flows = new Map<number, Flow>();
  #sweepAt = FLOWS_SWEPT_AT;

  /** `category`: of each link, an index of `categories`. `first`: number of the first link, so that parts of a grid draw what the whole does. */
  constructor(options: {
    readonly seed: number;
    readonly categories: readonly LinkParameters[];
    readonly category: Uint8Array;
    readonly first: number;
    readonly direction: 'each' | 'split';
    readonly tcp: keyof typeof TCP_AGES;
  }) {
    const { categories, category, direction } = options;
    this.links = category.length;
    this.#laws = categories.map((link) => lawOf(link, direction));
    this.stats = categories.map(emptyLinkStats);
    this.#category = category;
    this.#tcp = TCP_AGES[options.tcp];
    this.#key = streamKey(options.seed, 'links');
    this.#first = options.first;
    const ends = 2 * this.links;
    this.#tat = new Float64Array(ends);
    this.#lastArrival = new Float64Array(ends);
    this.#lastAck = new Float32Array(ends);
    this.#draws = new Uint32Array(ends);
    this.#lastUniform = new Uint32Array(categories.some(({ correlation }) => correlation > 0) ? ends : 0);
    this.#bad = new Uint8Array(categories.some(({ lossBursts }) => lossBursts !== null) ? ends : 0);
    this.#srtt = new Float32Array(this.links);
    this.#deviation = new Float32Array(this.links);
  }

  statsOf(link: number): LinkCategoryStats {
    return this.stats[this.#category[link]!]!;
  }

  /** When the last byte that was handed over in this direction arrives. */
  lastArrivalMs(link: number, direction: Direction): number {
    return this.#lastArrival[2 * link + direction]!;
  }

  /** The delay that the next packet will have; drawn, and not used up. */
  nextDelayMs(link: number, direction: Direction): number {
    const end = 2 * link + direction;
    const draws = this.#draws[end]!;
    const last = this.#lastUniform[end];
    const delay = this.#delay(end, this.#laws[this.#category[link]!]!);
    this.#draws[end] = draws;
    if (last !== undefined) this.#lastUniform[end] = last;
    return delay;
  }

  /** One packet of its own, such as the end of a connection: when it arrives, behind all before it. */
  packet(link: number, direction: Direction, atMs: number): number {
    const end = 2 * link + direction;
    const arrival = Math.max(atMs + this.#delay(end, this.#laws[this.#category[link]!]!), this.#lastArrival[end]!);
    this.#lastArrival[end] = arrival;
    return arrival;
  }

  /**
   * A new connection, from whoever calls: when its first packet arrives there, and when the answer is back and data may go. Null: too
   * many of its packets are lost, and the caller gives up at `failedMs`.
   */
  connect(link: number, from: Direction, atMs: number): { readonly arrivesMs: number; readonly openMs: number } | { readonly failedMs: number } {
    const law = this.#laws[this.#category[link]!]!;
    const there = 2 * link + from;
    const back = 2 * link + (1 - from);
    const stats = this.statsOf(link);
    let waitedMs = 0;
    let timerMs = this.#tcp.initialRtoMs;
    for (let tries = 0; this.#isLost(there, law) || this.#isLost(back, law); tries++) {
      waitedMs += timerMs;
      timerMs *= 2;
      if (tries < SYN_LOSSES_MAX) continue;
      stats.lines.connectsFailed++;
      return { failedMs: atMs + waitedMs };
    }
    const arrivesMs = atMs + waitedMs + this.#delay(there, law);
    const openMs = arrivesMs + this.#delay(back, law);
    this.#begin(link, openMs - atMs - waitedMs, arrivesMs);
    stats.lines.connects++;
    stats.handshake.recordValue(Math.max(1, Math.round(openMs - atMs)));
    return { arrivesMs, openMs };
  }

  /** A new connection has measured nothing but its handshake, and nothing of an old one is under way. */
  #begin(link: number, roundTripMs: number, atMs: number): void {
    this.#srtt[link] = roundTripMs;
    this.#deviation[link] = roundTripMs / 2;
    for (const direction of [UP, DOWN] as const) {
      const end = 2 * link + direction;
      this.#lastAck[end] = 0;
      this.#lastArrival[end] = atMs;
      this.#flows.delete(end);
    }
  }

  /** What the round trip of an established connection has come to be measured as. For comparisons with expectations. */
  settle(link: number): void {
    const { delayMs, jitterMs } = this.#laws[this.#category[link]!]!;
    this.#srtt[link] = 2 * delayMs;
    this.#deviation[link] = MEAN_DEVIATION * jitterMs * Math.SQRT2;
  }

  /** Segments of a message. */
  segmentsOf(bytes: number): number {
    return Math.ceil(bytes / SEGMENT_BYTES);
  }

  /** Hands over `bytes` at `atMs`; answers when the last of them arrives. Its segments are in `arrivals`. */
  send(link: number, direction: Direction, atMs: number, bytes: number): number {
    assert(bytes > 0, 'a message has bytes');
    const segments = this.segmentsOf(bytes);
    if (this.arrivals.length < segments) this.arrivals = new Float64Array(2 * segments);
    const law = this.#laws[this.#category[link]!]!;
    const end = 2 * link + direction;
    const stats = directionOf(this.statsOf(link), direction);
    const busyFrom = Math.max(atMs, this.#lastArrival[end]!);
    const lastArrival = this.#play(end, law, { atMs, segments, stats });
    stats.messages++;
    stats.bytes += bytes;
    stats.segments += segments;
    stats.busyMs += Math.max(0, lastArrival - busyFrom);
    stats.delaySumMs += lastArrival - atMs;
    stats.delay.recordValue(Math.max(1, Math.round(lastArrival - atMs)));
    return lastArrival;
  }

  #play(end: number, law: Law, message: { readonly atMs: number; readonly segments: number; readonly stats: DirectionStats }): number {
    const { atMs, segments, stats } = message;
    const { packetMs, toleranceMs } = law;
    const { arrivals } = this;
    const flow = this.#flow(end, atMs, segments);
    let tat = this.#tat[end]!;
    let left = flow === null || flow.segments === 0 ? atMs : Math.max(atMs, flow.leftMs);
    let arrival = this.#lastArrival[end]!;
    let ack = 0;
    for (let i = 0; i < segments; i++) {
      const may = flow === null ? atMs : Math.max(atMs, this.#windowOpens(flow));
      left = Math.max(left, may);
      let losses = 0;
      if (law.police && tat - toleranceMs > left) {
        stats.policed++;
        losses = 1;
      } else {
        left = Math.max(left, tat - toleranceMs);
        tat = Math.max(tat, left) + packetMs;
      }
      while (losses < LOSSES_MAX && this.#isLost(end, law)) losses++;
      const travelled = losses === 0 ? this.#delay(end, law) : this.#recover(end, law, { losses, behind: segments - 1 - i, stats });
      arrival = Math.max(arrival, left + travelled);
      arrivals[i] = arrival;
      ack = arrival + this.#delay(end ^ 1, law);
      if (losses === 0) this.#measure(end >> 1, ack - left);
      flow?.add(ack);
    }
    this.#tat[end] = tat;
    if (flow !== null) flow.leftMs = left;
    this.#lastArrival[end] = arrival;
    this.#lastAck[end] = Math.max(this.#lastAck[end]!, ack);
    return arrival;
  }

  /** What is under way in this direction; null: nothing, and a single segment needs no window. */
  #flow(end: number, atMs: number, segments: number): Flow | null {
    const flow = this.#flows.get(end);
    if (this.#lastAck[end]! <= atMs) {
      if (segments === 1) {
        if (flow !== undefined) this.#flows.delete(end);
        return null;
      }
      if (flow !== undefined) {
        flow.segments = 0;
        return flow;
      }
      return this.#newFlow(end, atMs);
    }
    if (flow !== undefined) return flow;
    const made = this.#newFlow(end, atMs);
    made.add(this.#lastAck[end]!);
    return made;
  }

  #newFlow(end: number, atMs: number): Flow {
    if (this.#flows.size >= this.#sweepAt) {
      for (const other of this.#flows.keys()) if (this.#lastAck[other]! <= atMs) this.#flows.delete(other);
      this.#sweepAt = Math.max(FLOWS_SWEPT_AT, 2 * this.#flows.size);
    }
    const flow = new Flow();
    this.#flows.set(end, flow);
    return flow;
  }

  /** When the window lets the next segment of a flow go: `initial + 2 acknowledged` may be under way, at most WINDOW_MAX. */
  #windowOpens(flow: Flow): number {
    const i = flow.segments;
    const { initialWindow } = this.#tcp;
    if (i < initialWindow) return 0;
    return flow.ackOf(Math.max((i - initialWindow) >> 1, i - WINDOW_MAX));
  }

  /** Time from leaving for the first time to arrival, of a segment that was lost `losses` times. */
  #recover(end: number, law: Law, lost: { readonly losses: number; readonly behind: number; readonly stats: DirectionStats }): number {
    const { losses, behind, stats } = lost;
    stats.lost += losses;
    let further = losses;
    let ms = 0;
    if (behind >= 3) {
      stats.fastRetransmissions++;
      further--;
      ms = 3 * law.packetMs + this.#delay(end, law) + this.#delay(end ^ 1, law);
    }
    let rto = this.#rtoMs(end >> 1);
    for (let i = 0; i < further; i++) {
      stats.timeouts++;
      ms += rto;
      rto = Math.min(2 * rto, RTO_MAX_MS);
    }
    return ms + this.#delay(end, law);
  }

  #rtoMs(link: number): number {
    const srtt = this.#srtt[link]!;
    if (srtt === 0) return this.#tcp.initialRtoMs;
    return Math.min(RTO_MAX_MS, srtt + Math.max(RTO_MIN_MS, 4 * this.#deviation[link]!));
  }

  /** A round trip of a segment that was sent once (RFC 6298). */
  #measure(link: number, roundTripMs: number): void {
    const srtt = this.#srtt[link]!;
    if (srtt === 0) {
      this.#srtt[link] = roundTripMs;
      this.#deviation[link] = roundTripMs / 2;
      return;
    }
    this.#deviation[link] = this.#deviation[link]! + (Math.abs(srtt - roundTripMs) - this.#deviation[link]!) / 4;
    this.#srtt[link] = srtt + (roundTripMs - srtt) / 8;
  }

  #delay(end: number, law: Law): number {
    if (law.jitterMs === 0) return law.delayMs;
    let uniform = this.#draw(end);
    if (law.correlation > 0) {
      uniform = Math.floor(uniform * (1 - law.correlation) + this.#lastUniform[end]! * law.correlation);
      this.#lastUniform[end] = uniform;
    }
    return Math.max(0, law.delayMs + (law.jitterMs * this.#table[uniform % NORMAL_VALUES]!) / NORMAL_UNIT);
  }

  #isLost(end: number, law: Law): boolean {
    const { bursts } = law;
    if (bursts === null) return law.loss > 0 && this.#draw(end) < law.loss;
    const bad = this.#bad[end] === 1;
    const changes = this.#draw(end) < (bad ? bursts.leave : bursts.enter);
    if (changes) this.#bad[end] = bad ? 0 : 1;
    const loss = bad ? bursts.loss : law.loss;
    return loss > 0 && this.#draw(end) < loss;
  }

  #draw(end: number): number {
    const key = entityKey(this.#key, 2 * this.#first + end);
    const counter = this.#draws[end]!;
    this.#draws[end] = counter + 1;
    return draw(key, counter);
  }
}

/** Mean absolute deviation of a normal law, in standard deviations. */
const MEAN_DEVIATION = 0.798;

function lawOf(link: LinkParameters, direction: 'each' | 'split'): Law {
  const split = direction === 'split';
  const packetMs = 1000 / link.ratePacketsPerSecond;
  const bursts = link.lossBursts;
  return {
    delayMs: split ? link.latencyMs / 2 : link.latencyMs,
    jitterMs: split ? link.jitterMs / Math.SQRT2 : link.jitterMs,
    correlation: link.correlation,
    loss: link.loss / UNIT,
    bursts: bursts === null ? null : { enter: bursts.enter / UNIT, leave: bursts.leave / UNIT, loss: bursts.loss / UNIT },
    packetMs,
    toleranceMs: (link.burstPackets - 1) * packetMs,
    police: link.excess === 'police',
  };
}
