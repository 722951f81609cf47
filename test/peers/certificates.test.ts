/** Certificates against strongSwan, in both roles: every kind of key, chains, revocation, and what must be refused. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import {
  certificatePem,
  crlPem,
  issue,
  pemOf,
  rootAuthority,
  type TestIssuer,
  type TestKeyType,
  testKey,
} from '../../src/crypto/pki.fixture.ts';
import type { CredentialTexts } from './gateway-orders.ts';
import { matrix, Proof } from './matrix.ts';
import { type Setting, Site } from './site.ts';
import { until } from './until.ts';

const ROLES = [
  ['us', 'we initiate'],
  ['them', 'they initiate'],
] as const;
type Initiator = (typeof ROLES)[number][0];

const root = rootAuthority('C=CH, O=Wheelwright, CN=Root', 'rsa');
const middle = issue({
  subject: 'C=CH, O=Wheelwright, CN=Middle',
  key: testKey('rsa', 'middle'),
  issuer: root,
  ca: true,
});
const stranger = rootAuthority('C=CH, O=Strangers, CN=Root');

function leaf(name: string, type: TestKeyType, issuer: TestIssuer = root, dns: readonly string[] = []): TestIssuer {
  return issue({ subject: `C=CH, O=Wheelwright, CN=${name}`, key: testKey(type, name), issuer, dns });
}

/** One way in which both ends prove who they are. */
type Case = Readonly<{
  ours: TestIssuer;
  theirs: TestIssuer;
  /** Whom we trust, and whom they do. */
  anchor?: TestIssuer;
  theirAnchor?: TestIssuer;
  /** Sent along by us and by them. */
  ourChain?: readonly TestIssuer[];
  theirChain?: readonly TestIssuer[];
  /** Lists of revoked certificates that we have. */
  crl?: readonly string[];
  trustpoint?: readonly string[];
  group?: readonly string[];
  /** strongSwan's words for how it signs, and how it calls itself. */
  theirAuth?: string;
  theirId?: string;
  /** strongSwan proves a key instead. */
  theirKey?: boolean;
}>;

function credentialsOf({ ours, anchor = root, ourChain = [], crl = [] }: Case): CredentialTexts {
  const certificate = [ours, ...ourChain].map(certificatePem).join('');
  return {
    keypairs: { KEY: pemOf(ours.key) },
    trustpoints: { TP: { certificate, ca: [certificatePem(anchor)], crl: [...crl] } },
  };
}

function settingOf(initiator: Initiator, one: Case): Setting {
  const theirs = one.theirId ?? 'C=CH, O=Wheelwright, CN=them';
  const theirSide = one.theirKey
    ? ['auth = psk']
    : [`auth = ${one.theirAuth ?? 'pubkey'}`, 'certs = them.pem', `id = "${theirs}"`];
  return {
    initiator,
    credentials: credentialsOf(one),
    site: {
      group: [
        'no ikev2 local-authentication',
        ...(one.theirKey ? [] : ['no ikev2 remote-authentication', 'ikev2 remote-authentication certificate']),
        'ikev2 local-authentication certificate TP',
        ...(one.ourChain === undefined ? [] : ['chain']),
        ...(one.group ?? []),
      ],
      device: ['crypto ca trustpoint TP', ' enrollment terminal', ' keypair KEY', ...(one.trustpoint ?? [])],
    },
    connection: {
      localSide: theirSide,
      remoteSide: ['auth = pubkey', 'id = "C=CH, O=Wheelwright, CN=us"'],
      connection: ['send_cert = always'],
    },
  };
}

describe('certificates', { timeout: 240_000 }, () => {
  const proof = new Proof(matrix.certificates);
  let site: Site;
  /** One that does as implementations did before RFC 7427. */
  let old: Site;

  before(async () => {
    site = await Site.open({ label: 'certs', strongSwan: { settings: 'rsa_pss = no' } });
    old = await Site.open({ label: 'oldcerts', strongSwan: { settings: 'signature_authentication = no' } });
  });
  after(async () => {
    await site?.close();
    await old?.close();
  });

  function give(at: Site, one: Case): void {
    const { theirs, theirAnchor = root, theirChain = [] } = one;
    at.them.credential('x509/them.pem', certificatePem(theirs));
    at.them.credential('private/them.pem', pemOf(theirs.key));
    at.them.credential('x509ca/root.pem', certificatePem(theirAnchor));
    at.them.credential('x509ca/middle.pem', certificatePem(theirChain[0] ?? theirAnchor));
  }

  type Proven = Readonly<{
    /** How we and they proved who we are. */
    kinds: readonly [ours: string, theirs: string];
    /** How strongSwan calls our signature. */
    said: RegExp;
    at?: () => Site;
  }>;

  /** Both come up, and traffic passes. */
  function accepted(row: string, one: Case, { kinds, said, at = () => site }: Proven) {
    for (const [initiator, column] of ROLES) {
      proof.cell(row, column, () =>
        at().step(async () => {
          give(at(), one);
          const before = at().them.log().length;
          const { us } = await at().bringUp(settingOf(initiator, one));
          assert.deepEqual([us.authentication?.local, us.authentication?.remote], kinds);
          assert.match(at().them.log().slice(before), said);
          await at().pingBothWays();
        }),
      );
    }
  }

  /** We refuse them, and say why. */
  function refused(row: string, one: Case, reason: RegExp) {
    for (const [initiator, column] of ROLES) {
      proof.cell(row, column, () =>
        site.step(async () => {
          give(site, one);
          const setting = settingOf(initiator, one);
          const before = site.us.log().length;
          if (initiator === 'us') await site.configure(setting);
          else {
            // `initiator: 'us'` does not have them begin; then they do, and must fail.
            const profile = ['responder-only'];
            await site.configure({ ...setting, initiator: 'us', site: { ...setting.site, profile } });
            const { status } = await site.them.initiate('net', 5_000);
            assert.notEqual(status, 0, 'they got in');
          }
          await until('we say why', () => reason.test(site.us.log().slice(before)));
          const { sas } = await site.us.view();
          assert.ok(sas.every(({ status }) => status !== 'established'));
        }),
      );
    }
  }

  const both = (type: TestKeyType): Case => ({ ours: leaf('us', type), theirs: leaf('them', type) });
  const ecdsa = ['ecdsa', 'ecdsa'] as const;
  const ours = (how: string): RegExp => new RegExp(`authentication of '.*CN=us' with ${how} successful`);
  const PKCS1 = ours('RSA_EMSA_PKCS1_SHA2_256');
  accepted('RSA', both('rsa'), { kinds: ['rsa', 'rsa'], said: PKCS1 });
  const theirPss = /authentication of '.*CN=them' \(myself\) with RSA_EMSA_PSS_SHA2_256_SALT_32 successful/;
  accepted('RSASSA-PSS', { ...both('rsa'), theirAuth: 'rsa/pss-sha256' }, { kinds: ['rsa', 'rsa'], said: theirPss });
  accepted('ECDSA P-256', both('P-256'), { kinds: ecdsa, said: ours('ECDSA_WITH_SHA256_DER') });
  accepted('ECDSA P-384', both('P-384'), { kinds: ecdsa, said: ours('ECDSA_WITH_SHA384_DER') });
  accepted('ECDSA P-521', both('P-521'), { kinds: ecdsa, said: ours('ECDSA_WITH_SHA512_DER') });
  accepted('Ed25519', both('ed25519'), { kinds: ['eddsa', 'eddsa'], said: ours('ED25519') });
  const before7427 = () => old;
  const sha1 = ours('RSA signature');
  accepted('older method of RSA (SHA-1)', both('rsa'), { kinds: ['rsa', 'rsa'], said: sha1, at: before7427 });
  const ecdsa384 = { kinds: ecdsa, said: ours('ECDSA-384 signature'), at: before7427 };
  accepted('older method of ECDSA (RFC 4754)', both('P-384'), ecdsa384);
  const chained = {
    ours: leaf('us', 'P-256', middle),
    theirs: leaf('them', 'P-256', middle),
    ourChain: [middle],
    theirChain: [middle],
  };
  const P256 = { kinds: ecdsa, said: ours('ECDSA_WITH_SHA256_DER') };
  accepted('chain with an intermediate authority', chained, P256);
  accepted(
    'key one way, certificate the other',
    { ...both('P-256'), theirKey: true },
    { ...P256, kinds: ['ecdsa', 'psk'] },
  );

  const gone = leaf('them', 'P-256');
  refused(
    'their certificate was revoked',
    {
      ours: leaf('us', 'P-256'),
      theirs: gone,
      crl: [crlPem({ issuer: root, revoked: [gone.certificate.serial] })],
      trustpoint: [' revocation-check crl'],
    },
    /certificate-revoked/,
  );
  refused('unknown authority', { ...both('P-256'), anchor: stranger }, /certificate-unknown-authority/);
  refused(
    'identity not in the certificate',
    {
      ours: leaf('us', 'P-256'),
      theirs: leaf('them', 'P-256', root, ['them.example.com']),
      theirId: 'other.example.com',
    },
    /calls itself other\.example\.com, which its certificate .* does not say/,
  );
});
