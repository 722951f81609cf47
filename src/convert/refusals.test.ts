/** What one platform has and the other can not say is refused with the nearest, and text of others stays text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SecretKey, utf8 } from '../base/index.ts';
import { loadConfiguration } from '../config/index.ts';
import { Report } from './fault.ts';
import type { Link } from './link.ts';
import { configurationOf, interfacing, ip, links, load, runPair } from './links.fixture.ts';
import { linuxEnd } from './linux-end.ts';
import { linuxPeerOf, type PeerChoices, peerOf } from './peer-of.ts';

const [plain] = fc.sample(
  links.filter(
    ({ own, routing }) => own.identity.kind === 'address' && own.inner.length === 1 && routing !== undefined,
  ),
  { numRuns: 1, seed: 7 },
);
assert.ok(plain, 'a link');
const base: Link = plain;

function refusal(text: string, dialect: 'asa' | 'iosxe', choices: PeerChoices = {}): readonly string[] {
  const made = peerOf(loadConfiguration(text, 'x.cfg').model, dialect, { choices });
  assert.ok(!made.ok, 'it was made');
  return made.error.map(({ code, suggestion }) => `${code}: ${suggestion ?? ''}`);
}

test('a group that IOS-XE lacks alone is refused, one among others left out with a note', () => {
  const [offer] = base.ike;
  assert.ok(offer, 'an offer');
  const only = configurationOf({ ...base, ike: [{ ...offer, groups: [31] }] }, 'asa');
  assert.deepEqual(refusal(only, 'iosxe'), ['not-expressible: both have group 19']);
  const one = configurationOf({ ...base, ike: [{ ...offer, groups: [31, 20] }] }, 'asa');
  const made = peerOf(load(one), 'iosxe');
  assert.ok(made.ok, 'group 20 is left');
  assert.match(made.value.text, /^ group 20$/m);
  assert.deepEqual(made.value.notes, ['IOS-XE has no group 31: it is left out']);
  const pfs = configurationOf({ ...base, pfsGroup: 21 }, 'asa').replace('set pfs group21', 'set pfs group31');
  assert.deepEqual(refusal(pfs, 'iosxe'), ['not-expressible: both have group 19']);
});

test('a cipher of 192 bits, and sequence numbers of 64', () => {
  const gcm = { encryption: [{ encr: 20, keyBits: 192 }], integrity: [], prf: [5], groups: [19] };
  const asa = configurationOf({ ...base, ike: [gcm] }, 'asa');
  assert.deepEqual(refusal(asa, 'iosxe'), ['not-expressible: both have aes-gcm-256']);
  const router = configurationOf({ ...base, esp: base.esp.map((one) => ({ ...one, esn: true })) }, 'iosxe');
  assert.match(refusal(router, 'asa').join(), /^not-expressible: both have those of 32 bits/);
});

test('GRE, VRFs and names of mail are nothing for an ASA', () => {
  const gre = configurationOf({ ...base, gre: {}, transport: true }, 'iosxe');
  assert.match(refusal(gre, 'asa').join(), /^not-expressible: .*tunnel mode ipsec ipv4/);
  const text = configurationOf(base, 'iosxe');
  assert.deepEqual(refusal(text, 'asa', { vrf: 'RED' }), ['not-expressible: leave out --vrf and --front-vrf']);
  const expected = text.replace(/ match identity remote address \S+/, ' match identity remote email a@example.net');
  assert.deepEqual(refusal(expected, 'asa'), ['not-expressible: let the other end expect its address']);
});

test('what is not known is asked for', () => {
  const text = configurationOf(base, 'asa');
  const far = text
    .replace('tunnel destination 10.0.0.2', 'tunnel destination 192.0.2.9')
    .replaceAll('tunnel-group 10.0.0.2', 'tunnel-group 192.0.2.9');
  assert.match(refusal(far, 'asa').join(), /^unknown-address: say them with --outside 192\.0\.2\.9\/LENGTH$/);
  const outside = interfacing('192.0.2.9/30');
  assert.deepEqual(refusal(far, 'asa', { outside }), ['unknown-address: say it with --gateway']);
  const made = peerOf(load(far), 'asa', { choices: { outside, gateway: ip('192.0.2.10') } });
  assert.ok(made.ok, 'all is known');
  assert.match(made.value.text, /^route outside 0\.0\.0\.0 0\.0\.0\.0 192\.0\.2\.10/m);
  const keyless = text.replace(/ ikev2 local-authentication .*\n/, '');
  assert.match(refusal(keyless, 'asa').join(), /^no-key/);
  assert.match(refusal('hostname a\n', 'asa').join(), /^no-tunnel/);
});

test('VRFs of the peer: the tunnel and its outside each in its own', () => {
  const text = configurationOf(base, 'asa');
  const made = peerOf(load(text), 'iosxe', { choices: { vrf: 'RED', frontVrf: 'INET' } });
  assert.ok(made.ok, made.ok ? '' : JSON.stringify(made.error));
  assert.match(made.value.text, /^ tunnel vrf INET$/m);
  assert.equal(runPair([load(text), made.value.model], { tunnels: 2, sessions: 2 }), '', made.value.text);
});

test('GRE inside IPsec comes up between routers', () => {
  const text = configurationOf({ ...base, gre: { key: 7 }, transport: true }, 'iosxe');
  const made = peerOf(load(text), 'iosxe');
  assert.ok(made.ok, made.ok ? '' : JSON.stringify(made.error));
  assert.match(made.value.text, /tunnel key 7/);
  assert.match(made.value.text, /mode transport/);
  assert.equal(runPair([load(text), made.value.model], { tunnels: 2, sessions: 2 }), '', made.value.text);
  assert.ok(!linuxPeerOf(load(text)).ok, 'GRE is not made for a Linux machine');
});

test('whatever names and keys are, files of a Linux peer have their own lines alone', () => {
  const lines = (text: string): number => text.split('\n').length;
  const report = new Report();
  const usual = new Map(linuxEnd(base, 'kernel', 'plain', report)?.map(({ name, text }) => [name, lines(text)]));
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.uint8Array({ minLength: 1 }), (name, bytes) => {
      const key = new SecretKey(bytes);
      const identity = { kind: 'key-id', text: name } as const;
      const link: Link = { ...base, own: { ...base.own, name, key, identity }, peer: { ...base.peer, name, key } };
      for (const one of linuxEnd(link, 'kernel', 'plain', report) ?? [])
        assert.equal(lines(one.text), usual.get(one.name));
    }),
  );
});

test('masked files hold no key', () => {
  const secret = 'Zq9SecretZq9';
  const key = new SecretKey(utf8(secret));
  const link: Link = { ...base, own: { ...base.own, key }, peer: { ...base.peer, key } };
  const made = linuxPeerOf(load(configurationOf(link, 'asa')));
  assert.ok(made.ok, 'made');
  assert.ok(
    made.value.files.some(({ text }) => text.includes(secret)),
    'files hold it',
  );
  for (const { text } of made.value.masked) assert.ok(!text.includes(secret) && !text.includes('bgp-word'), text);
});
