/**
 * A world of machines in memory, on virtual time: each has a kernel with interfaces, TUN devices, routes and hosts
 * behind its local networks, and is a `System` for a driver. Outside, all addresses reach one another.
 */
import assert from 'node:assert/strict';
import { after, at, type Instant, IpAddress, ok, Prefix, type Result } from '../base/index.ts';
import { buildEcho, decrementTtl, type IpHeader, Protocol, parseIcmp, parseIp, parseUdp } from '../ip/index.ts';
import type { HostClock } from './clock.ts';
import type { OpenSystem, System, SystemEvent, SystemFault, SystemLink, SystemRoute, SystemTcp } from './system.ts';

const WIRE_DELAY_MS = 2;
const MAIN_TABLE = 254;

type Due = { readonly when: Instant; readonly order: number; readonly act: () => void };

export class MemoryWorld {
  now: Instant = at(0);
  readonly machines: MemoryMachine[] = [];
  /** Sees each packet between machines; gives what becomes of it. */
  wire: (packet: Uint8Array) => Uint8Array | undefined = (packet) => packet;
  #due: Due[] = [];
  #orders = 0;

  readonly clock: HostClock = {
    now: () => this.now,
    timer: (ms, act) => this.later(ms, act),
  };

  later(ms: number, act: () => void): () => void {
    const due = { when: after(this.now, ms), order: this.#orders++, act };
    this.#due.push(due);
    return () => {
      this.#due = this.#due.filter((one) => one !== due);
    };
  }

  run(ms: number): void {
    const end = after(this.now, ms);
    for (;;) {
      const next = this.#due.reduce<Due | undefined>(
        (a, b) => (a === undefined || b.when < a.when || (b.when === a.when && b.order < a.order) ? b : a),
        undefined,
      );
      if (next === undefined || next.when > end) break;
      this.#due = this.#due.filter((one) => one !== next);
      this.now = at(Math.max(this.now, next.when));
      next.act();
    }
    this.now = end;
  }

  /** Runs until a condition holds; fails when it does not in time. */
  until(what: string, holds: () => boolean, withinMs = 30_000): void {
    const end = after(this.now, withinMs);
    while (!holds()) {
      assert.ok(this.now < end, `not within ${withinMs} ms: ${what}`);
      this.run(10);
    }
  }

  deliver(packet: Uint8Array): void {
    const seen = this.wire(packet);
    if (seen === undefined) return;
    this.later(WIRE_DELAY_MS, () => {
      const { destination } = headerOf(seen);
      for (const machine of this.machines) {
        const link = machine.outside(destination);
        if (link !== undefined) machine.fromWire(seen, link);
      }
    });
  }
}

type Tun = { mtu: number; addresses: SystemLink['addresses']; vrf?: string };
type Received = Readonly<{ packet: Uint8Array; link: string | undefined }>;

export class MemoryMachine {
  readonly links = new Map<string, SystemLink>();
  readonly tuns = new Map<string, Tun>();
  /** VRF devices by name. */
  readonly vrfs = new Map<string, Readonly<{ table: number; ours: boolean }>>();
  /** Whether the kernel can make such devices. */
  canVrf = true;
  /** By VRF device, where there is one, and address. */
  readonly listening = new Map<string, IpAddress>();
  readonly orders: string[] = [];
  /** Packets that the machine itself took, and those that its hosts did. */
  readonly received: Received[] = [];
  readonly hostsReceived: Uint8Array[] = [];
  /** The same with the link that they were behind. */
  readonly heard: Readonly<{ packet: Uint8Array; link: string }>[] = [];
  routes: SystemRoute[] = [];
  /** Routes that somebody else made, by our shape. */
  readonly foreignRoutes: SystemRoute[] = [];
  martians = 0;
  isOpen = false;
  refuseListen: ((address: IpAddress) => SystemFault | undefined) | undefined;
  readonly #world: MemoryWorld;
  readonly #hosts: IpAddress[] = [];
  #event: (event: SystemEvent) => void = () => undefined;

  constructor(world: MemoryWorld, links: Readonly<Record<string, readonly string[]>>, hosts: readonly string[] = []) {
    this.#world = world;
    let index = 1;
    for (const [name, addresses] of Object.entries(links)) {
      this.links.set(name, { index: index++, name, up: true, mtu: 1500, addresses: addresses.map(addressOf) });
    }
    for (const host of hosts) this.#hosts.push(ip(host));
    world.machines.push(this);
  }

  readonly open: OpenSystem = ({ event }) => {
    this.isOpen = true;
    this.#event = event;
    return ok(this.#system());
  };

  /** The process is killed: the kernel takes back all but the routes by its own interfaces. */
  kill(): void {
    this.isOpen = false;
    this.listening.clear();
    for (const name of [...this.tuns.keys()]) this.#dropTun(name);
  }

  /** Somebody deletes a device of the driver's. */
  deleteTun(name: string): void {
    this.#dropTun(name);
    this.#tell({ kind: 'link-gone', name });
  }

  /** Hands the driver an event as it is. */
  inject(event: SystemEvent): void {
    this.#tell(event);
  }

  setLink(name: string, change: Partial<SystemLink>): void {
    const old = this.links.get(name);
    assert.ok(old);
    const link = { ...old, ...change };
    this.links.set(name, link);
    if (!link.up) this.#forgetRoutes(name);
    this.#tell({ kind: 'link', link });
  }

  removeLink(name: string): SystemLink {
    const link = this.links.get(name);
    assert.ok(link);
    this.links.delete(name);
    this.#forgetRoutes(name);
    this.#tell({ kind: 'link-gone', name });
    return link;
  }

  addLink(link: SystemLink): void {
    this.links.set(link.name, link);
    this.#tell({ kind: 'link', link });
  }

  /** The link that has an address and carries. */
  outside(address: IpAddress): string | undefined {
    return [...this.links.values()].find((link) => link.up && has(link.addresses, address))?.name;
  }

  /** Somebody deletes a VRF device. */
  deleteVrf(name: string): void {
    this.#dropVrf(name);
    this.#tell({ kind: 'link-gone', name });
  }

  /** What the kernel hands to sockets of the driver. */
  fromWire(packet: Uint8Array, link: string): void {
    const header = headerOf(packet);
    const vrf = this.#vrfOf(link);
    const isHeard = this.listening.has(listenKey(header.destination, vrf)) && isIpsec(header, packet);
    if (this.isOpen && (isHeard || isIcmpAnswer(header, packet))) {
      this.#tell({ kind: 'outer', packets: [packet], ...(vrf === undefined ? {} : { vrf }) });
      return;
    }
    this.receive(packet, link);
  }

  /** A packet comes in by a link: for the machine itself, or on its way by the routes. */
  receive(packet: Uint8Array, link: string): void {
    const header = headerOf(packet);
    const vrf = this.#vrfOf(link);
    // Linux takes nothing from outside that bears an address of its own.
    if (this.#isLocal(header.source, vrf)) {
      this.martians++;
      return;
    }
    if (this.#isLocal(header.destination, vrf)) {
      this.received.push({ packet, link });
      this.#answer(header, packet, (reply) => this.send(reply, vrf));
      return;
    }
    if (header.ttl <= 1) return;
    const forwarded = packet.slice();
    decrementTtl(forwarded);
    this.send(forwarded, vrf);
  }

  /** Sends by the routes of a VRF device: what the machine itself or a host behind it has to send. */
  send(packet: Uint8Array, vrf?: string): void {
    const header = headerOf(packet);
    if (this.#isLocal(header.destination, vrf)) {
      this.receive(packet, vrf ?? 'lo');
      return;
    }
    const way = this.#lookup(header.destination, vrf);
    if (way === undefined) return;
    const tun = this.tuns.get(way);
    if (tun !== undefined) {
      if (packet.length <= tun.mtu) this.#tell({ kind: 'inner', device: way, packets: [packet] });
      return;
    }
    if (this.#hosts.some((host) => host.equals(header.destination))) {
      this.hostsReceived.push(packet);
      this.heard.push({ packet, link: way });
      this.#answer(header, packet, (reply) => this.fromHost(reply, vrf));
      return;
    }
    this.#world.deliver(packet);
  }

  /** A host behind the machine sends, from a network in a VRF device. */
  fromHost(packet: Uint8Array, vrf?: string): void {
    const forwarded = packet.slice();
    decrementTtl(forwarded);
    this.send(forwarded, vrf);
  }

  ping(from: string, to: string, size = 100, df = false, vrf?: string): void {
    const [source, destination] = [ip(from), ip(to)];
    const data = new Uint8Array(size - (source.family === 4 ? 28 : 48)).fill(7);
    const echo = buildEcho({ source, destination, id: 77, sequence: 1, data, reply: false, df });
    if (this.#isLocal(source, vrf)) this.send(echo, vrf);
    else this.fromHost(echo, vrf);
  }

  /** Answers to pings of that sender, and ICMP errors for it. */
  answers(to: string): readonly string[] {
    const all = [...this.received.map(({ packet }) => packet), ...this.hostsReceived];
    return all.flatMap((packet) => {
      const header = headerOf(packet);
      if (`${header.destination}` !== to) return [];
      const icmp = parseIcmp(header, packet);
      if (!icmp.ok || icmp.value.kind === 'echo-request') return [];
      const mtu = icmp.value.kind === 'too-big' ? ` ${icmp.value.mtu}` : '';
      return [`${icmp.value.kind}${mtu} from ${header.source} ttl ${header.ttl}`];
    });
  }

  routeTexts(): readonly string[] {
    const hop = ({ link, gateway }: SystemRoute['nextHops'][number]): string =>
      `${gateway === undefined ? '' : `via ${gateway} `}dev ${link}`;
    const ways = (route: SystemRoute): string =>
      route.nextHops.length === 0
        ? route.unreachable === true
          ? 'unreachable'
          : 'blackhole'
        : route.nextHops.map(hop).sort().join(', ');
    const table = (route: SystemRoute): string => (route.table === MAIN_TABLE ? '' : ` table ${route.table}`);
    return this.routes.map((route) => `${route.prefix} ${ways(route)}${table(route)}`).sort();
  }

  #answer(header: IpHeader, packet: Uint8Array, send: (reply: Uint8Array) => void): void {
    const icmp = parseIcmp(header, packet);
    if (!icmp.ok || icmp.value.kind !== 'echo-request') return;
    const { id, sequence, data } = icmp.value;
    const { destination: source, source: destination } = header;
    send(buildEcho({ source, destination, id, sequence, data, reply: true }));
  }

  /** The VRF device that a link or a TUN is in. */
  #vrfOf(link: string): string | undefined {
    return this.links.get(link)?.master ?? this.tuns.get(link)?.vrf ?? (this.vrfs.has(link) ? link : undefined);
  }

  #isLocal(address: IpAddress, vrf: string | undefined): boolean {
    return [...this.links, ...this.tuns].some(
      ([name, { addresses }]) => this.#vrfOf(name) === vrf && has(addresses, address),
    );
  }

  #lookup(destination: IpAddress, vrf: string | undefined): string | undefined {
    const wanted = vrf === undefined ? MAIN_TABLE : this.vrfs.get(vrf)?.table;
    const candidates: { length: number; metric: number; link: string | undefined }[] = [];
    const connected = (link: string, addresses: SystemLink['addresses']): void => {
      if (this.#vrfOf(link) !== vrf) return;
      for (const { address, length } of addresses) {
        if (new Prefix(address, length).contains(destination)) candidates.push({ length, metric: 0, link });
      }
    };
    for (const link of this.links.values()) if (link.up) connected(link.name, link.addresses);
    for (const [name, tun] of this.tuns) connected(name, tun.addresses);
    for (const { prefix, metric, nextHops, table } of [...this.routes, ...this.foreignRoutes]) {
      if (table === wanted && prefix.contains(destination))
        candidates.push({ length: prefix.length, metric, link: nextHops[0]?.link });
    }
    candidates.sort((a, b) => b.length - a.length || a.metric - b.metric);
    return candidates[0]?.link;
  }

  /** Listeners are called from the event loop alone. */
  #tell(event: SystemEvent): void {
    this.#world.later(0, () => {
      if (this.isOpen) this.#event(event);
    });
  }

  #forgetRoutes(link: string): void {
    this.routes = this.routes.filter(({ nextHops }) => !nextHops.some((hop) => hop.link === link));
  }

  #dropVrf(name: string): void {
    this.vrfs.delete(name);
    for (const [link, { master }] of [...this.links]) if (master === name) this.#setVrf(link, undefined);
    for (const [link, { vrf }] of [...this.tuns]) if (vrf === name) this.#setVrf(link, undefined);
    this.#forgetRoutes(name);
  }

  #setVrf(name: string, vrf: string | undefined): void {
    this.#forgetRoutes(name);
    const link = this.links.get(name);
    const tun = this.tuns.get(name);
    if (tun !== undefined)
      this.tuns.set(name, { mtu: tun.mtu, addresses: tun.addresses, ...(vrf === undefined ? {} : { vrf }) });
    if (link === undefined) return;
    const { master: _, ...others } = link;
    this.links.set(name, vrf === undefined ? others : { ...others, master: vrf });
  }

  #dropTun(name: string): void {
    this.tuns.delete(name);
    this.#forgetRoutes(name);
  }

  #system(): System {
    const order = (text: string): void => void this.orders.push(text);
    const refuse = (call: string, code: string, text: string): Result<void, SystemFault> => ({
      ok: false,
      error: { call, code, text },
    });
    return {
      links: () => [
        ...this.links.values(),
        ...[...this.tuns].map(([name, { mtu, addresses }]) => ({ index: 99, name, up: true, mtu, addresses })),
        ...[...this.vrfs].map(([name, vrf]) => ({ index: 98, name, up: true, mtu: 65_575, addresses: [], vrf })),
      ],
      listen: (address, vrf) => {
        order(`listen ${listenKey(address, vrf)}`);
        const refused = this.refuseListen?.(address);
        if (refused !== undefined) return { ok: false, error: refused };
        if (!this.#isLocal(address, vrf)) return refuse('bind', 'EADDRNOTAVAIL', `${address} is not here`);
        this.listening.set(listenKey(address, vrf), address);
        return ok(undefined);
      },
      unlisten: (address, vrf) => {
        order(`unlisten ${listenKey(address, vrf)}`);
        this.listening.delete(listenKey(address, vrf));
      },
      sendOuter: (packet, vrf) => this.send(packet.slice(), vrf),
      openVrf: (name, table) => {
        order(`vrf ${name} ${table}`);
        if (!this.canVrf) return refuse('netlink', 'EOPNOTSUPP', `Can not make the VRF device ${name} (EOPNOTSUPP).`);
        this.vrfs.set(name, { table, ours: true });
        return ok(undefined);
      },
      closeVrf: (name) => {
        order(`no vrf ${name}`);
        this.#dropVrf(name);
        return ok(undefined);
      },
      setVrf: (link, vrf) => {
        order(`${link} in ${vrf ?? 'no vrf'}`);
        if (!this.links.has(link) && !this.tuns.has(link)) return refuse('netlink', 'ENODEV', `no ${link}`);
        if (vrf !== undefined && !this.vrfs.has(vrf)) return refuse('netlink', 'ENODEV', `no ${vrf}`);
        this.#setVrf(link, vrf);
        const known = this.links.get(link);
        if (known !== undefined) this.#tell({ kind: 'link', link: known });
        return ok(undefined);
      },
      openTun: (name, mtu) => {
        order(`open ${name}`);
        assert.ok(name.length <= 15, name);
        if (this.tuns.has(name)) return refuse('TUNSETIFF', 'EBUSY', `${name} is there already`);
        this.tuns.set(name, { mtu, addresses: [] });
        return ok(undefined);
      },
      setTun: (name, mtu, addresses) => {
        order(`set ${name}`);
        this.tuns.set(name, { ...this.tuns.get(name), mtu, addresses });
        return ok(undefined);
      },
      closeTun: (name) => {
        order(`close ${name}`);
        this.#dropTun(name);
        this.#tell({ kind: 'link-gone', name });
      },
      sendInner: (name, packet) => {
        if (this.tuns.has(name)) this.receive(packet, name);
      },
      routes: () => ok([...this.routes]),
      setRoute: (route) => {
        order(`route ${route.prefix}`);
        for (const { link } of route.nextHops) {
          if (!this.links.has(link) && !this.tuns.has(link)) return refuse('RTM_NEWROUTE', 'ENODEV', `no ${link}`);
        }
        this.routes = [...this.routes.filter((one) => !sameKey(one, route)), route];
        return ok(undefined);
      },
      removeRoute: (route) => {
        order(`remove ${route.prefix}`);
        this.routes = this.routes.filter((one) => !sameKey(one, route));
        return ok(undefined);
      },
      addAddress: (name, address, length) => {
        order(`address ${address} ${name}`);
        const link = this.links.get(name);
        if (link === undefined) return refuse('RTM_NEWADDR', 'ENODEV', `no ${name}`);
        this.links.set(name, { ...link, addresses: [...link.addresses, { address, length }] });
        return ok(undefined);
      },
      removeAddress: (name, address) => {
        order(`no address ${address} ${name}`);
        const link = this.links.get(name);
        if (link === undefined) return refuse('RTM_DELADDR', 'ENODEV', `no ${name}`);
        const addresses = link.addresses.filter((one) => !one.address.equals(address));
        this.links.set(name, { ...link, addresses });
        return ok(undefined);
      },
      tcp: () => NO_TCP,
      counters: () => ({}),
      close: () => {
        order('system closed');
        this.isOpen = false;
      },
    };
  }
}

const NO_TCP: SystemTcp = {
  connect: () => undefined,
  listen: () => ok(undefined),
  unlisten: () => undefined,
  setTtl: () => undefined,
  setMd5Key: () => ok(undefined),
  write: () => undefined,
  close: () => undefined,
  abort: () => undefined,
};

function listenKey(address: IpAddress, vrf: string | undefined): string {
  return vrf === undefined ? `${address}` : `${vrf} ${address}`;
}

function ip(text: string): IpAddress {
  const address = IpAddress.parse(text);
  assert.ok(address, text);
  return address;
}

function addressOf(text: string): SystemLink['addresses'][number] {
  const [address = '', length] = text.split('/');
  return { address: ip(address), length: Number(length) };
}

function has(addresses: SystemLink['addresses'], address: IpAddress): boolean {
  return addresses.some((own) => own.address.equals(address));
}

function headerOf(packet: Uint8Array): IpHeader {
  const header = parseIp(packet);
  assert.ok(header.ok, 'only whole packets are sent');
  return header.value;
}

function isIpsec(header: IpHeader, packet: Uint8Array): boolean {
  if (header.protocol === Protocol.ESP) return true;
  const datagram = header.protocol === Protocol.UDP ? parseUdp(header, packet) : undefined;
  return datagram?.ok === true && [500, 4500].includes(datagram.value.destinationPort);
}

function isIcmpAnswer(header: IpHeader, packet: Uint8Array): boolean {
  const icmp = parseIcmp(header, packet);
  return icmp.ok && icmp.value.kind !== 'echo-request';
}

function sameKey(
  a: Pick<SystemRoute, 'prefix' | 'table' | 'metric'>,
  b: Pick<SystemRoute, 'prefix' | 'table' | 'metric'>,
): boolean {
  return a.prefix.equals(b.prefix) && a.table === b.table && a.metric === b.metric;
}
