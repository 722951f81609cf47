/** A file gets another content all at once: whoever reads it finds the one or the other, also after a power cut. */
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { pid } from 'node:process';
import { fail, ok, type Result } from '../base/index.ts';
import { reasonOf } from './files.ts';

/** For a file that is new. */
const NEW_MODE = 0o600;

/**
 * Writes `text` beside the file and renames it over that; owner and mode stay, and a link still leads to the file. When
 * anything fails, such as a full disk, the file is as it was.
 */
export function replaceFile(path: string, text: string): Result<void, string> {
  let beside: string | undefined;
  try {
    const target = resolved(path);
    const old = statOf(target);
    beside = `${target}.${pid}.new`;
    // Never through a link that somebody else put there.
    remove(beside);
    const descriptor = openSync(beside, 'wx', NEW_MODE);
    try {
      const bytes = Buffer.from(text);
      for (let from = 0; from < bytes.length; ) from += writeSync(descriptor, bytes, from);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (old !== undefined) {
      chmodSync(beside, old.mode & 0o7777);
      const mine = statSync(beside);
      if (mine.uid !== old.uid || mine.gid !== old.gid) chownSync(beside, old.uid, old.gid);
    }
    renameSync(beside, target);
    syncFolder(dirname(target));
    return ok(undefined);
  } catch (error) {
    if (beside !== undefined) remove(beside);
    return fail(`${path} can not be written: ${reasonOf(error)}`);
  }
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function statOf(path: string): Readonly<{ mode: number; uid: number; gid: number }> | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Makes the rename last; some file systems do not know how, and then it is as good as it gets. */
function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch {
    return;
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    return;
  }
}
