/** A pair of ESP SAs as packets meet it: keys made ready, sizes worked out, counters. */
import type { Endpoint, Instant, Random } from '../../base/index.ts';
import { createProtector } from '../../crypto/index.ts';
import {
  type EspShape,
  espOverhead,
  InboundEsp,
  type InboundMemory,
  OutboundEsp,
  type OutboundMemory,
  tunnelMtu,
} from '../../esp/index.ts';
import type { ChildSaCounters, DropReason, PlaneChildSa } from '../contract.ts';
import { SelectorPair } from './selectors.ts';

/** What an SA shares with a fast path: numbers and windows, and the counts of either. */
export type FastShare = Readonly<{
  inbound: Readonly<{ memory: InboundMemory }>;
  outbound: Readonly<{ memory: OutboundMemory }>;
  /** Brings in what the fast path has carried. */
  collect: (sa: ChildSa) => void;
  /** Says how much the fast path may carry before a limit is to be looked at. */
  allow: (sa: ChildSa) => void;
}>;

/** Without ESN a rekey is asked for while a sixteenth of the numbers is left: RFC 4303 section 3.3.3 forbids cycling. */
export const SOFT_SEQUENCE = 0xf000_0000;

/** Of drops for one reason one is told in this time. */
const DROP_NEWS_MS = 10_000;

export class ChildSa {
  readonly config: PlaneChildSa;
  readonly selectors: SelectorPair;
  readonly inbound: InboundEsp;
  readonly outbound: OutboundEsp;
  /** The fast path that carries packets of it as well, if one does. */
  readonly fast: FastShare | undefined;
  local: Endpoint;
  remote: Endpoint;
  udpEncapsulation: boolean;
  /** The peer is known to use the SA, or there was nothing to wait for. */
  confirmed: boolean;
  /** The SA it waited for is gone: it may send although nothing came by it yet. */
  released = false;
  /** Outbound was stopped for good; inbound lingers. */
  closing = false;
  softReported = false;
  hardReported = false;
  /** Where the last report of a moved peer said it was. */
  reported: Endpoint | undefined;
  pathMtu = 0;
  innerMtu = 0;
  /** Longest thing ESP adds, padding included: guards the 65,535 bytes of an outer packet. */
  overhead = 0;
  /** Generation of the front VRF for which `pathMtu` was worked out. */
  generation = -1;
  inboundPackets = 0;
  inboundBytes = 0;
  outboundPackets = 0;
  outboundBytes = 0;
  replayed = 0;
  integrityFailed = 0;
  fragmentsCreated = 0;
  packetsFragmented = 0;
  packetsTooBig = 0;
  mtuErrorsSent = 0;
  mtuErrorsReceived = 0;
  mtuErrorsRefused = 0;
  readonly #inboundDrops = new Map<DropReason, number>();
  readonly #outboundDrops = new Map<DropReason, number>();
  readonly #dropsTold = new Map<DropReason, Instant>();
  lastInbound: Instant | undefined;
  lastOutbound: Instant | undefined;

  /** Keys of the wrong length or ids without support are our own mistakes and throw. */
  constructor(config: PlaneChildSa, random: Random, fast?: FastShare, from?: ChildSa) {
    const { encr, keyBits, integ, esn, replayWindow } = config;
    const half = (key: PlaneChildSa['inboundKey'], integKey: PlaneChildSa['inboundIntegKey']) =>
      createProtector({ encr, keyBits, key, integ, ...(integKey !== undefined && { integKey }) });
    this.config = config;
    this.fast = fast;
    this.selectors = new SelectorPair(config.localSelectors, config.remoteSelectors);
    const inboundProtector = half(config.inboundKey, config.inboundIntegKey);
    const outboundProtector = half(config.outboundKey, config.outboundIntegKey);
    this.inbound = new InboundEsp({
      spi: config.id,
      protector: inboundProtector,
      esn,
      replayWindow,
      highest: from?.inbound.highest ?? 0,
      ...fast?.inbound,
    });
    this.outbound = new OutboundEsp({
      spi: config.outboundSpi,
      protector: outboundProtector,
      esn,
      random,
      sequence: from?.outbound.sequence ?? 0,
      ...fast?.outbound,
    });
    this.local = config.local;
    this.remote = config.remote;
    this.udpEncapsulation = config.udpEncapsulation;
    this.confirmed = config.startOutbound === 'now';
  }

  /** Another one that goes on from here, apart from this one. */
  twin(random: Random): ChildSa {
    const made = new ChildSa(this.config, random, undefined, this);
    made.local = this.local;
    made.remote = this.remote;
    made.udpEncapsulation = this.udpEncapsulation;
    made.confirmed = this.confirmed;
    made.released = this.released;
    made.closing = this.closing;
    made.softReported = this.softReported;
    made.hardReported = this.hardReported;
    made.inboundBytes = this.inboundBytes;
    made.outboundBytes = this.outboundBytes;
    return made;
  }

  move(local: Endpoint, remote: Endpoint, udpEncapsulation: boolean): void {
    this.local = local;
    this.remote = remote;
    this.udpEncapsulation = udpEncapsulation;
    this.reported = undefined;
    this.generation = -1;
  }

  /** Works out the sizes for a path MTU; says whether it differs from a former one. */
  setPathMtu(pathMtu: number): boolean {
    const { encr, integ, mode } = this.config;
    const { udpEncapsulation } = this;
    const shape: EspShape = { encr, integ, outerFamily: this.remote.address.family, udpEncapsulation };
    const mtu = tunnelMtu(pathMtu, shape, mode, 'exact');
    const changed = this.pathMtu !== 0 && (this.pathMtu !== pathMtu || this.innerMtu !== mtu);
    this.pathMtu = pathMtu;
    this.innerMtu = mtu;
    this.overhead = espOverhead(shape) + 16;
    return changed;
  }

  countInbound(bytes: number): void {
    this.inboundPackets++;
    this.inboundBytes += bytes;
    this.fast?.allow(this);
  }

  countOutbound(bytes: number): void {
    this.outboundPackets++;
    this.outboundBytes += bytes;
    this.fast?.allow(this);
  }

  /** Brings in what a fast path has carried since this was last asked. */
  collect(): void {
    this.fast?.collect(this);
  }

  /** Counts a drop beside the plane's own count of it. */
  drop(direction: 'inbound' | 'outbound', reason: DropReason, count = 1): void {
    const drops = direction === 'inbound' ? this.#inboundDrops : this.#outboundDrops;
    drops.set(reason, (drops.get(reason) ?? 0) + count);
  }

  /** Whether it is time to tell of a drop for this reason again. */
  tellsDrop(reason: DropReason, now: Instant): boolean {
    const told = this.#dropsTold.get(reason);
    if (told !== undefined && now - told < DROP_NEWS_MS) return false;
    this.#dropsTold.set(reason, now);
    return true;
  }

  /** Whether one more packet would pass the hard byte limit, in the direction that has carried `carried`. */
  isSpent(direction: 'inbound' | 'outbound', length: number): boolean {
    this.collect();
    const carried = direction === 'inbound' ? this.inboundBytes : this.outboundBytes;
    const { hardBytes } = this.config;
    return this.hardReported || (hardBytes !== undefined && carried + length > hardBytes);
  }

  /** True once, when either direction passes the soft byte limit or its numbers near their end. */
  reachesSoftLimit(): boolean {
    if (this.softReported) return false;
    const { softBytes, esn } = this.config;
    const bytes = softBytes !== undefined && (this.inboundBytes >= softBytes || this.outboundBytes >= softBytes);
    if (!bytes && (esn || this.outbound.sequence < SOFT_SEQUENCE)) return false;
    this.softReported = true;
    this.fast?.allow(this);
    return true;
  }

  counters(): ChildSaCounters {
    const { lastInbound, inbound, outbound } = this;
    const { lateness } = inbound;
    return {
      id: this.config.id,
      interface: this.config.interface,
      inboundPackets: this.inboundPackets,
      inboundBytes: this.inboundBytes,
      outboundPackets: this.outboundPackets,
      outboundBytes: this.outboundBytes,
      replayed: this.replayed,
      integrityFailed: this.integrityFailed,
      fragmentsCreated: this.fragmentsCreated,
      packetsFragmented: this.packetsFragmented,
      packetsTooBig: this.packetsTooBig,
      mtuErrorsSent: this.mtuErrorsSent,
      mtuErrorsReceived: this.mtuErrorsReceived,
      mtuErrorsRefused: this.mtuErrorsRefused,
      inboundDrops: Object.fromEntries(this.#inboundDrops),
      outboundDrops: Object.fromEntries(this.#outboundDrops),
      furthestBehind: inbound.furthestBehind,
      ...(lateness !== undefined && { lateness }),
      outboundSequence: outbound.sequence,
      highestInbound: inbound.highest,
      replayBitmap: inbound.replayBitmap(),
      pathMtu: this.pathMtu,
      innerMtu: this.innerMtu,
      ...(lastInbound !== undefined && { lastInbound }),
    };
  }
}
