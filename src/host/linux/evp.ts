/**
 * OpenSSL of the Node binary itself, called directly: contexts are made once for each SA and used again for each packet,
 * with everything in place in one arena. (Node's own interface makes a new object for each packet, which costs more than
 * the cipher.)
 */
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { Encr, Integ } from '../../crypto/index.ts';
import type { Arena, FastKeys, FastSaConfig, PacketCipher } from '../../plane/index.ts';

type Pointer = number;

/** The calls; each answers 1 when it did its work. A pointer is an address, 0 for none. */
type Evp = Readonly<{
  newContext: () => Pointer;
  freeContext: (context: Pointer) => void;
  cipherByName: (name: string) => Pointer;
  init: (context: Pointer, cipher: Pointer, engine: Pointer, key: Pointer, iv: Pointer, encrypt: number) => number;
  update: (context: Pointer, out: Pointer, outLength: Pointer, data: Pointer, length: number) => number;
  final: (context: Pointer, out: Pointer, outLength: Pointer) => number;
  control: (context: Pointer, command: number, argument: number, pointer: Pointer) => number;
  noPadding: (context: Pointer, padding: number) => number;
  newHmac: () => Pointer;
  freeHmac: (context: Pointer) => void;
  digestByName: (name: string) => Pointer;
  hmacInit: (context: Pointer, key: Pointer, length: number, digest: Pointer, engine: Pointer) => number;
  hmacUpdate: (context: Pointer, data: Pointer, length: number) => number;
  hmacFinal: (context: Pointer, out: Pointer, outLength: Pointer) => number;
  randomBytes: (out: Pointer, length: number) => number;
}>;

const CONTROL = { SET_IV_LENGTH: 9, GET_TAG: 0x10, SET_TAG: 0x11 } as const;
const HEADER = 8;
const AEAD_IV = 8;
const AEAD_TAG = 16;
const SALT = 4;
const BLOCK = 16;
/** Random bytes are drawn this many at a time. */
const RANDOM_POOL = 4096;

/** Bytes that a crypto needs for itself in the arena. */
export const EVP_SCRATCH = 512 + RANDOM_POOL;
// Places among them.
const NONCE = 0;
const EXTENDED = 16;
const OUT_LENGTH = 32;
const KEY = 64;
const EXPECTED = 192;
const DIGEST = 256;
const POOL = 512;

/** Undefined where the binary does not show its OpenSSL. */
export function bindEvp(): Evp | undefined {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
    const library = koffi.load(null);
    return {
      newContext: library.func('uintptr_t EVP_CIPHER_CTX_new()'),
      freeContext: library.func('void EVP_CIPHER_CTX_free(void *)'),
      cipherByName: library.func('uintptr_t EVP_get_cipherbyname(const char *)'),
      init: library.func('int EVP_CipherInit_ex(void *, void *, void *, void *, void *, int)'),
      update: library.func('int EVP_CipherUpdate(void *, void *, void *, void *, int)'),
      final: library.func('int EVP_CipherFinal_ex(void *, void *, void *)'),
      control: library.func('int EVP_CIPHER_CTX_ctrl(void *, int, int, void *)'),
      noPadding: library.func('int EVP_CIPHER_CTX_set_padding(void *, int)'),
      newHmac: library.func('uintptr_t HMAC_CTX_new()'),
      freeHmac: library.func('void HMAC_CTX_free(void *)'),
      digestByName: library.func('uintptr_t EVP_get_digestbyname(const char *)'),
      hmacInit: library.func('int HMAC_Init_ex(void *, void *, int, void *, void *)'),
      hmacUpdate: library.func('int HMAC_Update(void *, void *, size_t)'),
      hmacFinal: library.func('int HMAC_Final(void *, void *, void *)'),
      randomBytes: library.func('int RAND_bytes(void *, int)'),
    };
  } catch {
    return undefined; // koffi is not there, or a symbol is not: the software plane goes without both
  }
}

/** Makes ciphers that work in one arena. `base` is its address, `scratch` a place of `EVP_SCRATCH` bytes in it. */
export class EvpCrypto {
  readonly evp: Evp;
  readonly arena: Arena;
  readonly base: number;
  readonly scratch: number;
  #drawn = RANDOM_POOL;

  constructor(evp: Evp, arena: Arena, base: number, scratch: number) {
    this.evp = evp;
    this.arena = arena;
    this.base = base;
    this.scratch = scratch;
  }

  /** Undefined for what OpenSSL does not have. */
  cipherFor(config: FastSaConfig): PacketCipher | undefined {
    const { encr } = config.inbound;
    if (encr === Encr.AES_GCM_16 || encr === Encr.CHACHA20_POLY1305) return AeadCipher.make(this, config);
    return encr === Encr.AES_CBC ? CbcCipher.make(this, config) : undefined;
  }

  /** Copies a key where it can be pointed at, for the length of one call. */
  withKey<T>(key: Uint8Array, use: (pointer: Pointer) => T): T {
    const at = this.scratch + KEY;
    this.arena.bytes.set(key, at);
    const result = use(this.base + at);
    this.arena.bytes.fill(0, at, at + key.length);
    return result;
  }

  context(name: string, key: Uint8Array, encrypt: 0 | 1): Pointer | undefined {
    const { evp } = this;
    const cipher = evp.cipherByName(name);
    const context = Number(evp.newContext());
    if (!cipher || context === 0) return undefined;
    const done = this.withKey(key, (pointer) => evp.init(context, Number(cipher), 0, pointer, 0, encrypt));
    if (done === 1) return context;
    evp.freeContext(context);
    return undefined;
  }

  /** Writes bytes that nobody can predict. */
  drawTo(place: number): void {
    if (this.#drawn + BLOCK > RANDOM_POOL) {
      this.evp.randomBytes(this.base + this.scratch + POOL, RANDOM_POOL);
      this.#drawn = 0;
    }
    const from = this.scratch + POOL + this.#drawn;
    this.#drawn += BLOCK;
    this.arena.bytes.copyWithin(place, from, from + BLOCK);
  }
}

/** AES-GCM (RFC 4106) and ChaCha20-Poly1305 (RFC 7634). */
class AeadCipher implements PacketCipher {
  readonly ivLength = AEAD_IV;
  readonly icvLength = AEAD_TAG;
  readonly blockLength = 1;
  readonly #crypto: EvpCrypto;
  readonly #esn: boolean;
  readonly #sealing: Pointer;
  readonly #opening: Pointer;
  readonly #sealingSalt: number;
  readonly #openingSalt: number;

  private constructor(crypto: EvpCrypto, config: FastSaConfig, sealing: Pointer, opening: Pointer) {
    this.#crypto = crypto;
    this.#esn = config.esn;
    this.#sealing = sealing;
    this.#opening = opening;
    this.#sealingSalt = saltOf(config.outbound);
    this.#openingSalt = saltOf(config.inbound);
  }

  static make(crypto: EvpCrypto, config: FastSaConfig): AeadCipher | undefined {
    const context = ({ encr, key }: FastKeys, encrypt: 0 | 1): Pointer | undefined => {
      const bytes = key.subarray(0, key.length - SALT);
      const name = encr === Encr.AES_GCM_16 ? `aes-${8 * bytes.length}-gcm` : 'chacha20-poly1305';
      return crypto.context(name, bytes, encrypt);
    };
    const sealing = context(config.outbound, 1);
    const opening = context(config.inbound, 0);
    if (sealing !== undefined && opening !== undefined) return new AeadCipher(crypto, config, sealing, opening);
    for (const one of [sealing, opening]) if (one !== undefined) crypto.evp.freeContext(one);
    return undefined;
  }

  seal(esp: number, from: number, length: number, sequence: number): void {
    const { evp, base, scratch, arena } = this.#crypto;
    const { view } = arena;
    const nonce = scratch + NONCE;
    view.setInt32(nonce, this.#sealingSalt);
    view.setUint32(nonce + SALT, Math.floor(sequence / 0x1_0000_0000));
    view.setUint32(nonce + SALT + 4, sequence % 0x1_0000_0000);
    arena.bytes.copyWithin(esp + HEADER, nonce + SALT, nonce + SALT + AEAD_IV);
    const context = this.#sealing;
    const out = base + esp + HEADER + AEAD_IV;
    const outLength = base + scratch + OUT_LENGTH;
    evp.init(context, 0, 0, 0, base + nonce, -1);
    if (this.#esn) evp.update(context, 0, outLength, this.#extended(esp, sequence), 12);
    else evp.update(context, 0, outLength, base + esp, HEADER);
    evp.update(context, out, outLength, base + from, length);
    evp.final(context, out + length, outLength);
    evp.control(context, CONTROL.GET_TAG, AEAD_TAG, out + length);
  }

  open(esp: number, length: number, to: number, sequence: number): number {
    const { evp, base, scratch, arena } = this.#crypto;
    const nonce = scratch + NONCE;
    const body = length - HEADER - AEAD_IV - AEAD_TAG;
    if (body < 0) return -1;
    arena.view.setInt32(nonce, this.#openingSalt);
    arena.bytes.copyWithin(nonce + SALT, esp + HEADER, esp + HEADER + AEAD_IV);
    const context = this.#opening;
    const from = base + esp + HEADER + AEAD_IV;
    const outLength = base + scratch + OUT_LENGTH;
    evp.init(context, 0, 0, 0, base + nonce, -1);
    if (this.#esn) evp.update(context, 0, outLength, this.#extended(esp, sequence), 12);
    else evp.update(context, 0, outLength, base + esp, HEADER);
    evp.update(context, base + to, outLength, from, body);
    evp.control(context, CONTROL.SET_TAG, AEAD_TAG, from + body);
    return evp.final(context, base + to + body, outLength) === 1 ? body : -1;
  }

  end(): void {
    this.#crypto.evp.freeContext(this.#sealing);
    this.#crypto.evp.freeContext(this.#opening);
  }

  /** RFC 4106 section 5: SPI, then all 64 bits of the sequence number. */
  #extended(esp: number, sequence: number): Pointer {
    const { base, scratch, arena } = this.#crypto;
    const at = scratch + EXTENDED;
    arena.view.setInt32(at, arena.view.getInt32(esp));
    arena.view.setUint32(at + 4, Math.floor(sequence / 0x1_0000_0000));
    arena.view.setUint32(at + 8, sequence % 0x1_0000_0000);
    return base + at;
  }
}

/** OpenSSL's hash and the length of the ICV, by the integrity algorithm. */
const HMACS: ReadonlyMap<number, Readonly<{ hash: string; icv: number }>> = new Map([
  [Integ.HMAC_SHA1_96, { hash: 'sha1', icv: 12 }],
  [Integ.HMAC_SHA2_256_128, { hash: 'sha256', icv: 16 }],
  [Integ.HMAC_SHA2_384_192, { hash: 'sha384', icv: 24 }],
  [Integ.HMAC_SHA2_512_256, { hash: 'sha512', icv: 32 }],
]);

type CbcContexts = Readonly<{ cipher: Pointer; hmac: Pointer }>;

/** AES-CBC (RFC 3602) with a truncated HMAC (RFC 2404, RFC 4868). */
class CbcCipher implements PacketCipher {
  readonly ivLength = BLOCK;
  readonly icvLength: number;
  readonly blockLength = BLOCK;
  readonly #crypto: EvpCrypto;
  readonly #esn: boolean;
  readonly #sealing: CbcContexts;
  readonly #opening: CbcContexts;

  private constructor(crypto: EvpCrypto, esn: boolean, icv: number, sealing: CbcContexts, opening: CbcContexts) {
    this.#crypto = crypto;
    this.#esn = esn;
    this.icvLength = icv;
    this.#sealing = sealing;
    this.#opening = opening;
  }

  static make(crypto: EvpCrypto, config: FastSaConfig): CbcCipher | undefined {
    const hmac = HMACS.get(config.outbound.integ);
    if (hmac === undefined) return undefined;
    const sealing = contextsOf(crypto, config.outbound, hmac.hash, 1);
    const opening = contextsOf(crypto, config.inbound, hmac.hash, 0);
    if (sealing !== undefined && opening !== undefined) {
      return new CbcCipher(crypto, config.esn, hmac.icv, sealing, opening);
    }
    for (const one of [sealing, opening]) if (one !== undefined) endContexts(crypto, one);
    return undefined;
  }

  seal(esp: number, from: number, length: number, sequence: number): void {
    const { evp, base, scratch, arena } = this.#crypto;
    const iv = esp + HEADER;
    this.#crypto.drawTo(iv);
    const { cipher, hmac } = this.#sealing;
    const outLength = base + scratch + OUT_LENGTH;
    evp.init(cipher, 0, 0, 0, base + iv, -1);
    evp.update(cipher, base + iv + BLOCK, outLength, base + from, length);
    const icv = iv + BLOCK + length;
    if (this.#esn) arena.view.setUint32(icv, Math.floor(sequence / 0x1_0000_0000));
    evp.hmacInit(hmac, 0, 0, 0, 0);
    evp.hmacUpdate(hmac, base + esp, icv - esp + (this.#esn ? 4 : 0));
    // The whole digest is written: what is longer than the ICV is overwritten by what comes next, or is slack.
    evp.hmacFinal(hmac, base + icv, outLength);
  }

  open(esp: number, length: number, to: number, sequence: number): number {
    const { evp, base, scratch, arena } = this.#crypto;
    const { bytes, view } = arena;
    const start = esp + HEADER + BLOCK;
    const icv = esp + length - this.icvLength;
    const body = icv - start;
    if (body < 0 || body % BLOCK !== 0) return -1;
    const { cipher, hmac } = this.#opening;
    const outLength = base + scratch + OUT_LENGTH;
    const expected = scratch + EXPECTED;
    bytes.copyWithin(expected, icv, icv + this.icvLength);
    if (this.#esn) view.setUint32(icv, Math.floor(sequence / 0x1_0000_0000));
    evp.hmacInit(hmac, 0, 0, 0, 0);
    evp.hmacUpdate(hmac, base + esp, icv - esp + (this.#esn ? 4 : 0));
    evp.hmacFinal(hmac, base + scratch + DIGEST, outLength);
    // The packet stays what it was: the software plane may open it again.
    if (this.#esn) bytes.copyWithin(icv, expected, expected + 4);
    if (!this.#isEqual(expected, scratch + DIGEST)) return -1;
    evp.init(cipher, 0, 0, 0, base + esp + HEADER, -1);
    return evp.update(cipher, base + to, outLength, base + start, body) === 1 ? body : -1;
  }

  end(): void {
    endContexts(this.#crypto, this.#sealing);
    endContexts(this.#crypto, this.#opening);
  }

  /** Takes the same time wherever they differ. */
  #isEqual(a: number, b: number): boolean {
    const { bytes } = this.#crypto.arena;
    let difference = 0;
    for (let i = 0; i < this.icvLength; i++) difference |= (bytes[a + i] ?? 0) ^ (bytes[b + i] ?? 0);
    return difference === 0;
  }
}

function contextsOf(crypto: EvpCrypto, keys: FastKeys, hash: string, encrypt: 0 | 1): CbcContexts | undefined {
  const { evp } = crypto;
  const cipher = crypto.context(`aes-${8 * keys.key.length}-cbc`, keys.key, encrypt);
  const hmac = Number(evp.newHmac());
  const digest = Number(evp.digestByName(hash));
  const isReady =
    hmac !== 0 &&
    digest !== 0 &&
    crypto.withKey(keys.integKey, (pointer) => evp.hmacInit(hmac, pointer, keys.integKey.length, digest, 0)) === 1;
  if (cipher !== undefined && isReady) {
    // Plaintext is whole blocks; the trailer of ESP is its padding.
    evp.noPadding(cipher, 0);
    return { cipher, hmac };
  }
  if (cipher !== undefined) evp.freeContext(cipher);
  if (hmac !== 0) evp.freeHmac(hmac);
  return undefined;
}

function endContexts({ evp }: EvpCrypto, { cipher, hmac }: CbcContexts): void {
  evp.freeContext(cipher);
  evp.freeHmac(hmac);
}

function saltOf({ key }: FastKeys): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  return view.getInt32(key.length - SALT);
}
