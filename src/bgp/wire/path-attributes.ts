/** Path attributes on the wire: RFC 4271 section 4.3, checked as RFC 7606 asks. */
import { EMPTY, type IpAddress, Reader, readU32, Writer } from '../../base/index.ts';
import { AS_TRANS, type AsPath, type AsSegment, mergeAs4Path } from '../as-path.ts';
import { type BgpFamily, decodeEvpn, type Nlri } from '../evpn.ts';
import type { BgpFault, BgpFaultKind } from '../faults.ts';
import { sharedV4 } from '../intern.ts';
import { NO_NUMBERS, type Origin, type OtherAttribute, type PathAttributes, PLAIN } from '../path-attributes.ts';
import { decodeNextHop6, decodeNlri } from './nlri.ts';
import { familyOf } from './open.ts';

/** IANA "BGP Path Attributes". */
export const ATTRIBUTE = {
  origin: 1,
  asPath: 2,
  nextHop: 3,
  med: 4,
  localPreference: 5,
  atomicAggregate: 6,
  aggregator: 7,
  communities: 8,
  originatorId: 9,
  clusterList: 10,
  mpReach: 14,
  mpUnreach: 15,
  extendedCommunities: 16,
  as4Path: 17,
  as4Aggregator: 18,
  largeCommunities: 32,
} as const;

/** Attribute flags, RFC 4271 section 4.3. */
export const FLAG = { optional: 0x80, transitive: 0x40, partial: 0x20, extendedLength: 0x10 } as const;

/** How the session that carries an UPDATE colours its meaning. */
export type UpdateContext = Readonly<{ fourOctetAs: boolean; internal: boolean }>;

export type DecodedAttributes = Readonly<{
  /** Undefined when a mandatory attribute is missing or broken. Next hop: that of NEXT_HOP, else unspecified. */
  attributes: PathAttributes | undefined;
  hasNextHop: boolean;
  /** Whether anything beside MP_UNREACH_NLRI was there, RFC 7606 section 5.2. */
  hasOthers: boolean;
  reach: Readonly<{ family: BgpFamily; nextHop: IpAddress; prefixes: readonly Nlri[] }> | undefined;
  unreach: Readonly<{ family: BgpFamily; prefixes: readonly Nlri[] }> | undefined;
  faults: readonly BgpFault[];
}>;

/** Attributes as they are being read: a class, for this runs for every UPDATE that is news. */
class Draft {
  origin: Origin = 'igp';
  asPath: AsPath = PLAIN.asPath;
  nextHop: IpAddress = PLAIN.nextHop;
  med: number | undefined;
  localPreference: number | undefined;
  atomicAggregate = false;
  aggregator: PathAttributes['aggregator'];
  communities: readonly number[] = NO_NUMBERS;
  originatorId: IpAddress | undefined;
  clusterList: readonly number[] = NO_NUMBERS;
  others: readonly OtherAttribute[] = PLAIN.others;
  as4Path: AsPath | undefined;
  as4Aggregator: PathAttributes['aggregator'];
  reach: DecodedAttributes['reach'];
  unreach: DecodedAttributes['unreach'];
  faults: readonly BgpFault[] = NO_FAULTS;
  count = 0;
  #low = 0;
  #high: Set<number> | undefined;

  has(type: number): boolean {
    return type < 32 ? (this.#low & (1 << type)) !== 0 : this.#high?.has(type) === true;
  }

  /** Notes an attribute; false when it was there already. */
  note(type: number): boolean {
    if (this.has(type)) return false;
    this.count++;
    if (type < 32) this.#low |= 1 << type;
    else {
      this.#high ??= new Set();
      this.#high.add(type);
    }
    return true;
  }

  fault(kind: BgpFaultKind, data?: Uint8Array): void {
    this.faults = [...this.faults, data === undefined ? { kind } : { kind, data }];
  }
}

const NO_FAULTS: readonly BgpFault[] = [];
const ORIGINS: readonly Origin[] = ['igp', 'egp', 'incomplete'];

const { optional, transitive, partial, extendedLength } = FLAG;

/** Flags that each known type must have, RFC 4271 section 5 and the RFC of each optional one. */
const EXPECTED_FLAGS: Readonly<Record<number, number>> = {
  [ATTRIBUTE.origin]: transitive,
  [ATTRIBUTE.asPath]: transitive,
  [ATTRIBUTE.nextHop]: transitive,
  [ATTRIBUTE.med]: optional,
  [ATTRIBUTE.localPreference]: transitive,
  [ATTRIBUTE.atomicAggregate]: transitive,
  [ATTRIBUTE.aggregator]: optional | transitive,
  [ATTRIBUTE.communities]: optional | transitive,
  [ATTRIBUTE.originatorId]: optional,
  [ATTRIBUTE.clusterList]: optional,
  [ATTRIBUTE.mpReach]: optional,
  [ATTRIBUTE.mpUnreach]: optional,
  [ATTRIBUTE.extendedCommunities]: optional | transitive,
  [ATTRIBUTE.as4Path]: optional | transitive,
  [ATTRIBUTE.as4Aggregator]: optional | transitive,
  [ATTRIBUTE.largeCommunities]: optional | transitive,
};

/** Reads the whole attribute field. Faults are collected; the caller weighs them. */
export function decodeAttributes(block: Uint8Array, context: UpdateContext): DecodedAttributes {
  const draft = new Draft();
  const r = new Reader(block);
  while (r.left > 0) {
    const flags = r.u8();
    const type = r.u8();
    const length = (flags & extendedLength) !== 0 ? r.u16() : r.u8();
    const body = r.bytes(length);
    if (r.short) {
      draft.fault('attribute-overrun');
      break;
    }
    decodeAttribute(draft, flags, type, body, context);
  }
  return finishAttributes(draft, context);
}

function decodeAttribute(draft: Draft, flags: number, type: number, body: Uint8Array, context: UpdateContext): void {
  if (!draft.note(type)) {
    const isMultiprotocol = type === ATTRIBUTE.mpReach || type === ATTRIBUTE.mpUnreach;
    draft.fault(isMultiprotocol ? 'repeated-multiprotocol-attribute' : 'repeated-attribute');
    return;
  }
  const expected = EXPECTED_FLAGS[type];
  if (expected === undefined) {
    if ((flags & optional) === 0) draft.fault('unknown-well-known-attribute', body.slice());
    else draft.others = [...draft.others, { type, flags: flags & ~extendedLength, body: body.slice() }];
    return;
  }
  if ((flags & (optional | transitive)) !== expected) {
    draft.fault('attribute-flags');
    return;
  }
  switch (type) {
    case ATTRIBUTE.origin: {
      const origin = ORIGINS[body[0] ?? 255];
      if (body.length !== 1 || origin === undefined) draft.fault('bad-origin');
      else draft.origin = origin;
      return;
    }
    case ATTRIBUTE.asPath: {
      const path = decodeAsPath(body, context.fourOctetAs);
      if (path === undefined) draft.fault('bad-as-path');
      else draft.asPath = path;
      return;
    }
    case ATTRIBUTE.nextHop:
      if (body.length !== 4) draft.fault('bad-next-hop');
      else draft.nextHop = sharedV4(readU32(body, 0));
      return;
    case ATTRIBUTE.med:
      if (body.length !== 4) draft.fault('bad-med');
      else draft.med = readU32(body, 0);
      return;
    case ATTRIBUTE.localPreference:
      if (!context.internal) draft.fault('local-preference-from-external');
      else if (body.length !== 4) draft.fault('bad-local-preference');
      else draft.localPreference = readU32(body, 0);
      return;
    case ATTRIBUTE.atomicAggregate:
      if (body.length !== 0) draft.fault('bad-atomic-aggregate');
      else draft.atomicAggregate = true;
      return;
    case ATTRIBUTE.aggregator:
      draft.aggregator = decodeAggregator(body, context.fourOctetAs);
      if (draft.aggregator === undefined) draft.fault('bad-aggregator');
      return;
    case ATTRIBUTE.communities:
      if (body.length === 0 || body.length % 4 !== 0) draft.fault('bad-communities');
      else draft.communities = decodeWords(body);
      return;
    case ATTRIBUTE.originatorId:
      if (!context.internal) draft.fault('originator-id-from-external');
      else if (body.length !== 4) draft.fault('bad-originator-id');
      else draft.originatorId = sharedV4(readU32(body, 0));
      return;
    case ATTRIBUTE.clusterList:
      if (!context.internal) draft.fault('cluster-list-from-external');
      else if (body.length === 0 || body.length % 4 !== 0) draft.fault('bad-cluster-list');
      else draft.clusterList = decodeWords(body);
      return;
    case ATTRIBUTE.mpReach:
      decodeReach(draft, body);
      return;
    case ATTRIBUTE.mpUnreach:
      decodeUnreach(draft, body);
      return;
    case ATTRIBUTE.as4Path: {
      const path = decodeAsPath(body, true);
      if (context.fourOctetAs) draft.fault('as4-attribute-from-new-speaker');
      else if (path === undefined) draft.fault('bad-as4-path');
      else draft.as4Path = path;
      return;
    }
    case ATTRIBUTE.as4Aggregator:
      if (context.fourOctetAs) draft.fault('as4-attribute-from-new-speaker');
      else if (body.length !== 8) draft.fault('bad-as4-aggregator');
      else draft.as4Aggregator = decodeAggregator(body, true);
      return;
    case ATTRIBUTE.extendedCommunities:
      if (body.length === 0 || body.length % 8 !== 0) draft.fault('bad-extended-communities');
      else draft.others = [...draft.others, { type, flags: flags & ~extendedLength, body: body.slice() }];
      return;
    case ATTRIBUTE.largeCommunities:
      if (body.length === 0 || body.length % 12 !== 0) draft.fault('bad-large-communities');
      else draft.others = [...draft.others, { type, flags: flags & ~extendedLength, body: body.slice() }];
      return;
  }
}

function decodeReach(draft: Draft, body: Uint8Array): void {
  const r = new Reader(body);
  const family = familyOf(r.u16(), r.u8());
  const hop = r.bytes(r.u8());
  r.u8(); // reserved
  if (r.short) {
    draft.fault('bad-multiprotocol-attribute');
    return;
  }
  // A family that was not negotiated is skipped whole: RFC 4760 section 8.
  if (family === undefined) return;
  const isShort = family !== 6 && hop.length === 4;
  const nextHop = isShort ? sharedV4(readU32(hop, 0)) : family === 4 ? undefined : decodeNextHop6(hop);
  const prefixes = family === 'evpn' ? decodeRoutes(draft, r) : decodeNlri(r, family);
  if (nextHop === undefined || prefixes === undefined) draft.fault('bad-multiprotocol-attribute');
  else draft.reach = { family, nextHop, prefixes };
}

function decodeUnreach(draft: Draft, body: Uint8Array): void {
  const r = new Reader(body);
  const family = familyOf(r.u16(), r.u8());
  if (r.short) {
    draft.fault('bad-multiprotocol-attribute');
    return;
  }
  if (family === undefined) return;
  const prefixes = family === 'evpn' ? decodeRoutes(draft, r) : decodeNlri(r, family);
  if (prefixes === undefined) draft.fault('bad-multiprotocol-attribute');
  else draft.unreach = { family, prefixes };
}

/** EVPN routes: one that is none spoils the UPDATE, one of a type that we do not know is only left out. */
function decodeRoutes(draft: Draft, r: Reader): readonly Nlri[] | undefined {
  const decoded = decodeEvpn(r);
  if (decoded === undefined) return undefined;
  if (decoded.bad > 0) draft.fault('bad-evpn-route');
  for (let i = 0; i < decoded.unknown; i++) draft.fault('unknown-evpn-route-type');
  return decoded.routes;
}

function finishAttributes(draft: Draft, context: UpdateContext): DecodedAttributes {
  const { reach, unreach, faults } = draft;
  // RFC 6793 section 4.2.3: an AGGREGATOR of a real old AS means that both AS4 attributes are stale.
  const isStale =
    draft.aggregator !== undefined && draft.as4Aggregator !== undefined && draft.aggregator.asn !== AS_TRANS;
  const useAs4 = !context.fourOctetAs && !isStale;
  const isComplete = draft.has(ATTRIBUTE.origin) && draft.has(ATTRIBUTE.asPath);
  const attributes: PathAttributes | undefined = isComplete
    ? {
        origin: draft.origin,
        asPath: useAs4 && draft.as4Path !== undefined ? mergeAs4Path(draft.asPath, draft.as4Path) : draft.asPath,
        nextHop: draft.nextHop,
        med: draft.med,
        localPreference: draft.localPreference,
        atomicAggregate: draft.atomicAggregate,
        aggregator: useAs4 && draft.as4Aggregator !== undefined ? draft.as4Aggregator : draft.aggregator,
        communities: draft.communities,
        originatorId: draft.originatorId,
        clusterList: draft.clusterList,
        others: draft.others,
      }
    : undefined;
  const hasOthers = draft.count > (draft.has(ATTRIBUTE.mpUnreach) ? 1 : 0);
  return { attributes, hasNextHop: draft.has(ATTRIBUTE.nextHop), hasOthers, reach, unreach, faults };
}

/** RFC 7606 section 7.2: an unknown segment type, an overrun or an empty segment; AS 0 by RFC 7607 section 2. */
function decodeAsPath(body: Uint8Array, fourOctetAs: boolean): AsPath | undefined {
  const r = new Reader(body);
  const path: AsSegment[] = [];
  while (r.left > 0) {
    const type = r.u8();
    const count = r.u8();
    if ((type !== 1 && type !== 2) || count === 0) return undefined;
    const asns: number[] = [];
    for (let i = 0; i < count; i++) asns.push(fourOctetAs ? r.u32() : r.u16());
    if (r.short || asns.includes(0)) return undefined;
    path.push({ kind: type === 2 ? 'sequence' : 'set', asns });
  }
  return r.short ? undefined : path;
}

function decodeAggregator(body: Uint8Array, fourOctetAs: boolean): PathAttributes['aggregator'] {
  if (body.length !== (fourOctetAs ? 8 : 6)) return undefined;
  const r = new Reader(body);
  const asn = fourOctetAs ? r.u32() : r.u16();
  return { asn, address: sharedV4(r.u32()) };
}

function decodeWords(body: Uint8Array): readonly number[] {
  if (body.length === 0) return NO_NUMBERS;
  const words: number[] = [];
  for (let i = 0; i < body.length; i += 4) words.push(readU32(body, i));
  return words;
}

/**
 * The attribute field in ascending order of types, without MP_REACH_NLRI and MP_UNREACH_NLRI; `nextHop` absent leaves
 * NEXT_HOP out, for families whose next hop travels in MP_REACH_NLRI.
 */
export function encodeAttributes(
  attributes: PathAttributes,
  nextHop: IpAddress | undefined,
  fourOctetAs: boolean,
): Uint8Array {
  const w = new Writer(96);
  header(w, transitive, ATTRIBUTE.origin, 1).u8(ORIGINS.indexOf(attributes.origin));
  encodeAsPath(w, transitive, ATTRIBUTE.asPath, attributes.asPath, fourOctetAs);
  if (nextHop !== undefined) header(w, transitive, ATTRIBUTE.nextHop, 4).u32(nextHop.a);
  if (attributes.med !== undefined) header(w, optional, ATTRIBUTE.med, 4).u32(attributes.med);
  if (attributes.localPreference !== undefined) {
    header(w, transitive, ATTRIBUTE.localPreference, 4).u32(attributes.localPreference);
  }
  if (attributes.atomicAggregate) header(w, transitive, ATTRIBUTE.atomicAggregate, 0);
  const { aggregator, originatorId } = attributes;
  if (aggregator !== undefined) {
    header(w, optional | transitive, ATTRIBUTE.aggregator, fourOctetAs ? 8 : 6);
    if (fourOctetAs) w.u32(aggregator.asn);
    else w.u16(aggregator.asn > 0xffff ? AS_TRANS : aggregator.asn);
    w.u32(aggregator.address.a);
  }
  encodeWords(w, optional | transitive, ATTRIBUTE.communities, attributes.communities);
  if (originatorId !== undefined) header(w, optional, ATTRIBUTE.originatorId, 4).u32(originatorId.a);
  encodeWords(w, optional, ATTRIBUTE.clusterList, attributes.clusterList);
  if (!fourOctetAs) encodeAs4(w, attributes);
  for (const other of attributes.others) {
    header(w, other.flags, other.type, other.body.length).bytes(other.body);
  }
  return w.finish();
}

/** RFC 6793 section 4.2.2: for an old speaker, the true numbers ride along when any does not fit. */
function encodeAs4(w: Writer, attributes: PathAttributes): void {
  if (attributes.asPath.some((segment) => segment.asns.some((asn) => asn > 0xffff))) {
    encodeAsPath(w, optional | transitive, ATTRIBUTE.as4Path, attributes.asPath, true);
  }
  const { aggregator } = attributes;
  if (aggregator !== undefined && aggregator.asn > 0xffff) {
    header(w, optional | transitive, ATTRIBUTE.as4Aggregator, 8)
      .u32(aggregator.asn)
      .u32(aggregator.address.a);
  }
}

function encodeAsPath(w: Writer, flags: number, type: number, path: AsPath, fourOctetAs: boolean): void {
  const width = fourOctetAs ? 4 : 2;
  const length = path.reduce((sum, segment) => sum + 2 + width * segment.asns.length, 0);
  header(w, flags, type, length);
  for (const segment of path) {
    w.u8(segment.kind === 'sequence' ? 2 : 1).u8(segment.asns.length);
    for (const asn of segment.asns) {
      if (fourOctetAs) w.u32(asn);
      else w.u16(asn > 0xffff ? AS_TRANS : asn);
    }
  }
}

function encodeWords(w: Writer, flags: number, type: number, words: readonly number[]): void {
  if (words.length === 0) return;
  header(w, flags, type, 4 * words.length);
  for (const word of words) w.u32(word);
}

/** Flags, type and length; the length takes two octets only when it must. */
export function header(w: Writer, flags: number, type: number, length: number): Writer {
  if (length > 255)
    return w
      .u8(flags | extendedLength)
      .u8(type)
      .u16(length);
  return w.u8(flags).u8(type).u8(length);
}

/** What an optional attribute becomes when it is passed on: RFC 4271 section 5, the Partial bit. */
export function passedOn(other: OtherAttribute): OtherAttribute | undefined {
  if ((other.flags & transitive) === 0) return undefined;
  // Known types keep their flags; only what we do not understand is marked.
  return EXPECTED_FLAGS[other.type] !== undefined ? other : { ...other, flags: other.flags | partial };
}

/** Attributes of nothing: an UPDATE that only withdraws. */
export const NO_ATTRIBUTES: DecodedAttributes = decodeAttributes(EMPTY, { fourOctetAs: true, internal: false });
