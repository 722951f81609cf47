/** Files that commands on a device write: below one folder, and never over others. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../base/index.ts';
import { fileSink } from '../host/index.ts';

/** Writes bytes to a file of that name: gives the path, or a sentence why not. */
export type SaveFile = (name: string, bytes: Uint8Array) => Result<string, string>;

/** Files go below the folder where the program runs. */
export const saveFile: SaveFile = saveFilesBelow('');

export function saveFilesBelow(folder: string): SaveFile {
  return (name, bytes) => {
    // The platform's own disks are this folder.
    const file = name.replace(/^(?:disk\d|flash|bootflash):\/?/i, '');
    if (file === '' || file.split(/[/\\]/).includes('..') || file.startsWith('/'))
      return fail(`${name} is not a file below ${folder === '' ? 'this folder' : folder}`);
    const path = join(folder, file);
    if (existsSync(path)) return fail(`${path} is there already`);
    const sink = fileSink(path);
    if (!sink.ok) return sink;
    sink.value.write(bytes);
    const closed = sink.value.close();
    return closed.ok ? ok(path) : closed;
  };
}
