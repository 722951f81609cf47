import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, ok, type Result } from '../base/index.ts';

/** The text of a file, or one sentence why it can not be read. */
export function readText(path: string): Result<string, string> {
  try {
    return ok(readFileSync(path, 'utf8'));
  } catch (error) {
    return fail(`${path} can not be read: ${reasonOf(error)}`);
  }
}

/** The bytes of a file, or one sentence why it can not be read. */
export function readBytes(path: string): Result<Uint8Array, string> {
  try {
    return ok(new Uint8Array(readFileSync(path)));
  } catch (error) {
    return fail(`${path} can not be read: ${reasonOf(error)}`);
  }
}

/** Writes texts below a folder, which is made when missing; or says why not. */
export function writeTexts(folder: string, files: ReadonlyMap<string, string>): Result<number, string> {
  try {
    for (const [name, text] of files) {
      const path = join(folder, name);
      makeFolder(dirname(path));
      writeFileSync(path, text);
    }
    return ok(files.size);
  } catch (error) {
    return fail(`${folder} can not be written: ${reasonOf(error)}`);
  }
}

/** Makes a folder, and those above it that are missing, for those whom `mode` lets in; or says why not. */
export function makeFolderFor(path: string, mode: number): Result<void, string> {
  try {
    if (existsSync(path) && statSync(path).isDirectory()) return ok(undefined);
    makeFolder(dirname(path));
    mkdirSync(path, { mode });
    return ok(undefined);
  } catch (error) {
    return fail(`${path} can not be made: ${reasonOf(error)}`);
  }
}

/**
 * Makes a folder and those above it that are missing. Node's own recursion never ends where the kernel answers ENOENT to
 * making a folder in one that is there, as it does below /proc.
 */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

/**
 * A file that bytes are appended to. What goes wrong on the way (a full disk) ends the writing and is told by `close`,
 * which writes what is buffered first.
 */
export type FileSink = Readonly<{ write: (bytes: Uint8Array) => void; close: () => Result<number, string> }>;

const BUFFERED_BYTES = 1 << 16;

/** Opens a file anew for writing, or says why not. */
export function fileSink(path: string): Result<FileSink, string> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'w');
  } catch (error) {
    return fail(`${path} can not be written: ${reasonOf(error)}`);
  }
  const buffer = new Uint8Array(BUFFERED_BYTES);
  let length = 0;
  let written = 0;
  let fault: string | undefined;
  const append = (bytes: Uint8Array): void => {
    if (fault !== undefined) return;
    try {
      for (let from = 0; from < bytes.length; ) from += writeSync(descriptor, bytes, from);
      written += bytes.length;
    } catch (error) {
      fault = `${path} can not be written: ${reasonOf(error)}`;
    }
  };
  const flush = (): void => {
    append(buffer.subarray(0, length));
    length = 0;
  };
  return ok({
    write: (bytes) => {
      if (length + bytes.length > buffer.length) flush();
      if (bytes.length > buffer.length) append(bytes);
      else {
        buffer.set(bytes, length);
        length += bytes.length;
      }
    },
    close: () => {
      flush();
      closeSync(descriptor);
      return fault === undefined ? ok(written) : fail(fault);
    },
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a file stands where a folder is needed',
  EEXIST: 'a file stands where a folder is needed',
  ENOSPC: 'no space is left',
  EROFS: 'the file system is read-only',
  EPERM: 'permission denied',
  EDQUOT: 'the quota is used up',
  EADDRINUSE: 'somebody else listens there',
};

/** Why a call failed, in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : (REASONS[code] ?? code);
}
