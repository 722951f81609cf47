/** One end of a link as an ASA. */
import { type DeviceModel, emptyModel, type InterfaceModel } from '../config/index.ts';
import { bgpEnd } from './bgp-end.ts';
import type { Report } from './fault.ts';
import type { Link } from './link.ts';
import { bare, isBorrowed, loopbackAddresses, NOWHERE, routesOf } from './underlay.ts';

const NAMES = { outside: 'outside', inside: 'inside', loopback: 'LOOPBACK', tunnel: 'VTI' } as const;
const PROFILE = 'VTI';
/** Bounds of `isakmp keepalive threshold ... retry`. */
const KEEPALIVE = { threshold: [10_000, 3_600_000], retry: [2_000, 10_000] } as const;

export function asaEnd(link: Link, report: Report): DeviceModel | undefined {
  if (!canBe(link, report)) return undefined;
  const { own, peer, routing } = link;
  const empty = emptyModel(own.identity.kind === 'fqdn' ? own.identity.text : own.name);
  const proposals = link.esp.map((one, index) => ({
    name: link.esp.length === 1 ? 'ESP' : `ESP${index + 1}`,
    encryption: one.encryption,
    integrity: one.integrity,
    written: NOWHERE,
  }));
  const { ikeLifetimeMs: lifetimeMs, dpd } = link;
  const isByAddress = peer.identity.kind === 'address' && peer.identity.address.equals(peer.seen);
  return {
    ...empty,
    interfaces: interfacesOf(link),
    ikeEnabled: [{ interface: NAMES.outside, written: NOWHERE }],
    ikeIdentity:
      own.identity.kind === 'fqdn'
        ? { kind: 'hostname' }
        : own.identity.kind === 'key-id'
          ? { kind: 'key-id', text: own.identity.text }
          : { kind: 'auto' },
    ikePolicies: link.ike.map((one, index) => ({
      priority: 10 * (index + 1),
      ...one,
      ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
      written: NOWHERE,
    })),
    espProposals: proposals,
    ipsecProfiles: [
      {
        name: PROFILE,
        proposals: proposals.map(({ name }) => name),
        ...(link.pfsGroup === undefined ? {} : { pfsGroup: link.pfsGroup }),
        lifetimeMs: link.childLifetimeMs,
        lifetimeBytes: link.childLifetimeBytes,
        responderOnly: false,
        written: NOWHERE,
      },
    ],
    replayWindow: link.replayWindow,
    clampMss: link.clampMss ?? empty.clampMss,
    tunnelGroups: [
      {
        name: peer.seen.toString(),
        type: 'ipsec-l2l',
        localKey: own.key,
        remoteKey: peer.key,
        validateIdentity: isByAddress ? 'required' : 'none',
        ...(dpd === undefined
          ? {}
          : {
              keepalive: {
                thresholdMs: within(dpd.idleMs, KEEPALIVE.threshold, 'DPD interval', report),
                retryMs: within(dpd.retryMs, KEEPALIVE.retry, 'DPD retry', report),
              },
            }),
        routeSetInterface: link.peerIsHub,
        routeAcceptAny: true,
        written: NOWHERE,
      },
    ],
    staticRoutes: routesOf(link, NAMES),
    ...(routing === undefined ? {} : { bgp: bgpEnd(link, routing, NAMES.loopback) }),
  };
}

function canBe({ own, gre, vrf, frontVrf }: Link, report: Report): boolean {
  const count = report.faults.length;
  const no = (message: string, suggestion: string): void => report.fail('not-expressible', message, { suggestion });
  if (gre !== undefined) no('an ASA has no GRE tunnels', 'let both ends say `tunnel mode ipsec ipv4`');
  if (vrf !== '' || frontVrf !== '') no('an ASA has no VRFs here', 'leave out --vrf and --front-vrf');
  const { identity } = own;
  if (identity.kind === 'email')
    no(`an ASA can not call itself ${identity.text}`, 'let the other end expect its address');
  if (identity.kind === 'address' && !identity.address.equals(own.outer))
    no(
      `an ASA calls itself by the address in use, not ${identity.address}`,
      `let the other end expect ${own.outer}, or give it to the ASA with --outside`,
    );
  return report.faults.length === count;
}

function within(value: number, [low, high]: readonly [number, number], what: string, report: Report): number {
  const fits = Math.min(high, Math.max(low, value));
  if (fits !== value)
    report.note(`${what} ${value / 1000} s is not to be had on an ASA: ${fits / 1000} s is the nearest`);
  return fits;
}

function interfacesOf(link: Link): readonly InterfaceModel[] {
  const { own, peer, tunnel, mode } = link;
  const lent = loopbackAddresses(link);
  const borrowed = own.inner.filter(isBorrowed);
  const addresses = own.inner.filter((one) => !isBorrowed(one));
  return [
    {
      ...bare('GigabitEthernet0/0', 'ethernet'),
      alias: NAMES.outside,
      securityLevel: 0,
      addresses: [{ address: own.outer, length: own.outerLength ?? own.outer.bits }],
    },
    ...((own.lans ?? []).length > 0
      ? [
          {
            ...bare('GigabitEthernet0/1', 'ethernet'),
            alias: NAMES.inside,
            securityLevel: 100,
            addresses: own.lans ?? [],
          },
        ]
      : []),
    ...(lent.length > 0 ? [{ ...bare('Loopback1', 'loopback'), alias: NAMES.loopback, addresses: lent }] : []),
    {
      ...bare(tunnel, 'tunnel'),
      alias: NAMES.tunnel,
      addresses,
      unnumbered: Object.fromEntries(borrowed.map(({ address }) => [address.family, NAMES.loopback])),
      ...(link.mtu === undefined ? {} : { mtu: link.mtu }),
      tunnel: { sourceInterface: NAMES.outside, destination: peer.seen, mode, profile: PROFILE },
    },
  ];
}
