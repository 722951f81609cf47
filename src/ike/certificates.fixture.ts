/** Authorities, certificates and policies with them, for tests. */

import type { Revocation } from '../crypto/index.ts';
import {
  type CertificateSpec,
  credential,
  issue,
  rootAuthority,
  type TestIssuer,
  type TestKeyType,
  testKey,
} from '../crypto/pki.fixture.ts';
import type { CertificateTrust, LocalSignature } from './policy.ts';

export const root = rootAuthority('O=Example, CN=Root');
export const middle = issue({
  subject: 'O=Example, CN=Middle',
  key: testKey('P-256', 'middle'),
  issuer: root,
  ca: true,
});

export function leaf(name: string, type: TestKeyType = 'P-256', change: Partial<CertificateSpec> = {}): TestIssuer {
  return issue({ subject: `O=Example, OU=VPN, CN=${name}`, key: testKey(type, name), issuer: root, ...change });
}

export function signs(issued: TestIssuer, change: Partial<LocalSignature> = {}): LocalSignature {
  return { credential: credential(issued), sendChain: false, ...change };
}

export function trusting(
  issuer: TestIssuer = root,
  change: Partial<CertificateTrust> &
    Readonly<{ revocation?: Revocation; crls?: CertificateTrust['anchors'][0]['crls'] }> = {},
): CertificateTrust {
  const { revocation = 'none', crls = [], ...rest } = change;
  const anchors = [{ name: 'TP', certificate: issuer.certificate, revocation, crls }];
  return { anchors, permitWeak: false, identity: 'required', ...rest };
}
