/**
 * Tenants' VRFs over VXLAN: which routes of a VRF other tunnel endpoints are told, and which of theirs it takes, both by
 * route targets (RFC 9136 section 4.4.1); the layer-3 VNIs as interfaces of the plane, and the endpoints behind them.
 */
import type { Family, Instant, IpAddress, Prefix } from '../base/index.ts';
import { EvpnPrefix, type EvpnRoute, type LocalEvpnRoute, rdBytes } from '../bgp/index.ts';
import type { DeviceModel, InterfaceModel } from '../config/index.ts';
import type { PlaneInterface, PlaneVxlanPeer } from '../plane/contract.ts';
import { Distance, type InstalledRoute } from '../routing/index.ts';
import { familiesIn } from './bgp-config.ts';
import type { Context } from './context.ts';
import type { Speaker } from './speaker.ts';

/** A layer-3 VNI as it stands. */
type Vni = {
  readonly name: string;
  readonly vni: number;
  readonly vrf: string;
  readonly rd: string | undefined;
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  /** Families whose routes others are told. */
  readonly advertised: readonly Family[];
  readonly bridgeDomain: number | undefined;
  /** The router's way into the bridge domain: what is set on it holds for the VNI. */
  readonly bdi: InterfaceModel | undefined;
  source: IpAddress | undefined;
  up: boolean;
  /** As last told to the plane. */
  plane: string | undefined;
  /** Endpoints that routes lead to, by address, with the routes that need them. */
  readonly peers: Map<string, { peer: PlaneVxlanPeer; readonly routes: Set<string>; readonly since: Instant }>;
};

/** What operators see of it. */
export type OverlaySnapshot = Readonly<{
  interface: string;
  sourceInterface?: string;
  source?: IpAddress;
  routerMac?: string;
  up: boolean;
  vnis: readonly Readonly<{
    vni: number;
    vrf: string;
    /** Its interface of the plane. */
    interface: string;
    up: boolean;
    bridgeDomain?: number;
    /** The BDI that stands for it. */
    bdi?: string;
  }>[];
  peers: readonly Readonly<{
    vni: number;
    vtep: IpAddress;
    routerMac: string;
    routes: number;
    /** The VNI by which the peer knows the tenant. */
    remoteVni: number;
    since: Instant;
  }>[];
}>;

const OWNER = 'evpn ';
const LARGEST_PACKET = 9216;
const BDI_MTU = 1500;

export class Overlay {
  #vnis = new Map<string, Vni>();
  /** Best routes of other endpoints, by their names. */
  readonly #learned = new Map<string, EvpnRoute>();
  /** What BGP was told of us, by the names of the routes. */
  readonly #told = new Map<string, Readonly<{ route: LocalEvpnRoute; text: string }>>();

  /** Brings the VNIs to a new model; afterwards BGP must run by it, too. */
  configure(context: Context, model: DeviceModel): void {
    const old = this.#vnis;
    this.#vnis = new Map(vnisOf(model).map((one) => [one.name, one]));
    for (const [name, vni] of old) {
      const next = this.#vnis.get(name);
      for (const route of this.#learned.values()) this.#drop(context, vni, route);
      if (next === undefined || next.vrf !== vni.vrf) context.rib(vni.vrf).setInterface(name, { up: false });
      if (vni.bdi !== undefined && vni.bdi.name !== next?.bdi?.name) {
        context.interfaces?.carrier(vni.bdi.name, false, context.now);
      }
      if (next === undefined) context.command({ kind: 'remove-interface', name });
      else next.plane = vni.plane;
    }
    // Routes of our own go with BGP.
    if (context.speakers.get('')?.running === undefined) this.#told.clear();
    this.refresh(context);
    for (const route of this.#learned.values()) this.#take(context, route);
  }

  /** Looks at the source of the tunnels anew: an interface has changed. */
  refresh(context: Context): void {
    const nve = context.index?.model.nve;
    const source = context.index?.interface(nve?.sourceInterface);
    const state = source === undefined ? undefined : context.interfaces?.get(source.name);
    const address = state?.addresses.find(({ address: own }) => !own.isLinkLocal)?.address;
    for (const vni of this.#vnis.values()) {
      vni.source = address;
      const isBdiOn = vni.bdi?.shutdown !== true;
      vni.up = isBdiOn && address !== undefined && state?.up === true && nve?.shutdown === false && nve.reachedByBgp;
      if (vni.bdi !== undefined) context.interfaces?.carrier(vni.bdi.name, vni.up, context.now);
      const plane = planeInterface(vni, source?.vrf ?? '');
      const text = plane === undefined ? undefined : JSON.stringify(plane);
      if (plane !== undefined && text !== vni.plane) context.command({ kind: 'set-interface', interface: plane });
      vni.plane = text ?? vni.plane;
      context.rib(vni.vrf).setInterface(vni.name, { up: vni.up });
    }
    this.#exportAll(context);
  }

  /** Another endpoint's route is the best one now. */
  learned(context: Context, route: EvpnRoute): void {
    this.#learned.set(route.nlri.toString(), route);
    this.#take(context, route);
  }

  forgotten(context: Context, nlri: EvpnPrefix): void {
    const route = this.#learned.get(nlri.toString());
    if (route === undefined) return;
    this.#learned.delete(nlri.toString());
    for (const vni of this.#vnis.values()) this.#drop(context, vni, route);
  }

  /** Routes of a VRF have changed. */
  routesChanged(context: Context, speaker: Speaker, prefixes: readonly Prefix[]): void {
    for (const vni of this.#vnis.values()) if (vni.vrf === speaker.vrf) this.#export(context, vni, prefixes);
  }

  snapshot(context: Context): OverlaySnapshot | undefined {
    const nve = context.index?.model.nve;
    if (nve === undefined) return undefined;
    const all = [...this.#vnis.values()];
    const source = all[0]?.source;
    return {
      interface: nve.name,
      ...(nve.sourceInterface === undefined ? {} : { sourceInterface: nve.sourceInterface }),
      ...(source === undefined ? {} : { source, routerMac: macText(routerMacOf(source)) }),
      up: all.some(({ up }) => up),
      vnis: all.map(({ vni, vrf, name, up, bridgeDomain, bdi }) => ({
        vni,
        vrf,
        interface: name,
        up,
        ...(bridgeDomain === undefined ? {} : { bridgeDomain }),
        ...(bdi === undefined ? {} : { bdi: bdi.name }),
      })),
      peers: all.flatMap(({ vni, peers }) =>
        [...peers.values()].map(({ peer, routes, since }) => ({
          vni,
          vtep: peer.vtep,
          routerMac: macText(peer.routerMac),
          routes: routes.size,
          remoteVni: peer.vni,
          since,
        })),
      ),
    };
  }

  #take(context: Context, route: EvpnRoute): void {
    for (const vni of this.#vnis.values()) {
      const isWanted = isUsable(route) && route.communities.routeTargets.some((one) => vni.imports.includes(one));
      if (isWanted) this.#import(context, vni, route);
      else this.#drop(context, vni, route);
    }
  }

  #import(context: Context, vni: Vni, { nlri, nextHop, fields, communities, source, metric }: EvpnRoute): void {
    const { routerMac } = communities;
    if (routerMac === undefined) return;
    const key = nextHop.toString();
    const name = nlri.toString();
    for (const [other, { routes }] of vni.peers)
      if (other !== key && routes.delete(name)) this.#release(context, vni, other);
    const peer = { vtep: nextHop, vni: fields.label, routerMac };
    const known = vni.peers.get(key);
    if (known === undefined || known.peer.vni !== peer.vni || macText(known.peer.routerMac) !== macText(routerMac)) {
      context.command({ kind: 'set-vxlan-peer', interface: vni.name, peer });
    }
    const entry = known ?? { peer, routes: new Set<string>(), since: context.now };
    entry.peer = peer;
    entry.routes.add(name);
    vni.peers.set(key, entry);
    const distances = familiesIn(context.index?.model, vni.vrf)?.[nlri.prefix.family]?.distances;
    context.rib(vni.vrf).add(
      {
        prefix: nlri.prefix,
        source: 'bgp',
        owner: `${OWNER}${name}`,
        distance: distances?.[source] ?? Distance[source],
        metric,
        nextHops: [{ interface: vni.name, gateway: nextHop }],
        bgpKind: source,
      },
      context.now,
    );
  }

  #drop(context: Context, vni: Vni, { nlri }: EvpnRoute): void {
    const name = nlri.toString();
    context.rib(vni.vrf).remove(nlri.prefix, 'bgp', `${OWNER}${name}`);
    for (const [key, { routes }] of vni.peers) if (routes.delete(name)) this.#release(context, vni, key);
  }

  /** An endpoint that no route leads to any more is a stranger again. */
  #release(context: Context, vni: Vni, key: string): void {
    const entry = vni.peers.get(key);
    if (entry === undefined || entry.routes.size > 0) return;
    vni.peers.delete(key);
    context.command({ kind: 'remove-vxlan-peer', interface: vni.name, vtep: entry.peer.vtep });
  }

  #exportAll(context: Context): void {
    const wanted = new Map<string, LocalEvpnRoute>();
    for (const vni of this.#vnis.values()) {
      for (const installed of context.rib(vni.vrf).routes()) {
        const route = this.#routeFor(context, vni, installed);
        if (route !== undefined) wanted.set(route.nlri.toString(), route);
      }
    }
    const gone = [...this.#told].filter(([name]) => !wanted.has(name)).map(([, { route }]) => route.nlri);
    this.#tell(context, [...wanted.values()], gone);
  }

  #export(context: Context, vni: Vni, prefixes: readonly Prefix[]): void {
    const announce: LocalEvpnRoute[] = [];
    const withdraw: EvpnPrefix[] = [];
    const rib = context.rib(vni.vrf);
    for (const prefix of prefixes) {
      const installed = rib.installed(prefix);
      const route = installed === undefined ? undefined : this.#routeFor(context, vni, installed);
      if (route !== undefined) announce.push(route);
      else if (vni.rd !== undefined) withdraw.push(new EvpnPrefix(vni.rd, 0, prefix));
    }
    this.#tell(context, announce, withdraw);
  }

  /** Tells BGP of what is news to it. */
  #tell(context: Context, announce: readonly LocalEvpnRoute[], withdraw: readonly EvpnPrefix[]): void {
    const speaker = context.speakers.get('');
    if (speaker?.running === undefined) return;
    const gone = withdraw.filter((nlri) => this.#told.delete(nlri.toString()));
    const news = announce.filter((route) => {
      const name = route.nlri.toString();
      const text = JSON.stringify([route.nlri.fields, route.nextHop, route.origin, route.med, route.routeTargets]);
      if (this.#told.get(name)?.text === text) return false;
      this.#told.set(name, { route, text });
      return true;
    });
    if (gone.length + news.length === 0) return;
    context.push({ to: 'bgp', speaker, event: { kind: 'local-evpn-routes', announce: news, withdraw: gone } });
  }

  /** What others are told of a route: those that BGP announces in its VRF, and those that BGP learned there. */
  #routeFor(context: Context, vni: Vni, { prefix, candidate }: InstalledRoute): LocalEvpnRoute | undefined {
    const { rd, source, exports: routeTargets, advertised, up } = vni;
    if (!up || source === undefined || rd === undefined || routeTargets.length === 0) return undefined;
    if (!advertised.includes(prefix.family) || candidate.owner.startsWith(OWNER)) return undefined;
    const own = context.speakers.get(vni.vrf)?.redistribution.announcedFor(prefix);
    if (own === undefined && candidate.source !== 'bgp') return undefined;
    const med = own === undefined ? candidate.metric : own.med;
    return {
      nlri: new EvpnPrefix(rd, 0, prefix, { label: vni.vni }),
      nextHop: source,
      origin: own?.origin ?? 'incomplete',
      ...(med === undefined ? {} : { med }),
      routeTargets,
      routerMac: routerMacOf(source),
    };
  }
}

function vnisOf({ nve, vrfs, bgp, bridgeDomains = [], interfaces }: DeviceModel): Vni[] {
  if (nve === undefined) return [];
  return nve.members.flatMap(({ vni, vrf }) => {
    const table = vrfs.find(({ name }) => name === vrf);
    if (table === undefined) return [];
    const stitching = table.routeTargets.filter((one) => one.stitching);
    const targets = (direction: 'import' | 'export'): string[] =>
      stitching.filter((one) => one.direction === direction).map(({ target }) => target);
    const bridgeDomain = bridgeDomains.find(({ vnis }) => vnis.includes(vni))?.number;
    const bdi = interfaces.find((one) => one.name === `BDI${bridgeDomain}` && one.vrf === vrf);
    const rd = table.rd !== undefined && rdBytes(table.rd) !== undefined ? table.rd : undefined;
    return [
      {
        name: `${nve.name}.${vni}`,
        vni,
        vrf,
        rd,
        imports: targets('import'),
        exports: targets('export'),
        advertised: bgp?.vrfs?.find((one) => one.vrf === vrf)?.advertiseEvpn ?? [],
        bridgeDomain,
        bdi,
        source: undefined,
        up: false,
        plane: undefined,
        peers: new Map(),
      },
    ];
  });
}

/** Nothing that needs another route to be understood, and what it takes to address a frame. RFC 9136 section 4.4.1. */
function isUsable({ fields, communities }: EvpnRoute): boolean {
  const { isVxlan, routerMac } = communities;
  return (
    isVxlan && routerMac !== undefined && fields.label > 0 && fields.gateway.isUnspecified && /^0+$/.test(fields.esi)
  );
}

function planeInterface({ name, vrf, vni, source, up, bdi }: Vni, frontVrf: string): PlaneInterface | undefined {
  if (source === undefined) return undefined;
  const vxlan = { frontVrf, source, vni, routerMac: routerMacOf(source) };
  const mtu = bdi === undefined ? LARGEST_PACKET : (bdi.mtu ?? BDI_MTU);
  return { name, vrf, kind: 'vxlan', up, mtu, addresses: [], clampMss: bdi?.clampMss ?? 0, vxlan };
}

/** Locally administered, and another one for each endpoint. */
function routerMacOf(source: IpAddress): Uint8Array {
  const bytes = source.toBytes();
  return Uint8Array.of(0x02, 0x00, ...bytes.subarray(bytes.length - 4));
}

/** As Cisco prints it. */
function macText(mac: Uint8Array): string {
  const hex = Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 4)}.${hex.slice(4, 8)}.${hex.slice(8)}`;
}
