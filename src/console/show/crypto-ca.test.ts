/** What operators see of certificates, and what diagnosis says when one is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../base/index.ts';
import { certificatePem, crlPem, issue, testKey } from '../../crypto/pki.fixture.ts';
import { explainTunnel } from '../../explain/index.ts';

import { FILES, labOf, node, root, text, topologyText } from '../../gateway/certificates.fixture.ts';
import { labEvidence } from '../../lab/index.ts';
import { showCryptoCaCertificates, showCryptoCaTrustpoints } from './crypto-ca.ts';
import { showCryptoIkev2Sa } from './crypto-ikev2-sa.ts';

test('certificates and trustpoints are shown with all that matters and no key', () => {
  const lab = labOf([text(1, 2, ' revocation-check crl\n'), text(2, 1)], topologyText(', crl: [crl.pem]'));
  const snapshot = node(lab, 1).snapshot(lab.now);
  assert.ok(snapshot);
  const { text: certificates, value } = showCryptoCaCertificates(snapshot);
  assert.match(certificates, /^Certificate\n {2}Status: Available\n {2}Certificate Serial Number: 0?101\n/);
  assert.match(
    certificates,
    /Public Key Type: EC P-256\n {2}Signature Algorithm: RSA SHA-256\n {2}Issuer Name:\n {4}cn=Root\n {4}o=Example\n/,
  );
  assert.match(certificates, /CA Certificate\n[\s\S]*end {3}date: 00:00:00 UTC \w+ Jan 1 2045\n/);
  assert.deepEqual(
    value.certificates.map(({ kind, status }) => `${kind} ${status}`),
    ['identity available', 'ca available'],
  );
  const shown = showCryptoCaTrustpoints(snapshot);
  assert.match(shown.text, /^Trustpoint TP:\n {4}Subject Name: \n {4}cn=Root\n {4}o=Example\n/);
  assert.match(
    shown.text,
    /Certificate configured\.\n {4}Revocation check: crl\n {4}Revocation list of cn=Root,o=Example: 0 certificates/,
  );
  assert.match(showCryptoIkev2Sa(snapshot, false).text, /Auth sign: ECDSA, Auth verify: ECDSA/);
  assert.ok(utf8(JSON.stringify([value, shown.value])).length < 5_000);
});

const expired = issue({
  subject: 'O=Example, CN=gw2',
  key: testKey('P-256', 'gw2'),
  issuer: root,
  notAfter: '20251231000000Z',
});

test('diagnosis names the certificate that is refused and why, from either end', () => {
  const files = new Map([...FILES, ['gw2.pem', certificatePem(expired)]]);
  const lab = labOf([text(1, 2), text(2, 1)], topologyText(), files);
  for (const [device, tunnel] of [
    ['gw1', 'Tunnel2'],
    ['gw2', 'Tunnel1'],
  ] as const) {
    const found = explainTunnel(labEvidence(lab), device, tunnel);
    assert.equal(found.code, 'certificate-expired', found.claim);
    assert.match(
      found.claim,
      /gw1 does not let the other end in: the certificate cn=gw2,o=Example .* is refused, because it expired on 2025-12-31/,
    );
    assert.match(found.missing ?? '', /a new certificate/);
  }
});

test('a revocation list that is missing is what diagnosis says', () => {
  const files = new Map([...FILES, ['crl.pem', crlPem({ issuer: root })]]);
  const lab = labOf([text(1, 2, ' revocation-check crl\n'), text(2, 1)], topologyText(', crl: [crl.pem]'), files);
  const found = explainTunnel(labEvidence(lab), 'gw1', 'Tunnel2');
  assert.equal(found.code, 'certificate-revocation-unknown', found.claim);
});
