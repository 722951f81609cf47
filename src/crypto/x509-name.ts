/** Distinguished names of certificates, RFC 5280 sections 4.1.2.4 and 7.1: compared by meaning, shown as text. */
import { bytesEqual, fromUtf8, toHex } from '../base/index.ts';
import { type Der, DerReader, oidText, Tag } from './der.ts';

/** One attribute of a name, such as `cn` and `gw1.example.com`. */
export type NameAttribute = Readonly<{ key: string; value: string }>;

const KEYS: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'cn'],
  ['2.5.4.4', 'sn'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'c'],
  ['2.5.4.7', 'l'],
  ['2.5.4.8', 'st'],
  ['2.5.4.9', 'street'],
  ['2.5.4.10', 'o'],
  ['2.5.4.11', 'ou'],
  ['2.5.4.12', 't'],
  ['2.5.4.42', 'gn'],
  ['0.9.2342.19200300.100.1.1', 'uid'],
  ['0.9.2342.19200300.100.1.25', 'dc'],
  ['1.2.840.113549.1.9.1', 'ea'],
  ['1.2.840.113549.1.9.2', 'hostname'],
  ['1.2.840.113549.1.9.8', 'ipaddress'],
]);

/** More than honest names have: a bound on the work that one certificate can cause. */
const MOST_ATTRIBUTES = 64;

/** The attributes of a name in the order they are written; undefined when the bytes are no name. */
export function nameAttributes(der: Uint8Array): readonly NameAttribute[] | undefined {
  const found = attributesOf(der);
  return found?.flat().map(({ key, value }) => ({ key, value: textOf(value) }));
}

/** A name as text, most specific part first (RFC 4514 section 2.1); undefined when the bytes are no name. */
export function nameText(der: Uint8Array): string | undefined {
  const found = attributesOf(der);
  return found
    ?.map((rdn) => rdn.map(({ key, value }) => `${key}=${escaped(textOf(value))}`).join('+'))
    .reverse()
    .join(',');
}

/** Whether two names are the same: of each attribute the text without regard to case and blanks, section 7.1. */
export function namesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (bytesEqual(a, b)) return true;
  const left = attributesOf(a);
  const right = attributesOf(b);
  if (left === undefined || right === undefined || left.length !== right.length) return false;
  return left.every((rdn, i) => comparable(rdn) === comparable(right[i] ?? []));
}

type Raw = Readonly<{ key: string; value: Der }>;

function attributesOf(der: Uint8Array): readonly (readonly Raw[])[] | undefined {
  const whole = new DerReader(der);
  const rdns = whole.enter(Tag.SEQUENCE);
  whole.end();
  const out: Raw[][] = [];
  let count = 0;
  while (rdns.hasMore) {
    const set = rdns.enter(Tag.SET);
    const rdn: Raw[] = [];
    while (set.hasMore) {
      const attribute = set.enter(Tag.SEQUENCE);
      const oid = oidText(attribute.take(Tag.OID).content);
      const value = attribute.any();
      attribute.end();
      count += 1;
      if (oid === '' || count > MOST_ATTRIBUTES) return undefined;
      rdn.push({ key: KEYS.get(oid) ?? oid, value });
    }
    if (rdn.length === 0) return undefined;
    out.push(rdn);
  }
  return whole.malformed ? undefined : out;
}

function comparable(rdn: readonly Raw[]): string {
  const parts = rdn.map(({ key, value }) => {
    const text = isText(value.tag) ? textOf(value).trim().replaceAll(/\s+/gu, ' ').toLowerCase() : toHex(value.raw);
    return JSON.stringify([key, text]);
  });
  return parts.sort().join();
}

function isText(tag: number): boolean {
  return tag === Tag.UTF8_STRING || tag === Tag.PRINTABLE_STRING || tag === Tag.IA5_STRING || tag === Tag.BMP_STRING;
}

function textOf({ tag, content, raw }: Der): string {
  switch (tag) {
    case Tag.UTF8_STRING:
      return fromUtf8(content);
    case Tag.PRINTABLE_STRING:
    case Tag.NUMERIC_STRING:
    case Tag.IA5_STRING:
    case Tag.TELETEX_STRING:
      return Array.from(content, (byte) => String.fromCharCode(byte)).join('');
    case Tag.BMP_STRING: {
      const units = Array.from({ length: content.length >> 1 }, (_, i) => [
        content[2 * i] ?? 0,
        content[2 * i + 1] ?? 0,
      ]);
      return units.map(([high = 0, low = 0]) => String.fromCharCode(high * 256 + low)).join('');
    }
    default:
      return `#${toHex(raw)}`;
  }
}

/** RFC 4514 section 2.4; control and invisible characters, too, for whoever reads it in a terminal. */
function escaped(text: string): string {
  return text
    .replaceAll(/[,+"\\<>;=]/g, (sign) => `\\${sign}`)
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029\ud800-\udfff]/gu, (sign) =>
      [...new TextEncoder().encode(sign)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join(''),
    );
}
