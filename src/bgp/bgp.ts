/** The BGP speaker: all neighbours and RIBs of one device. */
import {
  IpAddress as Address,
  after,
  Deadlines,
  type Endpoint,
  earlier,
  type Instant,
  type IpAddress,
  type Prefix,
  type Random,
} from '../base/index.ts';
import { UpdateGroup } from './adj-rib-out.ts';
import { prepend } from './as-path.ts';
import type { DecisionRules } from './decision.ts';
import type { BgpEffect, BgpEvent, BgpPathSnapshot, BgpSnapshot, EvpnPathSnapshot, TransportId } from './events.ts';
import { type BgpFamily, EvpnPrefix, FAMILIES, type Nlri, overlayAttribute } from './evpn.ts';
import { CEASE } from './faults.ts';
import { admitted, refusalOf } from './inbound.ts';
import { sharedPrefix } from './intern.ts';
import { LocRib } from './loc-rib.ts';
import { NextHops } from './next-hops.ts';
import type { Path } from './path.ts';
import { type PathAttributes, PLAIN } from './path-attributes.ts';
import { fingerprint, groupKey, inboundTerms, needsReset, Peer, receivedThrough, treatmentOf } from './peer.ts';
import type { BgpConfig, BgpNeighbor, LocalEvpnRoute, LocalRoute } from './policy.ts';
import type { SessionHost } from './session.ts';
import { advertisedPaths, evpnPathsOf, pathsOf, receivedPaths, speakerSnapshot } from './snapshot.ts';
import type { Update } from './wire/update.ts';

/** Changes that come within this time of the last round of decisions are decided together. */
const ROUND_MS = 50;
/** Weight of routes of our own, on Cisco's scale. */
const LOCAL_WEIGHT = 32_768;

export class Bgp {
  readonly #random: Random;
  #config: BgpConfig | undefined;
  readonly #peers = new Map<string, Peer>();
  readonly #transports = new Map<TransportId, Peer>();
  readonly #reachability = new Map<string, Readonly<{ reachable: boolean; connected: boolean }>>();
  readonly #deadlines = new Deadlines<Peer>();
  readonly #groups = new Map<string, UpdateGroup>();
  readonly #local = new Map<string, Path>();
  #locRib = new LocRib();
  readonly #nextHops: NextHops;
  readonly #touched = new Set<Peer>();
  #effects: BgpEffect[] = [];
  #now: Instant | undefined;
  #lastTransport = 0;
  #lastRound: Instant | undefined;
  #roundAt: Instant | undefined;
  #hasOutput = false;

  constructor({ random }: { random: Random }) {
    this.#random = random;
    this.#nextHops = new NextHops((effect) => this.#effects.push(effect));
  }

  handle(event: BgpEvent, now: Instant): readonly BgpEffect[] {
    this.#now = now;
    this.#effects = [];
    this.#dispatch(event, now);
    if (this.#locRib.hasWork || this.#hasOutput) {
      const earliest = this.#lastRound === undefined ? now : after(this.#lastRound, ROUND_MS);
      this.#roundAt = earlier(this.#roundAt, earliest);
      this.#hasOutput = false;
    }
    if (this.#roundAt !== undefined && this.#roundAt <= now) this.#round(now);
    for (const peer of this.#touched) this.#rearm(peer);
    this.#touched.clear();
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  wakeAt(): Instant | undefined {
    return earlier(this.#deadlines.earliest(), this.#roundAt);
  }

  snapshot(_now: Instant): BgpSnapshot {
    return speakerSnapshot(this.#config, [...this.#peers.values()], this.#locRib);
  }

  /** All paths, or those of one prefix, in order of prefixes and the best one first. */
  paths(prefix?: Prefix): readonly BgpPathSnapshot[] {
    const found = prefix === undefined ? undefined : this.#locRib.get(prefix);
    const destinations = prefix === undefined ? [...this.#locRib.destinations()] : found === undefined ? [] : [found];
    return pathsOf(destinations, this.#rules());
  }

  /** All paths of EVPN, in order of their routes and the best one first. */
  evpnPaths(): readonly EvpnPathSnapshot[] {
    return evpnPathsOf(this.#locRib.destinations(), this.#rules());
  }

  /** What a neighbour has been told. */
  advertised(neighbor: IpAddress): readonly BgpPathSnapshot[] {
    const peer = this.#peers.get(neighbor.toString());
    return peer === undefined ? [] : advertisedPaths(peer);
  }

  /** What a neighbour told us, before inbound policy. */
  received(neighbor: IpAddress): readonly BgpPathSnapshot[] {
    const peer = this.#peers.get(neighbor.toString());
    return peer === undefined ? [] : receivedPaths(peer, this.#rules());
  }

  #dispatch(event: BgpEvent, now: Instant): void {
    switch (event.kind) {
      case 'configure':
        this.#configure(event.config, now);
        return;
      case 'deconfigure':
        this.#deconfigure(now);
        return;
      case 'neighbor-reachable': {
        const { neighbor, reachable, connected } = event;
        this.#reachability.set(neighbor.toString(), { reachable, connected });
        const peer = this.#peers.get(neighbor.toString());
        if (peer !== undefined) this.#touch(peer).session.reachable(reachable, connected, now);
        return;
      }
      case 'transport-up':
        this.#transportUp(event.transport, event.direction, event.local, event.remote, now);
        return;
      case 'transport-data': {
        const peer = this.#transports.get(event.transport);
        if (peer !== undefined) this.#touch(peer).session.transportData(event.transport, event.data, now);
        return;
      }
      case 'transport-closed': {
        const peer = this.#transports.get(event.transport);
        if (peer !== undefined) this.#touch(peer).session.transportClosed(event.transport, event.reason, now);
        return;
      }
      case 'transport-drained': {
        const peer = this.#transports.get(event.transport);
        if (peer !== undefined) this.#touch(peer).session.transportDrained(event.transport, now);
        return;
      }
      case 'local-routes':
        for (const prefix of event.withdraw) this.#withdrawLocal(prefix);
        for (const route of event.announce) this.#announceLocal(route);
        return;
      case 'local-evpn-routes':
        for (const nlri of event.withdraw) this.#withdrawLocal(nlri);
        for (const route of event.announce) this.#announceEvpn(route);
        return;
      case 'next-hop':
        for (const path of this.#nextHops.resolve(event.address, event.metric)) this.#locRib.touch(path.destination);
        return;
      case 'clear':
        this.#clear(event, now);
        return;
      case 'tick':
        this.#tick(now);
        return;
      default:
        event satisfies never;
    }
  }

  #tick(now: Instant): void {
    for (;;) {
      const peer = this.#deadlines.takeDue(now);
      if (peer === undefined) return;
      this.#touch(peer).session.tick(now);
    }
  }

  #touch(peer: Peer): Peer {
    this.#touched.add(peer);
    return peer;
  }

  /** Moves the deadline only when it comes nearer: a wake-up that finds nothing due is cheaper than moving each time. */
  #rearm(peer: Peer): void {
    const wanted = this.#peers.get(peer.neighbor.address.toString()) === peer ? peer.session.wakeAt() : undefined;
    const current = this.#deadlines.get(peer);
    if (wanted === undefined || current === undefined || wanted < current) this.#deadlines.set(peer, wanted);
  }

  // Configuration

  #configure(config: BgpConfig, now: Instant): void {
    const old = this.#config;
    const isOtherSpeaker = old !== undefined && identity(old) !== identity(config);
    if (isOtherSpeaker) {
      for (const peer of this.#peers.values()) {
        this.#touch(peer).session.reset(CEASE.otherChange, 'Router ID changed', now);
      }
    }
    this.#config = config;
    const wanted = new Map(config.neighbors.map((neighbor) => [neighbor.address.toString(), neighbor]));
    for (const [key, peer] of this.#peers) if (!wanted.has(key)) this.#removePeer(key, peer, now);
    for (const [key, neighbor] of wanted) {
      const peer = this.#peers.get(key);
      if (peer === undefined) this.#addPeer(key, neighbor, now);
      else if (peer.neighbor !== neighbor || isOtherSpeaker) this.#changePeer(peer, neighbor, now);
    }
    if (old === undefined || JSON.stringify(rulesOf(old)) === JSON.stringify(rulesOf(config))) return;
    for (const destination of this.#locRib.destinations()) this.#locRib.touch(destination);
    for (const peer of this.#peers.values()) this.#regroup(peer);
  }

  #addPeer(key: string, neighbor: BgpNeighbor, now: Instant): void {
    if (this.#config === undefined) return;
    const clock = (): Instant => this.#now ?? now;
    const peer = new Peer(neighbor, this.#config, (self) => this.#hostOf(self), clock);
    this.#peers.set(key, peer);
    const { reachable = false, connected = false } = this.#reachability.get(key) ?? {};
    this.#touch(peer).session.reachable(reachable, connected, now);
  }

  #removePeer(key: string, peer: Peer, now: Instant): void {
    this.#touch(peer).session.stop(CEASE.deconfigured, 'Neighbor deleted', now);
    this.#peers.delete(key);
  }

  #changePeer(peer: Peer, neighbor: BgpNeighbor, now: Instant): void {
    if (this.#config === undefined) return;
    const old = peer.neighbor;
    if (needsReset(old, neighbor)) {
      const [subcode, reason] =
        neighbor.shutdown && !old.shutdown
          ? ([CEASE.shutdown, 'Admin. shutdown'] as const)
          : ([CEASE.otherChange, 'Configuration changed'] as const);
      this.#touch(peer).session.reset(subcode, reason, now);
    }
    this.#touch(peer).configure(neighbor, this.#config, now);
    this.#regroup(peer);
    for (const family of FAMILIES) {
      const [before, next] = [old.families[family], neighbor.families[family]];
      if (before === undefined || next === undefined || before === next) continue;
      // What allowas-in refused was not kept: only the neighbour can say it again.
      if (before.allowAsIn !== next.allowAsIn) peer.session.requestRefresh(family);
      if (before.weight !== next.weight || fingerprint(before.in) !== fingerprint(next.in))
        this.#judgeAnew(peer, family);
      this.#checkMaximum(peer, family, now);
    }
  }

  #deconfigure(now: Instant): void {
    for (const [key, peer] of this.#peers) this.#removePeer(key, peer, now);
    for (const path of this.#local.values()) this.#locRib.remove(path);
    this.#local.clear();
    this.#round(now);
    this.#config = undefined;
    this.#reachability.clear();
  }

  #clear({ neighbor, soft, direction }: Extract<BgpEvent, { kind: 'clear' }>, now: Instant): void {
    for (const peer of this.#peers.values()) {
      if (neighbor !== undefined && !peer.neighbor.address.equals(neighbor)) continue;
      this.#touch(peer);
      if (!soft) {
        peer.session.reset(CEASE.reset, 'User reset', now);
        continue;
      }
      for (const family of FAMILIES) {
        if (direction !== 'in') this.#sendAll(peer, family);
        if (direction !== 'out') peer.session.requestRefresh(family);
      }
    }
  }

  // Sessions

  #hostOf(peer: Peer): SessionHost {
    return {
      random: this.#random,
      emit: (effect) => this.#effects.push(effect),
      nextTransport: () => {
        const transport = --this.#lastTransport;
        this.#transports.set(transport, peer);
        return transport;
      },
      release: (transport) => this.#transports.delete(transport),
      established: (negotiated) => {
        peer.source.routerId = negotiated.routerId;
        peer.hasWarned = false;
        this.#regroup(peer);
      },
      down: () => this.#dropRoutes(peer),
      update: (update) => this.#learnUpdate(peer, update),
      refresh: (family) => this.#sendAll(peer, family),
    };
  }

  #transportUp(transport: TransportId, direction: 'in' | 'out', local: Endpoint, remote: Endpoint, now: Instant): void {
    const known = this.#transports.get(transport);
    const peer = known ?? this.#peers.get(remote.address.toString());
    if (peer !== undefined) {
      this.#transports.set(transport, peer);
      if (this.#touch(peer).session.transportUp(transport, direction, local, now)) return;
      this.#transports.delete(transport);
    } else {
      const text = `connection from ${remote.address} refused: no such neighbor`;
      this.#effects.push({ kind: 'notice', neighbor: remote.address, code: 'refused', text });
    }
    this.#effects.push({ kind: 'close', transport, abort: true });
  }

  #dropRoutes(peer: Peer): void {
    for (const group of peer.groups.values()) this.#leave(group, peer);
    peer.groups.clear();
    for (const family of FAMILIES) {
      for (const path of peer.adjRibIn[family].drain()) {
        this.#locRib.remove(path);
        this.#nextHops.release(path);
      }
    }
  }

  // Routes in

  #learnUpdate(peer: Peer, update: Update): void {
    const config = this.#config;
    const negotiated = peer.session.negotiated;
    if (config === undefined || negotiated === undefined) return;
    for (const prefix of update.withdrawn) this.#forget(peer, prefix);
    for (const { attributes, prefixes } of update.announced) {
      const family = prefixes[0]?.family;
      if (family === undefined || !negotiated.families.includes(family)) continue;
      const refusal = refusalOf(attributes, inboundTerms(peer, config, family));
      if (refusal !== undefined && refusal !== 'loop') peer.session.noteFault({ kind: refusal });
      for (const prefix of prefixes) {
        if (refusal !== undefined) this.#forget(peer, prefix);
        else this.#learn(peer, config, prefix, attributes);
      }
      this.#checkMaximum(peer, family, this.#now);
    }
  }

  #learn(peer: Peer, config: BgpConfig, prefix: Nlri, told: PathAttributes): void {
    const received = prefix instanceof EvpnPrefix ? { ...told, evpn: prefix.fields } : told;
    const adjRibIn = peer.adjRibIn[prefix.family];
    const old = adjRibIn.get(prefix);
    if (old?.received === received) return; // Shared attributes: the same object says the same.
    const settings = peer.neighbor.families[prefix.family];
    if (settings === undefined) return;
    const verdict = admitted(prefix, received, receivedThrough(peer, config), settings);
    const path: Path = {
      destination: this.#locRib.of(prefix),
      source: peer.source,
      received,
      attributes: verdict?.attributes,
      weight: verdict?.weight ?? 0,
      hop: verdict === undefined ? undefined : this.#nextHops.of(verdict.attributes.nextHop),
    };
    this.#nextHops.use(path);
    adjRibIn.set(path);
    this.#locRib.replace(old, path);
    if (old !== undefined) this.#nextHops.release(old);
  }

  #forget(peer: Peer, prefix: Nlri): void {
    const path = peer.adjRibIn[prefix.family].take(prefix);
    if (path === undefined) return;
    this.#locRib.remove(path);
    this.#nextHops.release(path);
  }

  /** Applies a changed inbound policy to what the neighbour said before. */
  #judgeAnew(peer: Peer, family: BgpFamily): void {
    const config = this.#config;
    if (config === undefined) return;
    for (const { destination, received } of [...peer.adjRibIn[family].paths()]) {
      this.#learn(peer, config, destination.prefix, { ...received });
    }
  }

  /** RFC 4271 section 6.7, RFC 4486 section 4. */
  #checkMaximum(peer: Peer, family: BgpFamily, now: Instant | undefined): void {
    const maximum = peer.neighbor.families[family]?.maximumPrefix;
    if (maximum === undefined || now === undefined || peer.session.negotiated === undefined) return;
    const { accepted } = peer.adjRibIn[family];
    const neighbor = peer.neighbor.address;
    if (accepted > maximum.count) {
      const text = `No. of prefix received from ${neighbor} (afi ${FAMILIES.indexOf(family)}): ${accepted} exceeds limit ${maximum.count}`;
      if (!peer.hasWarned || !maximum.warningOnly) {
        this.#effects.push({ kind: 'notice', neighbor, code: 'maximum-prefix-exceeded', text });
      }
      peer.hasWarned = true;
      if (!maximum.warningOnly) peer.session.holdDown(now);
    } else if (accepted > (maximum.count * maximum.warningPercent) / 100) {
      if (peer.hasWarned) return;
      peer.hasWarned = true;
      const text = `No. of prefix received from ${neighbor} (afi ${FAMILIES.indexOf(family)}) reaches ${accepted}, max ${maximum.count}`;
      this.#effects.push({ kind: 'notice', neighbor, code: 'maximum-prefix', text });
    } else peer.hasWarned = false;
  }

  #announceLocal(route: LocalRoute): void {
    const prefix = sharedPrefix(route.prefix);
    const attributes: PathAttributes = {
      ...PLAIN,
      origin: route.origin,
      asPath: prepend([], route.asPathPrepend),
      nextHop: route.nextHop ?? Address.any(prefix.family),
      med: route.med,
      localPreference: route.localPreference,
      communities: route.communities,
    };
    this.#setLocal(prefix, attributes, route.weight);
  }

  #announceEvpn({ nlri, nextHop, origin, med, ...communities }: LocalEvpnRoute): void {
    const overlay = overlayAttribute({ ...communities, isVxlan: true });
    const attributes = { ...PLAIN, origin, nextHop, med, others: [overlay], evpn: nlri.fields };
    this.#setLocal(nlri, attributes, LOCAL_WEIGHT);
  }

  #setLocal(nlri: Nlri, attributes: PathAttributes, weight: number): void {
    const destination = this.#locRib.of(nlri);
    const path: Path = { destination, source: undefined, received: attributes, attributes, weight, hop: undefined };
    this.#locRib.replace(this.#local.get(nlri.toString()), path);
    this.#local.set(nlri.toString(), path);
  }

  #withdrawLocal(prefix: Nlri): void {
    const path = this.#local.get(prefix.toString());
    if (path === undefined) return;
    this.#local.delete(prefix.toString());
    this.#locRib.remove(path);
  }

  // Routes out

  /** Decides what is due to be decided, and tells the neighbours. */
  #round(now: Instant): void {
    const changed = this.#locRib.settle(this.#rules(), (effect) => this.#effects.push(effect));
    let next: Instant | undefined;
    for (const group of this.#groups.values()) {
      for (const destination of changed) group.offer(destination);
      group.flush(now);
      next = earlier(next, group.dueAt(now));
    }
    this.#lastRound = now;
    this.#roundAt = next;
  }

  /** Puts an established neighbour into the groups that its treatment asks for; routes follow in the next round. */
  #regroup(peer: Peer): void {
    const config = this.#config;
    if (config === undefined) return;
    for (const family of FAMILIES) {
      const treatment = treatmentOf(peer, config, family);
      if (treatment === undefined) continue;
      const key = groupKey(treatment);
      const current = peer.groups.get(family);
      if (current?.key === key) continue;
      const had = current?.told(peer.source);
      if (current !== undefined) this.#leave(current, peer);
      let group = this.#groups.get(key);
      if (group === undefined) {
        group = new UpdateGroup(key, treatment, this.#locRib.destinations());
        this.#groups.set(key, group);
      }
      group.join(peer.member, had);
      peer.groups.set(family, group);
      this.#hasOutput = true;
    }
  }

  #leave(group: UpdateGroup, peer: Peer): void {
    group.leave(peer.member);
    if (group.isEmpty) this.#groups.delete(group.key);
  }

  #sendAll(peer: Peer, family: BgpFamily): void {
    const group = peer.groups.get(family);
    if (group === undefined) return;
    group.join(peer.member);
    this.#hasOutput = true;
  }

  #rules(): DecisionRules {
    return this.#config === undefined ? DEFAULT_RULES : rulesOf(this.#config);
  }
}

const DEFAULT_RULES: DecisionRules = {
  defaultLocalPreference: 100,
  alwaysCompareMed: false,
  maximumPaths: { ebgp: 1, ibgp: 1 },
};

function rulesOf({ defaultLocalPreference, alwaysCompareMed, maximumPaths }: BgpConfig): DecisionRules {
  return { defaultLocalPreference, alwaysCompareMed, maximumPaths };
}

/** What every session rests on: a change resets them all. */
function identity(config: BgpConfig): string {
  return `${config.asn} ${config.routerId} ${config.clusterId ?? ''}`;
}
