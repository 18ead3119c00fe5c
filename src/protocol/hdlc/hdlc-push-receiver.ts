/**
 * The end of a stream that only listens: takes pushes from whoever sends them, without a link, and answers nothing. Some meters
 * push with UI frames, some (Kaifa) with what looks like a first I frame; both are taken.
 */

import { frameKind } from './control-byte.ts';
import type { HdlcCounts } from './hdlc-counts.ts';
import type { HdlcFrame } from './hdlc-frame.ts';
import { type HdlcReceived, HdlcReceiver } from './hdlc-receiver.ts';
import type { Route } from './segment-sender.ts';
import { UnnumberedReceiver } from './unnumbered-information.ts';

/** Gets each notification without its LLC header; valid only during the call. False stops the receiver for good. */
export type HdlcPushSink = (apdu: Uint8Array, route: Route) => boolean;

export class HdlcPushReceiver {
  readonly #counts: HdlcCounts;
  readonly #receiver: HdlcReceiver;
  readonly #notifications: UnnumberedReceiver;

  constructor(options: { readonly apduBytesMax: number; readonly counts: HdlcCounts }) {
    this.#counts = options.counts;
    this.#receiver = new HdlcReceiver(options);
    this.#notifications = new UnnumberedReceiver(options);
  }

  /** Bytes of an incomplete frame that wait for the rest. */
  get pendingBytes(): number {
    return this.#receiver.pendingBytes;
  }

  receive(bytes: Uint8Array, sink: HdlcPushSink): HdlcReceived {
    return this.#receiver.receive(bytes, (frame) => this.#take(frame, sink));
  }

  #take(frame: HdlcFrame, sink: HdlcPushSink): boolean {
    const kind = frameKind(frame.control);
    if (kind !== 'ui' && kind !== 'information') {
      this.#counts.refuse('hdlc-control');
      return true;
    }
    const apdu = this.#notifications.take(frame, this.#receiver.disturbances);
    return apdu === null || sink(apdu, frame);
  }
}
