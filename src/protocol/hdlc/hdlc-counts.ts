/**
 * What HDLC links and receivers saw, in numbers. One object may serve all links of a process.
 */

import { HDLC_MALFORMED_REASONS } from './hdlc-frame.ts';

/**
 * Why something was not taken, beside the reasons of the frame itself. `hdlc-cut`: a frame never came to its end.
 * `hdlc-not-ours`: for another address. `hdlc-broadcast`: more than UI to all. `hdlc-control`: a frame that nobody sends to
 * this side, or not now. `hdlc-parameters`: a proposal that can't be. `hdlc-sequence`: not the I frame whose turn it is; mostly
 * one that comes again. `hdlc-turn`: an I frame while the last answer is under way. `hdlc-llc`: no LLC header before an APDU.
 * `hdlc-apdu-too-long`: more segments than an APDU may have. `hdlc-segments`: pieces of a notification that don't fit together.
 * `hdlc-links`: no further link on this stream.
 */
export const HDLC_REFUSALS = [
  ...HDLC_MALFORMED_REASONS,
  'hdlc-cut',
  'hdlc-not-ours',
  'hdlc-broadcast',
  'hdlc-control',
  'hdlc-parameters',
  'hdlc-sequence',
  'hdlc-turn',
  'hdlc-llc',
  'hdlc-apdu-too-long',
  'hdlc-segments',
  'hdlc-links',
] as const;
export type HdlcRefusal = (typeof HDLC_REFUSALS)[number];

export class HdlcCounts {
  framesReceived = 0;
  framesSent = 0;
  /** Those of `framesSent` that had been sent before. */
  framesRepeated = 0;
  /** Bytes outside of frames. */
  noiseBytes = 0;
  readonly refused: Record<HdlcRefusal, number>;

  constructor() {
    this.refused = Object.fromEntries(HDLC_REFUSALS.map((reason) => [reason, 0])) as Record<HdlcRefusal, number>;
  }

  refuse(reason: HdlcRefusal): void {
    this.refused[reason]++;
  }
}
