/** Which way a device's packets take: by its routing table, or while it does not run by what its lines will make. */
import { type IpAddress, Prefix } from '../base/index.ts';
import type { InterfaceModel, StaticRouteModel } from '../config/index.ts';
import { ModelIndex } from '../gateway/index.ts';
import type { InstalledRoute, RouteSource } from '../routing/index.ts';
import { type DeviceEvidence, indexOf, interfaceState, modelInterface } from './evidence.ts';

export type Way = Readonly<{
  prefix: Prefix;
  source: RouteSource;
  /** Hardware name; absent: a null route. */
  interface?: string;
  gateway?: IpAddress;
  /** The line, when the route is a static one. */
  line?: StaticRouteModel;
  installed?: InstalledRoute;
}>;

const GLOBAL_VRF = '';

/** The route toward an address. */
export function wayTo(device: DeviceEvidence, address: IpAddress): Way | undefined {
  const table = tableOf(device);
  if (table === undefined) return longest(expected(device), address);
  const installed = longest(table, address);
  return installed === undefined ? undefined : asWay(device, installed);
}

/** The route for exactly this prefix. */
export function wayFor(device: DeviceEvidence, wanted: Prefix): Way | undefined {
  const table = tableOf(device);
  if (table === undefined) return expected(device).find(({ prefix }) => prefix.equals(wanted));
  const installed = table.find(({ prefix }) => prefix.equals(wanted));
  return installed === undefined ? undefined : asWay(device, installed);
}

/** A way in words, as evidence. */
export function wayText(device: DeviceEvidence, address: IpAddress): string {
  const way = wayTo(device, address);
  if (way === undefined) return `${device.name} has no route to ${address}`;
  const { prefix, source, interface: out } = way;
  const kind = { vpn: 'told over IKEv2', bgp: 'from BGP', local: 'its own', connected: 'connected', static: 'static' };
  const through = out === undefined ? 'to nowhere' : `through ${aliasOf(device, out)}`;
  return `${device.name} reaches ${address} by ${prefix} (${kind[source]}) ${through}`;
}

/** The address that packets which leave by an interface come from. */
export function sourceAddress(device: DeviceEvidence, name: string, family: 4 | 6): IpAddress | undefined {
  const index = indexOf(device);
  const model = index.interface(name);
  if (model !== undefined) return index.sourceAddress(model, family);
  const state = interfaceState(device, name);
  return state?.addresses.find(({ address }) => address.family === family && !address.isLinkLocal)?.address;
}

/** The interface that has an address itself, the lender rather than those who borrow. */
export function ownerOf({ model }: DeviceEvidence, wanted: IpAddress): InterfaceModel | undefined {
  return model.interfaces.find(({ addresses }) => addresses.some(({ address }) => address.equals(wanted)));
}

/** Whether an address lies on a network that the device is connected to. */
export function isConnected({ model }: DeviceEvidence, wanted: IpAddress): boolean {
  return model.interfaces.some(({ addresses, shutdown }) =>
    addresses.some(
      ({ address, length }) => !shutdown && length < address.bits && new Prefix(address, length).contains(wanted),
    ),
  );
}

/** The nameif of an interface, which routes are written with. */
export function aliasOf(device: DeviceEvidence, name: string): string {
  return modelInterface(device, name)?.alias ?? name;
}

/** Networks of the LANs: connected ones of interfaces that no tunnel leaves from. */
export function lans(device: DeviceEvidence, family: 4 | 6): readonly Prefix[] {
  const { interfaces, ikeEnabled } = device.model;
  // A template may name no source: then tunnels leave by where IKE is enabled.
  const outer = new Set([
    ...interfaces.flatMap(({ tunnel }) => tunnel?.sourceInterface ?? []),
    ...ikeEnabled.map((one) => one.interface),
  ]);
  return interfaces
    .filter(({ kind, shutdown, alias, name }) => {
      return kind === 'ethernet' && !shutdown && alias !== undefined && !outer.has(alias) && !outer.has(name);
    })
    .flatMap(({ addresses }) => addresses.map(({ address, length }) => new Prefix(address, length)))
    .filter((prefix) => prefix.family === family && !prefix.isHost && !prefix.address.isLinkLocal);
}

/** The global table of a device that runs. */
function tableOf({ snapshot }: DeviceEvidence): readonly InstalledRoute[] | undefined {
  if (snapshot === undefined) return undefined;
  return snapshot.routes.find(({ vrf }) => vrf === GLOBAL_VRF)?.routes ?? [];
}

function longest<T extends Readonly<{ prefix: Prefix }>>(routes: readonly T[], address: IpAddress): T | undefined {
  let best: T | undefined;
  for (const route of routes) {
    if (route.prefix.contains(address) && route.prefix.length > (best?.prefix.length ?? -1)) best = route;
  }
  return best;
}

function asWay(device: DeviceEvidence, installed: InstalledRoute): Way {
  const { prefix, candidate, resolved } = installed;
  const line = candidate.source === 'static' ? staticLine(device, prefix, resolved[0]?.interface) : undefined;
  return {
    prefix,
    source: candidate.source,
    installed,
    ...(resolved[0] === undefined ? {} : { interface: resolved[0].interface }),
    ...(resolved[0]?.gateway === undefined ? {} : { gateway: resolved[0].gateway }),
    ...(line === undefined ? {} : { line }),
  };
}

/** What connected networks and static routes will give. */
function expected({ model }: DeviceEvidence): readonly Way[] {
  const index = new ModelIndex(model);
  const connected = model.interfaces
    .filter(({ shutdown, kind }) => !shutdown && kind !== 'virtual-template')
    .flatMap(({ name, addresses }) =>
      addresses.map(({ address, length }): Way => {
        return { prefix: new Prefix(address, length), source: 'connected', interface: name };
      }),
    );
  const written = model.staticRoutes.flatMap((line): Way[] => {
    const { gateway } = line;
    const toward = connected.find(({ prefix }) => gateway !== undefined && prefix.contains(gateway))?.interface;
    const out = index.interface(line.interface ?? toward);
    if (out === undefined && !line.nullRoute) return [];
    const through = out === undefined ? {} : { interface: out.name };
    return [{ prefix: line.prefix, source: 'static', line, ...through }];
  });
  return [...connected, ...written];
}

function staticLine({ model }: DeviceEvidence, prefix: Prefix, out: string | undefined): StaticRouteModel | undefined {
  const index = new ModelIndex(model);
  const fitting = model.staticRoutes.filter((line) => line.prefix.equals(prefix));
  return fitting.find((line) => index.interface(line.interface)?.name === out) ?? fitting[0];
}
