/**
 * Security levels: packets pass from a higher to a lower one, and back only as answers. What came out of a tunnel was
 * authenticated by its peer and passes to a higher level without state. The rules are ASA's.
 */
import type { Instant } from '../../base/index.ts';
import type { IpHeader } from '../../ip/index.ts';
import type { PlaneNote, SecurityPolicy } from '../contract.ts';
import { vrfScope } from './connections.ts';
import { Filters } from './filters.ts';
import type { Owned, Port } from './plane-state.ts';
import type { Transit } from './transit.ts';

/** 'track': passes, and answers to it are to be known; 'answers': passes as an answer alone. */
type Verdict = 'pass' | 'track' | 'answers' | 'refuse';

/** RFC 9293 section 3.1: the data offset says at most 15 words. */
const LONGEST_TCP_HEADER = 60;

export class Security {
  readonly filters = new Filters();
  /** Why the last packet was refused. */
  refusal: 'security-level' | 'access-list' | 'no-connection' | 'connection-limit' | 'malformed' = 'security-level';
  readonly #transit: Transit;
  #policy: SecurityPolicy = { interInterface: false, intraInterface: false, decryptedObeysLevels: false };

  readonly #watch: ((note: PlaneNote) => void) | undefined;

  constructor(transit: Transit, watch?: (note: PlaneNote) => void) {
    this.#transit = transit;
    this.#watch = watch;
  }

  copy(other: Security): void {
    this.#policy = other.#policy;
    this.filters.copy(other.filters);
  }

  setPolicy(policy: SecurityPolicy): void {
    this.#policy = policy;
  }

  /** Whether all packets from `from` to `to` pass, whatever came before them. */
  passesAll(from: Port, to: Port): boolean {
    return !this.filters.any && this.#verdict(from, to) === 'pass';
  }

  /** Whether a packet that came in by `from` may leave by `to`. */
  permits(from: Port, to: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    this.refusal = 'security-level';
    this.#transit.connections.latest = undefined;
    const permitted = this.filters.any
      ? this.#permitsFiltered(from, to, header, packet, now)
      : this.#permitsByLevel(from, to, header, packet, now);
    this.#note(from, to, permitted);
    if (!permitted) this.#transit.denied(this.refusal, this.filters.refusedBy, from, to, header, packet, now);
    return permitted;
  }

  #permitsByLevel(from: Port, to: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    const { connections } = this.#transit;
    switch (this.#verdict(from, to)) {
      case 'pass':
        return !this.#transit.follows(header) || this.#continues(from, to, header, packet, now);
      case 'track':
        return this.#begins(from, to, header, packet, now);
      case 'answers':
        return connections.mayReturn(to, from, header, packet, now);
      default:
        return false;
    }
  }

  /** With access lists everything that passes is tracked: its answers may meet a list on their way back. */
  #permitsFiltered(from: Port, to: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    const { connections } = this.#transit;
    const verdict = this.#verdict(from, to);
    if (verdict === 'refuse') return false;
    if (from !== to && connections.mayReturn(to, from, header, packet, now)) return true;
    if (from.config.kind !== 'tunnel' || this.#policy.decryptedObeysLevels) {
      const inward = this.filters.inward(from, header, packet);
      if (inward !== undefined) this.#noteList(from, 'in', inward, header, packet);
      if (inward === undefined && verdict === 'answers') return false;
      const outward = inward === 'deny' ? undefined : this.filters.outward(to, header, packet);
      if (outward !== undefined) this.#noteList(to, 'out', outward, header, packet);
      if (inward === 'deny' || outward === 'deny') {
        this.refusal = 'access-list';
        this.filters.refusedBy = inward === 'deny' ? 'in' : 'out';
        return false;
      }
    }
    return this.#begins(from, to, header, packet, now);
  }

  #note(from: Port, to: Port, permits: boolean): void {
    if (this.#watch === undefined) return;
    const [a, b] = [from.config.securityLevel, to.config.securityLevel];
    const levels = a === undefined || b === undefined ? {} : { levels: [a, b] as const };
    const isTracked = this.#transit.connections.latest !== undefined;
    this.#watch({ kind: 'passage', from: from.config.name, to: to.config.name, permits, isTracked, ...levels });
  }

  #noteList(port: Port, direction: 'in' | 'out', said: 'permit' | 'deny', header: IpHeader, packet: Uint8Array): void {
    if (this.#watch === undefined) return;
    const which = this.filters.which(port, direction, header, packet);
    this.#watch({ kind: 'access-list', interface: port.config.name, direction, permits: said === 'permit', ...which });
  }

  /** What passes from where it may begin: where TCP is followed, as part of a connection alone. */
  #begins(from: Port, to: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    const { connections } = this.#transit;
    if (connections.leave(from, to, header, packet, now) || !this.#transit.follows(header)) return true;
    return this.#isHarmlessFragment(header) || this.#refuse(connections.isRefused);
  }

  /** Either end may begin, and packets may take other interfaces back. */
  #continues(from: Port, to: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    if (header.fragmentOffset > 0) return this.#isHarmlessFragment(header);
    const { connections } = this.#transit;
    const scope = vrfScope(from);
    if (connections.leave(from, to, header, packet, now, 'continue', scope)) return true;
    if (connections.mayReturn(to, from, header, packet, now, scope)) return true;
    return connections.leave(from, to, header, packet, now, 'open', scope) || this.#refuse(connections.isRefused);
  }

  /** RFC 3128: a later fragment that would write over the header of the first one is none that anybody needs. */
  #isHarmlessFragment({ fragmentOffset }: IpHeader): boolean {
    if (fragmentOffset > 0 && fragmentOffset < LONGEST_TCP_HEADER) this.refusal = 'malformed';
    else if (fragmentOffset === 0) this.refusal = 'no-connection';
    return fragmentOffset >= LONGEST_TCP_HEADER;
  }

  #refuse(isFull: boolean): false {
    if (this.refusal !== 'malformed') this.refusal = isFull ? 'connection-limit' : 'no-connection';
    return false;
  }

  /**
   * Whether a packet for an address of ours may come in by `from`. The address of a more trusted interface is behind it,
   * so that in clear it is reached only by answers to what we have sent from it; the peer of a tunnel may reach it.
   */
  reaches(from: Port, { owners }: Owned, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    if (owners[0] === from || from.config.kind === 'tunnel') return true;
    const owner = lanOwner(owners, from);
    if (owner === undefined || !isLower(from, owner)) return true;
    return this.#transit.connections.mayReturn(owner, from, header, packet, now);
  }

  /** A packet of our own leaves: what it asks from the address of a more trusted interface is to be answered. */
  originated(source: Owned | undefined, to: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    if (source === undefined || source.owners[0] === to || to.config.kind !== 'ethernet') return;
    const owner = lanOwner(source.owners, to);
    if (owner !== undefined && isLower(to, owner))
      this.#transit.connections.leave(owner, to, header, packet, now, 'open-own');
  }

  /**
   * Whether we answer by `to` what came in by `from`. Whoever puts the address of somebody behind a tunnel, or behind a
   * more trusted interface, on a packet in clear would otherwise have us send there in its stead.
   */
  mayAnswer(from: Port, to: Port): boolean {
    if (from === to || from.config.kind === 'tunnel') return true;
    const [a, b] = [from.config.securityLevel, to.config.securityLevel];
    if (a === undefined || b === undefined) return true;
    return a > b || (a === b && to.config.kind !== 'tunnel');
  }

  /** A handful of comparisons: no table of pairs would be faster. */
  #verdict(from: Port, to: Port): Verdict {
    const [a, b] = [from.config.securityLevel, to.config.securityLevel];
    if (a === undefined || b === undefined) return 'pass';
    const { interInterface, intraInterface, decryptedObeysLevels } = this.#policy;
    if (from === to) return intraInterface ? 'pass' : 'refuse';
    if (a === b) return interInterface ? 'pass' : 'refuse';
    const inner = a > b ? to : from;
    if (inner.config.kind === 'tunnel' && !decryptedObeysLevels) return 'pass';
    return a > b ? 'track' : 'answers';
  }
}

/** The real interface that an address belongs to, unless it is `except`: loopbacks and borrowers are no side of ours. */
function lanOwner(owners: readonly Port[], except: Port): Port | undefined {
  if (owners.includes(except)) return undefined;
  return owners.find(({ config }) => config.kind === 'ethernet');
}

function isLower(a: Port, b: Port): boolean {
  const [levelA, levelB] = [a.config.securityLevel, b.config.securityLevel];
  return levelA !== undefined && levelB !== undefined && levelA < levelB;
}
