/**
 * Packets for ourselves: ESP to the tunnels, echo requests answered, the rest to the gateway, or to the machine around
 * where it came out of a tunnel and is none of the gateway's. RFC 1122, RFC 3948, RFC 4443.
 */
import { EMPTY, type Instant, readU16, readU32 } from '../../base/index.ts';
import { buildEcho, type IpHeader, Protocol, parseIcmp, parseIp, parseUdp, VXLAN_PORT } from '../../ip/index.ts';
import type { Gre } from './gre.ts';
import { dropOf, type ErrorKind, type PlaneState, type Port, type Vrf } from './plane-state.ts';
import type { Tunnels } from './tunnels.ts';
import type { Vxlan } from './vxlan.ts';

/** What delivery needs of the router around it. */
export type Router = Readonly<{
  /** Sends what answers a packet that came in by a port; false if there must be no answer. */
  reply: (port: Port, packet: Uint8Array, now: Instant) => boolean;
  error: (
    from: Port | undefined,
    ownVrf: Vrf,
    kind: ErrorKind,
    code: number,
    mtu: number,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
  ) => boolean;
}>;

/** UDP port of ESP in UDP and of IKE behind a NAT, RFC 3948. */
const NAT_TRAVERSAL_PORT = 4500;
const IKE_PORT = 500;
const UDP_HEADER = 8;
const KEEPALIVE = 0xff;
const UNREACHABLE_PROTOCOL = 2;

export class Delivery {
  readonly #state: PlaneState;
  readonly #tunnels: Tunnels;
  readonly #vxlan: Vxlan;
  readonly #gre: Gre;
  readonly #around: Router;

  constructor(state: PlaneState, tunnels: Tunnels, vxlan: Vxlan, gre: Gre, around: Router) {
    this.#state = state;
    this.#tunnels = tunnels;
    this.#vxlan = vxlan;
    this.#gre = gre;
    this.#around = around;
  }

  deliver(port: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    if (header.moreFragments || header.fragmentOffset > 0) {
      // RFC 4301 section 7: what anyone may send in clear must not become part of what a tunnel protects.
      const origin = port.config.kind === 'tunnel' ? port.config.name : '';
      const whole = port.vrf.reassembler.add(header, packet, now, origin);
      const parsed = whole && parseIp(whole);
      if (parsed?.ok === false) this.#state.drop(port, dropOf(parsed.error));
      const read = parsed?.ok === true ? parsed.value : undefined;
      // Once: what comes out of reassembly has no Fragment header that could lead here again.
      if (whole === undefined || read === undefined) return;
      if (read.moreFragments || read.fragmentOffset > 0) {
        this.#state.drop(port, 'malformed');
        return;
      }
      this.#deliverWhole(port, read, whole, now);
      return;
    }
    this.#deliverWhole(port, header, packet, now);
  }

  #deliverWhole(port: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    switch (header.protocol) {
      case Protocol.ESP:
        this.#tunnels.unsealing.receive(port, header, packet, header.payloadOffset, header.totalLength, now);
        return;
      case Protocol.GRE:
        if (!this.#gre.receive(port, port.vrf, header, packet, now)) this.#refuse(port, header, packet, now);
        return;
      case Protocol.UDP:
        this.#deliverUdp(port, header, packet, now);
        return;
      case Protocol.ICMP:
      case Protocol.ICMPV6:
        this.#deliverIcmp(port, header, packet, now);
        return;
      case Protocol.TCP:
        if (this.handsOver(port) && !this.#isPunted(header, packet)) this.handOver(port, packet);
        else this.#punt(port, packet);
        return;
      default:
        this.#refuse(port, header, packet, now);
    }
  }

  /** Nobody here speaks its protocol; the machine around may. */
  #refuse(port: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    if (this.handsOver(port)) {
      this.handOver(port, packet);
      return;
    }
    this.#state.drop(port, 'unsupported-protocol');
    if (header.family === 6) return; // ICMPv6 has a parameter problem for it, which we do not send
    this.#around.error(port, port.vrf, 'unreachable', UNREACHABLE_PROTOCOL, 0, header, packet, now);
  }

  /** RFC 3948 section 2: on port 4500, ESP, IKE behind four zero bytes, or a keepalive of one byte. */
  #deliverUdp(port: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    const start = header.payloadOffset;
    if (readU16(packet, start + 2) === VXLAN_PORT && this.#vxlan.receive(port, header, packet, now)) return;
    // Section 2.1 has senders leave the checksum out, and the ICV sees all damage: no datagram to read for most ESP.
    if (readU16(packet, start + 6) !== 0 || readU16(packet, start + 2) !== NAT_TRAVERSAL_PORT || header.family === 6) {
      const datagram = parseUdp(header, packet);
      if (!datagram.ok) {
        this.#state.drop(port, dropOf(datagram.error));
        return;
      }
      const { destinationPort } = datagram.value;
      if (destinationPort !== NAT_TRAVERSAL_PORT) {
        if (destinationPort !== IKE_PORT && this.handsOver(port)) this.handOver(port, packet);
        else this.#punt(port, packet);
        return;
      }
    }
    const end = start + readU16(packet, start + 4);
    const from = start + UDP_HEADER;
    if (end > header.totalLength || end < from) {
      this.#state.drop(port, 'malformed');
      return;
    }
    if (end - from === 1 && packet[from] === KEEPALIVE) return;
    if (end - from < 4) {
      this.#state.drop(port, 'malformed');
      return;
    }
    if (readU32(packet, from) === 0) {
      this.#punt(port, packet);
      return;
    }
    const sourcePort = readU16(packet, start);
    this.#tunnels.unsealing.receive(port, header, packet, from, end, now, sourcePort, NAT_TRAVERSAL_PORT);
  }

  #deliverIcmp(port: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    const parsed = parseIcmp(header, packet);
    if (!parsed.ok) {
      this.#state.drop(port, dropOf(parsed.error));
      return;
    }
    const message = parsed.value;
    if (message.kind === 'echo-request') {
      const { id, sequence, data } = message;
      const reply = buildEcho({
        source: header.destination,
        destination: header.source,
        id,
        sequence,
        data: data.length === 0 ? EMPTY : data,
        reply: true,
        tos: header.tos,
        identification: this.#state.nextIdentification() & 0xffff,
      });
      if (!this.#around.reply(port, reply, now)) this.#state.drop(port, 'security-level');
      return;
    }
    if (message.kind === 'too-big') {
      const { mtu, quoted } = message;
      const ofSas = this.#tunnels.handleTooBig(port.vrf, header.source, mtu, quoted, now);
      const about = ofSas === 'other' ? this.#gre.handleTooBig(port.vrf, header.source, mtu, quoted, now) : ofSas;
      if (about === 'ours') return;
      if (about === 'forged') {
        this.#state.drop(port, 'not-ours');
        return;
      }
    }
    this.#punt(port, packet);
  }

  #punt(port: Port, packet: Uint8Array): void {
    this.#state.watch?.({ kind: 'delivered', interface: port.config.name, to: 'gateway' });
    this.#state.sink.event({ kind: 'punt', vrf: port.vrf.name, interface: port.config.name, packet });
  }

  /** Whether the machine around takes what came in by an interface and stays on this side of the tunnels. */
  handsOver(port: Port): boolean {
    const { kind } = port.config;
    return (kind === 'tunnel' || kind === 'vxlan') && this.#state.sink.toHost !== undefined;
  }

  handOver(port: Port, packet: Uint8Array): void {
    const { trace } = this.#state;
    if (trace !== undefined) {
      trace.left++;
      trace.packet = packet;
      if (trace.clear === undefined) trace.isOurs = true;
    }
    this.#state.watch?.({ kind: 'delivered', interface: port.config.name, to: 'machine' });
    this.#state.sink.toHost?.(port.config.name, packet);
  }

  #isPunted({ payloadOffset: start }: IpHeader, packet: Uint8Array): boolean {
    const { puntedTcp } = this.#state;
    return puntedTcp.has(readU16(packet, start)) || puntedTcp.has(readU16(packet, start + 2));
  }
}
