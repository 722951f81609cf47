/**
 * ESP that came in: which child SA it is of, what is inside, and whether that may be. RFC 4301 section 5.2, RFC 4303
 * section 3.4.
 */
import { type Instant, readU32 } from '../../base/index.ts';
import { type IpHeader, Protocol, parseIp, setTos } from '../../ip/index.ts';
import type { DropReason } from '../contract.ts';
import type { ChildSa } from './child-sa.ts';
import { type EarlyPacket, EarlyPackets } from './early-packets.ts';
import { transportPacket } from './outer-packet.ts';
import { dropOf, type PlaneState, type Port } from './plane-state.ts';
import type { SaDatabase } from './sa-database.ts';
import { spend } from './sa-limits.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Surroundings } from './tunnels.ts';

const UNKNOWN_SPIS_PER_SECOND = 4;
const IKE_PORT = 500;
const ESP_HEADER = 8;
const ECN_CE = 3;

export class Unsealing {
  /** ESP of SAs that are about to be. */
  readonly early = new EarlyPackets();
  readonly #state: PlaneState;
  readonly #sas: SaDatabase;
  readonly #around: Pick<Surroundings, 'inputInner' | 'inputGre'>;
  readonly #unknownSpis = new TokenBucket(UNKNOWN_SPIS_PER_SECOND, UNKNOWN_SPIS_PER_SECOND);

  constructor(state: PlaneState, sas: SaDatabase, around: Pick<Surroundings, 'inputInner' | 'inputGre'>) {
    this.#state = state;
    this.#sas = sas;
    this.#around = around;
  }

  /** ESP addressed to us, from SPI to ICV at `start` to `end` of the packet; with ports when UDP carried it. */
  receive(
    port: Port,
    header: IpHeader,
    packet: Uint8Array,
    start: number,
    end: number,
    now: Instant,
    sourcePort = 0,
    destinationPort = 0,
  ): void {
    const state = this.#state;
    if (end - start < ESP_HEADER) {
      state.drop(port, 'bad-length');
      return;
    }
    const sa = this.#sas.get(readU32(packet, start));
    const inner = sa && state.ports.get(sa.config.interface);
    if (sa === undefined || (inner !== undefined && inner.config.tunnel?.frontVrf !== port.vrf.name)) {
      const [spi, sequence] = [readU32(packet, start), readU32(packet, start + 4)];
      const early = { spi, port: port.config.name, packet, start, end, sourcePort, destinationPort };
      if (sa === undefined && this.early.hold(early, now)) return;
      this.#unknownSpi(port, header, spi, sequence, sourcePort, destinationPort, now);
      return;
    }
    if (sa.hardReported) {
      state.drop(port, 'hard-limit');
      sa.drop('inbound', 'hard-limit');
      return;
    }
    const { trace } = state;
    const { highest } = sa.inbound;
    const opened = sa.inbound.open(packet.subarray(start, end));
    if (!opened.ok) {
      if (opened.error === 'replayed' || opened.error === 'too-old') sa.replayed++;
      if (opened.error === 'integrity-failed') sa.integrityFailed++;
      state.drop(port, opened.error);
      sa.drop('inbound', opened.error);
      this.#tellDrop(sa, opened.error, header, readU32(packet, start + 4), now);
      return;
    }
    this.#authentic(sa, header, sourcePort, destinationPort, sa.inbound.highest > highest, now);
    const { inner: content, nextHeader } = opened.value;
    if (sa.isSpent('inbound', content.length)) {
      spend(state, port, sa, 'inbound');
      return;
    }
    sa.countInbound(content.length);
    const { interface: tunnelName, id } = sa.config;
    state.watch?.({ kind: 'opened', interface: tunnelName, id, inner: content.length });
    if (trace !== undefined) {
      if (trace.sa !== undefined || sa.config.mode === 'transport') trace.isSpecial = true;
      trace.sa = sa;
      trace.outer = port;
      trace.tunnel = inner;
      trace.given = content;
    }
    if (sa.reachesSoftLimit()) this.#state.sink.event({ kind: 'child-sa-limit', id: sa.config.id, limit: 'soft' });
    if (inner === undefined) {
      state.drop(port, 'unknown-interface');
      sa.drop('inbound', 'unknown-interface');
      return;
    }
    if (sa.config.mode === 'tunnel') {
      this.#enterTunnel(inner, sa, header, content, nextHeader, readU32(packet, start + 4), now);
      return;
    }
    this.#enterTransport(inner, sa, header, content, nextHeader, readU32(packet, start + 4), now);
  }

  /** RFC 4301 section 5.2 step 4 and section 5.1.2: what was inside must fit the SA, and brings congestion in. */
  #enterTunnel(
    port: Port,
    sa: ChildSa,
    outer: IpHeader,
    inner: Uint8Array,
    nextHeader: number,
    sequence: number,
    now: Instant,
  ): void {
    if (nextHeader !== Protocol.IPIP && nextHeader !== Protocol.IPV6) {
      this.#state.drop(port, 'unsupported-next-header');
      sa.drop('inbound', 'unsupported-next-header');
      return;
    }
    const parsed = parseIp(inner);
    if (!parsed.ok) {
      this.#state.drop(port, dropOf(parsed.error));
      sa.drop('inbound', dropOf(parsed.error));
      return;
    }
    const header = parsed.value;
    if ((header.family === 4) !== (nextHeader === Protocol.IPIP)) {
      this.#state.drop(port, 'malformed');
      sa.drop('inbound', 'malformed');
      return;
    }
    const { trace } = this.#state;
    if (trace !== undefined && sa.selectors.usesPorts(header.family)) trace.usesPorts = true;
    if (!sa.selectors.fitsInbound(header, inner)) {
      this.#state.drop(port, 'selector-mismatch');
      sa.drop('inbound', 'selector-mismatch');
      this.#tellDrop(sa, 'selector-mismatch', outer, sequence, now, header);
      return;
    }
    const isMarked = (outer.tos & 3) === ECN_CE && (header.tos & 3) !== 0;
    if (isMarked) setTos(inner, header.tos | ECN_CE);
    this.#enter(port, inner, isMarked ? { ...header, tos: header.tos | ECN_CE } : header, now);
  }

  #enterTransport(
    port: Port,
    sa: ChildSa,
    outer: IpHeader,
    content: Uint8Array,
    nextHeader: number,
    sequence: number,
    now: Instant,
  ): void {
    if (nextHeader === Protocol.IPV6_NONXT) {
      this.#state.drop(port, 'unsupported-next-header');
      sa.drop('inbound', 'unsupported-next-header');
      return;
    }
    const packet = transportPacket(outer, content, nextHeader);
    const parsed = parseIp(packet);
    if (!parsed.ok) {
      this.#state.drop(port, dropOf(parsed.error));
      sa.drop('inbound', dropOf(parsed.error));
      return;
    }
    if (!sa.selectors.fitsInbound(parsed.value, packet)) {
      this.#state.drop(port, 'selector-mismatch');
      sa.drop('inbound', 'selector-mismatch');
      this.#tellDrop(sa, 'selector-mismatch', outer, sequence, now, parsed.value);
      return;
    }
    this.#enter(port, packet, parsed.value, now);
  }

  #enter(port: Port, packet: Uint8Array, header: IpHeader, now: Instant): void {
    if (port.config.tunnel?.gre === undefined) this.#around.inputInner(port, packet, header, now);
    else this.#around.inputGre(port, packet, header, now);
  }

  /**
   * What an authentic packet tells beside its content: the peer lives, has the new SA, and is there. An old packet,
   * late or kept by somebody who sends it again, shows where the peer was; where nobody checks for replays, it does not
   * show life either.
   */
  #authentic(
    sa: ChildSa,
    header: IpHeader,
    sourcePort: number,
    destinationPort: number,
    isNewest: boolean,
    now: Instant,
  ): void {
    if (isNewest || sa.config.replayWindow > 0) sa.lastInbound = now;
    const { id } = sa.config;
    if (!sa.confirmed) {
      sa.confirmed = true;
      if (!sa.closing) this.#state.sink.event({ kind: 'child-sa-confirmed', id });
    }
    if (!isNewest) return;
    const { local, remote } = sa;
    const remotePort = sourcePort === 0 ? remote.port : sourcePort;
    const localPort = destinationPort === 0 ? local.port : destinationPort;
    const same =
      header.source.equals(remote.address) &&
      header.destination.equals(local.address) &&
      (!sa.udpEncapsulation || (remotePort === remote.port && localPort === local.port));
    if (same) {
      sa.reported = undefined;
      return;
    }
    const { reported } = sa;
    if (reported !== undefined && reported.port === remotePort && reported.address.equals(header.source)) return;
    sa.reported = { address: header.source, port: remotePort };
    this.#state.sink.event({
      kind: 'peer-moved',
      id,
      local: { address: header.destination, port: localPort },
      remote: sa.reported,
    });
  }

  /** Packets that came before their SA, and those whose SA never came. */
  takeEarly(now: Instant): void {
    const { ready, late } = this.early.take(now);
    const each = (one: EarlyPacket, act: (port: Port, header: IpHeader) => void): void => {
      const port = this.#state.ports.get(one.port);
      const header = parseIp(one.packet);
      if (port !== undefined && header.ok) act(port, header.value);
      else this.#state.drop(undefined, 'unknown-interface');
    };
    for (const one of ready) {
      const { packet, start, end, sourcePort, destinationPort } = one;
      each(one, (port, header) => this.receive(port, header, packet, start, end, now, sourcePort, destinationPort));
    }
    for (const one of late) {
      const { packet, start, spi, sourcePort, destinationPort } = one;
      const sequence = readU32(packet, start + 4);
      each(one, (port, header) => this.#unknownSpi(port, header, spi, sequence, sourcePort, destinationPort, now));
    }
  }

  #unknownSpi(
    port: Port,
    header: IpHeader,
    spi: number,
    sequence: number,
    sourcePort: number,
    destinationPort: number,
    now: Instant,
  ): void {
    this.#state.drop(port, 'unknown-spi');
    if (!this.#unknownSpis.take(now)) return;
    const local = { address: header.destination, port: destinationPort || IKE_PORT };
    const remote = { address: header.source, port: sourcePort || IKE_PORT };
    this.#state.sink.event({ kind: 'unknown-spi', vrf: port.vrf.name, spi, sequence, local, remote });
  }

  #tellDrop(sa: ChildSa, reason: DropReason, outer: IpHeader, sequence: number, now: Instant, inner?: IpHeader): void {
    if (!sa.tellsDrop(reason, now)) return;
    this.#state.sink.event({
      kind: 'esp-dropped',
      id: sa.config.id,
      reason,
      sequence,
      local: outer.destination,
      remote: outer.source,
      ...(inner === undefined
        ? {}
        : { inner: { source: inner.source, destination: inner.destination, protocol: inner.protocol } }),
    });
  }
}
