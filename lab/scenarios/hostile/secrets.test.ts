/** Everything that an operator is shown is searched for every key that the run used. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { concat, SecretKey, toHex, utf8 } from '../../../src/base/index.ts';
import { labDocument } from '../../../src/cli/lab-document.ts';
import { progressLines } from '../../../src/cli/lab-table.ts';
import { formatDiagnostic, loadAsa, printAsa } from '../../../src/config/index.ts';
import { GatewayNode, PcapngWriter, whyNotConverged } from '../../../src/lab/index.ts';
import { ask, converge, runPings } from '../scenario.ts';
import { openStage, type Stage, settle } from './stage.ts';

const BGP_PASSWORD = 'Tunnel-Talk-4711';

const COMMANDS = [
  'show crypto ikev2 sa',
  'show crypto ikev2 sa detail',
  'show crypto ipsec sa',
  'show crypto ipsec sa peer 10.0.0.1',
  'show bgp',
  'show bgp summary',
  'show bgp neighbors',
  'show bgp neighbors 172.16.1.5',
  'show bgp neighbors 172.16.1.5 routes',
  'show bgp neighbors 172.16.1.5 advertised-routes',
  'show route',
  'show ipv6 route',
  'show interface',
  'show interface ip brief',
  'show running-config',
  'show running-config tunnel-group',
  'show running-config router bgp',
  'show running-config all',
  'show logging',
  'show nonsense',
  'tunnel-group 10.0.0.1 ipsec-attributes',
];

/** Both ends of the sessions over Tunnel1 sign with a key. */
function withPasswords(path: string, text: string): string {
  const lines = {
    hub1: [/( neighbor (172\.16\.1\.\d+) description .*\n)/g, `$1  neighbor $2 password ${BGP_PASSWORD}\n`],
    spoke: [/( neighbor (172\.16\.1\.253) remote-as .*\n)/g, `$1  neighbor $2 password ${BGP_PASSWORD}\n`],
  } as const;
  if (path.endsWith('hub1.cfg')) return text.replace(...lines.hub1);
  return /spoke\d\.cfg$/.test(path) ? text.replace(...lines.spoke) : text;
}

/** Notes every key that anything looks at while `run` runs. */
function keysUsed(run: () => void): readonly Uint8Array[] {
  const found = new Map<string, Uint8Array>();
  const { reveal } = SecretKey.prototype;
  SecretKey.prototype.reveal = function (this: SecretKey): Uint8Array {
    const bytes = reveal.call(this);
    found.set(toHex(bytes), bytes.slice());
    return bytes;
  };
  try {
    run();
  } finally {
    SecretKey.prototype.reveal = reveal;
  }
  return [...found.values()];
}

/** Each key in the ways in which it might be written. */
function spellings(key: Uint8Array): readonly string[] {
  const buffer = Buffer.from(key);
  const bytes = [...key];
  return [
    toHex(key),
    toHex(key).toUpperCase(),
    buffer.toString('latin1'),
    buffer.toString('base64').replace(/=+$/, ''),
    buffer.toString('base64url'),
    bytes.join(','),
    bytes.join(', '),
    bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
    // As the members of a JSON object or of an inspected array would be.
    bytes.map((byte, index) => `"${index}":${byte}`).join(','),
  ];
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value;
}

function outputsOf(stage: Stage, pcapng: readonly Uint8Array[]): ReadonlyMap<string, string> {
  const { lab, gateways } = stage;
  const outputs = new Map<string, string>();
  const pings = runPings(stage);
  outputs.set('pcapng', Buffer.from(concat(...pcapng)).toString('latin1'));
  const reasons = whyNotConverged(gateways, lab.now);
  outputs.set('document', JSON.stringify(labDocument(lab, { converged: true, reasons, pings }), plain, 1));
  outputs.set('progress', progressLines(lab).join('\n'));
  for (const node of lab.nodes(GatewayNode)) {
    const snapshot = node.snapshot(lab.now);
    assert.ok(snapshot);
    outputs.set(`${node.name} snapshot`, JSON.stringify(snapshot, plain));
    outputs.set(
      `${node.name} inspected`,
      inspect(snapshot, { depth: 20, maxArrayLength: null, maxStringLength: null }),
    );
    outputs.set(`${node.name} configuration`, printAsa(node.model));
    outputs.set(`${node.name} paths`, inspect(node.bgpPaths({ kind: 'all' }), { depth: 20 }));
    for (const command of COMMANDS) outputs.set(`${node.name}# ${command}`, ask(stage, node.name, command));
  }
  return outputs;
}

test('no output holds a key: shows, logs, documents, snapshots, captures', () => {
  const pcapng: Uint8Array[] = [];
  let outputs: ReadonlyMap<string, string> = new Map();
  let stage: Stage | undefined;
  const used = keysUsed(() => {
    stage = openStage(1, withPasswords);
    stage.lab.capture(new PcapngWriter((bytes) => pcapng.push(bytes.slice())));
    converge(stage);
    settle(stage, 2000);
    // Failures are logged too: a neighbour that goes away and comes back.
    stage.lab.powerOff('spoke2');
    settle(stage, 40_000);
    stage.lab.powerOn('spoke2');
    settle(stage, 20_000);
  });
  assert.ok(stage);
  outputs = outputsOf(stage, pcapng);
  const texts = used.map((key) => Buffer.from(key).toString('latin1'));
  for (const known of ['spoke1-to-hub1', 'hub2-to-spoke2', BGP_PASSWORD]) assert.ok(texts.includes(known), known);
  // Six IKE SAs with SK_d, SK_a, SK_e and SK_p, and as many child SAs, at least.
  assert.ok(used.length > 40, `${used.length} keys were used`);
  // The tables of `--keys` do hold them: what is searched for is what would be found.
  const { espSa, ikev2DecryptionTable } = stage.keys;
  const tables = espSa + ikev2DecryptionTable;
  assert.ok(used.filter((key) => tables.includes(toHex(key))).length > 20);
  for (const [name, output] of outputs) {
    assert.ok(output.length > 0 || name.includes('#'), `${name} says something`);
    for (const key of used) {
      if (key.length < 8) continue;
      for (const spelling of spellings(key)) {
        assert.ok(!output.includes(spelling), `${name} shows a key of ${key.length} bytes`);
      }
    }
  }
  assert.match(outputs.get('hub1# show running-config') ?? '', /pre-shared-key \*{5}/);
  assert.match(outputs.get('hub1# show running-config') ?? '', /password \*{5}/);
});

test('complaints about lines that hold a key do not repeat it', () => {
  const key = 'Never-Ever-Show-This-1';
  const lines = [
    `tunnel-group 10.0.0.1 ipsec-attributes\n ikev2 remote-authentication pre-shared-key ${key} and more`,
    `tunnel-group 10.0.0.1 ipsec-attributes\n ikev2 remote-authentcation pre-shared-key ${key}`,
    `tunnel-group 10.0.0.1 ipsec-attributes\n ikev2 local-authentication preshared-key ${key}`,
    `tunnel-group 10.0.0.1 ipsec-attributes\n ikev1 pre-shared-key ${key}`,
    `ikev2 remote-authentication pre-shared-key ${key}`,
    `router bgp 65000\n address-family ipv4 unicast\n  neighbor 10.0.0.2 password ${key}`,
    `router bgp 65000\n address-family ipv4 unicast\n  neighbor 10.0.0.2 pasword ${key}`,
    `router bgp 65000\n address-family ipv4 unicast\n  neighbor 10.0.0.2 password 9 ${key}`,
    `enable password ${key}`,
    `username joe password ${key} privilege 15`,
  ];
  let complaints = 0;
  for (const text of lines) {
    const { diagnostics } = loadAsa(`hostname x\n${text}\n`, 'x.cfg');
    complaints += diagnostics.length;
    for (const diagnostic of diagnostics) {
      assert.ok(!formatDiagnostic(diagnostic, text).includes(key), `${text}\n${formatDiagnostic(diagnostic, text)}`);
      assert.ok(!JSON.stringify(diagnostic).includes(key), text);
    }
  }
  assert.ok(complaints >= 8, `${complaints} complaints`);
  assert.ok(!inspect(new SecretKey(utf8(key))).includes(key));
});
