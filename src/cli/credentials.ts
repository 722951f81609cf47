/** Private keys, certificates and revocation lists that the host file names. */
import { fail, ok, type Result } from '../base/index.ts';
import { type Credentials, readCredentials } from '../gateway/index.ts';
import { type HostFile, readBytes } from '../host/index.ts';

/** Reads them all, or says what is wrong with each that is of no use. */
export function loadCredentials({ keypairs, trustpoints }: HostFile): Result<Credentials, readonly string[]> {
  const unread = new Map<string, string>();
  const files = {
    ...(keypairs === undefined ? {} : { keypairs }),
    ...(trustpoints === undefined ? {} : { trustpoints }),
  };
  const { credentials, faults } = readCredentials(files, (path) => {
    const bytes = readBytes(path);
    if (bytes.ok) return bytes.value;
    unread.set(path, bytes.error);
    return undefined;
  });
  if (faults.length === 0) return ok(credentials);
  return fail(faults.map(({ path, text }) => unread.get(path) ?? `${path}: ${text}`));
}
