import { type Instant, type IpAddress, Prefix } from '../base/index.ts';
import {
  buildEcho,
  buildIcmpError,
  decrementTtl,
  fragmentIp,
  type IcmpMessage,
  type IpHeader,
  Protocol,
  parseIcmp,
  parseIp,
  parseQuotedIp,
  Reassembler,
} from '../ip/index.ts';
import { portOf, resumIcmp, rewrite } from './nat-rewrite.ts';
import { type NatMapping, NatTable } from './nat-table.ts';
import type { LabNode, Outlet } from './node.ts';
import type { NatSpec } from './topology.ts';

/** Translates addresses and ports between its ports `inside` and `outside`: UDP, TCP and ICMP, but not bare ESP. */
export class NatNode implements LabNode {
  readonly name: string;
  readonly counters: Record<string, number> = {};
  readonly #spec: NatSpec;
  readonly #outlet: Outlet;
  readonly #insideNets: readonly Prefix[];
  readonly #outsideNet: Prefix;
  #table: NatTable;
  #reassembler = new Reassembler();
  #identification = 1;

  constructor(name: string, spec: NatSpec, outlet: Outlet) {
    this.name = name;
    this.#spec = spec;
    this.#outlet = outlet;
    this.#insideNets = spec.inside.map(({ address, length }) => new Prefix(address, length));
    this.#outsideNet = new Prefix(spec.outside.address, spec.outside.length);
    this.#table = new NatTable(spec);
  }

  mappings(now: Instant): readonly NatMapping[] {
    return this.#table.mappings(now);
  }

  /** Loses every mapping: whoever speaks next appears from another port (rebinding). */
  forget(): void {
    this.#table.forget();
  }

  twin(outlet: Outlet): NatNode {
    const one = new NatNode(this.name, this.#spec, outlet);
    one.#table = this.#table.copy();
    return one;
  }

  start(): void {
    this.#table = new NatTable(this.#spec);
    this.#reassembler = new Reassembler();
  }

  receive(port: string, packet: Uint8Array, now: Instant): void {
    const verdict = this.#handle(port, packet, now);
    this.counters[verdict] = (this.counters[verdict] ?? 0) + 1;
  }

  owns(port: string, address: IpAddress): boolean {
    if (port === 'outside') return this.#spec.outside.address.equals(address);
    return port === 'inside' && this.#spec.inside.some((own) => own.address.equals(address));
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
    if (header.family !== 4) return 'not-ipv4';
    if (header.moreFragments || header.fragmentOffset > 0) {
      // Only the first fragment has ports: translate the whole packet.
      const whole = this.#reassembler.add(header, packet, now);
      return whole === undefined ? 'fragment' : this.#handle(port, whole, now);
    }
    return port === 'inside' ? this.#fromInside(header, packet, now) : this.#fromOutside(header, packet, now);
  }

  #fromInside(header: IpHeader, packet: Uint8Array, now: Instant): string {
    const own = this.#spec.inside.find(({ address }) => address.equals(header.destination));
    if (own !== undefined) return this.#answer(header, packet, 'inside');
    if (header.ttl <= 1) return this.#complain('inside', packet, 'time-exceeded');
    if (this.#insideNets.some((net) => net.contains(header.destination))) {
      decrementTtl(packet);
      return this.#send('inside', header, packet);
    }
    if (this.#isTooBig(header)) return this.#complain('inside', packet, 'too-big');
    const { address } = this.#spec.outside;
    const error = quotedError(header, packet);
    if (error !== undefined) {
      // An error about a packet that came in: the quoted destination is the inside endpoint.
      const inner = parseQuotedIp(error.quoted);
      const port = inner.ok ? portOf(inner.value, error.quoted, 'destination') : undefined;
      const mapped =
        inner.ok && port !== undefined
          ? this.#table.existing(inner.value.protocol, inner.value.destination, port, now)
          : undefined;
      if (!inner.ok || mapped === undefined) return 'no-mapping';
      rewrite(inner.value, error.quoted, 'destination', address, mapped);
      rewrite(header, packet, 'source', address, 0);
      resumIcmp(header, packet);
    } else {
      const port = portOf(header, packet, 'source');
      const peer = `${header.destination} ${portOf(header, packet, 'destination') ?? 0}`;
      const mapped =
        port === undefined ? undefined : this.#table.outbound(header.protocol, header.source, port, peer, now);
      if (mapped === undefined) return port === undefined ? 'untranslatable' : 'no-free-port';
      rewrite(header, packet, 'source', address, mapped);
    }
    decrementTtl(packet);
    if (!header.destination.equals(address)) return this.#send('outside', header, packet);
    // Hairpinning, RFC 4787 section 6.
    const parsed = parseIp(packet);
    return parsed.ok ? this.#fromOutside(parsed.value, packet, now) : parsed.error;
  }

  #fromOutside(header: IpHeader, packet: Uint8Array, now: Instant): string {
    if (!header.destination.equals(this.#spec.outside.address)) return 'not-ours';
    if (isEchoRequest(header, packet)) return this.#answer(header, packet, 'outside');
    if (header.ttl <= 1) return this.#complain('outside', packet, 'time-exceeded');
    const error = quotedError(header, packet);
    if (error !== undefined) {
      const inner = parseQuotedIp(error.quoted);
      const port = inner.ok ? portOf(inner.value, error.quoted, 'source') : undefined;
      const mapping =
        inner.ok && port !== undefined ? this.#table.inbound(inner.value.protocol, port, undefined, now) : undefined;
      if (!inner.ok || mapping === undefined) return 'no-mapping';
      rewrite(inner.value, error.quoted, 'source', mapping.inside, mapping.insidePort);
      rewrite(header, packet, 'destination', mapping.inside, 0);
      resumIcmp(header, packet);
      return this.#deliver(packet);
    }
    const port = portOf(header, packet, 'destination');
    const peer = `${header.source} ${portOf(header, packet, 'source') ?? 0}`;
    const mapping = port === undefined ? undefined : this.#table.inbound(header.protocol, port, peer, now);
    if (mapping === undefined) return 'no-mapping';
    rewrite(header, packet, 'destination', mapping.inside, mapping.insidePort);
    return this.#deliver(packet);
  }

  #deliver(packet: Uint8Array): string {
    decrementTtl(packet);
    const parsed = parseIp(packet);
    if (!parsed.ok) return parsed.error;
    if (this.#isTooBig(parsed.value)) return this.#complain('outside', packet, 'too-big');
    return this.#send('inside', parsed.value, packet);
  }

  #answer(header: IpHeader, packet: Uint8Array, port: 'inside' | 'outside'): string {
    const message = parseIcmp(header, packet);
    if (!message.ok || message.value.kind !== 'echo-request') return 'not-answered';
    const { id, sequence, data } = message.value;
    const reply = buildEcho({
      source: header.destination,
      destination: header.source,
      id,
      sequence,
      data,
      reply: true,
    });
    const parsed = parseIp(reply);
    if (parsed.ok) this.#send(port, parsed.value, reply);
    return 'answered';
  }

  #isTooBig(header: IpHeader): boolean {
    return header.df && header.totalLength > this.#spec.mtu;
  }

  #complain(port: 'inside' | 'outside', offending: Uint8Array, kind: 'too-big' | 'time-exceeded'): string {
    const source = port === 'outside' ? this.#spec.outside.address : this.#spec.inside[0]?.address;
    const mtu = kind === 'too-big' ? { mtu: this.#spec.mtu } : {};
    const error = source === undefined ? undefined : buildIcmpError({ source, kind, offending, ...mtu });
    const parsed = error === undefined ? undefined : parseIp(error);
    if (error !== undefined && parsed?.ok) this.#send(port, parsed.value, error);
    return kind;
  }

  #send(port: 'inside' | 'outside', header: IpHeader, packet: Uint8Array): string {
    const nets = port === 'inside' ? this.#insideNets : [this.#outsideNet];
    const onLink = nets.some((net) => net.contains(header.destination));
    const nextHop = onLink ? header.destination : port === 'outside' ? this.#spec.gateway : undefined;
    if (nextHop === undefined) return 'no-route';
    if (header.totalLength <= this.#spec.mtu) {
      this.#outlet.transmit(port, nextHop, packet);
      return port === 'inside' ? 'to-inside' : 'to-outside';
    }
    this.#identification = (this.#identification % 0xffff) + 1;
    for (const fragment of fragmentIp(packet, this.#spec.mtu, this.#identification)) {
      this.#outlet.transmit(port, nextHop, fragment);
    }
    return 'fragmented';
  }
}

function isEchoRequest(header: IpHeader, packet: Uint8Array): boolean {
  return header.protocol === Protocol.ICMP && packet[header.payloadOffset] === 8;
}

/** The error message in a packet, if it is one. `quoted` is a view into the packet. */
function quotedError(header: IpHeader, packet: Uint8Array): Extract<IcmpMessage, { quoted: Uint8Array }> | undefined {
  if (header.protocol !== Protocol.ICMP) return undefined;
  const message = parseIcmp(header, packet);
  return message.ok && 'quoted' in message.value ? message.value : undefined;
}
