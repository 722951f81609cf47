/** UPDATE, RFC 4271 section 4.3, with multiprotocol reachability (RFC 4760) and revised error handling (RFC 7606). */
import { bytesEqual, fail, type IpAddress, ok, Reader, type Result, readU16, Writer } from '../../base/index.ts';
import type { BgpFamily, Nlri } from '../evpn.ts';
import { type BgpFault, treatmentOf } from '../faults.ts';
import { GenerationCache, hashBytes } from '../intern.ts';
import type { PathAttributes } from '../path-attributes.ts';
import { encodeFrame, HEADER_LENGTH, MAX_MESSAGE_LENGTH } from './framing.ts';
import { decodeNlri, encodeNlri, nlriLength } from './nlri.ts';
import { AFI, SAFI } from './open.ts';
import {
  ATTRIBUTE,
  type DecodedAttributes,
  decodeAttributes,
  FLAG,
  header,
  NO_ATTRIBUTES,
  type UpdateContext,
} from './path-attributes.ts';

/** What an UPDATE says, whichever fields said it. Treat-as-withdraw has already been applied. */
export type Update = Readonly<{
  withdrawn: readonly Nlri[];
  announced: readonly Readonly<{ attributes: PathAttributes; prefixes: readonly Nlri[] }>[];
  /** RFC 4724 section 2: everything has been said for this family. */
  endOfRib?: BgpFamily;
  /** What was wrong but did not end the session. */
  faults: readonly BgpFault[];
}>;

const NONE: readonly never[] = [];

/** Reads the body of an UPDATE; the error is always one that resets the session. */
export function decodeUpdate(body: Uint8Array, context: UpdateContext): Result<Update, BgpFault> {
  const withdrawnLength = readU16(body, 0);
  const attributesAt = 4 + withdrawnLength;
  const attributesLength = readU16(body, 2 + withdrawnLength);
  if (body.length < attributesAt || body.length < attributesAt + attributesLength) {
    return fail({ kind: 'update-lengths-disagree' });
  }
  const withdrawn = decodeNlri(new Reader(body, 2, 2 + withdrawnLength), 4);
  const nlri = decodeNlri(new Reader(body, attributesAt + attributesLength), 4);
  if (withdrawn === undefined || nlri === undefined) return fail({ kind: 'bad-nlri' });
  const decoded = attributesOf(body.subarray(attributesAt, attributesAt + attributesLength), context);

  const faults = [...decoded.faults];
  const announces = nlri.length > 0 || decoded.reach !== undefined;
  if ((announces && decoded.attributes === undefined) || (nlri.length > 0 && !decoded.hasNextHop)) {
    faults.push({ kind: 'missing-well-known' });
  }
  const fatal = faults.find((fault) => treatmentOf(fault.kind) === 'session-reset');
  if (fatal !== undefined) return fail(fatal);
  return weigh(decoded, withdrawn, nlri, faults);
}

function weigh(
  decoded: DecodedAttributes,
  withdrawn: readonly Nlri[],
  nlri: readonly Nlri[],
  faults: readonly BgpFault[],
): Result<Update, BgpFault> {
  const { attributes, reach, unreach } = decoded;
  const gone = unreach === undefined ? withdrawn : [...withdrawn, ...unreach.prefixes];
  if (faults.some((fault) => treatmentOf(fault.kind) === 'treat-as-withdraw')) {
    // RFC 7606 section 5.2: without any reachable prefix in sight we cannot know what to withdraw.
    if (nlri.length === 0 && reach === undefined) return fail({ kind: 'faulty-without-nlri' });
    return ok({ withdrawn: [...gone, ...nlri, ...(reach?.prefixes ?? NONE)], announced: NONE, faults });
  }
  if (nlri.length === 0 && reach === undefined) {
    const endOfRib = endOfRibOf(decoded, withdrawn);
    return ok({ withdrawn: gone, announced: NONE, faults, ...(endOfRib !== undefined && { endOfRib }) });
  }
  const announced: Update['announced'][number][] = [];
  if (attributes !== undefined && nlri.length > 0) announced.push({ attributes, prefixes: nlri });
  if (attributes !== undefined && reach !== undefined) {
    announced.push({ attributes: { ...attributes, nextHop: reach.nextHop }, prefixes: reach.prefixes });
  }
  return ok({ withdrawn: gone, announced, faults });
}

function endOfRibOf(decoded: DecodedAttributes, withdrawn: readonly Nlri[]): BgpFamily | undefined {
  if (withdrawn.length > 0 || decoded.hasOthers) return undefined;
  if (decoded.unreach === undefined) return 4;
  return decoded.unreach.prefixes.length === 0 ? decoded.unreach.family : undefined;
}

/** Attribute fields seen lately, by their bytes: most UPDATEs repeat what another neighbour said before. */
type Remembered = Readonly<{ bytes: Uint8Array; decoded: DecodedAttributes }>;

const remembered: readonly GenerationCache<number, Remembered>[] = Array.from(
  { length: 4 },
  () => new GenerationCache<number, Remembered>(8192),
);

function attributesOf(block: Uint8Array, context: UpdateContext): DecodedAttributes {
  if (block.length === 0) return NO_ATTRIBUTES;
  const cache = remembered[(context.fourOctetAs ? 2 : 0) + (context.internal ? 1 : 0)];
  const key = hashBytes(block);
  const known = cache?.get(key);
  if (known !== undefined && bytesEqual(known.bytes, block)) return known.decoded;
  const decoded = decodeAttributes(block, context);
  // With multiprotocol NLRI inside, the same bytes hardly come twice.
  if (decoded.reach === undefined && decoded.unreach === undefined) cache?.set(key, { bytes: block.slice(), decoded });
  return decoded;
}

/** Room for attributes and NLRI in one message. */
const ROOM = MAX_MESSAGE_LENGTH - HEADER_LENGTH - 4;
/** MP_REACH_NLRI before its NLRI: extended header, family, next hop, reserved octet. */
const REACH_OVERHEAD = 4 + 3 + 1 + 16 + 1;
const UNREACH_OVERHEAD = 4 + 3;

/**
 * UPDATEs that announce the prefixes, as few as they fit in, with where each ends in `prefixes`. `block` comes from
 * `encodeAttributes`: with NEXT_HOP for IPv4, without for IPv6. None at all when the attributes alone are too long.
 */
export function encodeAnnouncements(
  family: BgpFamily,
  block: Uint8Array,
  nextHop: IpAddress,
  prefixes: readonly Nlri[],
): readonly Uint8Array[] {
  const room = ROOM - block.length - (family === 4 ? 0 : REACH_OVERHEAD);
  if (room < 17) return [];
  return chunks(prefixes, room).map((part) => {
    const w = new Writer(256);
    w.u16(0);
    if (family === 4) {
      w.u16(block.length).bytes(block);
      encodeNlri(w, part);
    } else {
      const attribute = new Writer(256);
      const hop = nextHop.toBytes();
      attribute.u16(AFI[family]).u8(SAFI[family]).u8(hop.length).bytes(hop).u8(0);
      encodeNlri(attribute, part);
      const body = attribute.finish();
      w.u16(0);
      // RFC 7606 section 5.1: MP_REACH_NLRI comes first, so that the NLRI are found whatever follows.
      header(w, FLAG.optional, ATTRIBUTE.mpReach, body.length).bytes(body).bytes(block);
      w.patchU16(2, w.length - 4);
    }
    return encodeFrame('update', w.finish());
  });
}

/** UPDATEs that withdraw the prefixes, as few as they fit in. */
export function encodeWithdrawals(family: BgpFamily, prefixes: readonly Nlri[]): readonly Uint8Array[] {
  const room = ROOM - (family === 4 ? 0 : UNREACH_OVERHEAD);
  return chunks(prefixes, room).map((part) => encodeWithdrawal(family, part));
}

/** End-of-RIB: an UPDATE that withdraws nothing, RFC 4724 section 2. */
export function encodeEndOfRib(family: BgpFamily): Uint8Array {
  return encodeWithdrawal(family, []);
}

function encodeWithdrawal(family: BgpFamily, prefixes: readonly Nlri[]): Uint8Array {
  const nlri = new Writer(64);
  encodeNlri(nlri, prefixes);
  const bytes = nlri.finish();
  const w = new Writer(64);
  if (family === 4) w.u16(bytes.length).bytes(bytes).u16(0);
  else {
    w.u16(0).u16(0);
    header(w, FLAG.optional, ATTRIBUTE.mpUnreach, bytes.length + 3);
    w.u16(AFI[family]).u8(SAFI[family]).bytes(bytes);
    w.patchU16(2, w.length - 4);
  }
  return encodeFrame('update', w.finish());
}

function chunks(prefixes: readonly Nlri[], room: number): readonly (readonly Nlri[])[] {
  const parts: Nlri[][] = [];
  let part: Nlri[] = [];
  let left = room;
  for (const prefix of prefixes) {
    const length = nlriLength(prefix);
    if (length > left) {
      parts.push(part);
      part = [];
      left = room;
    }
    part.push(prefix);
    left -= length;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}
