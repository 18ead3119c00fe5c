/**
 * The control byte of HDLC frames (IEC 62056-46, 6.4.3).
 *
 *   bit   7 6 5   4     3 2 1   0
 *         N(R)    P/F   N(S)    0     I
 *         N(R)    P/F   type    1     RR, RNR, REJ
 *         high    P/F   low     1     SNRM, DISC, UA, DM, FRMR, UI
 *
 * A client sets P in the last frame of a burst and waits; a server may then speak until its frame with F.
 */

export type FrameKind = 'information' | 'rr' | 'rnr' | 'rej' | 'snrm' | 'disc' | 'ua' | 'dm' | 'frmr' | 'ui' | 'unknown';

/** Sequence numbers count modulo 8. */
export const SEQUENCE_MASK = 7;
/** P of a command, F of a response. */
export const POLL_FINAL = 0x10;

/** Unnumbered frames, with P or F. */
export const SNRM = 0x93;
export const DISC = 0x53;
export const UA = 0x73;
export const DM = 0x1f;
export const UI = 0x13;

const RR = 0x01;
const RNR = 0x05;

export function frameKind(control: number): FrameKind {
  if ((control & 1) === 0) return 'information';
  if ((control & 3) === 1) return SUPERVISORY[(control >>> 2) & 3]!;
  return UNNUMBERED[control & ~POLL_FINAL] ?? 'unknown';
}

export function hasPollFinal(control: number): boolean {
  return (control & POLL_FINAL) !== 0;
}

/** N(R): the number that the sender expects next. Only of I, RR, RNR, REJ. */
export function receiveNumberOf(control: number): number {
  return control >>> 5;
}

/** N(S): the number of an I frame. */
export function sendNumberOf(control: number): number {
  return (control >>> 1) & SEQUENCE_MASK;
}

export function informationControl(options: { readonly send: number; readonly receive: number; readonly last: boolean }): number {
  return (options.receive << 5) | (options.last ? POLL_FINAL : 0) | (options.send << 1);
}

/** RR with P or F. */
export function readyControl(receive: number): number {
  return (receive << 5) | POLL_FINAL | RR;
}

/** RNR with P or F. */
export function notReadyControl(receive: number): number {
  return (receive << 5) | POLL_FINAL | RNR;
}

const SUPERVISORY: readonly FrameKind[] = ['rr', 'rnr', 'rej', 'unknown'];
const UNNUMBERED: Readonly<Record<number, FrameKind>> = {
  0x83: 'snrm',
  0x43: 'disc',
  0x63: 'ua',
  0x0f: 'dm',
  0x87: 'frmr',
  0x03: 'ui',
};
