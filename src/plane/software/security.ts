/**
 * Security levels: packets pass from a higher to a lower one, and back only as answers. What came out of a tunnel was
 * authenticated by its peer and passes to a higher level without state. The rules are ASA's.
 */
import type { Instant } from '../../base/index.ts';
import type { IpHeader } from '../../ip/index.ts';
import type { SecurityPolicy } from '../contract.ts';
import { Connections } from './connections.ts';
import { Filters } from './filters.ts';
import type { Owned, Port } from './plane-state.ts';

/** 'track': passes, and answers to it are to be known; 'answers': passes as an answer alone. */
type Verdict = 'pass' | 'track' | 'answers' | 'refuse';

export class Security {
  readonly connections = new Connections();
  readonly filters = new Filters();
  /** Why the last packet was refused. */
  refusal: 'security-level' | 'access-list' = 'security-level';
  #policy: SecurityPolicy = { interInterface: false, intraInterface: false, decryptedObeysLevels: false };

  setPolicy(policy: SecurityPolicy): void {
    this.#policy = policy;
  }

  /** Whether a packet that came in by `from` may leave by `to`. */
  permits(from: Port, to: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    this.refusal = 'security-level';
    if (this.filters.any) return this.#permitsFiltered(from, to, header, packet, now);
    switch (this.#verdict(from, to)) {
      case 'pass':
        return true;
      case 'track':
        this.connections.leave(from, to, header, packet, now);
        return true;
      case 'answers':
        return this.connections.mayReturn(to, from, header, packet, now);
      default:
        return false;
    }
  }

  /** With access lists everything that passes is tracked: its answers may meet a list on their way back. */
  #permitsFiltered(from: Port, to: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    const verdict = this.#verdict(from, to);
    if (verdict === 'refuse') return false;
    if (from !== to && this.connections.mayReturn(to, from, header, packet, now)) return true;
    if (from.config.kind !== 'tunnel' || this.#policy.decryptedObeysLevels) {
      const inward = this.filters.inward(from, header, packet);
      if (inward === undefined && verdict === 'answers') return false;
      if (inward === 'deny' || this.filters.outward(to, header, packet) === 'deny') {
        this.refusal = 'access-list';
        return false;
      }
    }
    this.connections.leave(from, to, header, packet, now);
    return true;
  }

  /**
   * Whether a packet for an address of ours may come in by `from`. The address of a more trusted interface is behind it,
   * so that in clear it is reached only by answers to what we have sent from it; the peer of a tunnel may reach it.
   */
  reaches(from: Port, { owners }: Owned, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    if (owners[0] === from || from.config.kind === 'tunnel') return true;
    const owner = lanOwner(owners, from);
    if (owner === undefined || !isLower(from, owner)) return true;
    return this.connections.mayReturn(owner, from, header, packet, now);
  }

  /** A packet of our own leaves: what it asks from the address of a more trusted interface is to be answered. */
  originated(source: Owned | undefined, to: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    if (source === undefined || source.owners[0] === to || to.config.kind !== 'ethernet') return;
    const owner = lanOwner(source.owners, to);
    if (owner !== undefined && isLower(to, owner)) this.connections.leave(owner, to, header, packet, now);
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
