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
import { earlier, type Instant, type IpAddress, type Prefix, type Random } from '../base/index.ts';
import type { BgpPathSnapshot, EvpnPathSnapshot } from '../bgp/index.ts';
import type { KeyShare } from '../crypto/index.ts';
import { type ExportedIkeKeys, GLOBAL_VRF, Ike } from '../ike/index.ts';
import type { PlaneCounters, TransitStatus } from '../plane/contract.ts';
import { stopBgp } from './bgp-configuring.ts';
import { performBgp, performHostTcp, performTcp } from './bgp-orders.ts';
import { configure } from './configuring.ts';
import { Context, type Work } from './context.ts';
import type { GatewayEffect, GatewayEvent, OperatorRequest } from './contract.ts';
import type { Credentials } from './credentials.ts';
import { performIke } from './ike-orders.ts';
import { type FormatSyslog, LogHosts } from './log-hosts.ts';
import { causeOf, tellConfigured } from './operator-news.ts';
import { planeEvent } from './punts.ts';
import { ribChanged, routeTeller, sourceFor } from './routes.ts';
import type { BgpVrfSnapshot, GatewaySnapshot } from './snapshot.ts';
import { interfaceSnapshots } from './snapshot-interfaces.ts';
import { Trustpoints } from './trustpoints.ts';

export type GatewayOptions = Readonly<{
  name: string;
  random: Random;
  /** When the plane last saw authentic ESP on an inbound SPI. */
  lastInbound: (inboundSpi: number) => number | undefined;
  /** When it last sent ESP on the child SA with an inbound SPI. */
  lastOutbound?: (inboundSpi: number) => number | undefined;
  counters: () => PlaneCounters;
  /** Connections in transit. */
  connections?: (now: Instant) => TransitStatus;
  /** Private keys, and files of certificates and revocation lists; absent: there are none. */
  credentials?: Credentials;
  /** Wall-clock time as milliseconds since 1970, for logs and certificates. */
  wallClock?: (now: Instant) => number;
  /** What goes to the log hosts of the configuration for an event, a datagram each; absent: they are told nothing. */
  syslog?: FormatSyslog;
  /** Whose TCP carries BGP with neighbours that an ethernet interface leads to; on a host, the kernel's. */
  lanTcp?: 'own' | 'host';
  /** Put ESP into UDP with all peers, NAT or not: for networks that let nothing else through. */
  forceEncapsulation?: boolean;
  /** A fresh key share of a group, where some are made ahead; absent: each is made when it is needed. */
  keyShare?: (group: number) => KeyShare;
  /** Is told IKE keys as they come to be, for decryption tables. */
  exportKeys?: (keys: ExportedIkeKeys) => void;
}>;

/** How far a gateway has come, cheap to ask. */
export type GatewayStatus = Readonly<{
  tunnelsUp: number;
  tunnelsWanted: number;
  bgpUp: number;
  bgpWanted: number;
  /** When a route was last installed or withdrawn, or a session came up that is about to tell some. */
  routesChangedAt: Instant;
}>;

export class Gateway {
  readonly name: string;
  readonly #options: GatewayOptions;
  readonly #context: Context;
  readonly #ike: Ike;
  #startedAt: Instant | undefined;

  constructor(options: GatewayOptions) {
    const { random, lastInbound, exportKeys, syslog } = options;
    this.name = options.name;
    this.#options = options;
    this.#context = new Context(random, options.counters, options.lanTcp);
    const context = this.#context;
    context.forceEncapsulation = options.forceEncapsulation ?? false;
    if (options.credentials !== undefined) context.credentials = options.credentials;
    if (syslog !== undefined) {
      const hosts = new LogHosts(syslog);
      const { wallClock } = options;
      context.onEvent = (event) => hosts.send(context, event, wallClock?.(context.now));
    }
    const { lastOutbound, wallClock, keyShare } = options;
    this.#ike = new Ike({
      random,
      lastInbound,
      ...(lastOutbound === undefined ? {} : { lastOutbound }),
      ...(wallClock === undefined ? {} : { wallClock }),
      ...(keyShare === undefined ? {} : { keyShare }),
      ...(exportKeys === undefined ? {} : { exportKeys }),
    });
  }

  /** Takes in one event; the effects must be performed in their order. */
  handle(event: GatewayEvent, now: Instant): readonly GatewayEffect[] {
    const context = this.#context;
    context.now = now;
    context.reasons.begin(causeOf(event));
    switch (event.kind) {
      case 'configure':
        tellConfigured(context, event);
        if (this.#startedAt === undefined && event.model.dialect === 'iosxe')
          context.log(5, 'restarted', 'System restarted');
        this.#startedAt ??= now;
        context.peerSettings = event.peerSettings ?? context.peerSettings;
        configure(context, event.model);
        break;
      case 'credentials':
        context.credentials = event.credentials;
        if (context.index !== undefined && !context.isStopped) configure(context, context.index.model);
        break;
      case 'plane':
        planeEvent(context, event.event);
        break;
      case 'carrier':
        context.interfaces?.carrier(event.interface, event.up, now);
        break;
      case 'operator':
        this.#operator(event.request);
        break;
      case 'host-tcp':
        performHostTcp(context, event.report, event.vrf);
        break;
      case 'machine': {
        const { severity, code, text, subject } = event;
        context.log(severity, code, text, subject === undefined ? {} : { subject });
        break;
      }
      case 'cookies-answered':
        context.push({ to: 'ike', event });
        break;
      case 'tick':
        this.#tick();
        break;
      default:
        event satisfies never;
    }
    this.#settle();
    return context.takeEffects();
  }

  /** When the next tick is due. */
  wakeAt(): Instant | undefined {
    const { pings, traceroutes, routeNews, gre } = this.#context;
    let when = earlier(this.#ike.wakeAt(), earlier(earlier(pings.wakeAt(), traceroutes.wakeAt()), routeNews.wakeAt()));
    when = earlier(when, gre.wakeAt());
    for (const { bgp, tcp } of this.#context.speakers.values()) {
      when = earlier(when, earlier(bgp.wakeAt(), tcp.wakeAt()));
    }
    return when;
  }

  /** Counts of what is up and what shall be. A tunnel that can not start counts as wanted. */
  status(): GatewayStatus {
    const { interfaces, index, speakers, routesChangedAt } = this.#context;
    let tunnelsUp = 0;
    let tunnelsWanted = 0;
    for (const state of interfaces?.all() ?? []) {
      if (state.kind !== 'tunnel' && state.kind !== 'virtual-access') continue;
      if (!state.model.shutdown) tunnelsWanted++;
      if (state.up) tunnelsUp++;
    }
    const { bgp } = index?.model ?? {};
    const neighbors = [...(bgp?.neighbors ?? []), ...(bgp?.vrfs ?? []).flatMap((one) => one.neighbors)];
    // Those of listen ranges are wanted when they are here.
    const guests = [...speakers.values()].reduce((sum, speaker) => sum + speaker.ranges.guests().length, 0);
    const bgpUp = [...speakers.values()].reduce((sum, speaker) => sum + speaker.up.size, 0);
    const bgpWanted =
      neighbors.filter(({ shutdown, remoteAsn }) => !shutdown && remoteAsn !== undefined).length + guests;
    return { tunnelsUp, tunnelsWanted, bgpUp, bgpWanted, routesChangedAt };
  }

  /** Whether a route is installed for exactly this prefix in a VRF. */
  hasRoute(prefix: Prefix, vrf = GLOBAL_VRF): boolean {
    return this.#context.rib(vrf).installed(prefix) !== undefined;
  }

  /** Everything that operators may see; undefined before the first configuration. */
  snapshot(now: Instant): GatewaySnapshot | undefined {
    const { index, interfaces, tunnels, ikePlan, journal, gre } = this.#context;
    if (index === undefined || interfaces === undefined) return undefined;
    const { model } = index;
    const bgp =
      model.bgp === undefined ? {} : { bgp: this.#context.main.bgp.snapshot(now), bgpVrfs: this.#bgpVrfs(now) };
    const { wallClock } = this.#options;
    const ike = this.#ike.snapshot(now);
    const overlay = this.#context.overlay.snapshot(this.#context);
    return {
      now,
      ...(wallClock === undefined ? {} : { wallClockMs: wallClock(now) }),
      ...(this.#startedAt === undefined ? {} : { startedAt: this.#startedAt }),
      hostname: model.hostname,
      model,
      interfaces: interfaceSnapshots(index, interfaces, tunnels, ikePlan, ike, (name) => gre.standing(name)),
      ike,
      ...(model.trustpoints === undefined
        ? {}
        : { trustpoints: new Trustpoints(model, this.#context.credentials).status() }),
      routes: [...this.#context.ribs()].map((rib) => ({ vrf: rib.vrf, routes: [...rib.routes()] })),
      ...bgp,
      tcp: this.#context.main.tcp.snapshot(now),
      plane: this.#options.counters(),
      ...this.#transit(),
      ...(overlay === undefined ? {} : { overlay }),
      log: journal.events(),
    };
  }

  /** The BGP table, or what one neighbour told or was told. */
  bgpPaths(
    what: Readonly<
      { kind: 'all'; vrf?: string } | { kind: 'received' | 'advertised'; neighbor: IpAddress; vrf?: string }
    >,
  ): readonly BgpPathSnapshot[] {
    const bgp = this.#context.speakers.get(what.vrf ?? GLOBAL_VRF)?.bgp;
    if (bgp === undefined) return [];
    if (what.kind === 'all') return bgp.paths();
    return what.kind === 'received' ? bgp.received(what.neighbor) : bgp.advertised(what.neighbor);
  }

  #bgpVrfs(now: Instant): BgpVrfSnapshot[] {
    return [...this.#context.speakers.values()].flatMap(({ vrf, bgp, tcp, running, ranges }) => {
      const dynamic = ranges.guests().map(({ address }) => ({ address, range: ranges.rangeOf(address)?.prefix }));
      const here = { vrf, dynamic, ranges: ranges.all.map(({ prefix, peerGroup }) => ({ prefix, peerGroup })) };
      return running === undefined ? [] : [{ ...here, bgp: bgp.snapshot(now), tcp: tcp.snapshot(now) }];
    });
  }

  /** Routes of EVPN that the global speaker knows. */
  evpnPaths(): readonly EvpnPathSnapshot[] {
    return this.#context.speakers.get('')?.bgp.evpnPaths() ?? [];
  }

  /** Hands queued events to the cores and flushes the RIBs until nothing is left to do. */
  #settle(): void {
    const context = this.#context;
    do {
      for (const work of context.takeWork()) this.#perform(work);
      for (const rib of context.ribs()) ribChanged(context, rib, rib.flush(context.now));
    } while (context.hasWork);
  }

  #perform(work: Work): void {
    const { now } = this.#context;
    switch (work.to) {
      case 'ike':
        for (const effect of this.#ike.handle(work.event, now)) performIke(this.#context, effect);
        break;
      case 'bgp':
        for (const effect of work.speaker.bgp.handle(work.event, now)) performBgp(this.#context, work.speaker, effect);
        break;
      case 'tcp':
        for (const effect of work.speaker.tcp.handle(work.event, now)) performTcp(this.#context, work.speaker, effect);
        break;
      default:
        work satisfies never;
    }
  }

  #transit(): Pick<GatewaySnapshot, 'transit'> {
    const { index, now } = this.#context;
    const { connections } = this.#options;
    return connections === undefined || index?.model.dialect !== 'asa' ? {} : { transit: connections(now) };
  }

  #tick(): void {
    const context = this.#context;
    const due = (when: Instant | undefined): boolean => when !== undefined && when <= context.now;
    if (due(this.#ike.wakeAt())) context.push({ to: 'ike', event: { kind: 'tick' } });
    for (const speaker of context.speakers.values()) {
      if (due(speaker.tcp.wakeAt())) context.push({ to: 'tcp', speaker, event: { kind: 'tick' } });
      if (due(speaker.bgp.wakeAt())) context.push({ to: 'bgp', speaker, event: { kind: 'tick' } });
    }
    context.gre.tick(context);
    context.pings.tick(context.now);
    context.traceroutes.tick(context.now);
    context.routeNews.tick(routeTeller(context), context.now);
  }

  #operator(request: OperatorRequest): void {
    const context = this.#context;
    switch (request.kind) {
      case 'ping': {
        const { destination, source, vrf = GLOBAL_VRF } = request.ping;
        context.pings.start(request.id, request.ping, source ?? sourceFor(context, destination, vrf), context.now);
        break;
      }
      case 'traceroute': {
        const { destination, source, vrf = GLOBAL_VRF } = request.traceroute;
        const from = source ?? sourceFor(context, destination, vrf);
        context.traceroutes.start(request.id, request.traceroute, from, context.now);
        break;
      }
      case 'cancel':
        context.pings.cancel(request.id);
        context.traceroutes.cancel(request.id);
        break;
      case 'clear-ike':
      case 'clear-child': {
        const what = request.kind === 'clear-ike' ? 'ike' : 'child';
        const remote = request.remote === undefined ? {} : { remote: request.remote };
        context.push({ to: 'ike', event: { kind: 'clear', what, ...remote } });
        break;
      }
      case 'rekey-ike':
      case 'rekey-child': {
        const what = request.kind === 'rekey-ike' ? 'ike' : 'child';
        const remote = request.remote === undefined ? {} : { remote: request.remote };
        context.push({ to: 'ike', event: { kind: 'rekey', what, ...remote } });
        break;
      }
      case 'clear-bgp': {
        const neighbor = request.neighbor === undefined ? {} : { neighbor: request.neighbor };
        const direction = request.direction === undefined ? {} : { direction: request.direction };
        // A neighbour is one of the global table unless a VRF is named; without one all tables are meant.
        const vrf = request.vrf ?? (request.neighbor === undefined ? undefined : GLOBAL_VRF);
        for (const speaker of context.speakers.values()) {
          if (vrf !== undefined && speaker.vrf !== vrf) continue;
          context.push({ to: 'bgp', speaker, event: { kind: 'clear', soft: request.soft, ...neighbor, ...direction } });
        }
        break;
      }
      case 'capture':
        context.command({ kind: 'set-tap', tap: request.tap });
        break;
      case 'end-capture':
        context.command({ kind: 'remove-tap', name: request.name });
        break;
      case 'clear-connections': {
        const address = request.address === undefined ? {} : { address: request.address };
        context.command({ kind: 'clear-connections', ...address });
        break;
      }
      case 'clear-capture':
        context.command({ kind: 'clear-tap', name: request.name });
        break;
      case 'configured':
        tellConfigured(context, request);
        break;
      case 'shutdown':
        this.#stop();
        break;
      default:
        request satisfies never;
    }
  }

  /**
   * The clean stop. BGP's last words go first, as they need the tunnels. IKE without peers deletes its SAs, begins
   * none, and with no room for half-open ones answers nobody who would come back.
   */
  #stop(): void {
    const context = this.#context;
    const config = context.ikePlan?.config;
    if (config === undefined || context.isStopped) return;
    context.isStopped = true;
    stopBgp(context);
    this.#settle();
    context.push({ to: 'ike', event: { kind: 'configure', config: { ...config, peers: [], maxHalfOpen: 0 } } });
  }
}
