/** Two gateways in a lab that prove certificates to one another: for tests. */
import assert from 'node:assert/strict';
import { after, toHex } from '../base/index.ts';
import {
  certificatePem,
  crlPem,
  issue,
  pemOf,
  rootAuthority,
  type TestIssuer,
  testKey,
} from '../crypto/pki.fixture.ts';
import { GatewayNode, gatewayDevices, Lab, loadTopology, resolvePorts } from '../lab/index.ts';
import { gatewayText, modelOf } from './model.fixture.ts';

export const root = rootAuthority('O=Example, CN=Root', 'rsa');
export const middle = issue({
  subject: 'O=Example, CN=Middle',
  key: testKey('P-256', 'middle'),
  issuer: root,
  ca: true,
});

export function leaf(n: number, type: 'rsa' | 'P-256' = 'P-256', serial = 0x100 + n): TestIssuer {
  const issuer = n === 2 ? middle : root;
  return issue({ subject: `O=Example, CN=gw${n}`, key: testKey(type, `gw${n}`), issuer, serial });
}

/** The certificate as a saved configuration shows it. */
export function chainLines(kind: string, serial: string, { certificate }: TestIssuer): string {
  const lines = toHex(certificate.der).match(/.{1,64}/g) ?? [];
  const rows = lines.map((line) => `    ${(line.match(/.{1,8}/g) ?? []).join(' ')}`);
  return [` certificate ${kind}${serial}`, ...rows, '  quit'].join('\n');
}

/** Gateway n toward m, with certificates in the place of keys. */
export function text(n: number, m: number, more = ''): string {
  return `${gatewayText(n, [m])
    .replace(/ikev2 remote-authentication .*/, 'ikev2 remote-authentication certificate')
    .replace(/ikev2 local-authentication .*/, `ikev2 local-authentication certificate TP\n chain`)}
crypto ca trustpoint TP
 enrollment terminal
 keypair KEY
${more} crl configure
crypto ca certificate chain TP
${chainLines('ca ', '01', root)}
tunnel-group 10.0.0.${m} ipsec-attributes
 isakmp keepalive threshold 10 retry 2
`;
}

export const FILES = new Map<string, string>([
  ['gw1.key', pemOf(leaf(1).key)],
  ['gw1.pem', certificatePem(leaf(1))],
  ['gw2.key', pemOf(leaf(2).key)],
  ['gw2.pem', `${certificatePem(leaf(2))}${certificatePem(middle)}`],
  ['crl.pem', `${crlPem({ issuer: root })}${crlPem({ issuer: middle })}`],
]);

export function topologyText(crl = ''): string {
  const device = (n: number): string =>
    `    gw${n}: { kind: asa, startup-config: gw${n}.cfg, keypairs: { KEY: gw${n}.key }, trustpoints: { TP: { certificate: gw${n}.pem${crl} } } }`;
  return `topology:
  nodes:
    internet: { kind: bridge }
${device(1)}
${device(2)}
  links:
    - { endpoints: ["gw1:outside", "internet:p1"], delay: 5ms }
    - { endpoints: ["gw2:outside", "internet:p2"], delay: 5ms }
    - { endpoints: ["gw1:inside", "internet:q1"] }
    - { endpoints: ["gw2:inside", "internet:q2"] }
`;
}

export function labOf(texts: readonly [string, string], topology: string, files = FILES): Lab {
  const models = new Map([1, 2].map((n) => [`gw${n}`, modelOf(texts[n - 1] ?? '', `gw${n}`)]));
  const all = new Map([...files, ['lab.yaml', topology], ['gw1.cfg', texts[0]], ['gw2.cfg', texts[1]]]);
  const loaded = loadTopology('lab.yaml', (path) => all.get(path));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const ports = resolvePorts(loaded.value, models);
  const lab = new Lab(ports.topology, { seed: 1, device: gatewayDevices(models) });
  lab.run({ until: after(lab.now, 10_000) });
  return lab;
}

export function node(lab: Lab, n: number): GatewayNode {
  return lab.node(`gw${n}`, GatewayNode);
}
