/**
 * The finite state machine of one neighbour, RFC 4271 section 8: up to two TCP connections at once, of which collision
 * detection (section 6.8) leaves one.
 */
import { after, EMPTY, type Endpoint, earlier, type Instant, type Random, type Result } from '../base/index.ts';
import { Connection, furthestOf, STATE_NAMES, UNEXPECTED_IN } from './connection.ts';
import type { BgpEffect, BgpState, TransportId } from './events.ts';
import type { BgpFamily } from './evpn.ts';
import { type BgpFault, type BgpFaultKind, CEASE, FAULTS, notificationText } from './faults.ts';
import {
  connectTtl,
  isExternal,
  localAsnOf,
  type Negotiated,
  needsConnected,
  negotiate,
  ourOpen,
  type Speaker,
} from './negotiation.ts';
import type { BgpNeighbor } from './policy.ts';
import { RetryTimer } from './retry-timer.ts';
import type { Messages } from './update-batch.ts';
import type { Frame } from './wire/framing.ts';
import {
  decodeNotification,
  decodeRouteRefresh,
  encodeNotification,
  encodeRouteRefresh,
  type Notification,
} from './wire/notification.ts';
import { AFI, decodeOpen, encodeOpen, familyOf, SAFI } from './wire/open.ts';
import { decodeUpdate, type Update } from './wire/update.ts';

/** What the session calls when something concerns the routes. */
export type SessionHost = Readonly<{
  random: Random;
  emit: (effect: BgpEffect) => void;
  /** Names a new outgoing connection. */
  nextTransport: () => TransportId;
  /** Forgets a connection. */
  release: (transport: TransportId) => void;
  established: (negotiated: Negotiated) => void;
  down: () => void;
  update: (update: Update) => void;
  refresh: (family: BgpFamily) => void;
}>;

/** How long TCP may take to connect. */
const CONNECT_PATIENCE_MS = 20_000;

export class Session {
  readonly #host: SessionHost;
  #neighbor: BgpNeighbor;
  #speaker: Speaker;
  #connections: readonly Connection[] = [];
  #reachable = false;
  #connected = false;
  /** Ceased for too many prefixes: only an operator's clear ends that. */
  #heldDown = false;
  readonly #retry: RetryTimer;
  #hasWarned = false;
  since: Instant | undefined;
  lastReset: string | undefined;
  lastError: string | undefined;
  establishedCount = 0;
  messagesReceived = 0;
  messagesSent = 0;
  updatesReceived = 0;
  updatesSent = 0;
  readonly faults = new Map<BgpFaultKind, number>();

  constructor(neighbor: BgpNeighbor, speaker: Speaker, host: SessionHost) {
    this.#neighbor = neighbor;
    this.#speaker = speaker;
    this.#host = host;
    this.#retry = new RetryTimer(host.random);
  }

  get state(): BgpState {
    const furthest = this.#furthest();
    if (furthest !== undefined) return STATE_NAMES[furthest.state];
    return this.#mayRun() && !this.#retry.isBackingOff ? 'Active' : 'Idle';
  }

  /** Terms of the established session. */
  get negotiated(): Negotiated | undefined {
    return this.#established()?.negotiated;
  }

  /** Our end of the furthest connection. */
  get local(): Endpoint | undefined {
    return this.#furthest()?.local;
  }

  get outQueue(): number {
    return this.#established()?.queued ?? 0;
  }

  get isHeldDown(): boolean {
    return this.#heldDown;
  }

  wakeAt(): Instant | undefined {
    let when = this.#retry.at;
    for (const connection of this.#connections) when = earlier(when, connection.wakeAt());
    return when;
  }

  /** Takes new configuration that leaves a running session as it is; call `reset` first when it does not. */
  configure(neighbor: BgpNeighbor, speaker: Speaker, now: Instant): void {
    this.#neighbor = neighbor;
    this.#speaker = speaker;
    this.#hasWarned = false;
    this.#reconsider(now);
  }

  reachable(reachable: boolean, connected: boolean, now: Instant): void {
    const wasConnected = this.#connected;
    this.#reachable = reachable;
    this.#connected = connected;
    // Fast external fallover: a directly connected external neighbour does not wait for the HoldTimer.
    if (wasConnected && !connected && needsConnected(this.#neighbor, this.#speaker))
      this.#dropAll(undefined, 'Interface flap', now);
    this.#reconsider(now);
  }

  /** ManualStop and ManualStart: all connections end with Cease, and a new attempt follows unless shut down. */
  reset(subcode: number, reason: string, now: Instant): void {
    this.#dropAll({ code: 6, subcode, data: EMPTY }, reason, now);
    this.#heldDown = false;
    this.#retry.forgive();
    this.#reconsider(now);
  }

  /** The last words to a neighbour that is configured no more. */
  stop(subcode: number, reason: string, now: Instant): void {
    this.#dropAll({ code: 6, subcode, data: EMPTY }, reason, now);
    this.#reachable = false;
    this.#retry.stop();
  }

  /** RFC 4486 section 4: too many prefixes; no new attempt until `reset`. */
  holdDown(now: Instant): void {
    this.#heldDown = true;
    this.#dropAll({ code: 6, subcode: CEASE.maximumPrefixes, data: EMPTY }, 'Maximum prefixes exceeded', now);
    this.#reconsider(now);
  }

  /** A connection came up; says whether it is kept. */
  transportUp(transport: TransportId, direction: 'in' | 'out', local: Endpoint, now: Instant): boolean {
    const connection = direction === 'out' ? this.#find(transport) : new Connection(transport, 'in', this.#host.emit);
    if (connection === undefined) return false;
    if (direction === 'in') {
      if (!this.#accepts(local)) return false;
      this.#connections = [...this.#connections, connection];
    }
    connection.attached(local);
    // RFC 4271 section 6.8: once a session is agreed on, newcomers go; an unagreed one is settled when its OPEN comes.
    if (this.#connections.some((other) => other !== connection && other.isAgreed)) {
      this.#close(connection, { code: 6, subcode: CEASE.collision, data: EMPTY });
      return true;
    }
    connection.opened(encodeOpen(ourOpen(this.#neighbor, this.#speaker)), now);
    this.messagesSent++;
    return true;
  }

  transportData(transport: TransportId, data: Uint8Array, now: Instant): void {
    const connection = this.#find(transport);
    if (connection === undefined) return;
    connection.framer.push(data);
    for (;;) {
      const frame: Result<Frame, BgpFault> | undefined = connection.framer.next();
      if (frame === undefined) return;
      if (!frame.ok) {
        this.#fault(connection, frame.error, now);
        return;
      }
      this.messagesReceived++;
      this.#receive(connection, frame.value, now);
      if (!this.#connections.includes(connection)) return;
    }
  }

  transportClosed(transport: TransportId, reason: string, now: Instant): void {
    const connection = this.#find(transport);
    if (connection === undefined) return;
    if (connection.state === 'connecting') {
      this.lastError = `connect: ${reason}`;
      this.#forget(connection);
      this.#attemptFailed(now);
      return;
    }
    // A peer without a line for us closes without a word; what it did say before counts for more.
    if (connection.state !== 'established' && this.lastError?.startsWith('notification') !== true) {
      this.lastError = `peer closed the connection in ${STATE_NAMES[connection.state]}: ${reason}`;
    }
    this.#drop(connection, undefined, 'Peer closed the session', now);
  }

  transportDrained(transport: TransportId, now: Instant): void {
    this.#find(transport)?.drained(now);
  }

  tick(now: Instant): void {
    if (this.#retry.expires(now) && this.#connections.length === 0 && this.#mayDial()) this.#dial(now);
    for (const connection of this.#connections) this.#tickConnection(connection, now);
  }

  sendUpdates(messages: Messages, now: Instant): void {
    const connection = this.#established();
    if (connection === undefined) return;
    this.messagesSent += messages.count;
    this.updatesSent += messages.count;
    connection.sendUpdates(messages, now);
  }

  /** Asks for everything anew, RFC 2918; says whether the neighbour knows how. */
  requestRefresh(family: BgpFamily): boolean {
    const connection = this.#established();
    if (connection?.negotiated?.routeRefresh !== true || !connection.negotiated.families.includes(family)) return false;
    this.messagesSent++;
    connection.send(encodeRouteRefresh({ afi: AFI[family], safi: SAFI[family] }));
    return true;
  }

  #tickConnection(connection: Connection, now: Instant): void {
    if (connection.deadline !== undefined && connection.deadline <= now) {
      if (connection.state === 'connecting') {
        this.lastError = 'connect: timed-out';
        this.#close(connection, undefined);
        this.#attemptFailed(now);
      } else this.#fault(connection, { kind: 'hold-timer-expired' }, now);
      return;
    }
    if (connection.keepaliveAt !== undefined && connection.keepaliveAt <= now) {
      connection.sendKeepalive(now, this.#retry.jitter());
      this.messagesSent++;
    }
    connection.resumeIfDue(now);
  }

  #receive(connection: Connection, frame: Frame, now: Instant): void {
    if (frame.type === 'notification') {
      this.#receiveNotification(connection, frame.body, now);
      return;
    }
    switch (connection.state) {
      case 'open-sent':
        if (frame.type === 'open') {
          this.#receiveOpen(connection, frame.body, now);
          return;
        }
        break;
      case 'open-confirm':
        if (frame.type === 'keepalive') {
          this.#establish(connection, now);
          return;
        }
        break;
      case 'established':
        if (frame.type !== 'open') {
          this.#receiveEstablished(connection, frame, now);
          return;
        }
        break;
      case 'connecting':
        break;
      default:
        connection.state satisfies never;
    }
    this.#fault(connection, { kind: UNEXPECTED_IN[connection.state] }, now);
  }

  #receiveOpen(connection: Connection, body: Uint8Array, now: Instant): void {
    const open = decodeOpen(body);
    if (!open.ok) {
      this.#fault(connection, open.error, now);
      return;
    }
    const terms = negotiate(open.value, this.#neighbor, this.#speaker);
    if (!terms.ok) {
      this.#fault(connection, terms.error, now);
      return;
    }
    for (const other of this.#connections) {
      if (other === connection) continue;
      const loser = other.state !== 'connecting' && this.#prefers(other, terms.value) ? connection : other;
      this.#close(loser, { code: 6, subcode: CEASE.collision, data: EMPTY });
      if (loser === connection) return;
    }
    connection.confirmed(terms.value, now, this.#retry.jitter());
    this.messagesSent++;
  }

  /**
   * RFC 4271 section 6.8: the connection survives that the speaker with the higher BGP Identifier began; RFC 6286
   * section 2.3: of equal identifiers the higher AS number decides. Both ends come to the same answer whichever OPEN
   * they saw first, as we look at a connection in OpenSent as well.
   */
  #prefers(candidate: Connection, peer: Negotiated): boolean {
    const ours = this.#speaker.routerId.a >>> 0;
    const theirs = peer.routerId.a >>> 0;
    const weAreHigher = ours === theirs ? localAsnOf(this.#neighbor, this.#speaker) > peer.asn : ours > theirs;
    return candidate.direction === (weAreHigher ? 'out' : 'in');
  }

  #establish(connection: Connection, now: Instant): void {
    for (const other of this.#connections) {
      if (other !== connection) this.#close(other, { code: 6, subcode: CEASE.collision, data: EMPTY });
    }
    connection.state = 'established';
    connection.heard(now);
    this.#retry.stop();
    this.since = now;
    this.establishedCount++;
    this.#host.emit({ kind: 'neighbor-up', neighbor: this.#neighbor.address });
    if (connection.negotiated !== undefined) this.#host.established(connection.negotiated);
  }

  #receiveEstablished(connection: Connection, frame: Frame, now: Instant): void {
    const { negotiated } = connection;
    if (negotiated === undefined) return;
    if (frame.type === 'routeRefresh') {
      const refresh = decodeRouteRefresh(frame.body);
      if (!refresh.ok) {
        this.#fault(connection, refresh.error, now);
        return;
      }
      const family = familyOf(refresh.value.afi, refresh.value.safi);
      // RFC 2918 section 4: a family that was not advertised is ignored.
      if (family !== undefined && negotiated.families.includes(family)) this.#host.refresh(family);
      return;
    }
    connection.heard(now);
    if (frame.type !== 'update') return;
    this.updatesReceived++;
    const internal = !isExternal(this.#neighbor, this.#speaker);
    const update = decodeUpdate(frame.body, { fourOctetAs: negotiated.fourOctetAs, internal });
    if (!update.ok) {
      this.#fault(connection, update.error, now);
      return;
    }
    for (const fault of update.value.faults) this.noteFault(fault);
    this.#host.update(update.value);
  }

  #receiveNotification(connection: Connection, body: Uint8Array, now: Instant): void {
    const { code, subcode, data } = decodeNotification(body);
    const text = `received from neighbor ${this.#neighbor.address} ${notificationText(code, subcode, data)}`;
    const isCollision = code === 6 && subcode === CEASE.collision && connection.state !== 'established';
    if (!isCollision) {
      this.lastError = `notification ${text}`;
      this.#notice('notification-received', text);
    }
    this.#drop(connection, undefined, 'BGP Notification received', now);
  }

  /** Counts a fault that leaves the session up; the first of a kind is told. */
  noteFault(fault: BgpFault): void {
    const count = (this.faults.get(fault.kind) ?? 0) + 1;
    this.faults.set(fault.kind, count);
    if (count > 1) return;
    const { treatment, section } = FAULTS[fault.kind];
    this.#notice('update-fault', `${fault.kind} from neighbor ${this.#neighbor.address}: ${treatment} (${section})`);
  }

  #fault(connection: Connection, fault: BgpFault, now: Instant): void {
    this.faults.set(fault.kind, (this.faults.get(fault.kind) ?? 0) + 1);
    const { code, subcode } = FAULTS[fault.kind];
    const text = `sent to neighbor ${this.#neighbor.address} ${notificationText(code, subcode, fault.data)}`;
    this.lastError = `notification ${text}`;
    this.#notice('notification-sent', text);
    this.#drop(connection, { code, subcode, data: fault.data ?? EMPTY }, 'BGP Notification sent', now);
  }

  /** Ends one connection; when it carried the session the routes go too. */
  #drop(connection: Connection, notification: Notification | undefined, reason: string, now: Instant): void {
    const wasEstablished = connection.state === 'established';
    this.#close(connection, notification);
    if (wasEstablished) {
      this.#retry.lasted(now - (this.since ?? now));
      this.since = now;
      this.lastReset = reason;
      this.#host.down();
      this.#host.emit({ kind: 'neighbor-down', neighbor: this.#neighbor.address, reason });
    }
    if (this.#connections.length === 0 && this.#mayDial()) this.#retry.afterError(now);
  }

  #dropAll(notification: Notification | undefined, reason: string, now: Instant): void {
    for (const connection of this.#connections) this.#drop(connection, notification, reason, now);
  }

  #close(connection: Connection, notification: Notification | undefined): void {
    const isUp = connection.local !== undefined;
    if (notification !== undefined && isUp) {
      connection.send(encodeNotification(notification));
      this.messagesSent++;
    }
    this.#host.emit({ kind: 'close', transport: connection.transport, abort: !isUp });
    this.#forget(connection);
  }

  #forget(connection: Connection): void {
    this.#connections = this.#connections.filter((other) => other !== connection);
    this.#host.release(connection.transport);
  }

  #dial(now: Instant): void {
    const { address, localAddress } = this.#neighbor;
    const transport = this.#host.nextTransport();
    const connection = new Connection(transport, 'out', this.#host.emit);
    connection.deadline = after(now, CONNECT_PATIENCE_MS);
    this.#connections = [...this.#connections, connection];
    this.#host.emit({
      kind: 'connect',
      transport,
      neighbor: address,
      ...(localAddress !== undefined && { localAddress }),
      ttl: connectTtl(this.#neighbor, this.#speaker),
    });
  }

  #reconsider(now: Instant): void {
    if (!this.#mayRun()) {
      this.#retry.stop();
      for (const connection of this.#connections)
        if (connection.state === 'connecting') this.#close(connection, undefined);
      this.#warnNotConnected();
      return;
    }
    this.#hasWarned = false;
    if (this.#connections.length === 0 && this.#retry.at === undefined && this.#mayDial()) this.#retry.soon(now);
  }

  #attemptFailed(now: Instant): void {
    if (this.#connections.length === 0 && this.#mayDial()) this.#retry.afterAttempt(now);
  }

  #mayRun(): boolean {
    if (this.#neighbor.shutdown || this.#heldDown || !this.#reachable) return false;
    return this.#connected || !needsConnected(this.#neighbor, this.#speaker);
  }

  #mayDial(): boolean {
    return this.#mayRun() && this.#neighbor.connectionMode !== 'passive';
  }

  #warnNotConnected(): void {
    const { address, shutdown } = this.#neighbor;
    if (
      this.#hasWarned ||
      shutdown ||
      !this.#reachable ||
      this.#connected ||
      !needsConnected(this.#neighbor, this.#speaker)
    )
      return;
    this.#hasWarned = true;
    this.lastError = 'not directly connected';
    this.#notice(
      'not-connected',
      `eBGP neighbor ${address} is not directly connected: use ebgp-multihop or disable-connected-check`,
    );
  }

  #accepts(local: Endpoint): boolean {
    const { localAddress, connectionMode } = this.#neighbor;
    if (!this.#mayRun() || connectionMode === 'active') return false;
    // With an update-source the neighbour has to call us by that very address.
    if (localAddress !== undefined && !localAddress.equals(local.address)) return false;
    // A neighbour that dials again has given up its earlier attempt, of whose end we may not have heard.
    for (const connection of this.#connections) {
      if (connection.direction === 'in' && connection.state === 'open-sent') this.#close(connection, undefined);
    }
    return true;
  }

  #find(transport: TransportId): Connection | undefined {
    return this.#connections.find((connection) => connection.transport === transport);
  }

  #established(): Connection | undefined {
    return this.#connections.find((connection) => connection.state === 'established');
  }

  #furthest(): Connection | undefined {
    return furthestOf(this.#connections);
  }

  #notice(code: string, text: string): void {
    this.#host.emit({ kind: 'notice', neighbor: this.#neighbor.address, code, text });
  }
}
