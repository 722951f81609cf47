/** One end of a link as an IOS-XE router. */

import { Prefix } from '../base/index.ts';
import { type DeviceModel, type IdentityMatch, type InterfaceModel, iosxeDefaults } from '../config/index.ts';
import { bgpEnd } from './bgp-end.ts';
import type { Report } from './fault.ts';
import type { EspOffer, Identity, Link } from './link.ts';
import { bare, isBorrowed, loopbackAddresses, NOWHERE, routesOf } from './underlay.ts';

const OUTSIDE = 'GigabitEthernet0/0';
const INSIDE = 'GigabitEthernet0/1';
const LOOPBACK = 'Loopback1';
const NAME = 'VPN';
/** Transform sets that a profile takes. */
const MOST_SETS = 6;

export function iosxeEnd(link: Link, report: Report): DeviceModel | undefined {
  const { own, peer, routing, vrf, frontVrf, dpd } = link;
  const names = { outside: OUTSIDE, inside: INSIDE, loopback: LOOPBACK, tunnel: link.tunnel };
  const sets = link.esp.flatMap(alone);
  if (sets.length > MOST_SETS)
    report.note(`a profile takes ${MOST_SETS} transform sets: the last ${sets.length - MOST_SETS} are left out`);
  const espProposals = sets.slice(0, MOST_SETS).map((one, index) => ({
    name: sets.length === 1 ? NAME : `${NAME}${index + 1}`,
    encryption: one.encryption,
    integrity: one.integrity,
    mode: link.transport ? ('transport' as const) : ('tunnel' as const),
    ...(one.esn ? { esn: true } : {}),
    written: NOWHERE,
  }));
  const ikeProposals = link.ike.map((one, index) => ({
    name: link.ike.length === 1 ? NAME : `${NAME}${index + 1}`,
    ...one,
    written: NOWHERE,
  }));
  const { identity } = own;
  const isItsAddress = identity.kind === 'address' && identity.address.equals(own.outer);
  const front = { kind: 'vrf', vrf: frontVrf } as const;
  return {
    ...iosxeDefaults.emptyIosxeModel(own.name),
    vrfs: [...new Set([vrf, frontVrf])]
      .filter((name) => name !== '')
      .map((name) => ({ name, families: [4, 6] as const, routeTargets: [], written: NOWHERE })),
    interfaces: interfacesOf(link),
    ikeProposals,
    ikeSelections: [
      {
        name: NAME,
        frontVrf: front,
        localAddresses: [],
        proposals: ikeProposals.map(({ name }) => name),
        written: NOWHERE,
      },
    ],
    keyrings: [
      {
        name: NAME,
        peers: [
          {
            name: peer.name,
            address: Prefix.host(peer.seen),
            identities: [],
            localKey: own.key,
            // One key for both ways is one line.
            remoteKey: own.key.equals(peer.key) ? own.key : peer.key,
            written: NOWHERE,
          },
        ],
        written: NOWHERE,
      },
    ],
    ikeProfiles: [
      {
        name: NAME,
        ...(frontVrf === '' ? {} : { frontVrf: front }),
        localAddresses: [],
        remoteIdentities: [matchOf(peer.identity)],
        certificateMaps: [],
        ...(isItsAddress ? {} : { localIdentity: identity }),
        localAuthentication: 'pre-share',
        remoteAuthentications: ['pre-share'],
        keyring: NAME,
        trustpoints: [],
        ...(dpd === undefined ? {} : { dpd }),
        lifetimeMs: link.ikeLifetimeMs ?? iosxeDefaults.IKE_LIFETIME_MS,
        ...(link.peerIsHub ? { authorization: { list: NAME, policy: iosxeDefaults.DEFAULT } } : {}),
        configExchange: { request: true, setAccept: true, setSend: true },
        forceEncapsulation: false,
        initialContactForce: false,
        shutdown: false,
        written: NOWHERE,
      },
    ],
    espProposals,
    ipsecProfiles: [
      {
        name: NAME,
        proposals: espProposals.map(({ name }) => name),
        ...(link.pfsGroup === undefined ? {} : { pfsGroup: link.pfsGroup }),
        lifetimeMs: link.childLifetimeMs,
        lifetimeBytes: link.childLifetimeBytes,
        responderOnly: false,
        ikeProfile: NAME,
        replayWindow: link.replayWindow,
        written: NOWHERE,
      },
    ],
    staticRoutes: routesOf(link, names),
    // Families are switched on by name, for neighbours of IPv6 exchange no IPv4 unless they are told to.
    ...(routing === undefined ? {} : { bgp: { ...bgpEnd(link, routing, LOOPBACK), ipv4ByDefault: false } }),
  };
}

/** A transform set has one cipher and one hash. */
function alone({ encryption, integrity, esn }: EspOffer): readonly EspOffer[] {
  return encryption.flatMap((cipher) =>
    (integrity.length === 0 ? [[]] : integrity.map((id) => [id])).map((hash) => ({
      encryption: [cipher],
      integrity: hash,
      esn,
    })),
  );
}

function matchOf(identity: Identity): IdentityMatch {
  if (identity.kind === 'address') return { kind: 'address', prefix: Prefix.host(identity.address) };
  if (identity.kind === 'key-id') return { kind: 'key-id', text: identity.text };
  return { kind: identity.kind, name: identity.text, domain: false };
}

function interfacesOf(link: Link): readonly InterfaceModel[] {
  const { own, peer, tunnel, mode, gre, vrf, frontVrf } = link;
  const lent = loopbackAddresses(link);
  const borrowed = own.inner.filter(isBorrowed);
  const isIpv6 = own.inner.some(({ address }) => address.family === 6);
  return [
    {
      ...bare(OUTSIDE, 'ethernet'),
      vrf: frontVrf,
      addresses: [{ address: own.outer, length: own.outerLength ?? own.outer.bits }],
    },
    ...((own.lans ?? []).length > 0 ? [{ ...bare(INSIDE, 'ethernet'), vrf, addresses: own.lans ?? [] }] : []),
    ...(lent.length > 0 ? [{ ...bare(LOOPBACK, 'loopback'), vrf, addresses: lent }] : []),
    {
      ...bare(tunnel, 'tunnel'),
      vrf,
      ipv6Enabled: isIpv6 && borrowed.some(({ address }) => address.family === 6),
      addresses: own.inner.filter((one) => !isBorrowed(one)),
      unnumbered: Object.fromEntries(borrowed.map(({ address }) => [address.family, LOOPBACK])),
      ...(link.mtu === undefined ? {} : { mtu: link.mtu }),
      ...(link.clampMss === undefined ? {} : { clampMss: link.clampMss }),
      tunnel: {
        sourceInterface: OUTSIDE,
        destination: peer.seen,
        ...(gre === undefined ? { mode } : { greMode: mode, gre }),
        ...(frontVrf === '' ? {} : { frontVrf }),
        profile: NAME,
      },
    },
  ];
}
