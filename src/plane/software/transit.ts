/**
 * TCP in transit: its connections, the policy that they fall under, what is done to their segments and to the ICMP
 * errors about them, and what is told of it.
 */
import { type Instant, type Random, readU32 } from '../../base/index.ts';
import { type IpHeader, Protocol, parseIcmp, parseQuotedIp, patchU32 } from '../../ip/index.ts';
import type { DropReason, PlaneEvent, PlaneTransitPolicy } from '../contract.ts';
import { type Connection, Connections, transitEnd } from './connections.ts';
import { NO_PORTS, portsOf } from './flow.ts';
import type { Port } from './plane-state.ts';
import { TcpFlow, type Way } from './tcp-flow.ts';
import { TokenBucket } from './token-bucket.ts';
import { TransitPolicy } from './transit-policy.ts';

/** What is told of connections and of refusals, each, so that a flood drowns nobody. */
const TOLD_PER_SECOND = 20;
const TOLD_BURST = 100;
const FLAGS_AT = 13;
const ICMP_HEADER = 8;
const ICMP_CHECKSUM_AT = 2;
const SEQUENCE_AT = 4;

export class Transit {
  readonly policy = new TransitPolicy();
  readonly connections: Connections;
  readonly #tell: (event: PlaneEvent) => void;
  readonly #builds = new TokenBucket(TOLD_PER_SECOND, TOLD_BURST);
  readonly #refusals = new TokenBucket(TOLD_PER_SECOND, TOLD_BURST);
  /** Connections whose beginning was told: their end is too. */
  readonly #told = new Set<Connection>();
  /** The last segment that was changed. */
  #changed: Readonly<{ packet: Uint8Array; flow: TcpFlow; way: Way }> | undefined;

  constructor(tell: (event: PlaneEvent) => void, random: Random) {
    this.#tell = tell;
    this.connections = new Connections({
      flowOf: (near, far, header, packet) => this.#flowOf(near, far, header, packet, random),
      built: (connection, now) => this.#built(connection, now),
      answered: ({ flow }) => {
        if (flow !== undefined) flow.treatment.counts.embryonic--;
      },
      ended: (connection, reason, now) => this.#ended(connection, reason, now),
    });
  }

  /** Takes over the policy, and the connections without what is done to their segments. */
  copy(other: Transit): void {
    this.policy.copy(other.policy);
    this.connections.copy(other.connections);
  }

  setPolicy(policy: PlaneTransitPolicy | undefined): void {
    this.policy.set(policy);
  }

  /** When a connection is next worth a look; without a policy nobody is told, and looking when one opens will do. */
  wakeAt(): Instant | undefined {
    return this.policy.on ? this.connections.wakeAt() : undefined;
  }

  tick(now: Instant): void {
    if (this.policy.on) this.connections.tick(now);
  }

  /** Whether a packet is one of those that have to be part of a connection. */
  follows({ protocol }: IpHeader): boolean {
    return protocol === Protocol.TCP && this.policy.on;
  }

  /** Changes a packet that was let through, in place; says why it has to be dropped instead. */
  normalise(from: Port, to: Port, header: IpHeader, packet: Uint8Array, now: Instant): DropReason | undefined {
    this.#changed = undefined;
    if (!this.policy.on) return undefined;
    if (header.protocol !== Protocol.TCP) {
      const isIcmp = header.protocol === Protocol.ICMP || header.protocol === Protocol.ICMPV6;
      if (isIcmp && header.fragmentOffset === 0) this.#restoreQuoted(from, to, header, packet, now);
      return undefined;
    }
    const { latest, isOutward } = this.connections;
    const flow = header.fragmentOffset > 0 ? undefined : latest?.flow;
    if (flow === undefined) return undefined;
    const way = isOutward ? 'outward' : 'homeward';
    const refused = flow.pass(way, header, packet);
    if (refused === undefined) this.#changed = { packet, flow, way };
    return refused;
  }

  /** A packet as its sender knows it, for an error about it. */
  asSent(header: IpHeader, packet: Uint8Array): Uint8Array {
    const changed = this.#changed;
    if (changed?.packet !== packet) return packet;
    const copy = packet.slice();
    changed.flow.restore(changed.way, copy, header.payloadOffset, header.totalLength);
    return copy;
  }

  /** A packet in transit was not let through. */
  denied(
    reason: DropReason,
    direction: 'in' | 'out',
    from: Port,
    to: Port,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
  ): void {
    if (!this.policy.on) return;
    const isTcp = header.protocol === Protocol.TCP;
    const ports = portsOf(header, packet);
    const flags =
      isTcp && header.payloadOffset + FLAGS_AT < header.totalLength
        ? packet[header.payloadOffset + FLAGS_AT]
        : undefined;
    const isStray = reason === 'no-connection' && flags !== undefined;
    if ((!isStray && reason !== 'access-list') || !this.#refusals.take(now)) return;
    const [source, destination] = ports === NO_PORTS ? [0, 0] : [ports >>> 16, ports & 0xffff];
    this.#tell({
      kind: 'transit-denied',
      reason: isStray ? 'no-connection' : 'access-list',
      protocol: header.protocol,
      source: { address: header.source, port: source },
      destination: { address: header.destination, port: destination },
      interface: from.config.name,
      toInterface: to.config.name,
      ...(isStray ? {} : { direction }),
      ...(flags === undefined ? {} : { flags }),
    });
  }

  /** RFC 5927 section 4: who gets an ICMP error looks for its own sequence number in it. */
  #restoreQuoted(from: Port, to: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    const parsed = parseIcmp(header, packet);
    if (!parsed.ok || !('quoted' in parsed.value)) return;
    const { quoted } = parsed.value;
    const about = parseQuotedIp(quoted);
    if (!about.ok || about.value.protocol !== Protocol.TCP || about.value.fragmentOffset > 0) return;
    const found = this.connections.quoted(from, to, about.value, quoted, now);
    if (found?.connection.flow === undefined) return;
    const way = found.outward ? 'outward' : 'homeward';
    const { payloadOffset } = about.value;
    const restored = quoted.slice();
    found.connection.flow.restore(way, restored, payloadOffset);
    const start = header.payloadOffset;
    const covered = { start, checksumAt: start + ICMP_CHECKSUM_AT };
    const first = start + ICMP_HEADER;
    for (let i = payloadOffset + SEQUENCE_AT; i + 4 <= quoted.length && i < payloadOffset + 20; i += 4)
      patchU32(packet, first + i, readU32(restored, i), covered);
  }

  #flowOf(
    near: Port,
    far: Port,
    header: IpHeader,
    packet: Uint8Array,
    random: Random,
  ): TcpFlow | 'refused' | undefined {
    const treatment = this.policy.treatment(near, far, header, packet);
    if (treatment === undefined) return undefined;
    const { counts, maxConnections, maxEmbryonic } = treatment;
    const isFull =
      (maxConnections > 0 && counts.current >= maxConnections) ||
      (maxEmbryonic > 0 && counts.embryonic >= maxEmbryonic);
    if (isFull) {
      counts.limitDrops++;
      return 'refused';
    }
    return new TcpFlow(treatment, random);
  }

  #built(connection: Connection, now: Instant): void {
    const { flow, number, near, far } = connection;
    if (flow === undefined) return;
    const { counts, cleaned, randomises } = flow.treatment;
    counts.connections++;
    if (cleaned !== counts) cleaned.connections++;
    counts.current++;
    counts.embryonic++;
    if (randomises) counts.randomised++;
    if (!this.#builds.take(now)) return;
    this.#told.add(connection);
    this.#tell({ kind: 'connection-built', number, initiator: transitEnd(near), responder: transitEnd(far) });
  }

  #ended(connection: Connection, reason: NonNullable<Connection['ended']>, now: Instant): void {
    const { flow, number, near, far, bytes, openedAt, answered } = connection;
    if (flow === undefined) return;
    const { counts } = flow.treatment;
    counts.current--;
    if (!answered) counts.embryonic--;
    if (!this.#told.delete(connection)) return;
    this.#tell({
      kind: 'connection-ended',
      number,
      initiator: transitEnd(near),
      responder: transitEnd(far),
      durationMs: now - openedAt,
      bytes,
      reason,
    });
  }
}
