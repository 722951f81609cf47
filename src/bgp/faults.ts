/** Everything a BGP peer can do wrong, and what we answer: one table. */
import { EMPTY, toHex } from '../base/index.ts';

/** RFC 7606 section 2; `session-reset` is answered with a NOTIFICATION. */
export type Treatment = 'session-reset' | 'treat-as-withdraw' | 'attribute-discard';

type FaultRow = Readonly<{ code: number; subcode: number; treatment: Treatment; section: string }>;

const reset = (code: number, subcode: number, section: string): FaultRow => ({
  code,
  subcode,
  treatment: 'session-reset',
  section,
});
// What the NOTIFICATION would have been before RFC 7606; kept for logs.
const withdraw = (subcode: number, section: string): FaultRow => ({
  code: 3,
  subcode,
  treatment: 'treat-as-withdraw',
  section,
});
const discard = (subcode: number, section: string): FaultRow => ({
  code: 3,
  subcode,
  treatment: 'attribute-discard',
  section,
});

/** Fault to NOTIFICATION code and subcode (RFC 4271 section 4.5), treatment and the section that says so. */
export const FAULTS = {
  'connection-not-synchronized': reset(1, 1, 'RFC 4271 section 6.1'),
  'bad-message-length': reset(1, 2, 'RFC 4271 section 6.1'),
  'bad-message-type': reset(1, 3, 'RFC 4271 section 6.1'),

  'open-malformed': reset(2, 0, 'RFC 4271 section 6.2'),
  'unsupported-version': reset(2, 1, 'RFC 4271 section 6.2'),
  'bad-peer-as': reset(2, 2, 'RFC 4271 section 6.2'),
  'bad-bgp-identifier': reset(2, 3, 'RFC 4271 section 6.2, RFC 6286 section 2.2'),
  'unsupported-optional-parameter': reset(2, 4, 'RFC 4271 section 6.2'),
  'unacceptable-hold-time': reset(2, 6, 'RFC 4271 section 6.2'),
  'unsupported-capability': reset(2, 7, 'RFC 5492 section 3'),

  'hold-timer-expired': reset(4, 0, 'RFC 4271 section 6.5'),
  'unexpected-in-open-sent': reset(5, 1, 'RFC 6608 section 3'),
  'unexpected-in-open-confirm': reset(5, 2, 'RFC 6608 section 3'),
  'unexpected-in-established': reset(5, 3, 'RFC 6608 section 3'),
  'bad-route-refresh-length': reset(1, 2, 'RFC 4271 section 6.1'),

  'update-lengths-disagree': reset(3, 1, 'RFC 7606 section 3 b'),
  'bad-nlri': reset(3, 10, 'RFC 7606 section 5.3'),
  'bad-multiprotocol-attribute': reset(3, 9, 'RFC 7606 sections 5.3 and 7.11'),
  'repeated-multiprotocol-attribute': reset(3, 1, 'RFC 7606 section 3 g'),
  'unknown-well-known-attribute': reset(3, 2, 'RFC 4271 section 6.3'),
  // No prefix to withdraw was found, so the NLRI may have been lost with the fault.
  'faulty-without-nlri': reset(3, 1, 'RFC 7606 section 5.2'),

  'attribute-overrun': withdraw(1, 'RFC 7606 section 4'),
  'attribute-flags': withdraw(4, 'RFC 7606 section 3 c'),
  'missing-well-known': withdraw(3, 'RFC 7606 section 3 d'),
  'bad-origin': withdraw(6, 'RFC 7606 section 7.1'),
  'bad-as-path': withdraw(11, 'RFC 7606 section 7.2'),
  'bad-next-hop': withdraw(8, 'RFC 7606 section 7.3'),
  'bad-med': withdraw(5, 'RFC 7606 section 7.4'),
  'bad-local-preference': withdraw(5, 'RFC 7606 section 7.5'),
  'bad-communities': withdraw(9, 'RFC 7606 section 7.8'),
  'bad-originator-id': withdraw(9, 'RFC 7606 section 7.9'),
  'bad-cluster-list': withdraw(9, 'RFC 7606 section 7.10'),
  'bad-extended-communities': withdraw(9, 'RFC 7606 section 7.14'),
  'bad-large-communities': withdraw(9, 'RFC 8092 section 6'),
  'bad-evpn-route': withdraw(9, 'RFC 9136 sections 3.1 and 3.2'),
  // The route cannot be used, though it is well formed.
  'first-as-not-neighbor': withdraw(11, 'RFC 4271 section 6.3'),
  'invalid-next-hop': withdraw(8, 'RFC 4271 section 6.3'),

  'repeated-attribute': discard(1, 'RFC 7606 section 3 g'),
  'bad-atomic-aggregate': discard(5, 'RFC 7606 section 7.6'),
  'bad-aggregator': discard(5, 'RFC 7606 section 7.7'),
  'local-preference-from-external': discard(5, 'RFC 7606 section 7.5'),
  'originator-id-from-external': discard(9, 'RFC 7606 section 7.9'),
  'cluster-list-from-external': discard(9, 'RFC 7606 section 7.10'),
  'unknown-evpn-route-type': discard(9, 'RFC 7432 section 7'),
  'bad-as4-path': discard(9, 'RFC 6793 section 6'),
  'bad-as4-aggregator': discard(9, 'RFC 6793 section 6'),
  'as4-attribute-from-new-speaker': discard(9, 'RFC 6793 section 4.1'),
} as const satisfies Record<string, FaultRow>;

export type BgpFaultKind = keyof typeof FAULTS;

/** One thing a peer did wrong; `data` goes into the NOTIFICATION. */
export type BgpFault = Readonly<{ kind: BgpFaultKind; data?: Uint8Array }>;

export function treatmentOf(kind: BgpFaultKind): Treatment {
  return FAULTS[kind].treatment;
}

/** Cease subcodes, RFC 4486 section 3. */
export const CEASE = {
  maximumPrefixes: 1,
  shutdown: 2,
  deconfigured: 3,
  reset: 4,
  rejected: 5,
  otherChange: 6,
  collision: 7,
  outOfResources: 8,
} as const;

const CODE_NAMES: Readonly<Record<number, string>> = {
  1: 'message header error',
  2: 'OPEN message error',
  3: 'UPDATE message error',
  4: 'hold time expired',
  5: 'finite state machine error',
  6: 'cease',
};

const SUBCODE_NAMES: Readonly<Record<string, string>> = {
  '1/1': 'connection not synchronized',
  '1/2': 'bad message length',
  '1/3': 'bad message type',
  '2/1': 'unsupported version number',
  '2/2': 'peer in wrong AS',
  '2/3': 'BGP identifier wrong',
  '2/4': 'unsupported optional parameter',
  '2/6': 'unacceptable hold time',
  '2/7': 'unsupported/disjoint capability',
  '3/1': 'malformed attribute list',
  '3/2': 'unrecognized well-known attribute',
  '3/3': 'missing well-known attribute',
  '3/4': 'attribute flags error',
  '3/5': 'attribute length error',
  '3/6': 'invalid ORIGIN attribute',
  '3/8': 'invalid NEXT_HOP attribute',
  '3/9': 'optional attribute error',
  '3/10': 'illegal network',
  '3/11': 'malformed AS_PATH',
  '5/1': 'unexpected message in OpenSent',
  '5/2': 'unexpected message in OpenConfirm',
  '5/3': 'unexpected message in Established',
  '6/1': 'maximum number of prefixes reached',
  '6/2': 'administrative shutdown',
  '6/3': 'peer unconfigured',
  '6/4': 'administrative reset',
  '6/5': 'connection rejected',
  '6/6': 'other configuration change',
  '6/7': 'connection collision resolution',
  '6/8': 'out of resources',
};

/** Longest data that is shown; more says nothing to a reader. */
const SHOWN_DATA = 32;

/** A NOTIFICATION as an ASA logs it: `2/2 (peer in wrong AS) 2 bytes FDE8`. */
export function notificationText(code: number, subcode: number, data: Uint8Array = EMPTY): string {
  const text = `${code}/${subcode} (${SUBCODE_NAMES[`${code}/${subcode}`] ?? CODE_NAMES[code] ?? 'unknown error'})`;
  if (data.length === 0) return text;
  return `${text} ${data.length} bytes ${toHex(data.subarray(0, SHOWN_DATA)).toUpperCase()}`;
}
