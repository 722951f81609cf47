/** The host file's sections `ike` and `ppk` as the gateway takes them; keys are read from their files. */
import { fail, fromHex, ok, type Result, SecretKey, utf8 } from '../base/index.ts';
import type { PeerSettings } from '../gateway/index.ts';
import type { HostFile, PpkEntry } from '../host/index.ts';

/** Reads a file, or says why not. */
type ReadFile = (path: string) => Result<string, string>;

/** All settings, or every fault in one sentence each. */
export function loadPeerSettings(
  host: HostFile,
  readFile: ReadFile,
): Result<readonly PeerSettings[], readonly string[]> {
  const faults: string[] = [];
  const settings: PeerSettings[] = [...(host.ike ?? [])];
  for (const entry of host.ppk ?? []) {
    const key = keyOf(entry, readFile);
    if (!key.ok) faults.push(key.error);
    else {
      const { peer, id, required } = entry;
      settings.push({ peer, ppk: { id: utf8(id), type: 'fixed', key: key.value, required } });
    }
  }
  return faults.length > 0 ? fail(faults) : ok(settings);
}

/** One line: the key as text, or as hexadecimal digits after `0x`. */
function keyOf({ peer, keyFile }: PpkEntry, readFile: ReadFile): Result<SecretKey, string> {
  const read = readFile(keyFile);
  if (!read.ok) return read;
  const text = read.value.trim();
  const bytes = /^0x/i.test(text) ? fromHex(text.slice(2).toLowerCase()) : utf8(text);
  if (bytes === undefined) return fail(`${keyFile}: what follows 0x are not pairs of hexadecimal digits`);
  if (bytes.length === 0 || text.includes('\n')) return fail(`${keyFile}: the key of ${peer} must be one line`);
  return ok(new SecretKey(bytes));
}
