/**
 * Stateless cookies against floods of forged IKE_SA_INIT requests, RFC 7296 section 2.6:
 * `Cookie = <version of secret> | prf(secret, Ni | IPi | port | SPIi)`. The secret changes every minute; the one
 * before it stays good for another, so that an answer under way is not refused.
 */
import { after, concat, type Endpoint, type Instant, type Random, Writer } from '../base/index.ts';
import { Prf, prf, timingSafeEqual } from '../crypto/index.ts';

const SECRET_LIFE_MS = 60_000;

type Secret = Readonly<{ version: number; key: Uint8Array; until: Instant }>;

export class CookieJar {
  readonly #random: Random;
  #current: Secret | undefined;
  #previous: Secret | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The cookie that this initiator has to show. */
  make(nonce: Uint8Array, spi: bigint, remote: Endpoint, now: Instant): Uint8Array {
    return bake(this.#secret(now), nonce, spi, remote);
  }

  /** Whether the cookie is one that we gave to this initiator lately. */
  accepts(cookie: Uint8Array, nonce: Uint8Array, spi: bigint, remote: Endpoint, now: Instant): boolean {
    const current = this.#secret(now);
    for (const secret of [current, this.#previous]) {
      if (secret === undefined || cookie[0] !== secret.version) continue;
      const expected = bake(secret, nonce, spi, remote);
      if (cookie.length === expected.length && timingSafeEqual(cookie, expected)) return true;
    }
    return false;
  }

  #secret(now: Instant): Secret {
    const current = this.#current;
    if (current !== undefined && now < current.until) return current;
    const isRecent = current !== undefined && now < after(current.until, SECRET_LIFE_MS);
    this.#previous = isRecent ? current : undefined;
    const version = ((current?.version ?? 0) + 1) & 0xff;
    this.#current = { version, key: this.#random(32), until: after(now, SECRET_LIFE_MS) };
    return this.#current;
  }
}

function bake(secret: Secret, nonce: Uint8Array, spi: bigint, remote: Endpoint): Uint8Array {
  const place = new Writer(10).u64(spi).u16(remote.port).finish();
  const hash = prf(Prf.HMAC_SHA2_256, secret.key, nonce, remote.address.toBytes(), place);
  return concat(Uint8Array.of(secret.version), hash);
}
