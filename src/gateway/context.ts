/** What the parts of one gateway share: its state, the queue between the cores, and the effects gathered so far. */
import { at, type Instant, type IpAddress, type PrefixTrie, type Random } from '../base/index.ts';
import type { BgpEvent } from '../bgp/index.ts';
import { type CookieSecret, GLOBAL_VRF, type IkeEvent, type IkePath, type IkePeer } from '../ike/index.ts';
import type { PlaneCommand, PlaneCounters } from '../plane/contract.ts';
import { Rib } from '../routing/index.ts';
import type { TcpEvent } from '../tcp/index.ts';
import { Tunnels } from '../tunnel/index.ts';
import { ClosedPorts } from './closed-ports.ts';
import type { GatewayEffect, PeerSettings } from './contract.ts';
import { NO_CREDENTIALS } from './credentials.ts';
import type { GatewayLogEvent } from './event.ts';
import { GreTunnels } from './gre.ts';
import type { IkePlan } from './ike-config.ts';
import type { Interfaces } from './interfaces.ts';
import { type EventExtras, Journal } from './journal.ts';
import { LanTcp } from './lan-tcp.ts';
import type { ModelIndex } from './model-index.ts';
import { Overlay } from './overlay.ts';
import { Pings } from './pings.ts';
import { Reasons } from './reasons.ts';
import { RouteNews } from './route-news.ts';
import { Speaker } from './speaker.ts';
import { Traceroutes } from './traceroutes.ts';

/** An event on its way to one of the cores. */
export type Work =
  | Readonly<{ to: 'ike'; event: IkeEvent }>
  | Readonly<{ to: 'bgp'; speaker: Speaker; event: BgpEvent }>
  | Readonly<{ to: 'tcp'; speaker: Speaker; event: TcpEvent }>;

/** What is remembered of an IKE SA that is up. */
export type Session = { readonly since: Instant; path: IkePath; readonly role: 'initiator' | 'responder' };

export class Context {
  readonly tunnels = new Tunnels();
  readonly gre = new GreTunnels();
  readonly overlay = new Overlay();
  readonly journal = new Journal();
  readonly reasons = new Reasons();
  readonly routeNews = new RouteNews();
  /** IKE SAs that are up, by session. */
  readonly sessions = new Map<number, Session>();
  readonly pings: Pings;
  readonly traceroutes: Traceroutes;
  readonly closedPorts = new ClosedPorts();
  /** Absent until the first configuration, like `index` and `ikePlan`. */
  interfaces: Interfaces | undefined;
  index: ModelIndex | undefined;
  ikePlan: IkePlan | undefined;
  /** Private keys and certificates that the configuration does not hold. */
  credentials = NO_CREDENTIALS;
  /** From outside of the configuration. */
  peerSettings: readonly PeerSettings[] = [];
  /** All IKE peers by name. */
  peersByName: ReadonlyMap<string, IkePeer> = new Map();
  /** Static IKE peers by the address where they are. */
  peersByRemote: PrefixTrie<readonly IkePeer[]> | undefined;
  /** BGP by VRF: in the global table, and where a configuration ever had neighbours. */
  readonly speakers = new Map<string, Speaker>();
  /** That of the global table. */
  readonly main: Speaker;
  /** After a clean stop, until the next configuration. */
  isStopped = false;
  now: Instant = at(0);
  /** When a route was last installed or withdrawn, or a session came up that is about to tell some. */
  routesChangedAt: Instant = at(0);
  readonly #ribs = new Map<string, Rib>();
  #queue: Work[] = [];
  #effects: GatewayEffect[] = [];

  /** Put ESP into UDP with all peers; set by the gateway. */
  forceEncapsulation = false;
  /** Is shown each event as it happens; set by the gateway. */
  onEvent: (event: GatewayLogEvent) => void = () => undefined;
  readonly #random: Random;
  readonly #lanTcp: (vrf: string) => LanTcp | undefined;
  readonly #askCounters: () => PlaneCounters;
  #counters: PlaneCounters | undefined;

  constructor(random: Random, counters: () => PlaneCounters, lanTcp: 'own' | 'host' = 'own') {
    this.#askCounters = counters;
    const send = (packet: Uint8Array, vrf = GLOBAL_VRF): void => this.command({ kind: 'inject', vrf, packet });
    const emit = (effect: GatewayEffect): void => void this.#effects.push(effect);
    this.#random = random;
    this.#lanTcp = (vrf) => {
      if (lanTcp !== 'host') return undefined;
      return new LanTcp((order) => emit({ kind: 'host-tcp', order, ...(vrf === GLOBAL_VRF ? {} : { vrf }) }));
    };
    this.main = new Speaker(GLOBAL_VRF, random, this.#lanTcp(GLOBAL_VRF));
    this.speakers.set(GLOBAL_VRF, this.main);
    this.pings = new Pings(random, send, emit);
    this.traceroutes = new Traceroutes(random, send, emit);
  }

  /** BGP in a VRF, made when first asked for. */
  speaker(vrf: string): Speaker {
    let speaker = this.speakers.get(vrf);
    if (speaker === undefined) {
      speaker = new Speaker(vrf, this.#random, this.#lanTcp(vrf));
      this.speakers.set(vrf, speaker);
    }
    return speaker;
  }

  /** A core shall hear of something, after what is queued before it. */
  push(work: Work): void {
    this.#queue.push(work);
  }

  /** Hands out the queue's events in order, those that join meanwhile included; leaves it empty. */
  *takeWork(): Generator<Work> {
    for (let i = 0; i < this.#queue.length; i++) {
      const work = this.#queue[i];
      if (work !== undefined) yield work;
    }
    this.#queue = [];
  }

  get hasWork(): boolean {
    return this.#queue.length > 0;
  }

  /** Takes the effects gathered since the last call. */
  takeEffects(): readonly GatewayEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    this.#counters = undefined;
    return effects;
  }

  command(command: PlaneCommand): void {
    this.#effects.push({ kind: 'plane', command });
  }

  /** Those in front of us demand cookies of strangers with these secrets, or stop. */
  demandCookies(secrets: readonly CookieSecret[]): void {
    this.#effects.push({ kind: 'demand-cookies', secrets });
  }

  /** The machine around may have a use for a packet that was punted. */
  unclaimed(name: string, packet: Uint8Array): void {
    this.#effects.push({ kind: 'unclaimed', interface: name, packet });
  }

  log(severity: GatewayLogEvent['severity'], code: string, text: string, more: EventExtras = {}): void {
    const event = this.journal.add(this.now, severity, code, text, more);
    this.#effects.push({ kind: 'log', event });
    this.onEvent(event);
  }

  /** What the plane has counted: the same for all of one event, as orders are carried out behind it. */
  counters(): PlaneCounters {
    this.#counters ??= this.#askCounters();
    return this.#counters;
  }

  /** The RIB of a VRF, made when first asked for. */
  rib(vrf: string): Rib {
    let rib = this.#ribs.get(vrf);
    if (rib === undefined) {
      rib = new Rib(vrf);
      this.#ribs.set(vrf, rib);
    }
    return rib;
  }

  ribs(): Iterable<Rib> {
    return this.#ribs.values();
  }

  tracking(vrf: string): Readonly<{ track: (a: IpAddress) => void; untrack: (a: IpAddress) => void }> {
    const rib = this.rib(vrf);
    return { track: (address) => rib.track(address), untrack: (address) => rib.untrack(address) };
  }
}
