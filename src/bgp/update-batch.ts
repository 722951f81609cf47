/**
 * UPDATEs for all neighbours of one update group, each message built once. A neighbour never gets back what it said
 * itself (split horizon): for it the messages that hold such prefixes are built anew, all others are the shared bytes.
 */
import { bytesEqual, concat, type IpAddress } from '../base/index.ts';
import type { BgpFamily, Nlri } from './evpn.ts';
import { hashBytes } from './intern.ts';
import type { PathSource } from './path.ts';
import { encodeAnnouncements, encodeWithdrawals } from './wire/update.ts';

/** Bytes of whole messages, and how many messages they are. */
export type Messages = Readonly<{ parts: readonly Uint8Array[]; count: number }>;

type Bucket = {
  /** Undefined: these are withdrawn. */
  readonly block: Uint8Array | undefined;
  readonly nextHop: IpAddress | undefined;
  readonly prefixes: Nlri[];
  readonly sources: (PathSource | undefined)[];
  start: number;
  end: number;
  count: number;
};

/** Collects changes, encodes them when first asked, and then gives every neighbour its share. */
export class UpdateBatch {
  readonly #family: BgpFamily;
  readonly #withdrawals: Bucket = emptyBucket(undefined, undefined);
  readonly #announcements = new Map<number, Bucket>();
  readonly #bucketsOf = new Map<PathSource, Set<Bucket>>();
  readonly #onlyFor = new Map<PathSource, Nlri[]>();
  #sealed: Readonly<{ bytes: Uint8Array; buckets: readonly Bucket[]; count: number }> | undefined;

  constructor(family: BgpFamily) {
    this.#family = family;
  }

  /** To all but `source`: the prefix with these encoded attributes. */
  announce(prefix: Nlri, source: PathSource | undefined, block: Uint8Array, nextHop: IpAddress): void {
    // Buckets by hash; one that is taken by other attributes passes the search on to the next number.
    let key = hashBytes(block);
    let bucket = this.#announcements.get(key);
    while (bucket !== undefined && !holds(bucket, block, nextHop)) bucket = this.#announcements.get(++key);
    if (bucket === undefined) {
      bucket = emptyBucket(block, nextHop);
      this.#announcements.set(key, bucket);
    }
    this.#add(bucket, prefix, source);
  }

  /** To all but `source`, which never had it: the prefix is gone. */
  withdraw(prefix: Nlri, source: PathSource | undefined): void {
    this.#add(this.#withdrawals, prefix, source);
  }

  /** To one alone: it had the prefix from us, and now is the one we have it from. */
  withdrawFrom(prefix: Nlri, only: PathSource): void {
    const prefixes = this.#onlyFor.get(only);
    if (prefixes === undefined) this.#onlyFor.set(only, [prefix]);
    else prefixes.push(prefix);
  }

  /** What goes to one neighbour. */
  messagesFor(member: PathSource): Messages {
    this.#sealed ??= this.#seal();
    const { bytes, buckets, count } = this.#sealed;
    const own = this.#onlyFor.get(member);
    const parts: Uint8Array[] = own === undefined ? [] : [...encodeWithdrawals(this.#family, own)];
    const extra = parts.length;
    const touched = this.#bucketsOf.get(member);
    if (touched === undefined) {
      if (bytes.length > 0) parts.push(bytes);
      return { parts, count: count + extra };
    }
    let total = count + extra;
    let from = 0;
    for (const bucket of buckets) {
      if (!touched.has(bucket)) continue;
      if (bucket.start > from) parts.push(bytes.subarray(from, bucket.start));
      const rest = bucket.prefixes.filter((_, i) => bucket.sources[i] !== member);
      const messages = this.#encode(bucket, rest);
      parts.push(...messages);
      total += messages.length - bucket.count;
      from = bucket.end;
    }
    if (bytes.length > from) parts.push(bytes.subarray(from));
    return { parts: parts.length > 4 ? [concat(...parts)] : parts, count: total };
  }

  #add(bucket: Bucket, prefix: Nlri, source: PathSource | undefined): void {
    bucket.prefixes.push(prefix);
    bucket.sources.push(source);
    if (source === undefined) return;
    const buckets = this.#bucketsOf.get(source);
    if (buckets === undefined) this.#bucketsOf.set(source, new Set([bucket]));
    else buckets.add(bucket);
  }

  #seal(): Readonly<{ bytes: Uint8Array; buckets: readonly Bucket[]; count: number }> {
    const buckets = [this.#withdrawals, ...this.#announcements.values()];
    const messages: Uint8Array[] = [];
    let offset = 0;
    for (const bucket of buckets) {
      bucket.start = offset;
      for (const message of this.#encode(bucket, bucket.prefixes)) {
        messages.push(message);
        offset += message.length;
        bucket.count++;
      }
      bucket.end = offset;
    }
    return { bytes: joined(messages, offset), buckets, count: messages.length };
  }

  #encode(bucket: Bucket, prefixes: readonly Nlri[]): readonly Uint8Array[] {
    if (bucket.block === undefined || bucket.nextHop === undefined) return encodeWithdrawals(this.#family, prefixes);
    return encodeAnnouncements(this.#family, bucket.block, bucket.nextHop, prefixes);
  }
}

function emptyBucket(block: Uint8Array | undefined, nextHop: IpAddress | undefined): Bucket {
  return { block, nextHop, prefixes: [], sources: [], start: 0, end: 0, count: 0 };
}

function joined(messages: readonly Uint8Array[], length: number): Uint8Array {
  const only = messages[0];
  if (messages.length === 1 && only !== undefined) return only;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const message of messages) {
    out.set(message, offset);
    offset += message.length;
  }
  return out;
}

function holds(bucket: Bucket, block: Uint8Array, nextHop: IpAddress): boolean {
  if (bucket.block === undefined || bucket.nextHop === undefined) return false;
  return bytesEqual(bucket.block, block) && (bucket.nextHop === nextHop || bucket.nextHop.equals(nextHop));
}
