/** Names of algorithms and IANA's transform ids, "IKEv2 Parameters": what every dialect's tables are made of. */
export type Cipher = Readonly<{ encr: number; keyBits: number }>;

/** RFC 5282 and RFC 4543 ciphers bring their own integrity. */
export function isAeadCipher(cipher: Cipher): boolean {
  return cipher.encr === 20 || cipher.encr === 21;
}

export type Coder<W extends string> = Readonly<{
  ids(words: readonly string[]): number[];
  words(ids: readonly number[]): W[];
}>;

/** `null` stands for nothing: it has no id. Both ways between a dialect's words and transform ids. */
export function coder<W extends string>(table: Readonly<Record<W, number>>): Coder<W> {
  const entries = Object.entries(table) as [W, number][];
  return {
    ids: (words) => words.flatMap((word) => entries.filter(([name]) => name === word).map(([, id]) => id)),
    words: (ids) => ids.flatMap((id) => entries.filter(([, one]) => one === id).map(([name]) => name)),
  };
}
