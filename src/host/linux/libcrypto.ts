/**
 * Elliptic curves by the machine's OpenSSL (`libcrypto.so.3`), called directly: its public EC_POINT and ECDSA functions.
 * Every call takes all it needs and keeps nothing: groups, points and numbers are made once for a process, used again and
 * cleared after each use, so nothing can leak and no private number stays behind.
 *
 * RTLD_DEEPBIND is what makes this another library than Node's: Node's binary exports an OpenSSL of its own, and without
 * it the functions of the machine's library would call those of Node by name. musl has no such flag, so there Node's own
 * is used.
 */
import { createRequire } from 'node:module';
import { platform } from 'node:process';
import type * as Koffi from 'koffi';
import { fail, ok, type Result } from '../../base/index.ts';
import { type Curve, fieldLength, type NativeCurves } from '../../crypto/index.ts';

/** The name of the library's third major version, which promises one binary interface. */
const LIBRARY = 'libcrypto.so.3';

/** Numbers of the curves in OpenSSL's list of objects (`openssl/obj_mac.h`). */
const NIDS: Readonly<Record<Curve, number>> = { 'P-256': 415, 'P-384': 715, 'P-521': 716 };
const UNCOMPRESSED = 4;
/** BN_FLG_CONSTTIME: what is done with the number shall not take time by its value. */
const CONSTANT_TIME = 4;
/** Longest ECDSA signature with P-521 as DER: 3 + 2 * (2 + 67). */
const LONGEST_SIGNATURE = 144;
const LONGEST_DIGEST = 64;

/** An address of the library's; 0 is none. */
type Handle = number;

type Calls = Readonly<{
  version: (what: number) => string;
  clearErrors: () => void;
  newContext: () => Handle;
  freeContext: (context: Handle) => void;
  newNumber: () => Handle;
  setFlags: (number: Handle, flags: number) => void;
  clear: (number: Handle) => void;
  fromBytes: (bytes: Uint8Array, length: number, number: Handle) => Handle;
  newGroup: (nid: number) => Handle;
  newPoint: (group: Handle) => Handle;
  multiply: (group: Handle, result: Handle, base: Handle, point: Handle, scalar: Handle, context: Handle) => number;
  toOctets: (group: Handle, point: Handle, form: number, out: Uint8Array, length: number, context: Handle) => number;
  fromOctets: (group: Handle, point: Handle, bytes: Uint8Array, length: number, context: Handle) => number;
  generator: (group: Handle) => Handle;
  copyPoint: (to: Handle, from: Handle) => number;
  newKey: (nid: number) => Handle;
  freeKey: (key: Handle) => void;
  setPrivate: (key: Handle, number: Handle) => number;
  setPublic: (key: Handle, point: Handle) => number;
  sign: (
    type: number,
    digest: Uint8Array,
    length: number,
    out: Uint8Array,
    outLength: Uint32Array,
    key: Handle,
  ) => number;
  verify: (
    type: number,
    digest: Uint8Array,
    length: number,
    signature: Uint8Array,
    signatureLength: number,
    key: Handle,
  ) => number;
}>;

/** What one curve's calls work on. `octets`: the point's form, then x and y. */
type Bench = Readonly<{
  nid: number;
  length: number;
  group: Handle;
  point: Handle;
  peer: Handle;
  scalar: Handle;
  octets: Uint8Array;
}>;

/** Loads the library; an error says why Node's own is to be used. */
export function openLibcrypto(): Result<NativeCurves, string> {
  if (platform !== 'linux') return fail(`${LIBRARY} is looked for on Linux only`);
  let calls: Calls;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
    if (!hasDeepBind(koffi)) return fail('the C library of this machine can not keep two OpenSSL apart');
    calls = bindAll(koffi);
  } catch (error) {
    // The loader throws: no koffi, no library, or one that was built without a function that we need.
    return fail((error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '');
  }
  return curvesOf(calls);
}

/** glibc has RTLD_DEEPBIND, and a function that says it is glibc. */
function hasDeepBind(koffi: typeof Koffi): boolean {
  try {
    koffi.load(null).func('const char *gnu_get_libc_version()');
    return true;
  } catch {
    return false;
  }
}

function bindAll(koffi: typeof Koffi): Calls {
  const library = koffi.load(LIBRARY, { deep: true });
  return {
    version: library.func('const char *OpenSSL_version(int)'),
    clearErrors: library.func('void ERR_clear_error()'),
    newContext: library.func('uintptr_t BN_CTX_new()'),
    freeContext: library.func('void BN_CTX_free(uintptr_t)'),
    newNumber: library.func('uintptr_t BN_new()'),
    setFlags: library.func('void BN_set_flags(uintptr_t, int)'),
    clear: library.func('void BN_clear(uintptr_t)'),
    fromBytes: library.func('uintptr_t BN_bin2bn(void *, int, uintptr_t)'),
    newGroup: library.func('uintptr_t EC_GROUP_new_by_curve_name(int)'),
    newPoint: library.func('uintptr_t EC_POINT_new(uintptr_t)'),
    multiply: library.func('int EC_POINT_mul(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t)'),
    toOctets: library.func('size_t EC_POINT_point2oct(uintptr_t, uintptr_t, int, void *, size_t, uintptr_t)'),
    fromOctets: library.func('int EC_POINT_oct2point(uintptr_t, uintptr_t, void *, size_t, uintptr_t)'),
    generator: library.func('uintptr_t EC_GROUP_get0_generator(uintptr_t)'),
    copyPoint: library.func('int EC_POINT_copy(uintptr_t, uintptr_t)'),
    newKey: library.func('uintptr_t EC_KEY_new_by_curve_name(int)'),
    freeKey: library.func('void EC_KEY_free(uintptr_t)'),
    setPrivate: library.func('int EC_KEY_set_private_key(uintptr_t, uintptr_t)'),
    setPublic: library.func('int EC_KEY_set_public_key(uintptr_t, uintptr_t)'),
    sign: library.func('int ECDSA_sign(int, void *, int, void *, void *, uintptr_t)'),
    verify: library.func('int ECDSA_verify(int, void *, int, void *, int, uintptr_t)'),
  };
}

function curvesOf(calls: Calls): Result<NativeCurves, string> {
  const benches = new Map<Curve, Bench>();
  for (const [curve, nid] of Object.entries(NIDS) as [Curve, number][]) {
    const group = calls.newGroup(nid);
    // A distribution may have left a curve out.
    if (group === 0) continue;
    const length = fieldLength(curve);
    const scalar = calls.newNumber();
    calls.setFlags(scalar, CONSTANT_TIME);
    const [point, peer] = [calls.newPoint(group), calls.newPoint(group)];
    benches.set(curve, { nid, length, group, point, peer, scalar, octets: new Uint8Array(1 + 2 * length) });
  }
  calls.clearErrors();
  if (benches.size === 0) return fail(`${LIBRARY} has none of the curves`);
  return ok({
    name: calls.version(0).split(' ').slice(0, 2).join(' '),
    curves: [...benches.keys()],
    ...operations(calls, benches),
  });
}

function operations(calls: Calls, benches: ReadonlyMap<Curve, Bench>): Omit<NativeCurves, 'name' | 'curves'> {
  const benchOf = (curve: Curve): Bench => benches.get(curve) ?? failed('curve');

  /** x | y of a multiplication by a private number, and nothing of it left behind: freed contexts are cleared. */
  const multiplied = (bench: Bench, scalar: Uint8Array, peer: Handle | undefined): Uint8Array => {
    const { group, point, octets } = bench;
    const context = calls.newContext();
    calls.fromBytes(scalar, scalar.length, bench.scalar);
    const done =
      peer === undefined
        ? calls.multiply(group, point, bench.scalar, 0, 0, context)
        : calls.multiply(group, point, 0, peer, bench.scalar, context);
    calls.clear(bench.scalar);
    const written = done === 1 ? calls.toOctets(group, point, UNCOMPRESSED, octets, octets.length, context) : 0;
    calls.copyPoint(point, calls.generator(group));
    calls.freeContext(context);
    if (written !== octets.length) failed('EC_POINT_mul');
    const result = octets.slice(1);
    octets.fill(0);
    return result;
  };

  /** The peer's point; 0 when it is none. A coordinate beyond the field and a point beside the curve are refused here. */
  const peerPoint = (bench: Bench, point: Uint8Array): Handle => {
    const { octets, group, peer } = bench;
    if (point.length !== 2 * bench.length) return 0;
    octets[0] = UNCOMPRESSED;
    octets.set(point, 1);
    if (calls.fromOctets(group, peer, octets, octets.length, 0) === 1) return peer;
    calls.clearErrors();
    return 0;
  };

  return {
    multiplyBase: (curve, scalar) => multiplied(benchOf(curve), scalar, undefined),
    multiply(curve, scalar, point) {
      const bench = benchOf(curve);
      const peer = peerPoint(bench, point);
      return peer === 0 ? undefined : multiplied(bench, scalar, peer).slice(0, bench.length);
    },
    sign(curve, scalar, digest) {
      const bench = benchOf(curve);
      const out = new Uint8Array(LONGEST_SIGNATURE);
      const length = new Uint32Array(1);
      const key = calls.newKey(bench.nid);
      calls.fromBytes(scalar, scalar.length, bench.scalar);
      const done =
        key !== 0 &&
        digest.length <= LONGEST_DIGEST &&
        calls.setPrivate(key, bench.scalar) === 1 &&
        calls.sign(0, digest, digest.length, out, length, key) === 1;
      calls.clear(bench.scalar);
      calls.freeKey(key); // clears its copy of the private number
      if (!done) failed('ECDSA_sign');
      return out.slice(0, length[0]);
    },
    verify(curve, point, digest, signature) {
      const bench = benchOf(curve);
      const peer = peerPoint(bench, point);
      if (peer === 0) return false;
      const key = calls.newKey(bench.nid);
      const good =
        key !== 0 &&
        calls.setPublic(key, peer) === 1 &&
        calls.verify(0, digest, digest.length, signature, signature.length, key) === 1;
      calls.freeKey(key);
      if (!good) calls.clearErrors();
      return good;
    },
  };
}

/** No bytes of a peer lead here: the machine has no memory left. */
function failed(call: string): never {
  throw new Error(`${LIBRARY}: ${call} failed`);
}
