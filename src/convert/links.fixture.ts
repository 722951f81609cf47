/** Tunnels for tests: of any suite, addresses and routing, said by either dialect, and run against their peer in a lab. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { at, IpAddress, Prefix, SecretKey, utf8 } from '../base/index.ts';
import {
  type DeviceModel,
  type DialectName,
  formatDiagnostic,
  loadConfiguration,
  printConfiguration,
} from '../config/index.ts';
import {
  GatewayNode,
  gatewayDevices,
  Lab,
  labStatus,
  loadTopology,
  resolvePorts,
  whyNotConverged,
} from '../lab/index.ts';
import { narrow } from './abilities.ts';
import { asaEnd } from './asa-end.ts';
import { Report } from './fault.ts';
import { iosxeEnd } from './iosxe-end.ts';
import type { Interfacing, Link } from './link.ts';

export const ip = (text: string): IpAddress => {
  const parsed = IpAddress.parse(text);
  assert.ok(parsed, text);
  return parsed;
};

export const interfacing = (text: string): Interfacing => {
  const [address = '', length = ''] = text.split('/');
  return { address: ip(address), length: Number(length) };
};

const key = (text: string): SecretKey => new SecretKey(utf8(text));
const some = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const CIPHERS = [12, 20].flatMap((encr) => [128, 256].map((keyBits) => ({ encr, keyBits })));
const PRF: Readonly<Record<number, number>> = { 2: 2, 12: 5, 13: 6, 14: 7 };
const hash = some([2, 12, 13, 14]);
const group = some([14, 19, 20, 21]);

const ike = fc.record({ cipher: some(CIPHERS), hash, group }).map(({ cipher, hash: id, group: one }) => ({
  encryption: [cipher],
  integrity: cipher.encr === 20 ? [] : [id],
  prf: [PRF[id] ?? 5],
  groups: [one],
}));

const esp = fc
  .record({ cipher: some(CIPHERS), hash })
  .map(({ cipher, hash: id }) => ({ encryption: [cipher], integrity: cipher.encr === 20 ? [] : [id], esn: false }));

/** Own address in the tunnel and the peer's: networks of two hosts, of many, and of IPv6. */
const inner = some<readonly (readonly string[])[]>([
  [['172.16.9.1/30'], ['172.16.9.2/30']],
  [['172.16.9.5/31'], ['172.16.9.4/31']],
  [['172.16.9.7/24'], ['172.16.9.1/24']],
  [
    ['172.16.9.1/30', '2001:db8:9::1/64'],
    ['172.16.9.2/30', '2001:db8:9::2/64'],
  ],
]);

/** A tunnel of `left` to `right`, 10.0.0.1 and 10.0.0.2 outside. */
export const links: fc.Arbitrary<Link> = fc
  .record({
    ike: fc.uniqueArray(ike, { minLength: 1, maxLength: 2, selector: (one) => JSON.stringify(one) }),
    esp: fc.uniqueArray(esp, { minLength: 1, maxLength: 2, selector: (one) => JSON.stringify(one) }),
    inner,
    pfs: fc.option(group, { nil: undefined }),
    window: some([64, 128, 512, 1024]),
    lifetime: some([1800, 3600, 28_800]),
    dpd: fc.option(fc.record({ idle: some([10, 20]), retry: some([2, 5]) }), { nil: undefined }),
    oneKey: fc.boolean(),
    mtu: fc.option(some([1400, 1360]), { nil: undefined }),
    clamp: fc.option(some([1200, 1350]), { nil: undefined }),
    name: fc.option(some(['left.example.net', 'site-a']), { nil: undefined }),
    bgp: some(['none', 'ebgp', 'ibgp', 'loopback']),
    password: fc.boolean(),
    networks: fc.boolean(),
  })
  .map((one): Link => {
    const [own, peer] = one.inner.map((side) => side.map(interfacing));
    assert.ok(own && peer, 'both sides');
    const keepalive = { keepaliveMs: 5000, holdMs: 15_000, minimumHoldMs: 0 };
    const far = ip('10.255.0.2');
    const sessions = own.map(({ address }, index) => ({
      own: address,
      peer: one.bgp === 'loopback' && address.family === 4 ? far : (peer[index]?.address ?? address),
      families: [address.family],
      disableConnectedCheck: false,
      sendCommunity: false,
      ...(one.password ? { password: key('bgp-word') } : {}),
      ...(one.bgp === 'loopback' ? { ebgpMultihop: 2 } : {}),
    }));
    const asns = { asn: 65001, peerAsn: one.bgp === 'ibgp' ? 65001 : 65002 };
    const lans = [interfacing('10.1.1.1/24')];
    return {
      tunnel: 'Tunnel7',
      mode: 4,
      transport: false,
      peerIsHub: false,
      vrf: '',
      frontVrf: '',
      ...(one.mtu === undefined ? {} : { mtu: one.mtu }),
      ...(one.clamp === undefined ? {} : { clampMss: one.clamp }),
      ike: one.ike,
      ikeLifetimeMs: 86_400_000,
      esp: one.esp,
      ...(one.pfs === undefined ? {} : { pfsGroup: one.pfs }),
      childLifetimeMs: one.lifetime * 1000,
      childLifetimeBytes: 4_608_000_000,
      replayWindow: one.window,
      ...(one.dpd === undefined
        ? {}
        : { dpd: { idleMs: one.dpd.idle * 1000, retryMs: one.dpd.retry * 1000, mode: 'on-demand' as const } }),
      ...(one.bgp === 'none' ? {} : { routing: { ...asns, timers: keepalive, sessions } }),
      own: {
        name: 'left',
        outer: ip('10.0.0.1'),
        seen: ip('10.0.0.1'),
        outerLength: 24,
        inner: own,
        identity:
          one.name === undefined ? { kind: 'address', address: ip('10.0.0.1') } : { kind: 'fqdn', text: one.name },
        key: key('left-shows'),
        networks: [],
        lans,
      },
      peer: {
        name: 'right',
        outer: ip('10.0.0.2'),
        seen: ip('10.0.0.2'),
        outerLength: 24,
        inner: peer,
        identity: { kind: 'address', address: ip('10.0.0.2') },
        key: key(one.oneKey ? 'left-shows' : 'right-shows'),
        networks: one.networks && one.bgp === 'none' ? [new Prefix(ip('10.1.2.0'), 24)] : [],
      },
    };
  });

/** The configuration of a link's own end, as its device would have it. */
export function configurationOf(link: Link, dialect: DialectName): string {
  const report = new Report();
  const narrowed = narrow(link, dialect, report);
  const model = narrowed && (dialect === 'asa' ? asaEnd(narrowed, report) : iosxeEnd(narrowed, report));
  assert.ok(model, JSON.stringify(report.faults));
  return printConfiguration(model, { secrets: 'plain' });
}

export function load(text: string, dialect?: DialectName): DeviceModel {
  const { model, diagnostics } = loadConfiguration(text, 'x.cfg', dialect);
  const wrong = diagnostics.filter(({ severity }) => severity !== 'note');
  assert.deepEqual(
    wrong.map((one) => formatDiagnostic(one, text)),
    [],
    text,
  );
  return model;
}

export type Up = Readonly<{ tunnels: number; sessions: number }>;

/** Two devices at one network outside, run until as much is up at both together; says what is not. */
export function runPair(
  devices: readonly [DeviceModel, DeviceModel],
  wanted: Up,
  outside = 'GigabitEthernet0/0',
): string {
  const [left, right] = devices;
  const text = `
topology:
  nodes:
    a: { kind: ${left.dialect}, startup-config: x }
    b: { kind: ${right.dialect}, startup-config: x }
  links:
    - { endpoints: ["a:${outside}", "b:GigabitEthernet0/0"], delay: 5ms }
`;
  const loaded = loadTopology('lab.yaml', (path) => (path === 'x' ? '' : text));
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.error));
  const models = new Map([
    ['a', left],
    ['b', right],
  ]);
  const { topology, diagnostics } = resolvePorts(loaded.value, models);
  assert.deepEqual(diagnostics, []);
  const lab = new Lab(topology, { seed: 1, device: gatewayDevices(models, {}) });
  const gateways = lab.nodes(GatewayNode);
  const isUp = (): boolean => {
    const { tunnelsUp, bgpUp } = labStatus(gateways);
    return tunnelsUp >= wanted.tunnels && bgpUp >= wanted.sessions;
  };
  if (lab.run({ until: isUp, limit: at(60_000) })) return '';
  return `${JSON.stringify(labStatus(gateways))} ${whyNotConverged(gateways, lab.now).join('\n')}`;
}
