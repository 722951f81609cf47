/** The tenants of the example: who reaches whom, how large, and what the devices show of it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { after, type Instant } from '../../../src/base/index.ts';
import { loadConfiguration } from '../../../src/config/index.ts';
import { explainMtu } from '../../../src/explain/index.ts';
import { type IpHeader, Protocol, parseIp } from '../../../src/ip/index.ts';
import { GatewayNode, HostNode, labEvidence, PcapngWriter, topologyPath } from '../../../src/lab/index.ts';
import { transfer } from '../host-tcp.ts';
import {
  ask,
  assertPings,
  converge,
  openScenario,
  pingOnce,
  pingSteadily,
  type Scenario,
  snapshot,
} from '../scenario.ts';

const PLAIN = 'examples/asa-to-asr/topology.yaml';
const NAT = 'examples/asa-to-asr/topology-nat.yaml';
const ETHERNET = 14;
const SYN = 2;

/** IP packets that pass on a link from now on. */
class LinkLog extends PcapngWriter {
  readonly packets4: Readonly<{ header: IpHeader; packet: Uint8Array }>[] = [];

  constructor({ lab }: Scenario, link: string) {
    super(() => undefined);
    lab.capture(this, [link]);
  }

  override packet(_id: number, _at: number, frame: Uint8Array): void {
    const packet = frame.slice(ETHERNET);
    const parsed = parseIp(packet);
    if (parsed.ok) this.packets4.push({ header: parsed.value, packet });
  }

  get segments(): readonly Readonly<{ flags: number; length: number; mss: number | undefined }>[] {
    return this.packets4
      .filter(({ header }) => header.protocol === Protocol.TCP)
      .map(({ header: { payloadOffset, totalLength }, packet }) => {
        const options = (packet[payloadOffset + 12] ?? 0) >> 4;
        const isFirst = packet[payloadOffset + 20] === 2;
        const mss = ((packet[payloadOffset + 22] ?? 0) << 8) | (packet[payloadOffset + 23] ?? 0);
        return {
          flags: packet[payloadOffset + 13] ?? 0,
          length: totalLength - payloadOffset - options * 4,
          mss: isFirst ? mss : undefined,
        };
      });
  }
}

/** Runs another text of a device's configuration. */
function edit({ lab }: Scenario, device: string, ...edits: readonly (readonly [string, string])[]): void {
  const spec = lab.topology.nodes.find(({ name }) => name === device)?.spec;
  assert.ok(spec !== undefined && 'config' in spec, device);
  let { text } = spec.config;
  for (const [from, to] of edits) {
    assert.ok(text.includes(from), from);
    text = text.replaceAll(from, to);
  }
  lab.node(device, GatewayNode).configure(loadConfiguration(text, spec.config.file).model, lab.now);
}

const answered = (scenario: Scenario, host: string): number =>
  scenario.lab.node(host, HostNode).counters['echo-request'] ?? 0;

test('hosts of a tenant reach their own, and nobody else, though both tenants have the same addresses', () => {
  const scenario = openScenario(PLAIN);
  converge(scenario);
  for (const [from, own, other] of [
    ['blu-dc', 'blu-site', 'red-site'],
    ['red-dc', 'red-site', 'blu-site'],
  ] as const) {
    const before = [answered(scenario, own), answered(scenario, other)];
    assert.equal(pingOnce(scenario, from, '192.168.20.10').result, 'reply');
    assert.deepEqual([answered(scenario, own), answered(scenario, other)], [(before[0] ?? 0) + 1, before[1]]);
    // Neither the underlay nor the Internet is a tenant's.
    for (const to of ['10.10.0.10', '10.20.0.10', '10.255.0.2', '203.0.113.2'])
      assert.notEqual(pingOnce(scenario, from, to).result, 'reply', `${from} to ${to}`);
  }
  for (const host of ['dc', 'site'])
    for (const to of ['192.168.10.10', '192.168.20.10'])
      assert.notEqual(pingOnce(scenario, host, to).result, 'reply', `${host} to ${to}`);
});

test("a tenant's segments carry 1348 bytes, and nothing is cut on the way", () => {
  const scenario = openScenario(PLAIN);
  converge(scenario);
  const site = new LinkLog(scenario, 'blu-site');
  const outside = new LinkLog(scenario, 'asa-outside');
  for (const [from, to] of [
    ['blu-dc', 'blu-site'],
    ['blu-site', 'blu-dc'],
  ] as const)
    assert.equal(transfer(scenario.lab, { from, to, bytes: 100_000 }), 100_000, `${from} to ${to}`);
  const syns = site.segments.filter(({ flags }) => (flags & SYN) !== 0);
  // Of those that the host itself sent the MSS is still 1460 here: a router changes what it lets through.
  assert.deepEqual([...new Set(syns.map(({ mss }) => mss))].sort(), [1348, 1460]);
  const full = site.segments.filter(({ length }) => length === 1348).length;
  assert.ok(full >= 140, `${full} full segments`);
  assert.equal(Math.max(...site.segments.map(({ length }) => length)), 1348);
  const outer = outside.packets4.filter(({ header }) => header.protocol === Protocol.ESP);
  assert.ok(outer.length > full, String(outer.length));
  assert.deepEqual(
    outside.packets4.filter(({ header }) => header.moreFragments || header.fragmentOffset > 0),
    [],
  );
  // IPv4 20, ESP 8 and IV 8, 1438 bytes and trailer of 2, ICV 16.
  assert.equal(Math.max(...outer.map(({ header }) => header.totalLength)), 1492);
});

test('without the clamp hosts send what does not fit, and are told', () => {
  const scenario = openScenario(PLAIN);
  converge(scenario);
  for (const device of ['rtr-dc', 'asr-wan01']) edit(scenario, device, [' ip tcp adjust-mss 1348\n', '']);
  const site = new LinkLog(scenario, 'blu-site');
  transfer(scenario.lab, { from: 'blu-dc', to: 'blu-site', bytes: 20_000, withinMs: 3000 });
  const syns = site.segments.filter(({ flags }) => (flags & SYN) !== 0);
  assert.deepEqual([...new Set(syns.map(({ mss }) => mss))], [1460]);
  const probe = pingOnce(scenario, 'blu-dc', '192.168.20.10', 1389, true);
  assert.deepEqual([probe.result, probe.mtu], ['too-big', 1388]);
});

const SIZES = [
  {
    name: 'without a NAT',
    path: PLAIN,
    peer: '203.0.113.2',
    asr: [
      /^plaintext mtu 1446, path mtu 1500, ip mtu 1500, ip mtu idb GigabitEthernet0\/1$/m,
      /^Tunnel transport MTU 1446 bytes$/m,
    ],
    asa: 'path mtu 1500, ipsec overhead 55(36), media mtu 1500',
    explained: [/plaintext mtu 1446, 54 bytes/, /VXLAN +50 +1396 +1356/],
  },
  {
    name: 'behind a NAT, as the document has it',
    path: NAT,
    peer: '203.0.113.9',
    asr: [
      /^plaintext mtu 1438, path mtu 1500, ip mtu 1500, ip mtu idb GigabitEthernet0\/1$/m,
      /^Tunnel transport MTU 1438 bytes$/m,
    ],
    asa: 'path mtu 1500, ipsec overhead 63(44), media mtu 1500',
    explained: [/plaintext mtu 1438, 62 bytes/, /VXLAN +50 +1388 +1348/],
  },
] as const;

for (const { name, path, peer, asr, asa, explained } of SIZES) {
  test(`the document's own commands give its numbers: ${name}`, () => {
    const scenario = openScenario(path);
    converge(scenario);
    assertPings(scenario);
    const trimmed = (device: string, command: string): string => ask(scenario, device, command).replace(/^ +/gm, '');
    assert.match(trimmed('asr-wan01', 'show crypto ipsec sa | in mtu'), asr[0]);
    assert.match(trimmed('asr-wan01', 'show int tun10 | in MTU'), asr[1]);
    assert.equal(trimmed('asa-xfw01', `show crypto ipsec sa peer ${peer} | in overhead`).trim(), asa);
    for (const line of explained) assert.match(ask(scenario, 'asr-wan01', 'explain mtu'), line);
  });
}

test('the topology alone tells the sizes: both ends are found though one has an address that is not its own', () => {
  const { lab } = openScenario(NAT);
  // Nothing runs yet: there are configurations and links, and no snapshot.
  const { paths, unknown } = explainMtu(labEvidence(lab), { way: (from, to) => topologyPath(lab.topology, from, to) });
  assert.deepEqual(unknown, []);
  assert.deepEqual(
    paths.map(({ device, peer, plaintextMtu, tunnelMtu, agreedMtu }) => [
      device,
      peer,
      plaintextMtu,
      tunnelMtu,
      agreedMtu,
    ]),
    [
      ['asa-xfw01', 'asr-wan01', 1438, 1437, 1437],
      ['asr-wan01', 'asa-xfw01', 1438, 1438, 1437],
    ],
  );
  const vxlan = paths.map(({ inside }) => inside.find(({ overlay }) => overlay === 'vxlan'));
  assert.deepEqual(
    vxlan.map((room) => [room?.mtu, room?.mss]),
    [
      [1387, 1347],
      [1388, 1348],
    ],
  );
});

test('with the ASA behind the NAT, the ASR matches its private address', () => {
  const scenario = openScenario('lab/scenarios/asa-to-asr/asa-behind-nat.yaml');
  converge(scenario);
  assertPings(scenario);
  const [sa] = snapshot(scenario, 'asr-wan01').ike.sas;
  assert.equal(String(sa?.path.remote.address), '203.0.113.9');
  assert.ok(sa?.remoteIdentity?.type === 'ipv4', 'an address');
  assert.equal(String(sa.remoteIdentity.address), '192.168.100.1');
  // By the public address, which is not its identity, no profile is found.
  edit(scenario, 'asr-wan01', [
    'match identity remote address 192.168.100.1',
    'match identity remote address 203.0.113.9',
  ]);
  ask(scenario, 'asr-wan01', 'clear crypto ikev2 sa');
  scenario.lab.run({ until: after(scenario.lab.now, 30_000) });
  assert.notEqual(pingOnce(scenario, 'site', '10.10.0.10').result, 'reply');
});

test('behind a NAT the peers are known by the private address', () => {
  const scenario = openScenario(NAT);
  converge(scenario);
  const [sa] = snapshot(scenario, 'asa-xfw01').ike.sas;
  assert.equal(String(sa?.path.remote.address), '203.0.113.9');
  assert.deepEqual(sa?.remoteIdentity?.type === 'ipv4' && String(sa.remoteIdentity.address), '192.168.100.2');
  assert.match(ask(scenario, 'asr-wan01', 'show crypto session detail'), /Capabilities:DNU/);
  // The ASA counts padding at its worst: 1437 bytes, where the ASR has 1438.
  assert.equal(pingOnce(scenario, 'blu-dc', '192.168.20.10', 1387, true).result, 'reply');
  const probe = pingOnce(scenario, 'blu-dc', '192.168.20.10', 1388, true);
  assert.deepEqual([probe.result, probe.mtu], ['too-big', 1387]);
  edit(scenario, 'rtr-dc', [' ip mtu 1387\n', ' ip mtu 1388\n']);
  // RED's host has not learned that yet. VXLAN knows no path MTU: nobody tells it what the ASA drops.
  assert.equal(pingOnce(scenario, 'red-dc', '192.168.20.10', 1388, true).result, 'timeout');
  const site = new LinkLog(scenario, 'blu-site');
  assert.equal(transfer(scenario.lab, { from: 'blu-dc', to: 'blu-site', bytes: 50_000 }), 50_000);
  assert.equal(Math.max(...site.segments.map(({ length }) => length)), 1347);
});

test('what README.md shows is what the devices print', () => {
  const scenario = openScenario(PLAIN);
  converge(scenario);
  const readme = readFileSync(new URL('../../../examples/asa-to-asr/README.md', import.meta.url), 'utf8');
  const samples = [...readme.matchAll(/^(ASA-XFW01|ASR-WAN01|RTR-DC)# ?(.*)\n([^`]*?)(?=\n```|\n(?:ASA|ASR|RTR)-)/gm)];
  assert.ok(samples.length >= 8, String(samples.length));
  const settled = (text: string): string =>
    text
      .replaceAll(/\d\d:\d\d:\d\d/g, 'hh:mm:ss')
      .replace(/[ \n]+$/gm, '')
      .trim();
  for (const [, device = '', command = '', printed = ''] of samples)
    assert.equal(settled(ask(scenario, device.toLowerCase(), command)), settled(printed), `${device}# ${command}`);
});

test('the outside fails and comes back: tenants lose their routes and get them again', () => {
  const scenario = openScenario(PLAIN);
  converge(scenario);
  const { lab } = scenario;
  const isKnown = (): boolean => snapshot(scenario, 'rtr-dc').overlay?.peers.length === 2;
  assert.ok(isKnown(), 'two peers');
  lab.setLink('asr-outside', false);
  assert.ok(lab.run({ until: () => !isKnown(), limit: after(lab.now, 60_000) }), 'the peers are gone');
  assert.equal(ask(scenario, 'rtr-dc', 'show ip route vrf BLU bgp | include 192.168.20'), '');
  assert.notEqual(pingOnce(scenario, 'blu-dc', '192.168.20.10').result, 'reply');
  lab.run({ until: after(lab.now, 20_000) });
  assert.match(
    ask(scenario, 'rtr-dc', 'show logging | include ADJCHANGE'),
    /%BGP-5-ADJCHANGE: neighbor 10\.255\.0\.2 Down/,
  );
  lab.setLink('asr-outside', true);
  converge(scenario, 120_000);
  assert.ok(lab.run({ until: isKnown, limit: after(lab.now, 60_000) }), 'the peers are back');
  assertPings(scenario);
});

test('child SAs are replaced without a tenant losing a packet', () => {
  const scenario = openScenario(PLAIN);
  converge(scenario);
  const { lab } = scenario;
  const spi = (): number | undefined => snapshot(scenario, 'asr-wan01').ike.sas[0]?.children[0]?.inboundSpi;
  const first = spi();
  const until: Instant = after(lab.now, 3_700_000);
  const sent = pingSteadily(scenario, 'blu-dc', '192.168.20.10', until, 10_000);
  lab.run({ until: after(until, 5000) });
  assert.notEqual(spi(), first);
  assert.ok(sent.length >= 370, String(sent.length));
  assert.deepEqual(
    sent.filter(({ result }) => result !== 'reply'),
    [],
  );
});

/** The session between RTR-DC and the ASR, both ends of which are elsewhere for the ASA. */
function evpnState(scenario: Scenario): string | undefined {
  return snapshot(scenario, 'rtr-dc').bgp?.neighbors.find(({ address }) => String(address) === '10.255.0.2')?.state;
}

for (const [what, ...edits] of [
  ['option 19 allowed', [' tcp-options range 19 19 allow\n', '']],
  ['sequence numbers left alone', ['  set connection random-sequence-number disable\n', '']],
  ['its tcp-map named', ['  set connection advanced-options TCP_MD5_ALLOW\n', '']],
  ['a service-policy', ['service-policy global_policy global\n', '']],
] as const) {
  test(`without ${what} on the ASA the EVPN session with MD5 fails, and the underlay does not mind`, () => {
    const scenario = openScenario(PLAIN);
    const { lab } = scenario;
    edit(scenario, 'asa-xfw01', ...edits);
    lab.run({ until: after(lab.now, 60_000) });
    assert.notEqual(evpnState(scenario), 'Established');
    assert.match(ask(scenario, 'asa-xfw01', 'show route | include 10.255.0.2'), /^B /m);
    assert.equal(pingOnce(scenario, 'dc', '10.20.0.10').result, 'reply');
    assert.notEqual(pingOnce(scenario, 'blu-dc', '192.168.20.10').result, 'reply');
    edit(scenario, 'asa-xfw01');
    const isUp = (): boolean => evpnState(scenario) === 'Established';
    assert.ok(lab.run({ until: isUp, limit: after(lab.now, 180_000) }), 'it is up with the lines back');
    assert.equal(pingOnce(scenario, 'blu-dc', '192.168.20.10').result, 'reply');
  });
}
