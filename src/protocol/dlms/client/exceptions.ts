/** Refusals of the protocol itself, as errors with words for people. */

import type { ConfirmedServiceError, ExceptionResponse } from '../apdu/apdu-types.ts';
import { ApduTag } from '../apdu/apdu-tag.ts';
import { DlmsError } from './dlms-error.ts';

/** Whether a plain APDU is one of the two that say no to a request as such. They come in clear even where all is ciphered. */
export function isRefusal(plain: Uint8Array): boolean {
  return plain[0] === ApduTag.exceptionResponse || plain[0] === ApduTag.confirmedServiceError;
}

export function exceptionError(apdu: ExceptionResponse): DlmsError {
  const { state, reason, counter } = apdu;
  const words = [STATES[state] ?? `state ${state}`, REASONS[reason] ?? `reason ${reason}`];
  if (counter !== null) words.push(`expected ${counter}`);
  return new DlmsError('exception', `the server refuses: ${words.join(', ')}`, { exception: { state, reason, counter } });
}

export function serviceError(apdu: ConfirmedServiceError): DlmsError {
  const { of, error, code } = apdu;
  const choice = ERRORS[error];
  const words = choice === undefined ? `error ${error} ${code}` : `${choice[0]}: ${choice[1][code] ?? code}`;
  return new DlmsError('service-error', `the server refuses: ${words}`, { serviceError: { of, error, code } });
}

const STATES: Readonly<Record<number, string>> = { 1: 'service not allowed', 2: 'service unknown' };

const REASONS: Readonly<Record<number, string>> = {
  1: 'operation not possible',
  2: 'service not supported',
  3: 'other reason',
  4: 'PDU too long',
  5: 'deciphering error',
  6: 'invocation counter error',
};

/** By the choice of ServiceError: its name and the names of its codes. */
const ERRORS: Readonly<Record<number, readonly [string, readonly string[]]>> = {
  0: ['application reference', ['other', 'time elapsed', 'application unreachable', 'application reference invalid', 'application context unsupported', 'provider communication error', 'deciphering error']],
  1: ['hardware resource', ['other', 'memory unavailable', 'processor unavailable', 'mass storage unavailable', 'other resource unavailable']],
  2: ['VDE state', ['other', 'no DLMS context', 'loading data set', 'status no change', 'status inoperable']],
  3: ['service', ['other', 'PDU size', 'service unsupported']],
  4: ['definition', ['other', 'object undefined', 'object class inconsistent', 'object attribute inconsistent']],
  5: ['access', ['other', 'scope of access violated', 'object access violated', 'hardware fault', 'object unavailable']],
  6: ['initiate', ['other', 'DLMS version too low', 'incompatible conformance', 'PDU size too short', 'refused by the VDE handler']],
};
