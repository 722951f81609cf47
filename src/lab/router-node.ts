import { type Instant, IpAddress, Prefix, PrefixTrie } from '../base/index.ts';
import {
  buildEcho,
  buildIcmpError,
  decrementTtl,
  fragmentIp,
  type IpHeader,
  parseIcmp,
  parseIp,
  Reassembler,
} from '../ip/index.ts';
import type { LabNode, Outlet } from './node.ts';
import type { RouterSpec } from './topology.ts';

type Way = Readonly<{ port: string; via: IpAddress | undefined }>;

/** A plain IP router with static routes: TTL, fragmentation, ICMP errors; answers pings to its own addresses. */
export class RouterNode implements LabNode {
  readonly name: string;
  /** What became of packets, by name. */
  readonly counters: Record<string, number> = {};
  readonly #outlet: Outlet;
  readonly #ports = new Map<string, RouterSpec['interfaces'][number]>();
  readonly #spec: RouterSpec;
  #routes = new PrefixTrie<Way>();
  readonly #own = new Set<string>();
  #reassembler = new Reassembler();

  constructor(name: string, spec: RouterSpec, outlet: Outlet) {
    this.name = name;
    this.#spec = spec;
    this.#outlet = outlet;
    for (const one of spec.interfaces) {
      this.#ports.set(one.name, one);
      for (const { address, length } of one.addresses) {
        this.#own.add(address.toString());
        this.#routes.set(new Prefix(address, length), { port: one.name, via: undefined });
      }
    }
    for (const { prefix, via } of spec.routes) this.setRoute(prefix, via);
  }

  /** Adds or changes a static route; with no next hop takes it away. Says whether the next hop is on a link of ours. */
  setRoute(prefix: Prefix, via: IpAddress | undefined): boolean {
    if (via === undefined) return this.#routes.delete(prefix);
    const way = this.#routes.lookup(via);
    if (way === undefined || way.via !== undefined) return false;
    this.#routes.set(prefix, { port: way.port, via });
    return true;
  }

  twin(outlet: Outlet): RouterNode {
    const one = new RouterNode(this.name, this.#spec, outlet);
    one.#routes = this.#routes;
    return one;
  }

  start(): void {
    this.#reassembler = new Reassembler();
  }

  receive(port: string, packet: Uint8Array, now: Instant): void {
    const verdict = this.#handle(port, packet, now);
    this.counters[verdict] = (this.counters[verdict] ?? 0) + 1;
  }

  owns(port: string, address: IpAddress): boolean {
    return this.#ports.get(port)?.addresses.some((own) => own.address.equals(address)) ?? false;
  }

  wakeAt(): Instant | undefined {
    return this.#reassembler.wakeAt();
  }

  tick(now: Instant): void {
    this.#reassembler.tick(now);
  }

  carrier(): void {}

  /** Says what became of the packet. */
  #handle(port: string, packet: Uint8Array, now: Instant): string {
    const parsed = parseIp(packet);
    if (!parsed.ok) return parsed.error;
    const header = parsed.value;
    if (header.destination.isMulticast) return 'multicast';
    if (this.#own.has(header.destination.toString())) return this.#local(header, packet, now);
    if (header.ttl <= 1) return this.#complain(port, packet, { kind: 'time-exceeded', code: 0 });
    const way = this.#routes.lookup(header.destination);
    if (way === undefined) return this.#complain(port, packet, { kind: 'unreachable', code: 0 });
    const mtu = this.#ports.get(way.port)?.mtu ?? 0;
    if (header.df && header.totalLength > mtu) return this.#complain(port, packet, { kind: 'too-big', mtu });
    decrementTtl(packet);
    return this.#send(way, header, packet);
  }

  #local(header: IpHeader, packet: Uint8Array, now: Instant): string {
    if (header.moreFragments || header.fragmentOffset > 0) {
      const whole = this.#reassembler.add(header, packet, now);
      const parsed = whole === undefined ? undefined : parseIp(whole);
      return whole !== undefined && parsed?.ok ? this.#local(parsed.value, whole, now) : 'fragment';
    }
    const message = parseIcmp(header, packet);
    if (!message.ok || message.value.kind !== 'echo-request') return 'not-answered';
    const { id, sequence, data } = message.value;
    const fields = { source: header.destination, destination: header.source, id, sequence, data, reply: true };
    this.#originate(buildEcho(fields), header.source);
    return 'answered';
  }

  /** RFC 1812 section 4.3.2.4: the error comes from the address of the interface that the packet came in by. */
  #complain(
    port: string,
    offending: Uint8Array,
    what: Readonly<{ kind: 'unreachable' | 'too-big' | 'time-exceeded'; code?: number; mtu?: number }>,
  ): string {
    const family = (offending[0] ?? 0) >> 4 === 6 ? 6 : 4;
    const own = this.#ports.get(port)?.addresses.find(({ address }) => address.family === family)?.address;
    const error = own === undefined ? undefined : buildIcmpError({ ...what, source: own, offending });
    if (error !== undefined) this.#originate(error, IpAddress.read(error, family === 4 ? 16 : 24, family));
    return what.kind;
  }

  #originate(packet: Uint8Array, destination: IpAddress): void {
    const way = this.#routes.lookup(destination);
    const parsed = parseIp(packet);
    if (way !== undefined && parsed.ok) this.#send(way, parsed.value, packet);
  }

  #send(way: Way, header: IpHeader, packet: Uint8Array): string {
    const mtu = this.#ports.get(way.port)?.mtu ?? 0;
    const nextHop = way.via ?? header.destination;
    if (header.totalLength <= mtu) {
      this.#outlet.transmit(way.port, nextHop, packet);
      return 'forwarded';
    }
    for (const fragment of fragmentIp(packet, mtu)) this.#outlet.transmit(way.port, nextHop, fragment);
    return 'fragmented';
  }
}
