/** How the loader walks modes, abbreviates, takes back, repairs and fills in defaults. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromUtf8 } from '../../base/index.ts';
import type { DeviceModel } from '../model.ts';
import { loadAsa } from './load.ts';
import { printAsa, showRunning } from './print.ts';

/** Loads a text that must be free of errors and warnings. */
function clean(text: string): DeviceModel {
  const { model, diagnostics } = loadAsa(text, 'clean.conf');
  assert.deepEqual(
    diagnostics.filter((one) => one.severity !== 'note'),
    [],
  );
  return model;
}

/** Loads a text of which only the model matters. */
function model(text: string): DeviceModel {
  return loadAsa(text, 'any.conf').model;
}

function one<T>(list: readonly T[]): T {
  assert.equal(list.length, 1);
  return list[0] as T;
}

test('an empty text is a device with the defaults of an ASA', () => {
  const empty = clean('');
  assert.equal(empty.hostname, 'ciscoasa');
  assert.equal(empty.childLifetimeMs, 28_800_000);
  assert.equal(empty.childLifetimeBytes, 4_608_000_000);
  assert.equal(empty.replayWindow, 64);
  assert.equal(empty.clampMss, 1380);
  assert.equal(empty.natKeepaliveMs, 20_000);
});

test('an IKE policy, a proposal and a tunnel-group begin with their defaults', () => {
  const made = model(
    'crypto ikev2 policy 1\ncrypto ipsec ikev2 ipsec-proposal P\ntunnel-group 10.0.0.1 type ipsec-l2l\nrouter bgp 1',
  );
  const policy = one(made.ikePolicies);
  assert.deepEqual([policy.integrity, policy.prf, policy.lifetimeMs], [[2], [2], 86_400_000]);
  assert.deepEqual(one(made.espProposals).integrity, [2]);
  const group = one(made.tunnelGroups);
  assert.deepEqual(group.keepalive, { thresholdMs: 10_000, retryMs: 2_000 });
  assert.deepEqual([group.routeAcceptAny, group.routeSetInterface, group.validateIdentity], [true, false, 'required']);
  assert.deepEqual(made.bgp?.timers, { keepaliveMs: 60_000, holdMs: 180_000, minimumHoldMs: 0 });
});

test('ports start shut down, loopbacks, tunnels and subinterfaces do not', () => {
  const states = model('int gi0/0\nint gi0/0.5\nint lo1\nint tu1\nint vi1 type tunnel').interfaces;
  assert.deepEqual(
    states.map(({ name, kind, shutdown }) => [name, kind, shutdown]),
    [
      ['GigabitEthernet0/0', 'ethernet', true],
      ['GigabitEthernet0/0.5', 'ethernet', false],
      ['Loopback1', 'loopback', false],
      ['Tunnel1', 'tunnel', false],
      ['Virtual-Template1', 'virtual-template', false],
    ],
  );
});

test('a port in a saved configuration is up unless it says shutdown', () => {
  const body = 'interface Gi0/0\n nameif a\n ip address 10.0.0.1 255.0.0.0';
  assert.equal(one(clean(`: Saved\n${body}`).interfaces).shutdown, false);
  assert.equal(one(clean(`: Saved\n${body}\n shutdown`).interfaces).shutdown, true);
  assert.equal(one(model(body).interfaces).shutdown, false);
});

test('inside is trusted, every other interface is not', () => {
  const levels = model('int gi0/0\nnameif inside\nint gi0/1\nnameif dmz\nint gi0/2\nsecurity-level 30\nnameif inside2');
  assert.deepEqual(
    levels.interfaces.map((each) => each.securityLevel),
    [100, 0, 30],
  );
});

test('decrypted traffic obeys security levels when it is told so', () => {
  const text = 'no sysopt connection permit-vpn\n';
  const made = clean(text);
  assert.equal(made.decryptedObeysLevels, true);
  assert.match(showRunning(made, []), /^no sysopt connection permit-vpn$/m);
  for (const back of ['sysopt connection permit-vpn', 'clear configure sysopt', 'clear configure all']) {
    const again = clean(`${text}${back}\n`);
    assert.equal(again.decryptedObeysLevels, undefined);
    assert.doesNotMatch(showRunning(again, []), /permit-vpn/);
    assert.match(showRunning(again, ['all']), /^sysopt connection permit-vpn$/m);
  }
});

test('modes are left by what fits only an outer one; indentation means nothing', () => {
  const made = clean(
    'router bgp 65000\naddress-family ipv4 unicast\n      neighbor 10.0.0.1 remote-as 1\ntimers bgp 5 15 0\nhostname X\n',
  );
  assert.equal(made.bgp?.timers.holdMs, 15_000);
  assert.equal(made.hostname, 'X');
});

test('exit leaves one mode, end leaves all', () => {
  const { diagnostics } = loadAsa('router bgp 1\naddress-family ipv4\nexit-address-family\nexit\nend\nexit\nquit', 'f');
  assert.deepEqual(diagnostics, []);
  const after = loadAsa('crypto ikev2 policy 1\nexit\nencryption aes', 'f').diagnostics;
  assert.deepEqual(
    after.map((each) => each.code),
    ['wrong-mode'],
  );
});

test('keywords may be abbreviated while they are unique', () => {
  const made = clean(
    'int tu1\nnameif VTI\nip add 10.0.0.1 255.255.255.254\ntunn dest 10.9.9.9\ntun mo ips ipv4\nno shut',
  );
  const tunnel = one(made.interfaces);
  assert.equal(String(tunnel.tunnel?.destination), '10.9.9.9');
  assert.equal(tunnel.tunnel?.mode, 4);
});

test('no takes back by the identifying words or the whole line', () => {
  const base = 'crypto ikev2 policy 1\nroute a 10.0.0.0 255.0.0.0 10.1.1.1 1\nint tu1\ntunnel destination 10.0.0.9\n';
  assert.equal(one(model(`${base}no tunnel destination`).interfaces).tunnel?.destination, undefined);
  assert.equal(one(model(`${base}no tunnel destination 10.0.0.9`).interfaces).tunnel?.destination, undefined);
  assert.deepEqual(model(`${base}no interface Tunnel1`).interfaces, []);
  assert.deepEqual(model(`${base}no crypto ikev2 policy 1`).ikePolicies, []);
  assert.deepEqual(model(`${base}no route a 10.0.0.0 255.0.0.0`).staticRoutes, []);
  assert.deepEqual(model(`${base}no route a 10.0.0.0 255.0.0.0 10.1.1.1 1`).staticRoutes, []);
  const bgp = 'router bgp 1\naddress-family ipv4\nneighbor 10.0.0.1 remote-as 2\nneighbor 10.0.0.1 timers 5 15\n';
  assert.deepEqual(model(`${bgp}no neighbor 10.0.0.1`).bgp?.neighbors, []);
  assert.equal(one(model(`${bgp}no neighbor 10.0.0.1 timers`).bgp?.neighbors ?? []).timers, undefined);
  assert.equal(model(`${bgp}no router bgp 1`).bgp, undefined);
  const list = 'access-list A extended permit ip any any\naccess-list A extended deny tcp any any eq 22\n';
  assert.equal(one(model(`${list}no access-list A extended permit ip any any`).accessLists).entries.length, 1);
  assert.deepEqual(model(`${list}no access-list A`).accessLists, []);
});

test('clear configure forgets a section, an object of it, or everything', () => {
  const base = 'hostname H\ntunnel-group a type ipsec-l2l\ntunnel-group b type ipsec-l2l\ncrypto ikev2 policy 1\n';
  assert.equal(one(model(`${base}clear configure tunnel-group a`).tunnelGroups).name, 'b');
  assert.deepEqual(model(`${base}clear configure tunnel-group`).tunnelGroups, []);
  assert.deepEqual(model(`${base}clear configure crypto`).ikePolicies, []);
  const all = model(`${base}clear configure all`);
  assert.deepEqual([all.hostname, all.tunnelGroups, all.ikePolicies], ['H', [], []]);
});

const repairs = [
  ['routeVTI 10.0.0.1 255.255.255.255 10.0.0.1 1', 'route VTI 10.0.0.1 255.255.255.255 10.0.0.1 1'],
  ['crypto ikev2 enableVTI', 'crypto ikev2 enable VTI'],
  ['cryptoikev2 policy 10', 'crypto ikev2 policy 10'],
  ['interfaceTunnel2', 'interface Tunnel2'],
  ['hostnameHUB1', 'hostname HUB1'],
  ['noshutdown', 'no shutdown'],
  ['ipaddress 10.0.0.1 255.255.255.0', 'ip address 10.0.0.1 255.255.255.0'],
  ['tunnelsource interface VTI9', 'tunnel source interface VTI9'],
  ['tunnel destination10.0.0.7', 'tunnel destination 10.0.0.7'],
  ['tunnel protection ipsecprofile VTI', 'tunnel protection ipsec profile VTI'],
] as const;

for (const [damaged, whole] of repairs) {
  test(`words run together: ${damaged}`, () => {
    const { diagnostics } = loadAsa(`interface Tunnel1\n${damaged}\n nameif VTI`, 'f');
    const repaired = diagnostics.filter((each) => each.code === 'repaired');
    assert.deepEqual(
      repaired.map((each) => [each.severity, each.suggestion, each.position.line]),
      [['warning', whole, 2]],
    );
  });
}

test('a route is split only at a name that some interface has, configured before or after', () => {
  const route = 'routeVTI 10.0.0.1 255.255.255.255 10.0.0.1 1';
  assert.deepEqual(
    loadAsa(route, 'f').diagnostics.map((each) => [each.code, each.suggestion]),
    [['unknown-command', 'route <interface> 10.0.0.1 255.255.255.255 10.0.0.1 1']],
  );
  assert.equal(one(model(`${route}\ninterface Tunnel1\nnameif VTI`).staticRoutes).interface, 'VTI');
});

test('typographic quotes, dashes and blanks of web pages are undone outside keys and free text', () => {
  const nbsp = '\u00a0';
  const made = clean(
    [
      `interface${nbsp}Tunnel1`,
      `\u200b description “as it is – here”`,
      `${nbsp}${nbsp}nameif VTI`,
      'tunnel‑group 10.0.0.1 type ipsec–l2l',
      'tunnel-group 10.0.0.1 ipsec−attributes',
      'ikev2 local-authentication pre-shared-key a–b',
    ].join('\n'),
  );
  assert.equal(one(made.interfaces).description, '“as it is – here”');
  assert.equal(fromUtf8(one(made.tunnelGroups).localKey?.reveal() ?? new Uint8Array()), 'a–b');
});

test('comments, remarks and line ends of every kind are passed over', () => {
  const made = clean(': Saved\r\n! text\r\nhostname A ! the hub\rinterface Lo1\n\n description up!\n: end');
  assert.equal(made.hostname, 'A');
  assert.equal(one(made.interfaces).description, 'up!');
});

test('objects become the prefixes of access-list entries, also when defined later', () => {
  const made = clean(
    'access-list A extended permit tcp object-group G object O eq 443\nobject network O\n range 10.0.0.1 10.0.0.4\n' +
      'object-group network G\n network-object host 10.9.0.1\n network-object object O\n',
  );
  const entry = one(one(made.accessLists).entries);
  assert.deepEqual(entry.source.map(String), ['10.9.0.1/32', '10.0.0.1/32', '10.0.0.2/31', '10.0.0.4/32']);
  assert.deepEqual(entry.destinationPorts, { from: 443, to: 443 });
});

test('positions name the command and its attributes', () => {
  const made = model('! one\n  interface Tunnel1\n\tnameif VTI\n tunnel destination 10.0.0.1\n');
  const { written } = one(made.interfaces);
  assert.deepEqual(written.start, { file: 'any.conf', line: 2, column: 3 });
  assert.deepEqual(written.attributes['alias'], { file: 'any.conf', line: 3, column: 2 });
  assert.deepEqual(written.attributes['destination'], { file: 'any.conf', line: 4, column: 2 });
});

test('a neighbour of IPv4 is active in IPv4 at once, others by activate', () => {
  const made = model(
    'router bgp 1\naddress-family ipv4\nneighbor 10.0.0.1 remote-as 1\naddress-family ipv6\nneighbor 10.0.0.1 activate\nneighbor 2001:db8::1 remote-as 1\n',
  );
  const [v4, v6] = made.bgp?.neighbors ?? [];
  assert.deepEqual([v4?.families[4]?.activate, v4?.families[6]?.activate], [true, true]);
  assert.deepEqual([v6?.families[4], v6?.families[6]?.activate], [undefined, false]);
});

test('positions name the lines of a neighbour in each family, and `no … activate` itself', () => {
  const made = model(
    'router bgp 1\naddress-family ipv4\nneighbor 10.0.0.1 remote-as 1\n neighbor 10.0.0.1 prefix-list P in\nneighbor 10.0.0.1 maximum-prefix 3\nno neighbor 10.0.0.1 maximum-prefix\nno neighbor 10.0.0.1 activate\n',
  );
  const { attributes } = made.bgp?.neighbors[0]?.written ?? assert.fail();
  assert.deepEqual(attributes['ipv4 prefix-list in'], { file: 'any.conf', line: 4, column: 2 });
  assert.deepEqual(attributes['ipv4 activate'], { file: 'any.conf', line: 7, column: 1 });
  assert.equal(attributes['ipv4 maximum-prefix'], undefined);
});

test('AES-GCM alone needs no integrity line', () => {
  const made = clean('crypto ipsec ikev2 ipsec-proposal P\nprotocol esp encryption aes-gcm-256\n');
  assert.deepEqual(one(made.espProposals).integrity, []);
});

const shown = model(
  [
    'interface Tunnel1\n nameif VTI\ninterface Tunnel2\n nameif VTI2\nexit\nroute VTI 10.0.0.0 255.0.0.0 10.1.1.1 1',
    'route-map RM permit 10\nrouter bgp 1\nprefix-list P permit 10.0.0.0/8\ncrypto ikev2 policy 5\ncrypto ikev2 enable VTI',
    'crypto ipsec profile VTI\ntunnel-group a type ipsec-l2l\ntunnel-group ab type ipsec-l2l\ncrypto map M 1 set pfs',
    'tunnel-group a ipsec-attributes\n ikev2 local-authentication pre-shared-key cisco',
  ].join('\n'),
);
const filters = [
  ['interface Tunnel1', ['interface Tunnel1', ' nameif VTI', '!']],
  ['int tu 2', ['interface Tunnel2', ' nameif VTI2', '!']],
  ['interface VTI', ['interface Tunnel1', ' nameif VTI', '!']],
  ['route', ['route VTI 10.0.0.0 255.0.0.0 10.1.1.1 1']],
  ['route-map', ['route-map RM permit 10', '!']],
  ['prefix-list', ['prefix-list P seq 5 permit 10.0.0.0/8']],
  ['crypto ipsec', ['crypto ipsec profile VTI']],
  ['crypto map', ['crypto map M 1 set pfs']],
  ['router bgp', ['router bgp 1', ' bgp log-neighbor-changes', '!']],
  ['tunnel-group ab', ['tunnel-group ab type ipsec-l2l']],
  [
    'tunnel-group a',
    [
      'tunnel-group a type ipsec-l2l',
      'tunnel-group a ipsec-attributes',
      ' ikev2 local-authentication pre-shared-key *****',
    ],
  ],
  ['nonsense', []],
] as const;

for (const [filter, lines] of filters) {
  test(`show running-config ${filter}`, () => {
    const text = showRunning(shown, filter.split(' '));
    assert.deepEqual(text === '' ? [] : text.trimEnd().split('\n'), lines);
  });
}

test('show running-config all has the defaults', () => {
  assert.ok(!showRunning(shown, []).includes('sysopt'));
  assert.match(showRunning(shown, ['all']), /^sysopt connection tcpmss 1380$/m);
  assert.match(showRunning(shown, ['all', 'tunnel-group', 'ab']), /^ isakmp keepalive threshold 10 retry 2$/m);
});

test('a hub of hundreds of spokes loads and prints', () => {
  const spokes = Array.from({ length: 400 }, (_, i) => {
    const peer = `10.${1 + (i >> 8)}.${i & 255}.1`;
    return [
      `interface Tunnel${i}\n nameif T${i}\n ip address 172.16.${i >> 7}.${(i & 127) * 2} 255.255.255.254`,
      ` tunnel source interface outside\n tunnel destination ${peer}\n tunnel mode ipsec ipv4`,
      `tunnel-group ${peer} type ipsec-l2l\ntunnel-group ${peer} ipsec-attributes`,
      ' ikev2 remote-authentication pre-shared-key cisco\n ikev2 local-authentication pre-shared-key cisco',
      `router bgp 1\n address-family ipv4 unicast\n  neighbor 172.16.${i >> 7}.${(i & 127) * 2 + 1} remote-as 1`,
    ].join('\n');
  });
  const text = `interface Gi0/0\n nameif outside\n no shutdown\n${spokes.join('\n')}\n`;
  const hub = clean(text);
  assert.deepEqual([hub.tunnelGroups.length, hub.bgp?.neighbors.length], [400, 400]);
  assert.ok(printAsa(hub).length > 50_000);
});
