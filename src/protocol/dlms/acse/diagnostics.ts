/** What an AARE says about success or failure, as numbers and for people. */

export const ASSOCIATION_ACCEPTED = 0;
export const ASSOCIATION_REJECTED = 1;
export const ASSOCIATION_REJECTED_TRANSIENT = 2;

/** acse-service-user. `authenticationRequired` comes with result 0: HLS is under way. */
export const UserDiagnostic = Object.freeze({
  none: 0,
  noReason: 1,
  contextUnsupported: 2,
  callingTitleUnknown: 3,
  callingInvocationUnknown: 4,
  callingQualifierUnknown: 5,
  callingUserUnknown: 6,
  calledTitleUnknown: 7,
  calledInvocationUnknown: 8,
  calledQualifierUnknown: 9,
  calledUserUnknown: 10,
  mechanismUnknown: 11,
  mechanismRequired: 12,
  authenticationFailed: 13,
  authenticationRequired: 14,
});

/** acse-service-provider. */
export const ProviderDiagnostic = Object.freeze({ none: 0, noReason: 1, noCommonVersion: 2 });

/** Who says it: the application, or the layer below it. */
export interface Diagnostic {
  readonly source: 'user' | 'provider';
  readonly code: number;
}

/** A text for people, such as `authentication failed (13)`. */
export function diagnosticText({ source, code }: Diagnostic): string {
  const texts = source === 'user' ? USER_TEXTS : PROVIDER_TEXTS;
  return `${texts[code] ?? 'unknown diagnostic'} (${source === 'user' ? '' : 'provider '}${code})`;
}

const USER_TEXTS = [
  'no diagnostic',
  'no reason given',
  'application context not supported',
  'calling system title not recognised',
  'calling invocation id not recognised',
  'calling qualifier not recognised',
  'calling user not recognised',
  'called system title not recognised',
  'called invocation id not recognised',
  'called qualifier not recognised',
  'called user not recognised',
  'authentication mechanism not recognised',
  'authentication mechanism required',
  'authentication failed',
  'authentication required',
];
const PROVIDER_TEXTS = ['no diagnostic', 'no reason given', 'no common version of ACSE'];
