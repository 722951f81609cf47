/** Ground floor: bytes, results, time, randomness, addresses, prefixes. Imports nothing. */
export {
  bytesEqual,
  compareBytes,
  concat,
  EMPTY,
  fromHex,
  fromUtf8,
  Reader,
  readU16,
  readU32,
  toHex,
  utf8,
  Writer,
  writeU16,
  writeU32,
} from './bytes.ts';
export { type Calendar, calendar, isoTime } from './calendar.ts';
export { Deadlines } from './deadlines.ts';
export { after, at, earlier, type Instant } from './instant.ts';
export { type Endpoint, type Family, IpAddress } from './ip-address.ts';
export { netmask, Prefix, prefixLength } from './prefix.ts';
export { PrefixTrie } from './prefix-trie.ts';
export { type Random, randomBelow, randomFraction, seededRandom } from './random.ts';
export { fail, ok, type Result } from './result.ts';
export { SecretKey } from './secret-key.ts';
