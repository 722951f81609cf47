/**
 * ECDSA with P-521 by the machine's library, which is several times quicker there than Node's; the smaller curves gain
 * nothing. Signatures are r | s (RFC 4754 section 7) or SEQUENCE { r, s } (RFC 3279 section 2.2.3).
 */
import { concat } from '../base/index.ts';
import { DerReader, Tag } from './der.ts';
import { hashOf } from './hash.ts';
import type { KeyKind, PrivateKey, PublicKey } from './keys.ts';
import { fieldLength, type NativeCurves, nativeFor } from './native-curves.ts';
import type { SignatureScheme } from './signature.ts';

type Ecdsa = Extract<SignatureScheme, { kind: 'ecdsa' }>;

const CURVE = 'P-521';

/** The library that is to sign and verify with a key; undefined: Node does. */
export function nativeEcdsa(scheme: SignatureScheme, { curve }: KeyKind): NativeCurves | undefined {
  return scheme.kind === 'ecdsa' && curve === CURVE ? nativeFor(curve) : undefined;
}

export function signNatively(native: NativeCurves, key: PrivateKey, scheme: Ecdsa, data: Uint8Array): Uint8Array {
  const signature = native.sign(CURVE, key.scalar().reveal(), hashOf(scheme.hash, data));
  return scheme.form === 'der' ? signature : rawOf(signature);
}

export function verifyNatively(
  native: NativeCurves,
  key: PublicKey,
  scheme: Ecdsa,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (scheme.form === 'raw' && signature.length !== 2 * fieldLength(CURVE)) return false;
  const der = scheme.form === 'der' ? signature : derOf(signature);
  return native.verify(CURVE, key.point(), hashOf(scheme.hash, data), der);
}

/** r | s of a sequence that we made. */
function rawOf(der: Uint8Array): Uint8Array {
  const length = fieldLength(CURVE);
  const fields = new DerReader(der).enter(Tag.SEQUENCE);
  const out = new Uint8Array(2 * length);
  for (const end of [length, 2 * length]) {
    const { content } = fields.take(Tag.INTEGER);
    // A zero before a first bit that is set keeps the number positive.
    const digits = content.length > length ? content.subarray(content.length - length) : content;
    out.set(digits, end - digits.length);
  }
  return out;
}

function derOf(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const content = concat(integer(raw.subarray(0, half)), integer(raw.subarray(half)));
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return concat(Uint8Array.of(Tag.SEQUENCE, ...length), content);
}

/** A positive number without zeros that it does not need. Those of P-521 have fewer than 128 bytes. */
function integer(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  const sign = (digits[0] ?? 0) >= 0x80 ? [0] : [];
  return concat(Uint8Array.of(Tag.INTEGER, sign.length + digits.length, ...sign), digits);
}
