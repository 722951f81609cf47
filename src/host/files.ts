import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, ok, type Result } from '../base/index.ts';

/** The text of a file, or one sentence why it can not be read. */
export function readText(path: string): Result<string, string> {
  try {
    return ok(readFileSync(path, 'utf8'));
  } catch (error) {
    return fail(`${path} can not be read: ${reason(error)}`);
  }
}

/** Writes texts below a folder, which is made when missing; or says why not. */
export function writeTexts(folder: string, files: ReadonlyMap<string, string>): Result<number, string> {
  try {
    for (const [name, text] of files) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    return ok(files.size);
  } catch (error) {
    return fail(`${folder} can not be written: ${reason(error)}`);
  }
}

/** A file that bytes are appended to; `close` writes what is buffered. */
export type FileSink = Readonly<{ write: (bytes: Uint8Array) => void; close: () => void }>;

const BUFFERED_BYTES = 1 << 16;

/** Opens a file anew for writing, or says why not. */
export function fileSink(path: string): Result<FileSink, string> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'w');
  } catch (error) {
    return fail(`${path} can not be written: ${reason(error)}`);
  }
  const buffer = new Uint8Array(BUFFERED_BYTES);
  let length = 0;
  const flush = (): void => {
    writeSync(descriptor, buffer, 0, length);
    length = 0;
  };
  return ok({
    write: (bytes) => {
      if (length + bytes.length > buffer.length) flush();
      if (bytes.length > buffer.length) writeSync(descriptor, bytes);
      else {
        buffer.set(bytes, length);
        length += bytes.length;
      }
    },
    close: () => {
      flush();
      closeSync(descriptor);
    },
  });
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a folder';
  return code ?? message;
}
