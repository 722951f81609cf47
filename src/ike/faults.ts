/** Everything a peer can do wrong in IKE and what we answer: one table, read by all exchanges. */
import { NotifyType, type WireFault } from './wire/message.ts';

/**
 * `notify`: the type to answer with, absent for a silent drop. `ends`: what the fault costs; 'exchange' leaves the IKE
 * SA as it was, 'ike-sa' deletes it with its children.
 */
export type FaultAnswer = Readonly<{ notify?: number; ends: 'nothing' | 'exchange' | 'ike-sa'; section: string }>;

/** By name of the fault; sections are RFC 7296's unless another RFC is named. */
export const FAULTS = {
  // Before integrity is proven anybody may have sent it, so it neither gets an answer nor costs anything.
  'malformed-message': { ends: 'nothing', section: '2.21.4, 3.10.1' },
  'wrong-major-version': { notify: NotifyType.INVALID_MAJOR_VERSION, ends: 'nothing', section: '2.5' },
  'integrity-failed': { ends: 'nothing', section: '2.21.3' },
  'not-encrypted': { ends: 'nothing', section: '2.21.4' },
  'unexpected-encrypted': { ends: 'nothing', section: '2.21.1' },
  'unknown-ike-spi': { notify: NotifyType.INVALID_IKE_SPI, ends: 'nothing', section: '2.21.4' },
  'unknown-critical-payload-in-clear': {
    notify: NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD,
    ends: 'exchange',
    section: '2.5, 2.21.1',
  },
  'message-id-outside-window': { ends: 'nothing', section: '2.3' },
  'unexpected-response': { ends: 'nothing', section: '2.1' },
  'fragment-not-agreed': { ends: 'nothing', section: 'RFC 7383 section 2.3' },
  'fragment-outdated': { ends: 'nothing', section: 'RFC 7383 section 2.6' },
  'fragment-duplicate': { ends: 'nothing', section: 'RFC 7383 section 2.6' },
  'fragment-limit': { ends: 'nothing', section: 'RFC 7383 section 2.6' },
  'half-open-limit': { ends: 'nothing', section: '2.6' },
  'address-limit': { ends: 'nothing', section: '2.6' },
  'cookie-required': { notify: NotifyType.COOKIE, ends: 'exchange', section: '2.6' },
  'unknown-address': { ends: 'nothing', section: '2.21.1' },

  // IKE_SA_INIT.
  'no-proposal-chosen': { notify: NotifyType.NO_PROPOSAL_CHOSEN, ends: 'exchange', section: '2.7, 2.21' },
  'invalid-ke-group': { notify: NotifyType.INVALID_KE_PAYLOAD, ends: 'exchange', section: '1.2, 1.3' },
  'invalid-public-value': { notify: NotifyType.INVALID_SYNTAX, ends: 'ike-sa', section: 'RFC 6989 section 2.5' },
  'answer-not-offered': { ends: 'exchange', section: '3.3.6' },

  // Protected messages: the peer itself sent them.
  'malformed-protected-message': { notify: NotifyType.INVALID_SYNTAX, ends: 'ike-sa', section: '2.21.3, 3.10.1' },
  'missing-payload': { notify: NotifyType.INVALID_SYNTAX, ends: 'ike-sa', section: '2.21.3, 3.10.1' },
  'unknown-critical-payload': {
    notify: NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD,
    ends: 'exchange',
    section: '2.5, 2.21.3',
  },
  'unexpected-exchange': { notify: NotifyType.INVALID_SYNTAX, ends: 'exchange', section: '2.21.3' },

  // IKE_AUTH.
  'authentication-failed': { notify: NotifyType.AUTHENTICATION_FAILED, ends: 'ike-sa', section: '2.21.2' },
  'unknown-peer': { notify: NotifyType.AUTHENTICATION_FAILED, ends: 'ike-sa', section: '2.21.2' },
  'unsupported-authentication': { notify: NotifyType.AUTHENTICATION_FAILED, ends: 'ike-sa', section: '2.21.2' },
  'ppk-required': { notify: NotifyType.AUTHENTICATION_FAILED, ends: 'ike-sa', section: 'RFC 8784 section 3' },
  'unknown-ppk': { notify: NotifyType.AUTHENTICATION_FAILED, ends: 'ike-sa', section: 'RFC 8784 section 3' },
  'certificate-refused': { notify: NotifyType.AUTHENTICATION_FAILED, ends: 'ike-sa', section: '2.21.2' },
  'identity-refused': { notify: NotifyType.AUTHENTICATION_FAILED, ends: 'ike-sa', section: '2.21.2' },

  'sa-limit': { notify: NotifyType.NO_ADDITIONAL_SAS, ends: 'ike-sa', section: '2.21.2' },

  // Child SAs: the IKE SA stays.
  'child-no-proposal-chosen': { notify: NotifyType.NO_PROPOSAL_CHOSEN, ends: 'exchange', section: '1.2, 1.3' },
  'ts-unacceptable': { notify: NotifyType.TS_UNACCEPTABLE, ends: 'exchange', section: '2.9' },
  'child-sa-not-found': { notify: NotifyType.CHILD_SA_NOT_FOUND, ends: 'exchange', section: '2.25' },
  'temporary-failure': { notify: NotifyType.TEMPORARY_FAILURE, ends: 'exchange', section: '2.25' },
  'no-additional-sas': { notify: NotifyType.NO_ADDITIONAL_SAS, ends: 'exchange', section: '1.3' },
} as const satisfies Readonly<Record<string, FaultAnswer>>;

/** Name of a fault; the names are counters too. */
export type IkeFault = keyof typeof FAULTS;

/** What to do about a fault. */
export function answerTo(fault: IkeFault): FaultAnswer {
  return FAULTS[fault];
}

/** The name under which a message that could not be read is answered and counted. */
export function faultOf(fault: WireFault): IkeFault {
  const authentic = fault.authentic === true;
  switch (fault.kind) {
    case 'bad-version':
      return 'wrong-major-version';
    case 'integrity-failed':
    case 'not-encrypted':
      return fault.kind;
    case 'unexpected-encrypted':
      // An SK payload within an SK payload is the peer's mistake.
      return authentic ? 'malformed-protected-message' : 'unexpected-encrypted';
    case 'unsupported-critical-payload':
      return authentic ? 'unknown-critical-payload' : 'unknown-critical-payload-in-clear';
    case 'short':
    case 'bad-length':
    case 'bad-payload':
    case 'bad-padding':
      return authentic ? 'malformed-protected-message' : 'malformed-message';
    default:
      return fault.kind satisfies never;
  }
}
