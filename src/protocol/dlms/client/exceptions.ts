/** Refusals of the protocol itself, as errors with words for people. */

import type { Apdu } from '../apdu/apdu.ts';
import { DlmsError } from './dlms-error.ts';

type AnswerOf<S extends Apdu['service']> = Extract<Apdu, { readonly service: S }>;

export function exceptionError(apdu: AnswerOf<'exception-response'>): DlmsError {
  const { state, service, counter } = apdu;
  const words = [STATES[state] ?? `state ${state}`, SERVICES[service] ?? `service error ${service}`];
  if (counter !== null) words.push(`expected ${counter}`);
  return new DlmsError('exception', `the server refuses: ${words.join(', ')}`, { exception: { state, service, counter } });
}

export function serviceError(apdu: AnswerOf<'confirmed-service-error'>): DlmsError {
  const { service, error, code } = apdu;
  const choice = ERRORS[error];
  const words = choice === undefined ? `error ${error} ${code}` : `${choice[0]}: ${choice[1][code] ?? code}`;
  return new DlmsError('service-error', `the server refuses: ${words}`, { serviceError: { service, error, code } });
}

const STATES: Readonly<Record<number, string>> = { 1: 'service not allowed', 2: 'service unknown' };

const SERVICES: Readonly<Record<number, string>> = {
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
