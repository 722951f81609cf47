/**
 * What all exchanges share while one event is handled: the tables of SAs and peers, the time, the counters and the
 * list of effects. Everything is found by key; nothing here walks over all SAs.
 */
import { Deadlines, type Instant, type IpAddress, readU32 } from '../base/index.ts';
import { createKeyShare, type KeyShare } from '../crypto/index.ts';
import { Admission } from './admission.ts';
import type { Cause, IkeEffect, IkeEnvironment } from './events.ts';
import type { ChildState, IkeSa, Stage } from './ike-sa.ts';
import type { PeerSas } from './peer-sas.ts';
import type { IkeConfig, IkePath, IkePeer } from './policy.ts';
import { dropPieces } from './reassembly.ts';
import { zeroStatistics } from './statistics.ts';
import { freeWindow } from './window.ts';

/** What we know of one configured peer besides its policy. */
export type PeerState = {
  readonly name: string;
  policy: IkePeer;
  reachable: boolean;
  /** Our address on the interface that routes lead out by. */
  local: IpAddress | undefined;
  /** Attempts in a row that came to nothing. */
  failures: number;
  nextTryAt: Instant | undefined;
  lastFailure: string | undefined;
  /** IKE SAs that are negotiated by us or established, rekeyed and dying ones excepted. */
  readonly sas: PeerSas;
};

const EMPTY_CONFIG: IkeConfig = {
  addresses: [],
  proposals: [],
  peers: [],
  cookieThreshold: Number.POSITIVE_INFINITY,
  maxHalfOpen: 0,
  natKeepaliveMs: 0,
};

export class IkeContext {
  readonly environment: IkeEnvironment;
  readonly admission: Admission;
  /** When a cookie that was demanded was last told. */
  cookieToldAt: Instant | undefined;
  config = EMPTY_CONFIG;
  now: Instant;
  /** By our own SPI. */
  readonly sas = new Map<bigint, IkeSa>();
  /** Half-open SAs by the hash of the request that began them. */
  readonly requests = new Map<string, IkeSa>();
  /** By inbound SPI. */
  readonly children = new Map<number, ChildState>();
  readonly peers = new Map<string, PeerState>();
  /** Names of peers that a path leads to, configured or not. */
  /** IKE SAs of one identity at one address. */
  readonly crowds = new Map<string, Set<IkeSa>>();
  readonly reachable = new Set<string>();
  readonly deadlines = new Deadlines<IkeSa | PeerState>();
  readonly counters = new Map<string, number>();
  readonly statistics = zeroStatistics();
  /** SAs and peers that this event touched: looked after before it ends. */
  readonly touched = new Set<IkeSa>();
  readonly touchedPeers = new Set<PeerState>();
  /** Bytes of messages that came in part. */
  heldBytes = 0;
  effects: IkeEffect[] = [];
  #sessions = 0;
  #orders = 0;

  constructor(environment: IkeEnvironment, now: Instant) {
    this.environment = environment;
    this.admission = new Admission(environment.random);
    this.now = now;
  }

  emit(effect: IkeEffect): void {
    this.effects.push(effect);
  }

  count(name: string, by = 1): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + by);
  }

  notice(sa: Readonly<{ peer: IkePeer | undefined; path: IkePath }>, code: string, text: string, cause?: Cause): void {
    this.emit({
      kind: 'notice',
      ...(sa.peer === undefined ? {} : { peer: sa.peer.name }),
      path: sa.path,
      code,
      text,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  nextOrder(): number {
    this.#orders += 1;
    return this.#orders;
  }

  newSession(): number {
    this.#sessions += 1;
    return this.#sessions;
  }

  /** A fresh IKE SPI: random, not zero, not in use. */
  newSpi(): bigint {
    for (;;) {
      const bytes = this.environment.random(8);
      const spi = (BigInt(readU32(bytes, 0)) << 32n) | BigInt(readU32(bytes, 4));
      if (spi !== 0n && !this.sas.has(spi)) return spi;
    }
  }

  newKeyShare(group: number): KeyShare {
    const { keyShare, random } = this.environment;
    return keyShare?.(group) ?? createKeyShare(group, random);
  }

  /** A fresh inbound SPI of a child SA: 1 to 255 are reserved (RFC 4303 section 2.1). */
  newChildSpi(): number {
    for (;;) {
      const spi = readU32(this.environment.random(4), 0);
      if (spi > 255 && !this.children.has(spi)) return spi;
    }
  }

  peerOf(sa: IkeSa): PeerState | undefined {
    return sa.peer === undefined ? undefined : this.peers.get(sa.peer.name);
  }

  /** Puts a new IKE SA into the tables. */
  add(
    begin: Readonly<{
      role: IkeSa['role'];
      session: number;
      localSpi: bigint;
      remoteSpi: bigint;
      path: IkePath;
      peer: IkePeer | undefined;
      stage: Stage;
      reauthenticates?: number;
    }>,
  ): IkeSa {
    const { role, session, localSpi, remoteSpi, path, peer, stage, reauthenticates } = begin;
    // Each field by its name: an object that is spread is built property by property.
    const sa: IkeSa = {
      role,
      session,
      localSpi,
      remoteSpi,
      path,
      peer,
      stage,
      reauthenticates,
      isSuccessor: false,
      crowd: undefined,
      isUp: false,
      place: undefined,
      createdOrder: this.nextOrder(),
      establishedOrder: 0,
      since: this.now,
      sessionSince: this.now,
      suite: undefined,
      lifetimeMs: undefined,
      skD: undefined,
      isQuantumSafe: false,
      outbound: undefined,
      inbound: undefined,
      sealed: 0,
      peerHashes: [],
      peerAuthorities: new Set(),
      authentication: undefined,
      localIdentity: undefined,
      remoteIdentity: undefined,
      isForced: false,
      isChildless: false,
      natLocal: false,
      natRemote: false,
      mobility: undefined,
      fragmentation: undefined,
      reassemblies: { request: undefined, response: undefined },
      window: freeWindow(0),
      responses: { nextId: 0 },
      exchange: undefined,
      tasks: [],
      children: new Map(),
      peerRoutes: [],
      expiresAt: undefined,
      rekeyAt: undefined,
      reauthAt: undefined,
      authenticUntil: undefined,
      endCause: undefined,
      heardAt: this.now,
      quietUntil: undefined,
      keepaliveAt: undefined,
      childRetryAt: undefined,
      childFailures: 0,
      requestKey: undefined,
    };
    this.sas.set(sa.localSpi, sa);
    this.touched.add(sa);
    return sa;
  }

  /** Takes an IKE SA out of all tables. Its children must be gone by then. */
  forget(sa: IkeSa): void {
    dropPieces(this, sa);
    this.leaveHalfOpen(sa);
    this.#leaveCrowd(sa);
    if (sa.requestKey !== undefined) this.requests.delete(sa.requestKey);
    this.sas.delete(sa.localSpi);
    this.deadlines.set(sa, undefined);
    this.touched.delete(sa);
    this.leavePeer(sa);
  }

  #leaveCrowd(sa: IkeSa): void {
    if (sa.crowd === undefined) return;
    const crowd = this.crowds.get(sa.crowd);
    crowd?.delete(sa);
    if (crowd?.size === 0) this.crowds.delete(sa.crowd);
  }

  /** The SA no longer counts for its peer, which may have to begin again. */
  leavePeer(sa: IkeSa): void {
    const peer = this.peerOf(sa);
    if (peer?.sas.delete(sa)) this.touchedPeers.add(peer);
  }

  /** An SA that anyone could have begun: it counts until it is established or forgotten, failed IKE_AUTH or not. */
  enterHalfOpen(sa: IkeSa, proven: boolean): void {
    sa.place = this.admission.enter(sa.path.remote.address, proven);
  }

  leaveHalfOpen(sa: IkeSa): void {
    if (sa.place !== undefined) this.admission.leave(sa.place);
    sa.place = undefined;
  }
}
