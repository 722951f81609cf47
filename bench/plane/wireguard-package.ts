/**
 * wireguard-go as a yardstick: the binary of Debian trixie's package, which has the offloads (TSO, UDP segmentation) that
 * bookworm's of 2022 lacks. It is fetched once from the Debian mirror that this machine uses, judged by its SHA-256, and
 * unpacked beside, not installed.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../test/peers/process.ts';
import { Unavailable } from './subject.ts';

const PACKAGE = 'pool/main/w/wireguard-go/wireguard-go_0.0.20231211-1+b9_amd64.deb';
const SHA256 = 'cce54ea802611a45d07d1053ff285ea9f1a8f15499f3b86ccd8edd2b81ed7f7e';
const MIRROR = 'http://deb.debian.org/debian';
const FETCH_LIMIT_MS = 60_000;

/** Where the program is, fetched if it is not there yet. */
export async function wireguardProgram(): Promise<string> {
  if (process.arch !== 'x64') throw new Unavailable('the package of wireguard-go that is compared with is for amd64');
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'wheelwright-bench');
  const folder = join(cache, `wireguard-go-${SHA256.slice(0, 16)}`);
  const program = join(folder, 'usr/bin/wireguard-go');
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, 'unpack-'));
  try {
    const file = join(scratch, 'package.deb');
    writeFileSync(file, await fetched(`${mirror()}/${PACKAGE}`));
    const tree = join(scratch, 'tree');
    await run('dpkg-deb', ['--extract', file, tree]);
    rmSync(folder, { recursive: true, force: true });
    renameSync(tree, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return program;
}

async function fetched(url: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_LIMIT_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    bytes = new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Unavailable(`${url} can not be fetched (${why}); give another binary with --wireguard-go PATH`);
  }
  const sum = createHash('sha256').update(bytes).digest('hex');
  if (sum !== SHA256) throw new Error(`${url} has SHA-256 ${sum}, not ${SHA256}`);
  return bytes;
}

/** The mirror of the machine's own sources, whatever their release: the pool is one. */
function mirror(): string {
  const folder = '/etc/apt/sources.list.d';
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : []),
  ];
  for (const file of files.filter((name) => /\.(list|sources)$/.test(name) && existsSync(name))) {
    const found = /^(?:URIs:|deb )\s*(?:\[[^\]]*\]\s*)?(https?:\/\/\S+\/debian)\/?(?:\s|$)/m.exec(
      readFileSync(file, 'utf8'),
    );
    if (found?.[1] !== undefined) return found[1];
  }
  return MIRROR;
}
