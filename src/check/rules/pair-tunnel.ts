/** The two ends of a tunnel: modes, addresses, VRFs, sizes and GRE. */
import { Prefix } from '../../base/index.ts';
import type { Found, Rule } from '../rule.ts';
import { isDiagnosed, type TunnelEnd, type TunnelPair } from '../tunnel-pair.ts';
import { ofBoth } from './pair-ike.ts';

type Both = TunnelPair & Readonly<{ far: TunnelEnd }>;

const isStatic = ({ far }: Both): boolean => far.tunnel.kind === 'tunnel';

function kindOf({ device, tunnel }: TunnelEnd): 'gre' | 'ipsec' {
  const { mode, greMode } = tunnel.tunnel ?? {};
  return greMode !== undefined || (mode === undefined && device.model.dialect === 'iosxe') ? 'gre' : 'ipsec';
}

function modes(both: Both): readonly Found[] {
  const { near, far } = both;
  if (!isStatic(both) || kindOf(near) === kindOf(far)) return [];
  return [
    {
      message: `the tunnel is ${kindOf(near)} at ${near.device.name} and ${kindOf(far)} at ${far.device.name}`,
      lines: [near.device.lineOf(near.tunnel.written, 'mode'), far.device.lineOf(far.tunnel.written, 'mode')],
    },
  ];
}

function greKeys(both: Both): readonly Found[] {
  const { near, far } = both;
  if (!isStatic(both) || kindOf(near) !== 'gre' || kindOf(far) !== 'gre') return [];
  const [ours, theirs] = [near.tunnel.tunnel?.gre, far.tunnel.tunnel?.gre];
  if (ours?.key === theirs?.key) return [];
  return [
    {
      message: `tunnel key is ${ours?.key ?? 'not set'} at ${near.device.name} and ${theirs?.key ?? 'not set'} at ${far.device.name}: each drops what the other sends`,
      lines: [near.device.lineOf(near.tunnel.written, 'greKey'), far.device.lineOf(far.tunnel.written, 'greKey')],
    },
  ];
}

function protection(both: Both): readonly Found[] {
  const { near, far } = both;
  if (!isStatic(both)) return [];
  const [ours, theirs] = [near.tunnel.tunnel?.profile, far.tunnel.tunnel?.profile];
  if ((ours === undefined) === (theirs === undefined)) return [];
  const bare = ours === undefined ? near : far;
  return [
    {
      message: `${bare.device.name} does not protect its end of the tunnel (tunnel protection), the other end does`,
      lines: [
        bare.device.lineOf(bare.tunnel.written),
        (bare === near ? far : near).device.lineOf((bare === near ? far : near).tunnel.written, 'profile'),
      ],
    },
  ];
}

function subnets(both: Both): readonly Found[] {
  const { near, far } = both;
  if (!isStatic(both)) return [];
  const own = ({ tunnel }: TunnelEnd) =>
    tunnel.addresses.filter(({ address }) => !address.isLinkLocal && address.family === 4);
  const [a, b] = [own(near)[0], own(far)[0]];
  if (a === undefined || b === undefined) return [];
  const lines = [
    near.device.lineOf(near.tunnel.written, 'addresses'),
    far.device.lineOf(far.tunnel.written, 'addresses'),
  ];
  if (a.address.equals(b.address)) {
    return [{ severity: 'error', message: `both ends of the tunnel have the address ${a.address}`, lines }];
  }
  const [left, right] = [new Prefix(a.address, a.length), new Prefix(b.address, b.length)];
  if (left.contains(b.address) && right.contains(a.address)) {
    if (a.length === b.length) return [];
    return [
      {
        severity: 'warning',
        message: `the mask of the tunnel is /${a.length} at ${near.device.name} and /${b.length} at ${far.device.name}`,
        lines,
      },
    ];
  }
  return [
    {
      message: `the tunnel has ${a.address}/${a.length} at ${near.device.name} and ${b.address}/${b.length} at ${far.device.name}: the two are not in one subnet`,
      lines,
    },
  ];
}

function mtus(both: Both): readonly Found[] {
  const { near, far } = both;
  const [ours, theirs] = [near.tunnel.mtu, far.tunnel.mtu];
  if (!isStatic(both) || ours === undefined || theirs === undefined || ours === theirs) return [];
  return [
    {
      message: `the tunnel takes packets of ${ours} bytes at ${near.device.name} and of ${theirs} at ${far.device.name}`,
      lines: [near.device.lineOf(near.tunnel.written, 'mtu'), far.device.lineOf(far.tunnel.written, 'mtu')],
    },
  ];
}

function families(both: Both): readonly Found[] {
  const { near, far } = both;
  if (kindOf(near) === 'gre') return [];
  const carried = ({ device, tunnel }: TunnelEnd): readonly number[] =>
    [4, 6].filter(
      (family) =>
        tunnel.kind === 'virtual-template' ||
        (family === 6 && tunnel.ipv6Enabled) ||
        device.index.addresses(tunnel).some(({ address }) => address.family === family),
    );
  const [ours, theirs] = [carried(near), carried(far)];
  if (ours.length === 0 || theirs.length === 0 || ours.some((one) => theirs.includes(one))) return [];
  return [
    {
      message: `the tunnel carries IPv${ours.join(' and IPv')} at ${near.device.name} and IPv${theirs.join(' and IPv')} at ${far.device.name}: no selector fits both`,
      lines: [near.device.lineOf(near.tunnel.written, 'addresses'), far.device.lineOf(far.tunnel.written, 'addresses')],
    },
  ];
}

function wayBack({ near, far, farDevice, fabric }: TunnelPair): readonly Found[] {
  const { address } = near;
  if (far !== undefined || farDevice === undefined || address === undefined) return [];
  if (isDiagnosed({ near, fabric, farDevice })) return [];
  // A tunnel of the other end that leads elsewhere on this device is what is meant.
  const stray = farDevice.model.interfaces.find(
    ({ kind, tunnel }) =>
      kind === 'tunnel' &&
      tunnel?.destination !== undefined &&
      fabric.owners(tunnel.destination).some(({ device }) => device === near.device),
  );
  // Behind a NAT it has another address there, and no device that is known has that one.
  const isTranslated = farDevice.model.interfaces.some(
    ({ tunnel }) => tunnel?.destination !== undefined && fabric.owners(tunnel.destination).length === 0,
  );
  if (stray === undefined && isTranslated && !fabric.isClosed) return [];
  const lines = [near.device.lineOf(near.tunnel.written, 'destination')];
  if (near.tunnel.written.attributes['source'] !== undefined)
    lines.push(near.device.lineOf(near.tunnel.written, 'source'));
  if (stray !== undefined) lines.push(farDevice.lineOf(stray.written, 'destination'));
  const what = stray === undefined ? 'has nothing that answers it' : `leads its ${stray.name} to another address`;
  return [
    {
      message: `${near.tunnel.name} of ${near.device.name} comes from ${address}, and ${farDevice.name} ${what}`,
      lines,
    },
  ];
}

function unknownDestination({ near, farDevice, fabric }: TunnelPair): readonly Found[] {
  const destination = near.tunnel.tunnel?.destination;
  if (destination === undefined || farDevice !== undefined || isDiagnosed({ near, fabric })) return [];
  return [
    {
      ...(fabric.isClosed ? { severity: 'error' as const } : {}),
      message: `no device that is known has the address ${destination} that ${near.tunnel.name} of ${near.device.name} leads to`,
      lines: [near.device.lineOf(near.tunnel.written, 'destination')],
    },
  ];
}

const both = (find: (pair: Both) => readonly Found[], diagnosedToo = true) => ofBoth(find, { diagnosedToo });

export const pairTunnelRules: readonly Rule[] = [
  {
    id: 'tunnel-modes-differ',
    family: 'tunnel',
    severity: 'error',
    claim: 'One end of a tunnel is GRE and the other plain IPsec',
    explanation: 'A router takes `gre ip` where no `tunnel mode` is written. Write the same mode at both ends.',
    example: 'interface Tunnel0\n tunnel mode ipsec ipv4\n! and at the other end nothing, or\n tunnel mode gre ip',
    check: both(modes),
  },
  {
    id: 'gre-key-mismatch',
    family: 'tunnel',
    severity: 'error',
    claim: 'The GRE keys of two ends differ',
    explanation: 'A receiver drops packets whose key is not its own (RFC 2890 section 2.1).',
    check: both(greKeys),
  },
  {
    id: 'one-end-unprotected',
    family: 'tunnel',
    severity: 'error',
    claim: 'One end of a tunnel is protected by IPsec and the other is not',
    explanation:
      'Cleartext is dropped by the protected end, and nobody answers its IKE. Add `tunnel protection ipsec profile`.',
    check: both(protection, false),
  },
  {
    id: 'tunnel-subnet-mismatch',
    family: 'tunnel',
    severity: 'warning',
    claim: 'The tunnel addresses of two ends are not in one subnet',
    explanation:
      'Neither end has a connected route to the other: BGP and next hops fail unless host routes are written for them.',
    check: both(subnets),
  },
  {
    id: 'tunnel-mtus-differ',
    family: 'tunnel',
    severity: 'warning',
    claim: 'The two ends of a tunnel have different `ip mtu`',
    explanation:
      'Packets that one end takes whole are cut or refused at the other. `wheelwright explain mtu` works out the right number.',
    check: both(mtus),
  },
  {
    id: 'selectors-mismatch',
    family: 'tunnel',
    severity: 'error',
    claim: 'The two ends of a tunnel carry nothing in common',
    explanation:
      'CREATE_CHILD_SA or IKE_AUTH ends with TS_UNACCEPTABLE (RFC 7296 section 2.9): one end carries IPv4 only and the other IPv6 only.',
    check: both(families, false),
  },
  {
    id: 'tunnel-source-address',
    family: 'tunnel',
    severity: 'error',
    claim: 'The other end expects the tunnel from another address',
    explanation: 'Each end must name as destination what the other has as source (or what a NAT makes of it).',
    check: { over: 'pair', find: wayBack },
  },
  {
    id: 'tunnel-destination-unknown',
    family: 'tunnel',
    severity: 'note',
    claim: 'No device that was given has the address that a tunnel leads to',
    explanation:
      'Give the configuration of the other end as well to have the pair checked. With a whole topology and no NAT in it the address is wrong.',
    check: { over: 'pair', find: unknownDestination },
  },
];
