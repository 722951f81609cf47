/**
 * The answer to IKE_SA_INIT while a flood lasts, RFC 7296 section 2.6, kept so small that it can run in front of the
 * gateway, on the thread that reads the socket: bytes in, a verdict out, nothing remembered.
 *
 *     initiator                                     responder
 *     HDR(SPIi, 0), SAi1, KEi, Ni               -->
 *                                               <--  HDR(SPIi, 0), N(COOKIE)
 *     HDR(SPIi, 0), N(COOKIE), SAi1, KEi, Ni    -->  'proven': the source receives what is sent to it
 *
 *     Cookie = <version of secret> | SipHash(secret, SPIi | port | IPi | Ni)
 *
 * The secrets are the core's (`CookieJar`), so what is answered here is accepted there.
 */
import { type Endpoint, readU16, readU32, type SecretKey, writeU16, writeU32 } from '../base/index.ts';
import { SipHash } from '../crypto/index.ts';
import { ExchangeType, NotifyType, PayloadType } from './wire/message.ts';

/** One secret of 16 bytes, of which the first in a list makes cookies and all others are still good. */
export type CookieSecret = Readonly<{ version: number; key: SecretKey }>;

/**
 * 'other': not a first IKE_SA_INIT request, this has no say in it. 'proven': with a cookie that is good. 'malformed':
 * not worth an answer. Bytes: the answer that demands a cookie.
 */
export type CookieVerdict = 'other' | 'proven' | 'malformed' | Uint8Array;

const HEADER_LENGTH = 28;
const TAG_LENGTH = 8;
const COOKIE_LENGTH = 1 + TAG_LENGTH;
const NOTIFY_LENGTH = 8 + COOKIE_LENGTH;
const REPLY_LENGTH = HEADER_LENGTH + NOTIFY_LENGTH;
const MAX_NONCE_LENGTH = 256;
const MIN_NONCE_LENGTH = 16;
const FLAG_INITIATOR = 0x08;
const FLAG_RESPONSE = 0x20;
/** More payloads than come before the nonce of any honest request. */
const MAX_PAYLOADS = 32;

type Keyed = Readonly<{ version: number; hash: SipHash }>;

export class StatelessCookies {
  #secrets: readonly Keyed[] = [];
  /** Challenges given, and those among them whose request had shown a cookie that was not good. */
  challenges = 0;
  refused = 0;
  readonly #input = new Uint8Array(8 + 2 + 16 + MAX_NONCE_LENGTH);
  readonly #tag = new Uint8Array(TAG_LENGTH);

  /** Takes the secrets, the current one first; without any nothing is judged and all is 'other'. */
  use(secrets: readonly CookieSecret[]): void {
    this.#secrets = secrets.map(({ version, key }) => ({ version, hash: new SipHash(key.reveal()) }));
  }

  /** Judges an IKE message without non-ESP marker that came from `source`. */
  judge(message: Uint8Array, source: Endpoint): CookieVerdict {
    const current = this.#secrets[0];
    if (current === undefined || !isFirstRequest(message)) return 'other';
    const hasSpi = (readU32(message, 0) | readU32(message, 4)) !== 0;
    if (!hasSpi || readU32(message, 20) !== 0 || readU32(message, 24) !== message.length) return 'malformed';

    let type = message[16] ?? 0;
    let cookie = -1;
    let cookieEnd = -1;
    let hasSa = false;
    let hasKe = false;
    for (let offset = HEADER_LENGTH, count = 0; count < MAX_PAYLOADS && type !== PayloadType.NONE; count++) {
      const end = offset + readU16(message, offset + 2);
      if (end < offset + 4 || end > message.length) return 'malformed';
      if (type === PayloadType.NONCE) {
        if (!hasSa || !hasKe) return 'malformed';
        const nonceLength = end - offset - 4;
        if (nonceLength < MIN_NONCE_LENGTH || nonceLength > MAX_NONCE_LENGTH) return 'malformed';
        const length = this.#prepare(message, source, offset + 4, end);
        if (cookie >= 0 && this.#accepts(message, cookie, cookieEnd, length)) return 'proven';
        if (cookie >= 0) this.refused++;
        this.challenges++;
        return this.#challenge(message, current, length);
      }
      if (type === PayloadType.SA) hasSa = true;
      else if (type === PayloadType.KE) hasKe = true;
      // The cookie must be the first payload.
      else if (count === 0 && type === PayloadType.NOTIFY && readU16(message, offset + 6) === NotifyType.COOKIE) {
        cookie = offset + 8 + (message[offset + 5] ?? 0);
        cookieEnd = end;
      }
      type = message[offset] ?? 0;
      offset = end;
    }
    return 'malformed';
  }

  /** What the tag covers: SPIi | port | IPi | Ni. Both lengths that vary are told by the others. */
  #prepare(message: Uint8Array, { address, port }: Endpoint, nonce: number, nonceEnd: number): number {
    const input = this.#input;
    for (let i = 0; i < 8; i++) input[i] = message[i] ?? 0;
    writeU16(input, 8, port);
    address.write(input, 10);
    let length = 10 + (address.family === 4 ? 4 : 16);
    for (let i = nonce; i < nonceEnd; i++) input[length++] = message[i] ?? 0;
    return length;
  }

  #accepts(message: Uint8Array, cookie: number, end: number, length: number): boolean {
    if (end - cookie !== COOKIE_LENGTH) return false;
    for (const { version, hash } of this.#secrets) {
      if (message[cookie] !== version) continue;
      hash.hashInto(this.#tag, 0, this.#input, length);
      let difference = 0;
      for (let i = 0; i < TAG_LENGTH; i++) difference |= (this.#tag[i] ?? 0) ^ (message[cookie + 1 + i] ?? 0);
      if (difference === 0) return true;
    }
    return false;
  }

  #challenge(message: Uint8Array, { version, hash }: Keyed, length: number): Uint8Array {
    const reply = new Uint8Array(REPLY_LENGTH);
    for (let i = 0; i < 8; i++) reply[i] = message[i] ?? 0;
    reply[16] = PayloadType.NOTIFY;
    reply[17] = 0x20;
    reply[18] = ExchangeType.IKE_SA_INIT;
    reply[19] = FLAG_RESPONSE;
    writeU32(reply, 24, REPLY_LENGTH);
    writeU16(reply, HEADER_LENGTH + 2, NOTIFY_LENGTH);
    writeU16(reply, HEADER_LENGTH + 6, NotifyType.COOKIE);
    reply[HEADER_LENGTH + 8] = version;
    hash.hashInto(reply, HEADER_LENGTH + 9, this.#input, length);
    return reply;
  }
}

/** IKE_SA_INIT of version 2 by an initiator that knows no responder SPI yet. */
function isFirstRequest(message: Uint8Array): boolean {
  return (
    message.length >= HEADER_LENGTH &&
    message[18] === ExchangeType.IKE_SA_INIT &&
    (message[17] ?? 0) >>> 4 === 2 &&
    ((message[19] ?? 0) & (FLAG_INITIATOR | FLAG_RESPONSE)) === FLAG_INITIATOR &&
    (readU32(message, 8) | readU32(message, 12)) === 0
  );
}
