/**
 * EVPN routes of type 5, IP prefixes of tenants (RFC 9136), as BGP carries them between tunnel endpoints: what names a
 * route, what it says beside its attributes, and the communities that go with it (RFC 4360, 8365, 9135).
 */
import {
  type Family,
  fromHex,
  IpAddress,
  Prefix,
  type Reader,
  readU16,
  readU32,
  toHex,
  Writer,
} from '../base/index.ts';
import type { OtherAttribute } from './path-attributes.ts';

/** Families that a session may speak: IPv4 and IPv6 unicast, and L2VPN EVPN. */
export type BgpFamily = Family | 'evpn';

export const FAMILIES: readonly BgpFamily[] = [4, 6, 'evpn'];

/** What a type 5 route holds that does not name it, RFC 9136 section 3.1. */
export type EvpnFields = Readonly<{
  /** Ethernet segment identifier, ten bytes in hexadecimal. */
  esi: string;
  gateway: IpAddress;
  /** VNI, where the encapsulation is VXLAN (RFC 8365 section 5.1.3): all 24 bits. */
  label: number;
}>;

const NO_ESI = '0'.repeat(20);
const RD_LENGTH = 8;

/**
 * The name of a type 5 route: route distinguisher, Ethernet tag and prefix. `fields` ride along and do not count when
 * names are compared, as the RFC has it.
 */
export class EvpnPrefix {
  readonly family = 'evpn';
  /** `ASN:N` or `A.B.C.D:N`. */
  readonly rd: string;
  readonly ethernetTag: number;
  readonly prefix: Prefix;
  readonly fields: EvpnFields;
  readonly #text: string;

  constructor(rd: string, ethernetTag: number, prefix: Prefix, fields?: Partial<EvpnFields>) {
    this.rd = rd;
    this.ethernetTag = ethernetTag;
    this.prefix = prefix;
    this.fields = { esi: NO_ESI, gateway: IpAddress.any(prefix.family), label: 0, ...fields };
    // As routers print it: type, tag, length of the prefix, the prefix.
    this.#text = `${rd} [5][${ethernetTag}][${prefix.length}][${prefix.address}]`;
  }

  get length(): number {
    return this.prefix.length;
  }

  /** Order: by route distinguisher, tag and prefix. */
  compare(other: EvpnPrefix): number {
    if (this.rd !== other.rd) return this.rd < other.rd ? -1 : 1;
    return this.ethernetTag - other.ethernetTag || this.prefix.compare(other.prefix);
  }

  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** What a route is about, in any family. */
export type Nlri = Prefix | EvpnPrefix;

/** The prefix that policies look at. */
export function prefixOf(nlri: Nlri): Prefix {
  return nlri instanceof EvpnPrefix ? nlri.prefix : nlri;
}

/** Order of all routes: by family first. */
export function compareNlri(a: Nlri, b: Nlri): number {
  if (a instanceof EvpnPrefix) return b instanceof EvpnPrefix ? a.compare(b) : 1;
  return b instanceof EvpnPrefix ? -1 : a.compare(b);
}

/** Eight bytes of a route distinguisher, RFC 4364 section 4.2, as text; types other than 0 to 2 as hexadecimal. */
export function rdText(bytes: Uint8Array): string {
  const type = readU16(bytes, 0);
  return administered(type, bytes) ?? `0x${toHex(bytes)}`;
}

/** The bytes of a route distinguisher; undefined when the text is none. */
export function rdBytes(text: string): Uint8Array | undefined {
  if (text.startsWith('0x')) {
    const bytes = fromHex(text.slice(2));
    return bytes?.length === RD_LENGTH ? bytes : undefined;
  }
  const value = administratorBytes(text);
  if (value === undefined) return undefined;
  return new Writer(RD_LENGTH).u16(value.type).bytes(value.bytes).finish();
}

/** `65000:1`, `192.0.2.1:1` or `4200000000:1`: types 0, 1 and 2 of RFC 4364 section 4.2 and of RFC 4360 section 3. */
function administered(type: number, bytes: Uint8Array): string | undefined {
  if (type === 0) return `${readU16(bytes, 2)}:${readU32(bytes, 4)}`;
  if (type === 1) return `${IpAddress.v4(readU32(bytes, 2))}:${readU16(bytes, 6)}`;
  // A number that fits type 0 would read as that one; so that text and bytes stay one to one, it is not shown so.
  if (type === 2 && readU32(bytes, 2) > 0xffff) return `${readU32(bytes, 2)}:${readU16(bytes, 6)}`;
  return undefined;
}

function administratorBytes(text: string): Readonly<{ type: number; bytes: Uint8Array }> | undefined {
  const [left = '', right = '', ...more] = text.split(':');
  if (!/^\d{1,10}$/.test(right) || more.length > 0) return undefined;
  const number = Number(right);
  const w = new Writer(6);
  if (left.includes('.')) {
    const address = IpAddress.parse(left);
    if (address?.family !== 4 || number > 0xffff) return undefined;
    return { type: 1, bytes: w.u32(address.a).u16(number).finish() };
  }
  const asn = Number(left);
  if (!/^\d{1,10}$/.test(left) || asn > 0xffff_ffff) return undefined;
  if (asn > 0xffff) return number > 0xffff ? undefined : { type: 2, bytes: w.u32(asn).u16(number).finish() };
  return number > 0xffff_ffff ? undefined : { type: 0, bytes: w.u16(asn).u32(number).finish() };
}

/** What the extended communities of a route say to a tunnel endpoint. */
export type OverlayCommunities = Readonly<{
  routeTargets: readonly string[];
  /** RFC 8365 section 5.1.3; absent: the sender left it out, which means MPLS. */
  isVxlan: boolean;
  /** Where inner frames are addressed to, RFC 9135 section 8.1. */
  routerMac?: Uint8Array;
}>;

const EXTENDED_COMMUNITIES = 16;
const OPTIONAL_TRANSITIVE = 0xc0;
const COMMUNITY_LENGTH = 8;
const SUBTYPE_ROUTE_TARGET = 0x02;
const ENCAPSULATION = 0x030c;
const ROUTER_MAC = 0x0603;
const TUNNEL_VXLAN = 8;

/** Reads the extended communities among a route's attributes; what is not known there is left alone. */
export function overlayCommunities(others: readonly OtherAttribute[]): OverlayCommunities {
  const routeTargets: string[] = [];
  let isVxlan = false;
  let routerMac: Uint8Array | undefined;
  for (const { type, body } of others) {
    if (type !== EXTENDED_COMMUNITIES) continue;
    for (let at = 0; at + COMMUNITY_LENGTH <= body.length; at += COMMUNITY_LENGTH) {
      const community = body.subarray(at, at + COMMUNITY_LENGTH);
      const kind = readU16(community, 0);
      if (kind >> 8 <= 2 && (kind & 0xff) === SUBTYPE_ROUTE_TARGET) {
        const target = administered(kind >> 8, community);
        if (target !== undefined) routeTargets.push(target);
      } else if (kind === ENCAPSULATION) isVxlan ||= readU16(community, 6) === TUNNEL_VXLAN;
      else if (kind === ROUTER_MAC) routerMac ??= community.slice(2);
    }
  }
  return { routeTargets, isVxlan, ...(routerMac === undefined ? {} : { routerMac }) };
}

/** The attribute that says so; targets that are none are left out. */
export function overlayAttribute({ routeTargets, isVxlan, routerMac }: OverlayCommunities): OtherAttribute {
  const w = new Writer(32);
  for (const target of routeTargets) {
    const value = administratorBytes(target);
    if (value !== undefined) w.u8(value.type).u8(SUBTYPE_ROUTE_TARGET).bytes(value.bytes);
  }
  if (isVxlan) w.u16(ENCAPSULATION).u32(0).u16(TUNNEL_VXLAN);
  if (routerMac?.length === 6) w.u16(ROUTER_MAC).bytes(routerMac);
  return { type: EXTENDED_COMMUNITIES, flags: OPTIONAL_TRANSITIVE, body: w.finish() };
}

const TYPE_IP_PREFIX = 5;
/** Lengths of a type 5 route for IPv4 and IPv6; nothing else is one. */
const LENGTHS: Readonly<Record<number, Family>> = { 34: 4, 58: 6 };

/** EVPN routes of one attribute: those we know, and what kept others out. */
export type EvpnRoutes = Readonly<{
  routes: readonly EvpnPrefix[];
  /** Whole routes of types that are not 5, RFC 7432 section 7. */
  unknown: number;
  /** Type 5 routes that no one may use, RFC 9136 section 3.1. */
  bad: number;
}>;

/** Reads to the reader's end; undefined when a route runs past it, for then nobody knows where the next one begins. */
export function decodeEvpn(r: Reader): EvpnRoutes | undefined {
  const routes: EvpnPrefix[] = [];
  let unknown = 0;
  let bad = 0;
  while (r.left > 0) {
    const type = r.u8();
    const body = r.sub(r.u8());
    if (r.short) return undefined;
    if (type !== TYPE_IP_PREFIX) {
      unknown++;
      continue;
    }
    const route = decodeIpPrefix(body);
    if (route === undefined) bad++;
    else routes.push(route);
  }
  return { routes, unknown, bad };
}

function decodeIpPrefix(r: Reader): EvpnPrefix | undefined {
  const family = LENGTHS[r.left];
  if (family === undefined) return undefined;
  const rd = rdText(r.bytes(RD_LENGTH));
  const esi = toHex(r.bytes(10));
  const ethernetTag = r.u32();
  const length = r.u8();
  const octets = family === 4 ? 4 : 16;
  const address = IpAddress.read(r.bytes(octets), 0, family);
  const gateway = IpAddress.read(r.bytes(octets), 0, family);
  const label = r.u24();
  if (length > address.bits) return undefined;
  // Section 3.2: a route overlays on a segment or on a gateway, never on both.
  if (esi !== NO_ESI && !gateway.isUnspecified) return undefined;
  return new EvpnPrefix(rd, ethernetTag, new Prefix(address, length), { esi, gateway, label });
}

/** Bytes that a route takes. */
export function evpnLength({ prefix }: EvpnPrefix): number {
  return prefix.family === 4 ? 36 : 60;
}

export function encodeEvpn(w: Writer, { rd, ethernetTag, prefix, fields }: EvpnPrefix): void {
  const { esi, gateway, label } = fields;
  w.u8(TYPE_IP_PREFIX).u8(prefix.family === 4 ? 34 : 58);
  w.bytes(rdBytes(rd) ?? new Uint8Array(RD_LENGTH)).bytes(fromHex(esi) ?? new Uint8Array(10));
  w.u32(ethernetTag).u8(prefix.length).bytes(prefix.address.toBytes());
  w.bytes((gateway.family === prefix.family ? gateway : IpAddress.any(prefix.family)).toBytes());
  w.u8(label >>> 16).u16(label & 0xffff);
}

/** The same route with other fields. */
export function withFields({ rd, ethernetTag, prefix }: EvpnPrefix, fields: EvpnFields): EvpnPrefix {
  return new EvpnPrefix(rd, ethernetTag, prefix, fields);
}
