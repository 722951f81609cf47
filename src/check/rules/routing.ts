/** Sessions between two devices of any dialect and table, and what only the whole fabric shows. */
import { type IpAddress, Prefix } from '../../base/index.ts';
import type { BgpNeighborModel } from '../../config/index.ts';
import type { DeviceView, Session } from '../device-view.ts';
import type { FabricView } from '../fabric-view.ts';
import type { Check, Found, Rule } from '../rule.ts';

type Ends = Readonly<{
  near: DeviceView;
  far: DeviceView;
  ours: Session;
  theirs: Session | undefined;
  fabric: FabricView;
}>;

/** Sessions with an end that is not an ASA: those between two ASAs are diagnosed by `explain`. */
function* sessions(fabric: FabricView): Generator<Ends> {
  for (const near of fabric.devices) {
    for (const ours of near.sessions) {
      const far = fabric.behind(near, ours);
      if (far === undefined || (near.model.dialect === 'asa' && far.model.dialect === 'asa')) continue;
      const theirs = far.sessions.find((one) => fabric.behind(far, one) === near);
      yield { near, far, ours, theirs, fabric };
    }
  }
}

function over(find: (ends: Ends) => Found | undefined): Check {
  return {
    over: 'fabric',
    find: (fabric) => {
      const found: Found[] = [];
      for (const ends of sessions(fabric)) {
        const one = find(ends);
        if (one !== undefined) found.push(one);
      }
      return found;
    },
  };
}

const asnOf = ({ model }: DeviceView, { localAsn }: BgpNeighborModel): number | undefined => localAsn ?? model.bgp?.asn;

const lineOf = (device: DeviceView, { written }: BgpNeighborModel, attribute = 'remoteAsn') =>
  device.lineOf(written, written.attributes[attribute] === undefined ? 'remoteAsn' : attribute);

function asMismatch({ near, far, ours, theirs }: Ends): Found | undefined {
  if (theirs === undefined || ours.neighbor.remoteAsn === undefined) return undefined;
  const asn = asnOf(far, theirs.neighbor);
  if (asn === undefined || asn === ours.neighbor.remoteAsn) return undefined;
  return {
    message: `${near.name} takes ${ours.neighbor.address} for AS ${ours.neighbor.remoteAsn}, and ${far.name} is AS ${asn}`,
    lines: [
      lineOf(near, ours.neighbor),
      far.model.bgp === undefined ? lineOf(far, theirs.neighbor) : far.lineOf(far.model.bgp.written),
    ],
  };
}

function missing({ near, far, ours, theirs }: Ends): Found | undefined {
  if (theirs !== undefined || ours.neighbor.shutdown) return undefined;
  const own = near.model.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address));
  const ranges = [
    ...(far.model.bgp?.listenRanges ?? []),
    ...(far.model.bgp?.vrfs ?? []).flatMap((one) => one.listenRanges ?? []),
  ];
  const isTaken = (prefix: Prefix): boolean => own.some((address) => prefix.contains(address));
  if (ranges.some(({ prefix }) => isTaken(prefix))) return undefined;
  const lines = [lineOf(near, ours.neighbor)];
  if (far.model.bgp !== undefined) lines.push(far.lineOf(far.model.bgp.written));
  const what = far.model.bgp === undefined ? 'runs no BGP' : 'has no neighbor for it';
  return { message: `${near.name} speaks BGP with ${ours.neighbor.address}, and ${far.name} ${what}`, lines };
}

function passwords({ near, far, ours, theirs }: Ends): Found | undefined {
  if (theirs === undefined || near.name > far.name) return undefined;
  const [a, b] = [ours.neighbor.password, theirs.neighbor.password];
  if (a === b || (a !== undefined && b !== undefined && a.equals(b))) return undefined;
  const what =
    a !== undefined && b !== undefined
      ? 'have different passwords'
      : `: only ${a === undefined ? far.name : near.name} has a password`;
  return {
    message: `${near.name} and ${far.name} ${what} for their session`.replace(' :', ':'),
    lines: [lineOf(near, ours.neighbor, 'password'), lineOf(far, theirs.neighbor, 'password')],
  };
}

function activation({ near, far, ours, theirs }: Ends): Found | undefined {
  if (theirs === undefined || near.name > far.name) return undefined;
  const families = ({ neighbor }: Session): readonly string[] => [
    ...([4, 6] as const).filter((family) => neighbor.families[family]?.activate === true).map((one) => `IPv${one}`),
    ...(neighbor.evpn?.activate === true ? ['EVPN'] : []),
  ];
  const [a, b] = [families(ours), families(theirs)];
  if (a.some((one) => b.includes(one))) return undefined;
  const said = (all: readonly string[]): string => all.join(', ') || 'nothing';
  return {
    message: `${near.name} activates ${said(a)} and ${far.name} ${said(b)}: the session has no address family in common`,
    lines: [lineOf(near, ours.neighbor), lineOf(far, theirs.neighbor)],
  };
}

function notConnected({ near, ours }: Ends): Found | undefined {
  const { neighbor } = ours;
  const isExternal = neighbor.remoteAsn !== undefined && neighbor.remoteAsn !== asnOf(near, neighbor);
  if (
    !isExternal ||
    (neighbor.ebgpMultihop ?? 1) > 1 ||
    neighbor.disableConnectedCheck ||
    neighbor.ttlSecurityHops !== undefined
  )
    return undefined;
  const isConnected = near.model.interfaces.some((one) =>
    near.index.addresses(one).some(({ address, length }) => new Prefix(address, length).contains(neighbor.address)),
  );
  if (isConnected) return undefined;
  return {
    message: `${near.name} has no subnet with its external neighbor ${neighbor.address}, and no ebgp-multihop`,
    lines: [lineOf(near, neighbor)],
  };
}

function holdTimes({ near, far, ours, theirs }: Ends): Found | undefined {
  if (theirs === undefined) return undefined;
  const [a, b] = [ours.neighbor.timers ?? near.model.bgp?.timers, theirs.neighbor.timers ?? far.model.bgp?.timers];
  if (a === undefined || b === undefined || b.holdMs === 0 || b.holdMs >= a.minimumHoldMs) return undefined;
  return {
    message: `${near.name} takes no hold time below ${a.minimumHoldMs / 1000} s, and ${far.name} offers ${b.holdMs / 1000} s`,
    lines: [lineOf(near, ours.neighbor, 'timers'), lineOf(far, theirs.neighbor, 'timers')],
  };
}

/** Addresses, names and router ids that two devices both have. */
function twice(
  fabric: FabricView,
  of: (device: DeviceView) => readonly (readonly [string, () => Found['lines'][number]])[],
  say: (key: string, a: DeviceView, b: DeviceView) => string,
): Found[] {
  const first = new Map<string, readonly [DeviceView, () => Found['lines'][number]]>();
  const found: Found[] = [];
  for (const device of fabric.devices) {
    for (const [key, line] of of(device)) {
      const known = first.get(key);
      if (known === undefined) first.set(key, [device, line]);
      else if (known[0] !== device) found.push({ message: say(key, known[0], device), lines: [known[1](), line()] });
    }
  }
  return found;
}

function tunnelAddresses(fabric: FabricView): readonly Found[] {
  const keyOf = (address: IpAddress, to: IpAddress | undefined): string => `${address} toward ${to}`;
  return twice(
    fabric,
    (device) =>
      device.model.interfaces.flatMap((one) =>
        one.kind !== 'tunnel' || one.tunnel?.destination === undefined
          ? []
          : one.addresses
              .filter(({ address }) => !address.isLinkLocal)
              .map(
                ({ address }) =>
                  [keyOf(address, one.tunnel?.destination), () => device.lineOf(one.written, 'addresses')] as const,
              ),
      ),
    (key, a, b) => `tunnels of ${a.name} and ${b.name} have the same address ${key}`,
  );
}

function outerAddresses(fabric: FabricView): readonly Found[] {
  return twice(
    fabric,
    (device) =>
      device.model.interfaces.flatMap((source) => {
        const isSource = device.model.interfaces.some(
          ({ tunnel }) =>
            tunnel?.sourceInterface !== undefined && device.index.interface(tunnel.sourceInterface) === source,
        );
        if (!isSource || source.kind !== 'ethernet') return [];
        return source.addresses
          .filter(({ address }) => !address.isLinkLocal)
          .map(({ address }) => [`${address}`, () => device.lineOf(source.written, 'addresses')] as const);
      }),
    (key, a, b) => `${a.name} and ${b.name} both send their tunnels from ${key}`,
  );
}

function routerIds(fabric: FabricView): readonly Found[] {
  return twice(
    fabric,
    (device) => {
      const { bgp } = device.model;
      return bgp?.routerId === undefined ? [] : [[`${bgp.routerId}`, () => device.lineOf(bgp.written, 'routerId')]];
    },
    (key, a, b) => `${a.name} and ${b.name} both have the BGP router id ${key}`,
  );
}

export const routingRules: readonly Rule[] = [
  {
    id: 'as-mismatch',
    family: 'routing',
    severity: 'error',
    claim: 'A neighbor is of another AS than `remote-as` says',
    explanation:
      'The OPEN message is answered with Bad Peer AS (RFC 4271 section 6.2). Correct `remote-as`, or the AS of the other end.',
    example: 'router bgp 65001\n neighbor 172.16.1.253 remote-as 65009',
    check: over(asMismatch),
  },
  {
    id: 'neighbor-missing',
    family: 'routing',
    severity: 'error',
    claim: 'The other end has no neighbor for this one',
    explanation:
      'Connections from who is no neighbor are refused. Write `neighbor A remote-as N` at the other end, or a listen range that has the address.',
    check: over(missing),
  },
  {
    id: 'password-mismatch',
    family: 'routing',
    severity: 'error',
    claim: 'The two ends of a session have different passwords',
    explanation:
      'Segments with a wrong MD5 signature are dropped silently (RFC 2385): the session stays in Active. Passwords are never printed here.',
    check: over(passwords),
  },
  {
    id: 'not-activated',
    family: 'routing',
    severity: 'error',
    claim: 'The two ends of a session have no address family in common',
    explanation:
      'The session comes up, if at all, and carries no route. Write `neighbor A activate` in the same address family at both ends.',
    check: over(activation),
  },
  {
    id: 'not-directly-connected',
    family: 'routing',
    severity: 'error',
    claim: 'An external neighbor is not on a connected subnet',
    explanation:
      'External sessions are for connected neighbors unless `ebgp-multihop` or `disable-connected-check` says otherwise.',
    check: over(notConnected),
  },
  {
    id: 'hold-time-refused',
    family: 'routing',
    severity: 'error',
    claim: 'One end offers a hold time that the other does not take',
    explanation:
      'The OPEN message is answered with Unacceptable Hold Time (RFC 4271 section 6.2). Bring the minimum and the timers together.',
    check: over(holdTimes),
  },
  {
    id: 'tunnel-address-twice',
    family: 'routing',
    severity: 'error',
    claim: 'Two devices have the same tunnel address toward one hub',
    explanation: 'Each takes the routes and the session of the other. Give every spoke an address of its own.',
    check: { over: 'fabric', find: tunnelAddresses },
  },
  {
    id: 'outer-address-twice',
    family: 'routing',
    severity: 'warning',
    claim: 'Two devices send their tunnels from the same address',
    explanation:
      'Behind different NATs that can be right; on one network it is not. Peers can not tell the two apart by address.',
    check: { over: 'fabric', find: outerAddresses },
  },
  {
    id: 'router-id-twice',
    family: 'routing',
    severity: 'warning',
    claim: 'Two devices have the same BGP router id',
    explanation:
      'A session between the two is refused (RFC 4271 section 6.2), and reflectors drop routes as their own (RFC 4456 section 8).',
    check: { over: 'fabric', find: routerIds },
  },
];
