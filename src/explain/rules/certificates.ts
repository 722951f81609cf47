/** Certificates: what one end shows is not what the other believes, or does not say what it calls itself. */
import type { Cause } from '../../ike/index.ts';
import { type Failure, failuresSeen, farFailure, nearFailure } from '../failure.ts';
import { lineOf } from '../places.ts';
import type { Finding, TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const certificates: TunnelRule = (one) => refusal(one, one.near, nearFailure(one)) ?? byFar(one);

function byFar(one: TunnelCase): Finding | undefined {
  return one.far === undefined ? undefined : refusal(one, one.far, farFailure(one));
}

/** The end that refused knows why: the other one only hears that it was refused. */
function refusal(one: TunnelCase, { device, group }: TunnelEnd, failure: Failure | undefined): Finding | undefined {
  const { cause } = failure ?? {};
  if (group?.remoteCertificate !== true || cause === undefined || cause.from === 'peer') return undefined;
  const because = cause.code === 'certificate-refused' ? cause.because : undefined;
  const isName = cause.code === 'identity-refused';
  if (because === undefined && !isName) return undefined;
  return {
    code: because?.code ?? 'certificate-identity',
    claim: `${device.name} does not let the other end in: ${sentence(cause)}`,
    evidence: failuresSeen(one),
    lines: [lineOf(device, group.written, isName ? 'validateIdentity' : 'remoteCertificate')],
    missing: MISSING[because?.code ?? ''] ?? 'a certificate of the other end that names what it calls itself',
  };
}

/** What would mend it, where no line of a configuration does. */
const MISSING: Readonly<Record<string, string>> = {
  'certificate-unknown-authority':
    'the certificate of that authority in a trustpoint here, or of the one below it sent by the other end (chain)',
  'certificate-expired': 'a new certificate for the other end',
  'certificate-not-yet-valid': 'the right time of day on both ends',
  'certificate-revoked': 'a new certificate for the other end',
  'certificate-revocation-unknown': 'a current revocation list (crl of the trustpoint in the host file)',
};

function sentence(cause: Cause): string {
  return cause.because === undefined ? cause.text : `${cause.text}, because ${cause.because.text}`;
}
