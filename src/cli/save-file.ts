/** Files that commands on a device write: below the folder where the program runs, and never over others. */
import { existsSync } from 'node:fs';
import { fail, ok, type Result } from '../base/index.ts';
import { fileSink } from '../host/index.ts';

/** Writes bytes to a file of that name: gives the path, or a sentence why not. */
export type SaveFile = (name: string, bytes: Uint8Array) => Result<string, string>;

export const saveFile: SaveFile = (name, bytes) => {
  // The platform's own disks are this folder.
  const path = name.replace(/^(?:disk\d|flash|bootflash):\/?/i, '');
  if (path === '' || path.split(/[/\\]/).includes('..') || path.startsWith('/'))
    return fail(`${name} is not a file below this folder`);
  if (existsSync(path)) return fail(`${path} is there already`);
  const sink = fileSink(path);
  if (!sink.ok) return sink;
  sink.value.write(bytes);
  const closed = sink.value.close();
  return closed.ok ? ok(path) : closed;
};
