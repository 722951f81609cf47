/**
 * Passwords as `service password-encryption` writes them: "type 7". It hides a password from a glance and from nobody
 * else: the key is the same on every device and has been public for decades.
 */

const KEY = 'dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87';

/** The password; undefined when the text is not one of these. */
export function decodeType7(text: string): string | undefined {
  const start = Number(text.slice(0, 2));
  if (!/^\d\d(?:[0-9A-Fa-f]{2})+$/.test(text) || start >= KEY.length) return undefined;
  const bytes = (text.slice(2).match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  return String.fromCharCode(...bytes.map((byte, i) => byte ^ KEY.charCodeAt((start + i) % KEY.length)));
}
