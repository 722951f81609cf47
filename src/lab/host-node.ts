import { type Endpoint, type Instant, type IpAddress, Prefix } from '../base/index.ts';
import type { PingProbe, PingRequest } from '../gateway/contract.ts';
import {
  buildEcho,
  buildIcmpError,
  buildIp,
  buildUdp,
  fragmentIp,
  type IcmpMessage,
  type IpHeader,
  ipHeaderLength,
  Protocol,
  parseIcmp,
  parseIp,
  parseQuotedIp,
  parseUdp,
  Reassembler,
} from '../ip/index.ts';
import type { LabNode, Outlet } from './node.ts';
import { PingRuns } from './ping-runs.ts';
import type { HostSpec } from './topology.ts';

/** An ICMP error that came back. */
export type NotedError = Readonly<{
  at: Instant;
  from: IpAddress;
  kind: IcmpMessage['kind'];
  mtu?: number;
  about: IpAddress;
}>;

export type UdpHandler = (payload: Uint8Array, from: Endpoint, to: Endpoint, now: Instant) => void;

export type ProtocolHandler = (header: IpHeader, packet: Uint8Array, now: Instant) => void;

type IcmpError = Extract<IcmpMessage, { kind: 'unreachable' | 'too-big' | 'time-exceeded' }>;

const ICMP_HEADER = 8;
const MAX_NOTED = 100;
const PORT_UNREACHABLE = { 4: 3, 6: 4 } as const;

/** A host with one port and default gateways: answers and sends pings, sends and receives UDP, heeds path MTUs. */
export class HostNode implements LabNode {
  readonly name: string;
  /** ICMP errors received, the latest hundred. */
  readonly errors: NotedError[] = [];
  readonly counters: Record<string, number> = {};
  readonly #spec: HostSpec;
  readonly #outlet: Outlet;
  readonly #onLink: readonly Prefix[];
  readonly #pings = new PingRuns();
  readonly #udp = new Map<number, UdpHandler>();
  readonly #protocols = new Map<number, ProtocolHandler>();
  readonly #pathMtus = new Map<string, number>();
  #reassembler = new Reassembler();
  #port: string | undefined;
  #identification = 1;

  constructor(name: string, spec: HostSpec, outlet: Outlet) {
    this.name = name;
    this.#spec = spec;
    this.#outlet = outlet;
    this.#onLink = spec.addresses.map(({ address, length }) => new Prefix(address, length));
  }

  /** First own address of a family. */
  address(family: 4 | 6): IpAddress | undefined {
    return this.#spec.addresses.find(({ address }) => address.family === family)?.address;
  }

  /** Begins to ping; `done` is told every probe once all are answered or timed out. */
  ping(request: PingRequest, now: Instant, done: (probes: readonly PingProbe[]) => void): void {
    this.#pings.begin(request, now, done);
    this.tick(now);
    this.#outlet.changed();
  }

  /** Hands datagrams to a local port to `handler`; undefined closes the port. */
  onUdp(port: number, handler: UdpHandler | undefined): void {
    if (handler === undefined) this.#udp.delete(port);
    else this.#udp.set(port, handler);
  }

  /** Hands whole packets of a protocol that the host does not speak itself to `handler`. */
  onProtocol(protocol: number, handler: ProtocolHandler): void {
    this.#protocols.set(protocol, handler);
  }

  sendUdp(sourcePort: number, to: Endpoint, payload: Uint8Array): void {
    const source = this.address(to.address.family);
    if (source === undefined) return;
    const datagram = buildUdp({ address: source, port: sourcePort }, to, payload);
    const fields = {
      source,
      destination: to.address,
      protocol: Protocol.UDP,
      identification: this.#nextIdentification(),
    };
    this.send(buildIp(fields, datagram), to.address);
  }

  /** Sends a whole packet of its own, in fragments where the path asks for it; false when it may not be cut. */
  send(packet: Uint8Array, destination: IpAddress, df = false): boolean {
    const port = this.#port;
    const nextHop = this.#nextHop(destination);
    if (port === undefined || nextHop === undefined) return true;
    const mtu = this.#mtuTo(destination);
    if (packet.length <= mtu) {
      this.#outlet.transmit(port, nextHop, packet);
      return true;
    }
    if (df) return false;
    for (const fragment of fragmentIp(packet, mtu, this.#nextIdentification())) {
      this.#outlet.transmit(port, nextHop, fragment);
    }
    return true;
  }

  twin(outlet: Outlet): HostNode {
    const one = new HostNode(this.name, this.#spec, outlet);
    for (const [address, mtu] of this.#pathMtus) one.#pathMtus.set(address, mtu);
    one.#port = this.#port;
    return one;
  }

  start(): void {
    this.#reassembler = new Reassembler();
    this.#pathMtus.clear();
  }

  receive(_port: string, packet: Uint8Array, now: Instant): void {
    const verdict = this.#handle(packet, now);
    this.counters[verdict] = (this.counters[verdict] ?? 0) + 1;
  }

  owns(_port: string, address: IpAddress): boolean {
    return this.#isOwn(address);
  }

  wakeAt(): Instant | undefined {
    return this.#pings.wakeAt();
  }

  tick(now: Instant): void {
    this.#reassembler.tick(now);
    this.#pings.tick(now, (id, sequence, request) => this.#probe(id, sequence, request));
  }

  carrier(port: string, up: boolean): void {
    if (up) this.#port = port;
  }

  /** Says what became of the packet. */
  #handle(packet: Uint8Array, now: Instant): string {
    const parsed = parseIp(packet);
    if (!parsed.ok) return parsed.error;
    const header = parsed.value;
    if (!this.#isOwn(header.destination)) return 'not-ours';
    if (header.moreFragments || header.fragmentOffset > 0) {
      const whole = this.#reassembler.add(header, packet, now);
      return whole === undefined ? 'fragment' : this.#handle(whole, now);
    }
    const handler = this.#protocols.get(header.protocol);
    if (handler !== undefined) {
      handler(header, packet, now);
      return 'handed-over';
    }
    if (header.protocol === Protocol.UDP) return this.#receiveUdp(header, packet, now);
    return this.#receiveIcmp(header, packet, now);
  }

  /** Sends one echo request; a result when it cannot even leave. */
  #probe(id: number, sequence: number, request: PingRequest): Omit<PingProbe, 'sequence'> | undefined {
    const { destination, size, df } = request;
    const source = request.source ?? this.address(destination.family);
    if (source === undefined || this.#nextHop(destination) === undefined) return { result: 'no-route' };
    const data = new Uint8Array(Math.max(0, size - ipHeaderLength(destination.family) - ICMP_HEADER)).fill(0x61);
    const identification = this.#nextIdentification();
    const echo = buildEcho({ source, destination, id, sequence, data, reply: false, df, identification });
    return this.send(echo, destination, df) ? undefined : { result: 'too-big', mtu: this.#mtuTo(destination) };
  }

  #receiveUdp(header: IpHeader, packet: Uint8Array, now: Instant): string {
    const parsed = parseUdp(header, packet);
    if (!parsed.ok) return parsed.error;
    const { sourcePort, destinationPort, payload } = parsed.value;
    const handler = this.#udp.get(destinationPort);
    if (handler !== undefined) {
      const to = { address: header.destination, port: destinationPort };
      handler(payload, { address: header.source, port: sourcePort }, to, now);
      return 'udp';
    }
    // RFC 1122 section 4.1.3.1: a datagram for a port that nobody listens to is answered with port unreachable.
    const code = PORT_UNREACHABLE[header.family];
    const error = buildIcmpError({ source: header.destination, kind: 'unreachable', code, offending: packet });
    if (error !== undefined) this.send(error, header.source);
    return 'closed-port';
  }

  #receiveIcmp(header: IpHeader, packet: Uint8Array, now: Instant): string {
    const parsed = parseIcmp(header, packet);
    if (!parsed.ok) return parsed.error;
    const message = parsed.value;
    switch (message.kind) {
      case 'echo-request': {
        const { id, sequence, data } = message;
        const identification = this.#nextIdentification();
        const fields = { source: header.destination, destination: header.source, id, sequence, data, identification };
        this.send(buildEcho({ ...fields, reply: true }), header.source);
        return 'echo-request';
      }
      case 'echo-reply':
        this.#pings.answered(message.id, message.sequence, { result: 'reply', from: header.source }, now);
        return 'echo-reply';
      case 'other':
        return 'icmp';
      default:
        return this.#receiveError(header.source, message, now);
    }
  }

  #receiveError(from: IpAddress, message: IcmpError, now: Instant): string {
    const quoted = parseQuotedIp(message.quoted);
    if (!quoted.ok || !this.#isOwn(quoted.value.source)) return 'strange-error';
    const about = quoted.value.destination;
    const mtu = message.kind === 'too-big' ? { mtu: message.mtu } : {};
    this.errors.push({ at: now, from, kind: message.kind, about, ...mtu });
    if (this.errors.length > MAX_NOTED) this.errors.shift();
    if (message.kind === 'too-big') {
      const floor = about.family === 4 ? 68 : 1280;
      this.#pathMtus.set(about.toString(), Math.max(floor, Math.min(message.mtu, this.#mtuTo(about))));
    }
    const result = message.kind === 'time-exceeded' ? 'ttl-exceeded' : message.kind;
    const { payloadOffset: at } = quoted.value;
    const view = message.quoted;
    const id = ((view[at + 4] ?? 0) << 8) | (view[at + 5] ?? 0);
    const sequence = ((view[at + 6] ?? 0) << 8) | (view[at + 7] ?? 0);
    const isEcho = quoted.value.protocol === (about.family === 4 ? Protocol.ICMP : Protocol.ICMPV6);
    if (isEcho && quoted.value.fragmentOffset === 0) this.#pings.answered(id, sequence, { result, from, ...mtu }, now);
    return message.kind;
  }

  #nextHop(destination: IpAddress): IpAddress | undefined {
    if (this.#onLink.some((prefix) => prefix.contains(destination))) return destination;
    const gateways = this.#spec.gateways.filter(({ family }) => family === destination.family);
    const port = this.#port;
    if (gateways.length < 2 || port === undefined) return gateways[0];
    return gateways.find((gateway) => this.#outlet.resolves(port, gateway)) ?? gateways[0];
  }

  #mtuTo(destination: IpAddress): number {
    return Math.min(this.#spec.mtu, this.#pathMtus.get(destination.toString()) ?? this.#spec.mtu);
  }

  #isOwn(address: IpAddress): boolean {
    return this.#spec.addresses.some((own) => own.address.equals(address));
  }

  #nextIdentification(): number {
    this.#identification = (this.#identification % 0xffff) + 1;
    return this.#identification;
  }
}
