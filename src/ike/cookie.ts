/**
 * The secrets of cookies, RFC 7296 section 2.6: a new one every minute; the one before it stays good for another, so
 * that an answer under way is not refused.
 */
import { after, type Instant, type Random, SecretKey } from '../base/index.ts';
import type { CookieSecret } from './stateless-cookies.ts';

const SECRET_LIFE_MS = 60_000;
const SECRET_LENGTH = 16;

type Secret = CookieSecret & Readonly<{ until: Instant }>;

export class CookieJar {
  readonly #random: Random;
  #secrets: readonly Secret[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** The secrets that are good now, the newest first; the same list until one changes. */
  secrets(now: Instant): readonly CookieSecret[] {
    const [current] = this.#secrets;
    if (current !== undefined && now < current.until) return this.#secrets;
    const isRecent = current !== undefined && now < after(current.until, SECRET_LIFE_MS);
    const next: Secret = {
      version: ((current?.version ?? 0) + 1) & 0xff,
      key: new SecretKey(this.#random(SECRET_LENGTH)),
      until: after(now, SECRET_LIFE_MS),
    };
    this.#secrets = isRecent ? [next, current] : [next];
    return this.#secrets;
  }

  /** When the newest secret is replaced. */
  renewAt(): Instant | undefined {
    return this.#secrets[0]?.until;
  }
}
