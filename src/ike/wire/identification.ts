/** Identification payloads, RFC 7296 section 3.5. The body as received goes into AUTH (section 2.15), so it is kept. */
import { bytesEqual, concat, fail, fromUtf8, IpAddress, ok, Reader, type Result, utf8 } from '../../base/index.ts';
import type { Identity } from '../policy.ts';
import { PayloadType, type WireFault } from './message.ts';

/** Identification types, section 3.5. */
const IdType = {
  IPV4_ADDR: 1,
  FQDN: 2,
  RFC822_ADDR: 3,
  IPV6_ADDR: 5,
  DER_ASN1_DN: 9,
  DER_ASN1_GN: 10,
  KEY_ID: 11,
} as const;

const TYPE_NUMBERS: Readonly<Record<Identity['type'], number>> = {
  ipv4: IdType.IPV4_ADDR,
  fqdn: IdType.FQDN,
  rfc822: IdType.RFC822_ADDR,
  ipv6: IdType.IPV6_ADDR,
  'der-asn1-dn': IdType.DER_ASN1_DN,
  'der-asn1-gn': IdType.DER_ASN1_GN,
  'key-id': IdType.KEY_ID,
};

/** Body of an IDi or IDr payload: type, three reserved bytes, value. */
export function encodeIdentity(identity: Identity): Uint8Array {
  return concat(new Uint8Array([TYPE_NUMBERS[identity.type], 0, 0, 0]), identityBytes(identity));
}

/** Reads the body of an IDi or IDr payload; `payload` is its type for the fault. */
export function decodeIdentity(body: Uint8Array, payload: number = PayloadType.IDI): Result<Identity, WireFault> {
  const r = new Reader(body);
  const type = r.u8();
  r.u24(); // RESERVED
  const data = r.rest();
  if (r.short) return fail({ kind: 'short', payload });
  if (data.length === 0) return fail({ kind: 'bad-length', payload });
  switch (type) {
    case IdType.IPV4_ADDR:
    case IdType.IPV6_ADDR: {
      const family = type === IdType.IPV4_ADDR ? 4 : 6;
      if (data.length !== (family === 4 ? 4 : 16)) return fail({ kind: 'bad-length', payload });
      return ok({ type: family === 4 ? 'ipv4' : 'ipv6', address: IpAddress.read(data, 0, family) });
    }
    case IdType.FQDN:
    case IdType.RFC822_ADDR: {
      const name = fromUtf8(data);
      // Two different malformed names must not become one and the same text.
      if (!bytesEqual(utf8(name), data)) return fail({ kind: 'bad-payload', payload, detail: 'name is not UTF-8' });
      return ok({ type: type === IdType.FQDN ? 'fqdn' : 'rfc822', name });
    }
    case IdType.DER_ASN1_DN:
      return ok({ type: 'der-asn1-dn', data });
    case IdType.DER_ASN1_GN:
      return ok({ type: 'der-asn1-gn', data });
    case IdType.KEY_ID:
      return ok({ type: 'key-id', data });
    default:
      return fail({ kind: 'bad-payload', payload, detail: `identification type ${type}` });
  }
}

function identityBytes(identity: Identity): Uint8Array {
  switch (identity.type) {
    case 'ipv4':
    case 'ipv6':
      return identity.address.toBytes();
    case 'fqdn':
    case 'rfc822':
      return utf8(identity.name);
    default:
      return identity.data;
  }
}
