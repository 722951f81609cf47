import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex, utf8 } from '../base/index.ts';
import { readPublicKey } from './keys.ts';
import { privateKey, type TestKeyType, testKey } from './pki.fixture.ts';
import {
  decodeScheme,
  encodeScheme,
  hashOfCurve,
  pss,
  type SignatureHash,
  type SignatureScheme,
  sign,
  suitsKey,
  verify,
} from './signature.ts';

const hex = (text: string): Uint8Array => {
  const bytes = fromHex(text);
  assert.ok(bytes);
  return bytes;
};

const NAMES: readonly Readonly<{ name: string; scheme: SignatureScheme; der: string }>[] = [
  {
    name: 'sha256WithRSAEncryption (RFC 7427 section A.1.2)',
    scheme: { kind: 'rsa-pkcs1', hash: 'sha256' },
    der: '300d06092a864886f70d01010b0500',
  },
  {
    name: 'sha512WithRSAEncryption (RFC 7427 section A.1.4)',
    scheme: { kind: 'rsa-pkcs1', hash: 'sha512' },
    der: '300d06092a864886f70d01010d0500',
  },
  {
    name: 'ecdsa-with-SHA256 (RFC 7427 section A.3.2)',
    scheme: { kind: 'ecdsa', hash: 'sha256', form: 'der' },
    der: '300a06082a8648ce3d040302',
  },
  {
    name: 'RSASSA-PSS with SHA-256 (RFC 7427 section A.4.3)',
    scheme: pss('sha256'),
    der: '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120',
  },
  {
    name: 'Ed25519 (RFC 8420 section A.1)',
    scheme: { kind: 'eddsa', curve: 'ed25519' },
    der: '300506032b6570',
  },
  { name: 'Ed448 (RFC 8420 section A.2)', scheme: { kind: 'eddsa', curve: 'ed448' }, der: '300506032b6571' },
];

for (const { name, scheme, der } of NAMES) {
  test(`AlgorithmIdentifier of ${name}`, () => {
    assert.equal(toHex(encodeScheme(scheme)), der);
    assert.deepEqual(decodeScheme(hex(der)), scheme);
  });
}

test('RSASSA-PSS without parameters means SHA-1 throughout (RFC 4055 section 3.1)', () => {
  assert.deepEqual(decodeScheme(hex('300d06092a864886f70d01010a3000')), pss('sha1'));
});

test('RSASSA-PSS with two hashes, a trailer of its own or too much salt is not ours', () => {
  const mixed = toHex(encodeScheme(pss('sha256'))).replace(
    '0304020105 00'.replace(' ', ''),
    '03040202 0500'.replace(' ', ''),
  );
  assert.equal(decodeScheme(hex(mixed)), undefined);
  const salty = toHex(encodeScheme(pss('sha256'))).replace(/020120$/, '02017f');
  assert.equal(decodeScheme(hex(salty)), undefined);
});

/** RFC 4754 sections 8.1 and 8.2: the message is `abc`. */
const ECDSA_VECTORS = [
  {
    curve: 'P-256',
    x: '2442A5CC0ECD015FA3CA31DC8E2BBC70BF42D60CBCA20085E0822CB04235E970',
    y: '6FC98BD7E50211A4A27102FA3549DF79EBCB4BF246B80945CDDFE7D509BBFD7D',
    rs: 'CB28E0999B9C7715FD0A80D8E47A77079716CBBF917DD72E97566EA1C066957C86FA3BB4E26CAD5BF90B7F81899256CE7594BB1EA0C89212748BFF3B3D5B0315',
  },
  {
    curve: 'P-384',
    x: '96281BF8DD5E0525CA049C048D345D3082968D10FEDF5C5ACA0C64E6465A97EA5CE10C9DFEC21797415710721F437922',
    y: '447688BA94708EB6E2E4D59F6AB6D7EDFF9301D249FE49C33096655F5D502FAD3D383B91C5E7EDAA2B714CC99D5743CA',
    rs: 'FB017B914E29149432D8BAC29A514640B46F53DDAB2C69948084E2930F1C8F7E08E07C9C63F2D21A07DCB56A6AF56EB3B263A1305E057F984D38726A1B46874109F417BCA112674C528262A40A629AF1CBB9F516CE0FA7D2FF630863A00E8B9F',
  },
] as const;

for (const { curve, x, y, rs } of ECDSA_VECTORS) {
  test(`ECDSA ${curve} of RFC 4754 section 8 verifies, and not with one bit changed`, () => {
    const part = (text: string): string => Buffer.from(hex(text)).toString('base64url');
    const jwk = { kty: 'EC', crv: curve, x: part(x), y: part(y) };
    const key = readPublicKey(createPublicKey({ format: 'jwk', key: jwk }).export({ type: 'spki', format: 'der' }));
    assert.ok(key.ok);
    const scheme: SignatureScheme = { kind: 'ecdsa', hash: hashOfCurve(curve), form: 'raw' };
    assert.ok(verify(key.value, scheme, utf8('abc'), hex(rs)));
    const changed = hex(rs);
    changed[40] = (changed[40] ?? 0) ^ 1;
    assert.ok(!verify(key.value, scheme, utf8('abc'), changed));
    assert.ok(!verify(key.value, scheme, utf8('abd'), hex(rs)));
  });
}

const HASHES: readonly SignatureHash[] = ['sha1', 'sha256', 'sha384', 'sha512'];
const SCHEMES: readonly SignatureScheme[] = [
  ...HASHES.map((hash) => ({ kind: 'rsa-pkcs1', hash }) as const),
  ...HASHES.map(pss),
  ...HASHES.map((hash) => ({ kind: 'ecdsa', hash, form: 'der' }) as const),
  ...HASHES.map((hash) => ({ kind: 'ecdsa', hash, form: 'raw' }) as const),
  { kind: 'eddsa', curve: 'ed25519' },
  { kind: 'eddsa', curve: 'ed448' },
];
const KEYS: readonly TestKeyType[] = ['rsa', 'rsa-pss', 'P-256', 'P-384', 'P-521', 'ed25519', 'ed448'];

test('every key signs by the schemes that suit it and by no other', () => {
  const data = utf8('what is signed');
  let pairs = 0;
  for (const type of KEYS) {
    const key = privateKey(testKey(type));
    const other = privateKey(testKey(type === 'P-256' ? 'P-384' : 'P-256'));
    const publicKey = readPublicKey(key.publicInfo);
    const otherPublic = readPublicKey(other.publicInfo);
    assert.ok(publicKey.ok && otherPublic.ok);
    for (const scheme of SCHEMES) {
      if (!suitsKey(scheme, key.kind)) {
        assert.throws(() => sign(key, scheme, data));
        continue;
      }
      pairs += 1;
      const signature = sign(key, scheme, data);
      assert.ok(verify(publicKey.value, scheme, data, signature), `${type} ${scheme.kind}`);
      assert.ok(!verify(publicKey.value, scheme, utf8('something else'), signature));
      assert.ok(!verify(otherPublic.value, scheme, data, signature));
    }
  }
  assert.equal(pairs, 8 + 4 + 3 * 8 + 2);
});

test('no bytes make the decoder or verification throw', () => {
  const key = readPublicKey(privateKey(testKey('rsa')).publicInfo);
  assert.ok(key.ok);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...SCHEMES), (bytes, scheme) => {
      decodeScheme(bytes);
      assert.equal(verify(key.value, scheme, utf8('x'), bytes), false);
    }),
  );
});
