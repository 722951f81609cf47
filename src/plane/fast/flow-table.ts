/**
 * Flows that a fast path may take by itself. The main thread writes one down when the software plane has carried a packet
 * of it that another thread could have carried as well; the fast path looks up. What both rely on may change at any
 * time: an entry holds while the generation of the memory and the stamp of its SA are what they were.
 */
import { type FastMemory, FLOW_WORDS, MOST_FLOWS } from './fast-memory.ts';

/** What tells flows apart. `from` is the device (outbound) or the slot of the SA (inbound) that packets come by. */
export class FlowKey {
  from = 0;
  /** Family, direction, IP protocol, and whether ports are part of the key. */
  kind = 0;
  ports = 0;
  /** Source, then destination; an IPv4 address is the first word of its four. */
  readonly words = new Int32Array(8);
}

export const Direction = { OUT: 0, IN: 1 } as const;

/** `FlowKey.kind`. */
export function flowKind(family: number, direction: 0 | 1, protocol: number, hasPorts: boolean): number {
  return (family << 16) | (direction << 12) | ((hasPorts ? 1 : 0) << 11) | protocol;
}

const PORTS_IN_KEY = 1 << 11;

/** What is known of a flow. Ports are places of `FastMemory.portNumbers`, 0 for none. */
export class Flow {
  slot = 0;
  /** Of the orders by which the SA was described. */
  serial = 0;
  /** Device that what came out of the SA is written to. */
  device = 0;
  /** Interfaces that count it as coming in, and as going out: on the side in clear, of the tunnel, outside. */
  clearPort = 0;
  tunnelPort = 0;
  outerPort = 0;
  /** Longest packet that goes in one piece. */
  limit = 0;
  /** 0: as the inner packet has it, 1: set, 2: clear. */
  df = 0;
  /**
   * 1: it is a TCP connection whose opening, end and options are followed: only plain segments pass, with these added to
   * their sequence and acknowledgement numbers.
   */
  isFollowed = 0;
  sequenceBy = 0;
  acknowledgementBy = 0;
  /** Of the entry, for `FlowTable.note`. */
  place = -1;
}

const WAYS = 4;
const BUCKETS = MOST_FLOWS / WAYS;

/** Places in an entry. `VALID` is odd while the entry is being written. */
const VALID = 0;
const HASH = 1;
const GENERATION = 2;
const STAMP = 3;
const KEY = 4;
const FOLLOWED = 15;
const VALUE = 16;
/** What the fast path notes of a flow: when the last packet was and bytes, as numbers, and the last acknowledgement. */
const NOTED_AT = 26 / 2;
const NOTED_BYTES = 28 / 2;
const NOTED_ACK = 30;
const NOTED_DATA = 31;

/** What was carried of a flow since this was last asked. */
export type Noted = Readonly<{ at: number; bytes: number; acknowledged: number; hasData: boolean }>;

export class FlowTable {
  readonly #memory: FastMemory;
  readonly #flows: Int32Array;
  readonly #numbers: Float64Array;
  /** Who wants to know what was carried of the flow at a place before another one is there. */
  readonly #owners = new Map<number, () => void>();
  #turn = 0;

  constructor(memory: FastMemory) {
    this.#memory = memory;
    this.#flows = memory.flows;
    this.#numbers = memory.flowNumbers;
  }

  /** By the main thread alone, as `take` and `forget` are. Answers the place; `owner` is told before that is another's. */
  set(key: FlowKey, flow: Flow, owner?: () => void): number {
    const flows = this.#flows;
    const hash = hashOf(key);
    const at = this.#placeFor(key, hash);
    this.#owners.get(at)?.();
    if (owner === undefined) this.#owners.delete(at);
    else this.#owners.set(at, owner);
    const valid = Atomics.load(flows, at + VALID);
    Atomics.store(flows, at + VALID, valid | 1);
    this.#numbers[at / 2 + NOTED_AT] = 0;
    this.#numbers[at / 2 + NOTED_BYTES] = 0;
    flows[at + NOTED_DATA] = 0;
    flows[at + HASH] = hash;
    flows[at + GENERATION] = this.#memory.generation;
    flows[at + STAMP] = this.#memory.stamp(flow.slot);
    flows[at + KEY] = key.from;
    flows[at + KEY + 1] = key.kind;
    flows[at + KEY + 2] = key.ports;
    for (let i = 0; i < 8; i++) flows[at + KEY + 3 + i] = key.words[i] ?? 0;
    flows[at + VALUE] = flow.slot;
    flows[at + VALUE + 1] = flow.serial;
    flows[at + VALUE + 2] = flow.device;
    flows[at + VALUE + 3] = flow.clearPort;
    flows[at + VALUE + 4] = flow.tunnelPort;
    flows[at + VALUE + 5] = flow.outerPort;
    flows[at + VALUE + 6] = flow.limit;
    flows[at + VALUE + 7] = flow.df;
    flows[at + FOLLOWED] = flow.isFollowed;
    flows[at + VALUE + 8] = flow.sequenceBy;
    flows[at + VALUE + 9] = flow.acknowledgementBy;
    Atomics.store(flows, at + VALID, ((valid | 1) + 1) | 0);
    return at;
  }

  /** Takes what was carried of the flow at a place; undefined when nothing was. */
  take(place: number): Noted | undefined {
    const at = this.#numbers[place / 2 + NOTED_AT] ?? 0;
    if (at === 0) return undefined;
    const bytes = this.#numbers[place / 2 + NOTED_BYTES] ?? 0;
    this.#numbers[place / 2 + NOTED_AT] = 0;
    this.#numbers[place / 2 + NOTED_BYTES] = 0;
    const acknowledged = this.#flows[place + NOTED_ACK] ?? 0;
    return { at, bytes, acknowledged, hasData: this.#flows[place + NOTED_DATA] === 1 };
  }

  /** The flow at a place is not taken any more. */
  forget(place: number): void {
    this.#owners.delete(place);
    this.#flows[place + GENERATION] = this.#memory.generation - 1;
  }

  /** By the fast path: packets of a flow were carried. */
  note({ place }: Flow, at: number, bytes: number, acknowledged: number, hasData: boolean): void {
    if (place < 0) return;
    this.#numbers[place / 2 + NOTED_BYTES] = (this.#numbers[place / 2 + NOTED_BYTES] ?? 0) + bytes;
    this.#flows[place + NOTED_ACK] = acknowledged;
    if (hasData) this.#flows[place + NOTED_DATA] = 1;
    this.#numbers[place / 2 + NOTED_AT] = at;
  }

  /** Fills `found`; false when the flow is not known, or not any more. */
  find(key: FlowKey, found: Flow): boolean {
    const flows = this.#flows;
    const hash = hashOf(key);
    const bucket = (hash & (BUCKETS - 1)) * WAYS * FLOW_WORDS;
    for (let way = 0; way < WAYS; way++) {
      const at = bucket + way * FLOW_WORDS;
      if (flows[at + HASH] !== hash) continue;
      const valid = Atomics.load(flows, at + VALID);
      if (valid === 0 || (valid & 1) === 1 || !isKey(flows, at + KEY, key)) continue;
      if (flows[at + GENERATION] !== this.#memory.generation) return false;
      found.slot = flows[at + VALUE] ?? 0;
      found.serial = flows[at + VALUE + 1] ?? 0;
      found.device = flows[at + VALUE + 2] ?? 0;
      found.clearPort = flows[at + VALUE + 3] ?? 0;
      found.tunnelPort = flows[at + VALUE + 4] ?? 0;
      found.outerPort = flows[at + VALUE + 5] ?? 0;
      found.limit = flows[at + VALUE + 6] ?? 0;
      found.df = flows[at + VALUE + 7] ?? 0;
      found.isFollowed = flows[at + FOLLOWED] ?? 0;
      found.sequenceBy = flows[at + VALUE + 8] ?? 0;
      found.acknowledgementBy = flows[at + VALUE + 9] ?? 0;
      found.place = (key.kind & PORTS_IN_KEY) === 0 ? -1 : at;
      const isCurrent = flows[at + STAMP] === this.#memory.stamp(found.slot);
      // Written anew while it was read: what was read may be half of another flow's.
      return isCurrent && Atomics.load(flows, at + VALID) === valid;
    }
    return false;
  }

  #placeFor(key: FlowKey, hash: number): number {
    const flows = this.#flows;
    const bucket = (hash & (BUCKETS - 1)) * WAYS * FLOW_WORDS;
    const { generation } = this.#memory;
    let free = -1;
    for (let way = 0; way < WAYS; way++) {
      const at = bucket + way * FLOW_WORDS;
      if (flows[at + HASH] === hash && isKey(flows, at + KEY, key)) return at;
      if (flows[at + VALID] === 0 || flows[at + GENERATION] !== generation) free = at;
    }
    if (free >= 0) return free;
    this.#turn = (this.#turn + 1) & (WAYS - 1);
    return bucket + this.#turn * FLOW_WORDS;
  }
}

/** The same for all packets of a flow, in both look-ups of it. */
export function hashOf(key: FlowKey): number {
  const { words } = key;
  let hash = Math.imul(key.from ^ Math.imul(key.kind, 0x9e3779b1), 0x85ebca6b) ^ key.ports;
  for (let i = 0; i < 8; i++) hash = Math.imul(hash ^ (words[i] ?? 0) ^ (hash >>> 15), 0xc2b2ae35);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

function isKey(flows: Int32Array, at: number, key: FlowKey): boolean {
  if (flows[at] !== key.from || flows[at + 1] !== key.kind || flows[at + 2] !== key.ports) return false;
  const { words } = key;
  for (let i = 0; i < 8; i++) if (flows[at + 3 + i] !== words[i]) return false;
  return true;
}
