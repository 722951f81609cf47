/** The two ends of one BGP session, put side by side for the rules. */
import { type Family, IpAddress } from '../base/index.ts';
import type { BgpNeighborSnapshot } from '../bgp/index.ts';
import type { BgpModel, BgpNeighborModel } from '../config/index.ts';
import type { ModelIndex } from '../gateway/index.ts';
import type { Layer, Subject } from './diagnosis.ts';
import { type DeviceEvidence, type Fabric, indexOf } from './evidence.ts';
import { openCase } from './open-case.ts';
import type { Finding, TunnelCase, TunnelEnd } from './tunnel-case.ts';
import { sourceAddress, wayTo } from './ways.ts';

/** One end: absent fields are what its configuration does not have. */
export type BgpEnd = Readonly<{
  device: DeviceEvidence;
  index: ModelIndex;
  bgp?: BgpModel;
  /** Its lines for the other end. */
  neighbor?: BgpNeighborModel;
  /** The session as it stands. */
  session?: BgpNeighborSnapshot;
  /** The address that it speaks from toward the other end. */
  address?: IpAddress;
  /** Its end of the tunnel that the session is to take. */
  link?: TunnelEnd;
}>;

export type BgpCase = Readonly<{
  fabric: Fabric;
  subject: Subject;
  family: Family;
  near: BgpEnd;
  /** Absent: no device that is known is the neighbour. */
  far?: BgpEnd;
  /** The neighbour that the question was about. */
  address: IpAddress;
}>;

/** One idea of what may be wrong with a session: looks at both ends and says so, or says nothing. */
export type BgpRule = (one: BgpCase) => Finding | undefined;

/** Rules of one layer. Those of a session that is up are asked 'always', the others only while it is down. */
export type BgpLayer = Readonly<{ layer: Layer; asked: 'down' | 'always'; rules: readonly BgpRule[] }>;

/** Opens the case of a neighbour by its address; says what is wrong with the question otherwise. */
export function openBgpCase(fabric: Fabric, subject: Readonly<{ device: string; neighbor: string }>): BgpCase | string {
  const device = fabric.get(subject.device);
  if (device === undefined) return `there is no device ${subject.device}`;
  const address = IpAddress.parse(subject.neighbor);
  if (address === undefined) return `${subject.neighbor} is no address of a neighbor`;
  const farDevice = deviceBehind(fabric, device, address);
  const link = linkBetween(fabric, device, farDevice, address);
  const neighbor = device.model.bgp?.neighbors.find((one) => one.address.equals(address));
  const near = endOf(device, neighbor, address, link?.near);
  const common = { fabric, subject, family: address.family, address };
  if (farDevice === undefined) return { ...common, near };
  const back = neighborToward(fabric, farDevice, near, address.family);
  const called = back?.address ?? near.address;
  const farLink = link?.far ?? (called === undefined ? undefined : tunnelOfRoute(fabric, farDevice, called)?.near);
  return { ...common, near, far: endOf(farDevice, back, called, farLink) };
}

export function isEstablished({ near }: BgpCase): boolean {
  return near.session?.state === 'Established';
}

/** Both ends with their opposite, the near one first. */
export function bothWays({ near, far }: BgpCase): readonly Readonly<{ here: BgpEnd; there: BgpEnd | undefined }>[] {
  if (far === undefined) return [{ here: near, there: undefined }];
  return [
    { here: near, there: far },
    { here: far, there: near },
  ];
}

/** Whether an end takes the other for a neighbour in another AS. */
export function isExternal(end: BgpEnd): boolean {
  return end.neighbor?.remoteAsn !== undefined && end.neighbor.remoteAsn !== asnOf(end);
}

/** The AS that an end is toward the other one. */
export function asnOf({ bgp, neighbor }: BgpEnd): number | undefined {
  return neighbor?.localAsn ?? bgp?.asn;
}

/** The address of an end's tunnel interface. */
export function tunnelAddressOf({ link }: BgpEnd, family: Family): IpAddress | undefined {
  return link?.tunnel === undefined ? undefined : link.index.sourceAddress(link.tunnel, family);
}

/** The families in which an end wants to exchange routes. */
export function familiesOf({ neighbor }: BgpEnd): readonly Family[] {
  return ([4, 6] as const).filter((family) => neighbor?.families[family]?.activate === true);
}

function endOf(
  device: DeviceEvidence,
  neighbor: BgpNeighborModel | undefined,
  toward: IpAddress | undefined,
  link: TunnelEnd | undefined,
): BgpEnd {
  const { bgp } = device.model;
  const session = device.snapshot?.bgp?.neighbors.find((one) => neighbor?.address.equals(one.address) === true);
  const end = {
    device,
    index: indexOf(device),
    ...(bgp === undefined ? {} : { bgp }),
    ...(neighbor === undefined ? {} : { neighbor }),
    ...(session === undefined ? {} : { session }),
    ...(link === undefined ? {} : { link }),
  };
  const address = toward === undefined ? undefined : speakingAddress(end, toward);
  return address === undefined ? end : { ...end, address };
}

/** `update-source`, or the address of the interface that the route to the neighbour names, or else of the tunnel. */
function speakingAddress(end: BgpEnd, toward: IpAddress): IpAddress | undefined {
  const { device, index, neighbor, session } = end;
  if (neighbor?.updateSource !== undefined) {
    const source = index.interface(neighbor.updateSource);
    return source === undefined ? undefined : index.sourceAddress(source, toward.family);
  }
  if (session?.state === 'Established' && session.local !== undefined) return session.local.address;
  const way = wayTo(device, toward);
  const direct = way?.interface === undefined ? undefined : sourceAddress(device, way.interface, toward.family);
  return direct ?? tunnelAddressOf(end, toward.family);
}

/** The neighbour's device: the one with the address, else one that has us for a neighbour, else the tunnel's other end. */
function deviceBehind(fabric: Fabric, device: DeviceEvidence, address: IpAddress): DeviceEvidence | undefined {
  const others = [...fabric.values()].filter((one) => one !== device);
  const owner = others.find((one) => has(one, address));
  if (owner !== undefined) return owner;
  const ours = device.model.bgp?.neighbors.filter((one) => one.address.family === address.family) ?? [];
  const waiting = others.filter(
    (one) =>
      one.model.bgp?.neighbors.some((back) => back.address.family === address.family && has(device, back.address)) &&
      !ours.some((known) => has(one, known.address)),
  );
  if (waiting.length === 1) return waiting[0];
  const out = wayTo(device, address)?.interface;
  const found = out === undefined ? undefined : openCase(fabric, { device: device.name, tunnel: out });
  return typeof found === 'object' ? found.far?.device : undefined;
}

type Link = Readonly<{ near: TunnelEnd; far?: TunnelEnd }>;

/** The tunnel that a session between two devices is to take; there may be none. */
function linkBetween(
  fabric: Fabric,
  device: DeviceEvidence,
  other: DeviceEvidence | undefined,
  address: IpAddress,
): Link | undefined {
  const own = tunnelsOf(fabric, device);
  if (other === undefined) {
    const out = wayTo(device, address)?.interface;
    const through = own.find(({ near }) => near.tunnel?.name === out);
    return through ?? tunnelOfRoute(fabric, device, address) ?? (own.length === 1 ? own[0] : undefined);
  }
  const theirs = tunnelsOf(fabric, other).filter(({ far }) => far?.device === device);
  const all: readonly Link[] = [
    ...own.filter(({ far }) => far?.device === other),
    ...theirs.flatMap(({ near, far }) => (far === undefined ? [] : [{ near: far, far: near }])),
  ];
  const isAsked = ({ far }: Link): boolean =>
    far?.tunnel !== undefined && far.index.addresses(far.tunnel).some((one) => one.address.equals(address));
  return all.find(isAsked) ?? all[0] ?? tunnelOfRoute(fabric, device, address);
}

/** The tunnel that a static route to an address is written for, whatever the tunnel is like. */
function tunnelOfRoute(fabric: Fabric, device: DeviceEvidence, address: IpAddress): TunnelCase | undefined {
  const { interfaces, staticRoutes } = device.model;
  const route = staticRoutes.find(({ prefix }) => prefix.isHost && prefix.contains(address));
  const tunnel = interfaces.find(
    ({ kind, name, alias }) =>
      kind === 'tunnel' && route?.interface !== undefined && [name, alias].includes(route.interface),
  );
  const found = tunnel === undefined ? undefined : openCase(fabric, { device: device.name, tunnel: tunnel.name });
  return typeof found === 'object' ? found : undefined;
}

function tunnelsOf(fabric: Fabric, { name, model }: DeviceEvidence): readonly TunnelCase[] {
  return model.interfaces
    .filter(({ kind, tunnel }) => kind === 'tunnel' && tunnel?.destination !== undefined)
    .map((one) => openCase(fabric, { device: name, tunnel: one.name }))
    .filter((one) => typeof one === 'object');
}

/**
 * The lines of a device for the near end: those for the address it speaks from, then those for another of its own, and
 * last those for an address that nobody has and that leads nowhere else.
 */
function neighborToward(
  fabric: Fabric,
  device: DeviceEvidence,
  near: BgpEnd,
  family: Family,
): BgpNeighborModel | undefined {
  const all = device.model.bgp?.neighbors.filter((one) => one.address.family === family) ?? [];
  const fitting = all.filter(({ address }) => has(near.device, address));
  for (const address of [near.address, tunnelAddressOf(near, family)]) {
    const found = fitting.find((one) => address !== undefined && one.address.equals(address));
    if (found !== undefined) return found;
  }
  if (fitting[0] !== undefined) return fitting[0];
  const lost = all.filter(({ address, remoteAsn }) => {
    if (remoteAsn !== near.bgp?.asn || [...fabric.values()].some((one) => has(one, address))) return false;
    const out = wayTo(device, address)?.interface;
    const through = out === undefined ? undefined : openCase(fabric, { device: device.name, tunnel: out });
    return typeof through !== 'object' || through.far?.device === near.device;
  });
  return lost.length === 1 ? lost[0] : undefined;
}

function has({ model }: DeviceEvidence, wanted: IpAddress): boolean {
  return model.interfaces.some(({ addresses }) => addresses.some(({ address }) => address.equals(wanted)));
}
