/**
 * UI frames: what is sent without a link and never confirmed, as pushes are. Long ones are cut with the S bit (as Iskra's
 * meters do); the LLC header stands in the first only, and some frames have none (Landis+Gyr, with blocks of GBT inside).
 *
 * UI frames have no numbers: a lost piece would not be missed. So a piece without an LLC header is only taken where it follows
 * another of the same sender with nothing broken between them.
 */

import { UI } from './control-byte.ts';
import type { HdlcAddress } from './hdlc-address.ts';
import type { HdlcCounts, HdlcRefusal } from './hdlc-counts.ts';
import { encodeFrames, type HdlcFrame } from './hdlc-frame.ts';
import { JoinedBytes } from './joined-bytes.ts';
import { hasLlc, LLC_BYTES } from './llc.ts';
import type { Route } from './segment-sender.ts';

/** The UI frames of one payload (LLC header and APDU), each with up to `segmentBytes` of it. */
export function encodeUnnumbered(payload: Uint8Array, options: { readonly route: Route; readonly segmentBytes: number }): Uint8Array {
  const { route, segmentBytes } = options;
  const frames: HdlcFrame[] = [];
  for (let at = 0; at < payload.length; at += segmentBytes) {
    const information = payload.subarray(at, at + segmentBytes);
    frames.push({ ...route, control: UI, segmented: at + segmentBytes < payload.length, information });
  }
  return encodeFrames(frames);
}

/** Joins the pieces of one notification after another. Holds at most one, up to `apduBytesMax`. */
export class UnnumberedReceiver {
  readonly #counts: HdlcCounts;
  readonly #joined: JoinedBytes;
  /** Where the last good frame came from, null when the next one must begin something, and the disturbances until then. */
  #last: Route | null = null;
  #disturbances = 0;

  constructor(options: { readonly apduBytesMax: number; readonly counts: HdlcCounts }) {
    this.#counts = options.counts;
    this.#joined = new JoinedBytes(options.apduBytesMax + LLC_BYTES);
  }

  /**
   * Takes a UI frame and the receiver's `disturbances` when it came. Answers the APDU, without its LLC header, that it completes;
   * valid as long as the frame.
   */
  take(frame: HdlcFrame, disturbances: number): Uint8Array | null {
    const begins = hasLlc(frame.information);
    const follows = this.#last !== null && disturbances === this.#disturbances && sameRoute(this.#last, frame);
    const { open } = this.#joined;
    if (open && (begins || !follows)) this.#refuse('hdlc-segments');
    else if (!open && !begins && (frame.segmented || !follows)) this.#refuse('hdlc-llc');
    if (!begins && this.#last === null) return null;
    const joined = this.#joined.join(frame.information, frame.segmented);
    if (joined === 'too-long') {
      this.#refuse('hdlc-apdu-too-long');
      return null;
    }
    this.#last = { source: frame.source, destination: frame.destination };
    this.#disturbances = disturbances;
    if (joined === 'more') return null;
    const apdu = hasLlc(joined) ? joined.subarray(LLC_BYTES) : joined;
    return apdu.length > 0 ? apdu : null;
  }

  #refuse(reason: HdlcRefusal): void {
    this.#counts.refuse(reason);
    this.#joined.drop();
    this.#last = null;
  }
}

function sameRoute(a: Route, b: Route): boolean {
  return sameAddress(a.source, b.source) && sameAddress(a.destination, b.destination);
}

function sameAddress(a: HdlcAddress, b: HdlcAddress): boolean {
  return a.upper === b.upper && a.lower === b.lower;
}
