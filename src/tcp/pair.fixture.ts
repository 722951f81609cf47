/** Two stacks and the path between them on virtual time: for tests. */
import {
  at,
  concat,
  type Family,
  type Instant,
  IpAddress,
  type Random,
  randomFraction,
  seededRandom,
} from '../base/index.ts';
import type { ConnectionId, TcpEffect, TcpEvent } from './contract.ts';
import { Tcp } from './tcp.ts';
import { decodeSegment, Flag, type Segment } from './wire/segment.ts';

export type PathOptions = Readonly<{
  seed?: number;
  delayMs?: number;
  /** Random extra delay: what reorders. */
  jitterMs?: number;
  loss?: number;
  duplication?: number;
  corruption?: number;
  /** IP packets longer than this vanish (and are told, when `tellsMtu`). */
  mtu?: number;
  tellsMtu?: boolean;
  family?: Family;
}>;

export type Side = 'a' | 'b';
type Flight = Readonly<{ when: Instant; order: number; to: Side; segment: Uint8Array }>;

export class Pair {
  readonly a: Tcp;
  readonly b: Tcp;
  readonly address: Readonly<Record<Side, IpAddress>>;
  /** All effects but `send` and `data`, as they came. */
  readonly effects: Record<Side, TcpEffect[]> = { a: [], b: [] };
  readonly received: Record<Side, Map<ConnectionId, Uint8Array[]>> = { a: new Map(), b: new Map() };
  /** Every segment that was sent, decoded. */
  readonly sent: Readonly<{ from: Side; when: Instant; segment: Segment }>[] = [];
  /** Last word on each segment: false loses it. */
  passes: (from: Side, segment: Segment) => boolean = () => true;
  /** What stands in the path may change a segment, or take it away. */
  through: (from: Side, segment: Uint8Array) => Uint8Array | undefined = (_, segment) => segment;
  readonly path: PathOptions;
  now: Instant = at(0);
  readonly #random: Random;
  #flights: Flight[] = [];
  #orders = 0;

  constructor(path: PathOptions = {}) {
    const seed = path.seed ?? 1;
    this.path = path;
    this.address =
      path.family === 6
        ? { a: IpAddress.v6(0x20010db8, 0, 0, 1), b: IpAddress.v6(0x20010db8, 0, 0, 2) }
        : { a: IpAddress.v4(0x0a000001), b: IpAddress.v4(0x0a000002) };
    this.#random = seededRandom(seed, 'path');
    this.a = new Tcp({ random: seededRandom(seed, 'a') });
    this.b = new Tcp({ random: seededRandom(seed, 'b') });
  }

  /** Hands one side an event and carries out what it orders. */
  do(side: Side, event: TcpEvent): readonly TcpEffect[] {
    const effects = this[side].handle(event, this.now);
    for (const effect of effects) this.#perform(side, effect);
    return effects;
  }

  /** A connection from `a` (id -1) to port 179 of `b`, which listens. */
  connect(mss = 1400): void {
    this.do('b', { kind: 'listen', port: 179, mss });
    this.do('a', {
      kind: 'connect',
      connection: -1,
      local: this.address.a,
      remote: { address: this.address.b, port: 179 },
      mss,
    });
  }

  /** Lets time pass, to `until` at most or until nothing is under way. */
  run(until = 1_000_000): void {
    for (;;) {
      let next: Flight | undefined;
      for (const flight of this.#flights) {
        if (next === undefined || flight.when < next.when || (flight.when === next.when && flight.order < next.order)) {
          next = flight;
        }
      }
      const wakes = [this.a.wakeAt(), this.b.wakeAt()];
      const when = Math.min(next?.when ?? Infinity, ...wakes.map((wake) => wake ?? Infinity));
      if (when > until || when === Infinity) {
        this.now = at(Math.max(this.now, until === 1_000_000 ? this.now : until));
        return;
      }
      this.now = at(Math.max(this.now, when));
      if (next !== undefined && next.when <= when) {
        this.#flights = this.#flights.filter((flight) => flight !== next);
        const { to, segment } = next;
        const from = to === 'a' ? 'b' : 'a';
        this.do(to, { kind: 'segment', local: this.address[to], remote: this.address[from], segment });
      } else for (const side of ['a', 'b'] as const) this.do(side, { kind: 'tick' });
    }
  }

  /** Kinds of the effects so far (with the reason of `closed`). */
  story(side: Side): string[] {
    return this.effects[side].map((effect) => {
      if (effect.kind === 'closed') return `closed ${effect.reason}`;
      return effect.kind === 'notice' ? effect.code : effect.kind;
    });
  }

  bytes(side: Side, connection: ConnectionId): Uint8Array {
    return concat(...(this.received[side].get(connection) ?? []));
  }

  state(side: Side): string {
    return this[side].snapshot(this.now).connections[0]?.state ?? 'CLOSED';
  }

  #perform(side: Side, effect: TcpEffect): void {
    if (effect.kind === 'send') this.#send(side, effect.segment);
    else if (effect.kind === 'data') {
      const list = this.received[side].get(effect.connection) ?? [];
      list.push(effect.data);
      this.received[side].set(effect.connection, list);
    } else this.effects[side].push(effect);
  }

  #send(from: Side, segment: Uint8Array): void {
    const to = from === 'a' ? 'b' : 'a';
    const decoded = decodeSegment(segment, this.address[from], this.address[to]);
    if (!decoded.ok) throw new Error(`sent a bad segment: ${decoded.error}`);
    this.sent.push({ from, when: this.now, segment: decoded.value });
    if (!this.passes(from, decoded.value)) return;
    const { mtu = 65_535, loss = 0, duplication = 0, corruption = 0, delayMs = 10, jitterMs = 0 } = this.path;
    if (segment.length + (this.path.family === 6 ? 40 : 20) > mtu) {
      if (this.path.tellsMtu !== true) return;
      const event = { kind: 'path-mtu', local: this.address[from], remote: this.address[to], mtu } as const;
      for (const effect of this[from].handle(event, this.now)) this.#perform(from, effect);
      return;
    }
    const copies = this.#chance(loss) ? 0 : this.#chance(duplication) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const bytes = segment.slice();
      if (this.#chance(corruption)) {
        const place = Math.floor(randomFraction(this.#random) * bytes.length);
        bytes[place] = (bytes[place] ?? 0) ^ 0x10;
      }
      const delay = delayMs + Math.floor(randomFraction(this.#random) * jitterMs);
      const arriving = this.through(from, bytes);
      if (arriving === undefined) continue;
      this.#flights.push({ when: at(this.now + delay), order: this.#orders++, to, segment: arriving });
    }
  }

  #chance(probability: number): boolean {
    return probability > 0 && randomFraction(this.#random) < probability;
  }
}

/** Flags of a segment in words. */
export function flagsOf(segment: Segment): string {
  return Object.entries(Flag)
    .filter(([, bit]) => (segment.flags & bit) !== 0)
    .map(([name]) => name)
    .join(' ');
}
