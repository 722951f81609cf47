/**
 * The bench of the conformance suite: two planes with a wire between them, each with a LAN behind it.
 *
 *   host 10.1.0.9 -- lan [west] wan ---- wire ---- wan [east] lan -- host 10.2.0.9
 *                          tun ================== tun
 */
import {
  at,
  type Family,
  type Instant,
  IpAddress,
  Prefix,
  type Random,
  SecretKey,
  seededRandom,
} from '../base/index.ts';
import { Encr, encryptionKeyLength, Integ, integKeyLength } from '../crypto/index.ts';
import { buildEcho, buildIp, buildUdp, Protocol } from '../ip/index.ts';
import type {
  Plane,
  PlaneChildSa,
  PlaneCounters,
  PlaneEvent,
  PlaneGre,
  PlaneInterface,
  PlaneSelector,
  PlaneSink,
  PlaneTunnel,
} from './contract.ts';

export type MakePlane = (parts: Readonly<{ sink: PlaneSink; random: Random }>) => Plane;
export type SideName = 'west' | 'east';

export type Suite = Readonly<{ encr: number; keyBits: number; integ: number }>;

export type TwinOptions = Readonly<{
  suite?: Suite;
  esn?: boolean;
  outer?: Family;
  udpEncapsulation?: boolean;
  replayWindow?: number;
  tunnel?: Partial<PlaneTunnel>;
  tunnelMtu?: number;
  /** The tunnel is GRE between the outer addresses. */
  gre?: Partial<PlaneGre>;
  mode?: 'tunnel' | 'transport';
  clampMss?: number;
  wanMtu?: number;
  /** Both planes stand in a machine that has real interfaces of its own. */
  host?: boolean;
}>;

export const FRONT = 'INET';
export const INNER = 'main';
export const DEFAULT_SUITE: Suite = { encr: Encr.AES_GCM_16, keyBits: 256, integ: Integ.NONE };

/** An address that is known to be one. */
export function address(text: string): IpAddress {
  const value = IpAddress.parse(text);
  if (value === undefined) throw new Error(`not an address: ${text}`);
  return value;
}

function prefix(text: string): Prefix {
  const value = Prefix.parse(text);
  if (value === undefined) throw new Error(`not a prefix: ${text}`);
  return value;
}

const PLAN = {
  west: {
    lan: { 4: '10.1.0.1', 6: '2001:db8:1::1' },
    host: { 4: address('10.1.0.9'), 6: address('2001:db8:1::9') },
    wan: { 4: address('192.0.2.1'), 6: address('2001:db8:f::1') },
    tun: { 4: '10.255.0.1', 6: '2001:db8:e::1' },
    lans: { 4: '10.1.0.0/24', 6: '2001:db8:1::/64' },
  },
  east: {
    lan: { 4: '10.2.0.1', 6: '2001:db8:2::1' },
    host: { 4: address('10.2.0.9'), 6: address('2001:db8:2::9') },
    wan: { 4: address('192.0.2.2'), 6: address('2001:db8:f::2') },
    tun: { 4: '10.255.0.2', 6: '2001:db8:e::2' },
    lans: { 4: '10.2.0.0/24', 6: '2001:db8:2::/64' },
  },
} as const;

const PLAIN_GRE = { checksum: false, sequence: false, ttl: 255, isProtected: true } as const;
const GRE_PORTS = { protocol: Protocol.GRE, startPort: 0, endPort: 0xffff } as const;

/** Selectors of everything. */
export const ANY: readonly PlaneSelector[] = ([4, 6] as const).map((family) => ({
  protocol: 0,
  startPort: 0,
  endPort: 0xffff,
  start: IpAddress.any(family),
  end: IpAddress.any(family).filled(0),
}));

/** One router of the two, and all that came out of it. */
export class Side {
  readonly name: SideName;
  readonly plane: Plane;
  readonly events: PlaneEvent[] = [];
  /** Packets for the hosts of the LAN. */
  readonly lan: Uint8Array[] = [];
  /** What went to the machine around, and by which interface. */
  readonly host: Readonly<{ interface: string; packet: Uint8Array }>[] = [];
  /** Packets on their way to the other side. */
  wire: Uint8Array[] = [];

  constructor(name: SideName, makePlane: MakePlane, seed: number, hasHost = false) {
    this.name = name;
    const transmit = (interfaceName: string, _nextHop: IpAddress, packet: Uint8Array): void => {
      (interfaceName === 'wan' ? this.wire : this.lan).push(packet);
    };
    const toHost = (from: string, packet: Uint8Array): void => void this.host.push({ interface: from, packet });
    const event = (one: PlaneEvent): void => void this.events.push(one);
    const sink = { transmit, event, ...(hasHost ? { toHost } : {}) };
    this.plane = makePlane({ sink, random: seededRandom(seed, name) });
  }

  get counters(): PlaneCounters {
    return this.plane.counters();
  }

  /** All drops, by reason. */
  get drops(): PlaneCounters['drops'] {
    return this.counters.drops;
  }

  sa(id: number): PlaneCounters['childSas'][number] {
    const found = this.counters.childSas.find((sa) => sa.id === id);
    if (found === undefined) throw new Error(`no child SA ${id}`);
    return found;
  }

  eventsOf<K extends PlaneEvent['kind']>(kind: K): readonly Extract<PlaneEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<PlaneEvent, { kind: K }> => event.kind === kind);
  }
}

export class TwinPlanes {
  readonly west: Side;
  readonly east: Side;
  readonly options: TwinOptions;
  now: Instant = at(1000);
  #marks = 0;

  constructor(makePlane: MakePlane, options: TwinOptions = {}) {
    this.options = options;
    this.west = new Side('west', makePlane, 1, options.host);
    this.east = new Side('east', makePlane, 2, options.host);
    for (const side of [this.west, this.east]) this.#configure(side);
  }

  address(side: SideName, what: 'host' | 'wan', family: Family): IpAddress {
    return PLAN[side][what][family];
  }

  lanAddress(side: SideName, family: Family): IpAddress {
    return address(PLAN[side].lan[family]);
  }

  tunAddress(side: SideName, family: Family): IpAddress {
    return address(PLAN[side].tun[family]);
  }

  setInterface(side: Side, change: Partial<PlaneInterface> & Readonly<{ name: string }>): void {
    const known = this.#interfaces(side.name).find(({ name }) => name === change.name);
    if (known === undefined) throw new Error(`no interface ${change.name}`);
    side.plane.command({ kind: 'set-interface', interface: { ...known, ...change } }, this.now);
  }

  /** Installs a pair of child SAs; `number` makes its SPIs, `west` and `east` change one end. */
  install(number: number, west: Partial<PlaneChildSa> = {}, east: Partial<PlaneChildSa> = {}): void {
    this.west.plane.command({ kind: 'install-child-sa', sa: { ...this.childSa('west', number), ...west } }, this.now);
    this.east.plane.command({ kind: 'install-child-sa', sa: { ...this.childSa('east', number), ...east } }, this.now);
  }

  childSa(side: SideName, number: number): PlaneChildSa {
    const { suite = DEFAULT_SUITE, esn = false, outer = 4, udpEncapsulation = false, replayWindow = 64 } = this.options;
    const { mode = 'tunnel', gre } = this.options;
    const only = (end: SideName): readonly PlaneSelector[] =>
      gre === undefined ? ANY : [{ ...GRE_PORTS, start: PLAN[end].wan[outer], end: PLAN[end].wan[outer] }];
    const other = side === 'west' ? 'east' : 'west';
    const port = udpEncapsulation ? 4500 : 500;
    const key = (to: SideName): SecretKey =>
      new SecretKey(seededRandom(number, `key ${to}`)(encryptionKeyLength(suite.encr, suite.keyBits)));
    const integKey = (to: SideName): SecretKey =>
      new SecretKey(seededRandom(number, `integ ${to}`)(integKeyLength(suite.integ)));
    return {
      ...suite,
      id: spiOf(side, number),
      interface: 'tun',
      outboundSpi: spiOf(other, number),
      esn,
      mode,
      inboundKey: key(side),
      outboundKey: key(other),
      ...(suite.integ !== Integ.NONE && { inboundIntegKey: integKey(side), outboundIntegKey: integKey(other) }),
      localSelectors: only(side),
      remoteSelectors: only(other),
      local: { address: PLAN[side].wan[outer], port },
      remote: { address: PLAN[other].wan[outer], port },
      udpEncapsulation,
      replayWindow,
      startOutbound: 'now',
    };
  }

  /** A UDP packet from the host behind one side to the host behind the other; no two are alike. */
  packet(
    from: SideName,
    family: Family,
    length = 100,
    fields: Readonly<{ df?: boolean; tos?: number; ttl?: number; sourcePort?: number }> = {},
  ): Uint8Array {
    const to = from === 'west' ? 'east' : 'west';
    const { sourcePort = 5000, ...rest } = fields;
    const mark = ++this.#marks;
    const data = new Uint8Array(length - (family === 4 ? 28 : 48)).fill(mark & 0xff);
    data[0] = mark >> 8;
    const source = PLAN[from].host[family];
    const destination = PLAN[to].host[family];
    const udp = buildUdp({ address: source, port: sourcePort }, { address: destination, port: 7000 }, data);
    return buildIp({ source, destination, protocol: Protocol.UDP, identification: mark & 0xffff, ...rest }, udp);
  }

  echo(from: IpAddress, to: IpAddress, data = new Uint8Array(32), df = false): Uint8Array {
    return buildEcho({ source: from, destination: to, id: 9, sequence: 1, data, reply: false, df });
  }

  /** A host sends; then the wire is emptied. */
  send(from: Side, packet: Uint8Array): void {
    from.plane.receive('lan', packet, this.now);
    this.deliver();
  }

  /** Carries what is on the wire to the other end, until all is quiet. */
  deliver(): void {
    while (this.west.wire.length + this.east.wire.length > 0) {
      const eastward = this.takeWire(this.west);
      const westward = this.takeWire(this.east);
      for (const packet of eastward) this.east.plane.receive('wan', packet, this.now);
      for (const packet of westward) this.west.plane.receive('wan', packet, this.now);
    }
  }

  /** Takes away what a side has put on the wire. */
  takeWire(side: Side): Uint8Array[] {
    const { wire } = side;
    side.wire = [];
    return wire;
  }

  pass(ms: number): void {
    this.now = at(this.now + ms);
    for (const side of [this.west, this.east]) side.plane.tick(this.now);
  }

  #configure(side: Side): void {
    for (const config of this.#interfaces(side.name)) {
      side.plane.command({ kind: 'set-interface', interface: config }, this.now);
    }
    const other = PLAN[side.name === 'west' ? 'east' : 'west'];
    const own = PLAN[side.name];
    const route = (vrf: string, to: string, interfaceName: string): void =>
      side.plane.command(
        { kind: 'set-route', vrf, prefix: prefix(to), nextHops: [{ interface: interfaceName }] },
        this.now,
      );
    for (const family of [4, 6] as const) {
      route(INNER, own.lans[family], 'lan');
      route(INNER, other.lans[family], 'tun');
    }
    route(INNER, '10.255.0.0/30', 'tun');
    route(INNER, '2001:db8:e::/64', 'tun');
    route(FRONT, '192.0.2.0/24', 'wan');
    route(FRONT, '2001:db8:f::/64', 'wan');
  }

  #interfaces(side: SideName): readonly PlaneInterface[] {
    const { tunnel, tunnelMtu = 1500, clampMss = 0, wanMtu = 1500, gre, outer = 4 } = this.options;
    const other = side === 'west' ? 'east' : 'west';
    const ends = { source: PLAN[side].wan[outer], destination: PLAN[other].wan[outer] };
    const inGre = gre && { gre: { ...ends, ...PLAIN_GRE, ...gre } };
    const { lan, wan, tun } = PLAN[side];
    const both = (v4: IpAddress, v6: IpAddress, length4: number): PlaneInterface['addresses'] => [
      { address: v4, length: length4 },
      { address: v6, length: 64 },
    ];
    const common = { up: true, clampMss: 0 } as const;
    return [
      {
        ...common,
        name: 'lan',
        vrf: INNER,
        kind: 'ethernet',
        mtu: 9000,
        addresses: both(address(lan[4]), address(lan[6]), 24),
      },
      { ...common, name: 'wan', vrf: FRONT, kind: 'ethernet', mtu: wanMtu, addresses: both(wan[4], wan[6], 24) },
      {
        ...common,
        name: 'tun',
        vrf: INNER,
        kind: 'tunnel',
        mtu: tunnelMtu,
        clampMss,
        addresses: both(address(tun[4]), address(tun[6]), 30),
        tunnel: { frontVrf: FRONT, df: 'copy', fragmentation: 'before', underlay: 'wan', ...tunnel, ...inGre },
      },
    ];
  }
}

/** Inbound SPI of a side in the pair of that number. */
export function spiOf(side: SideName, number: number): number {
  return (side === 'west' ? 0x1000_0000 : 0x2000_0000) + number;
}
