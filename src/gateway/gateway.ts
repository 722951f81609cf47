/**
 * The whole control plane of one device: told events and the time, it returns effects. IKE, BGP and TCP never meet but
 * here: a child SA becomes an interface, an interface becomes routes, a route becomes a BGP neighbour's way, and bytes
 * of a BGP session become segments for the plane.
 *
 *   plane event -> punted packet -> IKE | TCP -> BGP -> RIB -> plane command
 *
 * What one core causes in another is queued and handled in order, never from within; the queue is empty when `handle`
 * returns.
 */
import { at, earlier, type Instant, type IpAddress, type Prefix, type Random } from '../base/index.ts';
import { Bgp, type BgpEffect, type BgpEvent, type BgpPathSnapshot } from '../bgp/index.ts';
import type { DeviceModel } from '../config/index.ts';
import {
  type Cause,
  type ChildSa,
  type ExportedIkeKeys,
  Ike,
  type IkeEffect,
  type IkeEvent,
  type IkePath,
} from '../ike/index.ts';
import { buildIp, buildUdp, type IpHeader, Protocol, parseIp, parseUdp } from '../ip/index.ts';
import type { PlaneCommand, PlaneCounters, PlaneEvent } from '../plane/contract.ts';
import { Distance, Rib, type RibChanges } from '../routing/index.ts';
import { Tcp, type TcpEffect, type TcpEvent } from '../tcp/index.ts';
import { Tunnels } from '../tunnel/index.ts';
import { bgpConfig } from './bgp-config.ts';
import type { GatewayEffect, GatewayEvent, OperatorRequest } from './contract.ts';
import { type IkePlan, ikePlan } from './ike-config.ts';
import { type InterfaceState, Interfaces } from './interfaces.ts';
import { causeText, Journal } from './journal.ts';
import { ModelIndex } from './model-index.ts';
import { Pings, readIcmp } from './pings.ts';
import { Redistribution } from './redistribution.ts';
import type { GatewayLogEvent, GatewaySnapshot } from './snapshot.ts';
import { interfaceSnapshots } from './snapshot-interfaces.ts';
import { Watchers } from './watchers.ts';

export type GatewayOptions = Readonly<{
  name: string;
  random: Random;
  /** When the plane last saw authentic ESP on an inbound SPI. */
  lastInbound: (inboundSpi: number) => number | undefined;
  counters: () => PlaneCounters;
  /** Is told IKE keys as they come to be, for decryption tables. */
  exportKeys?: (keys: ExportedIkeKeys) => void;
}>;

/** How far a gateway has come, cheap to ask. */
export type GatewayStatus = Readonly<{
  tunnelsUp: number;
  tunnelsWanted: number;
  bgpUp: number;
  bgpWanted: number;
}>;

type Work =
  | Readonly<{ to: 'ike'; event: IkeEvent }>
  | Readonly<{ to: 'bgp'; event: BgpEvent }>
  | Readonly<{ to: 'tcp'; event: TcpEvent }>;

const IKE_PORT = 500;
const NAT_T_PORT = 4500;
const BGP_PORT = 179;
/** RFC 3948 section 2.2: four zero bytes tell IKE from ESP on port 4500. */
const NON_ESP_MARKER_LENGTH = 4;
const IP_AND_TCP_HEADERS = { 4: 40, 6: 60 } as const;
const GTSM_TTL = 255;

export class Gateway {
  readonly name: string;
  readonly #options: GatewayOptions;
  readonly #ike: Ike;
  readonly #bgp: Bgp;
  readonly #tcp: Tcp;
  readonly #ribs = new Map<string, Rib>();
  readonly #tunnels = new Tunnels();
  readonly #redistribution = new Redistribution();
  readonly #journal = new Journal();
  readonly #watchers = new Watchers();
  readonly #pings: Pings;
  #interfaces: Interfaces | undefined;
  #index: ModelIndex | undefined;
  #ikePlan: IkePlan | undefined;
  #bgpVrf = '';
  #bgpUp = new Set<string>();
  /** By neighbour address: how many hops away it may be at most. */
  #ttlSecurity = new Map<string, number>();
  #queue: Work[] = [];
  #effects: GatewayEffect[] = [];
  #now: Instant = at(0);

  constructor(options: GatewayOptions) {
    const { random, lastInbound, exportKeys } = options;
    this.name = options.name;
    this.#options = options;
    this.#ike = new Ike({ random, lastInbound, ...(exportKeys === undefined ? {} : { exportKeys }) });
    this.#bgp = new Bgp({ random });
    this.#tcp = new Tcp({ random });
    this.#pings = new Pings(
      random,
      (packet) => this.#command({ kind: 'inject', vrf: this.#bgpVrf, packet }),
      (effect) => this.#effects.push(effect),
    );
  }

  /** Takes in one event; the effects must be performed in their order. */
  handle(event: GatewayEvent, now: Instant): readonly GatewayEffect[] {
    this.#now = now;
    this.#effects = [];
    switch (event.kind) {
      case 'configure':
        this.#configure(event.model);
        break;
      case 'plane':
        this.#planeEvent(event.event);
        break;
      case 'carrier':
        this.#interfaces?.carrier(event.interface, event.up, now);
        break;
      case 'operator':
        this.#operator(event.request);
        break;
      case 'tick':
        this.#tick();
        break;
      default:
        event satisfies never;
    }
    this.#settle();
    return this.#effects;
  }

  /** When the next tick is due. */
  wakeAt(): Instant | undefined {
    return earlier(earlier(this.#ike.wakeAt(), this.#bgp.wakeAt()), earlier(this.#tcp.wakeAt(), this.#pings.wakeAt()));
  }

  /** Counts of what is up and what shall be. A tunnel that can not start counts as wanted. */
  status(): GatewayStatus {
    let tunnelsUp = 0;
    let tunnelsWanted = 0;
    for (const state of this.#interfaces?.all() ?? []) {
      if (state.kind !== 'tunnel' && state.kind !== 'virtual-access') continue;
      if (!state.model.shutdown) tunnelsWanted++;
      if (state.up) tunnelsUp++;
    }
    const neighbors = this.#index?.model.bgp?.neighbors ?? [];
    const bgpWanted = neighbors.filter(({ shutdown, remoteAsn }) => !shutdown && remoteAsn !== undefined).length;
    return { tunnelsUp, tunnelsWanted, bgpUp: this.#bgpUp.size, bgpWanted };
  }

  /** Whether a route is installed for exactly this prefix in the VRF that BGP runs in. */
  hasRoute(prefix: Prefix): boolean {
    return this.#rib(this.#bgpVrf).installed(prefix) !== undefined;
  }

  /** Everything that operators may see. */
  snapshot(now: Instant): GatewaySnapshot | undefined {
    const { model } = this.#index ?? {};
    if (model === undefined || this.#interfaces === undefined || this.#index === undefined) return undefined;
    const bgp = model.bgp === undefined ? {} : { bgp: this.#bgp.snapshot(now) };
    return {
      now,
      hostname: model.hostname,
      model,
      interfaces: interfaceSnapshots(this.#index, this.#interfaces, this.#tunnels, this.#ikePlan),
      ike: this.#ike.snapshot(now),
      routes: [...this.#ribs].map(([vrf, rib]) => ({ vrf, routes: [...rib.routes()] })),
      ...bgp,
      tcp: this.#tcp.snapshot(now),
      plane: this.#options.counters(),
      log: this.#journal.events(),
    };
  }

  /** The BGP table, or what one neighbour told or was told. */
  bgpPaths(
    what: Readonly<{ kind: 'all' } | { kind: 'received' | 'advertised'; neighbor: IpAddress }>,
  ): readonly BgpPathSnapshot[] {
    if (what.kind === 'all') return this.#bgp.paths();
    return what.kind === 'received' ? this.#bgp.received(what.neighbor) : this.#bgp.advertised(what.neighbor);
  }

  // --- configuration ---------------------------------------------------------------------------------------------

  #configure(model: DeviceModel): void {
    const index = new ModelIndex(model);
    const before = this.#index;
    this.#index = index;
    this.#interfaces ??= new Interfaces(
      {
        rib: (vrf) => this.#rib(vrf),
        command: (command) => this.#command(command),
        changed: (state, up) => this.#interfaceChanged(state, up),
      },
      index,
    );
    const plan = ikePlan(index);
    this.#ikePlan = plan;
    this.#tunnels.configure(plan.bindings);
    this.#interfaces.configure(index, (name) => this.#tunnels.byName(name), this.#now);
    this.#configureStaticRoutes(before?.model, model);
    for (const [name, reason] of plan.unusable) {
      this.#log(4, 'tunnel-unusable', `${name} can not start: ${reason}`, { subject: name });
    }
    this.#push({ to: 'ike', event: { kind: 'configure', config: plan.config } });
    this.#watchers.retain(
      'ike',
      plan.config.peers.flatMap(({ name, remote }) => (remote === undefined ? [] : [{ name, address: remote }])),
      this.#tracking(this.#bgpVrf),
    );
    for (const { name } of plan.config.peers) this.#tellPeerReachable(name);
    this.#configureBgp(index);
  }

  #configureStaticRoutes(before: DeviceModel | undefined, model: DeviceModel): void {
    const key = (route: DeviceModel['staticRoutes'][number]): string =>
      `${route.interface} ${route.prefix} ${route.gateway ?? ''} ${route.distance} ${route.vrf} ${route.nullRoute}`;
    const wanted = new Map(model.staticRoutes.map((route) => [key(route), route]));
    for (const route of before?.staticRoutes ?? []) {
      if (!wanted.has(key(route))) this.#rib(route.vrf).remove(route.prefix, 'static', key(route));
    }
    for (const [owner, route] of wanted) {
      const out = this.#index?.interface(route.interface);
      if (out === undefined && !route.nullRoute) continue;
      const gateway = route.gateway === undefined ? {} : { gateway: route.gateway };
      const { prefix, distance } = route;
      const nextHops = route.nullRoute || out === undefined ? [] : [{ interface: out.name, ...gateway }];
      this.#rib(route.vrf).add({ prefix, source: 'static', owner, distance, metric: 0, nextHops }, this.#now);
    }
  }

  #configureBgp(index: ModelIndex): void {
    const { model } = index;
    const config = bgpConfig(index);
    this.#redistribution.configure(model);
    if (config === undefined) {
      this.#push({ to: 'bgp', event: { kind: 'deconfigure' } });
      this.#push({ to: 'tcp', event: { kind: 'unlisten', port: BGP_PORT } });
      this.#watchers.retain('bgp-neighbor', [], this.#tracking(this.#bgpVrf));
      this.#redistribution.clear();
      return;
    }
    for (const { address, password } of config.neighbors) {
      this.#push({ to: 'tcp', event: { kind: 'set-md5-key', remote: address, key: password } });
    }
    this.#ttlSecurity = new Map(
      config.neighbors.flatMap(({ address, ttlSecurityHops: hops }) =>
        hops === undefined ? [] : [[address.toString(), hops] as const],
      ),
    );
    const gtsm = this.#ttlSecurity.size > 0;
    const mss = this.#listenMss();
    this.#push({ to: 'tcp', event: { kind: 'listen', port: BGP_PORT, mss, ...(gtsm ? { ttl: GTSM_TTL } : {}) } });
    this.#push({ to: 'bgp', event: { kind: 'configure', config } });
    this.#watchers.retain(
      'bgp-neighbor',
      config.neighbors.map(({ address }) => ({ name: address.toString(), address })),
      this.#tracking(this.#bgpVrf),
    );
    const rib = this.#rib(this.#bgpVrf);
    for (const { address } of config.neighbors) this.#tellNeighborReachable(address);
    const seen = new Map<string, Prefix>();
    for (const prefix of this.#redistribution.announced()) seen.set(prefix.toString(), prefix);
    for (const { prefix } of rib.routes()) seen.set(prefix.toString(), prefix);
    this.#redistribute([...seen.values()]);
  }

  /** What fits every interface: the peer's own MSS and path MTU lower it where needed. */
  #listenMss(): number {
    let mtu = 1500;
    for (const state of this.#interfaces?.all() ?? []) mtu = Math.min(mtu, state.mtu);
    return mtu - IP_AND_TCP_HEADERS[6];
  }

  // --- the queue -------------------------------------------------------------------------------------------------

  #push(work: Work): void {
    this.#queue.push(work);
  }

  /** Hands queued events to the cores and flushes the RIBs until nothing is left to do. */
  #settle(): void {
    for (;;) {
      for (let i = 0; i < this.#queue.length; i++) {
        const work = this.#queue[i];
        if (work !== undefined) this.#perform(work);
      }
      this.#queue = [];
      for (const rib of this.#ribs.values()) this.#ribChanged(rib, rib.flush(this.#now));
      if (this.#queue.length === 0) return;
    }
  }

  #perform(work: Work): void {
    switch (work.to) {
      case 'ike':
        for (const effect of this.#ike.handle(work.event, this.#now)) this.#ikeEffect(effect);
        break;
      case 'bgp':
        for (const effect of this.#bgp.handle(work.event, this.#now)) this.#bgpEffect(effect);
        break;
      case 'tcp':
        for (const effect of this.#tcp.handle(work.event, this.#now)) this.#tcpEffect(effect);
        break;
      default:
        work satisfies never;
    }
  }

  #tick(): void {
    const due = (when: Instant | undefined): boolean => when !== undefined && when <= this.#now;
    if (due(this.#ike.wakeAt())) this.#push({ to: 'ike', event: { kind: 'tick' } });
    if (due(this.#tcp.wakeAt())) this.#push({ to: 'tcp', event: { kind: 'tick' } });
    if (due(this.#bgp.wakeAt())) this.#push({ to: 'bgp', event: { kind: 'tick' } });
    this.#pings.tick(this.#now);
  }

  // --- packets that the plane gave up to us ------------------------------------------------------------------------

  #planeEvent(event: PlaneEvent): void {
    switch (event.kind) {
      case 'punt':
        this.#punt(event.packet);
        break;
      case 'child-sa-limit':
        this.#push({ to: 'ike', event: { kind: 'child-limit', spi: event.id, limit: event.limit } });
        break;
      case 'peer-moved': {
        const path = { local: event.local, remote: event.remote };
        this.#push({ to: 'ike', event: { kind: 'peer-moved', spi: event.id, path } });
        break;
      }
      case 'unknown-spi':
        this.#log(4, 'unknown-spi', `ESP with unknown SPI 0x${event.spi.toString(16)} from ${event.remote.address}`);
        break;
      case 'path-mtu': {
        this.#log(6, 'path-mtu', `${event.interface}: path MTU ${event.pathMtu}, inner MTU ${event.mtu}`);
        break;
      }
      case 'acquire':
      case 'child-sa-confirmed':
        break; // tunnel interfaces come up by themselves, and the plane has switched over by itself
      default:
        event satisfies never;
    }
  }

  #punt(packet: Uint8Array): void {
    const parsed = parseIp(packet);
    if (!parsed.ok) return;
    const header = parsed.value;
    if (header.protocol === Protocol.UDP) this.#puntUdp(header, packet);
    else if (header.protocol === Protocol.TCP) this.#puntTcp(header, packet);
    else if (header.protocol === Protocol.ICMP || header.protocol === Protocol.ICMPV6) {
      const icmp = readIcmp(packet);
      if (icmp !== undefined) this.#pings.received(icmp.message, icmp.from, this.#now);
    }
  }

  #puntUdp(header: IpHeader, packet: Uint8Array): void {
    const udp = parseUdp(header, packet);
    if (!udp.ok) return;
    const { sourcePort, destinationPort, payload } = udp.value;
    if (destinationPort !== IKE_PORT && destinationPort !== NAT_T_PORT) return;
    const message = destinationPort === NAT_T_PORT ? payload.subarray(NON_ESP_MARKER_LENGTH) : payload;
    const path: IkePath = {
      local: { address: header.destination, port: destinationPort },
      remote: { address: header.source, port: sourcePort },
    };
    this.#push({ to: 'ike', event: { kind: 'datagram', path, message } });
  }

  #puntTcp(header: IpHeader, packet: Uint8Array): void {
    const hops = this.#ttlSecurity.get(header.source.toString());
    // RFC 5082 section 3: drop what came from further away than the configured number of hops.
    if (hops !== undefined && header.ttl < GTSM_TTL - hops) return;
    const segment = packet.subarray(header.payloadOffset, header.totalLength);
    const { source: remote, destination: local } = header;
    this.#push({ to: 'tcp', event: { kind: 'segment', local, remote, segment } });
  }

  // --- IKE -------------------------------------------------------------------------------------------------------

  #ikeEffect(effect: IkeEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#sendIke(effect.path, effect.message);
        break;
      case 'send-nat-keepalive':
        this.#sendUdp(effect.path, new Uint8Array([0xff]));
        break;
      case 'install-child-sa':
        this.#installChildSa(effect.sa);
        break;
      case 'remove-child-sa':
        this.#removeChildSa(effect.inboundSpi, effect.lingerMs, effect.cause);
        break;
      case 'ike-sa-up':
        this.#log(5, 'ike-sa-up', `IKE SA with ${effect.path.remote.address} is up (${effect.role})`, {
          subject: effect.peer,
        });
        break;
      case 'ike-sa-down':
        this.#ikeSaDown(effect.session, effect.peer, effect.cause);
        break;
      case 'ike-failed':
        this.#log(
          4,
          'ike-failed',
          `IKE negotiation with ${effect.path.remote.address} failed: ${causeText(effect.cause)}`,
          { cause: effect.cause, ...(effect.peer === undefined ? {} : { subject: effect.peer }) },
        );
        break;
      case 'peer-routes':
        this.#peerRoutes(effect.session, effect.peer, effect.prefixes);
        break;
      case 'path-changed':
        for (const id of effect.inboundSpis) {
          const { local, remote } = effect.path;
          const udpEncapsulation = local.port === NAT_T_PORT;
          this.#command({ kind: 'move-child-sa', id, local, remote, udpEncapsulation });
        }
        break;
      case 'notice':
        this.#log(7, effect.code, effect.text, {
          ...(effect.peer === undefined ? {} : { subject: effect.peer }),
          ...(effect.cause === undefined ? {} : { cause: effect.cause }),
        });
        break;
      default:
        effect satisfies never;
    }
  }

  #sendIke(path: IkePath, message: Uint8Array): void {
    if (path.local.port !== NAT_T_PORT) {
      this.#sendUdp(path, message);
      return;
    }
    const marked = new Uint8Array(NON_ESP_MARKER_LENGTH + message.length);
    marked.set(message, NON_ESP_MARKER_LENGTH);
    this.#sendUdp(path, marked);
  }

  #sendUdp({ local, remote }: IkePath, payload: Uint8Array): void {
    const datagram = buildUdp(local, remote, payload);
    const packet = buildIp({ source: local.address, destination: remote.address, protocol: Protocol.UDP }, datagram);
    this.#command({ kind: 'inject', vrf: this.#vrfOf(local.address), packet });
  }

  #installChildSa(sa: ChildSa): void {
    const found = this.#tunnels.install(sa);
    if (found === undefined) return;
    const { tunnel, created } = found;
    if (created) this.#interfaces?.clone(tunnel, this.#now);
    this.#interfaces?.refresh(tunnel.name, tunnel, this.#now);
    const { inboundSpi: id, path, peer: _, session: __, replaces: ___, lifetimeMs: ____, group: _____, ...rest } = sa;
    this.#command({
      kind: 'install-child-sa',
      sa: { ...rest, id, interface: tunnel.name, local: path.local, remote: path.remote },
    });
    this.#log(6, 'child-sa-up', `${tunnel.name}: child SA 0x${hex(id)} in, 0x${hex(sa.outboundSpi)} out`, {
      subject: tunnel.name,
    });
  }

  #removeChildSa(inboundSpi: number, lingerMs: number, cause: Cause): void {
    const tunnel = this.#tunnels.remove(inboundSpi);
    this.#command({ kind: 'remove-child-sa', id: inboundSpi, lingerMs });
    if (tunnel === undefined) return;
    this.#log(6, 'child-sa-down', `${tunnel.name}: child SA 0x${hex(inboundSpi)} is gone: ${causeText(cause)}`, {
      subject: tunnel.name,
      cause,
    });
    this.#interfaces?.refresh(tunnel.name, tunnel, this.#now);
  }

  #ikeSaDown(session: number, peer: string, cause: Cause): void {
    this.#log(5, 'ike-sa-down', `IKE SA of ${peer} is down: ${causeText(cause)}`, { subject: peer, cause });
    const owner = vpnOwner(session);
    for (const rib of this.#ribs.values()) rib.removeAll('vpn', owner);
    const clone = this.#tunnels.endSession(session);
    if (clone !== undefined) this.#interfaces?.remove(clone.name, this.#now);
  }

  /** Host routes that the peer told stand in the RIB as long as its session does. */
  #peerRoutes(session: number, peer: string, prefixes: readonly Prefix[]): void {
    const tunnel = this.#tunnels.bySession(session, peer);
    const state = tunnel === undefined ? undefined : this.#interfaces?.get(tunnel.name);
    if (tunnel === undefined || state === undefined) return;
    const rib = this.#rib(state.model.vrf);
    const owner = vpnOwner(session);
    rib.removeAll('vpn', owner);
    for (const prefix of prefixes) {
      const nextHops = [{ interface: tunnel.name }];
      rib.add({ prefix, source: 'vpn', owner, distance: Distance.vpn, metric: 0, nextHops }, this.#now);
    }
  }

  #interfaceChanged(state: InterfaceState, up: boolean): void {
    const alias = state.alias === undefined ? '' : ` "${state.alias}"`;
    this.#log(
      4,
      up ? 'line-up' : 'line-down',
      `Line protocol on Interface ${state.name}${alias}: ${up ? 'up' : 'down'}`,
      {
        subject: state.name,
      },
    );
    if (state.kind === 'ethernet') {
      for (const { name, local } of this.#ikePlan?.config.peers ?? []) {
        if (local !== undefined && state.addresses.some(({ address }) => address.equals(local))) {
          this.#tellPeerReachable(name);
        }
      }
    }
  }

  // --- BGP and TCP -----------------------------------------------------------------------------------------------

  #bgpEffect(effect: BgpEffect): void {
    switch (effect.kind) {
      case 'connect':
        this.#connectBgp(effect.transport, effect.neighbor, effect.localAddress, effect.ttl);
        break;
      case 'send':
        this.#push({ to: 'tcp', event: { kind: 'write', connection: effect.transport, data: effect.data } });
        break;
      case 'close':
        this.#push({ to: 'tcp', event: { kind: effect.abort ? 'abort' : 'close', connection: effect.transport } });
        break;
      case 'install-route': {
        const { prefix, nextHops, source, metric } = effect.route;
        const distances = this.#index?.model.bgp?.families[prefix.family]?.distances;
        this.#rib(this.#bgpVrf).add(
          {
            prefix,
            source: 'bgp',
            owner: 'bgp',
            distance: distances?.[source] ?? Distance[source],
            metric,
            nextHops: nextHops.map((gateway) => ({ gateway })),
            bgpKind: source,
          },
          this.#now,
        );
        break;
      }
      case 'withdraw-route':
        this.#rib(this.#bgpVrf).remove(effect.prefix, 'bgp', 'bgp');
        break;
      case 'track-next-hop': {
        const { address } = effect;
        this.#watchers.add('bgp-next-hop', address.toString(), address, this.#tracking(this.#bgpVrf));
        this.#push({ to: 'bgp', event: { kind: 'next-hop', address, metric: this.#metricTo(address) } });
        break;
      }
      case 'untrack-next-hop':
        this.#watchers.remove('bgp-next-hop', effect.address.toString(), effect.address, this.#tracking(this.#bgpVrf));
        break;
      case 'neighbor-up':
        this.#bgpUp.add(effect.neighbor.toString());
        this.#log(5, 'bgp-neighbor-up', `BGP neighbor ${effect.neighbor} Up`, { subject: effect.neighbor.toString() });
        break;
      case 'neighbor-down':
        this.#bgpUp.delete(effect.neighbor.toString());
        this.#log(5, 'bgp-neighbor-down', `BGP neighbor ${effect.neighbor} Down: ${effect.reason}`, {
          subject: effect.neighbor.toString(),
        });
        break;
      case 'notice':
        this.#log(6, effect.code, effect.text, {
          ...(effect.neighbor === undefined ? {} : { subject: effect.neighbor.toString() }),
        });
        break;
      default:
        effect satisfies never;
    }
  }

  #connectBgp(transport: number, neighbor: IpAddress, wanted: IpAddress | undefined, ttl: number): void {
    const way = this.#rib(this.#bgpVrf).resolve(neighbor)?.[0];
    const out = way === undefined ? undefined : this.#interfaces?.get(way.interface);
    const local =
      wanted ?? (out === undefined ? undefined : this.#interfaces?.sourceAddress(out.name, neighbor.family));
    if (out === undefined || local === undefined) {
      this.#push({ to: 'bgp', event: { kind: 'transport-closed', transport, reason: 'no route to the neighbor' } });
      return;
    }
    const mss = out.mtu - IP_AND_TCP_HEADERS[neighbor.family];
    const remote = { address: neighbor, port: BGP_PORT };
    this.#push({ to: 'tcp', event: { kind: 'connect', connection: transport, local, remote, mss, ttl } });
  }

  #tcpEffect(effect: TcpEffect): void {
    switch (effect.kind) {
      case 'send': {
        const { local: source, remote: destination, segment, ttl } = effect;
        const header = { source, destination, protocol: Protocol.TCP, df: true, tos: ROUTING_TOS };
        const packet = buildIp(ttl === undefined ? header : { ...header, ttl }, segment);
        this.#command({ kind: 'inject', vrf: this.#bgpVrf, packet });
        break;
      }
      case 'accepted':
      case 'connected': {
        const { connection: transport, local, remote } = effect;
        const direction = effect.kind === 'accepted' ? 'in' : 'out';
        this.#push({ to: 'bgp', event: { kind: 'transport-up', transport, direction, local, remote } });
        break;
      }
      case 'data':
        this.#push({ to: 'bgp', event: { kind: 'transport-data', transport: effect.connection, data: effect.data } });
        break;
      case 'end':
        this.#push({
          to: 'bgp',
          event: { kind: 'transport-closed', transport: effect.connection, reason: 'peer closed the session' },
        });
        this.#push({ to: 'tcp', event: { kind: 'close', connection: effect.connection } });
        break;
      case 'closed':
        this.#push({
          to: 'bgp',
          event: { kind: 'transport-closed', transport: effect.connection, reason: effect.reason },
        });
        break;
      case 'drained':
        this.#push({ to: 'bgp', event: { kind: 'transport-drained', transport: effect.connection } });
        break;
      case 'notice':
        this.#log(6, effect.code, `TCP ${effect.code} from ${effect.remote}`, { subject: effect.remote.toString() });
        break;
      default:
        effect satisfies never;
    }
  }

  // --- routes ----------------------------------------------------------------------------------------------------

  #ribChanged(rib: Rib, changes: RibChanges): void {
    const { vrf } = rib;
    for (const change of changes.fib) {
      if (change.kind === 'set') {
        this.#command({ kind: 'set-route', vrf, prefix: change.prefix, nextHops: change.nextHops });
      } else this.#command({ kind: 'remove-route', vrf, prefix: change.prefix });
    }
    if (vrf !== this.#bgpVrf) return;
    for (const { address } of changes.tracked) {
      for (const { kind, name } of this.#watchers.of(address)) {
        if (kind === 'ike') this.#tellPeerReachable(name);
        else if (kind === 'bgp-neighbor') this.#tellNeighborReachable(address);
        else this.#push({ to: 'bgp', event: { kind: 'next-hop', address, metric: this.#metricTo(address) } });
      }
    }
    if (this.#index?.model.bgp !== undefined) {
      const touched = [...changes.withdrawn, ...changes.installed];
      this.#redistribute(touched.filter(({ candidate }) => candidate.source !== 'bgp').map(({ prefix }) => prefix));
    }
  }

  #redistribute(prefixes: readonly Prefix[]): void {
    if (prefixes.length === 0) return;
    const rib = this.#rib(this.#bgpVrf);
    const { announce, withdraw } = this.#redistribution.evaluate(
      prefixes.map((prefix) => [prefix, rib.installed(prefix)] as const),
    );
    if (announce.length + withdraw.length === 0) return;
    this.#push({ to: 'bgp', event: { kind: 'local-routes', announce, withdraw } });
  }

  /** A static peer can be reached when its source interface is up and a route leads to it, though not by its own tunnel. */
  #tellPeerReachable(name: string): void {
    const peer = this.#ikePlan?.config.peers.find((one) => one.name === name);
    if (peer?.remote === undefined || peer.local === undefined) return;
    const { local, remote } = peer;
    const sourceUp = [...(this.#interfaces?.all() ?? [])].some(
      (state) => state.up && state.addresses.some(({ address }) => address.equals(local)),
    );
    const way = this.#rib(this.#vrfOf(local)).resolve(remote)?.[0];
    const recursive = way !== undefined && way.interface === name;
    if (recursive) this.#log(5, 'recursive-routing', `${name}: the route to ${remote} leads through the tunnel itself`);
    const reachable = sourceUp && way !== undefined && !recursive;
    this.#push({ to: 'ike', event: { kind: 'peer-reachable', peer: name, reachable } });
  }

  #tellNeighborReachable(neighbor: IpAddress): void {
    const way = this.#rib(this.#bgpVrf).resolve(neighbor)?.[0];
    const connected = way?.route.candidate.source === 'connected';
    this.#push({
      to: 'bgp',
      event: { kind: 'neighbor-reachable', neighbor, reachable: way !== undefined, connected },
    });
  }

  #metricTo(address: IpAddress): number | undefined {
    return this.#rib(this.#bgpVrf).resolve(address)?.[0]?.metric;
  }

  // --- operator --------------------------------------------------------------------------------------------------

  #operator(request: OperatorRequest): void {
    switch (request.kind) {
      case 'ping': {
        const { destination, source } = request.ping;
        this.#pings.start(request.id, request.ping, source ?? this.#sourceFor(destination), this.#now);
        break;
      }
      case 'cancel':
        this.#pings.cancel(request.id);
        break;
      case 'clear-ike':
      case 'clear-child': {
        const what = request.kind === 'clear-ike' ? 'ike' : 'child';
        const remote = request.remote === undefined ? {} : { remote: request.remote };
        this.#push({ to: 'ike', event: { kind: 'clear', what, ...remote } });
        break;
      }
      case 'clear-bgp': {
        const neighbor = request.neighbor === undefined ? {} : { neighbor: request.neighbor };
        this.#push({ to: 'bgp', event: { kind: 'clear', soft: request.soft, ...neighbor } });
        break;
      }
      case 'shutdown':
        this.#push({ to: 'bgp', event: { kind: 'deconfigure' } });
        this.#push({ to: 'ike', event: { kind: 'clear', what: 'ike' } });
        break;
      default:
        request satisfies never;
    }
  }

  #sourceFor(destination: IpAddress): IpAddress | undefined {
    for (const state of this.#interfaces?.all() ?? []) {
      if (state.addresses.some(({ address }) => address.equals(destination))) return destination;
    }
    const way = this.#rib(this.#bgpVrf).resolve(destination)?.[0];
    return way === undefined ? undefined : this.#interfaces?.sourceAddress(way.interface, destination.family);
  }

  // --- small things ----------------------------------------------------------------------------------------------

  #rib(vrf: string): Rib {
    let rib = this.#ribs.get(vrf);
    if (rib === undefined) {
      rib = new Rib(vrf);
      this.#ribs.set(vrf, rib);
    }
    return rib;
  }

  #tracking(vrf: string): Readonly<{ track: (a: IpAddress) => void; untrack: (a: IpAddress) => void }> {
    const rib = this.#rib(vrf);
    return { track: (address) => rib.track(address), untrack: (address) => rib.untrack(address) };
  }

  /** The VRF that an address of ours lives in. */
  #vrfOf(address: IpAddress): string {
    for (const state of this.#interfaces?.all() ?? []) {
      if (state.addresses.some((own) => own.address.equals(address))) return state.model.vrf;
    }
    return this.#bgpVrf;
  }

  #command(command: PlaneCommand): void {
    this.#effects.push({ kind: 'plane', command });
  }

  #log(
    severity: GatewayLogEvent['severity'],
    code: string,
    text: string,
    more: Readonly<{ subject?: string; cause?: Cause }> = {},
  ): void {
    this.#effects.push({ kind: 'log', event: this.#journal.add(this.#now, severity, code, text, more) });
  }
}

/** Internetwork control, as routing protocols mark their packets (RFC 4594 section 3.2). */
const ROUTING_TOS = 0xc0;

function vpnOwner(session: number): string {
  return `ike ${session}`;
}

function hex(spi: number): string {
  return spi.toString(16).padStart(8, '0');
}
