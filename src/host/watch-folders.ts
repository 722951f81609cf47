/** Tells when anything below folders changes, a moment after its last change. */
import { watch } from 'node:fs';
import { fail, ok, type Result } from '../base/index.ts';
import { reasonOf } from './files.ts';

/** An editor writes a file in several steps: wait for the last of them. */
const SETTLE_MS = 25;

/** Gives what ends the watching, or a sentence why it can not be done. */
export function watchFolders(folders: readonly string[], changed: () => void): Result<() => void, string> {
  let timer: NodeJS.Timeout | undefined;
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(changed, SETTLE_MS);
  };
  const watchers: ReturnType<typeof watch>[] = [];
  const end = (): void => {
    clearTimeout(timer);
    for (const one of watchers) one.close();
  };
  try {
    for (const folder of folders) {
      const one = watch(folder, { recursive: true }, later);
      // A folder that went away is looked at again by the next check.
      one.on('error', later);
      watchers.push(one);
    }
  } catch (error) {
    end();
    return fail(`${folders.join(', ')} can not be watched: ${reasonOf(error)}`);
  }
  return ok(end);
}
