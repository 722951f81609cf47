/** Tells when anything below folders changes, a moment after its last change. */
import { readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
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
    // Node's own recursion begins to listen a while later, and misses what changes until then.
    for (const folder of folders.flatMap(withFolders).slice(0, MOST_FOLDERS)) {
      const one = watch(folder, later);
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

const MOST_FOLDERS = 4096;

/** A folder with those below it. */
function withFolders(folder: string): readonly string[] {
  const found = [folder];
  for (const one of found) {
    if (found.length > MOST_FOLDERS) break;
    for (const entry of readdirSync(one, { withFileTypes: true })) {
      const isOwn = !entry.name.startsWith('.') && entry.name !== 'node_modules';
      if (entry.isDirectory() && isOwn) found.push(join(one, entry.name));
    }
  }
  return found;
}
