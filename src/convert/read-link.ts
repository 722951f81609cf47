/** One tunnel of a configuration as a link: both of its ends, as far as this one tells them. */
import { type Family, type IpAddress, Prefix } from '../base/index.ts';
import type { DeviceModel, InterfaceModel } from '../config/index.ts';
import type { Report } from './fault.ts';
import type { Interfacing, Link } from './link.ts';
import { authenticationOf, ikeOffers, modeOf, protectionOf } from './read-ike.ts';
import { nextHopsThrough, ownNetworks, routedNetworks, routingThrough } from './read-routing.ts';

/** What no configuration of one end tells of the other. */
export type Choices = Readonly<{
  /** Hostname of the peer; otherwise what BGP calls it. */
  name?: string;
  /** Outside address of the peer with its length, where it is not the tunnel's destination or that tells no network. */
  outside?: Interfacing;
  /** Next hop of the peer outside. */
  gateway?: IpAddress;
  /** Where the peer reaches this device, behind a NAT. */
  seenAs?: IpAddress;
  /** The peer's tunnel addresses. */
  tunnelAddresses?: readonly Interfacing[];
  /** Which peer of a virtual template. */
  peer?: IpAddress;
}>;

/** Tunnel interfaces that IPsec protects, in their order. */
export function protectedTunnels(model: DeviceModel): readonly InterfaceModel[] {
  return model.interfaces.filter(({ tunnel, shutdown }) => tunnel?.profile !== undefined && !shutdown);
}

/** Addresses at which peers of a virtual template are known one by one. */
export function templatePeers(model: DeviceModel, one: InterfaceModel): readonly IpAddress[] {
  const number = Number(one.name.replace(/^\D+/, ''));
  const groups = model.tunnelGroups.filter(({ virtualTemplate }) => virtualTemplate === number);
  const named = groups.flatMap(
    ({ name }) => Prefix.parse(`${name}/32`)?.address ?? Prefix.parse(`${name}/128`)?.address ?? [],
  );
  const rings = model.ikeProfiles
    .filter(({ virtualTemplate }) => virtualTemplate === number)
    .map(({ keyring }) => keyring);
  const keyed = model.keyrings
    .filter(({ name }) => rings.includes(name))
    .flatMap(({ peers }) => peers.flatMap(({ address }) => (address?.isHost === true ? [address.address] : [])));
  return [...named, ...keyed];
}

export function readLink(model: DeviceModel, one: InterfaceModel, choices: Choices, report: Report): Link | undefined {
  const at = { position: one.written.start };
  const outer = outerOf(model, one, choices, report);
  const protection = protectionOf(model, one, report);
  if (outer === undefined || protection === undefined) return undefined;
  const { mode, isGre, local, remote, frontVrf } = outer;
  const authentication = authenticationOf(
    model,
    one,
    { ...ikeProfileOf(model, one), local, remote, profile: protection.profile },
    report,
  );
  if (authentication === undefined) return undefined;
  const ike = ikeOffers(model, frontVrf, local);
  if (ike.length === 0) return report.fail('incomplete', `${model.hostname} has no choices for IKE`, at);
  const inner = innerOf(model, one);
  if (inner.length === 0) return report.fail('incomplete', `${one.name} has no address`, at);
  const isTemplate = one.kind === 'virtual-template';
  const routing = routingThrough(model, one, inner, isTemplate, report);
  const peerInner = peerInnerOf(model, one, inner, choices, routing?.sessions.map(({ peer }) => peer) ?? [], report);
  if (peerInner === undefined) return undefined;
  const { profile } = protection;
  const seen = choices.seenAs ?? local;
  const peerOuter = choices.outside?.address ?? remote;
  const description = routing?.description;
  const source = model.interfaces.find(({ addresses }) => addresses.some(({ address }) => address.equals(local)));
  const here = source?.addresses.find(({ address }) => address.equals(local));
  const network = here === undefined ? undefined : new Prefix(here.address, here.length);
  const peerLength = choices.outside?.length ?? (network?.contains(remote) === true ? network.length : undefined);
  const gateway = gatewayOf(model, remote, frontVrf);
  const clampMss =
    one.clampMss ?? (model.dialect === 'asa' && model.clampMss !== ASA_CLAMP ? model.clampMss : undefined);
  return {
    tunnel: one.name.replace('Virtual-Template', 'Tunnel'),
    mode,
    ...(isGre ? { gre: one.tunnel?.gre ?? {} } : {}),
    transport: protection.transport,
    peerIsHub: false,
    vrf: one.vrf,
    frontVrf,
    ...(one.mtu === undefined ? {} : { mtu: one.mtu }),
    ...(clampMss === undefined || clampMss === 0 ? {} : { clampMss }),
    ike,
    ...(authentication.ikeLifetimeMs === undefined ? {} : { ikeLifetimeMs: authentication.ikeLifetimeMs }),
    esp: protection.esp,
    ...(profile.pfsGroup === undefined ? {} : { pfsGroup: profile.pfsGroup }),
    childLifetimeMs: profile.lifetimeMs ?? model.childLifetimeMs,
    childLifetimeBytes: profile.lifetimeBytes ?? model.childLifetimeBytes,
    replayWindow: profile.replayWindow ?? model.replayWindow,
    ...(authentication.dpd === undefined ? {} : { dpd: authentication.dpd }),
    ...(routing === undefined ? {} : { routing: routing.routing }),
    own: {
      name: model.hostname,
      outer: local,
      seen,
      ...(here === undefined ? {} : { outerLength: here.length }),
      ...(gateway === undefined ? {} : { gateway }),
      inner,
      identity: authentication.own,
      key: authentication.ownKey,
      networks: routing === undefined ? ownNetworks(model, one, source) : [],
    },
    peer: {
      name: choices.name ?? description ?? `${model.hostname}-peer`,
      outer: peerOuter,
      seen: remote,
      ...(peerLength === undefined ? {} : { outerLength: peerLength }),
      ...(choices.gateway === undefined ? {} : { gateway: choices.gateway }),
      inner: peerInner,
      identity: authentication.peer ?? { kind: 'address', address: peerOuter },
      key: authentication.peerKey,
      networks: routedNetworks(model, one, [
        ...peerInner.map(({ address }) => address),
        ...(routing?.sessions.map(({ peer }) => peer) ?? []),
      ]),
    },
  };
}

/** What an ASA clamps segments to without being told (`sysopt connection tcpmss`). */
const ASA_CLAMP = 1380;

type Outer = Readonly<{ mode: Family; isGre: boolean; local: IpAddress; remote: IpAddress; frontVrf: string }>;

function outerOf(model: DeviceModel, one: InterfaceModel, choices: Choices, report: Report): Outer | undefined {
  const at = { position: one.written.start };
  const { tunnel } = one;
  const mode = modeOf(model, one);
  if (tunnel === undefined || mode === undefined)
    return report.fail('incomplete', `${one.name} has no tunnel mode`, { ...at, suggestion: 'tunnel mode ipsec ipv4' });
  if (tunnel.policyAccessList !== undefined)
    return report.fail(
      'unsupported',
      `${one.name} protects what ${tunnel.policyAccessList} permits, not all packets`,
      at,
    );
  const source = model.interfaces.find(
    ({ alias, name }) => tunnel.sourceInterface !== undefined && [alias, name].includes(tunnel.sourceInterface),
  );
  const local =
    tunnel.sourceAddress ??
    source?.addresses.find(({ address }) => address.family === mode.mode && !address.isLinkLocal)?.address;
  if (local === undefined) {
    const suggestion = 'give its source interface an address';
    return report.fail('unknown-address', `${one.name} has no address of its own outside`, { ...at, suggestion });
  }
  const remote = tunnel.destination ?? peerOfTemplate(model, one, choices, report);
  if (remote === undefined) return undefined;
  const frontVrf = tunnel.frontVrf ?? (model.dialect === 'asa' ? (source?.vrf ?? '') : '');
  return { ...mode, local, remote, frontVrf };
}

function peerOfTemplate(
  model: DeviceModel,
  one: InterfaceModel,
  { peer }: Choices,
  report: Report,
): IpAddress | undefined {
  const at = { position: one.written.start };
  if (one.kind !== 'virtual-template') return report.fail('incomplete', `${one.name} has no tunnel destination`, at);
  const known = templatePeers(model, one);
  if (peer !== undefined) return peer;
  if (known.length === 1) return known[0];
  const whom = known.length === 0 ? 'any peer' : known.join(', ');
  return report.fail('ambiguous', `${one.name} serves ${whom}`, { ...at, suggestion: 'say which with --peer' });
}

/** The profile that brings peers to a template, where the template does not name it. */
function ikeProfileOf({ ikeProfiles }: DeviceModel, one: InterfaceModel): Readonly<{ ikeProfile?: string }> {
  if (one.kind !== 'virtual-template') return {};
  const found = ikeProfiles.find(({ virtualTemplate }) => `Virtual-Template${virtualTemplate}` === one.name);
  return found === undefined ? {} : { ikeProfile: found.name };
}

/** Own addresses in the tunnel; a borrowed one is that address alone. */
function innerOf(model: DeviceModel, one: InterfaceModel): readonly Interfacing[] {
  const usable = one.addresses.filter(({ address }) => !address.isLinkLocal);
  const borrowed = ([4, 6] as const).flatMap((family) => {
    const lender = one.unnumbered[family];
    if (lender === undefined) return [];
    const known = model.interfaces.find(({ alias, name }) => alias === lender || name === lender);
    const first = known?.addresses.find(({ address }) => address.family === family && !address.isLinkLocal);
    return first === undefined ? [] : [{ address: first.address, length: first.address.bits }];
  });
  return [...usable, ...borrowed];
}

/** The peer's addresses in the tunnel: as told, as BGP and routes say, or the other one of two. */
function peerInnerOf(
  model: DeviceModel,
  one: InterfaceModel,
  inner: readonly Interfacing[],
  { tunnelAddresses }: Choices,
  neighbors: readonly IpAddress[],
  report: Report,
): readonly Interfacing[] | undefined {
  if (tunnelAddresses !== undefined && tunnelAddresses.length > 0) return tunnelAddresses;
  const hints = [...neighbors, ...nextHopsThrough(model, one)];
  const found: Interfacing[] = [];
  for (const { address, length } of inner) {
    const network = new Prefix(address, length);
    const fits = hints.filter((hint) => hint.family === address.family);
    const inside = fits.find((hint) => network.contains(hint) && !hint.equals(address));
    const other = inside ?? otherOf(address, length);
    if (other !== undefined) found.push({ address: other, length });
    else if (fits[0] !== undefined && new Set(fits.map(String)).size === 1)
      found.push({ address: fits[0], length: fits[0].bits });
    else {
      const why =
        fits.length === 0 ? 'nothing says' : `${[...new Set(fits.map(String))].join(', ')} are behind it, nothing says`;
      const message = `${one.name} has ${address}/${length}: ${why} which IPv${address.family} address its peer has`;
      return report.fail('unknown-address', message, {
        position: one.written.start,
        suggestion: 'say it with --tunnel-address',
      });
    }
  }
  return found;
}

/** The other host of a network: of two the other, of more the first that is not this one. */
function otherOf(address: IpAddress, length: number): IpAddress | undefined {
  const room = address.bits - length;
  if (room === 0) return undefined;
  const first = address.masked(length).plus(room === 1 ? 0 : 1);
  return first.equals(address) ? first.plus(1) : first;
}

/** The next hop toward the peer outside. */
function gatewayOf({ staticRoutes }: DeviceModel, remote: IpAddress, frontVrf: string): IpAddress | undefined {
  const ways = staticRoutes.filter(
    ({ prefix, vrf, gateway }) => vrf === frontVrf && gateway !== undefined && prefix.contains(remote),
  );
  return [...ways].sort((a, b) => b.prefix.length - a.prefix.length)[0]?.gateway;
}
