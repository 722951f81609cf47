/** Peers told apart by what their certificates say: profiles of a router, tunnel-groups of an ASA. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after } from '../base/index.ts';
import { certificatePem, issue, pemOf, testKey } from '../crypto/pki.fixture.ts';
import { GatewayNode, gatewayDevices, Lab, loadTopology, resolvePorts } from '../lab/index.ts';
import { chainLines, root } from './certificates.fixture.ts';
import { routerHubText, routerText } from './iosxe.fixture.ts';
import { gatewayText, hubText, modelOf } from './model.fixture.ts';

type Kind = 'asa' | 'iosxe';

/** Gateway n's certificate says that it is of this unit. */
function issued(n: number, unit: string) {
  return issue({ subject: `O=Example, OU=${unit}, CN=gw${n}`, key: testKey('P-256', `gw${n}`), issuer: root });
}

function trust(before: 'ca' | 'pki'): string {
  const [pair, none] = before === 'ca' ? ['keypair', ''] : ['rsakeypair', ' revocation-check none\n'];
  return `crypto ${before} trustpoint TP
 enrollment terminal
 ${pair} KEY
${none}crypto ${before} certificate chain TP
${chainLines('ca ', '01', root)}
`;
}

/** Router n with certificates in the place of keys. */
function withCertificates(text: string): string {
  return `${text
    .replace(/ authentication remote pre-share\n/g, ' authentication remote ecdsa-sig\n')
    .replace(/ authentication local pre-share\n/g, ' authentication local ecdsa-sig\n')
    .replace(/ keyring local KR\n/g, ' pki trustpoint TP\n')
    .replaceAll('group psk list', 'group cert list')}${trust('pki')}`;
}

function labOf(kinds: readonly Kind[], texts: readonly string[], units: readonly string[]): Lab {
  const files = new Map<string, string>();
  const nodes: string[] = [];
  const links: string[] = [];
  for (const [i, kind] of kinds.entries()) {
    const name = `gw${i + 1}`;
    const own = issued(i + 1, units[i] ?? '');
    files.set(`${name}.cfg`, texts[i] ?? '');
    files.set(`${name}.key`, pemOf(own.key));
    files.set(`${name}.pem`, certificatePem(own));
    const pki = `keypairs: { KEY: ${name}.key }, trustpoints: { TP: { certificate: ${name}.pem } }`;
    nodes.push(`    ${name}: { kind: ${kind}, startup-config: ${name}.cfg, ${pki} }`);
    const [outside, inside] = kind === 'asa' ? ['outside', 'inside'] : ['GigabitEthernet0/0/0', 'GigabitEthernet0/0/1'];
    links.push(`    - { endpoints: ["${name}:${outside}", "internet:p${i}"], delay: 5ms }`);
    links.push(`    - { endpoints: ["${name}:${inside}", "internet:q${i}"] }`);
  }
  const topology = `topology:\n  nodes:\n    internet: { kind: bridge }\n${nodes.join('\n')}\n  links:\n${links.join('\n')}\n`;
  files.set('lab.yaml', topology);
  const models = new Map(kinds.map((_, i) => [`gw${i + 1}`, modelOf(texts[i] ?? '', `gw${i + 1}`)]));
  const loaded = loadTopology('lab.yaml', (path) => files.get(path));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const ports = resolvePorts(loaded.value, models);
  const lab = new Lab(ports.topology, { seed: 1, device: gatewayDevices(models) });
  lab.run({ until: after(lab.now, 8_000) });
  return lab;
}

const snapshotOf = (lab: Lab, n: number) => {
  const found = lab.node(`gw${n}`, GatewayNode).snapshot(lab.now);
  assert.ok(found, `gw${n}`);
  return found;
};

/** Clones of a gateway: by peer, the VRF of the clone and what it was cloned from. */
function clonesOf(lab: Lab): ReadonlyMap<string, string> {
  const { interfaces } = snapshotOf(lab, 1);
  const clones = interfaces.filter(({ name }) => name.startsWith('Virtual-Access'));
  return new Map(clones.map(({ tunnel, vrf }) => [String(tunnel?.destination), vrf ?? '']));
}

const HUB = `vrf definition RED
 address-family ipv4
 exit-address-family
vrf definition BLUE
 address-family ipv4
 exit-address-family
crypto pki certificate map RED-SITES 10
 subject-name co ou=red
 issuer-name co cn=root
crypto pki certificate map BLUE-SITES 10
 subject-name co ou=nobody
crypto pki certificate map BLUE-SITES 20
 subject-name co ou=blue
 subject-name nc ou=red
`;

/** A router with a profile for each unit, each with a template in a VRF of its own. */
function routerHub(): string {
  const one = routerHubText(1, [2, 3]).replace(' match identity remote any\n', ' match certificate RED-SITES\n');
  const two = `crypto ikev2 profile IKE-BLUE
 match certificate BLUE-SITES
 authentication remote ecdsa-sig
 authentication local ecdsa-sig
 pki trustpoint TP
 virtual-template 2
crypto ipsec profile BLUE
 set transform-set T
 set ikev2-profile IKE-BLUE
interface Loopback2
 vrf forwarding BLUE
 ip address 172.16.0.1 255.255.255.255
interface Virtual-Template2 type tunnel
 vrf forwarding BLUE
 ip unnumbered Loopback2
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile BLUE
`;
  const red = one
    .replace('interface Loopback1\n', 'interface Loopback1\n vrf forwarding RED\n')
    .replace('type tunnel\n', 'type tunnel\n vrf forwarding RED\n');
  return `${withCertificates(red)}${HUB}${two}`;
}

test('a router chooses the profile by the certificate of who calls: each unit gets its own VRF, others nothing', () => {
  const spokes = [2, 3, 4].map((n) => withCertificates(routerText(n, [1])));
  const lab = labOf(['iosxe', 'iosxe', 'iosxe', 'iosxe'], [routerHub(), ...spokes], ['hub', 'red', 'blue', 'green']);
  assert.deepEqual([...clonesOf(lab)].sort(), [
    ['10.0.0.2', 'RED'],
    ['10.0.0.3', 'BLUE'],
  ]);
  const refused = snapshotOf(lab, 1).log.find(({ cause }) => cause?.code === 'unknown-peer');
  assert.match(refused?.cause?.text ?? '', /no profile matches identity .*gw4.*match certificate/);
});

test('a router that begins holds the certificate of who answers to its map', () => {
  const map = (unit: string): string => `crypto pki certificate map HQ 10\n subject-name co ou=${unit}\n`;
  const begins = (unit: string): string =>
    `${withCertificates(routerText(1, [2])).replace(' match identity remote any\n', ' match certificate HQ\n')}${map(unit)}`;
  const answers = withCertificates(routerText(2, [1], { ipsec: ' responder-only\n' }));
  for (const [unit, up] of [
    ['red', true],
    ['blue', false],
  ] as const) {
    const lab = labOf(['iosxe', 'iosxe'], [begins(unit), answers], ['hub', 'red']);
    const { interfaces, log } = snapshotOf(lab, 1);
    assert.equal(interfaces.find(({ name }) => name === 'Tunnel2')?.lineProtocol, up, unit);
    if (!up)
      assert.ok(
        log.some(({ text }) => /gw2,ou=red,o=Example, which profile IKE does not match/.test(text)),
        'why',
      );
  }
});

/** An ASA whose spokes have groups of other names than their addresses. */
function asaHub(lines: string): string {
  const group = (name: string, template: number): string => `tunnel-group ${name} type ipsec-l2l
tunnel-group ${name} ipsec-attributes
 virtual-template ${template}
 ikev2 remote-authentication certificate
 ikev2 local-authentication certificate TP
`;
  const template = `interface virtual-Template 2 type tunnel
 nameif LAB
 ip unnumbered lo
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
`;
  return `${hubText([]).replace(' group 31\n', ' group 19\n')}${trust('ca')}${template}${group('branches', 1)}${group('laboratory', 2)}
crypto ca certificate map SITES 10
 subject-name attr ou eq red
crypto ca certificate map SITES 20
 subject-name attr ou co blu
${lines}`;
}

function asaSpoke(n: number): string {
  return `${gatewayText(n, [1])
    .replace(' group 31\n', ' group 19\n')
    .replace(/ikev2 remote-authentication .*/, 'ikev2 remote-authentication certificate')
    .replace(/ikev2 local-authentication .*/, 'ikev2 local-authentication certificate TP')}${trust('ca')}`;
}

const RULES = 'tunnel-group-map SITES 10 branches\ntunnel-group-map SITES 20 laboratory\n';

test('an ASA chooses the tunnel-group by rules over certificates, in their order, once they are enabled', () => {
  const units = ['hub', 'red', 'blue', 'green'];
  const kinds: readonly Kind[] = ['asa', 'asa', 'asa', 'asa'];
  const templates = (lines: string): readonly string[] => {
    const lab = labOf(kinds, [asaHub(lines), asaSpoke(2), asaSpoke(3), asaSpoke(4)], units);
    const clones = snapshotOf(lab, 1).interfaces.filter(({ name }) => name.startsWith('Virtual-Access'));
    return clones.map(({ alias, tunnel }) => `${tunnel?.destination} ${alias?.replace(/_va\d+$/, '')}`).sort();
  };
  assert.deepEqual(templates(`tunnel-group-map enable rules\n${RULES}`), ['10.0.0.2 DVTI', '10.0.0.3 LAB']);
  assert.deepEqual(templates(RULES), []);
  assert.deepEqual(templates('tunnel-group-map default-group laboratory\n'), [
    '10.0.0.2 LAB',
    '10.0.0.3 LAB',
    '10.0.0.4 LAB',
  ]);
});
