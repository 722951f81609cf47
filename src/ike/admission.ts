/**
 * Who may begin an IKE SA, RFC 7296 section 2.6. Anybody can send IKE_SA_INIT from any address, so three things are
 * limited before anything is computed for a stranger:
 *
 *  - half-open IKE SAs in all, past a share of which a cookie is demanded of everyone;
 *  - requests in a second: a key exchange costs more than a datagram, so a flood is met before it has filled the table;
 *  - half-open IKE SAs of one address. Requests without a cookie may be forged in its name: past a few of them the
 *    address has to show a cookie, and only what came with one counts toward the number that it may not exceed. So
 *    nobody can use up the share of somebody else.
 */
import { after, at, earlier, type Instant, type IpAddress, type Random } from '../base/index.ts';
import { CookieJar } from './cookie.ts';
import type { IkeEffect } from './events.ts';
import type { IkeFault } from './faults.ts';
import type { IkeConfig, IkePath } from './policy.ts';
import { StatelessCookies } from './stateless-cookies.ts';

/** Half-open IKE SAs of one address before it has to show a cookie. */
const UNPROVEN_OF_ADDRESS = 20;
/**
 * With cookies. An honest peer is half open for one round trip, so this lets hundreds a second in from behind one NAT;
 * and it takes a hundred hosts that answer for their addresses to fill the ten thousand places of an ASA.
 */
const PROVEN_OF_ADDRESS = 100;
/** Once demanded, cookies are demanded for so long after the last sign of a flood. */
const CALM_MS = 10_000;

/** Whether a cookie is needed: it is not, a good one was shown, or the answer that demands one. */
export type Challenge = 'needless' | 'proven' | 'malformed' | Uint8Array;

/** A place in the table of half-open IKE SAs. */
export type Place = Readonly<{ address: string | number; proven: boolean }>;

type Shares = { unproven: number; proven: number };

export class Admission {
  readonly #jar: CookieJar;
  /** Of the secrets as they are; used for one address alone while none is demanded of all. */
  readonly #cookies = new StatelessCookies();
  #secrets: ReturnType<CookieJar['secrets']> = [];
  #shares = new Map<string | number, Shares>();
  #halfOpen = 0;
  /** Requests that may still be taken without a cookie in this second. */
  #credit = Number.POSITIVE_INFINITY;
  #creditAt: Instant = at(0);
  /** Cookies are demanded of everyone until then; undefined: they are not. */
  #until: Instant | undefined;
  /** What was last told to those in front of us. */
  #told: readonly unknown[] = [];

  constructor(random: Random) {
    this.#jar = new CookieJar(random);
  }

  get halfOpen(): number {
    return this.#halfOpen;
  }

  get isDemanding(): boolean {
    return this.#until !== undefined;
  }

  /** Bad cookies that came since this was last called. */
  takeRefused(): number {
    const { refused } = this.#cookies;
    this.#cookies.refused = 0;
    return refused;
  }

  /** Looks at a first IKE_SA_INIT request before anything is computed for it. */
  challenge(config: IkeConfig, path: IkePath, bytes: Uint8Array, now: Instant): Challenge {
    this.#notice(config, 1, now);
    const unproven = this.#shares.get(keyOf(path.remote.address))?.unproven ?? 0;
    const isCrowded = unproven >= UNPROVEN_OF_ADDRESS && config.cookieThreshold < config.maxHalfOpen;
    if (!this.isDemanding && !isCrowded) return 'needless';
    this.#renew(now);
    const verdict = this.#cookies.judge(bytes, path.remote);
    return verdict === 'other' ? 'malformed' : verdict;
  }

  /** Why a stranger that did what was demanded can not be let in all the same. */
  refusal({ maxHalfOpen }: IkeConfig, { remote }: IkePath, proven: boolean): IkeFault | undefined {
    if (this.#halfOpen >= maxHalfOpen) return 'half-open-limit';
    const taken = this.#shares.get(keyOf(remote.address))?.proven ?? 0;
    return proven && taken >= PROVEN_OF_ADDRESS ? 'address-limit' : undefined;
  }

  /** So many requests were answered with a cookie in front of us, or lost there: a flood goes on. */
  metOutside(config: IkeConfig, count: number, now: Instant): void {
    this.#notice(config, count, now);
  }

  enter(address: IpAddress, proven: boolean): Place {
    const key = keyOf(address);
    const share = this.#shares.get(key) ?? { unproven: 0, proven: 0 };
    share[proven ? 'proven' : 'unproven']++;
    this.#shares.set(key, share);
    this.#halfOpen++;
    return { address: key, proven };
  }

  leave({ address, proven }: Place): void {
    this.#halfOpen--;
    const share = this.#shares.get(address);
    if (share === undefined) return;
    share[proven ? 'proven' : 'unproven']--;
    if (share.unproven + share.proven === 0) this.#shares.delete(address);
  }

  /** What those in front of us have to know by now: the secrets while cookies are demanded, none otherwise. */
  news(config: IkeConfig, now: Instant): Extract<IkeEffect, { kind: 'cookies-demanded' }> | undefined {
    this.#judgeLoad(config, now);
    if (this.isDemanding) this.#renew(now);
    const secrets = this.isDemanding ? this.#secrets : NONE;
    if (secrets === this.#told || secrets.length + this.#told.length === 0) return undefined;
    this.#told = secrets;
    return { kind: 'cookies-demanded', secrets };
  }

  /** When `news` is to be asked for. */
  wakeAt(): Instant | undefined {
    if (this.#until === undefined) return undefined;
    const until = this.#until === FOREVER ? undefined : this.#until;
    return earlier(until, this.#jar.renewAt());
  }

  #notice(config: IkeConfig, count: number, now: Instant): void {
    const rate = config.cookieRate;
    if (rate !== undefined) {
      const earned = ((now - this.#creditAt) * rate) / 1_000;
      this.#credit = Math.min(rate, this.#credit + earned) - count;
      this.#creditAt = now;
      if (this.#credit < 0) {
        this.#credit = 0;
        this.#until = after(now, CALM_MS);
      }
    }
    this.#judgeLoad(config, now);
  }

  #judgeLoad({ cookieThreshold }: IkeConfig, now: Instant): void {
    if (cookieThreshold <= 0) this.#until = FOREVER;
    else if (this.#halfOpen >= cookieThreshold) this.#until = after(now, CALM_MS);
    else if (this.#until === FOREVER || (this.#until !== undefined && now >= this.#until)) this.#until = undefined;
  }

  #renew(now: Instant): void {
    const secrets = this.#jar.secrets(now);
    if (secrets === this.#secrets) return;
    this.#secrets = secrets;
    this.#cookies.use(secrets);
  }
}

const FOREVER = at(Number.MAX_SAFE_INTEGER);
const NONE: ReturnType<CookieJar['secrets']> = [];

/** An IPv4 address, or the /64 of an IPv6 address: one host may speak from all of that. */
function keyOf(address: IpAddress): string | number {
  return address.family === 4 ? address.a : `${address.a}:${address.b}`;
}
