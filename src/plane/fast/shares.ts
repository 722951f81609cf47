/** What each SA of the software plane shares with the fast path: its slot, and what was brought in from there. */
import { at } from '../../base/index.ts';
import type { DropReason, PlaneChildSa } from '../contract.ts';
import { type ChildSa, type FastShare, SOFT_SEQUENCE } from '../software/child-sa.ts';
import { type FastMemory, MOST_SLOTS, SaNumber, type SaSlot } from './fast-memory.ts';

/** What the fast path drops, by its numbers, in the words of the plane. */
const DROPS: readonly Readonly<{ place: number; reason: DropReason }>[] = [
  { place: SaNumber.REPLAYED, reason: 'replayed' },
  { place: SaNumber.TOO_OLD, reason: 'too-old' },
  { place: SaNumber.INTEGRITY_FAILED, reason: 'integrity-failed' },
  { place: SaNumber.BAD_LENGTH, reason: 'bad-length' },
  { place: SaNumber.BAD_PADDING, reason: 'bad-padding' },
];

type Share = FastShare & {
  readonly slot: SaSlot;
  /** The numbers as they were when they were last brought in. */
  readonly seen: Float64Array;
  serial: number;
};

export class FastShares {
  readonly #memory: FastMemory;
  readonly #shares = new WeakMap<FastShare, Share>();
  readonly #free: number[] = [];
  #next = 0;

  constructor(memory: FastMemory) {
    this.#memory = memory;
  }

  /** A share for a new SA; undefined when there is no slot left. */
  take({ esn }: PlaneChildSa): FastShare | undefined {
    const index = this.#free.pop() ?? (this.#next < MOST_SLOTS ? this.#next++ : undefined);
    if (index === undefined) return undefined;
    const slot = this.#memory.slot(index);
    this.#memory.begin(slot);
    const share: Share = {
      slot,
      seen: new Float64Array(slot.numbers.length),
      serial: 0,
      inbound: { memory: slot.inbound },
      outbound: { memory: slot.outbound },
      collect: (sa) => this.#collect(sa, share),
      allow: (sa) => this.#allow(sa, share, esn),
    };
    this.#shares.set(share, share);
    return share;
  }

  slotOf(sa: ChildSa): number | undefined {
    return this.#of(sa)?.slot.index;
  }

  serialOf(sa: ChildSa): number {
    return this.#of(sa)?.serial ?? 0;
  }

  /** It has been described to the fast path by this serial number. */
  describe(sa: ChildSa, serial: number): void {
    const share = this.#of(sa);
    if (share !== undefined) share.serial = serial;
  }

  touch(sa: ChildSa): void {
    const slot = this.slotOf(sa);
    if (slot !== undefined) this.#memory.restamp(slot);
  }

  /** Lets the fast path go on up to the next limit. */
  allow(sa: ChildSa): void {
    sa.fast?.allow(sa);
  }

  /** The SA is gone; gives the slot that it had. */
  release(sa: ChildSa): number | undefined {
    const slot = this.slotOf(sa);
    if (slot === undefined) return undefined;
    this.#memory.restamp(slot);
    this.#free.unshift(slot);
    return slot;
  }

  /** Brings in what the fast path has dropped of an SA. */
  takeDrops(sa: ChildSa, count: (reason: DropReason, by: number) => void): void {
    const share = this.#of(sa);
    if (share === undefined) return;
    for (const { place, reason } of DROPS) {
      const by = grown(share, place);
      if (by === 0) continue;
      count(reason, by);
      sa.drop('inbound', reason, by);
      if (reason === 'replayed' || reason === 'too-old') sa.replayed += by;
      if (reason === 'integrity-failed') sa.integrityFailed += by;
    }
  }

  #of(sa: ChildSa): Share | undefined {
    return sa.fast === undefined ? undefined : this.#shares.get(sa.fast);
  }

  #collect(sa: ChildSa, share: Share): void {
    sa.inboundPackets += grown(share, SaNumber.IN_PACKETS);
    sa.inboundBytes += grown(share, SaNumber.IN_BYTES);
    sa.outboundPackets += grown(share, SaNumber.OUT_PACKETS);
    sa.outboundBytes += grown(share, SaNumber.OUT_BYTES);
    const { numbers } = share.slot;
    const [lastIn, lastOut] = [numbers[SaNumber.LAST_IN] ?? 0, numbers[SaNumber.LAST_OUT] ?? 0];
    if (lastIn > (sa.lastInbound ?? 0)) sa.lastInbound = at(lastIn);
    if (lastOut > (sa.lastOutbound ?? 0)) sa.lastOutbound = at(lastOut);
  }

  /** The next limit is the soft one until that was told, then the hard one. */
  #allow(sa: ChildSa, share: Share, esn: boolean): void {
    this.#collect(sa, share);
    const { softBytes = Infinity, hardBytes = Infinity } = sa.config;
    const bytes = sa.softReported ? hardBytes : Math.min(softBytes, hardBytes);
    const { numbers } = share.slot;
    const left = (carried: number): number => (sa.hardReported ? -1 : bytes - carried);
    numbers[SaNumber.IN_LIMIT] = (share.seen[SaNumber.IN_BYTES] ?? 0) + left(sa.inboundBytes);
    numbers[SaNumber.OUT_LIMIT] = (share.seen[SaNumber.OUT_BYTES] ?? 0) + left(sa.outboundBytes);
    const sequence = esn ? 2 ** 48 - 1 : 0xffff_ffff;
    numbers[SaNumber.SEQUENCE_LIMIT] = sa.softReported || esn ? sequence : SOFT_SEQUENCE - 1;
  }
}

/** By how much a number has grown since this was last asked. */
function grown({ slot, seen }: Share, place: number): number {
  const now = slot.numbers[place] ?? 0;
  const by = now - (seen[place] ?? 0);
  seen[place] = now;
  return by;
}
