/**
 * A link between two ports: MTU, rate with a queue, delay, jitter, loss, reordering and duplication. Each direction
 * rolls its own dice, so what passes on one link never changes what happens on another.
 */
import { type Instant, type Random, randomFraction } from '../base/index.ts';
import type { PcapngWriter } from './pcapng.ts';
import type { LinkProfile } from './topology.ts';

/** Why a frame did not arrive. */
export type LinkDrop = 'too-long' | 'link-down' | 'queue-full' | 'lost' | 'unknown-next-hop' | 'receiver-off';

export type LinkCounters = {
  frames: number;
  bytes: number;
  delivered: number;
  duplicated: number;
  reordered: number;
  drops: Record<LinkDrop, number>;
};

/** When a frame arrives (twice when it is duplicated), or why it does not. */
export type Passage =
  | Readonly<{ arrives: Instant; again: Instant | undefined }>
  | Readonly<{ arrives: undefined; drop: LinkDrop }>;

/** A capture that a link writes into. */
export type Tap = Readonly<{ writer: PcapngWriter; id: number }>;

/** Ethernet header bytes that count against the rate. */
const ETHERNET_HEADER = 14;

/** A link with its two directions. The lab plugs it in and out, because that concerns the nodes too. */
export class Link {
  readonly name: string;
  /** May be changed while frames pass: from the next frame on the new one counts. */
  profile: LinkProfile;
  readonly channels: readonly [Channel, Channel];
  readonly taps: Tap[] = [];
  #up = true;
  /** Grows each time the link goes down: frames of an earlier era are lost. */
  #era = 0;

  constructor(name: string, profile: LinkProfile, random: (side: 0 | 1) => Random) {
    this.name = name;
    this.profile = profile;
    this.channels = [new Channel(random(0)), new Channel(random(1))];
  }

  get up(): boolean {
    return this.#up;
  }

  get era(): number {
    return this.#era;
  }

  plug(): void {
    this.#up = true;
  }

  unplug(): void {
    this.#up = false;
    this.#era++;
    for (const channel of this.channels) channel.clear();
  }

  /** Changes some of its character. */
  change(profile: Partial<LinkProfile>): void {
    this.profile = { ...this.profile, ...profile };
  }
}

/** One direction of a link. */
export class Channel {
  readonly counters: LinkCounters = {
    frames: 0,
    bytes: 0,
    delivered: 0,
    duplicated: 0,
    reordered: 0,
    drops: { 'too-long': 0, 'link-down': 0, 'queue-full': 0, lost: 0, 'unknown-next-hop': 0, 'receiver-off': 0 },
  };
  readonly #random: Random;
  /** When the transmitter has sent all that waits. */
  #idleAt = 0;
  /** Arrival of the latest frame: later ones do not overtake it unless reordering says so. */
  #latest = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Decides the fate of one frame. */
  pass(length: number, profile: LinkProfile, now: Instant): Passage {
    const { counters } = this;
    counters.frames++;
    counters.bytes += length;
    if (length > profile.mtu) return this.#drop('too-long');
    let leaves: number = now;
    if (profile.rateBps > 0) {
      const waiting = Math.max(0, this.#idleAt - now) * (profile.rateBps / 8000);
      if (waiting > profile.queueBytes) return this.#drop('queue-full');
      leaves = Math.max(now, this.#idleAt) + ((length + ETHERNET_HEADER) * 8000) / profile.rateBps;
      this.#idleAt = leaves;
    }
    if (this.#happens(profile.loss)) return this.#drop('lost');
    const jitter = profile.jitterMs > 0 ? randomFraction(this.#random) * profile.jitterMs : 0;
    const arrives = this.#arrival(leaves + profile.delayMs + jitter, profile);
    if (!this.#happens(profile.duplicate)) return { arrives, again: undefined };
    counters.duplicated++;
    return { arrives, again: arrives };
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#idleAt = 0;
    this.#latest = 0;
  }

  /** A frame was not delivered for a reason found later. */
  lose(reason: LinkDrop): void {
    this.counters.drops[reason]++;
  }

  /** In order, except for a frame that is held back: those behind it pass, for as long as the link's delay again. */
  #arrival(wanted: number, profile: LinkProfile): Instant {
    if (this.#happens(profile.reorder)) {
      this.counters.reordered++;
      return (wanted + Math.max(profile.delayMs, 1)) as Instant;
    }
    this.#latest = Math.max(this.#latest, wanted);
    return this.#latest as Instant;
  }

  #happens(probability: number): boolean {
    return probability > 0 && randomFraction(this.#random) < probability;
  }

  #drop(drop: LinkDrop): Passage {
    this.counters.drops[drop]++;
    return { arrives: undefined, drop };
  }
}
