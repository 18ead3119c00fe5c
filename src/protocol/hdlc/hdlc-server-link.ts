/**
 * HDLC of a server (a meter, a concentrator) on one stream, without sockets or timers: bytes go in, bytes and APDUs come out.
 * Several clients may speak to several logical devices on the stream; each pair has a link of its own.
 *
 * A link begins with SNRM and ends with DISC. Without one a client hears DM. An SNRM on a living link begins a new one: the user
 * is told that the old one is gone, and an answer that still comes for it goes nowhere. To all devices only UI is taken, and
 * nothing is ever answered.
 */

import { assert } from '../../base/assert.ts';
import { DM, frameKind, hasPollFinal, UA } from './control-byte.ts';
import { addressPairKey, type HdlcAddress, isBroadcast } from './hdlc-address.ts';
import type { HdlcCounts, HdlcRefusal } from './hdlc-counts.ts';
import { encodeFrames, type HdlcFrame } from './hdlc-frame.ts';
import { HdlcReceiver } from './hdlc-receiver.ts';
import { HdlcServerSession } from './hdlc-server-session.ts';
import { agreed, areDefaults, assertLimits, decodeParameters, encodeParameters, type HdlcLimits } from './link-parameters.ts';
import { LLC_RESPONSE, withLlc } from './llc.ts';
import type { Route } from './segment-sender.ts';
import { encodeUnnumbered, UnnumberedReceiver } from './unnumbered-information.ts';

/** One link, from its SNRM to its end: another SNRM makes another peer. */
export interface HdlcPeer {
  readonly client: HdlcAddress;
  readonly server: HdlcAddress;
  /** Upper address of the client, and of the server: the two ends of an association. */
  readonly clientSap: number;
  readonly serverSap: number;
  /** What was agreed, from the server's view. */
  readonly limits: HdlcLimits;
}

/** Why a link is gone: the client's DISC or SNRM, an APDU of it beyond the limit, or `close()`. */
export type HdlcServerEnd = 'disconnect' | 'reconnect' | 'apdu-too-long' | 'closed';

/** All are called from within `receive`, `sendApdu`, `sendNothing`, `sendNotification` and `close`; all may call back. */
export interface HdlcServerHandlers {
  /** Whole frames for the peer; the memory is the handler's. */
  onSend(bytes: Uint8Array): void;
  onConnected?(peer: HdlcPeer): void;
  /** An APDU, valid only during the call. True: `sendApdu` or `sendNothing` follows, or was called already. False: no answer. */
  onApdu(apdu: Uint8Array, peer: HdlcPeer): boolean;
  /** Associations over this link are gone. Called once for each that was connected. */
  onDisconnected?(peer: HdlcPeer, why: HdlcServerEnd): void;
  /** An APDU of a UI frame, valid only during the call; to one device or to all. There is no answer to it. */
  onUnnumbered?(apdu: Uint8Array, addresses: { readonly client: HdlcAddress; readonly server: HdlcAddress }): void;
}

export interface HdlcServerOptions {
  /** What this end can do at most. */
  readonly limits: HdlcLimits;
  readonly apduBytesMax: number;
  /** Links on this stream; a further SNRM hears DM. */
  readonly linksMax: number;
  readonly counts: HdlcCounts;
  /** Whether there is a device at `server`; where none is, nobody answers. Without it there is one everywhere. */
  readonly isHere?: (server: HdlcAddress) => boolean;
}

interface Link {
  readonly peer: HdlcPeer;
  readonly session: HdlcServerSession;
}

export class HdlcServerLink {
  readonly #options: HdlcServerOptions;
  readonly #handlers: HdlcServerHandlers;
  readonly #receiver: HdlcReceiver;
  readonly #unnumbered: UnnumberedReceiver;
  readonly #links = new Map<number, Link>();
  #closed = false;

  constructor(options: HdlcServerOptions, handlers: HdlcServerHandlers) {
    assertLimits(options.limits);
    assert(options.apduBytesMax >= 1 && options.linksMax >= 1, 'a server takes APDUs on at least one link');
    this.#options = options;
    this.#handlers = handlers;
    this.#receiver = new HdlcReceiver(options);
    this.#unnumbered = new UnnumberedReceiver(options);
  }

  get linkCount(): number {
    return this.#links.size;
  }

  /** Bytes of an incomplete frame that wait for the rest. */
  get pendingBytes(): number {
    return this.#receiver.pendingBytes;
  }

  /** Takes what the stream brought. Not from within a handler. */
  receive(bytes: Uint8Array): void {
    if (!this.#closed) this.#receiver.receive(bytes, (frame) => this.#take(frame));
  }

  /** The line is silent for longer than there may be between two bytes of a frame. Of use on lines that lose bytes. */
  silence(): void {
    if (!this.#closed) this.#receiver.abandon((frame) => this.#take(frame));
  }

  /** The answer to the last APDU of `peer`, copied. False: none is awaited, or the link is gone. */
  sendApdu(peer: HdlcPeer, apdu: Uint8Array): boolean {
    return this.#linkOf(peer)?.session.sendApdu(apdu) ?? false;
  }

  /** The last APDU of `peer` gets no answer after all. False: none is awaited, or the link is gone. */
  sendNothing(peer: HdlcPeer): boolean {
    return this.#linkOf(peer)?.session.sendNothing() ?? false;
  }

  /** A push, without a link and never confirmed; in several frames when it is longer than `limits.transmitBytes`. */
  sendNotification(apdu: Uint8Array, from: HdlcAddress, to: HdlcAddress): void {
    if (this.#closed) return;
    const { limits, counts } = this.#options;
    const payload = withLlc(LLC_RESPONSE, apdu);
    counts.framesSent += Math.ceil(payload.length / limits.transmitBytes);
    const route = { destination: to, source: from };
    this.#handlers.onSend(encodeUnnumbered(payload, { route, segmentBytes: limits.transmitBytes }));
  }

  /** The stream is gone, and all links with it. Nothing is sent any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const key of Array.from(this.#links.keys())) this.#end(key, 'closed');
  }

  #take(frame: HdlcFrame): boolean {
    const { destination: server, source: client } = frame;
    const kind = frameKind(frame.control);
    if (isBroadcast(server)) {
      if (kind === 'ui') this.#takeUnnumbered(frame);
      else this.#refuse('hdlc-broadcast');
    } else if (this.#options.isHere?.(server) === false) this.#refuse('hdlc-not-ours');
    else if (kind === 'snrm') this.#connect(frame);
    else if (kind === 'disc') {
      const key = addressPairKey(client, server);
      this.#reply(frame, this.#links.has(key) ? UA : DM);
      this.#end(key, 'disconnect');
    } else if (kind === 'ui') this.#takeUnnumbered(frame);
    else if (kind === 'information' || kind === 'rr' || kind === 'rnr' || kind === 'rej') this.#takeNumbered(frame);
    else this.#refuse('hdlc-control');
    return !this.#closed;
  }

  #connect(frame: HdlcFrame): void {
    const { destination: server, source: client } = frame;
    const { limits: own, apduBytesMax, linksMax, counts } = this.#options;
    const key = addressPairKey(client, server);
    const decoded = decodeParameters(frame.information);
    if (decoded.status === 'malformed') {
      this.#refuseLink(frame, decoded.reason);
      return;
    }
    this.#end(key, 'reconnect');
    if (this.#closed) return;
    if (this.#links.size >= linksMax) {
      this.#refuseLink(frame, 'hdlc-links');
      return;
    }
    const limits = agreed(own, decoded.limits);
    const peer: HdlcPeer = Object.freeze({ client, server, clientSap: client.upper, serverSap: server.upper, limits });
    const session = new HdlcServerSession(
      {
        limits,
        apduBytesMax,
        counts,
        onSend: (bytes) => this.#handlers.onSend(bytes),
        onApdu: (apdu) => this.#handlers.onApdu(apdu, peer),
      },
      routeTo(frame),
    );
    this.#links.set(key, { peer, session });
    const silent = frame.information.length === 0 && areDefaults(limits);
    this.#reply(frame, UA, silent ? NOTHING : encodeParameters(limits));
    this.#handlers.onConnected?.(peer);
  }

  #takeNumbered(frame: HdlcFrame): void {
    const key = addressPairKey(frame.source, frame.destination);
    const link = this.#links.get(key);
    if (link === undefined) {
      if (hasPollFinal(frame.control)) this.#reply(frame, DM);
    } else if (!link.session.take(frame, routeTo(frame))) {
      this.#reply(frame, DM);
      this.#end(key, 'apdu-too-long');
    }
  }

  #takeUnnumbered(frame: HdlcFrame): void {
    const apdu = this.#unnumbered.take(frame, this.#receiver.disturbances);
    if (apdu !== null) this.#handlers.onUnnumbered?.(apdu, { client: frame.source, server: frame.destination });
  }

  #end(key: number, why: HdlcServerEnd): void {
    const link = this.#links.get(key);
    if (link === undefined) return;
    this.#links.delete(key);
    link.session.end();
    this.#handlers.onDisconnected?.(link.peer, why);
  }

  #linkOf(peer: HdlcPeer): Link | null {
    const link = this.#links.get(addressPairKey(peer.client, peer.server));
    return link?.peer === peer ? link : null;
  }

  #reply(frame: HdlcFrame, control: number, information: Uint8Array = NOTHING): void {
    this.#options.counts.framesSent++;
    this.#handlers.onSend(encodeFrames([{ ...routeTo(frame), control, segmented: false, information }]));
  }

  #refuseLink(frame: HdlcFrame, reason: HdlcRefusal): void {
    this.#refuse(reason);
    this.#reply(frame, DM);
  }

  #refuse(reason: HdlcRefusal): void {
    this.#options.counts.refuse(reason);
  }
}

const NOTHING = new Uint8Array(0);

/** The way back, in the form that the client used. */
function routeTo(frame: HdlcFrame): Route {
  return { destination: frame.source, source: frame.destination };
}
