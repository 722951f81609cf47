/** A bench of speakers on virtual time, joined by a perfect in-memory transport: for tests and measurements. */
import {
  after,
  at,
  type Endpoint,
  type Instant,
  IpAddress,
  Prefix,
  type Random,
  randomBelow,
  seededRandom,
} from '../base/index.ts';
import { Bgp } from './bgp.ts';
import type { BgpEffect, BgpEvent, BgpPathSnapshot, BgpRoute, TransportId } from './events.ts';
import type { BgpConfig, BgpNeighbor, LocalRoute, NeighborFamily } from './policy.ts';

type Pipe = Readonly<{ ends: readonly [End, End]; delays: readonly [number, number] }>;
type End = Readonly<{ node: Node; transport: TransportId }>;
type Scheduled = Readonly<{ node: Node; event: BgpEvent }>;

/** One speaker with its address and what it has ordered so far. */
export type Node = {
  readonly name: string;
  readonly address: IpAddress;
  readonly bgp: Bgp;
  readonly routes: Map<string, BgpRoute>;
  readonly log: BgpEffect[];
  readonly pipes: Map<TransportId, Pipe>;
  /** Metric toward each next hop; the default is reachable at 0. */
  readonly metrics: Map<string, number | undefined>;
  bytesSent: number;
};

export function ip(text: string): IpAddress {
  const address = IpAddress.parse(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return address;
}

export function pfx(text: string): Prefix {
  const prefix = Prefix.parse(text);
  if (prefix === undefined) throw new Error(`not a prefix: ${text}`);
  return prefix;
}

export const FAMILY: NeighborFamily = {
  nextHopSelf: false,
  routeReflectorClient: false,
  in: {},
  out: {},
  sendCommunity: false,
  weight: 0,
  defaultOriginate: false,
  allowAsIn: 0,
  removePrivateAs: false,
};

export function neighbor(address: string, remoteAsn: number, change: Partial<BgpNeighbor> = {}): BgpNeighbor {
  return {
    address: ip(address),
    remoteAsn,
    shutdown: false,
    keepaliveMs: 5000,
    holdMs: 15_000,
    minimumHoldMs: 0,
    disableConnectedCheck: false,
    connectionMode: 'both',
    advertisementIntervalMs: 0,
    families: { 4: FAMILY },
    ...change,
  };
}

export function speaker(
  asn: number,
  routerId: string,
  neighbors: readonly BgpNeighbor[],
  change: Partial<BgpConfig> = {},
): BgpConfig {
  return {
    asn,
    routerId: ip(routerId),
    neighbors,
    maximumPaths: { ebgp: 1, ibgp: 1 },
    enforceFirstAs: true,
    alwaysCompareMed: false,
    defaultLocalPreference: 100,
    ...change,
  };
}

export function localRoute(prefix: string, change: Partial<LocalRoute> = {}): LocalRoute {
  return { prefix: pfx(prefix), origin: 'igp', weight: 32768, communities: [], asPathPrepend: [], ...change };
}

/** The speakers, the links between them, and the clock. */
export class Fabric {
  readonly delayMs: number;
  readonly keepsLog: boolean;
  now: Instant = at(1000);
  readonly nodes: Node[] = [];
  readonly #byAddress = new Map<string, Node>();
  readonly #cut = new Set<string>();
  readonly #agenda = new Map<Instant, Scheduled[]>();
  readonly #random: Random;
  readonly #spreadMs: number;
  readonly #seed: number;
  #lastTransport = 0;

  /** `spreadMs`: each direction of each connection has a delay of its own, up to this much longer. */
  constructor({ delayMs = 5, spreadMs = 0, keepsLog = true, seed = 1 } = {}) {
    this.delayMs = delayMs;
    this.keepsLog = keepsLog;
    this.#spreadMs = spreadMs;
    this.#seed = seed;
    this.#random = seededRandom(seed, 'fabric');
  }

  /** Adds a speaker whose neighbours are all reachable and connected. */
  add(name: string, address: string, config: BgpConfig, isConnected = true): Node {
    const node: Node = {
      name,
      address: ip(address),
      bgp: new Bgp({ random: seededRandom(this.#seed, name) }),
      routes: new Map(),
      log: [],
      pipes: new Map(),
      metrics: new Map(),
      bytesSent: 0,
    };
    this.nodes.push(node);
    this.#byAddress.set(address, node);
    this.tell(node, { kind: 'configure', config });
    for (const { address: remote } of config.neighbors) {
      this.tell(node, { kind: 'neighbor-reachable', neighbor: remote, reachable: true, connected: isConnected });
    }
    return node;
  }

  /** Hands an event to a speaker and carries out its orders. */
  tell(node: Node, event: BgpEvent): void {
    for (const effect of node.bgp.handle(event, this.now)) this.#perform(node, effect);
  }

  announce(node: Node, ...routes: readonly LocalRoute[]): void {
    this.tell(node, { kind: 'local-routes', announce: routes, withdraw: [] });
  }

  withdraw(node: Node, ...prefixes: readonly string[]): void {
    this.tell(node, { kind: 'local-routes', announce: [], withdraw: prefixes.map(pfx) });
  }

  /** Swallows all that two speakers say to each other from now on, or no longer. */
  cut(a: Node, b: Node, isCut = true): void {
    for (const key of [`${a.name} ${b.name}`, `${b.name} ${a.name}`]) {
      if (isCut) this.#cut.add(key);
      else this.#cut.delete(key);
    }
  }

  /** Lets time pass. */
  run(ms: number): void {
    const end = after(this.now, ms);
    for (;;) {
      let next: Instant | undefined;
      for (const when of this.#agenda.keys()) if (next === undefined || when < next) next = when;
      for (const node of this.nodes) {
        const wake = node.bgp.wakeAt();
        if (wake !== undefined && (next === undefined || wake < next)) next = wake;
      }
      if (next === undefined || next > end) break;
      if (next > this.now) this.now = next;
      const due = this.#agenda.get(next) ?? [];
      this.#agenda.delete(next);
      for (const { node, event } of due) this.tell(node, event);
      for (const node of this.nodes) {
        const wake = node.bgp.wakeAt();
        if (wake !== undefined && wake <= this.now) this.tell(node, { kind: 'tick' });
      }
    }
    this.now = end;
  }

  /** States of all a speaker's neighbours. */
  states(node: Node): readonly string[] {
    return node.bgp.snapshot(this.now).neighbors.map(({ state }) => state);
  }

  #perform(node: Node, effect: BgpEffect): void {
    if (this.keepsLog) node.log.push(effect);
    switch (effect.kind) {
      case 'connect':
        this.#connect(node, effect.transport, effect.neighbor);
        return;
      case 'send': {
        node.bytesSent += effect.data.length;
        const event = { kind: 'transport-data', data: effect.data } as const;
        this.#toOther(node, effect.transport, (transport) => ({ ...event, transport }));
        return;
      }
      case 'close': {
        this.#toOther(node, effect.transport, (transport) => ({
          kind: 'transport-closed',
          transport,
          reason: 'reset',
        }));
        node.pipes.delete(effect.transport);
        return;
      }
      case 'track-next-hop': {
        const { address } = effect;
        const key = address.toString();
        const metric = node.metrics.has(key) ? node.metrics.get(key) : 0;
        this.#schedule(0, node, { kind: 'next-hop', address, metric });
        return;
      }
      case 'install-route':
        node.routes.set(effect.route.prefix.toString(), effect.route);
        return;
      case 'withdraw-route':
        node.routes.delete(effect.prefix.toString());
        return;
      default:
    }
  }

  #connect(node: Node, transport: TransportId, remote: IpAddress): void {
    const other = this.#byAddress.get(remote.toString());
    if (other === undefined || this.#cut.has(`${node.name} ${other.name}`)) {
      this.#schedule(this.delayMs, node, { kind: 'transport-closed', transport, reason: 'unreachable' });
      return;
    }
    const accepted = ++this.#lastTransport;
    const there = this.#delay();
    const back = this.#delay();
    const ends = [
      { node, transport },
      { node: other, transport: accepted },
    ] as const;
    const pipe: Pipe = { ends, delays: [there, back] };
    node.pipes.set(transport, pipe);
    other.pipes.set(accepted, pipe);
    const local: Endpoint = { address: node.address, port: 40_000 + accepted };
    const far: Endpoint = { address: other.address, port: 179 };
    // SYN there, SYN-ACK back: we are up; our ACK there: they are.
    const up = { kind: 'transport-up', transport, direction: 'out', local, remote: far } as const;
    this.#schedule(there + back, node, up);
    const came = { kind: 'transport-up', transport: accepted, direction: 'in', local: far, remote: local } as const;
    this.#schedule(2 * there + back, other, came);
  }

  #toOther(node: Node, transport: TransportId, event: (transport: TransportId) => BgpEvent): void {
    const pipe = node.pipes.get(transport);
    if (pipe === undefined) return;
    const [a, b] = pipe.ends;
    const isFirst = a.node === node && a.transport === transport;
    const other = isFirst ? b : a;
    if (this.#cut.has(`${node.name} ${other.node.name}`)) return;
    this.#schedule(pipe.delays[isFirst ? 0 : 1], other.node, event(other.transport));
  }

  #delay(): number {
    return this.delayMs + (this.#spreadMs === 0 ? 0 : randomBelow(this.#random, this.#spreadMs));
  }

  #schedule(ms: number, node: Node, event: BgpEvent): void {
    const when = after(this.now, ms);
    const due = this.#agenda.get(when);
    if (due === undefined) this.#agenda.set(when, [{ node, event }]);
    else due.push({ node, event });
  }
}

/** Hubs that all spokes peer with over eBGP, each spoke announcing its own prefixes. */
export function hubsAndSpokes(
  hubs: number,
  spokes: number,
  { hubAsn = (_: number): number => 65_000, prefixesEach = 1, keepsLog = false } = {},
): Fabric {
  const fabric = new Fabric({ keepsLog });
  const hubAddress = (h: number): string => `10.255.${h}.1`;
  const spokeAddress = (s: number): string => `10.${100 + (s >> 8)}.${s & 255}.1`;
  const spokeAsn = (s: number): number => 4_200_000_000 + s;
  for (let h = 0; h < hubs; h++) {
    const neighbors = Array.from({ length: spokes }, (_, s) => neighbor(spokeAddress(s), spokeAsn(s)));
    fabric.add(`hub${h}`, hubAddress(h), speaker(hubAsn(h), hubAddress(h), neighbors));
  }
  for (let s = 0; s < spokes; s++) {
    const neighbors = Array.from({ length: hubs }, (_, h) => neighbor(hubAddress(h), hubAsn(h)));
    const node = fabric.add(`spoke${s}`, spokeAddress(s), speaker(spokeAsn(s), spokeAddress(s), neighbors));
    const routes = Array.from({ length: prefixesEach }, (_, i) => localRoute(`172.${16 + i}.${s >> 8}.${s & 255}/32`));
    fabric.announce(node, ...routes);
  }
  return fabric;
}

/** Paths in short: prefix, next hop, AS path and whether best. */
export function summary(paths: readonly BgpPathSnapshot[]): readonly string[] {
  return paths.map(({ prefix, nextHop, asPath, best }) => `${best ? '>' : ' '} ${prefix} ${nextHop} [${asPath}]`);
}
