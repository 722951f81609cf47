/** Gateways that prove certificates to one another: configuration, files of the host, renewal, revocation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, toHex, utf8 } from '../base/index.ts';
import { printAsa } from '../config/index.ts';
import { crlBytes, pemOf, testKey } from '../crypto/pki.fixture.ts';
import { isConverged } from '../lab/index.ts';
import { chainLines, FILES, labOf, leaf, middle, node, root, text, topologyText } from './certificates.fixture.ts';
import { readCredentials } from './credentials.ts';
import { modelOf } from './model.fixture.ts';
import { Trustpoints } from './trustpoints.ts';

test('two gateways come up on certificates, one of them under an intermediate authority', () => {
  const lab = labOf([text(1, 2), text(2, 1)], topologyText());
  assert.ok(isConverged([node(lab, 1), node(lab, 2)], lab.now));
  const snapshot = node(lab, 1).snapshot(lab.now);
  const [sa] = snapshot?.ike.sas ?? [];
  assert.deepEqual(sa?.authentication, { local: 'ecdsa', remote: 'ecdsa' });
  const [trustpoint] = snapshot?.trustpoints ?? [];
  assert.equal(trustpoint?.certificate?.label, 'cn=gw1,o=Example');
  assert.equal(trustpoint?.hasKey, true);
});

test('revocation lists are asked where the trustpoint says so; a new one refuses at the next authentication', () => {
  const more = ' revocation-check crl\n';
  const files = new Map(FILES);
  const lab = labOf([text(1, 2, more), text(2, 1)], topologyText(', crl: [crl.pem]'), files);
  assert.ok(isConverged([node(lab, 1), node(lab, 2)], lab.now));
  const revoked = readCredentials(
    {
      keypairs: new Map([['KEY', 'gw1.key']]),
      trustpoints: new Map([['TP', { certificate: 'gw1.pem', ca: [], crl: ['root.crl', 'middle.crl'] }]]),
    },
    (path) => {
      if (path === 'root.crl') return crlBytes({ issuer: root });
      if (path === 'middle.crl') return crlBytes({ issuer: middle, revoked: [leaf(2).certificate.serial] });
      const found = files.get(path);
      return found === undefined ? undefined : utf8(found);
    },
  );
  assert.deepEqual(revoked.faults, []);
  const before = node(lab, 1).snapshot(lab.now)?.ike.sas[0]?.localSpi;
  node(lab, 1).renew(revoked.credentials, lab.now);
  lab.run({ until: after(lab.now, 2_000) });
  assert.equal(node(lab, 1).snapshot(lab.now)?.ike.sas[0]?.localSpi, before, 'what stands, stands');
  node(lab, 1).operator({ kind: 'clear-ike' }, lab.now);
  lab.run({ until: after(lab.now, 5_000) });
  const log = node(lab, 1).snapshot(lab.now)?.log ?? [];
  const failure = log.find(({ code }) => code === 'ike-failed');
  assert.equal(failure?.cause?.code, 'certificate-refused');
  assert.equal(failure?.cause?.because?.code, 'certificate-revoked');
  assert.match(
    failure?.text ?? '',
    /the certificate cn=gw2,o=Example of .* is refused, because it was revoked on 2026-06-01/,
  );
});

const lacks: readonly Readonly<{
  name: string;
  change: (text: string) => string;
  files?: ReadonlyMap<string, string>;
  reason: RegExp;
}>[] = [
  {
    name: 'its trustpoint',
    change: (one) => one.replace('certificate TP', 'certificate OTHER'),
    reason: /trustpoint OTHER is not configured/,
  },
  {
    name: 'its private key',
    change: (one) => one.replace('keypair KEY', 'keypair LOST'),
    reason: /no private key for keypair LOST of trustpoint TP/,
  },
  {
    name: 'an authority',
    change: (one) => one.replace(/ certificate ca 01[\s\S]*? quit\n/, ''),
    reason: /no trustpoint has one of an authority/,
  },
  {
    name: 'the key of its certificate',
    change: (one) => one,
    files: new Map([...FILES, ['gw1.key', pemOf(testKey('P-256', 'stranger'))]]),
    reason: /is not the key of the certificate/,
  },
];

for (const { name, change, files, reason } of lacks) {
  test(`a tunnel without ${name} says so`, () => {
    const lab = labOf([change(text(1, 2)), text(2, 1)], topologyText(), new Map(files ?? FILES));
    const tunnel = node(lab, 1)
      .snapshot(lab.now)
      ?.interfaces.find(({ kind }) => kind === 'tunnel');
    assert.match(tunnel?.tunnel?.downReason ?? '', reason);
  });
}

test('trustpoints and chains print to what they were read from', () => {
  const more = ' subject-name CN=gw1,O=Example\n fqdn gw1.example.com\n revocation-check crl none\n';
  const model = modelOf(text(1, 2, more));
  const printed = printAsa(model, { secrets: 'plain' });
  const again = modelOf(printed);
  assert.equal(printAsa(again, { secrets: 'plain' }), printed);
  const hex = again.certificateChains?.[0]?.certificates[0]?.hex;
  assert.equal(hex, toHex(root.certificate.der));
  assert.match(printed, /\n certificate ca 01\n {2}30[0-9a-f]{6} /);
  assert.match(printed, /\n {2}quit\n/);
});

test('authorities above our certificate are found whatever trustpoint they are of', () => {
  const model = modelOf(`crypto ca trustpoint OWN
 keypair K
crypto ca trustpoint ABOVE
crypto ca certificate chain ABOVE
${chainLines('ca ', '01', middle)}
crypto ca certificate chain OWN
${chainLines('', '0102', leaf(2))}
`);
  const { credentials } = readCredentials({ keypairs: new Map([['K', 'gw2.key']]) }, (path) =>
    utf8(FILES.get(path) ?? ''),
  );
  const own = new Trustpoints(model, credentials).credential('OWN');
  assert.ok(typeof own !== 'string', String(own));
  assert.deepEqual(
    own.intermediates.map(({ label }) => label),
    ['cn=Middle,o=Example'],
  );
});

test('files that are of no use are told, each with its path', () => {
  const { faults } = readCredentials(
    {
      keypairs: new Map([
        ['A', 'none.key'],
        ['B', 'cert.pem'],
        ['C', 'locked.key'],
      ]),
      trustpoints: new Map([['T', { certificate: 'gw1.key', ca: ['none.pem'], crl: ['cert.pem'] }]]),
    },
    (path) => {
      if (path === 'cert.pem') return utf8(FILES.get('gw1.pem') ?? '');
      if (path === 'locked.key') {
        return utf8(
          String(leaf(1).key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })),
        );
      }
      const found = FILES.get(path);
      return found === undefined ? undefined : utf8(found);
    },
  );
  assert.deepEqual(
    faults.map(({ path, text: why }) => `${path}: ${why}`),
    [
      'none.key: the file can not be read',
      'cert.pem: not a private key in PEM',
      'locked.key: the private key is encrypted, and no passphrase opens it',
      'gw1.key: not a certificate that can be used: no PEM certificate in the text',
      'none.pem: the file can not be read',
      'cert.pem: not a revocation list that can be used: no revocation list in the file',
    ],
  );
});
