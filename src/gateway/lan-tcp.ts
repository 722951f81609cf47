/**
 * Which TCP a BGP session goes over. Our own carries those whose packets come and go by the forwarding plane: over
 * tunnels, and in the lab all of them. On a machine the packets of its own networks belong to its kernel, so there the
 * kernel's TCP carries the sessions with neighbours that an ethernet interface leads to. BGP notices nothing of it.
 */
import type { IpAddress, SecretKey } from '../base/index.ts';
import { connectTtl, needsConnected } from '../bgp/index.ts';
import type { TcpEvent } from '../tcp/index.ts';
import type { Context } from './context.ts';
import type { HostTcpOrder, HostTcpReport } from './contract.ts';
import { BGP_PORT, GTSM_TTL } from './ports.ts';
import type { Speaker } from './speaker.ts';

export type Carrier = 'own' | 'host';

/** What the kernel was told of one neighbour. */
type LanPeer = Readonly<{ remote: IpAddress; key: SecretKey | undefined; ttl: TtlRules }>;
type TtlRules = Readonly<{ ttl: number; minTtl?: number }>;

/** Both stacks count the connections that they accept from 1: those of the kernel's are known by much higher numbers. */
const FIRST_HOST_ACCEPTED = 2 ** 40;

export class LanTcp {
  /** Connections of the kernel's stack, those that are still connecting included. */
  readonly #transports = new Set<number>();
  readonly #peers = new Map<string, LanPeer>();
  readonly #order: (order: HostTcpOrder) => void;
  #listening: { ttl: number | undefined } | undefined;

  constructor(order: (order: HostTcpOrder) => void) {
    this.#order = order;
  }

  has(transport: number): boolean {
    return this.#transports.has(transport);
  }

  connect(order: Extract<HostTcpOrder, { kind: 'connect' }>): void {
    this.#transports.add(order.connection);
    this.#order(order);
  }

  /** Passes an order on to the kernel if the connection is one of its own. */
  tell(event: Extract<TcpEvent, { kind: 'write' | 'close' | 'abort' }>): boolean {
    if (!this.#transports.has(event.connection)) return false;
    const connection = event.connection > 0 ? event.connection - FIRST_HOST_ACCEPTED : event.connection;
    this.#order({ ...event, connection });
    return true;
  }

  /** A report of the kernel's with the number that we know its connection by; undefined when we know nothing of it. */
  read(report: HostTcpReport): HostTcpReport | undefined {
    if (report.kind === 'notice') return report;
    const { connection } = report;
    const transport = connection > 0 ? connection + FIRST_HOST_ACCEPTED : connection;
    if (report.kind === 'accepted') this.#transports.add(transport);
    if (!this.#transports.has(transport)) return undefined;
    if (report.kind === 'closed') this.#transports.delete(transport);
    return { ...report, connection: transport };
  }

  /** The kernel has to know a neighbour before its first segment comes, or as it stands now. */
  setPeer(remote: IpAddress, key: SecretKey | undefined, ttl: TtlRules): void {
    const name = remote.toString();
    const told = this.#peers.get(name);
    this.#peers.set(name, { remote, key, ttl });
    if (!sameKey(told?.key, key)) this.#order({ kind: 'set-md5-key', remote, key });
    if (told?.ttl.ttl !== ttl.ttl || told.ttl.minTtl !== ttl.minTtl) this.#order({ kind: 'set-ttl', remote, ttl });
  }

  forgetPeer(remote: IpAddress): void {
    const told = this.#peers.get(remote.toString());
    if (told === undefined) return;
    this.#peers.delete(remote.toString());
    if (told.key !== undefined) this.#order({ kind: 'set-md5-key', remote, key: undefined });
    this.#order({ kind: 'set-ttl', remote, ttl: undefined });
  }

  /** Neighbours that the kernel knows. */
  peers(): readonly IpAddress[] {
    return [...this.#peers.values()].map(({ remote }) => remote);
  }

  /** Port 179 is open in the kernel only while somebody may call there. */
  listen(): void {
    if (this.#peers.size === 0) {
      this.unlisten();
      return;
    }
    // RFC 5082 section 3: the answer to the SYN, too, has to leave with the full TTL.
    const ttl = [...this.#peers.values()].some((one) => one.ttl.minTtl !== undefined) ? GTSM_TTL : undefined;
    if (this.#listening !== undefined && this.#listening.ttl === ttl) return;
    this.#listening = { ttl };
    this.#order({ kind: 'listen', port: BGP_PORT, ...(ttl === undefined ? {} : { ttl }) });
  }

  unlisten(): void {
    if (this.#listening !== undefined) this.#order({ kind: 'unlisten', port: BGP_PORT });
    this.#listening = undefined;
  }
}

function sameKey(a: SecretKey | undefined, b: SecretKey | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

/** By the route to the neighbour as it is now. */
export function carrierFor(context: Context, speaker: Speaker, neighbor: IpAddress): Carrier {
  if (speaker.lan === undefined) return 'own';
  const way = context.rib(speaker.vrf).resolve(neighbor)?.[0];
  return way !== undefined && context.interfaces?.get(way.interface)?.kind === 'ethernet' ? 'host' : 'own';
}

/** Tells whichever stack a connection belongs to. */
export function tellTcp(
  context: Context,
  speaker: Speaker,
  event: Extract<TcpEvent, { kind: 'write' | 'close' | 'abort' }>,
): void {
  if (speaker.lan?.tell(event) !== true) context.push({ to: 'tcp', speaker, event });
}

/** A neighbour's route, or its configuration, is another one: the kernel shall know those on the machine's networks. */
export function neighborMoved(context: Context, speaker: Speaker, neighbor: IpAddress): void {
  const { lan } = speaker;
  if (lan === undefined) return;
  tellKernel(context, speaker, lan, neighbor);
  if (!context.isStopped && speaker.running !== undefined) lan.listen();
  // What the kernel sends into a tunnel is answered to our own TCP, which would know nothing of the connection. The
  // other way round the session is left to its HoldTimer: a tunnel that flaps must not end it, though a default route
  // leads to the neighbour by an ethernet interface meanwhile.
  const hasWay = context.rib(speaker.vrf).resolve(neighbor) !== undefined;
  if (!hasWay || carrierFor(context, speaker, neighbor) === 'host') return;
  endTransports(context, speaker, neighbor, 'host', 'the route to the neighbor moved into a tunnel');
}

/** TTL rules for a neighbour that the kernel shall carry; undefined when it shall not. */
export function lanTtl(
  context: Context,
  speaker: Speaker,
  remote: IpAddress,
): Readonly<{ ttl: number; minTtl?: number }> | undefined {
  const known = speaker.running?.neighbors.get(remote.toString());
  if (speaker.running === undefined || known === undefined || carrierFor(context, speaker, remote) !== 'host')
    return undefined;
  const way = context.rib(speaker.vrf).resolve(remote)?.[0];
  // Neighbours over tunnels that are down are all led to by the default route: the kernel holds few keys.
  if (needsConnected(known, speaker.running.config) && way?.route.candidate.source !== 'connected') return undefined;
  const { ttlSecurityHops: hops } = known;
  return { ttl: connectTtl(known, speaker.running.config), ...(hops === undefined ? {} : { minTtl: GTSM_TTL - hops }) };
}

function tellKernel(context: Context, speaker: Speaker, lan: LanTcp, remote: IpAddress): void {
  const ttl = lanTtl(context, speaker, remote);
  if (ttl !== undefined) lan.setPeer(remote, speaker.running?.neighbors.get(remote.toString())?.password, ttl);
  // The last words of a session have to be signed as well.
  else if (!hasTransport(speaker, remote, 'host')) lan.forgetPeer(remote);
}

/** After a configuration: the kernel shall know its neighbours as they are now, and no others. */
export function lanConfigured(context: Context, speaker: Speaker): void {
  const { lan } = speaker;
  if (lan === undefined) return;
  for (const remote of lan.peers()) tellKernel(context, speaker, lan, remote);
  for (const { address } of speaker.running?.config.neighbors ?? []) tellKernel(context, speaker, lan, address);
  if (speaker.running !== undefined) lan.listen();
}

/**
 * A neighbour came by one stack while it has connections over the other: it has left the old way, which may be long
 * before a HoldTimer says so.
 */
export function leaveOldWay(context: Context, speaker: Speaker, neighbor: IpAddress, carrier: Carrier): void {
  endTransports(context, speaker, neighbor, carrier === 'host' ? 'own' : 'host', 'the neighbor came by another way');
}

function endTransports(
  context: Context,
  speaker: Speaker,
  neighbor: IpAddress,
  carrier: Carrier,
  reason: string,
): void {
  for (const [transport, { remote }] of speaker.transports) {
    if (!remote.address.equals(neighbor) || carrierOf(speaker, transport) !== carrier) continue;
    context.push({ to: 'bgp', speaker, event: { kind: 'transport-closed', transport, reason } });
    tellTcp(context, speaker, { kind: 'abort', connection: transport });
  }
}

function hasTransport(speaker: Speaker, neighbor: IpAddress, carrier: Carrier): boolean {
  for (const [transport, { remote }] of speaker.transports) {
    if (remote.address.equals(neighbor) && carrierOf(speaker, transport) === carrier) return true;
  }
  return false;
}

function carrierOf(speaker: Speaker, transport: number): Carrier {
  return speaker.lan?.has(transport) === true ? 'host' : 'own';
}
