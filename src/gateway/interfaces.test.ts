import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, SecretKey } from '../base/index.ts';
import { asaOverhead } from '../esp/index.ts';
import type { ChildSa } from '../ike/index.ts';
import type { PlaneCommand } from '../plane/contract.ts';
import { Rib } from '../routing/index.ts';
import { Tunnels } from '../tunnel/index.ts';
import { Interfaces } from './interfaces.ts';
import { gatewayText, ip, modelOf, prefix } from './model.fixture.ts';
import { ModelIndex } from './model-index.ts';

const TEXT = gatewayText(1, [2]);
const secret = new SecretKey(new Uint8Array(20));

const SA: ChildSa = {
  peer: 'Tunnel2',
  session: 1,
  inboundSpi: 300,
  outboundSpi: 301,
  encr: 20,
  keyBits: 128,
  integ: 0,
  group: 0,
  esn: false,
  mode: 'tunnel',
  inboundKey: secret,
  outboundKey: secret,
  localSelectors: [],
  remoteSelectors: [],
  path: { local: { address: ip('10.0.0.1'), port: 500 }, remote: { address: ip('10.0.0.2'), port: 500 } },
  udpEncapsulation: false,
  replayWindow: 64,
  lifetimeMs: 1000,
  startOutbound: 'now',
  role: 'initiator',
};

class Case {
  readonly commands: PlaneCommand[] = [];
  readonly changes: string[] = [];
  readonly tunnels = new Tunnels();
  readonly interfaces: Interfaces;
  readonly ribs = new Map<string, Rib>();

  constructor(text: string = TEXT, carriers: readonly string[] = ['GigabitEthernet0/0', 'GigabitEthernet0/1']) {
    const index = new ModelIndex(modelOf(text));
    this.interfaces = new Interfaces(
      {
        rib: (vrf) => this.rib(vrf),
        command: (command) => this.commands.push(command),
        changed: ({ name }, up) => this.changes.push(`${name} ${up ? 'up' : 'down'}`),
        gre: () => undefined,
      },
      index,
    );
    this.configure(text);
    for (const name of carriers) this.interfaces.carrier(name, true, at(0));
  }

  rib(vrf = ''): Rib {
    const rib = this.ribs.get(vrf) ?? new Rib(vrf);
    this.ribs.set(vrf, rib);
    return rib;
  }

  configure(text: string): void {
    this.tunnels.configure([
      { kind: 'static', peer: 'Tunnel2', tunnel: 'Tunnel2' },
      { kind: 'access', peer: 'hub', template: 'Virtual-Template1' },
    ]);
    this.interfaces.configure(new ModelIndex(modelOf(text)), (name) => this.tunnels.byName(name), at(1));
  }

  install(sa: ChildSa = SA): void {
    const { tunnel, created } = this.tunnels.install(sa) ?? {};
    assert.ok(tunnel);
    if (created === true) this.interfaces.clone(tunnel, at(2));
    this.interfaces.refresh(tunnel.name, tunnel, at(2));
  }

  remove(spi: number): void {
    const tunnel = this.tunnels.remove(spi);
    assert.ok(tunnel);
    this.interfaces.refresh(tunnel.name, tunnel, at(3));
  }

  isUp(name: string): boolean | undefined {
    return this.interfaces.get(name)?.up;
  }

  mtu(name: string): number | undefined {
    return this.interfaces.get(name)?.mtu;
  }

  /** Prefixes with their kind of route, by an interface. */
  routes(name: string): string[] {
    this.rib().flush(at(5));
    return [...this.rib().routes()]
      .filter(({ candidate }) => candidate.owner === name)
      .map((route) => `${route.candidate.source} ${route.prefix}`);
  }
}

const OUTSIDE = 'GigabitEthernet0/0';
const LINE = ' nameif outside\n security-level 0\n ip address 10.0.0.1 255.255.255.0\n no shutdown\n';

const physical = [
  { name: 'all there', lines: LINE, carriers: [OUTSIDE], up: true },
  { name: 'no carrier', lines: LINE, carriers: [], up: false },
  { name: 'shut down', lines: LINE.replace('no shutdown', 'shutdown'), carriers: [OUTSIDE], up: false },
  {
    name: 'IPv6 alone',
    lines: LINE.replace(/ ip address.*\n/, ' ipv6 address 2001:db8::1/64\n'),
    carriers: [OUTSIDE],
    up: true,
  },
  { name: 'link-local alone', lines: LINE.replace(/ ip address.*\n/, ' ipv6 enable\n'), carriers: [OUTSIDE], up: true },
  { name: 'no address', lines: LINE.replace(/ ip address.*\n/, ''), carriers: [OUTSIDE], up: false },
] as const;

for (const { name, lines, carriers, up } of physical) {
  test(`a physical interface is ${up ? 'up' : 'down'}: ${name}`, () => {
    assert.equal(new Case(TEXT.replace(LINE, lines), carriers).isUp(OUTSIDE), up);
  });
}

test('without nameif an interface of an ASA is down; without carrier it waits for it', () => {
  const text = `interface GigabitEthernet0/2\n ip address 10.7.0.1 255.255.255.0\n no shutdown\n!\n${TEXT}`;
  const one = new Case(text, ['GigabitEthernet0/2']);
  assert.equal(one.isUp('GigabitEthernet0/2'), false);
  one.configure(text.replace('interface GigabitEthernet0/2\n', 'interface GigabitEthernet0/2\n nameif dmz\n'));
  assert.equal(one.isUp('GigabitEthernet0/2'), true, 'the carrier was remembered');
  assert.equal(one.interfaces.get('GigabitEthernet0/2')?.since, 1);
  one.interfaces.carrier('GigabitEthernet0/2', false, at(9));
  assert.equal(one.isUp('GigabitEthernet0/2'), false);
  assert.deepEqual(one.changes.slice(-2), ['GigabitEthernet0/2 up', 'GigabitEthernet0/2 down']);
  one.interfaces.carrier('GigabitEthernet9/9', true, at(9));
});

test('a loopback needs no carrier', () => {
  const one = new Case(`interface Loopback1\n nameif lo\n ip address 10.9.0.1 255.255.255.255\n!\n${TEXT}`, []);
  assert.equal(one.isUp('Loopback1'), true);
});

test('a tunnel is up while it has a child SA, and its MTU is what the source leaves after the worst case', () => {
  const one = new Case();
  assert.deepEqual([one.isUp('Tunnel2'), one.mtu('Tunnel2')], [false, 1500]);
  one.install();
  const { worst } = asaOverhead({ encr: 20, integ: 0, outerFamily: 4, udpEncapsulation: false });
  assert.deepEqual([one.isUp('Tunnel2'), one.mtu('Tunnel2')], [true, 1500 - worst]);
  one.install({ ...SA, inboundSpi: 400, outboundSpi: 401, udpEncapsulation: true });
  const natted = asaOverhead({ encr: 20, integ: 0, outerFamily: 4, udpEncapsulation: true }).worst;
  assert.ok(natted > worst);
  assert.equal(one.mtu('Tunnel2'), 1500 - natted);
  one.remove(300);
  assert.equal(one.isUp('Tunnel2'), true);
  one.remove(400);
  assert.equal(one.isUp('Tunnel2'), false);
  assert.deepEqual(one.changes.slice(-2), ['Tunnel2 up', 'Tunnel2 down']);
});

test("the MTU follows the source's, and an MTU of its own goes over it", () => {
  const one = new Case(`mtu outside 1400\n${TEXT}`);
  one.install();
  const { worst } = asaOverhead({ encr: 20, integ: 0, outerFamily: 4, udpEncapsulation: false });
  assert.equal(one.mtu('Tunnel2'), 1400 - worst);
  one.configure(`mtu outside 1300\n${TEXT}`);
  assert.equal(one.mtu('Tunnel2'), 1300 - worst);
});

test('connected and local routes come and go with the line, IPv4 and IPv6', () => {
  const text = TEXT.replace(
    'ip address 10.1.1.1 255.255.255.0',
    'ip address 10.1.1.1 255.255.255.0\n ipv6 address 2001:db8:1::1/64',
  );
  const one = new Case(text);
  const inside = 'GigabitEthernet0/1';
  const all = ['connected 10.1.1.0/24', 'local 10.1.1.1/32', 'connected 2001:db8:1::/64', 'local 2001:db8:1::1/128'];
  assert.deepEqual(one.routes(inside), all);
  one.interfaces.carrier(inside, false, at(3));
  assert.deepEqual(one.routes(inside), []);
  one.interfaces.carrier(inside, true, at(4));
  assert.deepEqual(one.routes(inside), all);
  one.configure(text.replace('ip address 10.1.1.1 255.255.255.0', 'ip address 10.1.7.1 255.255.255.0'));
  assert.deepEqual(one.routes(inside).slice(0, 2), ['connected 10.1.7.0/24', 'local 10.1.7.1/32']);
});

test('an unnumbered tunnel lends its address, and the routes to it stay with the lender', () => {
  const text = `interface Loopback1\n nameif lo\n ip address 10.9.0.1 255.255.255.255\n!\n${TEXT.replace(/ ip address 172\S+ \S+\n/, ' ip unnumbered lo\n')}`;
  const one = new Case(text);
  one.install();
  assert.deepEqual(
    one.interfaces.get('Tunnel2')?.addresses.map(({ address, length }) => `${address}/${length}`),
    ['10.9.0.1/32'],
  );
  assert.equal(one.interfaces.sourceAddress('Tunnel2', 4)?.toString(), '10.9.0.1');
  assert.equal(one.interfaces.sourceAddress('Tunnel2', 6), undefined);
  assert.deepEqual(one.routes('Tunnel2'), []);
  assert.deepEqual(one.routes('Loopback1'), ['connected 10.9.0.1/32']);
  one.configure(text.replace('10.9.0.1', '10.9.0.2'));
  assert.equal(one.interfaces.sourceAddress('Tunnel2', 4)?.toString(), '10.9.0.2', 'borrowed anew');
});

test('the plane is told what it needs and nothing twice', () => {
  const one = new Case();
  one.install();
  const told = one.commands.findLast((command) => command.kind === 'set-interface');
  assert.ok(told?.kind === 'set-interface');
  assert.deepEqual(told.interface.tunnel, { frontVrf: '', df: 'copy', fragmentation: 'before', underlay: OUTSIDE });
  assert.equal(told.interface.clampMss, 1380);
  const count = one.commands.length;
  one.configure(TEXT);
  one.interfaces.carrier(OUTSIDE, true, at(7));
  assert.equal(one.commands.length, count);
  one.configure(`crypto ipsec df-bit clear-df outside\n${TEXT}`);
  const [changed, ...others] = one.commands.slice(count);
  assert.ok(changed?.kind === 'set-interface' && others.length === 0);
  assert.equal(changed.interface.tunnel?.df, 'clear');
});

test('an interface that is gone takes its routes along', () => {
  const one = new Case();
  one.install();
  assert.equal(one.routes('Tunnel2').length, 2);
  one.configure(TEXT.slice(0, TEXT.indexOf('interface Tunnel2')));
  assert.equal(one.interfaces.get('Tunnel2'), undefined);
  assert.deepEqual(one.routes('Tunnel2'), []);
  assert.deepEqual(one.commands.at(-1), { kind: 'remove-interface', name: 'Tunnel2' });
  assert.equal(one.changes.at(-1), 'Tunnel2 down');
  assert.equal(one.rib().installed(prefix('172.16.12.0/24')), undefined);
});

const HUB = `${gatewayText(1, [])}interface Loopback1
 nameif lo
 ip address 172.16.0.1 255.255.255.255
!
interface Virtual-Template 1 type tunnel
 nameif DVTI
 ip unnumbered lo
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
!
`;

test('clones of a template: an interface each, with the MTU of where their packets leave, gone with the template', () => {
  const one = new Case(HUB);
  one.install({ ...SA, peer: 'hub', session: 7 });
  one.install({ ...SA, peer: 'hub', session: 8, inboundSpi: 500 });
  assert.equal(one.interfaces.get('Virtual-Template1'), undefined, 'a template is no interface itself');
  const clone = one.interfaces.get('Virtual-Access1');
  assert.deepEqual([clone?.up, clone?.alias, clone?.kind], [true, 'DVTI_va1', 'virtual-access']);
  assert.equal(one.interfaces.get('Virtual-Access2')?.alias, 'DVTI_va2');
  const { worst } = asaOverhead({ encr: 20, integ: 0, outerFamily: 4, udpEncapsulation: false });
  assert.equal(one.mtu('Virtual-Access1'), 1500 - worst, 'found by the local address');
  one.interfaces.remove('Virtual-Access1', at(9));
  one.interfaces.remove('Virtual-Access1', at(9));
  assert.equal(one.interfaces.get('Virtual-Access1'), undefined);
  one.configure(HUB.slice(0, HUB.indexOf('interface Virtual-Template')));
  assert.equal(one.interfaces.get('Virtual-Access2'), undefined);
});

test('security levels go to the plane: a tunnel has 0 as its template has, a loopback none', () => {
  const text = `${HUB}${TEXT.slice(TEXT.indexOf('interface Tunnel2'))}`;
  const made = new Case(text);
  made.install();
  made.install({ ...SA, peer: 'hub', session: 7, inboundSpi: 500 });
  const levels = new Map<string, number | undefined>();
  for (const command of made.commands) {
    if (command.kind === 'set-interface') levels.set(command.interface.name, command.interface.securityLevel);
  }
  assert.deepEqual(
    [...levels].sort(([a], [b]) => (a < b ? -1 : 1)),
    [
      ['GigabitEthernet0/0', 0],
      ['GigabitEthernet0/1', 100],
      ['Loopback1', undefined],
      ['Tunnel2', 0],
      ['Virtual-Access1', 0],
    ],
  );
  made.commands.length = 0;
  made.configure(text.replace('security-level 100', 'security-level 90'));
  assert.deepEqual(
    made.commands.map((command) => command.kind === 'set-interface' && command.interface.securityLevel),
    [90],
  );
});

test('what passes between levels is told once, and again when it changes', () => {
  const made = new Case();
  const policies = (): unknown[] =>
    made.commands.flatMap((command) => (command.kind === 'set-security-policy' ? [command.policy] : []));
  const first = policies();
  assert.equal(first.length, 1);
  made.configure(TEXT);
  assert.equal(policies().length, 1);
  made.configure(`${TEXT}\nno sysopt connection permit-vpn\nsame-security-traffic permit intra-interface\n`);
  assert.deepEqual(policies().slice(1), [
    { ...(first[0] as object), intraInterface: true, decryptedObeysLevels: true },
  ]);
});
