/**
 * What the kernel knows of TCP MD5 signatures (RFC 2385) that are wrong. It drops such segments without a word to the
 * socket and only counts them, for the whole network namespace. So from time to time the counters are read, and what
 * they have grown by is laid at the door of the neighbours with whom no connection stands.
 */
import { readFileSync } from 'node:fs';

/** Segments with a signature that is wrong, that is missing, and that nobody asked for. */
export type Md5Counters = Readonly<{ invalid: number; missing: number; unexpected: number }>;

/** A neighbour as the watch sees it. */
export type WatchedPeer = Readonly<{ name: string; hasKey: boolean; isConnected: boolean }>;

export type Md5Notice = Readonly<{
  peer: string;
  code: 'md5-invalid' | 'md5-missing' | 'md5-unexpected';
  text: string;
}>;

const NAMES = { invalid: 'TCPMD5Failure', missing: 'TCPMD5NotFound', unexpected: 'TCPMD5Unexpected' } as const;

/** The counters of `/proc/net/netstat`: pairs of lines, names and values. Undefined when they are not there. */
export function parseNetstat(text: string): Md5Counters | undefined {
  const lines = text.split('\n').filter((line) => line.startsWith('TcpExt:'));
  const names = lines[0]?.split(' ') ?? [];
  const values = lines[1]?.split(' ') ?? [];
  const of = (name: string): number => Number(values[names.indexOf(name)] ?? Number.NaN);
  const counters = { invalid: of(NAMES.invalid), missing: of(NAMES.missing), unexpected: of(NAMES.unexpected) };
  return Object.values(counters).every((value) => Number.isFinite(value)) ? counters : undefined;
}

export function readMd5Counters(): Md5Counters | undefined {
  try {
    return parseNetstat(readFileSync('/proc/self/net/netstat', 'utf8'));
  } catch {
    return undefined; // no /proc: there is nothing to learn then
  }
}

export class Md5Watch {
  #last: Md5Counters | undefined;
  /** What each neighbour was last told for; said again only after a connection with it. */
  readonly #said = new Map<string, string>();

  constructor(counters: Md5Counters | undefined) {
    this.#last = counters;
  }

  /** What there is to say of what was counted since the last time. */
  check(counters: Md5Counters | undefined, peers: readonly WatchedPeer[]): readonly Md5Notice[] {
    const last = this.#last;
    this.#last = counters ?? last;
    for (const { name, isConnected } of peers) if (isConnected) this.#said.delete(name);
    const names = new Set(peers.map(({ name }) => name));
    for (const name of this.#said.keys()) if (!names.has(name)) this.#said.delete(name);
    if (counters === undefined || last === undefined) return [];
    const without = peers.filter(({ isConnected }) => !isConnected);
    const keyed = without.filter(({ hasKey }) => hasKey).map(({ name }) => name);
    const plain = without.filter(({ hasKey }) => !hasKey).map(({ name }) => name);
    return [
      ...(counters.invalid > last.invalid ? this.#accuse('md5-invalid', keyed) : []),
      ...(counters.missing > last.missing ? this.#accuse('md5-missing', keyed) : []),
      ...(counters.unexpected > last.unexpected ? this.#accuse('md5-unexpected', plain) : []),
    ];
  }

  #accuse(code: Md5Notice['code'], peers: readonly string[]): readonly Md5Notice[] {
    const notices: Md5Notice[] = [];
    for (const peer of peers) {
      if (this.#said.get(peer) === code) continue;
      this.#said.set(peer, code);
      notices.push({ peer, code, text: sentence(code, peer, peers.length) });
    }
    return notices;
  }
}

const WRONG = {
  'md5-invalid': 'with a wrong MD5 signature: its password is another one than ours',
  'md5-missing': 'without an MD5 signature: it has no password for us',
  'md5-unexpected': 'with an MD5 signature: it has a password, and we have none for it',
} as const;

function sentence(code: Md5Notice['code'], peer: string, candidates: number): string {
  // The kernel does not say whose segments they were.
  const who = candidates === 1 ? peer : `${peer}, or another of ${candidates} neighbors without a session,`;
  return `${who} sends TCP segments ${WRONG[code]}`;
}
