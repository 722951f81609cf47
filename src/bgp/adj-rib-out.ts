/**
 * Adj-RIB-Out of an update group: neighbours that get the same treatment share one. What a member has been told is
 * all of `out` but the routes that came from itself.
 */
import { after, type Instant, Prefix } from '../base/index.ts';
import { EvpnPrefix, type Nlri, withFields } from './evpn.ts';
import { defaultRoute, outbound, type Treatment } from './outbound.ts';
import type { Destination, Path, PathSource } from './path.ts';
import { type PathAttributes, PLAIN } from './path-attributes.ts';
import { type Messages, UpdateBatch } from './update-batch.ts';
import { encodeAttributes } from './wire/path-attributes.ts';
import { encodeEndOfRib, encodeWithdrawals } from './wire/update.ts';

/** An established neighbour, as its update group sees it. */
export type GroupMember = Readonly<{ source: PathSource; sendUpdates: (messages: Messages) => void }>;

type Joining = Readonly<{ had: ReadonlyMap<string, Nlri> }>;

const NOTHING: ReadonlyMap<string, Nlri> = new Map();

export class UpdateGroup {
  readonly key: string;
  readonly treatment: Treatment;
  readonly #out = new Map<string, Path>();
  readonly #members = new Set<GroupMember>();
  /** Members that shall get everything: new ones, and those that asked for a refresh. */
  readonly #joining = new Map<GroupMember, Joining>();
  #pending = new Map<string, Destination>();
  #notBefore: Instant | undefined;
  readonly #madeUp: Path | undefined;

  constructor(key: string, treatment: Treatment, destinations: Iterable<Destination>) {
    this.key = key;
    this.treatment = treatment;
    for (const destination of destinations) this.offer(destination);
    const { family } = treatment;
    if (!treatment.defaultOriginate || family === 'evpn') return;
    const prefix = Prefix.all(family);
    this.#madeUp = madeUpDefault(prefix);
    this.#pending.set(prefix.toString(), this.#madeUp.destination);
  }

  get isEmpty(): boolean {
    return this.#members.size === 0 && this.#joining.size === 0;
  }

  /** When `flush` should run; undefined: nothing to do. */
  dueAt(now: Instant): Instant | undefined {
    if (this.#joining.size > 0) return now;
    if (this.#pending.size === 0) return undefined;
    return this.#notBefore === undefined || this.#notBefore < now ? now : this.#notBefore;
  }

  /** A destination whose best path has changed. */
  offer(destination: Destination): void {
    if (destination.prefix.family !== this.treatment.family) return;
    this.#pending.set(destination.prefix.toString(), destination);
  }

  /** Takes in a member; `had` is what another group told it before, for which it will hear the difference. */
  join(member: GroupMember, had: ReadonlyMap<string, Nlri> = NOTHING): void {
    this.#joining.set(member, { had });
  }

  leave(member: GroupMember): void {
    this.#members.delete(member);
    this.#joining.delete(member);
  }

  /** What a member has been told and not had withdrawn. */
  told(member: PathSource): ReadonlyMap<string, Nlri> {
    const told = new Map<string, Nlri>();
    for (const [key, path] of this.#out) if (path.source !== member) told.set(key, path.destination.prefix);
    return told;
  }

  /** The same as routes, the way they went out. */
  advertised(member: PathSource): readonly Readonly<{ path: Path; attributes: PathAttributes }>[] {
    const routes: { path: Path; attributes: PathAttributes }[] = [];
    for (const path of this.#out.values()) {
      const attributes = path.source === member ? undefined : this.#transform(path);
      if (attributes !== undefined) routes.push({ path, attributes });
    }
    return routes;
  }

  /** How many routes each source has in here, and all together: for counters. */
  counts(): Readonly<{ total: number; of: ReadonlyMap<PathSource, number> }> {
    const of = new Map<PathSource, number>();
    for (const { source } of this.#out.values()) if (source !== undefined) of.set(source, (of.get(source) ?? 0) + 1);
    return { total: this.#out.size, of };
  }

  /** Sends what is due: changes to the members, then everything to those who join. */
  flush(now: Instant): void {
    const isQuiet = this.#notBefore !== undefined && now < this.#notBefore;
    if (!isQuiet && this.#pending.size > 0) {
      this.#flushPending();
      // RFC 4271 section 9.2.1.1: MinRouteAdvertisementInterval.
      if (this.treatment.intervalMs > 0) this.#notBefore = after(now, this.treatment.intervalMs);
    }
    if (this.#joining.size > 0) this.#flushJoining();
  }

  #flushPending(): void {
    const batch = new UpdateBatch(this.treatment.family);
    const pending = this.#pending;
    this.#pending = new Map();
    for (const [key, destination] of pending) this.#flushOne(batch, key, destination);
    for (const member of this.#members) deliver(batch, member);
  }

  #flushOne(batch: UpdateBatch, key: string, destination: Destination): void {
    const { prefix } = destination;
    const old = this.#out.get(key);
    const best = this.#madeUp !== undefined && prefix.length === 0 ? this.#madeUp : destination.best;
    if (best === old && best !== undefined) return;
    const attributes = best === undefined ? undefined : this.#transform(best);
    if (best === undefined || attributes === undefined) {
      if (old === undefined) return;
      this.#out.delete(key);
      batch.withdraw(prefix, old.source);
      return;
    }
    this.#out.set(key, best);
    batch.announce(told(prefix, attributes), best.source, this.#encode(attributes), attributes.nextHop);
    if (old !== undefined && best.source !== undefined && old.source !== best.source) {
      batch.withdrawFrom(prefix, best.source);
    }
  }

  #flushJoining(): void {
    const everything = new UpdateBatch(this.treatment.family);
    for (const path of this.#out.values()) {
      const attributes = this.#transform(path);
      if (attributes === undefined) continue;
      const { prefix } = path.destination;
      everything.announce(told(prefix, attributes), path.source, this.#encode(attributes), attributes.nextHop);
    }
    for (const [member, { had }] of this.#joining) {
      const gone = [...had].filter(([key]) => !this.#tells(key, member.source)).map(([, prefix]) => prefix);
      const withdrawals = encodeWithdrawals(this.treatment.family, gone);
      if (withdrawals.length > 0) member.sendUpdates({ parts: withdrawals, count: withdrawals.length });
      deliver(everything, member);
      member.sendUpdates({ parts: [encodeEndOfRib(this.treatment.family)], count: 1 });
      this.#members.add(member);
    }
    this.#joining.clear();
  }

  #tells(key: string, member: PathSource): boolean {
    const path = this.#out.get(key);
    return path !== undefined && path.source !== member;
  }

  #transform(path: Path): PathAttributes | undefined {
    if (path === this.#madeUp) return defaultRoute(PLAIN, this.treatment);
    return outbound(path, this.treatment);
  }

  #encode(attributes: PathAttributes): Uint8Array {
    const { family, fourOctetAs } = this.treatment;
    return encodeAttributes(attributes, family === 4 ? attributes.nextHop : undefined, fourOctetAs);
  }
}

/** What goes out for a route: the fields of an EVPN one belong to its path. */
function told(nlri: Nlri, { evpn }: PathAttributes): Nlri {
  return nlri instanceof EvpnPrefix && evpn !== undefined ? withFields(nlri, evpn) : nlri;
}

function deliver(batch: UpdateBatch, member: GroupMember): void {
  const messages = batch.messagesFor(member.source);
  if (messages.parts.length > 0) member.sendUpdates(messages);
}

function madeUpDefault(prefix: Prefix): Path {
  const destination: Destination = { prefix, paths: [], best: undefined, multipath: [], installed: undefined };
  return { destination, source: undefined, received: PLAIN, attributes: PLAIN, weight: 0, hop: undefined };
}
